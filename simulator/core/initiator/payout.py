"""B2C: a shortcode pays a customer. Source: docs/daraja.md 9.5.

v3 is the only Daraja call that moves money and carries the caller's own idempotency key.
"""

from simulator.core import gateway
from simulator.core.accounts import AccountKind, MovementKind, OverdrawnError
from simulator.core.config import Merchant
from simulator.core.identifiers import eat
from simulator.core.initiator import fields
from simulator.core.initiator.asks import Ask, Order, Outcome
from simulator.core.initiator.codes import SUCCESS
from simulator.core.initiator.fields import PayoutOrder
from simulator.core.initiator.messages import payout_text
from simulator.core.initiator.parties import customer, merchant_of
from simulator.core.ledger import wallet
from simulator.core.messages import SENDER
from simulator.core.phones import Message, is_valid_msisdn
from simulator.core.world import World


def read(world: World, given: fields.Fields) -> PayoutOrder:
    """A v3 payout. Errors: InvalidFieldError; RefusedError for an id that was used before."""
    if not world.config.payout_v3_is_enabled:
        message = "The application does not have access to this API"
        raise gateway.refused(world, 403, "403.002.1001", message)
    order = fields.payout_order(given, world.config, has_originator_id=True)
    if order.originator_id in world.initiator.by_originator:
        message = "Duplicate OriginatorConversationID."
        raise gateway.refused(world, 500, "500.002.1001", message)
    return order


def read_v1(world: World, given: fields.Fields) -> PayoutOrder:
    """A v1 payout, which has no id of the caller: a repeat pays again."""
    return fields.payout_order(given, world.config, has_originator_id=False)


def payee(world: World, order: Order) -> str | None:
    """The phone whose scenario applies: the one that is paid."""
    is_phone = isinstance(order, PayoutOrder) and is_valid_msisdn(order.party_b)
    return order.party_b if isinstance(order, PayoutOrder) and is_phone else None


def execute(world: World, ask: Ask, at: float) -> Outcome:
    """Pays the customer from Utility, or says why not; nothing moves then."""
    order = ask.order
    assert isinstance(order, PayoutOrder)
    merchant = merchant_of(world.config, order.caller.shortcode)
    if merchant is None:
        return Outcome("11")
    if ask.day.settled_to_bank:
        world.ledger.settle(merchant.shortcode, at)
    code = _refusal(world, merchant, order, at)
    if code is not None:
        return Outcome(code)
    try:
        receipt = _pay(world, merchant, order, at)
    except OverdrawnError:
        return Outcome("1")
    return _success(world, merchant, order, receipt, at)


def _refusal(world: World, merchant: Merchant, order: PayoutOrder, at: float) -> str | None:
    config = world.config
    if not merchant.may_push:
        return "2028"
    if not is_valid_msisdn(order.party_b):
        return "SFC_IC0003"
    if not world.phone(order.party_b).is_safaricom:
        return "2040"
    if order.amount_kes < config.payout_min_kes:
        return "2"
    if order.amount_kes > config.payout_max_kes:
        return "3"
    paid = _paid_today_kes(world, merchant, order.party_b, at)
    if paid + order.amount_kes > config.payout_daily_max_kes:
        return "4"
    held = world.ledger.wallet_kes(order.party_b)
    return "8" if held + order.amount_kes > config.wallet_max_kes else None


def _paid_today_kes(world: World, merchant: Merchant, phone: str, at: float) -> int:
    day = eat(at).toordinal()
    return sum(
        each.amount_kes
        for each in world.ledger.books.movements
        if each.kind is MovementKind.PAYOUT
        and each.debited.owner == merchant.shortcode
        and each.credited == wallet(phone)
        and eat(each.at).toordinal() == day
    )


def _pay(world: World, merchant: Merchant, order: PayoutOrder, at: float) -> str:
    movement = world.ledger.pay_out(
        at=at,
        shortcode=merchant.shortcode,
        phone=order.party_b,
        amount_kes=order.amount_kes,
        charge_kes=world.config.payout_charge_kes,
    )
    world.journal.write(
        at,
        "payout",
        phone=order.party_b,
        shortcode=merchant.shortcode,
        amount_kes=order.amount_kes,
        receipt=movement.receipt,
    )
    phone = world.phone(order.party_b)
    balance = world.ledger.wallet_kes(order.party_b)
    text = payout_text(movement, merchant.name, balance, phone.language)
    phone.receive(Message(at, SENDER, text))
    return movement.receipt


def _success(
    world: World, merchant: Merchant, order: PayoutOrder, receipt: str, at: float
) -> Outcome:
    held = {
        kind: float(world.ledger.account_kes(kind, merchant.shortcode))
        for kind in (AccountKind.UTILITY, AccountKind.WORKING, AccountKind.CHARGES)
    }
    return Outcome(
        SUCCESS,
        receipt,
        (
            ("TransactionAmount", order.amount_kes),
            ("TransactionReceipt", receipt),
            ("ReceiverPartyPublicName", customer(order.party_b)),
            ("TransactionCompletedDateTime", eat(at).strftime("%d.%m.%Y %H:%M:%S")),
            ("B2CUtilityAccountAvailableFunds", held[AccountKind.UTILITY]),
            ("B2CWorkingAccountAvailableFunds", held[AccountKind.WORKING]),
            ("B2CRecipientIsRegisteredCustomer", "Y"),
            ("B2CChargesPaidAccountAvailableFunds", held[AccountKind.CHARGES]),
        ),
    )

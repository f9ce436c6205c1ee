"""Reversal: gives a payment back from the account that took it. Source: docs/daraja.md 9.2.

A reversal has no idempotency key: the receipt is the only thing that tells two of them apart.
"""

from simulator.core.accounts import AccountKind, MovementKind, OverdrawnError
from simulator.core.config import Merchant
from simulator.core.identifiers import timestamp
from simulator.core.initiator.asks import Ask, Order, Outcome
from simulator.core.initiator.codes import SUCCESS
from simulator.core.initiator.fields import ReversalOrder
from simulator.core.initiator.messages import reversal_text
from simulator.core.initiator.parties import customer, debit_of, merchant_of, money, organisation
from simulator.core.ledger import Debit
from simulator.core.messages import SENDER
from simulator.core.phones import Message, is_valid_msisdn
from simulator.core.world import World


def payer(world: World, order: Order) -> str | None:
    """The phone whose scenario applies: the one that paid."""
    if not isinstance(order, ReversalOrder):
        return None
    merchant = merchant_of(world.config, order.caller.shortcode)
    debit = debit_of(world.ledger, merchant, order.receipt)
    return debit.phone if debit and is_valid_msisdn(debit.phone) else None


def execute(world: World, ask: Ask, at: float) -> Outcome:
    """Reverses the payment, or says why not; nothing moves then."""
    order = ask.order
    assert isinstance(order, ReversalOrder)
    merchant = merchant_of(world.config, order.caller.shortcode)
    if merchant is None:
        return Outcome("11")
    if not merchant.may_push:
        return Outcome("2028")
    debit = debit_of(world.ledger, merchant, order.receipt)
    if debit is None:
        return Outcome("R000002")
    _apply_day(world, ask, debit, at)
    code = _refusal(world, debit, order.amount_kes)
    if code is not None:
        return Outcome(code)
    try:
        receipt = reverse(world, debit, at, order.amount_kes)
    except OverdrawnError:
        return Outcome("1")
    return _success(world, merchant, debit, receipt, order.amount_kes, at)


def reverse(world: World, debit: Debit, at: float, amount_kes: int) -> str:
    """Moves the money back and tells the customer; gives the reversal's own receipt.

    Errors: OverdrawnError where the account lacks the money; nothing moves.
    """
    movement = world.ledger.reverse(debit.receipt, at, amount_kes)
    world.journal.write(
        at,
        "reversal",
        phone=debit.phone,
        shortcode=debit.shortcode,
        amount_kes=amount_kes,
        receipt=movement.receipt,
        original_receipt=debit.receipt,
    )
    if is_valid_msisdn(debit.phone):
        phone = world.phone(debit.phone)
        balance = world.ledger.wallet_kes(debit.phone)
        text = reversal_text(movement.receipt, debit, amount_kes, balance, phone.language)
        phone.receive(Message(at, SENDER, text))
    return movement.receipt


def reversed_kes(world: World, debit: Debit) -> int:
    """How much of a payment went back already."""
    return sum(
        each.amount_kes
        for each in world.ledger.books.movements
        if each.kind is MovementKind.REVERSAL and each.about == debit.receipt
    )


def _apply_day(world: World, ask: Ask, debit: Debit, at: float) -> None:
    if ask.day.settled_to_bank:
        world.ledger.settle(debit.shortcode, at)
    held = world.ledger.account_kes(debit.account, debit.shortcode)
    is_whole = debit.receipt not in world.ledger.reversed_receipts
    if ask.day.reversed_on_portal and is_whole and held >= debit.amount_kes:
        reverse(world, debit, at, debit.amount_kes)


def _refusal(world: World, debit: Debit, amount_kes: int) -> str | None:
    config = world.config
    if amount_kes != debit.amount_kes and not config.partial_reversal_is_executed:
        return "25"
    back = reversed_kes(world, debit)
    if back and (back >= debit.amount_kes or not config.partial_reversal_is_executed):
        return None if config.reversal_repeats else "R000001"
    return "25" if back + amount_kes > debit.amount_kes else None


def _success(
    world: World, merchant: Merchant, debit: Debit, receipt: str, amount_kes: int, at: float
) -> Outcome:
    name = "Merchant Account" if debit.account is AccountKind.MERCHANT else "Utility Account"
    held = money(world.ledger.account_kes(debit.account, debit.shortcode))
    return Outcome(
        SUCCESS,
        receipt,
        (
            ("DebitAccountBalance", f"{name}|KES|{held}|{held}|0.00|0.00"),
            ("Amount", float(amount_kes)),
            ("TransCompletedTime", int(timestamp(at))),
            ("OriginalTransactionID", debit.receipt),
            ("Charge", 0.0),
            ("CreditPartyPublicName", customer(debit.phone)),
            ("DebitPartyPublicName", organisation(merchant)),
        ),
    )

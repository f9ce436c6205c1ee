"""Payments by hand: Lipa na M-PESA on the phone, right or wrong, as a person types them.

The phone refuses what M-Pesa itself refuses: a wrong PIN, no money, a number that is no business.
A wrong account or amount is no mistake to M-Pesa: the money moves. Source: the portal's C2B page.
"""

from dataclasses import dataclass, replace

from simulator.core import c2b_posts
from simulator.core.accounts import OverdrawnError
from simulator.core.c2b_notice import REFERENCE_CHARACTERS_MAX, is_person
from simulator.core.config import Merchant
from simulator.core.ledger import Debit, wallet
from simulator.core.limits import NO_MONEY, TOO_MUCH, money_refusal
from simulator.core.messages import SENDER, hand_failure_text, receipt_text
from simulator.core.phones import Message
from simulator.core.world import World

NO_SUCH_BUSINESS, NO_ACCOUNT, NOT_ACCEPTED = "business", "account", "not_accepted"


@dataclass(frozen=True, slots=True)
class HandOrder:
    """What a person typed. Units: whole shillings.

    Shape: `number` is a paybill or a till; `kind` is a TransactionType that M-Pesa would give it
    beside the ordinary ones; `payer` is a phone number, or a shortcode that pays as a bank does.
    """

    payer: str
    number: str
    account: str
    amount_kes: int
    is_till: bool
    pin: str
    kind: str | None = None


@dataclass(slots=True)
class HandPayment:
    """A payment by hand. Shape: `state` is validating, completed or refused, `code` says why."""

    order: HandOrder
    at: float
    receipt: str
    state: str = "validating"
    code: str = ""


def pay(world: World, order: HandOrder, at: float) -> HandPayment:
    """The person pressed OK. The payment is completed, refused, or waits for the validation."""
    receipt = world.ledger.printer.next(at)
    payment = HandPayment(order, at, receipt)
    world.hand_payments.append(payment)
    if not is_person(order.payer):
        world.ledger.set_balance(
            wallet(order.payer), world.ledger.wallet_kes(order.payer) + order.amount_kes, at
        )
    merchant = find_merchant(world, order)
    code = _refusal(world, order, merchant, at)
    if code is not None or merchant is None:
        _refuse(world, payment, code or NO_SUCH_BUSINESS, at)
        return payment
    asked = _planned(order, merchant, payment)

    def answered(status: int | None, body: bytes, moment: float) -> None:
        if moment - at > world.config.c2b_validation_seconds:
            status = None
        verdict = c2b_posts.verdict(world, merchant.shortcode, status, body)
        if verdict.is_accepted:
            _complete(world, payment, merchant, moment, verdict.third_party_id)
        else:
            _refuse(world, payment, NOT_ACCEPTED, moment)

    if not c2b_posts.validate(world, asked, at, answered):
        _complete(world, payment, merchant, at, "")
    return payment


def find_merchant(world: World, order: HandOrder) -> Merchant | None:
    """The business with this paybill or till number; a store number is neither."""
    for each in world.config.merchants:
        if each.till == order.number if order.is_till else _is_paybill(each, order.number):
            return each
    return None


def _is_paybill(merchant: Merchant, number: str) -> bool:
    return merchant.till is None and merchant.shortcode == number


def _refusal(world: World, order: HandOrder, merchant: Merchant | None, at: float) -> str | None:
    """Why M-Pesa itself refuses; None where the money may move."""
    if is_person(order.payer):
        phone = world.phone(order.payer)
        if (wrong := phone.try_pin(order.pin, world.config.wrong_pins_max)) is not None:
            return wrong
    if merchant is None:
        return NO_SUCH_BUSINESS
    if not order.is_till and not 1 <= len(order.account) <= REFERENCE_CHARACTERS_MAX:
        return NO_ACCOUNT
    if order.amount_kes > world.config.amount_max_kes:
        return TOO_MUCH
    return money_refusal(world, order.payer, merchant, order.amount_kes, at)


def _planned(order: HandOrder, merchant: Merchant, payment: HandPayment) -> Debit:
    """The debit as the validation tells it, before the money moves."""
    return Debit(
        receipt=payment.receipt,
        at=payment.at,
        phone=order.payer,
        shortcode=merchant.shortcode,
        amount_kes=order.amount_kes,
        reference=order.account,
        account=merchant.account,
        kind=order.kind,
    )


def _complete(
    world: World, payment: HandPayment, merchant: Merchant, at: float, third_party_id: str
) -> None:
    planned = _planned(payment.order, merchant, payment)
    try:
        debit = world.ledger.take(replace(planned, at=at))
    except OverdrawnError:
        _refuse(world, payment, NO_MONEY, at)
        return
    payment.state = "completed"
    world.journal.write(
        at,
        "money",
        checkout_request_id="",
        phone=debit.phone,
        shortcode=debit.shortcode,
        amount_kes=debit.amount_kes,
        receipt=debit.receipt,
        reference=debit.reference,
    )
    _tell(world, debit.phone, at, _receipt_text(world, debit, merchant))
    c2b_posts.confirm(world, debit, at + world.config.c2b_seconds, third_party_id=third_party_id)


def _receipt_text(world: World, debit: Debit, merchant: Merchant) -> str:
    if not is_person(debit.phone):
        return ""
    language = world.phone(debit.phone).language
    return receipt_text(debit, merchant, world.ledger.wallet_kes(debit.phone), language)


def _refuse(world: World, payment: HandPayment, code: str, at: float) -> None:
    payment.state, payment.code = "refused", code
    order = payment.order
    world.journal.write(at, "hand_refused", phone=order.payer, number=order.number, code=code)
    if is_person(order.payer):
        balance, language = world.ledger.wallet_kes(order.payer), world.phone(order.payer).language
        _tell(world, order.payer, at, hand_failure_text(code, order.amount_kes, balance, language))


def _tell(world: World, number: str, at: float, text: str) -> None:
    if is_person(number) and text:
        world.phone(number).receive(Message(at, SENDER, text))
        world.journal.write(at, "sms", phone=number, text=text)

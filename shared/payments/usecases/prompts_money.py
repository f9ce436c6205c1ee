"""Keeps a person from booking the money of a prompt elsewhere: one debit would pay twice.

A query may prove a prompt paid without naming its receipt. Until it is named, the receipt that
waits may be that prompt's.
"""

from collections.abc import Callable, Iterator, Sequence

from payments.errors import ConflictError
from payments.ports import Actor
from payments.protocol.consultation import Consultation
from payments.protocol.evidence import HintedMoneyTaken
from payments.protocol.matching import (
    awaits_receipt,
    may_be_paid_at,
    names_payment,
    payer_fits,
)
from payments.protocol.payment import Origin, Payment, PaymentStatus
from payments.protocol.policy import (
    DAY_SECONDS,
    OWN_PROMPT_SLACK_SECONDS,
    PROMPTS_COMPARED_MAX,
)
from payments.protocol.receipts import ReceiptRow
from payments.protocol.witness import seen_again
from payments.usecases.apply_evidence import apply_evidence
from payments.usecases.gather_facts import WINDOW_SECONDS
from payments.usecases.services import Services
from payments.values import plain_reference

UNSURE_TIME_SECONDS = 2 * DAY_SECONDS
"""A receipt whose time is not known may belong to any prompt of this long."""
NAMED_BY_HINT = (
    ". A callback names it for that payment; if another receipt is that payment's, "
    "record it there first"
)


def require_not_anothers_money(
    services: Services, row: ReceiptRow, payment: Payment, *, amount_kes: int | None
) -> None:
    """Refuse a payment where the money is that of another one's prompt, which is proven paid.

    That payment's booking is confirmed already, so one debit would confirm two. The receipt is
    bound to it first, or its own receipt is recorded. A payment that is itself proven and lacks its
    receipt may take it: nothing more is confirmed. `amount_kes` is what the person says, since the
    row's may not be known. Errors: ConflictError.
    """
    if names_payment(seen_again(row), payment):
        return
    require_not_hinted(services, row.receipt_number, row, besides=payment.payment_id)
    if row.paid_at is None or (not payment.may_yet_be_paid and _may_own(services, row, payment)):
        return
    for other in _created_about(services, row, is_of=lambda kes: kes == amount_kes):
        is_other = other.payment_id != payment.payment_id and not other.may_yet_be_paid
        if is_other and _may_own(services, row, other):
            raise _attach_to(other, row)


def require_not_hinted(
    services: Services,
    receipt_number: str,
    row: ReceiptRow | None = None,
    *,
    besides: str | None = None,
) -> None:
    """Refuse a receipt that a hint names for another payment, which no witness gave another.

    Daraja may agree at any moment, or has agreed: then that payment's booking is confirmed.
    Errors: ConflictError.
    """
    for payment in services.ledger.payments_by_hint(receipt_number):
        if payment.payment_id != besides:
            raise _attach_to(payment, row, named=NAMED_BY_HINT)


def tell_hinted(
    services: Services, receipt_number: str, *, actor: Actor, besides: str | None = None
) -> None:
    """Raise attention where a hint came while a person gave its receipt to something else.

    It writes the payment, so a proof that has not read the act is decided again.
    """
    taken = HintedMoneyTaken(receipt_number=receipt_number)
    for payment in services.ledger.payments_by_hint(receipt_number):
        if payment.payment_id != besides:
            apply_evidence(services, payment, taken, actor=actor)


def tell_before_return(services: Services, payment: Payment, *, actor: Actor) -> None:
    """Raise attention on each other payment that shows, by a hint, the receipt that goes back.

    Daraja may name one receipt for two payments: the refund of one returns the other's money.
    Where this payment only shows the receipt, and another has it, this one gets the attention. Its
    version changes, so the person looks again before marking it.
    """
    if payment.status is PaymentStatus.REFUND_DUE and payment.receipt_number is not None:
        besides = payment.payment_id if payment.bound_receipt else None
        tell_hinted(services, payment.receipt_number, actor=actor, besides=besides)


def require_no_prompts_money(services: Services, row: ReceiptRow) -> None:
    """Refuse where the money may be a prompt's: a query may prove it paid, and names no receipt."""
    require_not_hinted(services, row.receipt_number, row)
    for payment in _created_about(services, row, is_of=row.may_be_of):
        # What Daraja is never asked about again can only be paid by its callback: a review.
        may_be_proven = not payment.may_yet_be_paid or payment.due_at is not None
        if may_be_proven and _may_name(row, payment) and _may_own(services, row, payment):
            raise _attach_to(payment, row)


def _attach_to(payment: Payment, row: ReceiptRow | None, *, named: str = "") -> ConflictError:
    is_known = row is not None and row.amount_kes is not None
    how = "attach it to that payment" if is_known else "record it there from M-Pesa's statement"
    return ConflictError(
        f"This may be the money of payment {payment.payment_id}, which has no receipt: "
        f"{how}{named}",
        code="attach_to_payment",
        facts={"payment_id": payment.payment_id},
    )


def require_no_own_prompt(services: Services, row: ReceiptRow, consultation: Consultation) -> None:
    """Refuse where a payment of this consultation lacks a receipt, and this may be it."""
    for payment in _prompts_of(services, row, consultation):
        is_unbound = payment.origin is not Origin.PAYBILL and payment.bound_receipt is None
        if is_unbound and _may_be_paid_by(row, payment, services.now()):
            raise _attach_to(payment, row)


def _may_own(services: Services, row: ReceiptRow, payment: Payment) -> bool:
    """Whether the money may be that of a prompt whose receipt is not known; a doubt says yes."""
    fits = payer_fits(row.payer, row.payer_hmac, payment) is not False
    return fits and awaits_receipt(payment) and _may_be_paid_by(row, payment, services.now())


def _may_name(row: ReceiptRow, payment: Payment) -> bool:
    """Whether a prompt's money could carry this account: M-Pesa leaves it out, or cuts it short."""
    own = payment.account_reference or ""
    return row.reference is None or own.startswith(plain_reference(row.reference))


def _may_be_paid_by(row: ReceiptRow, payment: Payment, now: int) -> bool:
    if row.paid_at is None:
        return payment.created_at >= _seen_at(row, now) - UNSURE_TIME_SECONDS
    return may_be_paid_at(row.paid_at, payment)


def _seen_at(row: ReceiptRow, now: int) -> int:
    """When a witness named a receipt first: its money had come by then."""
    return now if row.created_at is None else row.created_at


def _prompts_of(
    services: Services, row: ReceiptRow, consultation: Consultation
) -> Iterator[Payment]:
    """Yield a consultation's payments: those it lists, and older ones of the receipt's time."""
    for payment_id in consultation.payment_ids:
        payment = services.store.get_payment(payment_id)
        if payment is not None:
            yield payment
    yield from (
        payment
        for payment in _created_about(services, row, is_of=row.may_be_of)
        if payment.booking_id == consultation.booking_id
    )


def _created_about(
    services: Services, row: ReceiptRow, *, is_of: Callable[[int], bool]
) -> Sequence[Payment]:
    """Return the payments of such amounts that were created about the receipt's time.

    Errors: ConflictError where they are too many to compare: a doubt refuses.
    """
    paid_at = _seen_at(row, services.now()) if row.paid_at is None else row.paid_at
    window = UNSURE_TIME_SECONDS if row.paid_at is None else WINDOW_SECONDS
    created = services.ledger.payments_created(
        first=paid_at - window,
        last=paid_at + OWN_PROMPT_SLACK_SECONDS,
        is_of=is_of,
        most=PROMPTS_COMPARED_MAX,
    )
    if created is None:
        raise ConflictError(
            f"More than {PROMPTS_COMPARED_MAX:,} prompts of this amount may have brought the "
            "money: attach it to the payment that the customer names",
            code="too_many_to_compare",
        )
    return created

"""What a person does with a receipt that waits: attach it, owe it back, set it aside, reopen it.

Each act is stored with who and why before it is tried, and is carried out on the receipt as it was
shown, or not at all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from payments.errors import ConflictError, NotFoundError
from payments.ports import Actor
from payments.protocol.consultation import Consultation
from payments.protocol.evidence import MoneyAttached
from payments.protocol.matching import awaits_receipt, is_in_window, payer_fits
from payments.protocol.opening import Opening, as_shown, owed_back, pays_booking
from payments.protocol.payment import Origin, Payment
from payments.protocol.policy import DAY_SECONDS, OWN_PROMPT_SLACK_SECONDS, ROW_LOOK_SECONDS
from payments.protocol.receipts import ReceiptRow, RowState, SetAside
from payments.protocol.witness import seen_again
from payments.store.instructions import Instruction
from payments.usecases.apply_evidence import CHANGED, apply_evidence, preview_evidence
from payments.usecases.gather_facts import WINDOW_SECONDS
from payments.usecases.services import Services
from payments.values import plain_reference

UNSURE_TIME_SECONDS = 2 * DAY_SECONDS
"""A receipt whose time is not known may belong to any prompt of this long."""


def attach_to_payment(
    services: Services,
    receipt_number: str,
    payment_id: str,
    *,
    shown_amount_kes: int,
    shown_version: int,
    actor: Actor,
) -> Payment:
    """Bind a receipt to the payment that it paid, as if a witness had named the payment.

    Errors: NotFoundError; ConflictError, code `changed_meanwhile` where receipt or payment are not
        as shown.
    """
    row = _unclaimed(services, receipt_number, shown_amount_kes)
    payment = services.store.get_payment(payment_id)
    if payment is None:
        raise NotFoundError("Payment not found", code="payment_not_found")
    evidence = MoneyAttached(money=seen_again(row))
    preview_evidence(services, payment, evidence)
    _store(services, receipt_number, f"attach to payment {payment_id}", actor)
    return apply_evidence(services, payment, evidence, actor=actor, only_version=shown_version)


def attach_to_booking(
    services: Services,
    receipt_number: str,
    booking_id: str,
    *,
    shown_amount_kes: int,
    actor: Actor,
) -> Payment:
    """Confirm a consultation with a receipt, by a paybill payment of its own.

    Errors: NotFoundError; ConflictError, code `attach_to_payment` where the money may be that of a
        prompt, of this consultation or another: one debit would pay twice.
    """
    row = _unclaimed(services, receipt_number, shown_amount_kes)
    consultation = services.store.get_consultation(booking_id)
    if consultation is None:
        raise NotFoundError("Consultation not found", code="consultation_not_found")
    _require_no_own_prompt(services, row, consultation)
    _require_no_prompts_money(services, row)
    op_id = services.ids.hex(32)
    opening = pays_booking(
        seen_again(row), consultation, now=services.now(), op_id=op_id, has_waited=True
    )
    return _open(services, opening, f"attach to booking {booking_id}", actor, op_id)


def owe_back(
    services: Services, receipt_number: str, *, shown_amount_kes: int, actor: Actor
) -> Payment:
    """Owe the money of a receipt back, by a paybill payment that is refund_due.

    Errors: NotFoundError; ConflictError, code `attach_to_payment` where it may be the money of a
        payment that has no receipt: its booking would be confirmed with it, too.
    """
    row = _unclaimed(services, receipt_number, shown_amount_kes)
    _require_no_prompts_money(services, row)
    op_id = services.ids.hex(32)
    opening = owed_back(seen_again(row), now=services.now(), op_id=op_id)
    return _open(services, opening, "owe back", actor, op_id)


def set_aside(
    services: Services, receipt_number: str, reason: SetAside, *, actor: Actor
) -> ReceiptRow:
    """Say that a receipt that waits is not to be booked; no machine undoes it.

    Errors: NotFoundError; ConflictError.
    """
    row = _row(services, receipt_number)
    _require_state(row, RowState.UNCLAIMED)
    _store(services, receipt_number, f"set aside: {reason}", actor)
    aside = row.put_aside(reason, by=actor.by, now=services.now())
    if not services.ledger.set_aside(aside, op_id=services.ids.hex(32)):
        raise _changed()
    return aside


def reopen(services: Services, receipt_number: str, *, actor: Actor) -> ReceiptRow:
    """Let a receipt that was set aside wait again; its event is emitted again.

    Errors: NotFoundError; ConflictError.
    """
    row = _row(services, receipt_number)
    _require_state(row, RowState.SET_ASIDE)
    _store(services, receipt_number, "reopen", actor)
    now = services.now()
    waiting = replace(
        row,
        set_aside=None,
        set_aside_by=None,
        set_aside_at=None,
        created_at=now,
        due_at=now + ROW_LOOK_SECONDS[0],
    )
    if not services.ledger.reopen(waiting, actor=actor, op_id=services.ids.hex(32)):
        raise _changed()
    return waiting


def _open(services: Services, opening: Opening, asked: str, actor: Actor, op_id: str) -> Payment:
    receipt_number = opening.claim.receipt_number
    _store(services, receipt_number, asked, actor)
    if not services.ledger.open_payment(as_shown(opening), actor=actor, op_id=op_id):
        raise _changed()
    services.observer.opened(opening.payment, actor)
    return opening.payment


def _require_no_prompts_money(services: Services, row: ReceiptRow) -> None:
    """Refuse where the money may be a prompt's: a query may prove it paid, and names no receipt."""
    for payment in _created_about(services, row):
        fits = payer_fits(row.payer, row.payer_hmac, payment) is not False
        is_awaited = awaits_receipt(payment) and fits and _may_name(row, payment)
        if is_awaited and _may_be_paid_by(row, payment, services.now()):
            raise _attach_to(payment)


def _attach_to(payment: Payment) -> ConflictError:
    return ConflictError(
        f"This may be the money of payment {payment.payment_id}, which has no receipt: "
        "attach it to that payment",
        code="attach_to_payment",
        facts={"payment_id": payment.payment_id},
    )


def _require_no_own_prompt(services: Services, row: ReceiptRow, consultation: Consultation) -> None:
    """Refuse where a payment of this consultation lacks a receipt, and this may be it."""
    for payment in _prompts_of(services, row, consultation):
        is_unbound = payment.origin is not Origin.PAYBILL and payment.bound_receipt is None
        if is_unbound and _may_be_paid_by(row, payment, services.now()):
            raise _attach_to(payment)


def _may_name(row: ReceiptRow, payment: Payment) -> bool:
    """Whether a prompt's money could carry this account: M-Pesa leaves it out, or cuts it short."""
    own = payment.account_reference or ""
    return row.reference is None or own.startswith(plain_reference(row.reference))


def _may_be_paid_by(row: ReceiptRow, payment: Payment, now: int) -> bool:
    if row.paid_at is None:
        return payment.created_at >= now - UNSURE_TIME_SECONDS
    return is_in_window(row.paid_at, payment)


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
        for payment in _created_about(services, row)
        if payment.booking_id == consultation.booking_id
    )


def _created_about(services: Services, row: ReceiptRow) -> Sequence[Payment]:
    """Return the payments of the receipt's amount that were created about its time."""
    paid_at = services.now() if row.paid_at is None else row.paid_at
    window = UNSURE_TIME_SECONDS if row.paid_at is None else WINDOW_SECONDS
    created = services.ledger.payments_created(
        first=paid_at - window,
        last=paid_at + OWN_PROMPT_SLACK_SECONDS,
        amount_kes=row.amount_kes or 0,
    )
    return created or ()


def _unclaimed(services: Services, receipt_number: str, shown_amount_kes: int) -> ReceiptRow:
    """Return the row as it was shown. Errors: NotFoundError; ConflictError."""
    row = _row(services, receipt_number)
    _require_state(row, RowState.UNCLAIMED)
    if row.amount_kes != shown_amount_kes:
        raise _changed()
    return row


def _row(services: Services, receipt_number: str) -> ReceiptRow:
    row = services.ledger.get_row(receipt_number)
    if row is None:
        raise NotFoundError("Receipt not found", code="receipt_not_found")
    return row


def _require_state(row: ReceiptRow, state: RowState) -> None:
    if row.state is state:
        return
    owner = f" to payment {row.payment_id}" if row.payment_id else ""
    words = str(row.state).replace("_", " ")
    raise ConflictError(f"The receipt is {words}{owner}", code=CHANGED)


def _changed() -> ConflictError:
    return ConflictError(
        "The receipt or the consultation has changed since it was shown: look at it again",
        code=CHANGED,
    )


def _store(services: Services, receipt_number: str, asked: str, actor: Actor) -> None:
    """Store who asked for what, and why, before it is tried."""
    instruction = Instruction(
        at=services.now(),
        by=actor.by,
        reason=actor.reason,
        asked=asked,
        request_id=actor.request_id,
    )
    services.ledger.store_instruction(receipt_number, instruction)

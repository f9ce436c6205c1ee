"""What a person does with a receipt: attach it, owe it back, set it aside, reopen it, ask about it.

Each act is stored with who and why before it is tried, and is carried out on the receipt as it was
shown, or not at all.
"""

from dataclasses import replace

from payments.errors import ConflictError, NotFoundError
from payments.ports import Actor
from payments.protocol.evidence import MoneyAttached
from payments.protocol.opening import Opening, as_shown, owed_back, pays_booking
from payments.protocol.payment import Payment
from payments.protocol.policy import ROW_LOOK_SECONDS
from payments.protocol.receipts import ReceiptRow, RowState, SetAside
from payments.protocol.witness import seen_again
from payments.store.instructions import Instruction
from payments.usecases.apply_evidence import CHANGED, apply_evidence, preview_evidence
from payments.usecases.prompts_money import (
    require_no_own_prompt,
    require_no_prompts_money,
    require_not_anothers_money,
    tell_hinted,
)
from payments.usecases.services import Services


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
        as shown, code `attach_to_payment` where it is the money of another payment's prompt.
    """
    row = _unclaimed(services, receipt_number, shown_amount_kes)
    payment = services.store.get_payment(payment_id)
    if payment is None:
        raise NotFoundError("Payment not found", code="payment_not_found")
    evidence = MoneyAttached(money=seen_again(row))
    preview_evidence(services, payment, evidence)
    require_not_anothers_money(services, row, payment, amount_kes=row.amount_kes)
    _store(services, receipt_number, f"attach to payment {payment_id}", actor)
    after = apply_evidence(services, payment, evidence, actor=actor, only_version=shown_version)
    tell_hinted(services, receipt_number, actor=actor, besides=payment_id)
    return after


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
    require_no_prompts_money(services, row)
    require_no_own_prompt(services, row, consultation)
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
    require_no_prompts_money(services, row)
    op_id = services.ids.hex(32)
    opening = owed_back(seen_again(row), now=services.now(), op_id=op_id)
    return _open(services, opening, "owe back", actor, op_id)


def set_aside(
    services: Services, receipt_number: str, reason: SetAside, *, actor: Actor
) -> ReceiptRow:
    """Say that a receipt that waits is not to be booked; no machine undoes it.

    Errors: NotFoundError; ConflictError, code `attach_to_payment` where it may be the money of a
        payment that has no receipt: other money would be taken for that payment's.
    """
    row = _row(services, receipt_number)
    _require_state(row, RowState.UNCLAIMED)
    require_no_prompts_money(services, row)
    _store(services, receipt_number, f"set aside: {reason}", actor)
    aside = row.put_aside(reason, by=actor.by, now=services.now())
    if not services.ledger.set_aside(row, aside, op_id=services.ids.hex(32)):
        raise _changed()
    tell_hinted(services, receipt_number, actor=actor)
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
    if not services.ledger.reopen(row, waiting, actor=actor, op_id=services.ids.hex(32)):
        raise _changed()
    return waiting


def ask_mpesa(services: Services, receipt_number: str, *, actor: Actor) -> None:
    """Ask M-Pesa about a receipt, also one that nobody has named yet.

    Its answer is kept for two days, and books the money as any other witness does.
    Errors: ConflictError where nobody may ask now; UnavailableError.
    """
    _store(services, receipt_number, "ask M-Pesa", actor)
    services.refunds().function.ask_receipt(receipt_number, by=actor.by)


def _open(services: Services, opening: Opening, asked: str, actor: Actor, op_id: str) -> Payment:
    receipt_number = opening.claim.receipt_number
    _store(services, receipt_number, asked, actor)
    if not services.ledger.open_payment(as_shown(opening), actor=actor, op_id=op_id):
        raise _changed()
    services.observer.opened(opening.payment, actor)
    tell_hinted(services, receipt_number, actor=actor)
    return opening.payment


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

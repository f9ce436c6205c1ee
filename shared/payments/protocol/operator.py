"""What a person may decide, and the booking system's cancelling of a Confirmed consultation."""

from dataclasses import replace
from typing import assert_never

from payments.errors import ConflictError
from payments.protocol.change import (
    NEEDS_CONTEXT,
    CancelConfirmed,
    Change,
    Confirm,
    ConsultationEffect,
    Decision,
    Detach,
    EventType,
    HoldForReview,
    detach,
    events_for,
    holds_phone,
)
from payments.protocol.consultation import Consultation
from payments.protocol.evidence import (
    AttentionCleared,
    Context,
    MoneyReturned,
    Operation,
    ReceiptFound,
    Resolution,
    ReviewResolved,
)
from payments.protocol.payment import Payment, PaymentStatus, Proof
from payments.protocol.result_codes import SUCCESS


def operate(payment: Payment, operation: Operation, around: Context, *, now: int) -> Decision:
    """Carry out an operator's decision, on what really stands around the payment.

    Errors: ConflictError with a sentence that says why it cannot be.
    """
    if around.is_assumed:
        return NEEDS_CONTEXT
    match operation:
        case ReviewResolved():
            return _resolve(payment, operation, around, now=now)
        case ReceiptFound():
            return _record_receipt(payment, operation, around, now=now)
        case MoneyReturned():
            _require(payment, {PaymentStatus.REFUND_DUE}, "mark as refunded")
            after = replace(
                payment,
                status=PaymentStatus.REFUNDED,
                version=payment.version + 1,
                attention=None,
            )
            return Change(
                before=payment,
                after=after,
                events=events_for(payment, after),
                by_operator=True,
            )
        case AttentionCleared():
            if payment.attention is None:
                return None
            after = replace(payment, version=payment.version + 1, attention=None)
            return Change(
                before=payment,
                after=after,
                events=(EventType.ATTENTION_CLEARED,),
                by_operator=True,
            )
        case _:
            assert_never(operation)


def booking_cancelled(payment: Payment, around: Context, *, now: int) -> Change | None:
    """Owe back what a cancelled consultation was paid with, in the same write."""
    if payment.status is not PaymentStatus.COMPLETED:
        return None
    after = replace(
        payment, status=PaymentStatus.REFUND_DUE, version=payment.version + 1, final_at=now
    )
    return Change(
        before=payment,
        after=after,
        consultation=CancelConfirmed(),
        events=events_for(payment, after),
    )


def _resolve(payment: Payment, decision: ReviewResolved, around: Context, *, now: int) -> Change:
    """Settle a review: the consultation is confirmed, or the money owed back, or it was nothing."""
    _require(payment, {PaymentStatus.REVIEW}, "resolve")
    if decision.resolution is Resolution.BOGUS:
        return _bogus(payment, around, now=now)
    receipt = payment.receipt_number or decision.receipt_number
    amount_kes = payment.paid_amount_kes or decision.amount_kes
    if receipt is None or amount_kes is None:
        raise ConflictError(
            "The receipt and the amount must be known: give those on M-Pesa's statement",
            code="receipt_needed",
        )
    if around.receipt_payment_id not in (None, payment.payment_id):
        raise ConflictError("That receipt belongs to another payment", code="receipt_bound")
    completes = decision.resolution is Resolution.COMPLETE
    after = replace(
        payment,
        status=PaymentStatus.COMPLETED if completes else PaymentStatus.REFUND_DUE,
        version=payment.version + 1,
        proof=Proof.OPERATOR,
        receipt_number=receipt,
        receipt_pending=False,
        paid_amount_kes=amount_kes,
        failure_reason=None if completes else payment.failure_reason,
        attention=None,
        final_at=now,
        due_at=None,
    )
    return Change(
        before=payment,
        after=after,
        consultation=_settled(payment, around, amount_kes if completes else None),
        frees_phone=holds_phone(payment, around),
        claims_receipt=receipt,
        events=events_for(payment, after),
        by_operator=True,
    )


def _settled(
    payment: Payment, around: Context, completing_kes: int | None
) -> ConsultationEffect | None:
    """Choose what happens to the consultation when a review ends."""
    if completing_kes is None:
        return detach(payment, around, frees_lock=True)
    _require_confirmable(payment, around.consultation, completing_kes)
    return Confirm()


def _require_confirmable(
    payment: Payment, consultation: Consultation | None, amount_kes: int
) -> None:
    """A Confirmed consultation always has a payment of exactly its price behind it."""
    if consultation is None or not consultation.is_payable:
        raise ConflictError(
            "The consultation cannot be paid any more: the money is owed back",
            code="not_payable",
        )
    if not amount_kes == consultation.price_kes == payment.amount_kes:
        raise ConflictError(
            f"KES {amount_kes} was paid, the price is KES {consultation.price_kes}: "
            "only the exact price confirms a consultation, so the money is owed back",
            code="amount_differs",
        )


def _bogus(payment: Payment, around: Context, *, now: int) -> Change:
    """No money came: the payment failed, its claim on the receipt is given up."""
    after = replace(
        payment,
        status=PaymentStatus.FAILED,
        version=payment.version + 1,
        receipt_number=None,
        receipt_pending=False,
        paid_amount_kes=None,
        proof=Proof.OPERATOR,
        result_code=None,
        result_desc=None,
        failure_reason="No money arrived",
        attention=None,
        final_at=now,
        due_at=None,
    )
    return Change(
        before=payment,
        after=after,
        consultation=detach(payment, around, frees_lock=True),
        frees_phone=holds_phone(payment, around),
        releases_receipt=payment.receipt_number,
        events=events_for(payment, after),
        by_operator=True,
    )


def _record_receipt(payment: Payment, found: ReceiptFound, around: Context, *, now: int) -> Change:
    """Put money found on M-Pesa's statement into review, its receipt claimed."""
    allowed = {
        PaymentStatus.UNKNOWN,
        PaymentStatus.PENDING,
        PaymentStatus.FAILED,
        PaymentStatus.CANCELLED,
    }
    _require(payment, allowed, "record a receipt for")
    if around.receipt_payment_id not in (None, payment.payment_id):
        raise ConflictError("That receipt belongs to another payment", code="receipt_bound")
    after = replace(
        payment,
        status=PaymentStatus.REVIEW,
        version=payment.version + 1,
        holds_locks=False,
        proof=Proof.OPERATOR,
        receipt_number=found.receipt_number,
        receipt_pending=False,
        paid_amount_kes=found.amount_kes,
        transaction_at=found.transaction_at,
        result_code=SUCCESS,
        result_desc="Found on M-Pesa's statement",
        failure_reason="recorded_from_statement",
        final_at=now,
        due_at=None,
        hint=None,
    )
    is_active = detach(payment, around, frees_lock=False) is not None
    return Change(
        before=payment,
        after=after,
        consultation=HoldForReview() if is_active else None,
        frees_phone=holds_phone(payment, around),
        claims_receipt=found.receipt_number,
        events=events_for(payment, after),
        by_operator=True,
    )


def _require(payment: Payment, allowed: set[PaymentStatus], what: str) -> None:
    if payment.status not in allowed:
        words = " or ".join(sorted(allowed))
        raise ConflictError(
            f"Cannot {what} a payment that is {payment.status}: it must be {words}",
            code="wrong_status",
        )


__all__ = ["Detach", "booking_cancelled", "operate"]

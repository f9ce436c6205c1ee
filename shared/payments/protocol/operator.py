"""What a person may decide, and the booking system's cancelling of a Confirmed consultation."""

from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import assert_never

from payments.errors import ConflictError
from payments.protocol.case import Case
from payments.protocol.change import (
    CancelConfirmed,
    Change,
    Confirm,
    Detach,
    EventType,
    HoldForReview,
)
from payments.protocol.evidence import (
    AttentionCleared,
    MoneyReturned,
    Operation,
    ReceiptFound,
    Resolution,
    ReviewResolved,
)
from payments.protocol.payment import UNPROVEN, Payment, PaymentStatus, Proof, RefundStep
from payments.protocol.result_codes import SUCCESS


def operate(case: Case, operation: Operation) -> Change | None:
    """Carry out an operator's decision.

    Errors: ConflictError with a sentence that says why it is not possible.
    """
    match operation:
        case ReviewResolved():
            return _resolve(case, operation)
        case ReceiptFound():
            return _record_receipt(case, operation)
        case MoneyReturned():
            return _mark_refunded(case)
        case AttentionCleared():
            return _clear_attention(case)
        case _:
            assert_never(operation)


def booking_cancelled(case: Case) -> Change | None:
    """Owe the payment of a cancelled consultation back, in one write with the cancellation."""
    if case.payment.status is not PaymentStatus.COMPLETED:
        return None
    after = replace(case.payment, status=PaymentStatus.REFUND_DUE, final_at=case.now)
    return case.step(after, consultation=CancelConfirmed())


def _mark_refunded(case: Case) -> Change:
    """Record money that a person sent back by other means.

    Errors: ConflictError, also while our own reversal may still succeed: it would go back twice.
    """
    payment = case.payment
    _require(payment, {PaymentStatus.REFUND_DUE}, "mark as refunded")
    refund = payment.refund
    if refund is not None and refund.step is RefundStep.SENT:
        raise ConflictError(
            "A refund of this payment has been sent to M-Pesa: wait for its result",
            code="refund_sent",
        )
    after = replace(
        payment,
        status=PaymentStatus.REFUNDED,
        attention=None,
        refund=replace(refund, step=None) if refund else None,
    )
    return case.step(after, by_operator=True)


def _clear_attention(case: Case) -> Change | None:
    if case.payment.attention is None:
        return None
    return case.step(
        replace(case.payment, attention=None),
        adds_events=(EventType.ATTENTION_CLEARED,),
        by_operator=True,
    )


def _resolve(case: Case, decision: ReviewResolved) -> Change:
    """End a review: confirm the consultation, owe the money back, or record that none came."""
    _require(case.payment, {PaymentStatus.REVIEW}, "resolve")
    match decision.resolution:
        case Resolution.BOGUS:
            return _bogus(case)
        case Resolution.COMPLETE:
            after = _decided(case, decision, PaymentStatus.COMPLETED)
            _require_confirmable(case, after.paid_amount_kes)
            after = replace(after, failure_reason=None)
            return _end_review(case, after, Confirm())
        case Resolution.REFUND_DUE:
            after = _decided(case, decision, PaymentStatus.REFUND_DUE)
            return _end_review(case, after, case.detach(frees_lock=True))
        case _:
            assert_never(decision.resolution)


def _decided(case: Case, decision: ReviewResolved, status: PaymentStatus) -> Payment:
    """Return the payment as decided, receipt and amount known.

    Errors: ConflictError.
    """
    payment = case.payment
    receipt = payment.receipt_number or decision.receipt_number
    amount_kes = payment.paid_amount_kes or decision.amount_kes
    if receipt is None or amount_kes is None:
        raise ConflictError(
            "The receipt and the amount must be known: give those on M-Pesa's statement",
            code="receipt_needed",
        )
    _require_free_receipt(case)
    return replace(
        payment,
        status=status,
        proof=Proof.OPERATOR,
        receipt_number=receipt,
        receipt_pending=False,
        paid_amount_kes=amount_kes,
        attention=None,
        final_at=case.now,
        due_at=None,
    )


def _end_review(case: Case, after: Payment, effect: Confirm | Detach | None) -> Change:
    return case.step(
        after,
        consultation=effect,
        frees_phone=case.holds_phone,
        claims_receipt=after.receipt_number,
        by_operator=True,
    )


def _require_confirmable(case: Case, amount_kes: int | None) -> None:
    """Refuse to confirm a consultation of another client, or at anything but exactly its price."""
    consultation = case.context.consultation
    if consultation is None or not consultation.is_payable:
        raise ConflictError(
            "The consultation cannot be paid any more: the money is owed back",
            code="not_payable",
        )
    if consultation.client_id != case.payment.client_id:
        raise ConflictError(
            "The consultation belongs to another client now: the money is owed back",
            code="client_changed",
        )
    if not amount_kes == consultation.price_kes == case.payment.amount_kes:
        raise ConflictError(
            f"KES {amount_kes} was paid, the price is KES {consultation.price_kes}: "
            "only the exact price confirms a consultation, so the money is owed back",
            code="amount_differs",
        )


def _bogus(case: Case) -> Change:
    """Record that no money came: the payment failed, its claim on the receipt is released.

    Errors: ConflictError where an authentic callback named the receipt: that money exists.
    """
    payment = case.payment
    if payment.receipt_number is not None and payment.proof is Proof.CALLBACK:
        raise ConflictError(
            "M-Pesa's own callback named this receipt, so the money exists: complete the payment, "
            "or owe the money back",
            code="money_is_proven",
        )
    after = replace(
        payment,
        status=PaymentStatus.FAILED,
        receipt_number=None,
        receipt_pending=False,
        paid_amount_kes=None,
        received_at=None,
        proof=Proof.OPERATOR,
        result_code=None,
        result_desc=None,
        failure_reason="No money arrived",
        attention=None,
        final_at=case.now,
        due_at=None,
    )
    return case.step(
        after,
        consultation=case.detach(frees_lock=True),
        frees_phone=case.holds_phone,
        releases_receipt=payment.receipt_number,
        by_operator=True,
    )


def _record_receipt(case: Case, found: ReceiptFound) -> Change:
    """Put money found on M-Pesa's statement into review, and claim its receipt."""
    allowed = UNPROVEN - {PaymentStatus.DISPATCHING}
    _require(case.payment, allowed, "record a receipt for")
    _require_free_receipt(case)
    after = replace(
        case.payment,
        status=PaymentStatus.REVIEW,
        holds_locks=False,
        proof=Proof.OPERATOR,
        receipt_number=found.receipt_number,
        receipt_pending=False,
        paid_amount_kes=found.amount_kes,
        transaction_at=found.transaction_at,
        result_code=SUCCESS,
        result_desc="Found on M-Pesa's statement",
        failure_reason="recorded_from_statement",
        final_at=case.now,
        received_at=case.payment.received_at or case.now,
        due_at=None,
        hint=None,
    )
    return case.step(
        after,
        consultation=HoldForReview() if case.is_active else None,
        frees_phone=case.holds_phone,
        claims_receipt=found.receipt_number,
        by_operator=True,
    )


def _require_free_receipt(case: Case) -> None:
    if case.receipt_is_anothers:
        raise ConflictError("That receipt belongs to another payment", code="receipt_bound")


def _require(payment: Payment, allowed: AbstractSet[PaymentStatus], what: str) -> None:
    if payment.status not in allowed:
        words = " or ".join(sorted(allowed))
        raise ConflictError(
            f"Cannot {what} a payment that is {payment.status}: it must be {words}",
            code="wrong_status",
        )

"""What callers see of a refund: the customer a state, the booking system the whole request."""

from enum import StrEnum
from typing import Any

from payments.protocol.payment import Payment, PaymentStatus, RefundStep
from payments.protocol.refund_steps import NEEDS_PERSON
from payments.protocol.reversal_codes import refusal_words
from payments.values import eat_iso


class RefundState(StrEnum):
    """How far the money is on its way back; the words are public (`refund.state`)."""

    OWED = "owed"
    REQUESTED = "requested"
    SENT = "sent"
    NEEDS_PERSON = "needs_person"
    RETURNED = "returned"


def refund_state(payment: Payment) -> RefundState | None:
    """Return the state of a payment's refund, None where no money is owed."""
    if payment.status is PaymentStatus.REFUNDED:
        return RefundState.RETURNED
    if payment.status is not PaymentStatus.REFUND_DUE:
        return None
    refund = payment.refund
    if payment.attention in NEEDS_PERSON:
        return RefundState.NEEDS_PERSON
    if refund is None:
        return RefundState.OWED
    if refund.step is RefundStep.SENT:
        return RefundState.SENT
    if refund.step is RefundStep.REQUESTED:
        return RefundState.REQUESTED
    return RefundState.NEEDS_PERSON if refund.refused is not None else RefundState.OWED


def customer_refund(payment: Payment) -> dict[str, Any] | None:
    """Return what the status answer says about a refund, None where no money is owed."""
    state = refund_state(payment)
    if state is None:
        return None
    return {
        "state": str(state),
        "receipt_number": payment.refund.receipt_number if payment.refund else None,
    }


def refund_answer(payment: Payment) -> dict[str, Any]:
    """Return the state of a refund for the booking system; who approved it stays inside."""
    refund, state = payment.refund, refund_state(payment)
    return {
        "payment_id": payment.payment_id,
        "booking_id": payment.booking_id,
        "detail": str(payment.status),
        "state": str(state) if state else None,
        "amount": payment.paid_amount_kes,
        "currency": "KES",
        "reason": refund.why if refund else None,
        "requested_at": eat_iso(refund.asked_at) if refund else None,
        "sent_at": eat_iso(refund.sent_at) if refund else None,
        "refused": refusal_words(refund.refused) or None if refund else None,
        "receipt_number": refund.receipt_number if refund else None,
    }

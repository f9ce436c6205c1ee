"""A refund that was sent: when M-Pesa is asked about it, and from when its silence is a fault."""

from collections.abc import Sequence

from payments.protocol.payment import Payment, RefundStep
from payments.protocol.policy import (
    NO_ANSWER_SECONDS,
    REFUND_OVERDUE_SECONDS,
    REFUND_STATUS_SECONDS,
)


def is_sent(payment: Payment) -> bool:
    """Whether a refund of the payment is under way at M-Pesa."""
    return payment.refund is not None and payment.refund.step is RefundStep.SENT


def is_overdue(payment: Payment, now: int) -> bool:
    """Whether M-Pesa has said nothing final about a sent refund for a day."""
    sent_at = payment.refund.sent_at if payment.refund else None
    return is_sent(payment) and sent_at is not None and now >= sent_at + REFUND_OVERDUE_SECONDS


def look_moments(payment: Payment) -> Sequence[int]:
    """Return when Transaction Status is asked about a sent refund. Units: UTC epoch seconds."""
    if payment.refund is None or payment.refund.sent_at is None or not is_sent(payment):
        return ()
    return [payment.refund.sent_at + seconds for seconds in REFUND_STATUS_SECONDS]


def is_look_due(payment: Payment, now: int) -> bool:
    """Whether M-Pesa is asked about the refund now: a hint makes the payment due more often."""
    moments = [*look_moments(payment), *([payment.hastened_at] if payment.hastened_at else [])]
    return payment.hint is None or any(at <= now < at + NO_ANSWER_SECONDS for at in moments)

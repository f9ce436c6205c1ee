"""When a payment is to be looked at next: always at a moment when an answer can newly count."""

from payments.protocol.payment import Payment, PaymentStatus, Proof
from payments.protocol.policy import (
    ASK_AGAIN_SECONDS,
    DAY_SECONDS,
    DISPATCH_GIVEN_UP_SECONDS,
    EXPIRE_AGAIN_SECONDS,
    HINT_OVERDUE_SECONDS,
    HOUR_SECONDS,
    NO_ANSWER_SECONDS,
    RECEIPT_OVERDUE_SECONDS,
    SILENCE_SECONDS,
    SILENT_RETRY_SECONDS,
    Policy,
)
from payments.protocol.result_codes import final_refusal
from payments.protocol.sent_refund import look_moments


def next_due_at(payment: Payment, *, now: int, policy: Policy) -> int | None:
    """Return the first moment after now at which to look again, None where there is none.

    Units: UTC epoch seconds.
    """
    moments = [*_moments(payment, policy)]
    if payment.hint is not None:
        moments.append(retry_at(payment, now=now, policy=policy))
        moments.append(payment.hint.received_at + HINT_OVERDUE_SECONDS)
    ahead = [moment for moment in moments if moment > now]
    if ahead:
        return min(ahead)
    if payment.status is PaymentStatus.PENDING:
        return _next_hour(payment, now)
    return now if payment.is_open else None


def retry_at(payment: Payment, *, now: int, policy: Policy) -> int:
    """Return when to ask again if the question now put gets no answer.

    Units: UTC epoch seconds.
    """
    if payment.hint is not None:
        age = now - payment.hint.received_at
        return now + min(max(age, policy.first_query_seconds), NO_ANSWER_SECONDS)
    if now >= silent_at(payment, policy):
        return now + SILENT_RETRY_SECONDS
    ahead = [moment for moment in _moments(payment, policy) if moment > now]
    return min([*ahead, now + NO_ANSWER_SECONDS])


def silent_at(payment: Payment, policy: Policy) -> int:
    """Return from when a person must know that Daraja says nothing about the payment.

    Units: UTC epoch seconds.
    """
    return payment.created_at + policy.expire_pending_seconds + SILENCE_SECONDS


def _moments(payment: Payment, policy: Policy) -> tuple[int, ...]:
    """The looks that a status asks for, apart from hints."""
    created = payment.created_at
    match payment.status:
        case PaymentStatus.DISPATCHING:
            return (created + policy.first_query_seconds, created + DISPATCH_GIVEN_UP_SECONDS)
        case PaymentStatus.UNKNOWN:
            return (created + policy.expire_unknown_seconds,)
        case PaymentStatus.PENDING:
            return (
                created + policy.first_query_seconds,
                created + policy.query_success_seconds,
                payment.prompt_ends_at,
                created + ASK_AGAIN_SECONDS,
                created + HOUR_SECONDS,
            )
        case PaymentStatus.FAILED:
            if not _was_settled_for_good(payment):
                return (payment.prompt_ends_at, created + DAY_SECONDS)
            return ()
        case PaymentStatus.CANCELLED:
            has_id = payment.checkout_request_id is not None
            return (created + EXPIRE_AGAIN_SECONDS,) if has_id else ()
        case (
            PaymentStatus.REVIEW
            | PaymentStatus.COMPLETED
            | PaymentStatus.REFUND_DUE
            | PaymentStatus.REFUNDED
        ):
            is_overdue_later = payment.receipt_pending and payment.final_at is not None
            overdue = (payment.final_at + RECEIPT_OVERDUE_SECONDS,) if is_overdue_later else ()  # type: ignore[operator]
            return (*overdue, *look_moments(payment))


def _was_settled_for_good(payment: Payment) -> bool:
    """Whether a failure needs no second question: no id to ask for, or a callback's own word."""
    if payment.checkout_request_id is None:
        return True
    refusal = final_refusal(payment.result_code)
    closed = refusal is not None and refusal.closes_session
    return payment.proof is Proof.CALLBACK and closed


def _next_hour(payment: Payment, now: int) -> int:
    hours = (now - payment.created_at) // HOUR_SECONDS + 1
    return payment.created_at + hours * HOUR_SECONDS

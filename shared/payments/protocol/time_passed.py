"""What time alone changes: a lost dispatch, a hopeless wait, a missing receipt or answer."""

from dataclasses import replace

from payments.protocol.case import Case
from payments.protocol.change import Change
from payments.protocol.payment import Payment, PaymentStatus
from payments.protocol.policy import (
    DISPATCH_GIVEN_UP_SECONDS,
    HINT_OVERDUE_SECONDS,
    RECEIPT_OVERDUE_SECONDS,
)
from payments.protocol.push import outcome_unknown
from payments.protocol.schedule import silent_at
from payments.protocol.sent_refund import is_sent


def needs_query(payment: Payment, now: int) -> bool:
    """Whether to ask Daraja about the payment now."""
    is_due = payment.due_at is not None and payment.due_at <= now
    is_worth_it = payment.may_yet_be_paid or payment.hint is not None
    return is_due and is_worth_it and payment.checkout_id_to_ask is not None


def time_passed(case: Case) -> Change | None:
    """Apply what the clock alone makes true; a payment that needs a query stays as it is."""
    payment, now = case.payment, case.now
    if payment.due_at is None or payment.due_at > now:
        return None
    if payment.status is PaymentStatus.DISPATCHING and case.is_older_than(
        DISPATCH_GIVEN_UP_SECONDS
    ):
        # The Lambda that sent it is gone.
        return outcome_unknown(case, description=payment.result_desc)
    if _is_hopeless(case):
        # Two days without an id or an answer.
        return case.cancelled(
            payment, reason="No answer and no id from M-Pesa", attention="no_checkout_request_id"
        )
    if _is_silent(case):
        # Still due: the question is put again in this very run.
        return case.step(replace(payment, attention="no_answer_from_mpesa"))
    reason = _overdue(payment, now)
    if reason is not None:
        return _raise_attention(case, reason)
    if needs_query(payment, now) or is_sent(payment):
        # Somebody must ask before the look moves on: Daraja about a prompt, M-Pesa about a refund.
        return None
    return case.step(payment, schedules=True)


def hint_disowned(case: Case) -> Change | None:
    """Drop a hint that names another payment's prompt, and raise attention."""
    if case.payment.hint is None:
        return None
    return _raise_attention(case, "hint_names_another_payment")


def _is_hopeless(case: Case) -> bool:
    payment = case.payment
    is_nameless = payment.status is PaymentStatus.UNKNOWN and payment.checkout_id_to_ask is None
    return is_nameless and case.is_older_than(case.policy.expire_unknown_seconds)


def _is_silent(case: Case) -> bool:
    """Whether Daraja has not answered a question about an expired payment."""
    payment = case.payment
    is_waiting = payment.status is PaymentStatus.PENDING and payment.attention is None
    return is_waiting and case.now >= silent_at(payment, case.policy)


def _overdue(payment: Payment, now: int) -> str | None:
    """Return why a person must look, or None."""
    hint = payment.hint
    if hint is not None and now >= hint.received_at + HINT_OVERDUE_SECONDS:
        return "hint_unanswered"
    is_paid = not payment.may_yet_be_paid and payment.final_at is not None
    if is_paid and payment.receipt_pending and payment.attention is None:
        overdue_at = (payment.final_at or 0) + RECEIPT_OVERDUE_SECONDS
        return "receipt_missing" if now >= overdue_at else None
    return None


def _raise_attention(case: Case, reason: str) -> Change:
    """Raise attention; what ends the question about a hint drops it, and its body stays on file."""
    attention = case.payment.attention or reason
    hint = None if reason.startswith("hint_") else case.payment.hint
    return case.step(replace(case.payment, attention=attention, hint=hint), schedules=True)

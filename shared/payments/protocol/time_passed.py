"""What time alone changes: a lost dispatch, a hopeless wait, a receipt or an answer overdue."""

from dataclasses import replace

from payments.protocol.change import NEEDS_CONTEXT, Change, Decision, detach, events_for
from payments.protocol.evidence import Context
from payments.protocol.payment import Payment, PaymentStatus, Proof
from payments.protocol.policy import (
    DISPATCH_GIVEN_UP_SECONDS,
    HINT_OVERDUE_SECONDS,
    RECEIPT_OVERDUE_SECONDS,
    Policy,
)
from payments.protocol.schedule import next_due_at


def needs_query(payment: Payment, now: int) -> bool:
    """Whether Daraja is to be asked about it now."""
    is_due = payment.due_at is not None and payment.due_at <= now
    is_worth_it = payment.may_yet_be_paid or payment.hint is not None
    return is_due and is_worth_it and payment.checkout_id_to_ask is not None


def look(payment: Payment, around: Context, *, now: int, policy: Policy) -> Decision:
    """Apply what has become true by the clock; a payment to be asked about is left as it is."""
    if payment.due_at is None or payment.due_at > now:
        return None
    given_up_at = payment.created_at + DISPATCH_GIVEN_UP_SECONDS
    if payment.status is PaymentStatus.DISPATCHING and now >= given_up_at:
        return _given_up(payment, now=now, policy=policy)
    if _is_hopeless(payment, now, policy):
        return _hopeless(payment, around, now=now, policy=policy)
    reason = _overdue(payment, now)
    if reason is not None:
        return _raise_attention(payment, reason, now=now, policy=policy)
    if needs_query(payment, now):
        return None
    after = replace(payment, due_at=next_due_at(payment, now=now, policy=policy))
    return Change(before=payment, after=replace(after, version=payment.version + 1))


def hint_disowned(payment: Payment, *, now: int, policy: Policy) -> Decision:
    """Drop a hint that named another payment's prompt, and let a person look."""
    if payment.hint is None:
        return None
    return _raise_attention(payment, "hint_names_another_payment", now=now, policy=policy)


def _given_up(payment: Payment, *, now: int, policy: Policy) -> Change:
    """The Lambda that sent it is gone: whether the phone was reached is unknown."""
    after = replace(payment, status=PaymentStatus.UNKNOWN, version=payment.version + 1)
    due_at = now if payment.hint else next_due_at(after, now=now, policy=policy)
    return Change(before=payment, after=replace(after, due_at=due_at))


def _is_hopeless(payment: Payment, now: int, policy: Policy) -> bool:
    is_nameless = payment.status is PaymentStatus.UNKNOWN and payment.checkout_id_to_ask is None
    return is_nameless and now >= payment.created_at + policy.expire_unknown_seconds


def _hopeless(payment: Payment, around: Context, *, now: int, policy: Policy) -> Decision:
    """No id, no word for two days: stop waiting, and let a person look."""
    if around.is_assumed:
        return NEEDS_CONTEXT
    after = replace(
        payment,
        status=PaymentStatus.CANCELLED,
        version=payment.version + 1,
        holds_locks=False,
        proof=Proof.CLEANUP,
        failure_reason="No answer and no id from M-Pesa",
        final_at=now,
        attention=payment.attention or "no_checkout_request_id",
    )
    after = replace(after, due_at=next_due_at(after, now=now, policy=policy))
    return Change(
        before=payment,
        after=after,
        consultation=detach(payment, around, frees_lock=False),
        events=events_for(payment, after),
    )


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


def _raise_attention(payment: Payment, reason: str, *, now: int, policy: Policy) -> Change:
    """Say that a person must look; a hint nobody answered is dropped (its body stays on file)."""
    after = replace(
        payment, version=payment.version + 1, attention=payment.attention or reason, hint=None
    )
    after = replace(after, due_at=next_due_at(after, now=now, policy=policy))
    return Change(before=payment, after=after, events=events_for(payment, after))

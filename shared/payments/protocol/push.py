"""What Daraja's answer to the push means for a payment."""

from dataclasses import replace

from payments.protocol.change import (
    NEEDS_CONTEXT,
    Change,
    Decision,
    detach,
    events_for,
    holds_phone,
)
from payments.protocol.evidence import Context, PushAccepted, PushRefused, PushUnclear
from payments.protocol.payment import Payment, PaymentStatus, Proof
from payments.protocol.policy import Policy
from payments.protocol.schedule import next_due_at

_AWAITS_ANSWER = frozenset({PaymentStatus.DISPATCHING, PaymentStatus.UNKNOWN})


def push_accepted(payment: Payment, answer: PushAccepted, *, now: int) -> Decision:
    """Store Daraja's id whatever the status; the push's own id wins over an adopted one."""
    known = payment.checkout_request_id
    if known == answer.checkout_request_id:
        return _confirm_own_id(payment, answer, now=now)
    is_waiting = payment.status in _AWAITS_ANSWER
    hint = payment.hint
    is_hint_of_another = (
        hint is not None and hint.facts.checkout_request_id != answer.checkout_request_id
    )
    differs = known is not None or is_hint_of_another
    ended_without_id = payment.status in {PaymentStatus.FAILED, PaymentStatus.CANCELLED}
    after = replace(
        payment,
        status=PaymentStatus.PENDING if is_waiting else payment.status,
        version=payment.version + 1,
        checkout_request_id=answer.checkout_request_id,
        checkout_source=Proof.PUSH,
        merchant_request_id=answer.merchant_request_id,
        accepted_at=now,
        due_at=now if ended_without_id or known is not None else _after_accept(payment, now),
        attention="checkout_request_id_differs" if differs else payment.attention,
        hint=None if is_hint_of_another else hint,
    )
    return Change(before=payment, after=after, events=events_for(payment, after))


def _after_accept(payment: Payment, now: int) -> int | None:
    """Keep the first look set at the reservation: changing it would cost two index writes."""
    if payment.status is PaymentStatus.UNKNOWN:
        return now
    return payment.due_at


def _confirm_own_id(payment: Payment, answer: PushAccepted, *, now: int) -> Decision:
    """An adopted id turns out to be the push's own."""
    if payment.accepted_at is not None:
        return None
    after = replace(
        payment,
        version=payment.version + 1,
        status=(PaymentStatus.PENDING if payment.status in _AWAITS_ANSWER else payment.status),
        checkout_source=Proof.PUSH,
        merchant_request_id=payment.merchant_request_id or answer.merchant_request_id,
        accepted_at=now,
    )
    return Change(before=payment, after=after)


def push_refused(payment: Payment, answer: PushRefused, around: Context, *, now: int) -> Decision:
    """End a payment whose prompt does not exist; both locks are freed at once."""
    if payment.status not in _AWAITS_ANSWER or payment.checkout_request_id is not None:
        return None
    if around.is_assumed and not payment.may_have_open_prompt(now):
        return NEEDS_CONTEXT
    after = replace(
        payment,
        status=PaymentStatus.FAILED,
        version=payment.version + 1,
        holds_locks=False,
        proof=Proof.PUSH,
        result_code=answer.code,
        result_desc=answer.description,
        failure_reason=answer.reason,
        final_at=now,
        due_at=now if payment.hint is not None else None,
    )
    return Change(
        before=payment,
        after=after,
        consultation=detach(payment, around, frees_lock=True),
        frees_phone=holds_phone(payment, around),
        events=events_for(payment, after),
    )


def push_unclear(payment: Payment, answer: PushUnclear, *, now: int, policy: Policy) -> Decision:
    """Keep the locks and wait: a prompt may be open."""
    if payment.status is not PaymentStatus.DISPATCHING:
        return None
    after = replace(
        payment,
        status=PaymentStatus.UNKNOWN,
        version=payment.version + 1,
        result_desc=answer.description,
    )
    due_at = now if payment.hint else next_due_at(after, now=now, policy=policy)
    after = replace(after, due_at=due_at)
    return Change(before=payment, after=after)

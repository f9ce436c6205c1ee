"""What Daraja's answer to the push means for a payment."""

from dataclasses import replace

from payments.protocol.case import Case
from payments.protocol.change import Change
from payments.protocol.evidence import PushAccepted, PushRefused, PushUnclear
from payments.protocol.payment import PaymentStatus, Proof

_AWAITS_ANSWER = frozenset({PaymentStatus.DISPATCHING, PaymentStatus.UNKNOWN})


def push_answered(case: Case, answer: PushAccepted | PushRefused | PushUnclear) -> Change | None:
    """Apply what Daraja said to the push."""
    match answer:
        case PushAccepted():
            return _push_accepted(case, answer)
        case PushRefused():
            return _push_refused(case, answer)
        case PushUnclear():
            return _push_unclear(case, answer)


def _push_accepted(case: Case, answer: PushAccepted) -> Change | None:
    """Store Daraja's id whatever the status; the push's own id replaces an adopted one."""
    payment = case.payment
    known = payment.checkout_request_id
    if known == answer.checkout_request_id:
        return _confirm_own_id(case, answer)
    hint = payment.hint
    is_hint_of_another = (
        hint is not None and hint.result.checkout_request_id != answer.checkout_request_id
    )
    differs = known is not None or is_hint_of_another
    ended_without_id = payment.status in {PaymentStatus.FAILED, PaymentStatus.CANCELLED}
    is_due_now = ended_without_id or known is not None or payment.status is PaymentStatus.UNKNOWN
    return case.step(
        replace(
            payment,
            status=_accepted_status(payment.status),
            checkout_request_id=answer.checkout_request_id,
            checkout_source=Proof.PUSH,
            merchant_request_id=answer.merchant_request_id,
            accepted_at=case.now,
            # Usually the re-check set at the reservation stays: a new time costs two index writes.
            due_at=case.now if is_due_now else payment.due_at,
            attention="checkout_request_id_differs" if differs else payment.attention,
            hint=None if is_hint_of_another else hint,
        )
    )


def _accepted_status(status: PaymentStatus) -> PaymentStatus:
    return PaymentStatus.PENDING if status in _AWAITS_ANSWER else status


def _confirm_own_id(case: Case, answer: PushAccepted) -> Change | None:
    """Record that an adopted id is the push's own."""
    payment = case.payment
    if payment.accepted_at is not None:
        return None
    return case.step(
        replace(
            payment,
            status=_accepted_status(payment.status),
            checkout_source=Proof.PUSH,
            merchant_request_id=payment.merchant_request_id or answer.merchant_request_id,
            accepted_at=case.now,
        )
    )


def _push_refused(case: Case, answer: PushRefused) -> Change | None:
    """End a payment whose prompt does not exist; both locks are freed at once."""
    payment = case.payment
    if payment.status not in _AWAITS_ANSWER or payment.checkout_request_id is not None:
        return None
    after = replace(
        payment,
        status=PaymentStatus.FAILED,
        holds_locks=False,
        proof=Proof.PUSH,
        result_code=answer.code,
        result_desc=answer.description,
        failure_reason=answer.reason,
        final_at=case.now,
        due_at=case.now if payment.hint is not None else None,
    )
    return case.step(after, consultation=case.detach(frees_lock=True), frees_phone=case.holds_phone)


def _push_unclear(case: Case, answer: PushUnclear) -> Change | None:
    """Keep the locks and wait: a prompt may be open."""
    if case.payment.status is not PaymentStatus.DISPATCHING:
        return None
    return outcome_unknown(case, description=answer.description)


def outcome_unknown(case: Case, *, description: str | None) -> Change:
    """Record that the push may or may not have reached the phone."""
    after = replace(case.payment, status=PaymentStatus.UNKNOWN, result_desc=description)
    if after.hint is not None:
        return case.step(replace(after, due_at=case.now))
    return case.step(after, schedules=True)

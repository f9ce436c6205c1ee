"""Refusals: a closed list of codes ends a payment; nothing else does."""

from dataclasses import replace

from payments.protocol.change import (
    NEEDS_CONTEXT,
    Change,
    Decision,
    detach,
    events_for,
    holds_phone,
)
from payments.protocol.evidence import Context
from payments.protocol.payment import Payment, PaymentStatus, Proof, StkResult
from payments.protocol.policy import Policy
from payments.protocol.result_codes import SUCCESS, ResultCode
from payments.protocol.schedule import next_due_at


def refused(
    payment: Payment,
    facts: StkResult,
    refusal: ResultCode,
    around: Context,
    *,
    proof: Proof,
    now: int,
    policy: Policy,
) -> Decision:
    """End an open payment as failed; locks end early only on proof that no prompt is open."""
    if around.is_assumed and not payment.may_have_open_prompt(now):
        return NEEDS_CONTEXT
    frees = proof is Proof.CALLBACK and refusal.closes_session
    after = replace(
        payment,
        status=PaymentStatus.FAILED,
        version=payment.version + 1,
        holds_locks=payment.holds_locks and not frees,
        proof=proof,
        checkout_request_id=payment.checkout_request_id or facts.checkout_request_id,
        checkout_source=payment.checkout_source or proof,
        merchant_request_id=payment.merchant_request_id or facts.merchant_request_id,
        result_code=facts.code,
        result_desc=facts.description,
        failure_reason=refusal.meaning,
        final_at=now,
        hint=payment.hint if proof is Proof.CALLBACK and _says_paid(payment) else None,
    )
    after = replace(after, due_at=next_due_at(after, now=now, policy=policy))
    return Change(
        before=payment,
        after=after,
        consultation=detach(payment, around, frees_lock=frees),
        frees_phone=frees and holds_phone(payment, around),
        events=events_for(payment, after),
    )


def _says_paid(payment: Payment) -> bool:
    """Whether a hint says otherwise: it stays until Daraja itself has answered."""
    return payment.hint is not None and payment.hint.facts.code == SUCCESS

"""Refusals: a closed list of codes ends a payment; nothing else does."""

from dataclasses import replace

from payments.decisions.change import (
    LOOK_AROUND,
    Change,
    Decision,
    detach,
    events_for,
    holds_phone,
)
from payments.decisions.due import next_due_at
from payments.evidence import Surroundings
from payments.payment import Facts, Payment, PaymentStatus, Proof
from payments.policy import Policy
from payments.result_codes import SUCCESS, ResultCode


def refused(
    payment: Payment,
    facts: Facts,
    refusal: ResultCode,
    around: Surroundings,
    *,
    proof: Proof,
    now: int,
    policy: Policy,
) -> Decision:
    """End an open payment as failed; locks end early only on proof that no prompt is open."""
    if around.is_assumed and not payment.may_have_open_prompt(now):
        return LOOK_AROUND
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

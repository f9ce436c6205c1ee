"""What Daraja's answer to a query means: it names no amount and no receipt, and it can be early."""

from dataclasses import replace

from payments.protocol.change import (
    NEEDS_CONTEXT,
    Change,
    Decision,
    NeedsContext,
    detach,
    events_for,
)
from payments.protocol.evidence import Context, QueryAnswer, Verdict
from payments.protocol.money import money_arrived
from payments.protocol.payment import OPEN, Hint, Payment, PaymentStatus, Proof, StkResult
from payments.protocol.policy import ASK_AGAIN_SECONDS, Policy
from payments.protocol.refusal import refused
from payments.protocol.result_codes import SUCCESS, final_refusal
from payments.protocol.schedule import next_due_at

TIMEOUT_REASON = "Timeout - No callback received"


def query_answered(
    payment: Payment, answer: QueryAnswer, around: Context, *, now: int, policy: Policy
) -> Decision:
    """Apply an answer: at once where a hint agrees, else only when it can be believed."""
    if payment.checkout_id_to_ask != answer.checkout_request_id:
        return None
    facts = _facts(answer)
    hint = _hint_about(payment, answer)
    if answer.verdict is Verdict.PAID:
        if hint is not None and hint.facts.code == SUCCESS:
            return _agreed(payment, hint, around, now=now, policy=policy)
        if now >= payment.created_at + policy.query_success_seconds:
            return _believe_query(payment, facts, around, now=now, policy=policy)
        return _waiting(payment, answer, around, now=now, policy=policy)
    refusal = final_refusal(answer.code)
    if answer.verdict is Verdict.REFUSED and refusal is not None:
        agrees = hint is not None and hint.facts.code == answer.code
        if agrees and payment.status in OPEN:
            return refused(
                payment, facts, refusal, around, proof=Proof.HINT, now=now, policy=policy
            )
        if now >= payment.locked_until:
            return _believe_query_refusal(payment, facts, around, now=now, policy=policy)
    return _waiting(payment, answer, around, now=now, policy=policy)


def _hint_about(payment: Payment, answer: QueryAnswer) -> Hint | None:
    """Return the hint where it speaks of the prompt that was asked about."""
    hint = payment.hint
    is_same = hint is not None and hint.facts.checkout_request_id == answer.checkout_request_id
    return hint if is_same else None


def _agreed(payment: Payment, hint: Hint, around: Context, *, now: int, policy: Policy) -> Decision:
    """A hint and an agreeing query are full evidence: amount and receipt are the hint's."""
    decision = money_arrived(payment, hint.facts, around, proof=Proof.HINT, now=now, policy=policy)
    return _without_hint(payment, decision, now=now, policy=policy)


def _believe_query(
    payment: Payment, facts: StkResult, around: Context, *, now: int, policy: Policy
) -> Decision:
    """A query alone says paid, late enough to be believed."""
    decision = money_arrived(payment, facts, around, proof=Proof.QUERY, now=now, policy=policy)
    return _without_hint(payment, decision, now=now, policy=policy)


def _believe_query_refusal(
    payment: Payment, facts: StkResult, around: Context, *, now: int, policy: Policy
) -> Decision:
    """A query alone says refused after the prompt must have closed; it never overrides money."""
    refusal = final_refusal(facts.code)
    if payment.status in OPEN and refusal is not None:
        decision = refused(
            payment, facts, refusal, around, proof=Proof.QUERY, now=now, policy=policy
        )
    else:
        decision = None
    return _without_hint(payment, decision, now=now, policy=policy)


def _without_hint(payment: Payment, decision: Decision, *, now: int, policy: Policy) -> Decision:
    """The provider has answered: the hint has done its work, the next look is set."""
    if isinstance(decision, NeedsContext):
        return NEEDS_CONTEXT
    step = decision or Change(before=payment, after=payment)
    after = replace(step.after, hint=None)
    is_refuted = _is_refuted(payment, after)
    if is_refuted and after.attention is None:
        after = replace(after, attention="hint_refuted")
    after = replace(after, due_at=next_due_at(after, now=now, policy=policy))
    if after == payment:
        return None
    after = replace(after, version=payment.version + 1)
    events = decision.events if decision else ()
    if is_refuted:
        events = (*events, *events_for(step.after, after))
    return replace(step, after=after, events=events)


def _is_refuted(payment: Payment, after: Payment) -> bool:
    """Whether a hint said paid and the provider, asked, says refused."""
    said_paid = payment.hint is not None and payment.hint.facts.code == SUCCESS
    return said_paid and after.may_yet_be_paid


def _waiting(
    payment: Payment, answer: QueryAnswer, around: Context, *, now: int, policy: Policy
) -> Decision:
    """Nothing can be concluded yet: expire what is a day old, keep a new code, else nothing."""
    is_expired = now >= payment.created_at + policy.expire_pending_seconds
    if payment.status is PaymentStatus.PENDING and is_expired:
        return _expired(payment, answer, around, now=now, policy=policy)
    due_at = payment.due_at
    # The slot set the time for no answer; from the quarter hour on, an answer backs off further.
    backs_off = not payment.is_open or now >= payment.created_at + ASK_AGAIN_SECONDS
    if backs_off and payment.hint is None:
        due_at = next_due_at(payment, now=now, policy=policy)
    is_refusal = answer.verdict is not Verdict.PAID
    is_new_code = payment.is_open and is_refusal and answer.code not in (None, payment.result_code)
    after = replace(
        payment,
        result_code=answer.code if is_new_code else payment.result_code,
        result_desc=answer.description if is_new_code else payment.result_desc,
        due_at=due_at,
    )
    if after == payment:
        return None
    return Change(before=payment, after=replace(after, version=payment.version + 1))


def _expired(
    payment: Payment, answer: QueryAnswer, around: Context, *, now: int, policy: Policy
) -> Decision:
    """Stop waiting after a day and a fresh answer; that says nothing about money, so say so."""
    if around.is_assumed:
        return NEEDS_CONTEXT
    after = replace(
        payment,
        status=PaymentStatus.CANCELLED,
        version=payment.version + 1,
        holds_locks=False,
        proof=Proof.CLEANUP,
        result_code=answer.code or payment.result_code,
        result_desc=answer.description or payment.result_desc,
        failure_reason=TIMEOUT_REASON,
        final_at=now,
        attention=payment.attention or "no_final_answer",
    )
    after = replace(after, due_at=next_due_at(after, now=now, policy=policy))
    return Change(
        before=payment,
        after=after,
        consultation=detach(payment, around, frees_lock=False),
        events=events_for(payment, after),
    )


def _facts(answer: QueryAnswer) -> StkResult:
    return StkResult(
        code=answer.code or "",
        description=answer.description,
        checkout_request_id=answer.checkout_request_id,
    )

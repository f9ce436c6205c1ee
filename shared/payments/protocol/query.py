"""What Daraja's answer to a query means: it names no amount and no receipt, and may be early."""

from dataclasses import replace

from payments.protocol.case import Case
from payments.protocol.change import Change, events_for
from payments.protocol.evidence import QueryAnswer, Verdict
from payments.protocol.filing import Ruling
from payments.protocol.money import money_arrived
from payments.protocol.payment import Hint, Payment, PaymentStatus, Proof, StkResult
from payments.protocol.policy import ASK_AGAIN_SECONDS
from payments.protocol.refusal import refused
from payments.protocol.report import of_result
from payments.protocol.result_codes import SUCCESS, final_refusal
from payments.protocol.schedule import next_due_at

TIMEOUT_REASON = "Timeout - No callback received"


def query_answered(case: Case, answer: QueryAnswer) -> Change | None:
    """Apply an answer: at once where a hint agrees, otherwise only once it can be believed."""
    payment = case.payment
    if payment.checkout_id_to_ask != answer.checkout_request_id:
        return None
    hint = _hint_about(payment, answer)
    if answer.verdict is Verdict.PAID:
        if hint is not None and hint.result.code == SUCCESS:
            # Full evidence: the hint names amount and receipt, and Daraja agrees.
            return _concluded(case, money_arrived(case, of_result(hint.result, Proof.HINT)))
        if case.is_older_than(case.policy.query_success_seconds):
            return _concluded(case, money_arrived(case, of_result(_result(answer), Proof.QUERY)))
    refusal = final_refusal(answer.code)
    if answer.verdict is Verdict.REFUSED and refusal is not None:
        agrees = hint is not None and hint.result.code == answer.code
        if agrees and payment.is_open:
            return refused(case, _result(answer), refusal, Proof.HINT)
        if case.now >= payment.prompt_ends_at:
            is_open = payment.is_open
            change = refused(case, _result(answer), refusal, Proof.QUERY) if is_open else None
            return _concluded(case, change, says_unpaid=True)
    return _waiting(case, answer)


def _hint_about(payment: Payment, answer: QueryAnswer) -> Hint | None:
    """Return the hint where it names the prompt that the query asked about."""
    hint = payment.hint
    if hint is None or hint.result.checkout_request_id != answer.checkout_request_id:
        return None
    return hint


def _concluded(case: Case, ruling: Ruling, *, says_unpaid: bool = False) -> Change | None:
    """Drop the hint, since Daraja has answered about it, and schedule the next re-check."""
    payment = case.payment
    step = ruling if isinstance(ruling, Change) else None
    after = replace(step.after if step else payment, hint=None)
    if _said_paid(payment) and (says_unpaid or after.may_yet_be_paid):
        after = replace(after, attention=after.attention or "hint_refuted")
    after = replace(after, due_at=next_due_at(after, now=case.now, policy=case.policy))
    if step is None:
        return case.step_if_new(after)
    events = dict.fromkeys((*step.events, *events_for(payment, after)))
    return replace(step, after=after, events=tuple(events))


def _said_paid(payment: Payment) -> bool:
    """Whether a hint reports money; other money may have paid the payment meanwhile."""
    return payment.hint is not None and payment.hint.result.code == SUCCESS


def _waiting(case: Case, answer: QueryAnswer) -> Change | None:
    """Conclude nothing: cancel what is a day old, otherwise store a new code."""
    payment, now, policy = case.payment, case.now, case.policy
    is_expired = case.is_older_than(policy.expire_pending_seconds)
    is_paid = answer.verdict is Verdict.PAID
    if payment.status is PaymentStatus.PENDING and is_expired and not is_paid:
        return _expired(case, answer)
    due_at = payment.due_at
    # The query slot scheduled the retry. From 15 minutes on, an answer backs off further.
    backs_off = not payment.is_open or case.is_older_than(ASK_AGAIN_SECONDS)
    if backs_off and payment.hint is None:
        due_at = next_due_at(payment, now=now, policy=policy)
    is_new_code = payment.is_open and not is_paid and answer.code not in (None, payment.result_code)
    return case.step_if_new(
        replace(
            payment,
            result_code=answer.code if is_new_code else payment.result_code,
            result_desc=answer.description if is_new_code else payment.result_desc,
            due_at=due_at,
        )
    )


def _expired(case: Case, answer: QueryAnswer) -> Change:
    """Stop waiting after a day and a fresh answer, and raise attention: money is still possible."""
    payment = case.payment
    after = replace(
        payment,
        result_code=answer.code or payment.result_code,
        result_desc=answer.description or payment.result_desc,
    )
    return case.cancelled(after, reason=TIMEOUT_REASON, attention="no_final_answer")


def _result(answer: QueryAnswer) -> StkResult:
    return StkResult(
        code=answer.code or "",
        description=answer.description,
        checkout_request_id=answer.checkout_request_id,
    )

"""Refusals: only the codes of a closed list end a payment as failed."""

from dataclasses import replace

from payments.protocol.case import Case
from payments.protocol.change import Change
from payments.protocol.payment import Payment, PaymentStatus, Proof, StkResult
from payments.protocol.result_codes import SUCCESS, ResultCode


def refused(case: Case, result: StkResult, refusal: ResultCode, proof: Proof) -> Change:
    """End an open payment as failed.

    The locks end early only on proof that no prompt is open: an authentic callback whose code
    closes the handset's session.
    """
    payment = case.payment
    frees = proof is Proof.CALLBACK and refusal.closes_session
    after = replace(
        payment,
        status=PaymentStatus.FAILED,
        holds_locks=payment.holds_locks and not frees,
        proof=proof,
        checkout_request_id=payment.checkout_request_id or result.checkout_request_id,
        checkout_source=payment.checkout_source or proof,
        merchant_request_id=payment.merchant_request_id or result.merchant_request_id,
        result_code=result.code,
        result_desc=result.description,
        failure_reason=refusal.meaning,
        final_at=case.now,
        hint=payment.hint if proof is Proof.CALLBACK and _hint_says_paid(payment) else None,
    )
    return case.step(
        after,
        schedules=True,
        consultation=case.detach(frees_lock=frees),
        frees_phone=frees and case.holds_phone,
    )


def _hint_says_paid(payment: Payment) -> bool:
    """Whether a hint reports money: it stays until Daraja has answered a query about it."""
    return payment.hint is not None and payment.hint.result.code == SUCCESS

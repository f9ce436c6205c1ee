"""Money that arrived: complete, refund or review; and what more news of it means."""

from dataclasses import replace

from payments.protocol.change import (
    NEEDS_CONTEXT,
    Change,
    Confirm,
    ConsultationEffect,
    Decision,
    Detach,
    EventType,
    HoldForReview,
    RequireUnpayable,
    detach,
    events_for,
    holds_phone,
)
from payments.protocol.evidence import Context
from payments.protocol.filing import filed_heads, odd_callback
from payments.protocol.payment import Payment, PaymentStatus, Proof, StkResult
from payments.protocol.policy import Policy
from payments.protocol.result_codes import SUCCESS
from payments.protocol.schedule import next_due_at


def money_arrived(
    payment: Payment,
    facts: StkResult,
    around: Context,
    *,
    proof: Proof,
    now: int,
    policy: Policy,
) -> Decision:
    """Record proven money once, whatever we believed before.

    A query proves money without naming amount or receipt; every other proof must name both.
    """
    if not payment.may_yet_be_paid:
        return more_news(payment, facts, around, proof=proof, now=now)
    problem = mismatch(payment, facts, around, proof=proof)
    if problem is not None:
        if around.is_assumed:
            return NEEDS_CONTEXT
        return _to_review(payment, facts, around, proof, problem, now, policy)
    status, effect = _landing(payment, around)
    after = _paid(payment, facts, status, proof, now, policy)
    return Change(
        before=payment,
        after=after,
        consultation=effect,
        frees_phone=holds_phone(payment, around),
        claims_receipt=facts.receipt_number,
        events=events_for(payment, after),
    )


def mismatch(payment: Payment, facts: StkResult, around: Context, *, proof: Proof) -> str | None:
    """Return why a person must look at this money, or None where everything agrees."""
    consultation = around.consultation
    if proof is not Proof.QUERY:
        if facts.amount_kes is None:
            return "amount_missing"
        if facts.amount_kes != payment.amount_kes:
            return "amount_differs"
        if facts.receipt_number is None:
            return "receipt_missing"
    if consultation is not None and payment.amount_kes != consultation.price_kes:
        return "price_changed"
    if around.receipt_payment_id not in (None, payment.payment_id):
        return "receipt_bound_elsewhere"
    return None


def more_news(
    payment: Payment, facts: StkResult, around: Context, *, proof: Proof, now: int
) -> Decision:
    """Add an id or a receipt that was missing; raise attention on what contradicts what we have.

    Receipt and amount of an authentic callback replace a hint's; the claim on that one stays.
    """
    if proof is Proof.QUERY:
        return None
    receipt = facts.receipt_number
    believed_kes = payment.paid_amount_kes or payment.amount_kes
    is_same_amount = facts.amount_kes == believed_kes
    is_reviews_own = (
        payment.status is PaymentStatus.REVIEW and facts.amount_kes == payment.paid_amount_kes
    )
    learns_id = payment.checkout_request_id is None
    if receipt == payment.receipt_number and (is_same_amount or is_reviews_own) and not learns_id:
        return None
    if around.is_assumed:
        return NEEDS_CONTEXT
    reason = _contradiction(payment, receipt, around, is_same_amount=is_same_amount)
    is_known = reason in (None, payment.attention, payment.failure_reason)
    is_new_receipt = receipt is not None and around.receipt_payment_id is None
    fills_gap = is_new_receipt and payment.receipt_number is None
    is_stronger = proof is Proof.CALLBACK and _may_be_replaced(payment, facts, around)
    if is_known and not (is_new_receipt or learns_id or is_stronger):
        adds_nothing = reason is None and payment.proof is Proof.CALLBACK
        if proof is not Proof.CALLBACK or adds_nothing:
            return None
        return odd_callback(payment, facts.digest, now=now)
    attention = None if is_known and not is_new_receipt else reason
    is_odd = learns_id or attention is not None
    after = replace(
        _informed(payment, facts, proof, fills_gap=fills_gap, is_stronger=is_stronger),
        attention=attention or payment.attention,
        evidence_heads=filed_heads(payment, facts.digest) if is_odd else payment.evidence_heads,
    )
    added = (EventType.RECEIPT_ADDED,) if fills_gap else ()
    raised = (EventType.UNRESOLVED,) if attention is not None else ()
    return Change(
        before=payment,
        after=after,
        claims_receipt=receipt if is_new_receipt else None,
        events=added + raised,
        evidence_digest=facts.digest if is_odd else None,
    )


def _informed(
    payment: Payment, facts: StkResult, proof: Proof, *, fills_gap: bool, is_stronger: bool
) -> Payment:
    """Return the payment with what the news adds, or says with more right than we had."""
    is_believed = fills_gap or is_stronger
    rests_on_it = is_stronger or (fills_gap and payment.proof is Proof.QUERY)
    transaction_at = (facts.transaction_at if is_stronger else None) or payment.transaction_at
    return replace(
        payment,
        version=payment.version + 1,
        proof=proof if rests_on_it else payment.proof,
        receipt_number=facts.receipt_number if is_believed else payment.receipt_number,
        receipt_pending=payment.receipt_pending and not is_believed,
        paid_amount_kes=(facts.amount_kes if is_believed else None) or payment.paid_amount_kes,
        transaction_at=transaction_at or facts.transaction_at,
        checkout_request_id=payment.checkout_request_id or facts.checkout_request_id,
        checkout_source=payment.checkout_source or proof,
        due_at=None if fills_gap and payment.hint is None else payment.due_at,
    )


def _may_be_replaced(payment: Payment, facts: StkResult, around: Context) -> bool:
    """Whether an authentic callback's receipt and amount stand in the stead of what we have.

    A hint's receipt rests on nobody's word but the hint's: the query only agreed that money came.
    """
    is_whole = facts.receipt_number is not None and facts.amount_kes is not None
    is_ours = around.receipt_payment_id in (None, payment.payment_id)
    return is_whole and is_ours and payment.proof in (Proof.HINT, Proof.QUERY)


def _contradiction(
    payment: Payment, receipt: str | None, around: Context, *, is_same_amount: bool
) -> str | None:
    """Say in one word what does not fit, None where the news only adds something."""
    if around.receipt_payment_id not in (None, payment.payment_id):
        return "receipt_bound_elsewhere"
    if receipt is not None and payment.receipt_number not in (None, receipt):
        return "second_receipt"
    if not is_same_amount:
        return "amount_contradicted"
    return None


def _landing(payment: Payment, around: Context) -> tuple[PaymentStatus, ConsultationEffect | None]:
    """Choose where undisputed money lands: this consultation, or back to the customer."""
    consultation = around.consultation
    if consultation is not None and consultation.is_payable:
        return PaymentStatus.COMPLETED, Confirm()
    if consultation is not None and consultation.active_payment_id == payment.payment_id:
        return PaymentStatus.REFUND_DUE, Detach(frees_lock=True, marks_failed=False, unpayable=True)
    return PaymentStatus.REFUND_DUE, RequireUnpayable()


def _to_review(
    payment: Payment,
    facts: StkResult,
    around: Context,
    proof: Proof,
    problem: str,
    now: int,
    policy: Policy,
) -> Change:
    """Hold the booking and let a person decide; a free receipt is claimed all the same."""
    is_free = around.receipt_payment_id in (None, payment.payment_id)
    kept = facts if is_free else replace(facts, receipt_number=None)
    after = _paid(payment, kept, PaymentStatus.REVIEW, proof, now, policy)
    is_active = detach(payment, around, frees_lock=False) is not None
    return Change(
        before=payment,
        after=replace(
            after, failure_reason=problem, evidence_heads=filed_heads(payment, facts.digest)
        ),
        consultation=HoldForReview() if is_active else None,
        frees_phone=holds_phone(payment, around),
        claims_receipt=kept.receipt_number,
        events=events_for(payment, after),
        evidence_digest=facts.digest or None,
    )


def _paid(
    payment: Payment,
    facts: StkResult,
    status: PaymentStatus,
    proof: Proof,
    now: int,
    policy: Policy,
) -> Payment:
    """Return the payment with its money recorded."""
    after = replace(
        payment,
        status=status,
        version=payment.version + 1,
        holds_locks=False,
        proof=proof,
        checkout_request_id=payment.checkout_request_id or facts.checkout_request_id,
        checkout_source=payment.checkout_source or proof,
        merchant_request_id=payment.merchant_request_id or facts.merchant_request_id,
        receipt_number=facts.receipt_number,
        receipt_pending=facts.receipt_number is None,
        paid_amount_kes=facts.amount_kes,
        transaction_at=facts.transaction_at,
        result_code=SUCCESS,
        result_desc=facts.description,
        failure_reason=None,
        final_at=now,
        hint=None,
    )
    return replace(after, due_at=next_due_at(after, now=now, policy=policy))

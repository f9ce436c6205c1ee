"""Money that arrived: the payment completes, is owed back, or goes to review."""

from dataclasses import replace

from payments.protocol.case import Case
from payments.protocol.change import (
    Change,
    Confirm,
    ConsultationEffect,
    HoldForReview,
    RequireUnpayable,
)
from payments.protocol.filing import Ruling
from payments.protocol.news import more_news
from payments.protocol.payment import Payment, PaymentStatus, Proof, StkResult
from payments.protocol.result_codes import SUCCESS


def money_arrived(case: Case, result: StkResult, proof: Proof) -> Ruling:
    """Record proven money once, whatever the status was before.

    A query proves money without naming amount or receipt; every other proof must name both.
    """
    if not case.payment.may_yet_be_paid:
        return more_news(case, result, proof)
    problem = mismatch(case, result, proof)
    if problem is not None:
        return _to_review(case, result, proof, problem)
    status, effect = _landing(case)
    return case.step(
        _paid(case, result, proof, status),
        schedules=True,
        consultation=effect,
        frees_phone=case.holds_phone,
        claims_receipt=result.receipt_number,
    )


def mismatch(case: Case, result: StkResult, proof: Proof) -> str | None:
    """Return why a person must decide about this money, or None where everything agrees."""
    payment, consultation = case.payment, case.context.consultation
    if proof is not Proof.QUERY:
        if result.amount_kes is None:
            return "amount_missing"
        if result.amount_kes != payment.amount_kes:
            return "amount_differs"
        if result.receipt_number is None:
            return "receipt_missing"
    if consultation is not None and payment.client_id != consultation.client_id:
        return "client_changed"
    if consultation is not None and payment.amount_kes != consultation.price_kes:
        return "price_changed"
    return "receipt_bound_elsewhere" if case.receipt_is_anothers else None


def _landing(case: Case) -> tuple[PaymentStatus, ConsultationEffect]:
    """Choose where undisputed money goes: to this consultation, or back to the customer."""
    consultation = case.context.consultation
    if consultation is not None and consultation.is_payable:
        return PaymentStatus.COMPLETED, Confirm()
    detach = case.detach(frees_lock=True, unpayable=True)
    return PaymentStatus.REFUND_DUE, detach or RequireUnpayable()


def _to_review(case: Case, result: StkResult, proof: Proof, problem: str) -> Change:
    """Lock the booking until an operator decides; a free receipt is claimed all the same."""
    claimed = replace(result, receipt_number=None) if case.receipt_is_anothers else result
    after = _paid(case, claimed, proof, PaymentStatus.REVIEW)
    return case.step(
        replace(after, failure_reason=problem),
        schedules=True,
        consultation=HoldForReview() if case.is_active else None,
        frees_phone=case.holds_phone,
        claims_receipt=claimed.receipt_number,
    )


def _paid(case: Case, result: StkResult, proof: Proof, status: PaymentStatus) -> Payment:
    """Return the payment with its money recorded."""
    payment = case.payment
    return replace(
        payment,
        status=status,
        holds_locks=False,
        proof=proof,
        checkout_request_id=payment.checkout_request_id or result.checkout_request_id,
        checkout_source=payment.checkout_source or proof,
        merchant_request_id=payment.merchant_request_id or result.merchant_request_id,
        receipt_number=result.receipt_number,
        receipt_pending=result.receipt_number is None,
        paid_amount_kes=result.amount_kes,
        transaction_at=result.transaction_at,
        result_code=SUCCESS,
        result_desc=result.description,
        failure_reason=None,
        final_at=case.now,
        received_at=payment.received_at or case.now,
        hint=None,
    )

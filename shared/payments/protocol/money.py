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
from payments.protocol.payment import WITNESSES, Payment, PaymentStatus, Proof
from payments.protocol.receipts import Claim
from payments.protocol.report import MoneyReport
from payments.protocol.result_codes import SUCCESS


def money_arrived(case: Case, report: MoneyReport) -> Ruling:
    """Record proven money once, whatever the status was before.

    A query proves money without naming amount or receipt; every other report must name both.
    """
    if not case.payment.may_yet_be_paid:
        return more_news(case, report)
    problem = mismatch(case, report)
    if problem is not None:
        return _to_review(case, report, problem)
    status, effect = _landing(case, report)
    after = _paid(case, report, status)
    return case.step(
        replace(after, attention=_anothers(case, report) or after.attention),
        schedules=True,
        consultation=effect,
        frees_phone=report.ends_prompt and case.holds_phone,
        claim=_claim(case, report),
    )


def mismatch(case: Case, report: MoneyReport) -> str | None:
    """Return why a person must decide about this money, or None where everything agrees."""
    payment, consultation = case.payment, case.context.consultation
    if report.proof is not Proof.QUERY:
        if report.amount_kes is None:
            return "amount_missing"
        if report.amount_kes != payment.amount_kes:
            return "amount_differs"
        if report.receipt_number is None:
            return "receipt_missing"
    if consultation is not None and payment.client_id != consultation.client_id:
        return "client_changed"
    if consultation is not None and payment.amount_kes != consultation.price_kes:
        return "price_changed"
    # What a hint names is not bound, so nothing can be wrong with its row.
    return case.receipt_problem(report.amount_kes) if report.proof in WITNESSES else None


def _landing(case: Case, report: MoneyReport) -> tuple[PaymentStatus, ConsultationEffect]:
    """Choose where undisputed money goes: to this consultation, or back to the customer."""
    consultation = case.context.consultation
    if consultation is not None and consultation.is_payable:
        return PaymentStatus.COMPLETED, Confirm()
    detach = case.detach(frees_lock=report.ends_prompt, unpayable=True)
    return PaymentStatus.REFUND_DUE, detach or RequireUnpayable()


def _anothers(case: Case, report: MoneyReport) -> str | None:
    """Return the reason for attention where a hint names money that is booked elsewhere."""
    is_free = report.proof is not Proof.HINT or case.receipt_is_free
    return None if is_free else case.receipt_problem(report.amount_kes)


def _to_review(case: Case, report: MoneyReport, problem: str) -> Change:
    """Lock the booking until an operator decides; a free receipt is claimed all the same."""
    claimed = report if case.receipt_is_free else replace(report, receipt_number=None)
    after = _paid(case, claimed, PaymentStatus.REVIEW)
    return case.step(
        replace(after, failure_reason=problem),
        schedules=True,
        consultation=HoldForReview() if case.is_active else None,
        frees_phone=report.ends_prompt and case.holds_phone,
        claim=_claim(case, claimed),
    )


def _claim(case: Case, report: MoneyReport) -> Claim | None:
    """Return the claim of a witness; a hint's receipt is shown, never claimed."""
    return report.claim(case.context.receipt) if report.proof in WITNESSES else None


def _paid(case: Case, report: MoneyReport, status: PaymentStatus) -> Payment:
    """Return the payment with its money recorded; only its own prompt's money ends the locks."""
    payment = case.payment
    names_prompt = report.checkout_request_id is not None
    return replace(
        payment,
        status=status,
        holds_locks=payment.holds_locks and not report.ends_prompt,
        proof=report.proof,
        checkout_request_id=payment.checkout_request_id or report.checkout_request_id,
        checkout_source=payment.checkout_source or (report.proof if names_prompt else None),
        merchant_request_id=payment.merchant_request_id or report.merchant_request_id,
        receipt_number=report.receipt_number,
        receipt_pending=report.receipt_number is None,
        paid_amount_kes=report.amount_kes,
        transaction_at=report.paid_at,
        result_code=SUCCESS,
        result_desc=report.description,
        failure_reason=None,
        final_at=case.now,
        received_at=payment.received_at or case.now,
        hint=None if report.ends_prompt else payment.hint_besides(report.receipt_number),
    )

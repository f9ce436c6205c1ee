"""What two persons do about owed money: request, withdraw, approve, and settle by the statement."""

from dataclasses import replace

from payments.errors import ConflictError
from payments.protocol.case import Case
from payments.protocol.change import Change, EventType
from payments.protocol.payment import Payment, PaymentStatus, Refund, RefundStep
from payments.protocol.policy import REFUND_STATUS_SECONDS
from payments.protocol.refund_evidence import (
    RefundApproved,
    RefundGate,
    RefundRequested,
    RefundSettled,
)
from payments.protocol.refund_rules import RequireRunning, TakeTurn, is_same_person
from payments.protocol.refund_steps import refused, returned
from payments.protocol.reversal_codes import NOT_REVERSED
from payments.protocol.sent_refund import is_overdue, is_sent


def why_manual(payment: Payment, gate: RefundGate) -> ConflictError | None:
    """Return why a refund of owed money cannot be sent by us now, None where it can."""
    if gate.credential_at is None:
        return ConflictError(
            "No initiator is configured, so refunds are manual: send it on M-Pesa's portal, then "
            "mark it as refunded",
            code="refunds_not_configured",
        )
    if gate.stopped is not None:
        return ConflictError(
            f"Refunds are stopped since M-Pesa answered {gate.stopped}: a person must resume them",
            code="refunds_stopped",
        )
    if payment.bound_receipt is None or payment.paid_amount_kes is None:
        return ConflictError(
            "No witness has named this payment's receipt and amount: record the receipt from "
            "M-Pesa's statement first",
            code="receipt_not_bound",
        )
    return None


def request(case: Case, asked: RefundRequested, gate: RefundGate) -> Change:
    payment = case.payment
    _require_owed(payment)
    before = payment.refund or Refund()
    if before.step is not None:
        raise ConflictError("A refund of this payment is under way", code="refund_in_progress")
    _require_possible(payment, gate)
    refund = Refund(
        step=RefundStep.REQUESTED,
        asked_by=asked.by,
        asked_at=case.now,
        why=asked.why,
        request_key=asked.request_key,
        attempt=before.attempt,
    )
    return case.step(
        replace(payment, refund=refund),
        adds_events=(EventType.REFUND_REQUESTED,),
        refund_gate=RequireRunning(),
    )


def withdraw(case: Case) -> Change:
    refund = _require_requested(case.payment)
    return case.step(
        replace(case.payment, refund=replace(refund, step=None)),
        adds_events=(EventType.REFUND_WITHDRAWN,),
    )


def approve(case: Case, approved: RefundApproved, gate: RefundGate) -> Change:
    payment = case.payment
    refund = _require_requested(payment)
    if is_same_person(refund.asked_by or "", approved.by):
        raise ConflictError(
            "Whoever requested a refund cannot approve it: another person must", code="same_person"
        )
    _require_possible(payment, gate)
    if gate.next_at > case.now:
        raise ConflictError(
            "Another refund was sent moments ago: try again shortly",
            code="refund_spacing",
            retry_after_seconds=gate.next_at - case.now,
        )
    sent = replace(
        refund,
        step=RefundStep.SENT,
        approved_by=approved.by,
        sent_at=case.now,
        attempt=refund.attempt + 1,
    )
    return case.step(
        replace(payment, refund=sent, due_at=case.now + REFUND_STATUS_SECONDS[0]),
        adds_events=(EventType.REFUND_SENT,),
        refund_gate=TakeTurn(),
    )


def settle(case: Case, settled: RefundSettled) -> Change:
    """End a refund that M-Pesa does not answer for, by the statement: not in its first day."""
    payment = case.payment
    if not is_sent(payment):
        raise ConflictError("No refund of this payment is under way", code="refund_not_sent")
    if not is_overdue(payment, case.now):
        raise ConflictError(
            "M-Pesa may still answer: a refund is settled by hand once it was sent 24 hours ago",
            code="refund_too_fresh",
        )
    if settled.was_reversed:
        return returned(case, receipt_number=settled.receipt_number, is_proven=False)
    return refused(case, NOT_REVERSED)


def _require_owed(payment: Payment) -> None:
    if payment.status is not PaymentStatus.REFUND_DUE:
        raise ConflictError(
            f"Only money that is owed back is refunded: the payment is {payment.status}",
            code="wrong_status",
        )


def _require_requested(payment: Payment) -> Refund:
    _require_owed(payment)
    if payment.refund is None or payment.refund.step is not RefundStep.REQUESTED:
        raise ConflictError("No request for a refund is waiting", code="refund_not_requested")
    return payment.refund


def _require_possible(payment: Payment, gate: RefundGate) -> None:
    problem = why_manual(payment, gate)
    if problem is not None:
        raise problem

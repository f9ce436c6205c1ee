"""The way of owed money back to the customer: docs/protocol.md, section 11.

`decide_refund` is beside `decide`: it looks at the refund gate where `decide` looks at the booking.
A refund never touches a booking, and never starts from anything but `refund_due`.
"""

from dataclasses import replace
from typing import assert_never

from payments.protocol.case import Case
from payments.protocol.change import Change
from payments.protocol.evidence import Context
from payments.protocol.payment import Payment, PaymentStatus, Refund
from payments.protocol.policy import Policy
from payments.protocol.refund_evidence import (
    RefundApproved,
    RefundEvidence,
    RefundGate,
    RefundHint,
    RefundLook,
    RefundNotTaken,
    RefundRequested,
    RefundSettled,
    RefundWithdrawn,
    ReversalResult,
    StatusSeen,
)
from payments.protocol.refund_person import approve, request, settle, withdraw
from payments.protocol.refund_steps import UNRESOLVED, attend, refused, returned
from payments.protocol.reversal_codes import (
    ALREADY_REVERSED,
    DONE,
    REFUSALS,
    REVERSED,
    STATUS_NEEDS_PERSON,
    STATUS_STOPS,
)
from payments.protocol.sent_refund import is_look_due, is_overdue, is_sent, look_moments

TWICE = "refunded_twice"


def decide_refund(
    payment: Payment, evidence: RefundEvidence, gate: RefundGate, *, now: int, policy: Policy
) -> Change | None:
    """Return what this evidence changes, None where it changes nothing.

    Errors: ConflictError where a person's act is not possible.
    Idempotent: deciding again on the changed payment gives None, or refuses a person's act.
    """
    nothing_else = Context(consultation=None, phone_payment_id=None, receipt=None)
    case = Case(payment=payment, context=nothing_else, now=now, policy=policy)
    match evidence:
        case RefundRequested():
            return request(case, evidence, gate)
        case RefundWithdrawn():
            return withdraw(case)
        case RefundApproved():
            return approve(case, evidence, gate)
        case RefundSettled():
            return settle(case, evidence)
        case RefundNotTaken():
            return _not_taken(case, evidence)
        case ReversalResult():
            return _result(case, evidence)
        case StatusSeen():
            return _status(case, evidence)
        case RefundLook():
            return _look(case)
        case RefundHint():
            return _hint(case)
        case _:
            assert_never(evidence)


def stops_refunds(seen: StatusSeen) -> bool:
    """Whether the answer means that the initiator or the shortcode is refused."""
    return seen.code in STATUS_STOPS


def _not_taken(case: Case, proof: RefundNotTaken) -> Change | None:
    if not _is_current(case.payment, proof.attempt):
        return None
    return refused(case, proof.code, stops=proof.is_ours)


def _result(case: Case, result: ReversalResult) -> Change | None:
    """Apply an authentic result; only a 0 counts for every attempt."""
    if result.code == DONE:
        return _done(case, result)
    if not _is_current(case.payment, result.attempt):
        return None
    if result.code == ALREADY_REVERSED:
        return _look_now(case)
    refusal = REFUSALS.get(result.code)
    if refusal is None:
        return None
    return refused(case, result.code, stops=refusal.stops, attention=refusal.attention)


def _done(case: Case, result: ReversalResult) -> Change | None:
    """Record that the money went back, provided the result is about this money."""
    payment = case.payment
    if result.original_receipt not in (None, payment.receipt_number):
        return attend(case, "refund_of_another_receipt")
    if result.amount_kes not in (None, payment.paid_amount_kes):
        return attend(case, "refund_amount_differs")
    if payment.status is PaymentStatus.REFUND_DUE:
        return returned(case, receipt_number=result.refund_receipt, is_proven=True)
    if payment.status is PaymentStatus.REFUNDED:
        return _done_again(case, result.refund_receipt)
    return attend(case, "reversed_at_mpesa")


def _done_again(case: Case, receipt_number: str | None) -> Change | None:
    """Learn the receipt of the one return; a second return is put before a person."""
    refund = case.payment.refund or Refund()
    known = refund.receipt_number
    is_same = known == receipt_number and known is not None
    if refund.proven:
        is_same = is_same or None in (known, receipt_number)
    told = replace(refund, proven=True, receipt_number=known or receipt_number)
    attention = case.payment.attention if is_same else TWICE
    return case.step_if_new(replace(case.payment, refund=told, attention=attention))


def _status(case: Case, seen: StatusSeen) -> Change | None:
    """Apply M-Pesa's answer about the receipt; `Completed` says nothing about a refund."""
    payment = case.payment
    if seen.receipt_number != payment.receipt_number:
        return None
    if seen.code == DONE and seen.status == REVERSED:
        if payment.status is PaymentStatus.REFUND_DUE:
            return returned(case, receipt_number=None, is_proven=True)
        is_booked = payment.status in {PaymentStatus.COMPLETED, PaymentStatus.REVIEW}
        return attend(case, "reversed_at_mpesa") if is_booked else None
    is_odd = seen.code != DONE or seen.status in STATUS_NEEDS_PERSON
    if not is_sent(payment) or not is_odd or stops_refunds(seen):
        return None
    return attend(case, "refund_receipt_odd") if payment.attention is None else None


def _look(case: Case) -> Change | None:
    """Move the look to its next step; after a day a person must look too.

    Release 0.1.1 takes the look off the schedule, as it knows none at a refund: it is put back.
    A payment with a hint stays due: Daraja is asked about the hint in the same run.
    """
    payment, now = case.payment, case.now
    is_late = is_overdue(payment, now)
    is_due = payment.due_at is not None and payment.due_at <= now
    is_forgotten = payment.due_at is None and not (is_late and payment.attention)
    if not is_sent(payment) or not (is_due or is_forgotten):
        return None
    attention = payment.attention or (UNRESOLVED if is_late else None)
    if attention == payment.attention and not is_look_due(payment, now):
        return None
    after = replace(payment, attention=attention)
    return case.step(after, schedules=payment.hint is None or is_forgotten)


def _hint(case: Case) -> Change | None:
    """Look now, once between two steps of the schedule."""
    payment, now = case.payment, case.now
    if payment.refund is None or payment.refund.sent_at is None:
        return None
    past = [moment for moment in look_moments(payment) if moment <= now]
    step_began = max([payment.refund.sent_at, *past])
    was_hastened = payment.hastened_at is not None and payment.hastened_at >= step_began
    return None if was_hastened else _look_now(case)


def _look_now(case: Case) -> Change | None:
    payment = case.payment
    is_due = payment.due_at is not None and payment.due_at <= case.now
    if not is_sent(payment) or is_due:
        return None
    return case.step(replace(payment, due_at=case.now, hastened_at=case.now))


def _is_current(payment: Payment, attempt: int) -> bool:
    """Whether the attempt is the one under way: an older one's refusal says nothing about it."""
    return is_sent(payment) and payment.refund is not None and payment.refund.attempt == attempt

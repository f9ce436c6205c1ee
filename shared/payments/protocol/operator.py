"""What a person may decide, and the booking system's cancelling of a Confirmed consultation."""

from dataclasses import replace
from typing import assert_never

from payments.errors import ConflictError
from payments.protocol.case import Case
from payments.protocol.change import (
    CancelConfirmed,
    Change,
    Confirm,
    Detach,
    EventType,
)
from payments.protocol.evidence import (
    AttentionCleared,
    MoneyAttached,
    MoneyReturned,
    Operation,
    ReceiptFound,
    Resolution,
    ReviewResolved,
)
from payments.protocol.payment import (
    MACHINE_WITNESSES,
    Payment,
    PaymentStatus,
    Proof,
)
from payments.protocol.policy import RECEIPT_OVERDUE_SECONDS
from payments.protocol.report import MoneyReport
from payments.protocol.requirements import require_free_receipt, require_status
from payments.protocol.sent_refund import is_overdue, is_sent
from payments.protocol.statement import record_receipt
from payments.protocol.witness import money_attached
from payments.values import eat_iso

_ABOUT_OTHER_MONEY = frozenset(
    {"second_receipt", "paid_other_amount", "hint_refuted", "hint_unanswered", "hints_disagree"}
)


def operate(case: Case, operation: Operation) -> Change | None:
    """Carry out an operator's decision.

    Errors: ConflictError with a sentence that says why it is not possible.
    """
    match operation:
        case ReviewResolved():
            return _resolve(case, operation)
        case ReceiptFound():
            return record_receipt(case, operation)
        case MoneyReturned():
            return _mark_refunded(case)
        case MoneyAttached():
            return money_attached(case, operation)
        case AttentionCleared():
            return _clear_attention(case)
        case _:
            assert_never(operation)


def _about_other_money(payment: Payment) -> str | None:
    """Return the attention that a decision about the payment's own money does not answer."""
    return payment.attention if payment.attention in _ABOUT_OTHER_MONEY else None


def booking_cancelled(case: Case) -> Change | None:
    """Owe the payment of a cancelled consultation back, in one write with the cancellation."""
    if case.payment.status is not PaymentStatus.COMPLETED:
        return None
    after = replace(case.payment, status=PaymentStatus.REFUND_DUE, final_at=case.now)
    return case.step(after, consultation=CancelConfirmed())


def _mark_refunded(case: Case) -> Change:
    """Record money that a person sent back by other means.

    Errors: ConflictError, also while our own reversal may still succeed: it would go back twice.
    """
    payment = case.payment
    require_status(payment, {PaymentStatus.REFUND_DUE}, "mark as refunded")
    refund = payment.refund
    if is_sent(payment):
        raise ConflictError(
            "A refund of this payment has been sent to M-Pesa: wait for its result, or settle it "
            "after 24 hours from M-Pesa's statement",
            code="refund_sent",
        )
    after = replace(
        payment,
        status=PaymentStatus.REFUNDED,
        attention=_about_other_money(payment),
        refund=replace(refund, step=None) if refund else None,
    )
    return case.step(after, by_operator=True)


def _clear_attention(case: Case) -> Change | None:
    if case.payment.attention is None:
        return None
    if is_overdue(case.payment, case.now):
        raise ConflictError(
            "M-Pesa never answered about a refund: settle it from M-Pesa's statement",
            code="refund_sent",
        )
    return case.step(
        replace(case.payment, attention=None, due_at=_due_again(case)),
        adds_events=(EventType.ATTENTION_CLEARED,),
        by_operator=True,
    )


def _due_again(case: Case) -> int | None:
    """Return the next look; another reason may have hidden that no receipt came for a day."""
    payment = case.payment
    is_hidden = payment.receipt_pending and payment.attention != "receipt_missing"
    if not is_hidden or payment.final_at is None:
        return payment.due_at
    overdue_at = max(case.now, payment.final_at + RECEIPT_OVERDUE_SECONDS)
    return overdue_at if payment.due_at is None else min(payment.due_at, overdue_at)


def _resolve(case: Case, decision: ReviewResolved) -> Change:
    """End a review: confirm the consultation, owe the money back, or record that none came.

    Errors: ConflictError, also while the payment's own prompt may be open: money that was paid by
        hand does not end it, and ending the review frees the locks.
    """
    require_status(case.payment, {PaymentStatus.REVIEW}, "resolve")
    if case.payment.may_have_open_prompt(case.now):
        raise ConflictError(
            "The payment's own prompt may still be open on the phone: decide after "
            f"{(eat_iso(case.payment.prompt_ends_at) or '')[11:16]} (EAT)",
            code="prompt_open",
        )
    match decision.resolution:
        case Resolution.BOGUS:
            return _bogus(case)
        case Resolution.COMPLETE:
            after = _decided(case, decision, PaymentStatus.COMPLETED)
            _require_confirmable(case, after.paid_amount_kes)
            after = replace(after, failure_reason=None)
            return _end_review(case, after, Confirm())
        case Resolution.REFUND_DUE:
            after = _decided(case, decision, PaymentStatus.REFUND_DUE)
            return _end_review(case, after, case.detach(frees_lock=True))
        case _:
            assert_never(decision.resolution)


def _decided(case: Case, decision: ReviewResolved, status: PaymentStatus) -> Payment:
    """Return the payment as decided, receipt and amount known.

    What only a hint named is shown and counts for nothing: the person reads it from the statement.
    Errors: ConflictError.
    """
    payment = case.payment
    receipt = payment.bound_receipt or decision.receipt_number
    known_kes = None if payment.proof is Proof.HINT else payment.paid_amount_kes
    amount_kes = known_kes or decision.amount_kes
    if receipt is None or amount_kes is None:
        raise ConflictError(
            "The receipt and the amount must be known: give those on M-Pesa's statement",
            code="receipt_needed",
        )
    differs = payment.receipt_number not in (None, receipt)
    require_free_receipt(case)
    if payment.bound_receipt is None and case.receipt_problem(amount_kes) is not None:
        raise ConflictError(
            "That receipt is on file with another amount: look at it first",
            code="amount_contradicted",
        )
    return replace(
        payment,
        status=status,
        holds_locks=False,
        proof=Proof.OPERATOR,
        receipt_number=receipt,
        receipt_pending=False,
        paid_amount_kes=amount_kes,
        attention="second_receipt" if differs else _about_other_money(payment),
        final_at=case.now,
        due_at=payment.due_for_hint,
    )


def _end_review(case: Case, after: Payment, effect: Confirm | Detach | None) -> Change:
    claims = after.bound_receipt != case.payment.bound_receipt
    report = MoneyReport(
        proof=Proof.OPERATOR,
        receipt_number=after.receipt_number,
        amount_kes=after.paid_amount_kes,
        paid_at=after.transaction_at,
    )
    return case.step(
        after,
        consultation=effect,
        frees_phone=case.holds_phone,
        claim=report.claim(case.context.receipt) if claims else None,
        by_operator=True,
    )


def _require_confirmable(case: Case, amount_kes: int | None) -> None:
    """Refuse to confirm a consultation of another client, or at anything but exactly its price."""
    consultation = case.context.consultation
    if consultation is None or not consultation.is_payable:
        raise ConflictError(
            "The consultation cannot be paid any more: the money is owed back",
            code="not_payable",
        )
    if consultation.client_id != case.payment.client_id:
        raise ConflictError(
            "The consultation belongs to another client now: the money is owed back",
            code="client_changed",
        )
    if not amount_kes == consultation.price_kes == case.payment.amount_kes:
        raise ConflictError(
            f"KES {amount_kes} was paid, the price is KES {consultation.price_kes}: "
            "only the exact price confirms a consultation, so the money is owed back",
            code="amount_differs",
        )


def _bogus(case: Case) -> Change:
    """Record that no money came: the payment failed, its claim on the receipt is released.

    Errors: ConflictError where M-Pesa itself named the receipt: that money exists.
    """
    payment, row = case.payment, case.context.receipt
    bound = row if row is not None and row.payment_id == payment.payment_id else None
    is_machines = bound is not None and bound.source in MACHINE_WITNESSES
    if is_machines or (payment.bound_receipt and payment.proof in MACHINE_WITNESSES):
        raise ConflictError(
            "M-Pesa itself named this receipt, so the money exists: complete the payment, "
            "or owe the money back",
            code="money_is_proven",
        )
    after = replace(
        payment,
        status=PaymentStatus.FAILED,
        holds_locks=False,
        receipt_number=None,
        receipt_pending=False,
        paid_amount_kes=None,
        received_at=None,
        proof=Proof.OPERATOR,
        result_code=None,
        result_desc=None,
        failure_reason="No money arrived",
        attention=_about_other_money(payment),
        final_at=case.now,
        due_at=payment.due_for_hint,
    )
    return case.step(
        after,
        consultation=case.detach(frees_lock=True),
        frees_phone=case.holds_phone,
        releases_receipt=bound.receipt_number if bound else None,
        by_operator=True,
    )

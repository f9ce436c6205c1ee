"""What the desk's page sees: masked numbers, states in words of the protocol, times in EAT."""

from collections.abc import Mapping, Sequence
from typing import Any

from payments.protocol.consultation import Consultation
from payments.protocol.delivery import Delivery
from payments.protocol.payment import Payment, PaymentStatus, Refund
from payments.protocol.receipts import ReceiptRow
from payments.protocol.refund_evidence import RefundGate
from payments.protocol.staff import Staff
from payments.store.history import Event
from payments.store.instructions import Instruction
from payments.store.receipt_claims import ReceiptClaim
from payments.store.refund_gate import Ask
from payments.usecases.count_hours import Hours
from payments.usecases.count_payments import Statistics
from payments.usecases.propose_owner import Proposal
from payments.values import eat_iso, mask_phone


def staff_answer(staff: Staff) -> dict[str, Any]:
    """Return who is signed in."""
    return {"sub": staff.sub, "name": staff.name, "role": str(staff.role)}


def days_answer(statistics: Statistics, hours: Hours) -> dict[str, Any]:
    """Return the counts of each day by status, and of each hour in which something happened."""
    return {
        "days": {
            day: {
                status: {"count": tally.count, "amount_kes": tally.amount_kes}
                for status, tally in tallies.items()
            }
            for day, tallies in statistics.days.items()
        },
        "hours": {
            day: {
                f"{hour:02d}": {
                    str(kind): {"count": tally.count, "amount_kes": tally.amount_kes}
                    for kind, tally in tallies.items()
                }
                for hour, tallies in sorted(of_day.items())
            }
            for day, of_day in hours.days.items()
        },
    }


def payment_line(payment: Payment) -> dict[str, Any]:
    """Return one payment as in a list. Units: KES; ISO 8601 +03:00."""
    return {
        "payment_id": payment.payment_id,
        "status": str(payment.status),
        "why": why_waiting(payment),
        "booking_id": payment.booking_id,
        "client_id": payment.client_id,
        "phone": mask_phone(payment.phone_number) if payment.phone_number else None,
        "amount_kes": payment.amount_kes,
        "paid_amount_kes": payment.paid_amount_kes,
        "receipt_number": payment.receipt_number,
        "account_reference": payment.account_reference,
        "created_at": eat_iso(payment.created_at),
        "version": payment.version,
    }


def why_waiting(payment: Payment) -> str | None:
    """Return the code of the reason why a person is needed, None where nobody is."""
    if payment.status is PaymentStatus.REVIEW:
        return payment.failure_reason or "review"
    if payment.attention is not None:
        return payment.attention
    if payment.status is PaymentStatus.REFUND_DUE:
        step = payment.refund.step if payment.refund else None
        return f"refund_{step}" if step else "refund_due"
    return None


def story_answer(
    payment: Payment,
    events: Sequence[Event],
    consultation: Consultation | None,
    acts: Mapping[str, str],
    customer_reads: Mapping[str, Any],
    deliveries: Sequence[Delivery],
    *,
    instructions: Sequence[Instruction] = (),
    claims: Sequence[ReceiptClaim] = (),
    balance: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return everything about one payment: what happened, the booking, and what can be done.

    Shape: `balance` is what an approver reads beside a request for a refund.
    """
    return {
        **payment_line(payment),
        "attention": payment.attention,
        "result_code": payment.result_code,
        "result_desc": payment.result_desc,
        "proof": str(payment.proof) if payment.proof else None,
        "next_look_at": eat_iso(payment.due_at),
        "paid_at": eat_iso(payment.transaction_at),
        "refund": _refund(payment.refund, balance) if payment.refund else None,
        "booking": _booking(consultation) if consultation else None,
        "customer_reads": dict(customer_reads),
        "timeline": _timeline(payment, events, instructions, claims),
        "receipt_claims": [
            {"receipt_number": claim.receipt_number, "claimed_at": eat_iso(claim.claimed_at)}
            for claim in claims
        ],
        "webhooks": [_delivery(each) for each in deliveries if each.tries],
        "acts": [{"act": name, "then": then} for name, then in acts.items()],
    }


def balance_answer(gate: RefundGate, payment: Payment, *, now: int) -> dict[str, Any] | None:
    """Return what M-Pesa last said that the shortcode's account holds; None where it never did.

    It decides nothing: the account may have changed since.
    """
    if gate.balance_kes is None or gate.balance_at is None:
        return None
    return {
        "amount_kes": gate.balance_kes,
        "told_at": eat_iso(gate.balance_at),
        "age_seconds": max(0, now - gate.balance_at),
        "is_enough": gate.balance_kes >= (payment.paid_amount_kes or payment.amount_kes),
    }


def _refund(refund: Refund, balance: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        "step": str(refund.step) if refund.step else None,
        "asked_by": refund.asked_by,
        "why": refund.why,
        "approved_by": refund.approved_by,
        "refused": refund.refused,
        "receipt_number": refund.receipt_number,
        "balance": balance,
    }


def _booking(consultation: Consultation) -> dict[str, Any]:
    return {
        "booking_id": consultation.booking_id,
        "status": str(consultation.status),
        "payment_status": str(consultation.payment_status),
        "price_kes": consultation.price_kes,
    }


def _delivery(delivery: Delivery) -> dict[str, Any]:
    """Return the webhook of one event: its tries, the last answer and when it was delivered."""
    return {
        "type": delivery.type,
        "delivered_at": eat_iso(delivery.delivered_at),
        "tries": delivery.tries,
        "last_answer": delivery.last_answer,
    }


def _timeline(
    payment: Payment,
    events: Sequence[Event],
    instructions: Sequence[Instruction],
    claims: Sequence[ReceiptClaim],
) -> list[dict[str, Any]]:
    """Return what happened, oldest first; revealed numbers and named receipts included."""
    moments = [_moment(event) for event in events]
    moments += [
        _said(each.at, "NumberShown", by=each.by, reason=each.reason)
        for each in instructions
        if each.asked == reveal_of(payment.payment_id)
    ]
    moments += [
        _said(claim.claimed_at, "ReceiptNamed", by="customer", receipt_number=claim.receipt_number)
        for claim in claims
    ]
    return sorted(moments, key=lambda moment: str(moment["at"]))


def _said(at: int, kind: str, *, by: str, **more: str) -> dict[str, Any]:
    return {"at": eat_iso(at), "type": kind, "by": by, "reason": None, "attention": None} | {
        "receipt_number": None,
        "evidence": None,
        **more,
    }


def reveal_of(payment_id: str) -> str:
    """Return the words by which the history keeps that a payment's number was shown."""
    return f"reveal the phone number of payment {payment_id}"


def _moment(event: Event) -> dict[str, Any]:
    return {
        "at": event.occurred_at,
        "type": event.type,
        "by": event.by,
        "reason": event.reason,
        "receipt_number": event.receipt_number or None,
        "attention": event.attention or None,
        "evidence": event.evidence or None,
    }


def receipt_answer(row: ReceiptRow, proposals: Sequence[Proposal] = ()) -> dict[str, Any]:
    """Return one receipt: where it is booked, or what it may belong to."""
    return {
        "receipt_number": row.receipt_number,
        "state": str(row.state),
        "amount_kes": row.amount_kes,
        "amount_text": row.amount_text,
        "paid_at": eat_iso(row.paid_at),
        "typed_account": row.reference,
        "payer": row.payer,
        "payment_id": row.payment_id,
        "set_aside": str(row.set_aside) if row.set_aside else None,
        "waits_since": eat_iso(row.created_at),
        "proposals": [
            {
                "why": proposal.reason,
                "payment": payment_line(proposal.payment) if proposal.payment else None,
                "booking_id": proposal.consultation.booking_id if proposal.consultation else None,
            }
            for proposal in proposals
        ],
    }


def unknown_receipt(receipt_number: str) -> dict[str, Any]:
    """Return a receipt that no witness has named, as far as it can be shown."""
    row = ReceiptRow(receipt_number=receipt_number)
    return {**receipt_answer(row), "state": "unknown"}


def asked_answer(asked: Ask | None) -> dict[str, Any] | None:
    """Return the last question to M-Pesa about a receipt; `answer` is None until it came."""
    if asked is None:
        return None
    return {"asked_at": eat_iso(asked.asked_at), "by": asked.asked_by, "answer": asked.answer}

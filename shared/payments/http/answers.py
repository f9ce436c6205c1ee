"""The public answers: payments and consultations as frontends see them. Shapes: design.md 3."""

from collections.abc import Mapping
from typing import Any

from payments.http.messages import SENT, SENT_UNKNOWN, Language, customer_message, manual_payment
from payments.protocol.consultation import Consultation
from payments.protocol.payment import OPEN, Payment, PaymentStatus
from payments.protocol.policy import Policy
from payments.protocol.result_codes import final_refusal
from payments.usecases.count_payments import STATUSES, Statistics, Tally
from payments.values import eat_iso

POLL_SECONDS_FIRST_MINUTES = 5
POLL_SECONDS_LATER = 15
POLL_SECONDS_OLD = 60
CURRENCY = "KES"


def initiation_answer(payment: Payment, *, now: int) -> tuple[int, dict[str, Any]]:
    """Return (HTTP status, body) for an initiated or replayed payment: 202 while unknown."""
    is_unclear = payment.is_open and payment.checkout_request_id is None
    message = SENT_UNKNOWN if is_unclear else SENT
    return (202 if is_unclear else 200), {
        "success": True,
        "payment_id": payment.payment_id,
        "CheckoutRequestID": payment.checkout_request_id or payment.payment_id,
        "MerchantRequestID": payment.merchant_request_id or "",
        "ResponseCode": "0",
        "ResponseDescription": (
            "Outcome not known yet" if is_unclear else "Success. Request accepted for processing"
        ),
        "CustomerMessage": message if payment.is_open else customer_message(payment),
        "status": payment.public_status,
        "status_url": f"/api/payment/mpesa/status/{payment.payment_id}",
        "poll_after_seconds": poll_after_seconds(payment, now),
    }


def status_answer(
    payment: Payment,
    *,
    is_booking_paid: bool,
    language: Language,
    party_b: str,
    is_till: bool,
    policy: Policy,
    now: int,
) -> dict[str, Any]:
    """Return the status body; ResultCode is a string, null while pending."""
    is_pending = payment.public_status == "pending"
    retry_at = can_retry_at(payment, now)
    is_slow = now >= payment.created_at + policy.first_query_seconds
    shows_manual = payment.is_open and is_slow and not is_booking_paid
    manual = manual_payment(payment, party_b=party_b, is_till=is_till, language=language)
    return {
        "CheckoutRequestID": payment.checkout_request_id or payment.payment_id,
        "MerchantRequestID": payment.merchant_request_id,
        "payment_id": payment.payment_id,
        "booking_id": payment.booking_id,
        "ResultCode": None if is_pending else payment.result_code,
        "ResultDesc": None if is_pending else payment.result_desc or payment.failure_reason,
        "status": payment.public_status,
        "detail": str(payment.status),
        "mpesa_receipt_number": payment.receipt_number,
        "amount": payment.amount_kes,
        "currency": CURRENCY,
        "transaction_date": eat_iso(payment.transaction_at),
        "created_at": eat_iso(payment.created_at),
        "customer_message": customer_message(
            payment, is_booking_paid=is_booking_paid, language=language
        ),
        "can_retry": retry_at is not None and retry_at <= now,
        "can_retry_at": eat_iso(retry_at),
        "manual_payment": manual if shows_manual else None,
        "poll_after_seconds": poll_after_seconds(payment, now),
    }


def can_retry_at(payment: Payment, now: int) -> int | None:
    """Return from when a new prompt may be offered, None where it may not.

    Units: UTC epoch seconds. Locks that end by themselves end at `locked_until`.
    """
    if payment.status is PaymentStatus.CANCELLED:
        return now
    if payment.status is not PaymentStatus.FAILED:
        return None
    refusal = final_refusal(payment.result_code)
    if refusal is not None and not refusal.may_retry:
        return None
    return max(now, payment.locked_until) if payment.holds_locks else now


def poll_after_seconds(payment: Payment, now: int) -> int | None:
    """Return when to ask again: about 12 times a minute at first, None once nothing can change."""
    if payment.status not in OPEN and payment.status is not PaymentStatus.REVIEW:
        return None
    age = now - payment.created_at
    if payment.status is PaymentStatus.REVIEW or age > 3600:
        return POLL_SECONDS_OLD
    return POLL_SECONDS_FIRST_MINUTES if age < 120 else POLL_SECONDS_LATER


def consultation_answer(consultation: Consultation) -> dict[str, Any]:
    """Return a consultation's public form."""
    return {
        "booking_id": consultation.booking_id,
        "client_id": consultation.client_id,
        "price_kes": consultation.price_kes,
        "status": str(consultation.status),
        "payment_status": str(consultation.payment_status),
        "active_payment_id": consultation.active_payment_id,
        "paid_payment_id": consultation.paid_payment_id,
    }


def statistics_answer(statistics: Statistics) -> dict[str, Any]:
    """Return counts and KES totals per day and status, and over all days."""
    return {
        "currency": CURRENCY,
        "days": [
            {"day": day, **_tallies_answer(tallies)} for day, tallies in statistics.days.items()
        ],
        "totals": _tallies_answer(statistics.totals),
    }


def statistics_csv(statistics: Statistics) -> str:
    """Return one line per day and status: day,status,count,amount_kes."""
    lines = ["day,status,count,amount_kes"]
    for day, tallies in statistics.days.items():
        for status in STATUSES:
            lines.append(f"{day},{status},{tallies[status].count},{tallies[status].amount_kes}")
    return "\r\n".join(lines) + "\r\n"


def _tallies_answer(tallies: Mapping[str, Tally]) -> dict[str, Any]:
    return {
        status: {"count": tallies[status].count, "amount_kes": tallies[status].amount_kes}
        for status in STATUSES
    }

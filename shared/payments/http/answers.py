"""The public answers, payments and consultations as frontends see them: docs/openapi.yaml."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from payments.http.messages import (
    BY_HAND_HELPS,
    SENT,
    SENT_UNKNOWN,
    Language,
    can_retry_at,
    cause_of,
    customer_message,
    is_charge_ruled_out,
    is_money_reported,
    manual_payment,
)
from payments.http.refund_answers import RefundState, customer_refund, refund_state
from payments.http.sentences import SENTENCES, Button
from payments.protocol.consultation import Consultation
from payments.protocol.payment import OPEN, Payment, PaymentStatus
from payments.protocol.policy import Policy
from payments.usecases.count_payments import COUNTED, Statistics, Tally
from payments.values import eat_iso, mask_phone

if TYPE_CHECKING:
    from payments.aws.settings import Settings
    from payments.usecases.read_status import PaymentView

PIN_FROM_SECONDS, PIN_UNTIL_SECONDS = 8, 60
"""Ages of a payment between which people enter their PIN: 8 to 45 seconds after the prompt."""
POLL_SECONDS_EARLY = 4
POLL_SECONDS_PIN = 2
POLL_SECONDS_TWO_MINUTES = 5
POLL_SECONDS_LATER = 15
POLL_SECONDS_OLD = 60
PROMPT_SHOWN_SECONDS = 60
"""How long a phone usually shows the prompt: docs/daraja.md, section 8. It judges no money."""
MONEY_IS_KNOWN = frozenset({"paid_meanwhile", "money_reported"})
"""Causes of payments without proven money where the customer's receipt would tell us nothing."""
CURRENCY = "KES"


def initiation_answer(payment: Payment, *, policy: Policy, now: int) -> tuple[int, dict[str, Any]]:
    """Return (HTTP status, body) for an initiated or replayed payment: 202 while unknown."""
    is_unclear = payment.is_open and payment.checkout_request_id is None
    if payment.is_open:
        message = SENT_UNKNOWN if is_unclear else SENT
    else:
        cause = cause_of(payment, now=now, policy=policy)
        message = customer_message(cause, is_charge_ruled_out=is_charge_ruled_out(payment))
    return (202 if is_unclear else 200), {
        "success": True,
        "payment_id": payment.payment_id,
        "CheckoutRequestID": payment.checkout_request_id or payment.payment_id,
        "MerchantRequestID": payment.merchant_request_id or "",
        "ResponseCode": "0",
        "ResponseDescription": (
            "Outcome not known yet" if is_unclear else "Success. Request accepted for processing"
        ),
        "CustomerMessage": message,
        "status": payment.public_status,
        "status_url": f"/api/payment/mpesa/status/{payment.payment_id}",
        **_pace(payment, now),
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
    cause = cause_of(payment, now=now, policy=policy, is_booking_paid=is_booking_paid)
    retry_at = can_retry_at(payment, SENTENCES[cause], now)
    may_retry = retry_at is not None and retry_at <= now
    by_hand: dict[str, Any] = {"manual_payment": None, "manual_payment_details": None}
    if may_retry and cause in BY_HAND_HELPS:
        by_hand = manual_payment(payment, party_b=party_b, is_till=is_till, language=language)
    return {
        **_identity(payment),
        "ResultCode": None if is_pending else payment.result_code,
        "ResultDesc": None if is_pending else payment.result_desc or payment.failure_reason,
        "status": payment.public_status,
        "detail": str(payment.status),
        "mpesa_receipt_number": payment.receipt_number,
        "amount": payment.amount_kes,
        "currency": CURRENCY,
        "transaction_date": eat_iso(payment.transaction_at),
        "created_at": eat_iso(payment.created_at),
        "customer_message": _message(payment, cause, language),
        "refund": customer_refund(payment),
        "actions": _actions(payment, cause, now=now, may_retry=may_retry),
        "can_retry": may_retry,
        "can_retry_at": eat_iso(retry_at),
        **by_hand,
        **_pace(payment, now),
    }


def payment_answer(
    view: "PaymentView", settings: "Settings", *, language: Language, now: int
) -> dict[str, Any]:
    """Return the status body of a payment as this deployment shows it."""
    return status_answer(
        view.payment,
        is_booking_paid=view.is_booking_paid,
        language=language,
        party_b=settings.merchant.party_b,
        is_till=settings.is_till,
        policy=settings.policy,
        now=now,
    )


def _identity(payment: Payment) -> dict[str, Any]:
    return {
        "CheckoutRequestID": payment.checkout_request_id or payment.payment_id,
        "MerchantRequestID": payment.merchant_request_id,
        "payment_id": payment.payment_id,
        "booking_id": payment.booking_id,
        "masked_phone_number": mask_phone(payment.phone_number) if payment.phone_number else None,
    }


def _message(payment: Payment, cause: str, language: Language) -> str:
    return customer_message(
        cause,
        language,
        is_charge_ruled_out=is_charge_ruled_out(payment),
        receipt_number=payment.refund.receipt_number if payment.refund else None,
    )


def _actions(payment: Payment, cause: str, *, now: int, may_retry: bool) -> list[str]:
    """Return the buttons that may be offered now: none that could lead to a second charge."""
    held_back = set()
    if not may_retry:
        held_back.add(Button.TRY_AGAIN)
    if payment.may_have_open_prompt(now):
        held_back.add(Button.OTHER_NUMBER)
    shown = [button for button in SENTENCES[cause].buttons if button not in held_back]
    if _may_claim(payment, cause, now):
        shown.append(Button.CLAIM_RECEIPT)
    return [str(button) for button in shown]


def _may_claim(payment: Payment, cause: str, now: int) -> bool:
    """Whether "I have paid" is a way out: no prompt is open, and no money is known of."""
    is_over = not payment.may_have_open_prompt(now)
    return payment.may_yet_be_paid and is_over and cause not in MONEY_IS_KNOWN


def _pace(payment: Payment, now: int) -> dict[str, int | None]:
    return {
        "poll_after_seconds": poll_after_seconds(payment, now),
        "prompt_seconds_left": prompt_seconds_left(payment, now),
    }


def poll_after_seconds(payment: Payment, now: int) -> int | None:
    """Return the seconds until the next poll, None once the payment is final.

    They are shortest while people enter their PIN, so that the page says "paid" about a second
    after the callback.
    """
    if is_money_reported(payment):
        return POLL_SECONDS_LATER
    is_refund_going_on = refund_state(payment) in {RefundState.REQUESTED, RefundState.SENT}
    if is_refund_going_on or payment.status is PaymentStatus.REVIEW:
        return POLL_SECONDS_OLD
    if payment.status not in OPEN:
        return None
    return next_poll_seconds(now - payment.created_at)


def next_poll_seconds(age: int) -> int:
    """Return the seconds until the next poll of an open payment of this age in seconds."""
    if age < PIN_FROM_SECONDS:
        return max(POLL_SECONDS_PIN, min(POLL_SECONDS_EARLY, PIN_FROM_SECONDS - age))
    if age < PIN_UNTIL_SECONDS:
        return POLL_SECONDS_PIN
    if age < 120:
        return POLL_SECONDS_TWO_MINUTES
    return POLL_SECONDS_LATER if age < 3600 else POLL_SECONDS_OLD


def prompt_seconds_left(payment: Payment, now: int) -> int | None:
    """Return for how long the phone probably still asks; None where that is over or unknown.

    It is for a countdown only: a prompt may live longer, and its locks do.
    """
    if payment.status is not PaymentStatus.PENDING or payment.result_code is not None:
        return None
    if payment.accepted_at is None or is_money_reported(payment):
        return None
    left = payment.accepted_at + PROMPT_SHOWN_SECONDS - now
    return left if left > 0 else None


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
    """Return counts and KES totals per day, by status and received, and over all days."""
    return {
        "currency": CURRENCY,
        "days": [
            {"day": day, **_tallies_answer(tallies)} for day, tallies in statistics.days.items()
        ],
        "totals": _tallies_answer(statistics.totals),
    }


def statistics_csv(statistics: Statistics) -> str:
    """Return lines of day,status,count,amount_kes, the last one of each day for what came in."""
    lines = ["day,status,count,amount_kes"]
    for day, tallies in statistics.days.items():
        for name in COUNTED:
            lines.append(f"{day},{name},{tallies[name].count},{tallies[name].amount_kes}")
    return "\r\n".join(lines) + "\r\n"


def _tallies_answer(tallies: Mapping[str, Tally]) -> dict[str, Any]:
    return {
        name: {"count": tallies[name].count, "amount_kes": tallies[name].amount_kes}
        for name in COUNTED
    }

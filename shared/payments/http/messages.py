"""Which sentence a customer reads about a payment, in English or Swahili, and when to try again."""

from enum import StrEnum
from typing import Any

from payments.http.refund_answers import RefundState, refund_state
from payments.http.sentences import SENTENCES, Retry, Sentence
from payments.protocol.payment import Payment, PaymentStatus, Proof
from payments.protocol.policy import SAME_PAYMENT_SECONDS, Policy
from payments.protocol.result_codes import PUSH_REFUSAL_CAUSES, SUCCESS, final_refusal


class Language(StrEnum):
    """Languages a customer may ask for."""

    ENGLISH = "en"
    SWAHILI = "sw"


def language_of(accept_language: str | None) -> Language:
    """Choose Swahili where it is asked for first, else English."""
    first = (accept_language or "").split(",")[0].strip().lower()
    return Language.SWAHILI if first == "sw" or first.startswith("sw-") else Language.ENGLISH


SENT = "Payment request sent. Please check your phone."
SENT_UNKNOWN = (
    "We could not confirm that the request reached your phone. If a prompt appears, you may "
    "enter your PIN. Do not pay again until you see the result."
)
_BY_HAND = {
    Language.ENGLISH: (
        "No prompt? Pay by Lipa na M-PESA: {channel} {number}{account}, amount KES {amount}. "
        "Do not do both. If you have paid by hand, do not pay again.",
        ", account {reference}",
    ),
    Language.SWAHILI: (
        "Hukupata ombi? Lipa kwa Lipa na M-PESA: {channel} {number}{account}, kiasi KES "
        "{amount}. Usifanye yote mawili. Ikiwa umelipa mwenyewe, usilipe tena.",
        ", akaunti {reference}",
    ),
}
BY_HAND_HELPS = frozenset({"unreachable", "not_sent", "expired", "busy"})
"""Causes where the prompt itself is the trouble, so paying by hand is a way out."""


REFUND_RECEIPT = "{receipt}"
_NOT_CHARGED = {Language.ENGLISH: " You were not charged.", Language.SWAHILI: " Hukukatwa pesa."}


def customer_message(
    cause: str,
    language: Language = Language.ENGLISH,
    *,
    is_charge_ruled_out: bool = True,
    receipt_number: str | None = None,
) -> str:
    """Return the one sentence a customer needs now.

    "You were not charged" is left out where it is only likely. `receipt_number` is the refund's.
    """
    sentence = SENTENCES[cause]
    text = sentence.swahili if language is Language.SWAHILI else sentence.english
    text = text.replace(REFUND_RECEIPT, receipt_number or "")
    return text if is_charge_ruled_out else text.replace(_NOT_CHARGED[language], "")


def is_charge_ruled_out(payment: Payment) -> bool:
    """Whether no money can have moved: no prompt existed, or Safaricom itself closed it."""
    refusal = final_refusal(payment.result_code)
    closed = refusal is not None and refusal.closes_session
    return payment.proof is Proof.PUSH or (payment.proof is Proof.CALLBACK and closed)


def manual_payment(
    payment: Payment, *, party_b: str, is_till: bool, language: Language = Language.ENGLISH
) -> dict[str, Any]:
    """Return how to pay by hand with this payment's own reference, by which it is found.

    Shape: two fields of the status answer, a sentence and its facts, for a page with copy buttons.
    Units: KES.
    """
    text, account = _BY_HAND[language]
    reference = None if is_till else payment.account_reference
    sentence = text.format(
        channel="Till" if is_till else "Paybill",
        number=party_b,
        account="" if is_till else account.format(reference=reference),
        amount=f"{payment.amount_kes:,}",
    )
    details = {
        "channel": "till" if is_till else "paybill",
        "number": party_b,
        "account_reference": reference,
        "amount": payment.amount_kes,
    }
    return {"manual_payment": sentence, "manual_payment_details": details}


def can_retry_at(payment: Payment, sentence: Sentence, now: int) -> int | None:
    """Return from when a new prompt may be offered, None where it may not.

    Units: UTC epoch seconds. Locks that end by themselves end at `locked_until`.
    """
    is_over = payment.status in {PaymentStatus.FAILED, PaymentStatus.CANCELLED}
    if not is_over or sentence.retry is Retry.NEVER:
        return None
    free_at = payment.prompt_ends_at if payment.holds_locks else now
    if sentence.retry is Retry.AFTER_TWO_MINUTES:
        free_at = max(free_at, payment.created_at + SAME_PAYMENT_SECONDS)
    return max(now, free_at)


def cause_of(payment: Payment, *, now: int, policy: Policy, is_booking_paid: bool = False) -> str:
    """Return the row of `SENTENCES` that is true of a payment now."""
    if payment.is_open and is_booking_paid:
        return "paid_meanwhile"
    if is_money_reported(payment):
        return "money_reported"
    match payment.status:
        case PaymentStatus.PENDING:
            return _waiting_cause(payment, now, policy)
        case PaymentStatus.DISPATCHING | PaymentStatus.UNKNOWN:
            return "unknown" if now < payment.prompt_ends_at else "unknown_late"
        case PaymentStatus.FAILED:
            return _failure_cause(payment)
        case PaymentStatus.CANCELLED:
            return "cancelled_by_us"
        case PaymentStatus.REVIEW:
            return "review"
        case PaymentStatus.COMPLETED:
            return "completed"
        case PaymentStatus.REFUND_DUE | PaymentStatus.REFUNDED:
            return _refund_cause(payment)


def _refund_cause(payment: Payment) -> str:
    """Return how far the money is on its way back."""
    match refund_state(payment):
        case RefundState.REQUESTED:
            return "refund_requested"
        case RefundState.SENT:
            return "refund_sent"
        case RefundState.NEEDS_PERSON:
            return "refund_needs_person"
        case RefundState.RETURNED:
            has_receipt = payment.refund is not None and payment.refund.receipt_number is not None
            return "refunded_with_receipt" if has_receipt else "refunded"
        case RefundState.OWED | None:
            return "refund_due"


def is_money_reported(payment: Payment) -> bool:
    """Whether a payment that failed or was cancelled has a report of money, not yet confirmed."""
    is_over = payment.status in {PaymentStatus.FAILED, PaymentStatus.CANCELLED}
    return is_over and payment.hint is not None and payment.hint.result.code == SUCCESS


def _waiting_cause(payment: Payment, now: int, policy: Policy) -> str:
    """Whether the phone may still ask for the PIN: not after its time, nor after a closing code."""
    prompt_ends_at = payment.created_at + policy.daraja_shows_seconds + policy.prompt_seconds
    has_ended = now >= prompt_ends_at or payment.result_code is not None
    return "waiting_late" if has_ended else "waiting"


def _failure_cause(payment: Payment) -> str:
    """Return the cause of a failure; where none is known, the sentence claims nothing."""
    if payment.proof is Proof.PUSH:
        return PUSH_REFUSAL_CAUSES.get(payment.failure_reason or "", "push_refused")
    if payment.proof is Proof.OPERATOR:
        return "no_money_found"
    refusal = final_refusal(payment.result_code)
    return refusal.message if refusal else "not_paid"

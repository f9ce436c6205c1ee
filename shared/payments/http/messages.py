"""Which sentence a customer reads about a payment, in English or Swahili, and when to try again."""

from enum import StrEnum

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
        "No prompt? Pay by Lipa na M-Pesa: {channel} {number}{account}, amount KES {amount}. "
        "Do not do both. If you have paid by hand, do not pay again.",
        ", account {reference}",
    ),
    Language.SWAHILI: (
        "Hukupata ombi? Lipa kwa Lipa na M-Pesa: {channel} {number}{account}, kiasi KES "
        "{amount}. Usifanye yote mawili. Ikiwa umelipa mwenyewe, usilipe tena.",
        ", akaunti {reference}",
    ),
}
BY_HAND_HELPS = frozenset({"unreachable", "not_sent", "expired", "busy"})
"""Causes where the prompt itself is the trouble, so paying by hand is a way out."""


_NOT_CHARGED = {Language.ENGLISH: " You were not charged.", Language.SWAHILI: " Hukukatwa pesa."}


def customer_message(
    cause: str, language: Language = Language.ENGLISH, *, is_charge_ruled_out: bool = True
) -> str:
    """Return the one sentence a customer needs now.

    "You were not charged" is left out where it is only likely.
    """
    sentence = SENTENCES[cause]
    text = sentence.swahili if language is Language.SWAHILI else sentence.english
    return text if is_charge_ruled_out else text.replace(_NOT_CHARGED[language], "")


def is_charge_ruled_out(payment: Payment) -> bool:
    """Whether no money can have moved: no prompt existed, or Safaricom itself closed it."""
    refusal = final_refusal(payment.result_code)
    closed = refusal is not None and refusal.closes_session
    return payment.proof is Proof.PUSH or (payment.proof is Proof.CALLBACK and closed)


def manual_payment(
    payment: Payment, *, party_b: str, is_till: bool, language: Language = Language.ENGLISH
) -> str:
    """Return how to pay by hand with this payment's own reference, by which it is found."""
    text, account = _BY_HAND[language]
    return text.format(
        channel="Till" if is_till else "Paybill",
        number=party_b,
        account="" if is_till else account.format(reference=payment.account_reference),
        amount=payment.amount_kes,
    )


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
        case PaymentStatus.REFUND_DUE:
            return "refund_due"
        case PaymentStatus.REFUNDED:
            return "refunded"


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

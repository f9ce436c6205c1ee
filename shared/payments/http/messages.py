"""What the customer reads, in English and Swahili: short, and never an invitation to pay twice."""

from enum import StrEnum

from payments.protocol.payment import Payment, PaymentStatus, Proof
from payments.protocol.result_codes import final_refusal


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

_TEXTS: dict[str, tuple[str, str]] = {
    "waiting": (
        "Please check your phone and enter your M-Pesa PIN.",
        "Tafadhali angalia simu yako na uweke PIN yako ya M-Pesa.",
    ),
    "unknown": (
        "We are waiting to hear from M-Pesa. Do not pay again until you see the result.",
        "Tunasubiri jibu kutoka M-Pesa. Usilipe tena hadi uone matokeo.",
    ),
    "paid_meanwhile": (
        "This consultation has been paid for already. Do not enter your PIN.",
        "Ushauri huu tayari umelipiwa. Usiweke PIN yako.",
    ),
    "review": (
        "We received money and are checking it. Do not pay again; we will contact you.",
        "Tumepokea pesa na tunazikagua. Usilipe tena; tutawasiliana nawe.",
    ),
    "completed": (
        "Payment received. Your consultation is confirmed.",
        "Malipo yamepokelewa. Ushauri wako umethibitishwa.",
    ),
    "refund_due": (
        "Your money arrived but the consultation could not be paid with it. It is coming back "
        "to you.",
        "Pesa zako zilifika lakini hazikuweza kulipia ushauri. Zinarudishwa kwako.",
    ),
    "refunded": (
        "Your money has been returned.",
        "Pesa zako zimerudishwa.",
    ),
    "cancelled_by_us": (
        "M-Pesa never confirmed this payment. If you were charged, contact us before paying again.",
        "M-Pesa haikuthibitisha malipo haya. Ikiwa ulikatwa pesa, wasiliana nasi kabla ya "
        "kulipa tena.",
    ),
    "no_money": (
        "Your M-Pesa balance is not enough. Top up and try again.",
        "Salio lako la M-Pesa halitoshi. Ongeza salio kisha ujaribu tena.",
    ),
    "limit": (
        "The amount is outside your M-Pesa limits. Contact M-Pesa or use another number.",
        "Kiasi hiki kiko nje ya kikomo chako cha M-Pesa. Wasiliana na M-Pesa au tumia namba "
        "nyingine.",
    ),
    "too_soon": (
        "The same payment was made moments ago. Wait two minutes before trying again.",
        "Malipo kama haya yamefanywa hivi punde. Subiri dakika mbili kabla ya kujaribu tena.",
    ),
    "busy": (
        "M-Pesa is busy. You were not charged. Please try again shortly.",
        "M-Pesa ina shughuli nyingi. Hukukatwa pesa. Tafadhali jaribu tena baadaye kidogo.",
    ),
    "expired": (
        "The payment request expired. You were not charged. You can try again.",
        "Muda wa ombi la malipo umeisha. Hukukatwa pesa. Unaweza kujaribu tena.",
    ),
    "not_sent": (
        "The payment request could not be shown on your phone. You can try again.",
        "Ombi la malipo halikuonekana kwenye simu yako. Unaweza kujaribu tena.",
    ),
    "cancelled": (
        "The payment request was closed without a PIN. You were not charged. You can try again.",
        "Ombi la malipo lilifungwa bila PIN. Hukukatwa pesa. Unaweza kujaribu tena.",
    ),
    "unreachable": (
        "Your phone could not be reached. Check that it is on and has network, then try again.",
        "Simu yako haikupatikana. Hakikisha imewashwa na ina mtandao, kisha ujaribu tena.",
    ),
    "wrong_pin": (
        "The M-Pesa PIN was wrong. You were not charged. You can try again.",
        "PIN ya M-Pesa haikuwa sahihi. Hukukatwa pesa. Unaweza kujaribu tena.",
    ),
    "pin_locked": (
        "Your M-Pesa PIN is locked. Call 100 or 200 to unlock it.",
        "PIN yako ya M-Pesa imefungwa. Piga 100 au 200 ili ifunguliwe.",
    ),
    "account": (
        "M-Pesa refused this account. Contact M-Pesa or use another number.",
        "M-Pesa imekataa akaunti hii. Wasiliana na M-Pesa au tumia namba nyingine.",
    ),
    "merchant": (
        "The payment could not be made because of a fault on our side. You were not charged.",
        "Malipo hayakufaulu kwa sababu ya hitilafu upande wetu. Hukukatwa pesa.",
    ),
    "manual": (
        "No prompt? Pay by Lipa na M-Pesa: {channel} {number}{account}, amount KES {amount}. "
        "Do not do both.",
        "Hukupata ombi? Lipa kwa Lipa na M-Pesa: {channel} {number}{account}, kiasi KES "
        "{amount}. Usifanye yote mawili.",
    ),
    "manual_account": (", account {reference}", ", akaunti {reference}"),
}


def customer_message(
    payment: Payment, *, is_booking_paid: bool = False, language: Language = Language.ENGLISH
) -> str:
    """Return the one sentence a customer needs now."""
    return _text(_key(payment, is_booking_paid=is_booking_paid), language)


def manual_payment(
    payment: Payment, *, party_b: str, is_till: bool, language: Language = Language.ENGLISH
) -> str:
    """Return how to pay by hand with this payment's own reference, by which it is found."""
    account = _text("manual_account", language).format(reference=payment.account_reference)
    return _text("manual", language).format(
        channel="Till" if is_till else "Paybill",
        number=party_b,
        account="" if is_till else account,
        amount=payment.amount_kes,
    )


def _text(key: str, language: Language) -> str:
    return _TEXTS[key][language is Language.SWAHILI]


def _key(payment: Payment, *, is_booking_paid: bool) -> str:
    if payment.is_open and is_booking_paid:
        return "paid_meanwhile"
    match payment.status:
        case PaymentStatus.PENDING:
            return "waiting"
        case PaymentStatus.DISPATCHING | PaymentStatus.UNKNOWN:
            return "unknown"
        case PaymentStatus.FAILED:
            return _failure_key(payment)
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


def _failure_key(payment: Payment) -> str:
    if payment.proof is Proof.PUSH:
        return "busy"
    refusal = final_refusal(payment.result_code)
    return refusal.message if refusal else "busy"

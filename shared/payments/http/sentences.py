"""The one table of what a customer reads: English, Swahili, when to retry, which buttons.

A sentence claims only what is known. None invites anybody to pay while money may have moved.
"""

from dataclasses import dataclass
from enum import StrEnum


class Retry(StrEnum):
    """When a new prompt may be offered to the customer. It is never sent by itself."""

    NEVER = "never"
    WHEN_FREE = "when the locks of this payment have ended"
    AFTER_TWO_MINUTES = "two minutes after this payment began"


class Button(StrEnum):
    """What the page may offer; the words are public (`actions` of the status answer)."""

    TRY_AGAIN = "try_again"
    OTHER_NUMBER = "other_number"
    CHECK_AGAIN = "check_again"
    CLAIM_RECEIPT = "claim_receipt"


@dataclass(frozen=True, slots=True)
class Sentence:
    """What the customer reads about one cause, and what the page may offer."""

    english: str
    swahili: str
    retry: Retry = Retry.NEVER
    buttons: tuple[Button, ...] = ()


_CHECK = (Button.CHECK_AGAIN,)
_AGAIN = (Button.TRY_AGAIN, Button.OTHER_NUMBER)
_OTHER = (Button.OTHER_NUMBER,)

SENTENCES = {
    "waiting": Sentence(
        "Please check your phone and enter your M-PESA PIN.",
        "Tafadhali angalia simu yako na uweke PIN yako ya M-PESA.",
        buttons=_CHECK,
    ),
    "waiting_late": Sentence(
        "No answer came from your phone yet. If you entered your PIN, wait; we keep checking.",
        "Bado hakuna jibu kutoka simu yako. Ikiwa uliweka PIN, subiri; tunaendelea kuangalia.",
        buttons=_CHECK,
    ),
    "unknown": Sentence(
        "We are waiting to hear from M-PESA. Do not pay again until you see the result.",
        "Tunasubiri jibu kutoka M-PESA. Usilipe tena hadi uone matokeo.",
        buttons=_CHECK,
    ),
    "unknown_late": Sentence(
        "M-PESA has not answered. If you entered your PIN, do not pay again. If no prompt came, "
        "use another number.",
        "M-PESA haijajibu. Ikiwa uliweka PIN, usilipe tena. Ikiwa hukupata ombi, tumia nambari "
        "nyingine.",
        buttons=(Button.CHECK_AGAIN, Button.OTHER_NUMBER),
    ),
    "paid_meanwhile": Sentence(
        "This consultation has been paid for already. Do not enter your PIN.",
        "Miadi hii tayari imelipiwa. Usiweke PIN yako.",
    ),
    "review": Sentence(
        "We received money and are checking it. Do not pay again; we will contact you.",
        "Tumepokea pesa na tunazikagua. Usilipe tena; tutawasiliana nawe.",
        buttons=_CHECK,
    ),
    "money_reported": Sentence(
        "We heard that your money arrived and are checking it with M-PESA. Do not pay again.",
        "Tumesikia kwamba pesa zako zimefika na tunathibitisha na M-PESA. Usilipe tena.",
        buttons=_CHECK,
    ),
    "completed": Sentence(
        "Payment received. Your consultation is confirmed.",
        "Malipo yamepokelewa. Miadi yako imethibitishwa.",
    ),
    "refund_due": Sentence(
        "Your money arrived, but it could not pay for this consultation. We owe it back to you.",
        "Pesa zako zilifika, lakini hazikuweza kulipia miadi hii. Tunadaiwa kukurudishia.",
    ),
    "refund_requested": Sentence(
        "Your refund has been asked for. It is sent once a second person has approved it.",
        "Ombi la kukurudishia pesa limewekwa. Zitatumwa mtu wa pili akishaidhinisha.",
        buttons=_CHECK,
    ),
    "refund_sent": Sentence(
        "Your refund is on its way. M-PESA sends you an SMS when the money is back.",
        "Pesa zako ziko njiani kurudi. M-PESA itakutumia SMS zikifika.",
        buttons=_CHECK,
    ),
    "refund_needs_person": Sentence(
        "Your refund has not gone through yet. We are looking at it and still owe you this money.",
        "Pesa zako bado hazijarudi. Tunalishughulikia na bado tunadaiwa pesa hizi.",
        buttons=_CHECK,
    ),
    "refunded": Sentence("Your money has been returned.", "Pesa zako zimerudishwa."),
    "refunded_with_receipt": Sentence(
        "Your money has been returned. M-PESA receipt: {receipt}.",
        "Pesa zako zimerudishwa. Risiti ya M-PESA: {receipt}.",
    ),
    "cancelled_by_us": Sentence(
        "M-PESA never confirmed this payment. If you were charged, contact us before paying again.",
        "M-PESA haikuthibitisha malipo haya. Ikiwa ulikatwa pesa, wasiliana nasi kabla ya "
        "kulipa tena.",
        retry=Retry.WHEN_FREE,
        buttons=_AGAIN,
    ),
    "no_money": Sentence(
        "Your M-PESA balance is not enough. Top up and try again.",
        "Salio lako la M-PESA halitoshi. Ongeza salio kisha ujaribu tena.",
        retry=Retry.WHEN_FREE,
        buttons=_AGAIN,
    ),
    "limit": Sentence(
        "The amount is outside your M-PESA limits. Contact M-PESA or use another number.",
        "Kiasi hiki kiko nje ya kikomo chako cha M-PESA. Wasiliana na M-PESA au tumia nambari "
        "nyingine.",
        buttons=_OTHER,
    ),
    "too_soon": Sentence(
        "The same payment was made moments ago. Wait two minutes before trying again.",
        "Malipo kama haya yamefanywa hivi punde. Subiri dakika mbili kabla ya kujaribu tena.",
        retry=Retry.AFTER_TWO_MINUTES,
        buttons=_AGAIN,
    ),
    "busy": Sentence(
        "M-PESA is busy. You were not charged. Please try again shortly.",
        "M-PESA ina shughuli nyingi. Hukukatwa pesa. Tafadhali jaribu tena baadaye kidogo.",
        retry=Retry.WHEN_FREE,
        buttons=_AGAIN,
    ),
    "expired": Sentence(
        "The payment request expired. You were not charged. You can try again.",
        "Muda wa ombi la malipo umeisha. Hukukatwa pesa. Unaweza kujaribu tena.",
        retry=Retry.WHEN_FREE,
        buttons=_AGAIN,
    ),
    "not_sent": Sentence(
        "The payment request could not be shown on your phone. You can try again.",
        "Ombi la malipo halikuonekana kwenye simu yako. Unaweza kujaribu tena.",
        retry=Retry.WHEN_FREE,
        buttons=_AGAIN,
    ),
    "cancelled": Sentence(
        "The payment request was closed without a PIN. You were not charged. You can try again.",
        "Ombi la malipo lilifungwa bila PIN. Hukukatwa pesa. Unaweza kujaribu tena.",
        retry=Retry.WHEN_FREE,
        buttons=_AGAIN,
    ),
    "unreachable": Sentence(
        "No answer came from your phone. Check that it is on and has network, then try again.",
        "Hakuna jibu lililotoka simu yako. Hakikisha imewashwa na ina mtandao, kisha ujaribu tena.",
        retry=Retry.WHEN_FREE,
        buttons=_AGAIN,
    ),
    "wrong_pin": Sentence(
        "The M-PESA PIN was wrong. You were not charged. You can try again.",
        "PIN ya M-PESA haikuwa sahihi. Hukukatwa pesa. Unaweza kujaribu tena.",
        retry=Retry.WHEN_FREE,
        buttons=_AGAIN,
    ),
    "pin_locked": Sentence(
        "Your M-PESA PIN is locked. Call 100 or 200 to unlock it.",
        "PIN yako ya M-PESA imefungwa. Piga 100 au 200 ili ifunguliwe.",
        buttons=_OTHER,
    ),
    "account": Sentence(
        "M-PESA refused this account. Contact M-PESA or use another number.",
        "M-PESA imekataa akaunti hii. Wasiliana na M-PESA au tumia nambari nyingine.",
        buttons=_OTHER,
    ),
    "merchant": Sentence(
        "The payment could not be made because of a fault on our side. You were not charged.",
        "Malipo hayakufaulu kwa sababu ya hitilafu upande wetu. Hukukatwa pesa.",
    ),
    "phone_refused": Sentence(
        "M-PESA did not accept this number. You were not charged. Use another one.",
        "M-PESA haikukubali nambari hii. Hukukatwa pesa. Tumia nambari nyingine.",
        buttons=_OTHER,
    ),
    "push_refused": Sentence(
        "The payment request could not be sent. You were not charged.",
        "Ombi la malipo halikuweza kutumwa. Hukukatwa pesa.",
    ),
    "no_money_found": Sentence(
        "We checked with M-PESA and found no payment. If M-PESA charged you, contact us.",
        "Tumekagua na M-PESA na hatukupata malipo. Ikiwa M-PESA ilikukata pesa, wasiliana nasi.",
        retry=Retry.WHEN_FREE,
        buttons=_AGAIN,
    ),
    "not_paid": Sentence(
        "This payment was not completed. If you were charged, contact us before paying again.",
        "Malipo haya hayakukamilika. Ikiwa ulikatwa pesa, wasiliana nasi kabla ya kulipa tena.",
        buttons=_CHECK,
    ),
}

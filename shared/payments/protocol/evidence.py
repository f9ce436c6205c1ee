"""What can be learned about a payment, and the context it is judged in."""

from dataclasses import dataclass
from enum import StrEnum

from payments.protocol.consultation import BookingStatus, Consultation
from payments.protocol.payment import Payment, Proof, StkResult
from payments.protocol.receipts import ReceiptRow


@dataclass(frozen=True, slots=True, kw_only=True)
class PushAccepted:
    """Daraja took the push (`ResponseCode` "0"); nothing is paid."""

    checkout_request_id: str
    merchant_request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PushRefused:
    """A definite refusal, or a push that was never sent: no prompt exists."""

    code: str
    description: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PushUnclear:
    """The push may or may not have reached the phone."""

    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackResult:
    """An authentic callback: right secret, listed address, right CheckoutRequestID."""

    result: StkResult


@dataclass(frozen=True, slots=True, kw_only=True)
class HintReceived:
    """A callback with the right secret from an unlisted address."""

    result: StkResult


@dataclass(frozen=True, slots=True, kw_only=True)
class OddCallback:
    """A callback with the right secret whose body cannot be understood."""

    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HintedMoneyTaken:
    """A person has given the receipt that this payment's hint names to something else."""

    receipt_number: str


class Verdict(StrEnum):
    """What the provider said when asked."""

    PAID = "paid"
    REFUSED = "refused"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryAnswer:
    """Daraja's answer to a query: it names no amount and no receipt."""

    checkout_request_id: str
    verdict: Verdict
    code: str | None = None
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HintDisowned:
    """The id that a hint named belongs to another payment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePassed:
    """Time has passed: re-check the payment without asking Daraja."""


class Resolution(StrEnum):
    """What an operator decides about a payment in review."""

    COMPLETE = "complete"
    REFUND_DUE = "refund_due"
    BOGUS = "bogus"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewResolved:
    """An operator's decision; receipt and amount fill in what was missing.

    Units: KES.
    """

    resolution: Resolution
    receipt_number: str | None = None
    amount_kes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptFound:
    """An operator found the money on M-Pesa's statement.

    Units: KES; UTC epoch seconds.
    """

    receipt_number: str
    amount_kes: int
    transaction_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyReturned:
    """An operator confirms that the refund was paid out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionCleared:
    """An operator has dealt with the reason for attention."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingCancelled:
    """The booking system cancelled a Confirmed consultation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneySeen:
    """A witness names a receipt that arrived on the shortcode, with its amount.

    Shape: `source` is one of `WITNESSES`; `amount_kes` is None where the amount is not whole or
        not readable (`amount_text` has it as written); `reference` as typed by the payer;
        `payer` is the mask or hash that M-Pesa gave, `payer_hmac` the phone guard's HMAC of a full
        number. No name and no full number.
    Units: KES; `paid_at` in UTC epoch seconds, None where the clock is not sure.
    """

    source: Proof
    receipt_number: str
    shortcode: str
    amount_kes: int | None
    amount_text: str | None = None
    paid_at: int | None = None
    reference: str | None = None
    payer: str | None = None
    payer_hmac: str | None = None
    transaction_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyAttached:
    """A person says which payment an unclaimed receipt belongs to; `money` is the row as shown."""

    money: MoneySeen


type Operation = ReviewResolved | ReceiptFound | MoneyReturned | AttentionCleared | MoneyAttached
type Evidence = (
    PushAccepted
    | PushRefused
    | PushUnclear
    | CallbackResult
    | HintReceived
    | OddCallback
    | HintDisowned
    | QueryAnswer
    | TimePassed
    | BookingCancelled
    | MoneySeen
    | HintedMoneyTaken
    | Operation
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """A payment's consultation, the owner of the phone guard, and the receipt's row.

    `is_assumed` marks the usual context, assumed to save a read. Only `decide` looks at it: the
    write's conditions must prove what was assumed, otherwise the real context is loaded.
    """

    consultation: Consultation | None
    phone_payment_id: str | None
    receipt: ReceiptRow | None
    is_assumed: bool = False

    @property
    def receipt_payment_id(self) -> str | None:
        """The payment that the receipt is bound to."""
        return self.receipt.payment_id if self.receipt else None


def usual_context(payment: Payment, now: int) -> Context:
    """Assume a payable consultation at the price asked, and locks as the payment left them."""
    holds = payment.may_have_open_prompt(now)
    consultation = Consultation(
        booking_id=payment.booking_id,
        client_id=payment.client_id,
        price_kes=payment.amount_kes,
        status=BookingStatus.PENDING,
        active_payment_id=payment.payment_id if holds and payment.is_open else None,
    )
    return Context(
        consultation=consultation,
        phone_payment_id=payment.payment_id if holds else None,
        receipt=None,
        is_assumed=True,
    )

"""Further reports about money that is recorded already."""

from dataclasses import dataclass, replace

from payments.protocol.case import Case
from payments.protocol.change import EventType
from payments.protocol.filing import Odd, Ruling
from payments.protocol.payment import Payment, PaymentStatus, Proof, StkResult


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """How a report differs from what the payment records.

    Shape: `contradiction` is the reason for attention, None where the report only adds something;
        `is_told` whether a person has been told of it; `claims` whether the receipt is unclaimed;
        `fills_gap` whether it is the receipt that was missing; `outranks` whether its receipt and
        amount replace those of a weaker proof; `learns_id` whether it brings a missing id.
    """

    contradiction: str | None
    is_told: bool
    claims: bool
    fills_gap: bool
    outranks: bool
    learns_id: bool

    @property
    def adds(self) -> bool:
        """Whether the payment records more afterwards."""
        return self.claims or self.learns_id or self.outranks

    @property
    def attention(self) -> str | None:
        """Return the attention to raise: a contradiction once, and again for each new receipt."""
        return self.contradiction if self.claims or not self.is_told else None


def more_news(case: Case, result: StkResult, proof: Proof) -> Ruling:
    """Add what was missing, and raise attention on what contradicts the recorded money.

    An authentic callback's receipt and amount replace a hint's; the hint's claim stays.
    """
    payment = case.payment
    if proof is Proof.QUERY or _is_recorded(payment, result):
        return None
    news = _read(case, result, proof)
    if news.is_told and not news.adds:
        is_plain_repeat = news.contradiction is None and payment.proof is Proof.CALLBACK
        return None if is_plain_repeat else Odd()
    events = (EventType.RECEIPT_ADDED,) if news.fills_gap else ()
    return case.step(
        replace(
            _informed(payment, result, proof, news), attention=news.attention or payment.attention
        ),
        claims_receipt=result.receipt_number if news.claims else None,
        adds_events=(*events, EventType.UNRESOLVED) if news.attention else events,
    )


def _is_recorded(payment: Payment, result: StkResult) -> bool:
    """Whether the payment holds this id, this receipt and this amount."""
    is_same_amount = _is_believed_amount(payment, result) or (
        payment.status is PaymentStatus.REVIEW and result.amount_kes == payment.paid_amount_kes
    )
    is_same_receipt = result.receipt_number == payment.receipt_number
    return is_same_receipt and is_same_amount and payment.checkout_request_id is not None


def _is_believed_amount(payment: Payment, result: StkResult) -> bool:
    return result.amount_kes == (payment.paid_amount_kes or payment.amount_kes)


def _read(case: Case, result: StkResult, proof: Proof) -> News:
    """Compare the report with the payment."""
    payment, receipt = case.payment, result.receipt_number
    contradiction = _contradiction(case, result)
    claims = receipt is not None and case.context.receipt_payment_id is None
    is_whole = receipt is not None and result.amount_kes is not None
    has_weaker_proof = payment.proof in (Proof.HINT, Proof.QUERY)
    return News(
        contradiction=contradiction,
        is_told=contradiction in (None, payment.attention, payment.failure_reason),
        claims=claims,
        fills_gap=claims and payment.receipt_number is None,
        outranks=(
            proof is Proof.CALLBACK
            and is_whole
            and has_weaker_proof
            and not case.receipt_is_anothers
        ),
        learns_id=payment.checkout_request_id is None,
    )


def _contradiction(case: Case, result: StkResult) -> str | None:
    """Return what does not fit, None where the report only adds something."""
    payment, receipt = case.payment, result.receipt_number
    if case.receipt_is_anothers:
        return "receipt_bound_elsewhere"
    if receipt is not None and payment.receipt_number not in (None, receipt):
        return "second_receipt"
    return None if _is_believed_amount(payment, result) else "amount_contradicted"


def _informed(payment: Payment, result: StkResult, proof: Proof, news: News) -> Payment:
    """Return the payment with what the report adds, or replaces with a stronger proof."""
    is_believed = news.fills_gap or news.outranks
    rests_on_it = news.outranks or (news.fills_gap and payment.proof is Proof.QUERY)
    transaction_at = (result.transaction_at if news.outranks else None) or payment.transaction_at
    return replace(
        payment,
        proof=proof if rests_on_it else payment.proof,
        receipt_number=result.receipt_number if is_believed else payment.receipt_number,
        receipt_pending=payment.receipt_pending and not is_believed,
        paid_amount_kes=(result.amount_kes if is_believed else None) or payment.paid_amount_kes,
        transaction_at=transaction_at or result.transaction_at,
        checkout_request_id=payment.checkout_request_id or result.checkout_request_id,
        checkout_source=payment.checkout_source or proof,
        due_at=None if news.fills_gap and payment.hint is None else payment.due_at,
    )

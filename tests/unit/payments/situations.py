"""One payment in every situation that matters, and everything that can be learned about it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from payments.protocol.change import Change, NeedsContext
from payments.protocol.consultation import BookingStatus, Consultation, ConsultationPaymentStatus
from payments.protocol.decide import decide
from payments.protocol.evidence import (
    AttentionCleared,
    BookingCancelled,
    CallbackResult,
    Context,
    Evidence,
    HintReceived,
    MoneyReturned,
    MoneySeen,
    PushAccepted,
    PushRefused,
    PushUnclear,
    QueryAnswer,
    ReceiptFound,
    Resolution,
    ReviewResolved,
    TimePassed,
    Verdict,
)
from payments.protocol.payment import Payment, PaymentStatus, Proof, StkResult
from payments.protocol.policy import Policy
from payments.protocol.receipts import ReceiptRow

CREATED_AT = 1_790_000_000
LOCKED_UNTIL = CREATED_AT + 300
DAY = 86_400
PRICE = 1000
MINE = "a" * 32
ANOTHERS = "b" * 32
OWN_ID = "ws_CO_21092026171320123708374149"
OTHER_ID = "ws_CO_21092026171321999708374149"
RECEIPT = "RECEIPT001"
TAKEN_RECEIPT = "TAKEN00001"
SECOND_RECEIPT = "SECOND0001"

NEW = Payment(
    payment_id=MINE,
    status=PaymentStatus.DISPATCHING,
    version=1,
    op_ids=("0" * 32,),
    reserved_by="0" * 32,
    booking_id="1",
    client_id="7",
    phone_number="254708374149",
    phone_hmac="hmac",
    amount_kes=PRICE,
    account_reference="ABCD12345678",
    requested_reference="ABCD",
    transaction_desc="Visit",
    secret_sha256="1" * 64,
    body_sha256="2" * 64,
    created_at=CREATED_AT,
    locked_until=LOCKED_UNTIL,
    due_at=CREATED_AT + 25,
)
_PENDING = replace(
    NEW,
    status=PaymentStatus.PENDING,
    checkout_request_id=OWN_ID,
    checkout_source=Proof.PUSH,
    merchant_request_id="29115-34620561-1",
    accepted_at=CREATED_AT + 1,
)
_ENDED = replace(_PENDING, holds_locks=False, final_at=CREATED_AT + 40, due_at=None)
_FAILED = replace(_ENDED, status=PaymentStatus.FAILED, result_code="1032", proof=Proof.CALLBACK)
_COMPLETED = replace(
    _ENDED,
    status=PaymentStatus.COMPLETED,
    result_code="0",
    proof=Proof.CALLBACK,
    receipt_number=RECEIPT,
    paid_amount_kes=PRICE,
)
PAYMENTS = {
    "dispatching": NEW,
    "unknown": replace(NEW, status=PaymentStatus.UNKNOWN, due_at=CREATED_AT + 2 * DAY),
    "pending": _PENDING,
    "failed": _FAILED,
    "failed_by_query": replace(
        _FAILED, proof=Proof.QUERY, holds_locks=True, final_at=LOCKED_UNTIL, due_at=CREATED_AT + DAY
    ),
    "failed_unsent": replace(
        NEW,
        status=PaymentStatus.FAILED,
        result_code="400.002.02",
        proof=Proof.PUSH,
        holds_locks=False,
        final_at=CREATED_AT + 1,
        due_at=None,
    ),
    "cancelled": replace(
        _ENDED,
        status=PaymentStatus.CANCELLED,
        proof=Proof.CLEANUP,
        attention="no_final_answer",
        final_at=CREATED_AT + DAY,
        due_at=CREATED_AT + 2 * DAY,
    ),
    "review": replace(
        _COMPLETED,
        status=PaymentStatus.REVIEW,
        receipt_number=None,
        receipt_pending=True,
        failure_reason="receipt_missing",
        due_at=CREATED_AT + 40 + DAY,
    ),
    "completed": _COMPLETED,
    "completed_by_query": replace(
        _COMPLETED,
        proof=Proof.QUERY,
        receipt_number=None,
        receipt_pending=True,
        paid_amount_kes=None,
        due_at=CREATED_AT + 40 + DAY,
    ),
    "completed_by_c2b": replace(_COMPLETED, proof=Proof.C2B, holds_locks=True),
    "refund_due": replace(_COMPLETED, status=PaymentStatus.REFUND_DUE),
    "refunded": replace(_COMPLETED, status=PaymentStatus.REFUNDED),
}

PAYABLE = Consultation(booking_id="1", client_id="7", price_kes=PRICE)
_LOCKED = replace(
    PAYABLE,
    payment_status=ConsultationPaymentStatus.PENDING,
    active_payment_id=MINE,
    lock_until=LOCKED_UNTIL,
)
_CONFIRMED = replace(
    PAYABLE, status=BookingStatus.CONFIRMED, payment_status=ConsultationPaymentStatus.PAID
)
_PAID_BY_MINE = replace(_CONFIRMED, paid_payment_id=MINE)
PAID_BY_ANOTHER = replace(_CONFIRMED, paid_payment_id=ANOTHERS)
CANCELLED_BOOKING = replace(PAYABLE, status=BookingStatus.CANCELLED)
CONSULTATIONS = {
    **dict.fromkeys(("dispatching", "unknown", "pending", "review"), _LOCKED),
    **dict.fromkeys(("failed", "failed_by_query", "failed_unsent", "cancelled"), PAYABLE),
    **dict.fromkeys(("completed", "completed_by_query", "completed_by_c2b"), _PAID_BY_MINE),
    **dict.fromkeys(("refund_due", "refunded"), PAID_BY_ANOTHER),
}
HOLDS_PHONE = frozenset({"dispatching", "unknown", "pending", "completed_by_c2b"})


@dataclass(frozen=True)
class News:
    """Evidence, and how long after the reservation it comes."""

    evidence: Evidence
    age: int = 60


def facts(code: str, **more: object) -> StkResult:
    """What a callback reports."""
    base = StkResult(code=code, description="said", checkout_request_id=OWN_ID, digest="d" * 64)
    return replace(base, **more)  # type: ignore[arg-type]


def callback(code: str, **more: object) -> News:
    """An authentic callback."""
    return News(CallbackResult(result=facts(code, **more)))


def paid(*, amount: int | None = PRICE, receipt: str | None = RECEIPT) -> News:
    """An authentic callback that says paid."""
    return callback("0", amount_kes=amount, receipt_number=receipt)


def seen_by_c2b(*, amount: int = PRICE, receipt: str = RECEIPT) -> News:
    """A confirmation whose account is the payment's reference."""
    return News(
        MoneySeen(
            source=Proof.C2B,
            receipt_number=receipt,
            shortcode="600000",
            amount_kes=amount,
            paid_at=CREATED_AT + 30,
            reference="ABCD12345678",
        )
    )


def query(verdict: Verdict, code: str | None, *, age: int) -> News:
    """An answer to a query."""
    return News(QueryAnswer(checkout_request_id=OWN_ID, verdict=verdict, code=code), age)


def accepted(checkout_request_id: str) -> News:
    """Daraja accepted the push."""
    answer = PushAccepted(
        checkout_request_id=checkout_request_id, merchant_request_id="29115-34620561-1"
    )
    return News(answer, age=3)


NEWS = {
    "callback exact": paid(),
    "callback wrong amount": paid(amount=900),
    "callback amount missing": paid(amount=None),
    "callback receipt missing": paid(receipt=None),
    "callback receipt bound elsewhere": paid(receipt=TAKEN_RECEIPT),
    "callback another free receipt": paid(receipt=SECOND_RECEIPT),
    "callback 1032": callback("1032"),
    "callback 1037": callback("1037"),
    "callback unlisted code": callback("7777"),
    "hint success": News(HintReceived(result=facts("0", amount_kes=PRICE, receipt_number=RECEIPT))),
    "hint 1032": News(HintReceived(result=facts("1032"))),
    "c2b exact": seen_by_c2b(),
    "c2b other amount": seen_by_c2b(amount=900),
    "c2b another free receipt": seen_by_c2b(receipt=SECOND_RECEIPT),
    "c2b receipt bound elsewhere": seen_by_c2b(receipt=TAKEN_RECEIPT),
    "query paid early": query(Verdict.PAID, "0", age=60),
    "query paid late": query(Verdict.PAID, "0", age=200),
    "query refused early": query(Verdict.REFUSED, "1032", age=60),
    "query refused late": query(Verdict.REFUSED, "1032", age=300),
    "query waiting young": query(Verdict.WAITING, None, age=400),
    "query waiting after a day": query(Verdict.WAITING, None, age=DAY),
    "push accepted": accepted(OWN_ID),
    "push accepted with another id": accepted(OTHER_ID),
    "push refused": News(PushRefused(code="400.002.02", description="", reason="Refused"), 3),
    "push unclear": News(PushUnclear(description="HTTP 500"), 3),
    "look after a minute": News(TimePassed(), 60),
    "look after two days": News(TimePassed(), 2 * DAY),
    "booking cancelled": News(BookingCancelled(), DAY),
    "operator completes": News(
        ReviewResolved(resolution=Resolution.COMPLETE, receipt_number=RECEIPT, amount_kes=PRICE),
        DAY,
    ),
    "operator owes back": News(
        ReviewResolved(resolution=Resolution.REFUND_DUE, receipt_number=RECEIPT, amount_kes=PRICE),
        DAY,
    ),
    "operator says bogus": News(ReviewResolved(resolution=Resolution.BOGUS), DAY),
    "operator finds receipt": News(ReceiptFound(receipt_number=RECEIPT, amount_kes=PRICE), DAY),
    "operator returned money": News(MoneyReturned(), DAY),
    "operator clears attention": News(AttentionCleared(), DAY),
}


ALONE = Context(consultation=None, phone_payment_id=None, receipt=None)


def decided(
    payment: Payment, evidence: Evidence, around: Context = ALONE, *, age: int = 60
) -> Change | None:
    """What the protocol's one function says, the real surroundings known."""
    decision = decide(payment, evidence, around, now=CREATED_AT + age, policy=Policy())
    assert not isinstance(decision, NeedsContext)
    return decision


def present[T](found: T | None) -> T:
    """What was found; where there is nothing, the test fails."""
    assert found is not None
    return found


def surroundings(situation: str, news: News) -> Context:
    """What really stands around the payment when the news comes."""
    receipt = receipt_in(news.evidence)
    return Context(
        consultation=CONSULTATIONS[situation],
        phone_payment_id=MINE if situation in HOLDS_PHONE else None,
        receipt=row_of(receipt, owner(PAYMENTS[situation], receipt)),
    )


def row_of(receipt: str | None, payment_id: str | None) -> ReceiptRow | None:
    """The row of a receipt that is bound to the payment; None where it is free."""
    if receipt is None or payment_id is None:
        return None
    return ReceiptRow(
        receipt_number=receipt, payment_id=payment_id, source=Proof.CALLBACK, amount_kes=PRICE
    )


def owner(payment: Payment, receipt: str | None) -> str | None:
    """Whose a receipt is."""
    if receipt == TAKEN_RECEIPT:
        return ANOTHERS
    return payment.payment_id if receipt and receipt == payment.receipt_number else None


def receipt_in(evidence: Evidence) -> str | None:
    """The receipt that evidence names."""
    if isinstance(evidence, CallbackResult | HintReceived):
        return evidence.result.receipt_number
    if isinstance(evidence, ReceiptFound | ReviewResolved | MoneySeen):
        return evidence.receipt_number
    return None

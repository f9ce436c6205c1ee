"""Records what M-Pesa posts about refunds, receipts and balances (docs/protocol.md, section 11.4).

The token is right: the caller checked it. From a listed address a post is authentic. From elsewhere
a reversal's post only brings the next look forward, and the others are only counted.
"""

from collections.abc import Set
from dataclasses import dataclass

from payments.ports import Actor
from payments.protocol.evidence import MoneySeen
from payments.protocol.payment import Payment, Proof
from payments.protocol.refund import stops_refunds
from payments.protocol.refund_evidence import RefundEvidence, RefundHint, ReversalResult, StatusSeen
from payments.protocol.reversal_codes import BALANCE_STOPS, COMPLETED, DONE, refusal_words
from payments.usecases.apply_refund import apply_refund
from payments.usecases.record_money import record_money
from payments.usecases.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversalPost:
    """A post about one attempt; `result` is None where it timed out, or cannot be read."""

    payment_id: str
    is_listed: bool
    result: ReversalResult | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPost:
    """A post about a receipt; `seen` is None where it cannot be read, or names another receipt."""

    is_listed: bool
    seen: StatusSeen | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancePost:
    """A post about the shortcode's balance; `code` is None where it cannot be read. Units: KES."""

    is_listed: bool
    code: str | None
    balance_kes: int | None


type ResultPost = ReversalPost | StatusPost | BalancePost


def record_initiator_result(
    services: Services, post: ResultPost, *, own_shortcodes: Set[str], request_id: str
) -> None:
    """Apply a post whose token is right; money on one of the own shortcodes is booked.

    Errors: StoreUnavailableError: the facts are not durable, so enqueue them.
    Idempotent: copies of a post change nothing.
    """
    if not post.is_listed:
        services.observer.counted("ResultFromUnlistedAddress")
    match post:
        case ReversalPost():
            _record_reversal(services, post, request_id)
        case StatusPost(is_listed=True, seen=StatusSeen() as seen):
            _record_status(services, seen, own_shortcodes, request_id)
        case BalancePost(is_listed=True):
            _record_balance(services, post)
        case _:
            services.observer.counted("ResultUnused")


def _record_reversal(services: Services, post: ReversalPost, request_id: str) -> None:
    payment = services.store.get_payment(post.payment_id)
    if payment is None:
        services.observer.counted("ResultUnused")
        return
    result = post.result
    evidence: RefundEvidence = RefundHint()
    reason = "news of the refund"
    if post.is_listed and result is not None:
        evidence, reason = result, _reason(result)
    actor = Actor(by="result", request_id=request_id, reason=reason)
    _count(services, payment, apply_refund(services, payment, evidence, actor=actor))


def _record_status(
    services: Services, seen: StatusSeen, own_shortcodes: Set[str], request_id: str
) -> None:
    gates = services.refunds().gates
    if stops_refunds(seen):
        gates.stop(seen.code, now=services.now())
    gates.answer_ask(seen.receipt_number, answer_words(seen))
    actor = Actor(by="status", request_id=request_id, reason=answer_words(seen))
    if _is_money(seen, own_shortcodes):
        money = MoneySeen(
            source=Proof.STATUS,
            receipt_number=seen.receipt_number,
            shortcode=seen.shortcode,
            amount_kes=seen.amount_kes,
            paid_at=seen.paid_at,
        )
        record_money(services, money, actor=actor)
    row = services.ledger.get_row(seen.receipt_number)
    payment = services.store.get_payment(row.payment_id) if row and row.payment_id else None
    if payment is not None:
        _count(services, payment, apply_refund(services, payment, seen, actor=actor))


def _is_money(seen: StatusSeen, own_shortcodes: Set[str]) -> bool:
    """Whether the answer is a witness: completed, with its amount, on one of our shortcodes."""
    is_completed = seen.code == DONE and seen.status == COMPLETED
    return is_completed and seen.shortcode in own_shortcodes and seen.amount_kes is not None


def _record_balance(services: Services, post: BalancePost) -> None:
    """Keep the balance; a refused credential stops refunds before M-Pesa locks it."""
    gates = services.refunds().gates
    if post.code in BALANCE_STOPS:
        gates.stop(post.code, now=services.now())
    elif post.balance_kes is not None:
        gates.note_balance(post.balance_kes, now=services.now())
    else:
        services.observer.counted("ResultUnused")


def answer_words(seen: StatusSeen) -> str:
    """Return M-Pesa's answer about a receipt in words, without a name."""
    if seen.code != DONE:
        return f"M-Pesa does not tell: code {seen.code}"
    amount = f", KES {seen.amount_kes:,}" if seen.amount_kes is not None else ""
    to = f", to {seen.shortcode}" if seen.shortcode else ""
    return f"{seen.status or 'No status'}{amount}{to}"


def _reason(result: ReversalResult) -> str:
    if result.code != DONE:
        return f"{result.code}: {refusal_words(result.code)}"
    return f"refund receipt {result.refund_receipt}" if result.refund_receipt else "reversed"


def _count(services: Services, before: Payment, after: Payment) -> None:
    services.observer.counted("ResultUnused" if after.version == before.version else "ResultUsed")

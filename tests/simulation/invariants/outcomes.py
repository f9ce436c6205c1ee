"""What one committed step of a payment amounts to, in words that are counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .view import MONEY, Values

BY_ATTENTION = {
    "receipt_bound_elsewhere": "receipt bound elsewhere",
    "hint_refuted": "hint refuted",
}
BY_REASON = {
    "recorded_from_statement": "receipt found by an operator",
    "receipt_bound_elsewhere": "receipt bound elsewhere",
}


def askable_id(payment: Values) -> Any:
    """Whose result can be asked for: our own id, else the one that a hint named."""
    return payment.get("checkout_request_id", payment.get("hint", {}).get("checkout_request_id"))


def outcomes_of(old: Values, new: Values) -> Iterator[str]:
    """The outcomes of one step."""
    if old["status"] != new["status"]:
        yield from _landing(old["status"], new)
    yield from _learnt(old, new)
    attention = new.get("attention")
    if attention is not None and attention != old.get("attention"):
        yield f"attention: {attention}"
        if attention in BY_ATTENTION:
            yield BY_ATTENTION[attention]


def _landing(was: str, new: Values) -> Iterator[str]:
    now = new["status"]
    yield f"landed: {now}"
    if now in MONEY and was in ("failed", "cancelled"):
        yield f"late success after {was}"
    if now in MONEY and new.get("proof") == "hint":
        yield "hint and query agreed"
    if now in MONEY and new.get("proof") == "query":
        yield "query alone believed"
    if was == "review":
        yield f"review resolved: {now}"
    if was == "completed":
        yield "confirmed booking cancelled"
    if now == "refunded" and not new.get("refund", {}).get("proven"):
        yield "refunded by an operator"
    if now == "review":
        reason = new.get("failure_reason", "")
        yield f"review: {reason}"
        if reason in BY_REASON:
            yield BY_REASON[reason]


def _learnt(old: Values, new: Values) -> Iterator[str]:
    is_first_id = "checkout_request_id" in new and "checkout_request_id" not in old
    if is_first_id and new.get("checkout_source") == "callback":
        yield "id adopted from a callback"
    is_first_receipt = "receipt_number" in new and "receipt_number" not in old
    if is_first_receipt and old["status"] in MONEY:
        yield "receipt added later"
    if "hint" in new and "hint" not in old:
        yield "hint stored"
    if new.get("evidence_heads", ()) != old.get("evidence_heads", ()) or new.get(
        "evidence_count", 0
    ) > old.get("evidence_count", 0):
        yield "evidence kept"

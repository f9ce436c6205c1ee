"""Counts what happened, so that a proof cannot be empty without being seen to be."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

WITNESSES = ("callback", "query", "c2b", "pull", "status", "operator")
COUNTED_ONCE = frozenset({"query", "pull", "status"})
"""Witnesses whose second word about a receipt is not counted."""
PAIRS = tuple(
    f"witness {first}, then {second}"
    for first in WITNESSES
    for second in WITNESSES
    if first != second or first not in COUNTED_ONCE
)
"""Every order in which two witnesses can name one receipt."""
PAIRS_MIN, PAIRS_IN = 100, 20_000
"""Each pair must be met so often in so many histories."""
STEPS = ("none -> requested", "requested -> none", "requested -> sent", "sent -> none")
"""The steps of a refund."""
RARE = (
    "late success after failed",
    "late success after cancelled",
    "landed: completed",
    "landed: refund_due",
    "landed: review",
    "landed: failed",
    "landed: cancelled",
    "landed: unknown",
    "refunded by an operator",
    "an operator asked Daraja",
    "review resolved: completed",
    "review resolved: refund_due",
    "receipt found by an operator",
    "confirmed booking cancelled",
    "id adopted from a callback",
    "receipt bound elsewhere",
    "receipt added later",
    "review: amount_differs",
    "review: amount_missing",
    "review: receipt_missing",
    "review: price_changed",
    "hint stored",
    "hint and query agreed",
    "hint refuted",
    "query alone believed",
    "callback queued",
    "message redriven",
    "own win recognised",
    "attention: no_checkout_request_id",
    "attention: no_final_answer",
    "attention: receipt_missing",
    "attention: hint_refuted",
    "evidence kept",
    "answer stk_push 200",
    "answer stk_push 202",
    "answer stk_push 409 payment_in_progress",
    "answer stk_push 409 phone_busy",
    "answer stk_push 409 already_paid",
    "answer stk_push 429 too_many_prompts",
    "answer stk_push 502 initiation_failed",
    "answer stk_push 503 store_unavailable",
    "answer callback 404",
    "answer status 404 payment_not_found",
    "same payment answered again",
    "event redelivered",
    "counters expired",
    "by hand: reference",
    "by hand: lower",
    "by hand: letter",
    "by hand: booking",
    "by hand: blank",
    "by hand: wrong",
    "by hand: phone",
    "confirmation queued",
    "opened by a hand payment",
    "second receipt filed",
    "row: found its own prompt",
    "row: unclaimed -> bound",
    "attention: second_receipt",
    "attention: paid_other_amount",
    *(f"refund: {step}" for step in STEPS),
    *(f"receipt: {act}" for act in ("attach", "owe_back", "set_aside", "reopen")),
    *(f"row: {step}" for step in ("unclaimed -> set aside", "set aside -> unclaimed")),
    "refund: sent again",
    "refunded by M-Pesa: paybill",
    "refund settled: reversed",
    "refund settled: not reversed",
    "refunds resumed",
    "reversed on the portal",
    "went back twice, attention raised",
    "result forged",
    "attention: refund_unresolved",
    "attention: refunded_twice",
    "attention: reversed_at_mpesa",
    "attention: refund_receipt_odd",
    "answer desk 409 same_person",
    "answer desk 409 refunds_stopped",
    "answer desk 409 refund_spacing",
    "answer desk 409 refund_too_fresh",
    "answer desk 409 refund_sent",
    "answer desk 403 forbidden",
    *PAIRS,
)
"""What must have happened at least once in a run of some thousands of histories."""


@dataclass(slots=True)
class Coverage:
    """Counters of one history or, merged, of many.

    Shape: `decisions` are "decision | operation" of each try to write one, `struck` are
    "fault @ decision" of those that a fault met.
    """

    calls: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    decisions: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)

    def merge(self, other: Coverage) -> None:
        """Add another's counts."""
        self.calls.update(other.calls)
        self.faults.update(other.faults)
        self.outcomes.update(other.outcomes)
        self.decisions.update(other.decisions)
        self.struck.update(other.struck)

    @property
    def calls_total(self) -> int:
        """How many network calls there were."""
        return sum(self.calls.values())

    def missing(self) -> list[str]:
        """What never happened and should have."""
        return [name for name in RARE if not self.outcomes[name]]

    def pairs(self) -> dict[str, int]:
        """How often each pair of witnesses named one receipt in this order."""
        return {name.removeprefix("witness "): self.outcomes[name] for name in PAIRS}

    def faults_by_kind(self) -> dict[str, int]:
        """How often each kind struck."""
        kinds: Counter[str] = Counter()
        for name, count in self.faults.items():
            kinds[name.split(" @ ")[0]] += count
        return dict(sorted(kinds.items()))

    def document(self) -> dict[str, Any]:
        """The counts, ready for JSON."""
        return {
            "calls": dict(sorted(self.calls.items())),
            "faults_by_kind": self.faults_by_kind(),
            "faults_by_site": dict(sorted(self.faults.items())),
            "outcomes": dict(sorted(self.outcomes.items())),
            "decisions": dict(sorted(self.decisions.items())),
            "struck": dict(sorted(self.struck.items())),
        }

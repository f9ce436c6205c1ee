"""The table as plain values, kept in step with its change stream."""

from __future__ import annotations

import re
from typing import Any

type Values = dict[str, Any]

RANK = {
    "dispatching": 0,
    "unknown": 1,
    "pending": 2,
    "failed": 3,
    "cancelled": 3,
    "review": 4,
    "completed": 5,
    "refund_due": 6,
    "refunded": 7,
}
OPEN = frozenset({"dispatching", "unknown", "pending"})
FINAL_EVENT = {
    "failed": "PaymentFailed",
    "cancelled": "PaymentCancelled",
    "review": "ReviewNeeded",
    "completed": "PaymentCompleted",
    "refund_due": "RefundDue",
    "refunded": "PaymentRefunded",
}
MONEY = frozenset({"review", "completed", "refund_due", "refunded"})


class ViolationError(Exception):
    """An invariant does not hold; `invariant` is its number in the payment protocol."""

    def __init__(self, invariant: str, sentence: str) -> None:
        super().__init__(f"{invariant}: {sentence}")
        self.invariant = invariant
        self.sentence = sentence


def holds_number(text: str, phone: str) -> bool:
    """Whether a text holds a phone number, however it is written.

    A moment in seconds may end with the same digits: 1790000101, and 254790000101.
    """
    return re.search(rf"(?<!\d)(?:254|0)?{phone[3:]}(?!\d)", text) is not None


def require(holds: bool, invariant: str, sentence: str) -> None:
    """Errors: ViolationError unless it holds."""
    if not holds:
        raise ViolationError(invariant, sentence)


def plain(item: dict[str, Any]) -> Values:
    """An item as plain values; binary stays text."""
    return {name: _value(attribute) for name, attribute in item.items()}


def _value(attribute: dict[str, Any]) -> Any:
    kind, value = next(iter(attribute.items()))
    match kind:
        case "N":
            return int(value) if value.lstrip("-").isdigit() else float(value)
        case "M":
            return plain(value)
        case "L":
            return [_value(each) for each in value]
        case "NULL":
            return None
        case _:
            return value


class View:
    """Every item by kind; `receipts` are the rows that are bound, and to which payment."""

    def __init__(self) -> None:
        self.payments: dict[str, Values] = {}
        self.consultations: dict[str, Values] = {}
        self.receipts: dict[str, str] = {}
        self.rows: dict[str, Values] = {}
        self.events: dict[str, list[Values]] = {}
        self.pull_at = 0.0
        self.refund_gate: Values = {}
        self.evidence: dict[str, set[str]] = {}

    def take(self, kind: str, name: str, sort: str, new: Values | None) -> None:
        """Follow one change."""
        match kind:
            case "CONSULT":
                self._keep(self.consultations, name, new)
            case "RCPT" if sort == "STATE":
                self._keep(self.rows, name, new)
                self.receipts.pop(name, None)
                if new is not None and "payment_id" in new:
                    self.receipts[name] = new["payment_id"]
            case "RCPT" if sort.startswith("EVENT#") and new is not None:
                self.events.setdefault(f"RCPT#{name}", []).append(new)
            case "PULL" if new is not None:
                self.pull_at = new.get("next_at", 0.0)
            case "REFUNDS" if sort == "STATE":
                self.refund_gate = new or {}
            case "PAY" if sort == "STATE":
                self._keep(self.payments, name, new)
            case "PAY" if sort.startswith("EVENT#") and new is not None:
                self.events.setdefault(name, []).append(new)
            case "PAY" if sort.startswith("EVIDENCE#"):
                self.evidence.setdefault(name, set()).add(sort.removeprefix("EVIDENCE#"))

    def _keep(self, where: dict[str, Values], name: str, new: Values | None) -> None:
        if new is None:
            where.pop(name, None)
        else:
            where[name] = new

    @property
    def has_unclaimed_row(self) -> bool:
        """Whether some receipt is on a row and no payment's."""
        return any("payment_id" not in row for row in self.rows.values())

    def next_due_at(self) -> int | None:
        """When the schedule has something to look at."""
        items = (*self.payments.values(), *self.rows.values())
        due = [each["due_at"] for each in items if "due_at" in each]
        return min(due, default=None)

    def attention_was_raised(self, payment_id: str) -> bool:
        """Whether a person was told to look at a payment, ever."""
        events = self.events.get(payment_id, [])
        return any(each["type"] == "PaymentUnresolved" for each in events)

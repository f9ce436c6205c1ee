"""Stored items in the model's words, as one payment sees them."""

from __future__ import annotations

from typing import Any

from .state import (
    BELIEVABLE,
    DAY,
    MINUTE,
    NEW,
    OVER,
    TWO_DAYS,
    UNPROVEN,
    Booking,
    Payment,
    Refund,
    Row,
)

type Values = dict[str, Any]

DAY_SECONDS, NEVER = 86_400, 9_999_999_999
MINUTE_SECONDS, QUERY_SUCCESS_SECONDS = 60, 120
CALLED = ("exact", "other", "third", "fourth")
GATEWAY_STOPS = frozenset({"400.002.02", "400.002.05", "404.001.01", "405.001", "404.001.03"})
BUSY = frozenset({"not_sent", "429", "500.003.02", "500.003.03"})
STOPS = frozenset(
    {*("11", "2006", "2028", "18", "20", "21", "22", "24", "25"), "2001", "8006"}
    | {"TP40153", "SFC_IC0003"}
)
REFUSED = {"1": "1", "R000002": "receipt not known", "not_reversed": "not_reversed"}


class Amounts:
    """Names amounts by comparison: the first is the payment's own, so it is "exact"."""

    def __init__(self, own_kes: int | None) -> None:
        self._known = [] if own_kes is None else [own_kes]

    def name(self, kes: int | None) -> str | None:
        """The same name for the same amount."""
        if kes is None:
            return None
        if kes not in self._known:
            self._known.append(kes)
        return CALLED[self._known.index(kes)]


def payment_of(values: Values | None, receipt: str | None, amounts: Amounts) -> Payment | None:
    """A payment; `receipt` is the one in question, "this"."""
    if values is None:
        return None
    own, source = values.get("receipt_number"), values.get("checkout_source")
    hint = values.get("hint")
    status = values["status"]
    return Payment(
        status=status,
        proof=values.get("proof"),
        paid=amounts.name(values.get("paid_amount_kes")) if status not in UNPROVEN else None,
        receipt=None if own is None else "this" if own == receipt else "another",
        id=None if source is None else "own" if source == "push" else "adopted",
        locks=values["holds_locks"],
        attention=values.get("attention"),
        hint=None if hint is None else "paid" if hint["code"] == "0" else "refused",
        why=values.get("failure_reason") if status == "review" else None,
        prompted="origin" not in values,
        refund=_refund_of(values.get("refund", {})),
    )


def _refund_of(values: Values) -> Refund:
    maker, checker, code = (values.get(name) for name in ("asked_by", "approved_by", "refused"))
    return Refund(
        step=values.get("step"),
        attempt=values.get("attempt", 0),
        maker=None if maker is None else "maker",
        checker=None if checker is None else "maker" if checker == maker else "checker",
        refused=None if code is None else refusal_named(code),
        proven=values.get("proven", False),
    )


def refusal_named(code: str) -> str:
    """What a refusal means: docs/protocol.md, section 11.3."""
    if code in GATEWAY_STOPS or code.startswith(("401", "403.00")):
        return "gateway, stops"
    if code in BUSY or code.startswith("429."):
        return "gateway"
    return "stops" if code in STOPS else REFUSED.get(code, "unlisted")


def booking_of(
    values: Values | None, payment: Values, payment_id: str, now: float
) -> Booking | None:
    """A consultation, at this payment's terms or others."""
    if values is None:
        return None
    lock = values.get("lock_until")
    return Booking(
        status=values["status"],
        same_price=values["price_kes"] == payment["amount_kes"],
        same_client=values["client_id"] == payment["client_id"],
        active=whose(values.get("active_payment_id"), payment_id),
        lock="never" if lock == NEVER else "deadline" if lock is not None and lock > now else None,
        paid_by=whose(values.get("paid_payment_id"), payment_id),
    )


def whose(named: str | None, payment_id: str) -> str | None:
    """Whether an item names this payment or another."""
    return None if named is None else "me" if named == payment_id else "other"


def phone_of(values: Values | None, payment_id: str, now: float) -> str | None:
    """Whose prompt a phone waits for."""
    if values is None or values.get("live_until", 0) <= now:
        return None
    return whose(values.get("live_payment_id"), payment_id)


def row_of(values: Values | None, payment_id: str, amounts: Amounts) -> Row | None:
    """A receipt's row."""
    if values is None:
        return None
    source = values.get("source")
    return Row(
        state=row_state(values),
        owner=whose(values.get("payment_id"), payment_id),
        amount=amounts.name(values.get("amount_kes")),
        source=source if source in (None, "operator") else "machine",
    )


def row_state(values: Values) -> str:
    """Bound, set aside or unclaimed."""
    if "payment_id" in values:
        return "bound"
    return "aside" if "set_aside" in values else "unclaimed"


def age_of(payment: Values, now: float) -> int:
    """How old a payment is, as far as a rule asks."""
    created = payment["created_at"]
    age = now - created
    until: float = payment.get("prompt_until") or created
    moments = (
        (TWO_DAYS, age >= 2 * DAY_SECONDS),
        (DAY, age >= DAY_SECONDS),
        (OVER, now >= until),
        (BELIEVABLE, age >= QUERY_SUCCESS_SECONDS),
        (MINUTE, age >= MINUTE_SECONDS),
    )
    return next((name for name, reached in moments if reached), NEW)


def refund_is_late(payment: Values, now: float) -> bool:
    """Whether the refund was sent a day ago."""
    sent_at: float = payment.get("refund", {}).get("sent_at", now)
    return now >= sent_at + DAY_SECONDS

"""Holds every committed change of a history against the model.

`Trace.judge` reads one step of the table. It names the payment, the booking, the phone and the
receipt's row before and after, in the model's words, and looks for evidence on which the model
would have written the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from .decide import brought_by, decide
from .state import Around, Booking, Row, commit
from .words import (
    Amounts,
    Values,
    age_of,
    booking_of,
    payment_of,
    phone_of,
    refund_is_late,
    row_of,
    row_state,
)

type Change = tuple[Values | None, Values | None]

PERHAPS_READ = (
    None,
    *(Row("unclaimed", None, amount, "machine") for amount in ("exact", "other", "third", None)),
    Row("aside", None, "exact", "machine"),
    Row("bound", "other", "exact", "machine"),
    Row("bound", "other", "other", "machine"),
)
"""The rows that may have been read, where a step does not tell which receipt it is about."""
BOOKING_SYSTEM = frozenset({"consultations", "operator", "desk"})


class Trace:
    """What one history's table holds, as far as the model asks."""

    def __init__(self, without: str = "") -> None:
        self._without = without
        self._bookings: dict[str, list[Values]] = {}
        self._rows: dict[str, Values] = {}
        self._row_states: set[str] = set()
        self._phones: dict[str, Values] = {}
        self._phone_of: dict[str, str] = {}
        self._is_stopped = False

    def judge(
        self, step: list[Change], *, function: str, by_person: bool, now: float
    ) -> str | None:
        """Follow one step; a sentence where the model has no such transition."""
        changes = {
            values["pk"]: (old, new)
            for old, new in step
            if (values := new or old) is not None and values["sk"] == "STATE"
        }
        who = (function, by_person)
        payments = [pk for pk in changes if pk.startswith("PAY#")]
        found = [self._payment(pk, changes, who, now) for pk in payments]
        if not payments:
            found = [
                self._booking(pk, changes[pk], function, now)
                if pk.startswith("CONSULT#")
                else self._row(pk, changes[pk], who)
                for pk in changes
                if pk.startswith(("CONSULT#", "RCPT#"))
            ]
        for pk, (_, new) in changes.items():
            self._follow(pk, new)
        return next((each for each in found if each is not None), None)

    def _payment(
        self, pk: str, changes: dict[str, Change], who: tuple[str, bool], now: float
    ) -> str | None:
        old, new = changes[pk]
        assert new is not None
        name = pk.removeprefix("PAY#")
        rows = [key for key in changes if key.startswith("RCPT#")]
        was, booked = self._phone_of.get(pk, ""), f"CONSULT#{new['booking_id']}"
        phone = next((key for key in changes if key.startswith("PHONE#")), was)
        kept = self._phones.get(phone), self._bookings.get(booked, [None])[-1]
        guards = changes.get(phone, (kept[0], kept[0]))
        bookings = changes.get(booked, (kept[1], kept[1]))
        gate = changes.get(next((key for key in changes if key.startswith("REFUNDS#")), ""))
        stopped = self._is_stopped, "stopped" in (gate[1] or {}) if gate else self._is_stopped
        for receipt in self._receipts(old, new, rows):
            amounts = Amounts(new["amount_kes"])
            row = changes.get(f"RCPT#{receipt}")
            before, after = (
                Around(
                    payment=payment_of(values, receipt, amounts),
                    booking=booking_of(bookings[side], new, name, now),
                    phone=phone_of(guards[side], name, now),
                    row=row_of(row[side], name, amounts) if row else None,
                    stopped=stopped[side],
                    refund_is_late=refund_is_late(old or new, now),
                )
                for side, values in enumerate((old, new))
            )
            if before == after:
                return None
            own = self._rows.get(f"RCPT#{receipt}")
            reads = self._reads(before, row_of(own, name, amounts), is_known=row is not None)
            past = [booking_of(each, new, name, now) for each in self._bookings.get(booked, ())]
            looks = tuple(dict.fromkeys((before.booking, *reversed(past), None)))
            age = age_of(new, now)
            if is_known_to_model(before, after, who, age, reads, looks, self._without):
                return None
        by = "a person" if who[1] else who[0]
        return f"{pk}: no transition of the model, by {by}: {difference(before, after)}"

    def _receipts(self, old: Values | None, new: Values, rows: list[str]) -> Iterator[str]:
        """The receipt that a step is about; "" is one that the step does not name."""
        if rows:
            yield rows[0].removeprefix("RCPT#")
            return
        was, now = (each.get("receipt_number") for each in (old or {}, new))
        if now is not None:
            yield now
        elif was is not None:
            yield was
        yield ""

    def _reads(self, before: Around, own: Row | None, *, is_known: bool) -> tuple[Row | None, ...]:
        """The rows that whoever decided may have read, the likely ones first."""
        seen = (*self._row_states, None)
        perhaps = [row for row in PERHAPS_READ if (row and row.state) in seen]
        return tuple(dict.fromkeys((before.row if is_known else own, *perhaps)))

    def _row(self, pk: str, change: Change, who: tuple[str, bool]) -> str | None:
        """A receipt's row alone: filed, set aside, opened again, or only looked at."""
        kes = next((each["amount_kes"] for each in change if each and "amount_kes" in each), None)
        before, after = (Around(row=row_of(each, "", Amounts(kes))) for each in change)
        if before == after:
            return None
        if is_known_to_model(before, after, who, 0, (before.row,), (None,), self._without):
            return None
        return f"{pk}: no transition of the model, by {who[0]}: {difference(before, after)}"

    def _booking(self, pk: str, change: Change, function: str, now: float) -> str | None:
        """4.11: the booking system changes client, price and status, while nobody pays."""
        old, new = change
        if function in BOOKING_SYSTEM and new is not None and may_register(old, new, now):
            return None
        return f"{pk}: the booking system may not write this: {old} -> {new}"

    def _follow(self, pk: str, new: Values | None) -> None:
        """Keep what later steps are judged by."""
        match pk.partition("#")[0]:
            case "CONSULT" if new is not None:
                self._bookings.setdefault(pk, []).append(new)
            case "PHONE" if new is not None:
                self._phones[pk] = new
                if "live_payment_id" in new:
                    self._phone_of[f"PAY#{new['live_payment_id']}"] = pk
            case "REFUNDS":
                self._is_stopped = "stopped" in (new or {})
            case "RCPT" if new is None:
                self._rows.pop(pk, None)
            case "RCPT" if new is not None:
                self._rows[pk] = new
                self._row_states.add(row_state(new))


def may_register(old: Values | None, new: Values, now: float) -> bool:
    """4.11: client and price stay while a payment is active or locked, and once it is Paid."""
    if old is None:
        return new["status"] != "Confirmed" and "active_payment_id" not in new
    kept = ("payment_status", "active_payment_id", "paid_payment_id", "lock_until")
    if any(old.get(name) != new.get(name) for name in kept):
        return False
    is_confirmed = old["status"] == "Confirmed"
    if old["status"] != new["status"] and (is_confirmed or new["status"] == "Confirmed"):
        return False
    has_same_terms = all(old[name] == new[name] for name in ("client_id", "price_kes"))
    is_busy = "active_payment_id" in old or old.get("lock_until", 0) > now
    return has_same_terms or not (is_busy or is_confirmed)


@lru_cache(maxsize=200_000)
def is_known_to_model(
    before: Around,
    after: Around,
    who: tuple[str, bool],
    age: int,
    rows: tuple[Row | None, ...],
    bookings: tuple[Booking | None, ...],
    without: str = "",
) -> bool:
    """Whether the model writes this on anything that may have been read and learned."""
    for row in rows:
        row_now = before.row if before.row != after.row else row
        now, then = before._replace(row=row_now), after
        if before.row == after.row:
            then = after._replace(row=row)
        for booking in bookings:
            read = before._replace(row=row, booking=booking)
            for evidence in brought_by(*who):
                for write in decide(read, evidence, age, without):
                    done = commit(now, write, without)
                    if done is not None and then in _variants(done, write.raises):
                        return True
    return False


def _variants(done: Around, raised: str | None) -> Iterable[Around]:
    """A payment has one attention: a new reason may stand beside an old one, or replace it."""
    if raised is None or done.payment is None or done.payment.attention == raised:
        return (done,)
    return (done, done._replace(payment=done.payment._replace(attention=raised)))


def difference(before: Around, after: Around) -> str:
    """What changed, in the model's words."""
    told = []
    for name in Around._fields:
        old, new = getattr(before, name), getattr(after, name)
        if old != new and None not in (old, new) and hasattr(old, "_fields"):
            fields = [f for f in old._fields if getattr(old, f) != getattr(new, f)]
            told += [f"{name}.{f} {getattr(old, f)} -> {getattr(new, f)}" for f in fields]
        elif old != new:
            told.append(f"{name} {old} -> {new}")
    state = before.payment.status if before.payment else "no payment"
    return f"{state}: {', '.join(told)}"

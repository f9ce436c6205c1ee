"""What must be true of money in every state: docs/protocol.md, section 8, as far as states show it.

Not modelled, because they are about text, counting or time: I7, I12, I13, I17's minutes, I20.
"""

from __future__ import annotations

from collections.abc import Iterator

from .ladder import is_prompts, owner_of
from .money_world import State
from .moves import ACTS, Playing
from .state import OPEN, PAID, TWO_DAYS, UNPROVEN, Evidence, Payment, is_payable

RANK = (
    "dispatching",
    "unknown",
    "pending",
    "failed",
    "review",
    "completed",
    "refund_due",
    "refunded",
)

GIVES_AWAY = ("owe back", "attach to a booking")
MISMATCHES = frozenset({"amount", "twin amount", "same_price", "same_client"}) | ACTS
"""What may put a payment's own exact money before a person."""


class Money(Playing):
    """A world of money with its invariants."""

    def broken(self, before: State, what: str, after: State) -> Iterator[str]:
        """What a step breaks."""
        if after.prompts != before.prompts or after.bookings != before.bookings:
            yield from self._prompts(after)
        if what.endswith("given up"):
            yield "I6"
        if what.endswith("reserves"):
            yield from self._beside_a_review(before, after)
        if before.payments != after.payments:
            yield from self._payments(before, what, after)
        if before.bookings != after.bookings or before.payments != after.payments:
            yield from self._bookings(after)
            for old, new in zip(before.bookings, after.bookings, strict=True):
                if new.paid_by not in (None, old.paid_by) and not is_payable(old):
                    yield "I16" if old.paid_by is not None else "I3"
        if before.rows != after.rows or before.payments != after.payments:
            yield from self._receipts(before, what, after)

    def _prompts(self, state: State) -> Iterator[str]:
        """I1 and I9."""
        live = [i for i, prompt in enumerate(state.prompts) if prompt.startswith("open")]
        for shared in (self.phones, self.bookings):
            if len({shared[i] for i in live}) < len(live):
                yield "I1"
        if any(state.payments[i] is None for i in live) or "open, sent twice" in state.prompts:
            yield "I9"
        booked = [state.bookings[self.bookings[i]] for i in live if state.payments[i] is not None]
        if any(is_payable(booking) and booking.lock is None for booking in booked):
            yield "I1"  # another payment could be reserved

    def _beside_a_review(self, before: State, after: State) -> Iterator[str]:
        """I1: a booking whose money waits for an operator is not paid again."""
        for booking in before.bookings:
            active = before.payments[int(booking.active)] if booking.active else None
            if (
                active is not None
                and active.status == "review"
                and before.bookings != after.bookings
            ):
                yield "I1"

    def _payments(self, before: State, what: str, after: State) -> Iterator[str]:
        """I2, I4 and I11, and 4.7."""
        for i, (old, new) in enumerate(zip(before.payments, after.payments, strict=True)):
            if old == new or new is None:
                continue
            was = old.status if old is not None else "dispatching"
            if _rank(new.status) < _rank(was) and not what.startswith("bogus"):
                yield "I4"
            if what.startswith("hint") and new.status != was:
                yield "I11"
            if old is not None and self._forgets(after, old, new):
                yield "I14"
            if i >= self.prompted or new.status == was:
                continue
            if (
                new.status == "failed"
                and new.proof == "query"
                and after.prompts[i].startswith("open")
            ):
                yield "4.7"
            owed = new.status == "refund_due" and was not in ("completed", "review")
            if owed and is_payable(before.bookings[self.bookings[i]]):
                yield "I2"
            moved = i in after.debits or new.bound is not None or "false 0" in self.may
            if new.status in PAID and not moved and new.proof in ("hint", "query", "callback"):
                yield "I2"

    def _forgets(self, after: State, old: Payment, new: Payment) -> bool:
        """Whether money that Daraja proved, and only a hint named, gave way without a word."""
        if old.receipt in (None, new.receipt) or old.proof != "hint" or new.attention is not None:
            return False
        shown = int(old.receipt or "")
        return shown in after.debits and after.rows[shown] is None

    def _bookings(self, state: State) -> Iterator[str]:
        """I2, I3, I10 and I16: who confirmed, with what, and who is active."""
        for b, booking in enumerate(state.bookings):
            paid = state.payments[int(booking.paid_by)] if booking.paid_by is not None else None
            if booking.status == "Confirmed":
                stands = paid is not None and paid.status == "completed"
                amounts = (
                    ("exact", None) if paid is not None and paid.proof == "query" else ("exact",)
                )
                exact = paid is not None and (paid.paid in amounts or paid.attention is not None)
                if not (stands and exact and booking.same_price and booking.same_client):
                    yield "I3"
            active = state.payments[int(booking.active)] if booking.active is not None else None
            if active is not None and active.status not in OPEN | {"review"}:
                yield "I10"
            for i, p in enumerate(state.payments):
                own = p is not None and p.status == "completed" and self.booking_of(i) == b
                if own and booking.paid_by != str(i):
                    yield "I16" if booking.status == "Confirmed" else "I2"

    def _receipts(self, before: State, what: str, after: State) -> Iterator[str]:
        """I8, I14, I15 and I19: a row and its payment agree, and no row moves or disappears."""
        held = {
            (p.bound, str(i))
            for i, p in enumerate(after.payments)
            if p is not None and p.bound is not None and p.status in PAID
        }
        rows = {(str(r), row.owner) for r, row in enumerate(after.rows) if row and row.owner}
        if held != rows:
            yield "I15"
        by_person = what.startswith(("reopen", "bogus"))
        for r, (old, new) in enumerate(zip(before.rows, after.rows, strict=True)):
            if old is None or old == new:
                yield from self._guessed(before, after, r) if old != new else ()
                continue
            gone = new is None and not (by_person and old.source == "operator")
            moved = new is not None and old.owner not in (None, new.owner)
            undone = old.state == "aside" and not by_person
            changed = new is not None and new.amount not in (old.amount, None)
            if gone or moved or undone or (changed and old.amount is not None):
                yield "I14"
            if what.startswith(GIVES_AWAY) and is_prompts(self, before, r):
                yield "I16"
            yield from self._guessed(before, after, r)

    def _guessed(self, before: State, after: State, r: int) -> Iterator[str]:
        """I19: a receipt completes only what it names, or a person chose."""
        row = after.rows[r]
        if row is None or row.owner is None or int(row.owner) in (r, self.paybill_slot(r)):
            return
        old, new = before.payments[int(row.owner)], after.payments[int(row.owner)]
        names = r >= self.prompted and self.hands[r - self.prompted].account == "p"
        lands = old is not None and new is not None and old.status in UNPROVEN
        if lands and not names and not self.may & {"attach", "record a receipt"}:
            yield "I19"

    def broken_at_rest(self, state: State) -> Iterator[str]:
        """I2, I5, I14, I16 and I17: all that came is on file, ended, and told."""
        if self.last_age < TWO_DAYS:
            return
        told = any(p is not None and p.attention is not None for p in state.payments)
        told |= any(p is not None and p.status == "review" for p in state.payments)
        for i, p in enumerate(state.payments[: self.prompted]):
            if p is None:
                continue
            if p.status in OPEN:
                yield "I5"
            if i in state.debits and p.status not in PAID and p.attention is None:
                yield "I2"
            if p.status == "review" and i in state.debits and not self.may & MISMATCHES:
                yield "10.2"
            if p.status in PAID and p.receipt is None and p.attention is None:
                yield "I2"
        for r in state.debits:
            yield from self._on_file(state, r, told=told)
        if (
            self.may & {"amount", "twin amount"}
            and not self.may & ACTS
            and not state.faults
            and state.debits
        ):
            yield from () if told or any(state.rows[r] is None for r in state.debits) else ("I14",)

    def _on_file(self, state: State, r: int, *, told: bool) -> Iterator[str]:
        row = state.rows[r]
        if row is None:
            yield from ("I14",) if self.pulls else ()
            return
        i, _ = owner_of(self, state, r, Evidence("money", "c2b", row.amount, names=True))
        named = state.payments[i] if row.state == "unclaimed" and 0 <= i < self.prompted else None
        if named is not None and named.bound is None and named.attention is None:
            yield "I17"
        if row.owner is None:
            return
        owner = int(row.owner)
        names = r >= self.prompted and self.hands[r - self.prompted].account == "p"
        is_its = owner in (r, self.paybill_slot(r)) or (names and owner == 0)
        if not is_its and not told and not self.may & {"attach", "record a receipt"}:
            yield "I17"
        own = state.payments[r] if r < self.prompted else None
        given_away = owner >= self.prompted and own is not None and own.bound is None
        is_told = own is not None and (own.status == "review" or own.attention is not None)
        if given_away and own is not None and own.status in PAID and not is_told:
            yield "I16"


def _rank(status: str) -> int:
    return RANK.index("failed" if status == "cancelled" else status)

"""Pull's gate, that all Lambdas share, and the receipts that a run compares with."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from itertools import batched

from payments.protocol.pull import PullClock, PullState
from payments.protocol.receipts import ReceiptRow
from payments.store.expressions import EXISTS, Expression, update_action
from payments.store.items import pull_key, receipt_key
from payments.store.receipt_items import to_receipt_row
from payments.store.table import Committed, Table

HASTEN_SPACING_SECONDS = 300
"""A post that proves nothing brings the next run forward at most this often."""
READ_AT_ONCE = 100
"""The most keys of one BatchGetItem."""


class PullGate:
    """Pull's state of one shortcode. Errors: StoreUnavailableError from every method."""

    def __init__(self, table: Table, shortcode: str) -> None:
        self._table = table
        self._key = pull_key(shortcode)

    def read(self) -> PullState:
        """Read strongly; a shortcode that was never pulled has an empty state."""
        values = self._table.get(self._key) or {}
        known = {name: values[name] for name in asdict(PullState()) if name in values}
        if "clock" in known:
            known["clock"] = PullClock(known["clock"])
        return PullState(**known)

    def take(self, *, now: int, spacing_seconds: int) -> bool:
        """Let one run pass, and close the gate for the others until the spacing is over."""
        e = Expression()
        next_at, since = e.name("next_at"), e.name("since")
        is_open = f"(attribute_not_exists({next_at}) OR {next_at} <= {e.value(now)})"
        sets = [
            f"{next_at} = {e.value(now + spacing_seconds)}",
            f"{since} = if_not_exists({since}, {e.value(now)})",
            f"{e.name('run_at')} = {e.value(now)}",
        ]
        action = update_action(
            self._table.name, self._key, e, sets=sets, removes=[], condition=is_open
        )
        return isinstance(self._table.update(action), Committed)

    def finish(self, state: PullState, *, run_at: int) -> bool:
        """Write what a run showed; False where a later run has begun, which shows it again."""
        e = Expression()
        shown = {
            "complete_from": state.complete_from,
            "complete_until": state.complete_until,
            "clock": state.clock,
            "hit_at": state.hit_at,
            "swept_at": state.swept_at,
        }
        is_last = f"{e.name('run_at')} = {e.value(run_at)}"
        sets = [f"{e.name(name)} = {e.value(each)}" for name, each in shown.items() if each]
        removes = [e.name(name) for name, each in shown.items() if each is None]
        action = update_action(
            self._table.name, self._key, e, sets=sets, removes=removes, condition=is_last
        )
        return isinstance(self._table.update(action), Committed)

    def hasten(self, *, now: int) -> bool:
        """Bring the next run forward to now, at most once in five minutes.

        Read first: a lost condition costs a write too. Nothing but the time of the next run moves.
        """
        values = self._table.get(self._key)
        is_recent = (
            values is not None and now < values.get("hastened_at", 0) + HASTEN_SPACING_SECONDS
        )
        if values is None or is_recent or values.get("next_at", 0) <= now:
            return False
        e = Expression()
        next_at, hastened_at = e.name("next_at"), e.name("hastened_at")
        is_spaced = (
            f"(attribute_not_exists({hastened_at}) OR "
            f"{hastened_at} <= {e.value(now - HASTEN_SPACING_SECONDS)})"
        )
        sets = [f"{next_at} = {e.value(now)}", f"{hastened_at} = {e.value(now)}"]
        action = update_action(
            self._table.name,
            self._key,
            e,
            sets=sets,
            removes=[],
            condition=f"{EXISTS} AND {is_spaced}",
        )
        return isinstance(self._table.update(action), Committed)

    def known_rows(self, receipt_numbers: Sequence[str]) -> Mapping[str, ReceiptRow]:
        """Return the rows of those receipts that have one, read strongly, a hundred at a time.

        A row that cannot be read is left out: whoever books its receipt then meets the error.
        """
        found: dict[str, ReceiptRow] = {}
        for numbers in batched(receipt_numbers, READ_AT_ONCE, strict=False):
            for values in self._table.get_many([receipt_key(number) for number in numbers]):
                with suppress(KeyError, TypeError, ValueError):
                    if values is not None:
                        row = to_receipt_row(values)
                        found[row.receipt_number] = row
        return found

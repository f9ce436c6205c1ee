"""Statistics: bounded queries over the days asked for, with nothing to rebuild."""

from collections.abc import Iterator

from payments.service.parts import Parts
from payments.statistics import DayEntry, Statistics, tally


def count_payments(parts: Parts, days: list[str]) -> Statistics:
    """Return counts and KES totals of payments created on each of these EAT days.

    Errors: StoreUnavailableError.
    """
    return tally(_entries(parts, days), days)


def _entries(parts: Parts, days: list[str]) -> Iterator[tuple[str, DayEntry]]:
    for day in days:
        for entry in parts.store.day_entries(day):
            yield day, entry

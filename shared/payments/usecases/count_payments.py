"""Counts and KES totals per EAT day: payments by public status, and money that came in.

A payment counts on the day of its creation, with the amount asked. Money counts under `received`,
on the day of its first proof, with the amount reported, whatever becomes of the payment.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import chain

from payments.errors import InvalidRequestError
from payments.protocol.payment import PUBLIC_STATUS
from payments.store.listings import Listed, Received
from payments.usecases.services import Services

DAYS_MAX = 92
STATUSES = tuple(dict.fromkeys(PUBLIC_STATUS.values()))
RECEIVED = "received"
COUNTED = (*STATUSES, RECEIVED)

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)


@dataclass(slots=True)
class Tally:
    """How many payments, and their amount: asked, or received under `received`. Units: KES."""

    count: int = 0
    amount_kes: int = 0

    def add(self, amount_kes: int) -> None:
        """Count one payment."""
        self.count += 1
        self.amount_kes += amount_kes


def _tallies() -> dict[str, Tally]:
    return {name: Tally() for name in COUNTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """Tallies per day, and over all days asked for."""

    days: Mapping[str, Mapping[str, Tally]]
    totals: Mapping[str, Tally] = field(default_factory=_tallies)


def parse_days(first: str | None, last: str | None) -> list[str]:
    """Return the inclusive EAT days from `first` to `last`, as YYYY-MM-DD.

    Errors: InvalidRequestError.
    """
    start, end = _parse_day("from", first), _parse_day("to", last)
    count = (end - start).days + 1
    if not 1 <= count <= DAYS_MAX:
        raise InvalidRequestError(
            f"from and to must span 1 to {DAYS_MAX} days", code="invalid_days"
        )
    return [(start + timedelta(days=offset)).isoformat() for offset in range(count)]


def count_payments(services: Services, days: list[str]) -> Statistics:
    """Return counts and KES totals of payments created, and of money received, on these EAT days.

    Errors: StoreUnavailableError.
    """
    return tally(services.store.list_created(days), services.store.list_received(days), days)


def tally(
    listed: Iterable[Listed], received: Iterable[Received], days: Iterable[str]
) -> Statistics:
    """Add up index entries of these days."""
    statistics = Statistics(days={day: _tallies() for day in days})
    created = ((each.day, each.public_status, each.amount_kes) for each in listed)
    came_in = ((each.day, RECEIVED, each.amount_kes) for each in received)
    for day, name, amount_kes in chain(created, came_in):
        statistics.days[day][name].add(amount_kes)
        statistics.totals[name].add(amount_kes)
    return statistics


def _parse_day(name: str, text: str | None) -> date:
    try:
        if text is None or not _DAY.match(text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidRequestError(
            f"{name} must be a day as YYYY-MM-DD", code=f"invalid_{name}"
        ) from error

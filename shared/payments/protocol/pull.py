"""Pull's rules: which time a run asks about, what it covers, and when Pull's clock is known.

Windows overlap, so a run that dies costs nothing: it moves neither coverage nor the next window.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from payments.protocol.evidence import MoneySeen
from payments.protocol.policy import DAY_SECONDS

WINDOW_SECONDS = 7200
"""Each run asks about so much time."""
SWEEP_SECONDS = 169_200
"""Once a day a run asks about 47 hours: Safaricom lists 48."""
OVERLAP_SECONDS = 600
"""The sweep and the window share so much time."""
CLOCK_AGREES_SECONDS = 120
"""Pull's time and a time that we know agree within this."""


class PullClock(StrEnum):
    """How Pull writes its times: Nairobi's clock, or UTC. Both end in Z."""

    EAT = "eat"
    UTC = "utc"


@dataclass(frozen=True, slots=True, kw_only=True)
class PulledRow:
    """One row of Pull. Its time means a moment only once the clock is known.

    Shape: `money` has no `paid_at`; `moments` has one for each clock, none without a time.
    Units: UTC epoch seconds.
    """

    money: MoneySeen
    moments: Mapping[PullClock, int]

    def by(self, clock: PullClock | None) -> MoneySeen:
        """Return the money with its time by this clock; without a clock it has no time."""
        return replace(self.money, paid_at=self.moments.get(clock) if clock else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PullPage:
    """One answer of Pull.

    Shape: `is_nothing_found` where Safaricom found nothing or the product is not provisioned: its
        answer does not say which. `unreadable` counts rows without a receipt.
    """

    rows: tuple[PulledRow, ...] = ()
    is_nothing_found: bool = False
    unreadable: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of time that is asked about. Units: UTC epoch seconds."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PullState:
    """What the runs so far have shown.

    Shape: `complete_from` and `complete_until` bound the unbroken time that finished runs covered;
        `clock` is None while it is not calibrated; `hit_at` is the last run that showed a receipt
        which another witness had brought; `since` is the first run, `swept_at` the last sweep.
    Units: UTC epoch seconds.
    """

    next_at: int = 0
    since: int | None = None
    complete_from: int | None = None
    complete_until: int | None = None
    clock: PullClock | None = None
    hit_at: int | None = None
    swept_at: int | None = None


def windows_due(state: PullState, *, now: int) -> tuple[Window, ...]:
    """Return what a run asks about, the newest first: a large sweep never holds new money up.

    The sweep is due once a day, and wherever no finished run reaches the newest window.
    """
    newest = Window(start=now - WINDOW_SECONDS, end=now)
    is_day_over = state.swept_at is None or now - state.swept_at >= DAY_SECONDS
    is_gap = state.complete_until is None or state.complete_until < newest.start
    if not (is_day_over or is_gap):
        return (newest,)
    return newest, Window(start=now - SWEEP_SECONDS, end=newest.start + OVERLAP_SECONDS)


def covered(state: PullState, window: Window) -> PullState:
    """Return the state after a run finished this window.

    Time that does not join is given up, and a sweep is due again until one finishes.
    """
    begun, done = state.complete_from, state.complete_until
    if begun is None or done is None:
        return replace(state, complete_from=window.start, complete_until=window.end)
    if window.start <= done and window.end >= begun:
        return replace(
            state,
            complete_from=min(begun, window.start),
            complete_until=max(done, window.end),
        )
    if window.end < done:
        return state
    return replace(state, complete_from=window.start, complete_until=window.end, swept_at=None)


def calibrated(clock: PullClock | None, known: Iterable[tuple[PulledRow, int]]) -> PullClock | None:
    """Return the clock that agrees with each known receipt; as before where none is known.

    A receipt that neither reading explains, or two that need different ones, end the calibration.
    """
    agreeing = [
        {
            each
            for each, moment in row.moments.items()
            if abs(moment - paid_at) <= CLOCK_AGREES_SECONDS
        }
        for row, paid_at in known
        if row.moments
    ]
    if not agreeing:
        return clock
    shared = set.intersection(*agreeing)
    if clock in shared:
        return clock
    return min(shared, default=None)

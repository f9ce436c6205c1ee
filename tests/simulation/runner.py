"""Plays many seeds on several processes, and adds up what happened."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from .coverage import Coverage
from .history import Outcome, play_seed

SHARE = 100

type Play = Callable[[int], Outcome]
# Plays one seed; other processes must be able to import it.


@dataclass(slots=True)
class Totals:
    """What became of many histories."""

    histories: int = 0
    seconds: float = 0.0
    coverage: Coverage = field(default_factory=Coverage)
    violations: list[tuple[int, str, str]] = field(default_factory=list)
    hashes: dict[int, int] = field(default_factory=dict)

    def add(self, other: Totals) -> None:
        """Add another's."""
        self.histories += other.histories
        self.coverage.merge(other.coverage)
        self.violations += other.violations
        self.hashes |= other.hashes


def play_seeds(
    first: int,
    count: int,
    *,
    jobs: int,
    play: Play = play_seed,
    progress: Callable[[Totals], None] = lambda _: None,
) -> Totals:
    """Play `count` seeds from `first` on."""
    started = time.monotonic()
    totals = Totals()
    for share in _shares(first, count, jobs, play):
        totals.add(share)
        totals.seconds = time.monotonic() - started
        progress(totals)
    return totals


def _shares(first: int, count: int, jobs: int, play: Play) -> Iterator[Totals]:
    ranges = [
        (play, start, min(SHARE, first + count - start))
        for start in range(first, first + count, SHARE)
    ]
    if jobs == 1:
        yield from map(_play_share, ranges)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(_play_share, ranges)


def _play_share(share: tuple[Play, int, int]) -> Totals:
    play, first, count = share
    totals = Totals()
    for seed in range(first, first + count):
        outcome = play(seed)
        totals.histories += 1
        totals.coverage.merge(outcome.coverage)
        totals.hashes[seed] = outcome.trace_hash
        if outcome.violation is not None:
            violation = outcome.violation
            totals.violations.append((seed, violation.invariant, violation.sentence))
    return totals

"""Tries every state of a world, breadth first, so that a trace that it finds is a shortest one."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable
from typing import NamedTuple, Protocol


class World[S: Hashable](Protocol):
    """A bounded world: where it begins, what may happen next, and what must be true.

    Shape: `decisions` names each decision that was written in some state that was tried.
    """

    @property
    def decisions(self) -> set[str]:
        """Those that were written."""

    def begin(self) -> S:
        """The first state."""

    def steps(self, state: S) -> Iterable[tuple[str, S]]:
        """Everything that may happen next, with its name."""

    def broken(self, before: S, what: str, after: S) -> Iterable[str]:
        """The invariants that a step breaks."""

    def broken_at_rest(self, state: S) -> Iterable[str]:
        """The invariants that are broken where nothing more happens."""


class Found(NamedTuple):
    """What a search met: `breaks` is each invariant with a shortest way to it."""

    states: int
    steps: int
    ends: int
    breaks: dict[str, tuple[str, ...]]


def search[S: Hashable](world: World[S], *, stops_at_first: bool = False) -> Found:
    """Every reachable state, or as many as it takes to break something."""
    first = world.begin()
    came: dict[S, tuple[S, str] | None] = {first: None}
    waiting, steps, ends = deque([first]), 0, 0
    breaks: dict[str, tuple[str, ...]] = {}
    while waiting and not (stops_at_first and breaks):
        state = waiting.popleft()
        moves = [(what, after) for what, after in world.steps(state) if after != state]
        for what, after in moves:
            steps += 1
            if after not in came:
                came[after] = (state, what)
                waiting.append(after)
            for name in world.broken(state, what, after):
                breaks.setdefault(name, (*_way(came, state), what))
        if not moves:
            ends += 1
            for name in world.broken_at_rest(state):
                breaks.setdefault(name, (*_way(came, state), "at rest"))
    return Found(len(came), steps, ends, breaks)


def _way[S: Hashable](came: dict[S, tuple[S, str] | None], state: S) -> tuple[str, ...]:
    way: list[str] = []
    while (step := came[state]) is not None:
        state, what = step
        way.append(what)
    return tuple(reversed(way))

"""Virtual time and actors: one runs at a time, and gives way at every network call.

An actor is a greenlet, one Lambda invocation or one machine of AWS's. Whoever is ready first runs
next; latencies come from the seed, so the same seed gives the same order, always.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from greenlet import getcurrent, greenlet

from simulator.core.chance import unit
from tests.support.clock import VirtualClock

LATENCY_SECONDS_MAX = 0.25


type Choose = Callable[[list[str]], int]
# Says which of the actors that are ready goes on.


class CrashError(BaseException):
    """The process of an actor is gone: no handler of `Exception` sees it."""


@dataclass(slots=True, eq=False)
class Actor:
    """Somebody who makes network calls.

    Shape: `function` is whose code runs, of which `release` where there are two; `authority` says
    what its input may change (see `invariants.authority`). Units: `deadline` in UTC epoch seconds,
    when Lambda ends it.
    """

    name: str
    function: str
    run: Callable[[], Any]
    finished: Callable[[Any], None]
    deadline: float | None = None
    authority: str = "full"
    release: str = ""
    calls: int = 0
    faults: int = 0
    streak: Any = None
    notes: dict[str, Any] = field(default_factory=dict)
    thread: Any = None
    learned: list[Any] | None = None

    def learn(self, answer: Any) -> None:
        """Remember what the network answered, where somebody asks for fingerprints."""
        if self.learned is not None:
            self.learned.append(answer)


class Scheduler:
    """Runs actors and timed happenings in the order of virtual time.

    `choose`, where given, decides instead among all that are ready: for exhaustive interleavings.
    """

    def __init__(self, clock: VirtualClock, seed: int, *, choose: Choose | None = None) -> None:
        self.clock = clock
        self.current: Actor | None = None
        self.last: Actor | None = None
        self.running: set[str] = set()
        self._seed = seed
        self._choose = choose
        self._heap: list[tuple[float, float, int, Actor | None, Callable[[], None] | None]] = []
        self._ready: list[Actor] = []
        self._waiting: list[Actor] = []
        self._sequence = 0
        self._hub = getcurrent()

    def spawn(self, actor: Actor, *, after: float = 0.0) -> None:
        """Let an actor begin."""
        actor.thread = greenlet(lambda: self._live(actor), parent=self._hub)
        self.running.add(actor.name)
        self._wake_at(self.clock.now + after, actor)

    def at(self, when: float, happening: Callable[[], None]) -> None:
        """Let something happen at its time."""
        self._push(max(when, self.clock.now), 0.0, None, happening)

    def pause(self, seconds: float) -> None:
        """The running actor waits; its Lambda may be ended meanwhile. Errors: CrashError."""
        actor = self.current
        if actor is None:
            self.clock.now += seconds
            return
        wake_at = self.clock.now + seconds
        if actor.deadline is not None and wake_at >= actor.deadline:
            self._wake_at(actor.deadline, actor)
            self._hub.switch()
            raise CrashError("timed out")
        self._wake_at(wake_at, actor)
        self._hub.switch()

    def give_way(self) -> None:
        """The running actor waits for the network, as long as the seed says."""
        actor = self.current
        if actor is None:
            return
        if self._choose is not None:
            self._ready.append(actor)
            self._hub.switch()
            return
        drawn = unit(self._seed, "latency", actor.name, actor.calls)
        self.pause(0.002 + LATENCY_SECONDS_MAX * drawn**6)

    def answer_of(self, other: Actor) -> Any:
        """Let another actor begin, and the running one wait for its answer.

        Shape: None where the other died. Errors: CrashError where the one that waits is ended.
        """
        caller = self.current
        assert caller is not None
        answers: list[Any] = []
        finished = other.finished

        def wake() -> None:
            if caller in self._waiting:
                self._waiting.remove(caller)
                self._resume(caller)

        def ended(answer: Any) -> None:
            finished(answer)
            answers.append(answer)
            self.at(self.clock.now, wake)

        other.finished = ended
        self._waiting.append(caller)
        self.spawn(other)
        if caller.deadline is not None:
            self.at(caller.deadline, wake)
        self._hub.switch()
        if not answers:
            raise CrashError("timed out")
        return answers[0]

    def next_at(self) -> float | None:
        """When the next thing happens."""
        if self._ready:
            return self.clock.now
        return self._heap[0][0] if self._heap else None

    def waiting(self) -> list[tuple[object, ...]]:
        """Who waits for what, and what each has seen so far."""
        ready = [(0.0, each.name, each.calls, each.learned) for each in self._ready]
        later = [
            (when, actor.name, actor.calls, actor.learned) if actor else (when,)
            for when, _, _, actor, _ in sorted(self._heap)
        ]
        return [*sorted(ready), *later]

    def step(self) -> None:
        """Let the next thing happen; time moves on to it."""
        if self._ready and (not self._heap or self._heap[0][0] > self.clock.now):
            self._step_chosen()
            return
        when, _, _, actor, happening = heapq.heappop(self._heap)
        self.clock.now = max(self.clock.now, when)
        self.last = None
        if actor is not None:
            self._resume(actor)
        elif happening is not None:
            happening()

    def close(self) -> None:
        """End whoever still waits, so that nothing of a history outlives it."""
        waiting = [entry[3] for entry in self._heap if entry[3] is not None] + self._ready
        waiting += self._waiting
        self._heap.clear()
        self._ready.clear()
        self._waiting.clear()
        for actor in waiting:
            self.current = actor
            if actor.thread:
                actor.thread.throw(CrashError("the history is over"))
        self.current = None

    def _step_chosen(self) -> None:
        self._ready.sort(key=lambda actor: actor.name)
        assert self._choose is not None
        index = self._choose([actor.name for actor in self._ready]) if len(self._ready) > 1 else 0
        self._resume(self._ready.pop(index))

    def _resume(self, actor: Actor) -> None:
        self.current = self.last = actor
        try:
            actor.thread.switch()
        finally:
            self.current = None

    def _live(self, actor: Actor) -> None:
        """Run to the end; a crash leaves no answer."""
        try:
            answer = actor.run()
        except CrashError:
            answer = None
        finally:
            self.running.discard(actor.name)
        actor.finished(answer)

    def _wake_at(self, when: float, actor: Actor) -> None:
        self._push(when, unit(self._seed, "tie", actor.name, actor.calls), actor, None)

    def _push(
        self, when: float, tie: float, actor: Actor | None, happening: Callable[[], None] | None
    ) -> None:
        self._sequence += 1
        heapq.heappush(self._heap, (when, tie, self._sequence, actor, happening))

"""One history: chaos, heal, quiesce, audit; then a week of the operator's, and the audit again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tests.support.aws import EngineOf, plain_engine

from .aiming import draw_aimed_plan
from .coverage import Coverage
from .faults import Fault
from .invariants.audit import audit
from .invariants.view import ViolationError
from .machinery import Machinery
from .people import People
from .plan import START, Plan, draw_plan
from .rollout import draw_rollout_plan
from .scheduler import Choose
from .world import SimulatedWorld

STEPS_MAX = 60_000
REST_SECONDS_MAX = 6 * 86_400
OPERATOR_ROUNDS = 2


@dataclass(slots=True)
class Outcome:
    """What became of one history; `fired` are the faults that struck."""

    seed: int
    violation: ViolationError | None
    coverage: Coverage
    trace_hash: int
    fired: tuple[Fault, ...]
    sites: list[tuple[str, int, str]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


class StuckError(ViolationError):
    """A history that does not come to rest."""

    def __init__(self, sentence: str) -> None:
        super().__init__("I5", sentence)


def play_seed(seed: int) -> Outcome:
    """The history of one seed."""
    return play(draw_plan(seed))


def play_aimed_seed(seed: int) -> Outcome:
    """The history of one seed in which faults strike mostly the writes of decisions."""
    return play(draw_aimed_plan(seed))


def play_rollout_seed(seed: int) -> Outcome:
    """The history of one seed in which some of the calls run the code of 0.1.1."""
    return play(draw_rollout_plan(seed))


def play(
    plan: Plan,
    *,
    choose: Callable[[SimulatedWorld], Choose] | None = None,
    traces: bool = False,
    engine_of: EngineOf = plain_engine,
) -> Outcome:
    """Play a plan to its end, or to the first violation; `choose` orders a world's actors."""
    world = SimulatedWorld(plan, choose=choose, traces=traces, engine_of=engine_of)
    violation = play_in(world)
    return Outcome(
        seed=plan.seed,
        violation=violation,
        coverage=world.coverage,
        trace_hash=world.network.hash,
        fired=tuple(world.faults.fired),
        sites=world.sites,
        lines=world.lines or [],
    )


def play_in(world: SimulatedWorld) -> ViolationError | None:
    """Play the plan of a world that has not begun; the first violation, if there is one."""
    with world.running():
        try:
            _History(world).play()
        except ViolationError as error:
            return error
    return None


def explicit(plan: Plan, fired: tuple[Fault, ...]) -> Plan:
    """The same plan, with the faults that struck spelled out instead of drawn."""
    return replace(plan, faults=fired)


class _History:
    def __init__(self, world: SimulatedWorld) -> None:
        self._world = world
        self._people = People(world)
        self._machinery = Machinery(world)
        self._steps = 0

    def play(self) -> None:
        """Errors: ViolationError."""
        world, plan = self._world, self._world.plan
        for phone, days in plan.scenarios.items():
            world.daraja.phone(phone).next_scenarios.extend(days)
        for api, days in plan.initiator.items():
            for day in days:
                world.daraja.set_next(day, api=api)
        for item in plan.agenda:
            world.scheduler.at(START + item["at"], lambda item=item: self._people.do(item))  # type: ignore[misc]
        self._run_until(START + plan.heal_at)
        self._heal()
        self._rest()
        self._audit()
        for number in range(OPERATOR_ROUNDS + 2 * plan.refunds):
            self._people.operate_everywhere(f"week's end {number}")
            self._rest()
        if plan.seed % 8 == 0:
            world.clock.now += 3 * 86_400
            if world.engine.expire_items(world.clock.now):
                world.note("counters expired")
        self._audit()

    def _audit(self) -> None:
        """Before and after the operator has been through everything."""
        world = self._world
        healed_at = START + world.plan.heal_at
        if world.releases is not None:
            healed_at = max(healed_at, world.releases.ends_at)
        audit(world, healed_at=healed_at, bus=self._machinery.bus)

    def _heal(self) -> None:
        """Faults stop and the provider answers; what was late still comes."""
        self._world.faults.is_healed = True
        self._world.store_down_until = 0.0
        self._world.daraja.end_outages()
        self._machinery.replay_dead_letters()
        if (releases := self._world.releases) is not None:
            self._world.scheduler.at(releases.ends_at, self._end_rollout)

    def _end_rollout(self) -> None:
        """This release is alone: what 0.1.1 left to it is tried again."""
        assert self._world.releases is not None
        self._machinery.replay_dead_letters()
        self._world.releases.finish()

    def _run_until(self, end: float) -> None:
        while True:
            next_at = self._next_at()
            if next_at is None or next_at > end:
                break
            self._step()
        self._world.clock.now = max(self._world.clock.now, end)

    def _rest(self) -> None:
        """Go on until nothing is due any more."""
        limit = self._world.clock.now + REST_SECONDS_MAX
        while self._next_at() is not None:
            self._step()
            if self._world.clock.now > limit:
                raise StuckError("the history does not come to rest")

    def _next_at(self) -> float | None:
        self._machinery.wake()
        moments = (self._world.scheduler.next_at(), self._world.daraja.next_event_at())
        return min((each for each in moments if each is not None), default=None)

    def _step(self) -> None:
        world = self._world
        self._steps += 1
        if self._steps > STEPS_MAX:
            raise StuckError("the history takes too many steps")
        own, theirs = world.scheduler.next_at(), world.daraja.next_event_at()
        if theirs is not None and (own is None or theirs <= own):
            world.clock.now = max(world.clock.now, theirs)
            world.post_due_callbacks()
            return
        world.scheduler.step()
        world.watch.after_step(world.scheduler.last)

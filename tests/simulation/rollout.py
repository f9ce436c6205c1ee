"""Two releases over one table: which one each call meets, through deployments and rollbacks.

While functions are replaced, each call meets either release. After a deployment every call meets
this one; after a rollback every call meets 0.1.1, and what 0.1.1 does not have has no function.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from payments.aws.adapters import Adapters
from payments.usecases.upgrade_payments import restore_looks

from simulator.core.chance import unit
from tests.support.daraja import new_session
from tests.support.earlier import EarlierLambda, EarlierRelease, earlier_release
from tests.support.lambdas import Lambda
from tools.deploy.releases import BRIDGE, BRIDGE_COMMIT

from .plan import HOUR, START, Plan, draw_plan

if TYPE_CHECKING:
    from .scheduler import Actor
    from .world import SimulatedWorld

HALF, NONE, ALL = 0.5, 0.0, 1.0
"""The share of the calls that meet the earlier release."""
THIS = "this release"
LAST_DEPLOYMENT_SECONDS = (0.0, 0.0, 1200.0, 3 * HOUR)
"""How long after all has healed calls of 0.1.1 still begin."""
IN_FLIGHT_SECONDS = 61.0
"""No call of 0.1.1 runs longer than cleanup may."""
MUST_HAPPEN = (
    f"invocations: {BRIDGE}",
    f"invocations: {THIS}",
    *(f"no such function: {name}" for name in ("paybill", "desk", "refunds")),
    *(f"landed: {status}" for status in ("completed", "failed", "review", "refund_due")),
    "looks restored",
    "hint and query agreed",
    "refunded by M-Pesa: paybill",
    "row: unclaimed -> bound",
)
"""What must have happened at least once in a run of some thousands of histories."""
ROLLBACK_SECONDS_MAX = 30 * HOUR
"""Pull lists the money of two days: who goes back for longer compares the statement."""


def draw_rollout_plan(seed: int) -> Plan:
    """A whole history from one seed, with a deployment and a rollback among its calls."""
    plan = draw_plan(seed)
    chance = random.Random(f"rollout {seed}")
    moments = sorted(_moment(chance, plan.heal_at) for _ in range(3))
    shares = [NONE, chance.choice((ALL, HALF)), HALF]
    if chance.random() < 0.5:
        shares[:2] = [ALL, NONE]
    deployed = (plan.heal_at + chance.choice(LAST_DEPLOYMENT_SECONDS), NONE)
    return replace(plan, rollout=((0.0, HALF), *zip(moments, shares, strict=True), deployed))


def _moment(chance: random.Random, heal_at: float) -> float:
    """Mostly while somebody pays; it is over when all heals."""
    drawn = chance.random()
    within = 8.0 if drawn < 0.3 else 120.0 if drawn < 0.6 else min(heal_at, ROLLBACK_SECONDS_MAX)
    return round(1.0 + chance.random() * (within - 1.0), 3)


class Releases:
    """Cold starts of either release in one world."""

    def __init__(self, world: SimulatedWorld) -> None:
        self._world = world
        self._phases = world.plan.rollout

    def of(self, actor: Actor) -> str:
        """Which release this call meets, by the share of this moment and the call's name."""
        share = self._share()
        if not share or actor.function not in self._earlier.functions:
            return THIS
        is_earlier = unit(self._world.plan.seed, "release", actor.name) < share
        return BRIDGE if is_earlier else THIS

    @property
    def ends_at(self) -> float:
        """When the last call of 0.1.1 has ended, after the last deployment. UTC epoch seconds."""
        return START + self._phases[-1][0] + IN_FLIGHT_SECONDS

    def finish(self) -> None:
        """`hakika upgrade`, once no call of 0.1.1 runs any more."""
        runtime = self._world.new_terminal()
        parts = runtime.services, runtime.history, runtime.backlog
        restored = restore_looks(*parts, actor=runtime.actor("upgrade", request_id="upgrade"))
        self._world.coverage.outcomes["looks restored"] += restored

    def is_absent(self, function: str) -> bool:
        """Whether 0.1.1 alone is deployed, and it has no such function."""
        return self._share() == ALL and function not in self._earlier.functions

    def cold_start(self, release: str, function: str, adapters: Adapters) -> Lambda:
        """A fresh instance of a release's function."""
        variables = self._world.plan.environment
        if release == THIS:
            return Lambda(function, adapters, variables)
        return EarlierLambda(self._earlier, function, self._adapted(adapters), variables)

    def _adapted(self, adapters: Adapters) -> Adapters:
        world = self._world
        session = self._earlier.session_maker()
        return replace(
            adapters, http_session=lambda: new_session(world.daraja, world.network.daraja, session)
        )

    @property
    def _earlier(self) -> EarlierRelease:
        return earlier_release(BRIDGE_COMMIT, "payments_" + BRIDGE.replace(".", "_"))

    def _share(self) -> float:
        share = NONE
        for since, each in self._phases:
            if since <= self._world.elapsed:
                share = each
        return share


def absent(event: Any) -> dict[str, Any] | None:
    """What a caller of a function that is not there gets: API Gateway's 404, or nothing."""
    return {"statusCode": 404, "body": '{"message": "Not Found"}'} if "rawPath" in event else None

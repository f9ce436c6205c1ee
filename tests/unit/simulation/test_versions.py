"""0.1.1 and this release over one table: neither sees the other's modules, and money stays right.

`python -m tests.simulation prove --parts versions` plays ten thousand.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.simulation.history import play
from tests.simulation.plan import plan_from
from tests.simulation.rollout import THIS, Releases, draw_rollout_plan
from tests.simulation.world import SimulatedWorld
from tests.support.earlier import earlier_release
from tools.deploy.releases import BRIDGE, BRIDGE_COMMIT

PACKAGE = "payments_0_1_1"
SHARES, SEEDS_A_SHARE = 4, 10
FORGOTTEN = Path(__file__).parents[2] / "simulation/regressions/sent-refund-forgotten-by-0.1.1.json"
"""Cleanup of 0.1.1 looks at a refund that this release sent, and takes it off the schedule."""


@pytest.mark.parametrize("share", range(SHARES))
def test_no_invariant_breaks_while_both_releases_run(share: int) -> None:
    first = 1_000 + share * SEEDS_A_SHARE
    outcomes = [play(draw_rollout_plan(seed)) for seed in range(first, first + SEEDS_A_SHARE)]
    assert [(each.seed, str(each.violation)) for each in outcomes if each.violation] == []
    calls: Counter[str] = sum((each.coverage.outcomes for each in outcomes), Counter())
    assert min(calls[f"invocations: {release}"] for release in (BRIDGE, THIS)) > SEEDS_A_SHARE


def test_a_refund_that_the_earlier_release_forgot_breaks_without_the_upgrade_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    document = json.loads(FORGOTTEN.read_text(encoding="utf-8"))
    broke = document.pop("broke")
    plan = plan_from(document)
    assert play(plan).violation is None
    monkeypatch.setattr(Releases, "finish", lambda _: None)
    assert str(play(plan).violation) == broke


def test_neither_release_imports_a_module_of_the_other() -> None:
    play(draw_rollout_plan(1_000))
    earlier = [name for name in sys.modules if name.partition(".")[0] == PACKAGE]
    assert len(earlier) > 30
    for name in earlier:
        homes = {
            getattr(each, "__module__", None) or "" for each in vars(sys.modules[name]).values()
        }
        assert not {home for home in homes if home.partition(".")[0] == "payments"}, name
    functions = earlier_release(BRIDGE_COMMIT, PACKAGE).functions
    assert {"stk_push", "callback", "cleanup"} <= functions
    assert not {"paybill", "refunds", "desk"} & functions


def test_a_rollout_survives_being_written_down_and_is_the_same_again() -> None:
    plan = draw_rollout_plan(1_001)
    again = plan_from(plan.document())
    assert again == plan
    assert play(again).trace_hash == play(plan).trace_hash


def test_what_the_earlier_release_does_not_have_is_not_found_after_a_rollback() -> None:
    plan = draw_rollout_plan(1_002)
    world = SimulatedWorld(plan_from({**plan.document(), "rollout": [[0.0, 1.0]]}))
    with world.running():
        answers = {
            name: world._invoke(world.actor("a", name, {}), {"rawPath": "/x", "headers": {}})
            for name in ("desk", "paybill")
        }
    assert {answer["statusCode"] for answer in answers.values()} == {404}
    assert world.coverage.outcomes["no such function: desk"] == 1

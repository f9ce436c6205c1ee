"""A bounded share of the proof: random histories, single faults, orders, knobs, regressions.

`make prove` plays 100,000 histories, every single fault and every order.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.simulation.faults import FaultKind
from tests.simulation.history import play, play_seed
from tests.simulation.invariants.view import holds_number
from tests.simulation.knobs import KNOBS, Knob
from tests.simulation.plan import REGRESSIONS, draw_plan, plan_from
from tests.simulation.sweeping import interleave, sweep_flow
from tests.simulation.sweeps import FLOWS, LINED_UP, single_faults

SHARES = 8
SEEDS_A_SHARE = 15
LONG_FLOWS = ("refunded", "paid by hand")
ONE_FAULT_IN = {flow: 32 if flow in LONG_FLOWS else 8 for flow in FLOWS}
ORDERS = 60
SAME_SEEDS = 10


@pytest.mark.parametrize("share", range(SHARES))
def test_no_invariant_breaks_in_random_histories(share: int) -> None:
    first = 500_000 + share * SEEDS_A_SHARE
    outcomes = [play_seed(seed) for seed in range(first, first + SEEDS_A_SHARE)]
    assert [(each.seed, str(each.violation)) for each in outcomes if each.violation] == []
    faults = sum(sum(each.coverage.faults.values()) for each in outcomes)
    assert faults >= 3 * SEEDS_A_SHARE


@pytest.mark.parametrize("flow", FLOWS)
def test_every_call_survives_single_faults(flow: str) -> None:
    found = sweep_flow(flow, one_in=ONE_FAULT_IN[flow])
    assert found["violations"] == []
    assert found["histories"] > found["sites"] or flow in LONG_FLOWS


def test_no_operation_and_no_kind_of_fault_is_left_out() -> None:
    """Of the faults that `make prove` plays, each kind at each operation is played here too."""

    def kinds(one_in: Mapping[str, int]) -> set[tuple[str, FaultKind]]:
        played = (each for flow in FLOWS for each in single_faults(flow, one_in=one_in[flow]))
        return {(operation, fault.kind) for operation, fault in played}

    assert kinds(ONE_FAULT_IN) == kinds(dict.fromkeys(FLOWS, 1))


@pytest.mark.parametrize("name", LINED_UP)
def test_callback_poll_and_schedule_agree_in_any_order(name: str) -> None:
    found = interleave(name, ORDERS)
    assert found["violations"] == []
    assert found["orders"] == ORDERS


@pytest.mark.parametrize("knob", KNOBS, ids=lambda knob: knob.name)
def test_what_the_protocol_cannot_survive_is_shown(knob: Knob) -> None:
    violation = play(knob.plan).violation
    assert violation is not None
    assert violation.invariant == knob.breaks


@pytest.mark.parametrize("path", sorted(REGRESSIONS.glob("*.json")), ids=lambda path: path.stem)
def test_a_history_that_failed_once_holds_now(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    document.pop("broke")
    assert play(plan_from(document)).violation is None


def test_the_same_seed_gives_the_same_history() -> None:
    for seed in range(700_000, 700_000 + SAME_SEEDS):
        assert play_seed(seed).trace_hash == play_seed(seed).trace_hash


def test_a_plan_survives_being_written_down() -> None:
    plan = draw_plan(77)
    again = plan_from(json.loads(json.dumps(plan.document())))
    assert play(again).trace_hash == play(plan).trace_hash


@pytest.mark.parametrize(
    ("text", "is_shown"),
    [
        ("+254790000101", True),
        ("0790000101", True),
        ('"790000101"', True),
        ("EVENT#1790000101#MoneyUnclaimed", False),
        ("2547*****101", False),
    ],
)
def test_a_moment_is_no_phone_number(text: str, is_shown: bool) -> None:
    assert holds_number(text, "254790000101") is is_shown

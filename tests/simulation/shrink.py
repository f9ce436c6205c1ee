"""Finds the shortest list of decisions that fails: fewer doings, fewer faults, plainer days."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from .history import explicit, play
from .plan import Plan

ROUNDS_MAX = 6


def shrink(plan: Plan) -> Plan:
    """The smallest plan found that breaks the same invariant; `plan` itself must break one."""
    first = play(plan)
    assert first.violation is not None, "a plan that does not fail cannot be shrunk"
    invariant = first.violation.invariant
    plan = explicit(plan, first.fired)

    def fails(candidate: Plan) -> bool:
        violation = play(candidate).violation
        return violation is not None and violation.invariant == invariant

    for _ in range(ROUNDS_MAX):
        smaller = _round(plan, fails)
        if smaller == plan:
            break
        plan = smaller
    return plan


def _round(plan: Plan, fails: Callable[[Plan], bool]) -> Plan:
    """Try every simplification once, and keep each that still fails."""
    for number in reversed(range(len(plan.faults or ()))):
        candidate = replace(plan, faults=_without(plan.faults or (), number))
        plan = candidate if fails(candidate) else plan
    for number in reversed(range(len(plan.agenda))):
        candidate = replace(plan, agenda=_without(plan.agenda, number))
        plan = candidate if fails(candidate) else plan
    for scenarios in _plainer(plan.scenarios):
        candidate = replace(plan, scenarios=scenarios)
        plan = candidate if fails(candidate) else plan
    candidate = replace(plan, daraja={})
    return candidate if fails(candidate) else plan


def _without[T](items: tuple[T, ...], number: int) -> tuple[T, ...]:
    return items[:number] + items[number + 1 :]


def _plainer(
    scenarios: dict[str, list[dict[str, Any]]],
) -> Iterator[dict[str, list[dict[str, Any]]]]:
    """The days of each phone made normal, one after the other, latest first."""
    for phone, days in scenarios.items():
        for number in reversed(range(len(days))):
            if days[number] != {"person": "pays"}:
                plain = [*days[:number], {"person": "pays"}, *days[number + 1 :]]
                yield {**scenarios, phone: plain}

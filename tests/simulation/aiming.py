"""Histories that aim at decisions: faults strike mostly their writes, and people act during chaos.

In the usual histories a fault meets any call, and most of what people decide comes after the chaos.
Here a fault of any kind strikes four in ten of the writes of decisions, and people look at
everything several times while it lasts. In some, refunds are settled after a day. In some, Daraja
is silent for more than two days, so that news reaches payments that were given up.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from .faults import FaultKind
from .plan import BOMBER, HOUR, MINUTE, Plan, draw_plan, silence

AIMED_RATE, FAULT_RATE = 0.4, 0.03
LOOKS = 6
"""How often people look at everything during the chaos."""
SILENT_SHARE, SILENT_HOURS = 0.02, (49.0, 60.0)
LONG_SHARE, LONG_HOURS = 0.3, (24.5, 30.0)
"""So many histories with refunds last over a day: then people settle what M-Pesa left open."""
KINDS = tuple(str(kind) for kind in FaultKind)


def draw_aimed_plan(seed: int) -> Plan:
    """The plan of a seed, aimed."""
    plan, chance = draw_plan(seed), random.Random(f"aimed {seed}")
    is_bombed = any(item.get("client", "").startswith(BOMBER) for item in plan.agenda)
    is_silent = chance.random() < SILENT_SHARE and not is_bombed
    agenda, scenarios, heal_at = list(plan.agenda), plan.scenarios, max(plan.heal_at, 22 * MINUTE)
    if is_silent:
        heal_at = SILENT_HOURS[1] * HOUR
        agenda.append(silence(0.5, "html", heal_at))
        scenarios = {
            phone: [_late(chance, day) for day in days] for phone, days in scenarios.items()
        }
    is_long = plan.refunds and not is_silent and chance.random() < LONG_SHARE
    if is_long:
        heal_at = LONG_HOURS[1] * HOUR
    looks_from = SILENT_HOURS[0] * HOUR if is_silent else 5 * MINUTE
    agenda += _looks(chance, "operate", LOOKS, looks_from, heal_at)
    if is_long:
        agenda += _looks(chance, "operate_everywhere", LOOKS, LONG_HOURS[0] * HOUR, heal_at)
    return replace(
        plan,
        agenda=tuple(sorted(agenda, key=lambda item: (item["at"], item["name"]))),
        scenarios=scenarios,
        heal_at=heal_at,
        kinds=KINDS,
        fault_rate=FAULT_RATE,
        aimed_rate=AIMED_RATE,
    )


def _looks(
    chance: random.Random, do: str, times: int, begin: float, end: float
) -> list[dict[str, Any]]:
    moments = [round(begin + chance.random() * (end - begin), 3) for _ in range(times)]
    return [{"at": at, "name": f"look-{do}-{n}", "do": do} for n, at in enumerate(moments)]


def _late(chance: random.Random, day: dict[str, Any]) -> dict[str, Any]:
    """The callback of a day comes after the payment was given up."""
    if chance.random() < 0.3:
        return day
    return {**day, "callback_seconds": round(chance.uniform(*SILENT_HOURS) * HOUR, 3)}

"""Explores every world, and every world that needs a rule without it; says what was found."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from .rules import RULES, Rule, worlds
from .search import search

type Figures = dict[str, Any]


def explore_all(say: Callable[[str], None], names: Iterable[str] = ()) -> list[Figures]:
    """Each world with all rules, or the worlds that are named: nothing may break."""
    chosen = set(names)
    return [_world(name, say) for name in worlds() if not chosen or name in chosen]


def _world(name: str, say: Callable[[str], None]) -> Figures:
    world = worlds()[name]
    found = search(world)
    broken = [f"{what}: {' | '.join(way)}" for what, way in found.breaks.items()]
    say(f"{name}: {found.states:,} states, {found.steps:,} steps, {found.ends:,} ends")
    for each in broken:
        say(f"  BROKEN {each}")
    return {
        "world": name,
        "states": found.states,
        "steps": found.steps,
        "ends": found.ends,
        "broken": broken,
        "decisions": sorted(world.decisions),
    }


def take_out(rule: Rule, say: Callable[[str], None]) -> Figures:
    """The rule's world without it: the search ends where the first invariant breaks."""
    found = search(worlds(rule.name)[rule.world], stops_at_first=True)
    breaks = sorted(found.breaks)
    way = next(iter(found.breaks.values()), ())
    say(f"without {rule.name} ({rule.section}), in {rule.world}: {breaks or 'NOTHING BREAKS'}")
    say(f"  {found.states:,} states: {' | '.join(way)}")
    return {
        "rule": rule.name,
        "section": rule.section,
        "world": rule.world,
        "breaks": ", ".join(breaks),
        "states": found.states,
    }


def figures(say: Callable[[str], None]) -> Figures:
    """The whole: every world holds, and no rule can be taken out."""
    started = time.monotonic()
    explored = explore_all(say)
    decisions = sorted({name for each in explored for name in each.pop("decisions")})
    taken = [take_out(rule, say) for rule in RULES]
    return {
        "holds": not any(each["broken"] for each in explored) and all(t["breaks"] for t in taken),
        "states": sum(each["states"] for each in explored),
        "worlds": explored,
        "decisions": decisions,
        "rules": taken,
        "seconds": round(time.monotonic() - started),
    }

"""Hunts one mutant: the kept regressions, then seeds or a test, until something breaks."""

from __future__ import annotations

import json
import re
import sys
from itertools import chain
from typing import Any

from .catalogue import MUTANTS, TESTED_BY
from .hook import install

FIRST_SEED = 1_000_001


def hunt(name: str, seeds: int) -> int:
    """Print what caught it and after how many seeds, as JSON; 1 where nothing did.

    No seed was needed where a history that once broke the product breaks it. A mutant of
    `TESTED_BY` meets the kept histories and its tests, and no seeds.
    """
    mutant = next(each for each in MUTANTS if each.name == name)
    install(mutant)
    from tests.simulation.history import play, play_seed
    from tests.simulation.plan import kept_plans

    kept = (play(plan) for plan in kept_plans())
    tried = 0 if name in TESTED_BY else seeds
    random = (play_seed(FIRST_SEED + number) for number in range(tried))
    played = chain(((0, each) for each in kept), enumerate(random, 1))
    for number, outcome in played:
        violation = outcome.violation
        if violation is not None:
            says = re.sub("[0-9a-f]{32}", "a payment", str(violation))
            caught = {"caught_by": violation.invariant, "seeds": number, "says": says}
            sys.stdout.write(json.dumps({"name": name, "breaks": mutant.breaks, **caught}) + "\n")
            return 0
    red = _first_red(TESTED_BY[name]) if name in TESTED_BY else None
    found = {"name": name, "breaks": mutant.breaks, "caught_by": red, "seeds": tried}
    sys.stdout.write(json.dumps(found) + "\n")
    return 0 if red else 1


class _Red:
    """Keeps the first test that failed."""

    def __init__(self) -> None:
        self.name: str | None = None

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed and report.when == "call" and self.name is None:
            self.name = str(report.nodeid).rpartition("::")[2].partition("[")[0]


def _first_red(path: str) -> str | None:
    """The first test of a file that fails on the broken product."""
    import pytest

    red = _Red()
    pytest.main(["-x", "-q", "-p", "no:cacheprovider", path], plugins=[red])
    return red.name

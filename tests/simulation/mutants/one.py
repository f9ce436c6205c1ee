"""Hunts one mutant: the kept regressions, then seeds, until an invariant breaks."""

from __future__ import annotations

import json
import sys
from itertools import chain

from .catalogue import MUTANTS
from .hook import install

FIRST_SEED = 1_000_001


def hunt(name: str, seeds: int) -> int:
    """Print which invariant caught it and after how many seeds, as JSON; 1 where none did.

    No seed was needed where a history that once broke the product breaks it.
    """
    mutant = next(each for each in MUTANTS if each.name == name)
    install(mutant)
    from tests.simulation.history import play, play_seed
    from tests.simulation.plan import kept_plans

    kept = (play(plan) for plan in kept_plans())
    random = (play_seed(FIRST_SEED + number) for number in range(seeds))
    played = chain(((0, each) for each in kept), enumerate(random, 1))
    for number, outcome in played:
        violation = outcome.violation
        if violation is not None:
            caught = {"caught_by": violation.invariant, "seeds": number, "says": str(violation)}
            sys.stdout.write(json.dumps({"name": name, "breaks": mutant.breaks, **caught}) + "\n")
            return 0
    missed = {"name": name, "breaks": mutant.breaks, "caught_by": None, "seeds": seeds}
    sys.stdout.write(json.dumps(missed) + "\n")
    return 1

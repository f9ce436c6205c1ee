"""Hunts one mutant: seeds until an invariant breaks."""

from __future__ import annotations

import json
import sys

from .catalogue import MUTANTS
from .hook import install

FIRST_SEED = 1_000_001


def hunt(name: str, seeds: int) -> int:
    """Print which invariant caught it and after how many seeds, as JSON; 1 where none did."""
    mutant = next(each for each in MUTANTS if each.name == name)
    install(mutant)
    from tests.simulation.history import play_seed

    for number in range(seeds):
        violation = play_seed(FIRST_SEED + number).violation
        if violation is not None:
            caught = {"caught_by": violation.invariant, "seeds": number + 1, "says": str(violation)}
            sys.stdout.write(json.dumps({"name": name, "breaks": mutant.breaks, **caught}) + "\n")
            return 0
    missed = {"name": name, "breaks": mutant.breaks, "caught_by": None, "seeds": seeds}
    sys.stdout.write(json.dumps(missed) + "\n")
    return 1

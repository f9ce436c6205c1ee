"""Hunts every mutant, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..runner import play_seeds
from .catalogue import MUTANTS
from .edits import Mutant
from .hook import REPOSITORY
from .one import FIRST_SEED

SEEDS_MAX = 2000


def hunt_all(*, jobs: int, say: Callable[[str], None]) -> dict[str, Any]:
    """The table of mutants, each with what caught it; the product survives the same seeds."""

    def one(mutant: Mutant) -> dict[str, Any]:
        found = hunt_one(mutant)
        say(f"mutant {mutant.name}: {found['caught_by']} after {found['seeds']} seeds")
        return found

    unbroken = play_seeds(FIRST_SEED, SEEDS_MAX, jobs=jobs)
    say(f"the product itself: {len(unbroken.violations)} violations in the same seeds")
    with ThreadPoolExecutor(jobs) as pool:
        table = list(pool.map(one, MUTANTS))
    survivors = [each["name"] for each in table if each["caught_by"] is None]
    return {
        "holds": not survivors and not unbroken.violations,
        "violations_unbroken": unbroken.violations,
        "mutants": len(table),
        "killed": len(table) - len(survivors),
        "survivors": survivors,
        "table": table,
    }


def hunt_one(mutant: Mutant) -> dict[str, Any]:
    """Hunt in a fresh interpreter, whose product is broken as it is imported."""
    command = [sys.executable, "-m", "tests.simulation.mutants", mutant.name, str(SEEDS_MAX)]
    environment = {**os.environ, "PYTHONPATH": "shared:."}
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )
    try:
        found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        found = {"name": mutant.name, "caught_by": None, "seeds": 0, "says": last}
    return found

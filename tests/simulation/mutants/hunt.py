"""Hunts every mutant, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from threading import Lock
from typing import Any

from ..runner import play_seeds
from .catalogue import MUTANTS
from .edits import Mutant
from .hook import REPOSITORY
from .one import FIRST_SEED

SEEDS_MAX = 2000


def hunt_all(
    before: Mapping[str, Any],
    *,
    jobs: int,
    say: Callable[[str], None],
    keep: Callable[[dict[str, Any]], None],
) -> dict[str, Any]:
    """The table of mutants, each with what caught it; the product survives the same seeds.

    `before` is an earlier table: who was caught in it, and is the same mutant, is not hunted again.
    """
    found = {each.get("of", 0): each for each in before.get("table", ()) if each.get("caught_by")}
    found = {digest: each for digest, each in found.items() if digest}
    lock = Lock()
    unbroken = play_seeds(FIRST_SEED, SEEDS_MAX, jobs=jobs)
    say(f"the product itself: {len(unbroken.violations)} violations in the same seeds")

    def result() -> dict[str, Any]:
        table = [found[digest] for each in MUTANTS if (digest := digest_of(each)) in found]
        survivors = [each["name"] for each in table if each["caught_by"] is None]
        return {
            "holds": len(table) == len(MUTANTS) and not survivors and not unbroken.violations,
            "violations_unbroken": unbroken.violations,
            "mutants": len(MUTANTS),
            "killed": len(table) - len(survivors),
            "survivors": survivors,
            "table": table,
        }

    def one(mutant: Mutant) -> None:
        caught = hunt_one(mutant)
        say(f"mutant {mutant.name}: {caught['caught_by']} after {caught['seeds']} seeds")
        with lock:
            found[digest_of(mutant)] = {**caught, "of": digest_of(mutant)}
            keep(result())

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(one, [each for each in MUTANTS if digest_of(each) not in found]))
    return result()


def digest_of(mutant: Mutant) -> int:
    """What tells whether a mutant is the one that was hunted before."""
    return int(sha256(repr(mutant).encode()).hexdigest()[:12], 16)


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

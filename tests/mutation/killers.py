"""Hunts one mutant: unit tests, seeded histories, functional tests, each in a forked child.

The parent has imported what others wrote and nothing of the product, so that a child costs only the
import of the product and of the tests that reach the mutant.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from .mutants import REPOSITORY, Mutant, install
from .reach import ReachOf

KILLERS = ("unit", "histories", "functional")
SECONDS_MIN, SECONDS_FACTOR = 60, 20
"""The time limit of a child: a mutant that loops for ever is killed by it."""
LOG = REPOSITORY / ".local" / "mutation" / "child.log"
"""What the last child printed."""
MEMORY_BYTES = 6 * 2**30
BATCH_SECONDS = (5.0, 60.0)
"""A killer first uses its quickest tests that reach the mutant.

The last batch, with every row of its tests, is only for a mutant that has survived before.
"""
SEEDS_MAX = 8
PRELOADED = (
    *("boto3", "jwt", "aws_lambda_powertools.metrics", "pydantic", "greenlet", "hypothesis"),
    *("simulator.core", "tests.local.stack_fixture", "tests.support.log_scan"),
    *("tests.support.dynamodb", "tests.support.issuer"),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What killed a mutant; `by` is empty for a survivor."""

    by: str
    what: str
    seconds: float


def preload() -> None:
    """Import what every child needs and no mutant changes."""
    for name in PRELOADED:
        importlib.import_module(name)
    loaded = [name for name in sys.modules if name.startswith("payments")]
    assert not loaded, loaded


def hunt(mutant: Mutant, reach_of: ReachOf, *, thorough: bool = False) -> Verdict:
    """The first killer that notices the mutant."""
    started = time.monotonic()
    for is_last in (False, True)[: 1 + thorough]:
        for killer in KILLERS:
            for names in batches(mutant, killer, reach_of)[int(is_last) : 1 + is_last]:
                expected = sum(reach_of[killer][name].seconds for name in names)
                limit = SECONDS_MIN + SECONDS_FACTOR * expected
                what = in_child(partial(_notices, mutant, killer, names, is_last), limit)
                if what:
                    return Verdict(killer, str(what), round(time.monotonic() - started, 1))
    return Verdict("", "", round(time.monotonic() - started, 1))


def batches(mutant: Mutant, killer: str, reach_of: ReachOf) -> list[list[str]]:
    """The names of tests, or seeds, that reach the mutant: the quickest first."""
    reached = [
        (reach.seconds, name) for name, reach in reach_of[killer].items() if reach.touches(mutant)
    ]
    reached.sort()
    if killer == "histories":
        return [[name for _, name in reached[:SEEDS_MAX]]] if reached else []
    found = []
    for limit in BATCH_SECONDS:
        spent = accumulate(seconds for seconds, _ in reached)
        batch = [
            name
            for (each, name), so_far in zip(reached, spent, strict=True)
            if so_far - each < limit
        ]
        found.append(batch)
    return found if reached else []


def _notices(mutant: Mutant, killer: str, names: Sequence[str], all_rows: bool) -> str:
    install(mutant)
    return _play(names) if killer == "histories" else _run(names, all_rows)


def _play(seeds: Sequence[str]) -> str:
    seed = "none"
    try:
        from tests.simulation.history import play_seed

        for seed in seeds:
            violation = play_seed(int(seed)).violation
            if violation is not None:
                return f"seed {seed}: {violation.invariant}"
    except BaseException as error:  # the engine refuses a request that AWS would
        return f"seed {seed}: {type(error).__name__}"
    return ""


class _Chosen:
    """A pytest plugin: runs the tests of a list in its order, and keeps the first that fails."""

    def __init__(self, names: Sequence[str], all_rows: bool) -> None:
        self._all_rows = all_rows
        self._rank = {self._name(name): rank for rank, name in enumerate(names)}
        self.failed = ""

    def _name(self, nodeid: str) -> str:
        return nodeid.partition("[")[0] if self._all_rows else nodeid

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        chosen = [item for item in items if self._name(item.nodeid) in self._rank]
        items[:] = sorted(chosen, key=lambda item: self._rank[self._name(item.nodeid)])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.failed:
            self.failed = report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and not self.failed:
            self.failed = f"{report.nodeid} (import)"


def _run(names: Sequence[str], all_rows: bool) -> str:
    chosen = _Chosen(names, all_rows)
    files = list(dict.fromkeys(name.partition("::")[0] for name in names))
    plain = ["-x", "-q", "-p", "no:xdist", *files]
    status = pytest.main(plain, plugins=[chosen])
    assert status != pytest.ExitCode.NO_TESTS_COLLECTED, names
    if status == pytest.ExitCode.OK:
        return ""
    return chosen.failed or f"pytest ends with {int(status)}"


def in_child(work: Callable[[], Any], seconds: float, log: Path = LOG) -> Any:
    """The answer of a forked child, which must be JSON; "time limit" where it takes too long."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _answer(work, writing, log)
    os.close(writing)
    deadline = time.monotonic() + seconds
    with os.fdopen(reading, "rb") as pipe:
        os.set_blocking(reading, False)
        answer = b""
        while True:
            answer += pipe.read() or b""
            done, _ = os.waitpid(child, os.WNOHANG)
            if done:
                answer += pipe.read() or b""
                break
            if time.monotonic() > deadline:
                os.killpg(child, signal.SIGKILL)
                os.waitpid(child, 0)
                return "time limit"
            time.sleep(0.02)
    if not answer:
        return "the process ends"
    said = json.loads(answer)
    if "error" in said:
        raise RuntimeError(said["error"])
    return said["answer"]


def _answer(work: Callable[[], Any], writing: int, log: Path) -> None:
    os.setpgid(0, 0)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as quiet:
        os.dup2(quiet.fileno(), 1)
        os.dup2(quiet.fileno(), 2)
        try:
            answer = json.dumps({"answer": work()}).encode()
        except BaseException as error:
            answer = json.dumps({"error": repr(error)}).encode()
        os.write(writing, answer)
        os._exit(0)

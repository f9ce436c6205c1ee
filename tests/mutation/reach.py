"""Which lines of the mutated rooms each test and each seed reaches, by Python's own monitoring."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from types import CodeType

import pytest

from .mutants import REPOSITORY, ROOMS, Mutant, modules, source_of, watch_imports

KEPT = REPOSITORY / ".local" / "mutation" / "reach.json"
UNIT = (
    "tests/unit/payments",
    "tests/unit/test_authentication*.py",
    "tests/unit/test_fuzz_parsers.py",
    "tests/unit/test_parameter_extremes.py",
    "tests/unit/tools/test_hakika_*.py",
)
"""The other unit tests are about pages, the template, the tools and the simulator."""
FUNCTIONAL = ("tests/functional",)
FIRST_SEED, SEEDS = 1, 60
CASES_MAX = 2
"""Of a functional test with a table, so many rows are mapped: each row plays a whole deployment."""
TOOL = sys.monitoring.COVERAGE_ID


@dataclass(slots=True)
class Reach:
    """What one test, or one seed, reaches: lines by module. Units: seconds of the processor.

    No lines: the module has changed since, so that only the module is known to be reached.
    """

    seconds: float
    lines: dict[str, list[int]]

    def touches(self, mutant: Mutant) -> bool:
        """Whether it runs the mutant's lines; of what an import runs, any line of the module."""
        lines = self.lines.get(mutant.module)
        if lines is None or not lines or mutant.at_import:
            return lines is not None
        first, last = mutant.lines
        return any(first <= line <= last for line in lines)


type ReachOf = dict[str, dict[str, Reach]]


@dataclass(slots=True)
class Recorder:
    """Collects lines while it is on; as a pytest plugin, those of each test that passes."""

    found: dict[str, Reach] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)
    _lines: set[tuple[str, int]] = field(default_factory=set)
    _failed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for room in ROOMS:
            self._names |= {str(source_of(module)): module for module in modules(room)}

    @contextmanager
    def on(self) -> Iterator[None]:
        """Watch the modules of the rooms, which the block is the first to import."""
        sys.monitoring.use_tool_id(TOOL, "hakika mutants")
        sys.monitoring.register_callback(TOOL, sys.monitoring.events.LINE, self._line)
        watch_imports(self._names.values(), _watch)
        yield
        sys.monitoring.free_tool_id(TOOL)

    @contextmanager
    def one(self, name: str) -> Iterator[None]:
        """Record what the block reaches under this name."""
        self._lines.clear()
        started = time.process_time()
        yield
        seconds = round(time.process_time() - started, 3)
        lines: dict[str, list[int]] = {}
        for path, line in sorted(self._lines):
            lines.setdefault(self._names[path], []).append(line)
        self.found[name] = Reach(seconds, lines)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out further rows of a functional test."""
        rows = Counter[str]()
        chosen = []
        for item in items:
            function = item.nodeid.partition("[")[0]
            rows[function] += 1
            if rows[function] <= CASES_MAX or not function.startswith(FUNCTIONAL):
                chosen.append(item)
        items[:] = chosen

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, bool, bool]:
        """Record each test."""
        with self.one(item.nodeid):
            return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test that does not pass on the product itself cannot kill; its name is printed."""
        if report.failed:
            sys.stderr.write(f"does not pass here: {report.nodeid}\n")
            self._failed.add(report.nodeid)

    def passed(self) -> dict[str, Reach]:
        """What passed and reaches a room."""
        return {
            name: reach
            for name, reach in self.found.items()
            if reach.lines and name not in self._failed
        }

    def _line(self, code: CodeType, line: int) -> None:
        # Never disabled: to enable every line anew for each test costs more than to count it.
        self._lines.add((code.co_filename, line))


def _watch(code: CodeType) -> None:
    sys.monitoring.set_local_events(TOOL, code, sys.monitoring.events.LINE)
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            _watch(inner)


def record_tests(places: tuple[str, ...]) -> dict[str, Reach]:
    """Run these tests, by pattern or by id, on the product as it is."""
    recorder = Recorder()
    files = [name for place in places for name in _named(place)]
    with recorder.on():
        pytest.main(["-q", "-p", "no:xdist", *files], plugins=[recorder])
    return recorder.passed()


def _named(place: str) -> list[str]:
    return [place] if "::" in place else [str(path) for path in sorted(REPOSITORY.glob(place))]


def record_seeds() -> dict[str, Reach]:
    """Play these seeds on the product as it is."""
    recorder = Recorder()
    with recorder.on():
        from tests.simulation.history import play_seed

        for seed in range(FIRST_SEED, FIRST_SEED + SEEDS):
            with recorder.one(str(seed)):
                assert play_seed(seed).violation is None, seed
    return recorder.passed()


def keep(reach_of: ReachOf) -> None:
    """Write the map; it belongs to this machine and is made anew where it is missing."""
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    tests = {
        killer: {name: [reach.seconds, reach.lines] for name, reach in found.items()}
        for killer, found in reach_of.items()
    }
    document = {"sources": _sources(), "tests": tests}
    KEPT.write_text(json.dumps(document), encoding="utf-8")


def kept() -> ReachOf:
    """The map as it was written; empty where there is none."""
    if not KEPT.exists():
        return {}
    document = json.loads(KEPT.read_text(encoding="utf-8"))
    now = _sources()
    changed = {name for name, digest in document["sources"].items() if now.get(name) != digest}
    return {
        killer: {
            name: Reach(seconds, {m: [] if m in changed else own for m, own in lines.items()})
            for name, (seconds, lines) in found.items()
        }
        for killer, found in document["tests"].items()
    }


def _sources() -> dict[str, str]:
    names = [module for room in ROOMS for module in modules(room)]
    return {name: sha256(source_of(name).read_bytes()).hexdigest() for name in names}

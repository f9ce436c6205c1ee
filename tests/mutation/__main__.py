"""`python -m tests.mutation`: draws generated mutants and hunts them, one after the other."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable

from tests.simulation.page import COMMITTED, write_page
from tests.simulation.written import commit, say

from . import reach
from .killers import hunt, in_child, preload
from .mutants import ROOMS, Mutant, mutants_of
from .sample import PENDING, SURVIVED, Drawn, Sample, equivalents, figures, read_sample

PERCENT_MIN = 95
WRITTEN_EVERY = 3
MAP_SECONDS = 3600


def main() -> int:
    """Run the command that was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    draw = commands.add_parser("draw", help="append mutants to the sample")
    draw.add_argument("room", choices=[*ROOMS])
    draw.add_argument("seed", type=int)
    draw.add_argument("count", type=int)
    run = commands.add_parser("run", help="hunt each mutant that has no verdict yet")
    run.add_argument("--survivors", action="store_true", help="hunt survivors again, and longer")
    run.add_argument("--map", action="store_true", help="first find anew which test reaches what")
    run.add_argument("--room", choices=[*ROOMS], help="only mutants of one room")
    run.add_argument("--learn", nargs="+", help="tests that were written since the map")
    run.add_argument("--most", type=int, default=100_000, help="stop after so many")
    one = commands.add_parser("one", help="hunt one mutant of the sample, and write nothing")
    one.add_argument("id")
    commands.add_parser("page", help="write the figures into docs/proof.json and its pages")
    given = parser.parse_args()
    match given.command:
        case "draw":
            sample = read_sample()
            sample.draw(given.room, seed=given.seed, count=given.count, commit=commit())
            sample.write()
            return 0
        case "run":
            return _run(given)
        case "one":
            return _one(given.id)
        case _:
            return _publish(read_sample())


def _run(given: argparse.Namespace) -> int:
    preload()
    if given.map:
        reach.KEPT.unlink(missing_ok=True)
    _make_map()
    known = reach.kept()
    _learn(given.learn or [])
    reach_of, sample, source = reach.kept(), read_sample(), commit()
    for killer, found in reach_of.items():
        for name in found.keys() - known[killer].keys():
            found[name].seconds = 0.0  # a new test was written against a survivor: it comes first
    argued = equivalents()
    wanted = {PENDING, SURVIVED} if given.survivors else {PENDING}
    left = [
        each
        for each in sample.drawn
        if each.verdict in wanted
        and given.room in (None, each.room)
        and not (each.verdict == SURVIVED and each.id in argued)
    ]
    for number, drawn in enumerate(left[: given.most], start=1):
        mutant = _find(drawn)
        verdict = hunt(mutant, reach_of, thorough=given.survivors) if mutant is not None else None
        settled = sample.settle(drawn, verdict, commit=source)
        say(f"{number}/{len(left)} {settled.id} {settled.verdict} {settled.by} {settled.what}")
        if number % WRITTEN_EVERY == 0:
            sample.write()
    sample.write()
    return _publish(sample)


def _one(name: str) -> int:
    preload()
    drawn = next(each for each in read_sample().drawn if each.id == name)
    mutant = _find(drawn)
    if mutant is None:
        raise SystemExit("its place in the source is gone")
    say(f"{drawn.module}:{mutant.lines[0]} {drawn.function}: {drawn.says}")
    verdict = hunt(mutant, reach.kept(), thorough=True)
    say(f"{verdict.by or 'survived'} {verdict.what} {verdict.seconds} s")
    return 0 if verdict.by else 1


def _find(drawn: Drawn) -> Mutant | None:
    return next((each for each in mutants_of(drawn.module) if each.id == drawn.id), None)


def _make_map() -> None:
    """Make each part that is missing, in a child: this process never imports the product."""
    parts = {
        "unit": lambda: reach.record_tests(reach.UNIT),
        "histories": reach.record_seeds,
        "functional": lambda: reach.record_tests(reach.FUNCTIONAL),
    }
    for killer, record in parts.items():
        if killer not in reach.kept():
            _record(killer, record)


def _learn(files: list[str]) -> None:
    for killer in ("unit", "functional"):
        own = tuple(each for each in files if each.startswith(f"tests/{killer}/"))
        if own:
            _record(killer, lambda own=own: reach.record_tests(own))  # type: ignore[misc]


def _record(killer: str, record: Callable[[], dict[str, reach.Reach]]) -> None:
    def add() -> int:
        found = record()
        known = reach.kept()
        reach.keep({**known, killer: known.get(killer, {}) | found})
        return len(found)

    say(f"finding what {killer} reaches ...")
    say(f"{killer}: {in_child(add, MAP_SECONDS)}")


def _publish(sample: Sample) -> int:
    found = figures(sample, equivalents())
    rooms = found["rooms"].values()
    shares = [each["percent_killed"] or 0 for each in rooms]
    found["holds"] = min(shares, default=0) >= PERCENT_MIN and not any(r["pending"] for r in rooms)
    proof = json.loads(COMMITTED.read_text(encoding="utf-8"))
    proof["generated_mutants"] = found
    COMMITTED.write_text(json.dumps(proof, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    write_page()
    return 0 if found["holds"] else 1


if __name__ == "__main__":
    sys.exit(main())

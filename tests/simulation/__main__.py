"""`python -m tests.simulation prove`, and the smaller things one does with histories."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from .history import explicit, play
from .invariants.view import ViolationError
from .plan import REGRESSIONS, Plan, draw_plan, plan_from
from .shrink import shrink


def main() -> int:
    """Run the command that was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    prove = commands.add_parser("prove", help="the whole proof; writes docs/proof.json")
    prove.add_argument(
        "--histories", type=int, help="so many in all: 250,000, 50,000 aimed or 10,000 versions"
    )
    prove.add_argument("--first", type=int, help="a seed that no run has played")
    prove.add_argument("--jobs", type=int, default=2)
    prove.add_argument(
        "--parts",
        default="model,histories,aimed,versions,pull_alone,same,sweep,interleavings,mutants,knobs",
    )
    replay = commands.add_parser("replay", help="a seed, or a plan's file, with its trace")
    replay.add_argument("what")
    less = commands.add_parser("shrink", help="the shortest plan that fails as this seed does")
    less.add_argument("seed", type=int)
    less.add_argument("name")
    commands.add_parser("page", help="write the figures of docs/proof.json into its pages")
    given = parser.parse_args()
    match given.command:
        case "prove":
            from .proof import prove as run

            return run(given)
        case "page":
            from .page import write_page

            write_page()
            return 0
        case "replay":
            return _replay(given.what)
        case _:
            return _shrink(given.seed, given.name)


def _replay(what: str) -> int:
    plan = draw_plan(int(what)) if what.isdigit() else plan_from(json.loads(Path(what).read_text()))
    return 1 if _told(plan) else 0


def _shrink(seed: int, name: str) -> int:
    plan = shrink(draw_plan(seed))
    outcome = play(plan)
    document = {"broke": str(outcome.violation), **explicit(plan, outcome.fired).document()}
    (REGRESSIONS / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")
    _told(plan_from(document))
    return 0


def _told(plan: Plan) -> ViolationError | None:
    """Play a plan, print its trace, and return what it broke."""
    outcome = play(plan, traces=True)
    sys.stdout.write("\n".join(outcome.lines) + f"\n{outcome.violation or 'no violation'}\n")
    return outcome.violation


if __name__ == "__main__":
    raise SystemExit(main())

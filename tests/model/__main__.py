"""`python -m tests.model explore`, `without RULE`, `rules`, or `prove`, which writes proof.json."""

from __future__ import annotations

import argparse
import sys

from .explore import explore_all, take_out
from .rules import RULES


def main() -> int:
    """Run the command that was asked for; 0 where all is as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.model", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    explore = commands.add_parser("explore", help="every state of each world")
    explore.add_argument("world", nargs="*")
    explore.add_argument("--all-rules", action="store_true", help="then without each rule in turn")
    commands.add_parser("without", help="what breaks without a rule").add_argument("rule")
    commands.add_parser("rules", help="the rules, their sections and worlds")
    commands.add_parser("prove", help="everything; writes docs/proof.json and its pages")
    given = parser.parse_args()
    match given.command:
        case "explore":
            broken = any(each["broken"] for each in explore_all(_say, given.world))
            left = [take_out(rule, _say) for rule in RULES if given.all_rules]
            return 1 if broken or not all(each["breaks"] for each in left) else 0
        case "without":
            chosen = [rule for rule in RULES if rule.name == given.rule]
            return 0 if chosen and take_out(chosen[0], _say)["breaks"] else 1
        case "rules":
            for rule in RULES:
                _say(f"{rule.section:6} {rule.name}: {rule.world}")
            return 0
        case _:
            from tests.simulation.proof import prove

            return prove(argparse.Namespace(parts="model"))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    raise SystemExit(main())

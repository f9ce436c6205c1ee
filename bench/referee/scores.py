"""The scores in docs/referee.md, made from the reports: `python -m bench.referee.scores`.

A report is what `python -m simulator referee --report` writes; its file's name is the subject's.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from simulator.referee.plays import PLAYS
from simulator.referee.rules import Rule

REPORTS = Path(__file__).parent / "reports"
DOCUMENT = Path(__file__).parents[2] / "docs" / "referee.md"
BEGIN, END = "<!-- scores -->\n", "<!-- /scores -->"
_JOURNAL_LINES_MAX = 12
_WITH_ACTS = {each.name for each in PLAYS if each.acts}
Report = dict[str, Any]


def read_reports() -> list[Report]:
    """Every report, the best score first."""
    reports = [json.loads(file.read_text()) for file in REPORTS.glob("*.json")]
    return sorted(reports, key=lambda each: (-each["kept"], each["subject"]))


def with_scores(text: str, reports: Sequence[Report]) -> str:
    """The document with the table of scores, and the journal of each broken rule."""
    before, _, rest = text.partition(BEGIN)
    parts = [score_table(reports), *(_broken(each) for each in reports if each["broken_rules"])]
    return f"{before}{BEGIN}\n" + "\n\n".join(parts) + f"\n\n{END}{rest.partition(END)[2]}"


def score_table(reports: Sequence[Report]) -> str:
    """One row for each rule: how many of its plays each subject kept."""
    head = ["rule", "plays", *(each["subject"] for each in reports)]
    rows = [head, ["---"] * len(head)]
    for rule in Rule:
        plays = sum(each.at_stake is rule for each in PLAYS)
        rows.append([str(rule), str(plays), *(_cell(each, rule) for each in reports)])
    rows.append(["**all**", str(len(PLAYS)), *(f"**{each['kept']}**" for each in reports)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cell(report: Report, rule: Rule) -> str:
    kept = sum(
        each["at_stake"] == rule and each["was_played"] and not each["losses"]
        for each in report["played"]
    )
    return f"{kept}, broken" if rule in report["broken_rules"] else str(kept)


def _broken(report: Report) -> str:
    blocks = [f"### {report['subject']}: one journal for each broken rule"]
    for rule in report["broken_rules"]:
        lost = [e for e in report["played"] if rule in {loss[0] for loss in e["losses"]}]
        lost.sort(key=lambda each: each["name"] in _WITH_ACTS)  # one click tells the most
        if not lost:
            continue
        others = "" if len(lost) == 1 else f", and {len(lost) - 1} more"
        sentence = next(loss[1] for loss in lost[0]["losses"] if loss[0] == rule)
        journal = "\n".join(lost[0]["journal"][:_JOURNAL_LINES_MAX])
        blocks.append(
            f'**{rule}**: "{lost[0]["name"]}"{others}. {sentence[0].upper()}{sentence[1:]}.\n\n'
            f"```\n{journal}\n```"
        )
    return "\n\n".join(blocks)


if __name__ == "__main__":
    DOCUMENT.write_text(with_scores(DOCUMENT.read_text(), read_reports()))

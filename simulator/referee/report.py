"""The score: rules kept and broken, and for each broken rule what the journal shows."""

from collections.abc import Sequence
from typing import Any

from simulator.referee.rules import MEANINGS, Rule
from simulator.referee.stage import Played

Document = dict[str, Any]
_JOURNAL_LINES_MAX = 24
_NOT_TOLD = ("control", "sms")


def is_kept(played: Played) -> bool:
    """Whether the play was really played and no rule was broken in it."""
    return played.judgement.was_played and not played.judgement.losses


def broken_rules(all_played: Sequence[Played]) -> set[Rule]:
    """The rules that were broken anywhere, or that the backend did not let anybody test."""
    broken = {loss.rule for each in all_played for loss in each.judgement.losses}
    return broken | {each.play.at_stake for each in all_played if not each.judgement.was_played}


def score_table(all_played: Sequence[Played]) -> str:
    """A Markdown table: each rule with its plays, and whether it was kept."""
    rows = ["| rule | plays | kept | means |", "|---|---|---|---|"]
    broken = broken_rules(all_played)
    for rule in Rule:
        at_stake = [each for each in all_played if each.play.at_stake is rule]
        kept = sum(is_kept(each) for each in at_stake)
        word = "broken" if rule in broken else "kept" if at_stake else "not tested"
        rows.append(f"| {rule}: {word} | {len(at_stake)} | {kept} | {MEANINGS[rule]} |")
    kept = sum(is_kept(each) for each in all_played)
    rows.append(f"| **all** | {len(all_played)} | **{kept}** | |")
    return "\n".join(rows)


def losses_text(all_played: Sequence[Played], *, with_journal: bool = True) -> str:
    """Every play that was lost or not played, with its journal."""
    blocks = []
    for each in all_played:
        if is_kept(each):
            continue
        said = [f"{loss.rule}: {loss.sentence}" for loss in each.judgement.losses]
        if not each.judgement.was_played:
            said.append(f"not played: {each.judgement.why_not}")
        lines = [f"{each.play.name}", *(f"  {line}" for line in said)]
        if with_journal:
            lines += [f"    {line}" for line in journal_lines(each.journal)]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def document(all_played: Sequence[Played], subject: str) -> Document:
    """The whole report, ready for JSON."""
    return {
        "subject": subject,
        "plays": len(all_played),
        "kept": sum(is_kept(each) for each in all_played),
        "broken_rules": sorted(broken_rules(all_played)),
        "played": [
            {
                "name": each.play.name,
                "at_stake": each.play.at_stake,
                "was_played": each.judgement.was_played,
                "losses": [[loss.rule, loss.sentence] for loss in each.judgement.losses],
                "last_word": each.looks[-1].verdict.status if each.looks else None,
                "journal": [] if is_kept(each) else journal_lines(each.journal),
            }
            for each in all_played
        ],
    }


def journal_lines(journal: Sequence[Document]) -> list[str]:
    """The journal in short lines, without phone numbers and ids. Units: seconds since the first."""
    if not journal:
        return ["the simulator saw nothing of this order"]
    start = min(each["at"] for each in journal)
    told = [each for each in journal if each["kind"] not in _NOT_TOLD]
    in_order = sorted(told, key=lambda each: float(each["at"]))
    lines = [f"{each['at'] - start:6.1f} s  {_line(each)}" for each in in_order]
    return lines[:_JOURNAL_LINES_MAX]


def _line(entry: Document) -> str:
    match entry["kind"]:
        case "request":
            path = str(entry["path"]).rsplit("/", 1)[-1]
            return f"{path} answered {entry['status']} ({entry['transport']})"
        case "money":
            return f"debit of KES {entry['amount_kes']}"
        case "result":
            return f"result {entry['result_code']}"
        case "callback_posted":
            return "callback posted"
        case "callback_answered":
            return f"callback answered {entry['status']}"
        case "prompt":
            return f"prompt {entry['what']}"
    return str(entry.get("what") or entry["kind"])

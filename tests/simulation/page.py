"""Writes the figures of docs/proof.json into docs/proof.md, and row by row beside it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
COMMITTED = REPOSITORY / "docs" / "proof.json"
PAGE = REPOSITORY / "docs" / "proof.md"
TABLES = PAGE.with_stem("proof-tables")
BEGINS, ENDS = "<!-- generated: figures -->", "<!-- end of the figures -->"
WIDTH = 116

type Lines = Iterator[str]


def write_page() -> None:
    """Bring both pages up to date."""
    proof = json.loads(COMMITTED.read_text(encoding="utf-8"))
    for page, lines in ((PAGE, figures(proof)), (TABLES, tables(proof))):
        page.write_text(with_figures(page.read_text(encoding="utf-8"), lines))


def with_figures(page: str, lines: Lines) -> str:
    """The page with these lines between its marks. Errors: ValueError where it has no marks."""
    head, _, rest = page.partition(BEGINS)
    _, found, tail = rest.partition(ENDS)
    if not found:
        raise ValueError(f"the page lacks {BEGINS} or {ENDS}")
    return f"{head}{BEGINS}\n\n{chr(10).join(lines)}\n\n{ENDS}{tail}"


def figures(proof: dict[str, Any]) -> Lines:
    """One sentence for each judge."""
    for found in (*proof.get("earlier", ()), proof["histories"]):
        yield from _wrapped(_histories(f"Rules of {found.get('rules', 'one prompt')}", found))
    for part, sentence in (
        ("aimed", partial(_histories, "Aimed at the writes of decisions")),
        ("decisions_met", _decisions),
        ("pull_alone", _pull_alone),
        ("versions", _versions),
        ("second_opinion", _second_opinion),
    ):
        if part in proof:
            yield from _wrapped(sentence(proof[part]))
    for run in proof.get("long_day", {}).get("runs", ()):
        yield from _wrapped(_long_day(run))
    yield from _wrapped(
        f"- Same seeds twice: {proof['same']['seeds']:,}. Histories of the sweep: "
        f"{proof['sweep']['histories']:,}. Orders: {proof['interleavings']['orders']:,}."
    )
    yield from _wrapped(_model(proof["model"]))
    mutants = proof["mutants"]
    yield from _wrapped(
        f"- Mutants by name: {mutants['killed']} of {len(mutants['table'])} hunted were caught."
    )
    for room, found in proof["generated_mutants"]["rooms"].items():
        yield from _wrapped(
            f"- Generated mutants of room `{room}`: {found['drawn']:,} drawn, {found['killed']:,} "
            f"caught, {found['equivalent']:,} equivalent, {found['gone']:,} gone with their lines, "
            f"{found['surviving']:,} surviving: {found['percent_killed']} % caught."
        )


def tables(proof: dict[str, Any]) -> Lines:
    """What the sentences count, row by row."""
    yield from ("## Orders of two witnesses of a receipt", "")
    yield from ("| first, then second | met |", "|---|---|")
    yield from (f"| {pair} | {count:,} |" for pair, count in proof["histories"]["pairs"].items())
    yield from _gaps(proof["decisions_met"])
    yield from _worlds(proof["model"])
    yield from _mutants(proof["mutants"])
    yield from _generated(proof["generated_mutants"])


def _histories(what: str, found: dict[str, Any]) -> str:
    return (
        f"- {what}: {found['histories']:,} histories {_stretches(found)}, "
        f"{found['calls_total']:,} network calls, {found['faults_total']:,} faults, "
        f"{found['violations_total']} violations."
    )


def _decisions(met: dict[str, Any]) -> str:
    return (
        f"- Faults by state, evidence and fault, at the write of a decision: {met['met']:,} of "
        f"{met['possible']:,} that are possible ({met['percent']} %) struck in "
        f"{met['histories']:,} of these histories."
    )


def _versions(found: dict[str, Any]) -> str:
    calls = found["outcomes"]
    return (
        f"- 0.1.1 beside this release: {found['histories']:,} histories "
        f"{_stretches(found)}, {calls['invocations: 0.1.1']:,} calls of 0.1.1, "
        f"{calls['invocations: this release']:,} of this release, "
        f"{found['faults_total']:,} faults, {found['violations_total']} violations."
    )


def _second_opinion(found: dict[str, Any]) -> str:
    return (
        f"- On AWS's own engine: {found['histories']:,} short histories {_stretches(found)}, "
        f"{found['invocations']:,} calls in processes of their own, {found['kills']:,} of them "
        f"killed, {found['payments']:,} payments, {len(found['violations'])} violations."
    )


def _long_day(run: dict[str, Any]) -> str:
    return (
        f"- The whole local stack for {run['minutes']:g} minutes: {run['requests']:,} requests "
        f"over HTTP, {run['payments']:,} payments, {run['debits']:,} debits, {run['kills']:,} "
        f"function processes killed, the emulator paused {run['pauses']:,} times, "
        f"{len(run['violations'])} differences from the statement."
    )


def _stretches(found: dict[str, Any]) -> str:
    runs = len(found["runs"])
    return f"in {runs} {'stretch' if runs == 1 else 'stretches'} of seeds"


def _pull_alone(found: dict[str, Any]) -> str:
    whole, failed = found["all runs finish"], found["one run fails"]
    return (
        f"- Everything lost but Pull: {whole['receipts']} receipts were on file at most "
        f"{whole['longest_minutes']} minutes after Pull listed them. With one failed run: "
        f"{failed['receipts']} receipts, at most {failed['longest_minutes']} minutes."
    )


def _model(found: dict[str, Any]) -> str:
    worlds, rules = found["worlds"], found["rules"]
    broken = sum(bool(each["broken"]) for each in worlds)
    missed = sum(not each["breaks"] for each in rules)
    return (
        f"- The model: {found['states']:,} states of {len(worlds)} worlds, {broken} of them "
        f"broken. Rules taken out: {len(rules)}, of which {missed} broke nothing."
    )


def _gaps(met: dict[str, Any]) -> Lines:
    yield from ("", "## Faults that no decision met", "")
    yield from _wrapped(
        "A decision is a payment's state and the evidence that came. It is possible where the "
        f"model writes it in some state, or a history wrote it: {met['decisions']:,} are. "
        "Those marked * only the model wrote."
    )
    yield from ("", "| state, evidence | kinds of fault that never met its write |", "|---|---|")
    for decision, kinds in met["gaps"].items():
        mark = " *" if decision in met["never_written"] else ""
        yield f"| {decision}{mark} | {', '.join(kinds)} |"


def _worlds(found: dict[str, Any]) -> Lines:
    yield from ("", "## The model's worlds, and its rules", "")
    yield from ("| world | states | steps |", "|---|---|---|")
    yield from (
        f"| {each['world']} | {each['states']:,} | {each['steps']:,} |" for each in found["worlds"]
    )
    yield from ("", "| rule taken out | section | breaks | states tried |", "|---|---|---|---|")
    for each in found["rules"]:
        tried = f"{each['states']:,}"
        yield f"| {each['rule']} | {each['section']} | {each['breaks'] or 'nothing'} | {tried} |"


def _mutants(found: dict[str, Any]) -> Lines:
    from .mutants.catalogue import MUTANTS

    hunted = {each["name"] for each in found["table"]}
    left = [mutant.name for mutant in MUTANTS if mutant.name not in hunted]
    yield from ("", "## Mutants by name", "")
    yield from ("| mutant (the rule it takes out) | caught by | seeds |", "|---|---|---|")
    for each in found["table"]:
        yield f"| {each['name']} | {each['caught_by'] or 'not caught'} | {each['seeds']:,} |"
    if left:
        yield from ("", "Not hunted yet:", "")
        yield from (f"- {name}" for name in left)


def _generated(drawn: dict[str, Any]) -> Lines:
    draws = ", ".join(
        f"{draw['mutants']} of {draw['of']:,} from {draw['room']} by seed {draw['seed']}"
        for draw in drawn["draws"]
    )
    yield from ("", "## Generated mutants", "")
    yield from _wrapped(f"Drawn at random: {draws}.")
    names = ("drawn", "unit", "histories", "functional", "equivalent", "surviving", "not hunted")
    yield from ("", f"| room | {' | '.join(names)} | killed |", f"|---|{'---|' * (len(names) + 1)}")
    for room, found in drawn["rooms"].items():
        left = (found["equivalent"], found["surviving"], found["pending"])
        killed = (found["killed_by"][name] for name in names[1:4])
        cells = (found["drawn"], *killed, *left)
        counts = " | ".join(f"{count:,}" for count in cells)
        yield f"| {room} | {counts} | {found['percent_killed']} % |"
    if drawn["survivors"]:
        yield from ("", "Survivors:", "")
    for each in drawn["survivors"]:
        where = f"{each['module'].removeprefix('payments.')}, `{each['function']}`"
        says = each["says"].replace("...", "and so on")
        yield from _wrapped(f"- {where}: {says}")


def _wrapped(text: str) -> list[str]:
    indent = "  " if text.startswith("- ") else ""
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_long_words=False)

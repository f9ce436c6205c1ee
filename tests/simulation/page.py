"""Writes the figures of docs/proof.json into docs/proof.md, between two marks."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
COMMITTED = REPOSITORY / "docs" / "proof.json"
PAGE = REPOSITORY / "docs" / "proof.md"
BEGINS, ENDS = "<!-- generated: figures -->", "<!-- end of the figures -->"
WIDTH = 116


def write_page() -> None:
    """Bring docs/proof.md up to date."""
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(with_figures(page, json.loads(COMMITTED.read_text(encoding="utf-8"))))


def with_figures(page: str, proof: dict[str, Any]) -> str:
    """The page with these figures. Errors: ValueError where it has no marks."""
    head, _, rest = page.partition(BEGINS)
    _, found, tail = rest.partition(ENDS)
    if not found:
        raise ValueError(f"docs/proof.md lacks {BEGINS} or {ENDS}")
    return f"{head}{BEGINS}\n\n{chr(10).join(_lines(proof))}\n\n{ENDS}{tail}"


def _lines(proof: dict[str, Any]) -> Iterator[str]:
    for figures in (*proof.get("earlier", ()), proof["histories"]):
        yield from _wrapped(_histories(figures))
    for part, sentence in (
        ("pull_alone", _pull_alone),
        ("versions", _versions),
        ("second_opinion", _second_opinion),
    ):
        if part in proof:
            yield from _wrapped(sentence(proof[part]))
    for run in proof.get("long_day", {}).get("runs", ()):
        yield from _wrapped(_long_day(run))
    yield from _wrapped(
        f"Same seeds twice: {proof['same']['seeds']:,}. Histories of the sweep: "
        f"{proof['sweep']['histories']:,}. Orders: {proof['interleavings']['orders']:,}. Each part "
        "names its commit in proof.json."
    )
    pairs = proof["histories"].get("pairs")
    if pairs:
        yield from ("", "| first, then second witness of a receipt | met |", "|---|---|")
        yield from (f"| {pair} | {count:,} |" for pair, count in pairs.items())
    if "model" in proof:
        yield from _model(proof["model"])
    yield from _mutants(proof["mutants"])
    if "generated_mutants" in proof:
        yield from _generated(proof["generated_mutants"])


def _histories(figures: dict[str, Any]) -> str:
    if not figures:
        return "No history of the present rules has been counted yet."
    return (
        f"- Rules: {figures.get('rules', 'one prompt')}. {figures['histories']:,} histories "
        f"{_stretches(figures)}, {figures['calls_total']:,} network calls, "
        f"{figures['faults_total']:,} faults, "
        f"{figures['violations_total']} violations."
    )


def _versions(figures: dict[str, Any]) -> str:
    calls = figures["outcomes"]
    return (
        f"- 0.1.1 beside this release: {figures['histories']:,} histories "
        f"{_stretches(figures)}, {calls['invocations: 0.1.1']:,} calls of 0.1.1, "
        f"{calls['invocations: this release']:,} of this release, "
        f"{figures['faults_total']:,} faults, {figures['violations_total']} violations."
    )


def _second_opinion(figures: dict[str, Any]) -> str:
    return (
        f"- On AWS's own engine: {figures['histories']:,} short histories {_stretches(figures)}, "
        f"{figures['invocations']:,} calls in processes of their own, {figures['kills']:,} of them "
        f"killed, {figures['payments']:,} payments, {len(figures['violations'])} violations."
    )


def _long_day(run: dict[str, Any]) -> str:
    return (
        f"- The whole local stack for {run['minutes']:g} minutes: {run['requests']:,} requests "
        f"over HTTP, {run['payments']:,} payments, {run['debits']:,} debits, {run['kills']:,} "
        f"function processes killed, the emulator paused {run['pauses']:,} times, "
        f"{len(run['violations'])} differences from the statement."
    )


def _stretches(figures: dict[str, Any]) -> str:
    first = ", ".join(f"from seed {run['first_seed']:,} on" for run in figures["runs"])
    return f"({first})"


def _pull_alone(figures: dict[str, Any]) -> str:
    whole, failed = figures["all runs finish"], figures["one run fails"]
    return (
        f"- Everything lost but Pull: {whole['receipts']} receipts were on file at most "
        f"{whole['longest_minutes']} minutes after Pull listed them. With one failed run: "
        f"{failed['receipts']} receipts, at most {failed['longest_minutes']} minutes."
    )


def _model(figures: dict[str, Any]) -> Iterator[str]:
    worlds, rules = figures["worlds"], figures["rules"]
    broken = sum(bool(each["broken"]) for each in worlds)
    missed = sum(not each["breaks"] for each in rules)
    yield ""
    yield from _wrapped(
        f"The model: {figures['states']:,} states of {len(worlds)} worlds, {broken} of them "
        "broken. "
        f"Rules taken out: {len(rules)}, of which {missed} broke nothing."
    )
    yield from ("", "| world | states | steps |", "|---|---|---|")
    yield from (f"| {each['world']} | {each['states']:,} | {each['steps']:,} |" for each in worlds)
    yield from ("", "| rule taken out | section | breaks | states tried |", "|---|---|---|---|")
    for each in rules:
        tried = f"{each['states']:,}"
        yield f"| {each['rule']} | {each['section']} | {each['breaks'] or 'nothing'} | {tried} |"


def _mutants(figures: dict[str, Any]) -> Iterator[str]:
    from .mutants.catalogue import MUTANTS

    hunted = {each["name"] for each in figures["table"]}
    left = [mutant.name for mutant in MUTANTS if mutant.name not in hunted]
    yield ""
    yield from _wrapped(
        f"Mutants: {figures['killed']} of {len(figures['table'])} hunted were caught."
    )
    yield from ("", "| mutant (the rule it takes out) | caught by | seeds |", "|---|---|---|")
    for each in figures["table"]:
        yield f"| {each['name']} | {each['caught_by'] or 'not caught'} | {each['seeds']:,} |"
    if left:
        yield from ("", "Not hunted yet:", "")
        yield from (f"- {name}" for name in left)


def _generated(figures: dict[str, Any]) -> Iterator[str]:
    draws = ", ".join(
        f"{draw['mutants']} of {draw['of']:,} from {draw['room']} by seed {draw['seed']}"
        for draw in figures["draws"]
    )
    yield ""
    yield from _wrapped(f"Generated mutants, drawn at random: {draws}.")
    names = ("drawn", "unit", "histories", "functional", "equivalent", "surviving", "not hunted")
    yield from ("", f"| room | {' | '.join(names)} | killed |", f"|---|{'---|' * (len(names) + 1)}")
    for room, found in figures["rooms"].items():
        left = (found["equivalent"], found["surviving"], found["pending"])
        killed = (found["killed_by"][name] for name in names[1:4])
        cells = (found["drawn"], *killed, *left)
        counts = " | ".join(f"{count:,}" for count in cells)
        yield f"| {room} | {counts} | {found['percent_killed']} % |"
    if figures["survivors"]:
        yield from ("", "Survivors:", "")
    for each in figures["survivors"]:
        where = f"{each['module'].removeprefix('payments.')}, `{each['function']}`"
        says = each["says"].replace("...", "and so on")
        yield from _wrapped(f"- {where}: {says}")


def _wrapped(text: str) -> list[str]:
    indent = "  " if text.startswith("- ") else ""
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_long_words=False)

"""Writes the tables of docs/performance.md from bench/results.json; no figure there is typed.

A table stands between two comments that name it. A run that did not measure a table's figures says
so in its place. `python -m bench.report` writes the page again from the last run.
"""

import json
import re
import subprocess
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench import cold, month
from tools.template import load_template

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "performance.md"
RESULTS = Path(__file__).with_name("results.json")
TEAMS = ("product", "typical", "careful")
COLD_TARGETS = {"stk_push": 0.48, "status": 0.42, "callback": 0.46}
WARM_TARGET = 0.45
MEMORY_TARGET = 0.55
DURATION_TARGET = 0.60
LAYER_MEGABYTES_MAX = 10
MEDIAN_SECONDS_MAX = 1.2
SECONDS_95_MAX = 2.5
POLLS_MAX = 16
FIRST_VIEW_MAX = 1.0
NOT_MEASURED = "Not measured in this run; the next `{command}` fills the table."
PARTS = {
    "cold paths": "start of a callback",
    "warm callback": "parts of a warm callback",
    "memory": "memory of a first payment",
}
"""A table with targets -> the table that shows what is in the way of one that is missed."""
COMMANDS = {"burst on the stack": "python -m bench.burst"}
"""Which command fills a table, where it is not `make bench`."""
BLOCK = r"(<!-- bench: {name} -->\n)(.*?)(\n<!-- end -->)"
APART = ("burst_on_stack", "waiting", "first_view")
"""Results of commands that `make bench` does not run, because they take longer."""
type Results = Mapping[str, Any]
type Values = Mapping[str, float]


def write_page(results: Results) -> None:
    """Put the results' tables into the page."""
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8"), results), encoding="utf-8")


def with_tables(page: str, results: Results) -> str:
    """Return the page with each table as the results give it.

    Errors: ValueError names a table that has no place on the page.
    """
    for name, table in TABLES.items():
        pattern = re.compile(BLOCK.format(name=name), re.DOTALL)
        if not pattern.search(page):
            raise ValueError(f"docs/performance.md has no place for the table {name!r}")
        try:
            text = "\n".join(table(results))
        except KeyError:
            text = NOT_MEASURED.format(command=COMMANDS.get(name, "make bench"))
        page = pattern.sub(lambda found, text=text: found[1] + text + found[3], page)  # type: ignore[misc]
    return page


def keep(name: str, found: Mapping[str, Any]) -> None:
    """Keep what a part of the benchmark measured by itself, and write the page again."""
    results = read_results()
    results[name] = {**found, "commit": present_commit()}
    save(results)


def read_results() -> dict[str, Any]:
    """Return what was measured last."""
    results: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return results


def save(results: Results) -> None:
    """Keep the results and write the page from them."""
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    write_page(results)


def measured_apart(results: Results) -> dict[str, Any]:
    """Return what commands of their own measured, which a run of all leaves as it is."""
    return {name: results[name] for name in APART if name in results}


def present_commit() -> str:
    """Return the commit that is measured, with a plus sign where files differ from it."""
    commit = _git("rev-parse", "--short", "HEAD")
    return commit + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")


def _git(*words: str) -> str:
    done = subprocess.run(("git", *words), cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _measured_at(results: Results) -> list[str]:
    commit, machine, python = (results[name] for name in ("commit", "machine", "python"))
    lines = [f"Measured at commit `{commit}` on {machine}, Python {python}."]
    alone = results.get("misses", {}).get("commit")  # absent where all was one run
    return [*lines, f"The parts of what is missed: at `{alone}`."] if alone else lines


def _cold_paths(results: Results) -> list[str]:
    lines = _head("first request", target=True)
    for route, target in COLD_TARGETS.items():
        paths = results["cold_path_instructions"][route]
        values = {team: cold.total(paths[team]) / 1e6 for team in TEAMS}
        lines.append(_row(route, values, "M", target=target))
        for part in ("authorizer", "function"):
            cells = [_amount(paths[team].get(part, 0) / 1e6, "M") for team in TEAMS]
            lines.append(f"| of it {part} | {' | '.join(cells)} | | | |")
    return lines


def _cold_starts(results: Results) -> list[str]:
    if "cold_start_instructions" not in results:
        return ["Part of the cold path above."]
    lines = _head("start of the function alone")
    for function, counted in results["cold_start_instructions"].items():
        lines.append(_row(function, {team: counted[team] / 1e6 for team in TEAMS}, "M"))
    return lines


def _start(results: Results) -> list[str]:
    parts = results["start_of_a_callback"]
    whole = sum(parts.values())
    lines = ["| what a callback's start loads | instructions | share |", "|---|---|---|"]
    for name, number in parts.items():
        lines.append(f"| {name} | {_amount(number / 1e6, 'M')} | {number / whole:.0%} |")
    if "misses" in results:
        classes = results["misses"]["classes_of_a_callback"]
        share = f"{_amount(classes / 1e6, 'M')} | {classes / whole:.0%}"
        lines.append(f"| of it, defining its data classes | {share} |")
    return [*lines, *_room(results["cold_path_instructions"]["callback"], parts)]


def _room(paths: Mapping[str, Any], parts: Values) -> list[str]:
    """What the target leaves for the product, beside what it takes."""
    most = COLD_TARGETS["callback"] * cold.total(paths["typical"])
    left = most - sum(number for name, number in parts.items() if name != "the product")
    return [f"| the target leaves for the product | {_amount(left / 1e6, 'M')} | |"]


def _warm_parts(results: Results) -> list[str]:
    """The parts beside the target, in instructions."""
    parts = results["misses"]["warm_callback"]
    whole = sum(parts.values())
    most = WARM_TARGET * results["flow"]["typical"]["warm_callback_instructions"]
    left = most - parts["botocore's two calls"]
    lines = ["| what a warm callback does | instructions | share |", "|---|---|---|"]
    for name, number in parts.items():
        lines.append(f"| {name} | {_amount(number / 1e6, 'M', 1)} | {number / whole:.0%} |")
    return [*lines, f"| the target leaves for everything else | {_amount(left / 1e6, 'M', 1)} | |"]


def _first_memory(results: Results) -> list[str]:
    """The parts beside the target, in megabytes."""
    parts = results["misses"]["memory_of_stk_push"]
    whole = sum(parts.values())
    most = MEMORY_TARGET * results["flow"]["typical"]["first_kilobytes"]["stk_push"]
    lines = ["| what a first payment holds | memory | share |", "|---|---|---|"]
    for name, number in parts.items():
        lines.append(f"| {name} | {_amount(number / 1e3, 'MB', 1)} | {number / whole:.0%} |")
    over = f"{_amount((whole - most) / 1e3, 'MB', 1)} | {(whole - most) / whole:.0%}"
    return [*lines, f"| above the target | {over} |"]


def _durations(results: Results) -> list[str]:
    lines = _head("function", target=True)
    for function, values in results["first_duration_ms"].items():
        lines.append(_row(function, values, "ms", target=DURATION_TARGET))
    return lines


def _memory(results: Results) -> list[str]:
    lines = _head("function", target=True)
    for function in ("callback", "status", "stk_push"):
        flows = results["flow"]
        values = {team: flows[team]["first_kilobytes"][function] / 1e3 for team in TEAMS}
        lines.append(_row(function, values, "MB", target=MEMORY_TARGET, digits=1))
    return lines


def _warm(results: Results) -> list[str]:
    values = {t: results["flow"][t]["warm_callback_instructions"] / 1e6 for t in TEAMS}
    return [
        *_head("callback", target=True),
        _row("instructions per invoke", values, "M", target=WARM_TARGET, digits=1),
    ]


def _wire(results: Results) -> list[str]:
    flows = results["flow"]
    lines = ["| | product | typical | careful |", "|---|---|---|---|"]
    for call in ("stk_push", "callback", "status pending"):
        for unit in ("dynamodb_calls", "write_units", "read_units", "daraja_queries"):
            cells = [f"{flows[team]['per_call'][call][unit]:g}" for team in TEAMS]
            lines.append(f"| {call}: {unit.replace('_', ' ')} | {' | '.join(cells)} |")
    cells = [str(flows[team]["polls_while_pending"]) for team in TEAMS]
    lines.append(f"| polls of a payment that is paid after 15 s | {' | '.join(cells)} |")
    return lines


def _layer(results: Results) -> list[str]:
    values = {team: results["sizes"][team]["zip_megabytes"] for team in TEAMS}
    cells = " | ".join(f"{values[team]:.2f} MB" for team in TEAMS)
    verdict = "met" if values["product"] <= LAYER_MEGABYTES_MAX else "missed"
    return [
        "| | product | typical | careful | target |",
        "|---|---|---|---|---|",
        f"| layer, zipped with `.pyc` | {cells} | {LAYER_MEGABYTES_MAX} MB, {verdict} |",
    ]


def _growth(results: Results) -> list[str]:
    found = results["growth"]
    sizes = [*next(iter(found.values()))]
    lines = [
        f"| rows | {' | '.join(f'{int(size):,}' for size in sizes)} |",
        "|---|" + "---|" * len(sizes),
    ]
    for work, by_size in found.items():
        for unit in ("items_read", "read_units"):
            cells = [f"{by_size[size][unit]:g}" for size in sizes]
            lines.append(f"| {work}: {unit.replace('_', ' ')} | {' | '.join(cells)} |")
    return lines


def _per_million(results: Results) -> list[str]:
    return _money("USD per million payments", results["usd_per_million"])


def _per_month(results: Results) -> list[str]:
    return _money("USD a month with a million payments", results["usd_per_month"])


def _clinic(results: Results) -> list[str]:
    total: float = results["usd_per_million"]["product"]["total"]
    return [
        "| USD a month | list | with allowances |",
        "|---|---|---|",
        *month.rows(load_template(), total),
    ]


def _money(title: str, by_team: Mapping[str, Values]) -> list[str]:
    lines = [f"| {title} | product | typical | careful |", "|---|---|---|---|"]
    for kind in by_team["product"]:
        cells = [f"{by_team[team][kind]:.1f}" for team in TEAMS]
        if kind == "total":
            lines.append(f"| **total** | {' | '.join(f'**{cell}**' for cell in cells)} |")
        else:
            lines.append(f"| {kind} | {' | '.join(cells)} |")
    return lines


def _head(title: str, *, target: bool = False) -> list[str]:
    aim = " target |" if target else ""
    rule = "|---" * (6 + target) + "|"
    return [f"| {title} | product | typical | careful | to typical |{aim} to careful |", rule]


def _row(
    name: str, values: Values, unit: str, *, target: float | None = None, digits: int = 0
) -> str:
    cells = " | ".join(_amount(values[team], unit, digits) for team in TEAMS)
    ratio, other = values["product"] / values["typical"], values["product"] / values["careful"]
    verdict = "met" if target is None or round(ratio, 2) <= target else "missed"
    aim = "" if target is None else f" {target:.2f}, {verdict} |"
    return f"| {name} | {cells} | **{ratio:.2f}** |{aim} {other:.2f} |"


def _amount(value: float, unit: str, digits: int = 0) -> str:
    return f"{value:,.{digits}f} {unit}"


def _waiting(results: Results) -> list[str]:
    found = results["waiting"]
    middle, most = found["median_seconds"], found["seconds_95_in_100"]
    return [
        '| from the acknowledgement to "Paid" | seconds | target |',
        "|---|---|---|",
        f"| half of the customers | {middle:.2f} | {_aim(middle, MEDIAN_SECONDS_MAX)} |",
        f"| 95 in 100 | {most:.2f} | {_aim(most, SECONDS_95_MAX)} |",
        f"| the longest of {found['payments']} | {found['longest_seconds']:.2f} | |",
        *_polls(found),
        f"| most polls of one payment | {found['polls_max']} | |",
    ]


def _polls(found: Mapping[str, Any]) -> list[str]:
    """The polls of payments that the target is about, where the run counted them."""
    most = found.get("polls_max_of_30_seconds")
    if most is None:
        return []
    return [f"| most polls of a payment of at most 30 s | {most} | {_aim(most, POLLS_MAX)} |"]


def _first_view(results: Results) -> list[str]:
    found = results["first_view"]
    lines = [
        f"With {found['rows']} rows that wait, in {found['visits']} visits:",
        "",
        "| way in | half of the visits, s | the longest, s | target |",
        "|---|---|---|---|",
    ]
    for name, way in (
        ("by a fresh link", "by_link"),
        ("signed in, page loaded again", "signed_in"),
    ):
        middle, most = found[way]["median_seconds"], found[way]["longest_seconds"]
        lines.append(f"| {name} | {middle:.2f} | {most:.2f} | {_aim(most, FIRST_VIEW_MAX)} |")
    return lines


def _throughput(results: Results) -> list[str]:
    found = {team: each["callbacks_per_cpu_second"] for team, each in results["throughput"].items()}
    cells = " | ".join(f"{found[team]:,.0f}" for team in TEAMS)
    ratio, other = found["product"] / found["typical"], found["product"] / found["careful"]
    return [
        "| | product | typical | careful | to typical | to careful |",
        "|---|---|---|---|---|---|",
        f"| callbacks per CPU second | {cells} | **{ratio:.2f}** | {other:.2f} |",
    ]


def _burst_on_stack(results: Results) -> list[str]:
    found = results["burst_on_stack"]
    answers = ", ".join(f"{count:,} with {status}" for status, count in found["answers"].items())
    witnesses = ", ".join(f"{name}: {count:,}" for name, count in found["completed_by"].items())
    return [
        "| the burst | figure |",
        "|---|---|",
        f"| payments | {found['payments']:,} |",
        f"| callbacks, of them duplicates | {found['callbacks']:,}, {found['duplicates']:,} |",
        f"| answered | {answers} |",
        f"| completed when the last callback was answered | {found['completed_at_once']:,} |",
        f"| completed by | {witnesses} |",
        f"| seconds until the last one was | {found['left_seconds']:.0f} |",
        f"| lost | {found['lost']} |",
        f"| doubled | {found['doubled']} |",
        f"| findings of the ledger's audit | {found['findings']} |",
        f"| callbacks a second, on one machine | {found['callbacks_per_second']:.0f} |",
        f"| measured at commit | `{found['commit']}` |",
    ]


def _versions(results: Results) -> list[str]:
    found = results["versions"]
    packages = ", ".join(f"{name} {version}" for name, version in found.items())
    return textwrap.wrap(f"Packages of all three: {packages}.", width=120)


def _ledger(results: Results) -> list[str]:
    lines = [
        "| | DynamoDB calls | write units | read units | M instructions |",
        "|---|---|---|---|---|",
    ]
    for name, each in results["ledger"].items():
        cells = (f"{each[unit]:g}" for unit in ("dynamodb_calls", "write_units", "read_units"))
        lines.append(f"| {name} | {' | '.join(cells)} | {each['instructions'] / 1e6:.1f} |")
    return lines


def _search(results: Results) -> list[str]:
    found = results["search"]
    lines = [
        "| typed into the search | read units | queries | gets | scans |",
        "|---|---|---|---|---|",
    ]
    for name, each in found["searches"].items():
        cells = (f"{each[unit]:g}" for unit in ("read_units", "queries", "gets", "scans"))
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return [f"With {found['payments']:,} payments in the table:", "", *lines]


def _aim(value: float, most: float) -> str:
    return f"{most:g}, {'met' if value <= most else 'missed'}"


TABLES: Mapping[str, Callable[[Results], list[str]]] = {
    "measured at": _measured_at,
    "cold paths": _cold_paths,
    "cold starts": _cold_starts,
    "start of a callback": _start,
    "first durations": _durations,
    "memory": _memory,
    "memory of a first payment": _first_memory,
    "warm callback": _warm,
    "parts of a warm callback": _warm_parts,
    "waiting": _waiting,
    "first view": _first_view,
    "versions": _versions,
    "throughput": _throughput,
    "burst on the stack": _burst_on_stack,
    "ledger": _ledger,
    "search": _search,
    "wire": _wire,
    "layer": _layer,
    "growth": _growth,
    "cost per million": _per_million,
    "cost per month": _per_month,
    "clinic": _clinic,
}


if __name__ == "__main__":
    write_page(read_results())

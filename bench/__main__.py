"""`make bench`: builds product and peers, measures both in one run, prints ratios.

Writes bench/results.json, and from it the tables of docs/performance.md. Needs valgrind; takes
about twelve minutes on two cores.
"""

import os
import platform
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

from bench import cold, cost, flow, growth, ledger, misses, month, report, search
from bench.running import first_durations, wire
from bench.subjects import build, sizes, subjects, versions

type Row = tuple[str, dict[str, float], float | None]


def main() -> int:
    """Measure everything; 1 where the product lost a transition or asked more than once."""
    results: dict[str, Any] = {"python": platform.python_version(), "machine": platform.machine()}
    _step("building product and peers", build)
    results["sizes"] = sizes()
    results["versions"] = versions()
    found = subjects()
    teams: dict[str, flow.Team] = {}
    for subject in found:
        teams.setdefault(subject.team, {})[subject.function] = subject
    with wire():
        results["cold_path_instructions"] = _step(
            "cold paths under valgrind", lambda: cold.measure(teams, _now())
        )
        results["start_of_a_callback"] = _step(
            "parts of a callback's start", lambda: cold.composition(teams["product"]["callback"])
        )
        results["flow"] = {
            name: _step(f"payments of {name}", partial(flow.measure, name, team, _now()))
            for name, team in teams.items()
        }
        results["throughput"] = _step(
            "callbacks per CPU second", lambda: flow.throughput(teams, _now())
        )
        results["ledger"] = _step(
            "ledger and refunds", lambda: ledger.measure(teams["product"], _now())
        )
        results["misses"] = _step(
            "parts of what misses its target",
            lambda: misses.measure(teams["product"], _now(), results),
        )
        results["burst"] = _step("burst", lambda: flow.burst(teams["product"], _now()))
        cases = flow.first_events(teams, _now())
        medians = _step("first durations", lambda: first_durations(cases))
    results["first_duration_ms"] = {
        function: {
            case[0].team: median
            for case, median in zip(cases, medians, strict=True)
            if case[0].function == function
        }
        for function in ("callback", "status")
    }
    # Handlers run in this process from here on, and their logs are not part of the table.
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        results["queries"] = {str(n): growth.queries_with(n) for n in (1, 100)}
        results["growth"] = _step("growth", lambda: growth.growth(growth.SIZES))
        results["search"] = _step("search in 200,000 payments", search.measure)
    results["usd_per_million"] = {
        name: cost.usd_per_million(name, each) for name, each in results["flow"].items()
    }
    results["usd_per_month"] = {
        name: month.with_a_million(name, each) for name, each in results["usd_per_million"].items()
    }
    results["prices"] = {"as_of": cost.PRICES_AS_OF, **cost.PRICES_USD}
    results["commit"] = report.present_commit()
    report.save({**results, **report.measured_apart(report.read_results())})
    _print(results)
    return 0 if _holds(results) else 1


def rows(results: dict[str, Any]) -> list[Row]:
    """The table: what, per team, and the ratio to the typical peer that was aimed at."""
    flows = results["flow"]
    first = results["first_duration_ms"]
    table: list[Row] = []
    for route, target in report.COLD_TARGETS.items():
        paths = results["cold_path_instructions"][route]
        values = {team: cold.total(parts) / 1e6 for team, parts in paths.items()}
        table.append((f"cold path of {route}, M instructions", values, target))
    table += [(f"first Duration, {name}, ms", values, 0.60) for name, values in first.items()]
    warm = {team: each["warm_callback_instructions"] / 1e6 for team, each in flows.items()}
    table.append(("warm callback, M instructions", warm, report.WARM_TARGET))
    for call in ("stk_push", "callback", "status pending"):
        values = {team: each["cpu_ms"][call] for team, each in flows.items()}
        table.append((f"CPU, {call}, ms", values, None))
    for name in ("callback", "status", "stk_push"):
        values = {team: each["first_kilobytes"][name] / 1e3 for team, each in flows.items()}
        table.append((f"memory after first invoke, {name}, MB", values, report.MEMORY_TARGET))
    values = {team: each["zip_megabytes"] for team, each in results["sizes"].items()}
    table.append(("layer zip with .pyc, MB", values, None))
    for unit in ("dynamodb_calls", "write_units", "read_units", "daraja_queries"):
        for call in ("stk_push", "callback", "status pending"):
            values = {team: each["per_call"][call][unit] for team, each in flows.items()}
            table.append((f"{call}: {unit}", values, None))
    values = {team: each["polls_while_pending"] for team, each in flows.items()}
    table.append(("polls of a payment paid after 15 s", values, None))
    values = {team: each["total"] for team, each in results["usd_per_million"].items()}
    table.append(("USD per million payments", values, 0.50))
    values = {team: each["total"] for team, each in results["usd_per_month"].items()}
    table.append(("USD a month with a million payments", values, None))
    return table


def _print(results: dict[str, Any]) -> None:
    print(f"{'':44}{'product':>10}{'typical':>10}{'careful':>10}{'/typical':>10}{'/careful':>10}")
    for name, values, target in rows(results):
        cells = "".join(f"{values[team]:10.2f}" for team in ("product", "typical", "careful"))
        ratios = [values["product"] / (values[team] or 1e-9) for team in ("typical", "careful")]
        shown = "".join(f"{ratio:10.2f}" if ratio < 1e3 else f"{'-':>10}" for ratio in ratios)
        aim = "" if target is None else f"  {'met' if ratios[0] <= target else 'missed'}: {target}"
        print(f"{name:44}{cells}{shown}{aim}")
    burst, queries = results["burst"], results["queries"]
    print(f"burst: {burst['callbacks']} callbacks made {burst['transitions']} transitions")
    print(f"queries to Daraja: {queries['1']} with 1 poller, {queries['100']} with 100")
    for work, by_size in results["growth"].items():
        items = ", ".join(f"{each['items_read']:.0f} at {size}" for size, each in by_size.items())
        print(f"items read by {work}: {items}")


def _holds(results: dict[str, Any]) -> bool:
    """What must be exact, whatever the machine."""
    queries = results["queries"]
    is_whole = bool(results["burst"]["transitions"] == flow.BURST_PAYMENTS)
    scans = sum(each["scans"] for each in results["search"]["searches"].values())
    return is_whole and scans == 0 and bool(queries["1"] == queries["100"])


def _step[T](name: str, work: Callable[[], T]) -> T:
    started = time.monotonic()
    print(f"  {name} ...", file=sys.stderr, end=" ", flush=True)
    result = work()
    print(f"{time.monotonic() - started:.0f} s", file=sys.stderr)
    return result


def _now() -> float:
    return time.time()


if __name__ == "__main__":
    sys.exit(main())

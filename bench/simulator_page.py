"""Writes what `python -m bench.simulator` measured into docs/simulator.md: no figure is typed.

The figures are kept in bench/simulator.json. `python -m bench.simulator_page` writes the page again
from the last run.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FIGURES = Path(__file__).with_name("simulator.json")
DOCUMENT = Path(__file__).parents[1] / "docs" / "simulator.md"
BEGIN, END = "<!-- load -->\n", "<!-- /load -->"
NOT_MEASURED = "Not measured yet: `python -m bench.simulator` fills the table."
type Figures = Mapping[str, Any]


def keep(figures: Figures) -> None:
    """Keep the figures of a run and write the page from them."""
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    DOCUMENT.write_text(
        with_figures(DOCUMENT.read_text(encoding="utf-8"), figures), encoding="utf-8"
    )


def read_figures() -> Figures | None:
    """Return the figures of the last run, None where there was none."""
    if not FIGURES.exists():
        return None
    figures: Figures = json.loads(FIGURES.read_text(encoding="utf-8"))
    return figures


def with_figures(text: str, figures: Figures | None) -> str:
    """Return the document with the table of the figures.

    Errors: ValueError where the document has no place for it.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError("docs/simulator.md has no place for the load")
    lines = [NOT_MEASURED] if figures is None else [*_load(figures["load"]), *_day(figures["day"])]
    return f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n\n{END}{after}"


def _load(load: Figures) -> list[str]:
    return [
        "| measured | figure |",
        "|---|---|",
        f"| pushes a second, for {load['seconds']} s | {load['pushes_per_second']:.0f} |",
        f"| pushes, of them refused | {load['pushes']:,}, {load['refused']} |",
        f"| answered in, median | {load['median_ms']:.1f} ms |",
        f"| answered in, 99th percentile | {load['p99_ms']:.1f} ms |",
        f"| callbacks, of {load['debits']:,} debits | {load['callbacks']:,} |",
        f"| findings of the audit | {load['findings']} |",
    ]


def _day(day: Figures) -> list[str]:
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(day["operations"].items()))
    moved = f"{day['payments']:,} payments, {day['reversals']:,} reversals, {day['payouts']:,}"
    return [
        f"| operations of the mixed day | {sum(day['operations'].values()):,}: {kinds} |",
        f"| what moved in it | {moved} payouts |",
        f"| played again with the same seed | {'equal' if day['is_equal'] else '**different**'} |",
        f"| the ledger after it | {'balanced' if day['is_balanced'] else '**not balanced**'} |",
    ]


if __name__ == "__main__":
    DOCUMENT.write_text(
        with_figures(DOCUMENT.read_text(encoding="utf-8"), read_figures()), encoding="utf-8"
    )

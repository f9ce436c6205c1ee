"""The tables of docs/simulator.md, made from the code: `python -m simulator.tables` rewrites them.

A table is written between `<!-- name -->` and `<!-- /name -->`. A test fails where
one is out of date.
"""

import inspect
import re
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

from simulator.core.catalogue import CATALOGUE
from simulator.core.config import Config, local
from simulator.core.initiator.codes import OUTCOMES
from simulator.core.known_phones import KNOWN_PHONES
from simulator.core.results import RESULTS, SUCCESS
from simulator.doubtful import DOUBTS, Doubt

DOCUMENT = Path(__file__).parents[1] / "docs" / "simulator.md"
COLUMNS = 118
_SETTING = re.compile(r"^    (\w+): .*?(?:  # (.*))?$", re.MULTILINE)

_OUTCOME_NAMES = {f"outcome_{code}" for code in OUTCOMES}
_WORDS = {"True:": "true:", "False:": "false:", "None:": "null:", "None switches": "null switches"}


def with_tables(text: str) -> str:
    """The document with every table as the code has it."""
    for name, table in tables().items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, found, rest = text.partition(begin)
        if not found:
            raise ValueError(f"the document has no place for the table {name!r}")
        text = f"{before}{begin}\n{table}\n{end}{rest.partition(end)[2]}"
    return text


def tables() -> dict[str, str]:
    """Every table by the name of its place."""
    return {
        "numbers": _table(
            ("number", "what it does", "scenario"),
            [(f"`{each.msisdn}`", each.says, f"`{each.scenario}`") for each in KNOWN_PHONES],
        ),
        "scenarios": _table(
            ("name", "what happens"),
            [
                (f"`{name}`", entry.says)
                for name, entry in CATALOGUE.items()
                if not name.startswith("result_") and name not in _OUTCOME_NAMES
            ],
        ),
        "outcomes": _listed(OUTCOMES),
        "codes": _listed(RESULTS),
        "doubtful": _table(
            ("setting", "safer", "also possible", "default", "why it is doubtful"),
            [_doubt(each) for each in DOUBTS],
        ),
        "settings": _table(("setting", "default", "means"), _settings()),
    }


def _settings() -> list[tuple[str, str, str]]:
    usual, short = Config().settings(), local().settings()
    meanings = {
        name: meaning
        for part in reversed(Config.__mro__[:-1])
        for name, meaning in _SETTING.findall(inspect.getsource(part))
    }
    rows = []
    for name, default in usual.items():
        shown = _shown(default)
        if short[name] != default:
            shown += f" / {_shown(short[name])}"
        meaning = meanings[name]
        for python, json in _WORDS.items():
            meaning = meaning.replace(python, json)
        rows.append((f"`{name}`", shown, meaning))
    return rows


def _doubt(doubt: Doubt) -> tuple[str, ...]:
    default = _shown(Config().settings()[doubt.setting])
    values = (_shown(doubt.safer), _shown(doubt.other), default)
    return (f"`{doubt.setting}`", *values, f"{doubt.why} ({doubt.grade})")


def _shown(value: object) -> str:
    if value == "":
        return "none"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return f"{value:g}" if isinstance(value, float) else str(value)


def _listed(codes: Iterable[str]) -> str:
    text = ", ".join(code for code in codes if code != SUCCESS)
    return textwrap.fill(f"{text}.", COLUMNS) + "\n"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    rule = f"|{'---|' * len(head)}"
    return "\n".join((_row(head), rule, *map(_row, rows))) + "\n"


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    DOCUMENT.write_text(with_tables(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")

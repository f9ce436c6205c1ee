"""The desk's page: small, and it writes text, never markup; both languages say the same things."""

import gzip
import re
from pathlib import Path

import pytest
from payments.http.desk_page import FILES

FOLDER = Path(__file__).parents[2] / "functions" / "desk"
BYTES_MAX = 60_000
KEY = re.compile(r"(?<![\w'])([A-Za-z_]+): '")


def test_the_page_is_small() -> None:
    sizes = {name: len(gzip.compress((FOLDER / name).read_bytes())) for name in FILES}
    assert sum(sizes.values()) < BYTES_MAX, sizes


@pytest.mark.parametrize("name", [name for name in FILES if not name.endswith(".woff2")])
def test_nothing_becomes_markup_and_nothing_outlives_the_tab(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    dangerous = r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|localStorage|cookie"
    assert re.findall(dangerous, text) == []
    assert re.findall(r"""(?:src|href)="(?!/desk/)""", text) == []


def test_both_languages_have_every_sentence() -> None:
    text = (FOLDER / "texts.js").read_text(encoding="utf-8")
    english, swahili = (set(KEY.findall(part)) for part in text.split("  sw: {"))
    assert english == swahili

"""Checkout, playground and simulator have one face: colours, type and the spelling of M-PESA."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FACE = ROOT / "simulator/pages/face.css"
DESK = ROOT / "functions/desk"
OTHERS = (ROOT / "web/playground/playground.css", ROOT / "web/demo/demo.css", DESK / "desk.css")
API_PAGE = ROOT / "local/pages/docs.css"
ELEMENT = ROOT / "web/checkout/style.js"
# The checkout's names for the same colours.
ELEMENT_NAMES = {
    "accent": "green",
    "accent-ink": "green-ink",
    "accent-soft": "green-soft",
    "surface": "paper",
} | {name: name for name in ("ink", "muted", "line", "bad", "bad-soft", "warn", "warn-soft")}
type Colours = dict[str, str]


def of_css(file: Path) -> tuple[Colours, Colours]:
    """The colours of a stylesheet by day and by night, by name."""
    day, _, rest = file.read_text().partition("@media (prefers-color-scheme: dark)")
    night = rest.partition("\n}\n")[0]
    found = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,8});", part)) for part in (day, night)]
    assert all(found), file
    return found[0], found[1]


def of_element() -> tuple[Colours, Colours]:
    """The colours of the checkout, under the names of the stylesheets."""
    table = re.search(r"COLOURS = \{(.*?)\};", ELEMENT.read_text(), re.DOTALL)
    assert table is not None
    rows = re.findall(r"'?([a-z-]+)'?: \['(#\w+)', '(#\w+)'\]", table[1])
    named = [(ELEMENT_NAMES[name], *both) for name, *both in rows if name in ELEMENT_NAMES]
    assert len(named) == len(ELEMENT_NAMES)
    return {name: day for name, day, _ in named}, {name: night for name, _, night in named}


@pytest.mark.parametrize("other", [*OTHERS, ELEMENT], ids=lambda file: file.name)
def test_the_colours_are_those_of_the_simulator(other: Path) -> None:
    faces = of_element() if other == ELEMENT else of_css(other)
    for face, theirs in zip(of_css(FACE), faces, strict=True):
        shared = face.keys() & theirs.keys()
        assert len(shared) >= 8
        assert {name: face[name] for name in shared} == {name: theirs[name] for name in shared}


def test_the_page_of_the_api_has_the_same_colours() -> None:
    day = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,8});", API_PAGE.read_text()))
    assert len(day) >= 5
    assert of_css(FACE)[0].items() >= day.items()


def test_the_simulator_has_every_colour_by_night_and_uses_no_other_green() -> None:
    day, night = of_css(FACE)
    assert day.keys() == night.keys()
    for file in FACE.parent.glob("*.css"):
        old = re.findall(r"#(?:1f9d5b|127a43|b3322a|c0342b|10211b;)", file.read_text())
        assert old == [], file


def test_the_ring_of_the_focus_is_seen_on_light_and_on_dark() -> None:
    ring = re.search(
        r":focus-visible \{ outline: 3px solid (#\w+);.*0 0 0 7px (#\w+);", FACE.read_text()
    )
    assert ring is not None
    # 15:1 against each other, so 3:1 against any ground
    assert ring.groups() == ("#14251c", "#fff")


def test_the_type_is_one_file_in_three_places() -> None:
    for name in ("figtree.woff2", "figtree-LICENSE.txt"):
        assert (FACE.parent / name).read_bytes() == (ROOT / "web/demo" / name).read_bytes()
        assert (FACE.parent / name).read_bytes() == (DESK / name).read_bytes()
    families = '"Figtree", system-ui, -apple-system, "Segoe UI", Roboto, sans-serif'
    for file in (FACE, API_PAGE, *OTHERS):
        assert families in file.read_text()


def test_m_pesa_has_one_spelling_on_every_page() -> None:
    names = ("simulator/pages", "web/checkout", "web/playground", "web/demo", "local/pages")
    folders = [*(ROOT / name for name in names), DESK]
    files = [file for folder in folders for file in folder.glob("*.*") if file.suffix != ".woff2"]
    files += [*(ROOT / "web").glob("*.html"), ROOT / "shared/payments/http/sentences.py"]
    assert [file.name for file in files if "M-Pesa" in file.read_text()] == []

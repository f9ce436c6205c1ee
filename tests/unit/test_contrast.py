"""Every page's own colours: text reaches 4.5:1 on its grounds, the ring of the focus 3:1."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STYLES = (
    "web/demo/demo.css",
    "web/playground/playground.css",
    "local/pages/docs.css",
    "functions/desk/desk.css",
    "simulator/pages/face.css",
)
# The desk may call the same colours by the names of the checkout.
SAME = {"accent": "green", "accent-ink": "green-ink", "surface": "paper", "page": "ground"}
GROUNDS = ("ground", "paper")
TEXTS = [
    *[(text, ground) for text in ("ink", "muted", "bad", "green") for ground in GROUNDS],
    *[("bad", "bad-soft"), ("warn", "warn-soft"), ("green-ink", "green")],
    *[(text, "green-soft") for text in ("ink", "muted", "green")],
]
RING = re.compile(r":focus-visible \{ outline: 3px solid (?:var\(--([a-z-]+)\)|(#\w+))")
SPECIFIED = [("#000", "#fff", 21.0), ("#777777", "#fff", 4.48)]


def luminance(colour: str) -> float:
    """WCAG's relative luminance of #rgb or #rrggbb."""
    digits = colour.lstrip("#")
    whole = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (int(whole[at : at + 2], 16) / 255 for at in (0, 2, 4))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def schemes(text: str) -> list[dict[str, str]]:
    """The colours by day and, where a page has a dark theme, by night."""
    day, _, rest = text.partition("@media (prefers-color-scheme: dark)")
    night = rest.partition("\n}\n")[0]
    found = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", part)) for part in (day, night)]
    return [{SAME.get(name) or name: each[name] for name in each} for each in found if each]


@pytest.mark.parametrize(("one", "other", "known"), SPECIFIED)
def test_contrast_is_counted_as_wcag_does(one: str, other: str, known: float) -> None:
    assert contrast(one, other) == pytest.approx(known, abs=0.01)


@pytest.mark.parametrize("style", STYLES)
def test_text_and_focus_can_be_seen_by_day_and_by_night(style: str) -> None:
    text = (ROOT / style).read_text(encoding="utf-8")
    ring = RING.search(text)
    assert ring is not None
    for colours in schemes(text):
        known = [pair for pair in TEXTS if colours.keys() >= set(pair)]
        assert len(known) >= 3
        weak = [pair for pair in known if contrast(*(colours[name] for name in pair)) < 4.5]
        assert weak == []
        if ring[1] is None:
            continue  # two rings of fixed colours: tests/unit/test_one_face.py
        name = SAME.get(ring[1], ring[1])
        for ground in set(GROUNDS) & colours.keys():
            assert contrast(colours[name], colours[ground]) >= 3, (name, ground)

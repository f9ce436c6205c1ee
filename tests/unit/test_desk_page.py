"""The desk's page: small, and it writes text, never markup; both languages say the same things."""

import gzip
import hashlib
import re
from pathlib import Path

import pytest
from payments.http.desk_page import FILES, LIBRARY

from local.vendor_oidc import FILE, SHA256
from tests.browser.test_desk_new_clerk import EFFORTS
from tools.hakika.views import REVIEW_WORDS

DOCS = Path(__file__).parents[2] / "docs"
NO_BUTTONS = {"Kiswahili", "Never ask a customer to pay again", "Usimwombe mteja alipe tena"}
FOLDER = Path(__file__).parents[2] / "functions" / "desk"
BYTES_MAX = 60_000
PICTURE_BYTES_MAX = 110_000
PACKAGE = Path(__file__).parents[2] / "shared" / "payments"
REFUSING = [
    *map(Path, ("http/desk*.py", "protocol/[osrw]*.py", "usecases/desk_acts.py")),
    *map(Path, ("usecases/money_desk.py", "usecases/find_payments.py", "usecases/operate.py")),
    *map(Path, ("usecases/compare_statement.py", "usecases/count_payments.py")),
    *map(Path, ("usecases/apply_*.py", "usecases/staff.py", "aws/refunds_function.py")),
    *map(Path, ("usecases/prompts_money.py", "usecases/send_refund.py")),
]
CODE = re.compile(r"""code="(\w+)\"""")
NOT_SHOWN = {
    *("link_spent", "account_unknown"),  # of the sign-in, which has sentences of its own
    *("file_not_found", "unknown_act", "invalid_set_aside"),  # the page asks for no such thing
    *("invalid_name", "invalid_sub", "event_not_found"),  # of the operator's command
}
KEY = re.compile(r"(?<![\w'])([A-Za-z_]+): '")


def test_the_page_is_small() -> None:
    """Without the library, which only a sign-in by account loads."""
    loaded = FILES.keys() - {LIBRARY}
    sizes = {name: len(gzip.compress((FOLDER / name).read_bytes())) for name in loaded}
    assert sum(sizes.values()) < BYTES_MAX, sizes


@pytest.mark.parametrize("name", sorted(FILES.keys() - {LIBRARY, "figtree.woff2"}))
def test_nothing_becomes_markup_and_nothing_outlives_the_tab(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    dangerous = r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|localStorage|cookie"
    assert re.findall(dangerous, text) == []
    assert re.findall(r"""(?:src|href)="(?!/desk/)""", text) == []


def test_both_languages_have_every_sentence() -> None:
    assert set(KEY.findall(spoken("en"))) == set(KEY.findall(spoken("sw")))


def spoken(language: str) -> str:
    english, swahili = (FOLDER / "texts.js").read_text(encoding="utf-8").split("  sw: {")
    return swahili if language == "sw" else english


@pytest.mark.parametrize(("language", "page"), [("en", "desk.md"), ("sw", "desk-sw.md")])
def test_the_guide_names_buttons_as_the_page_does(language: str, page: str) -> None:
    guide = " ".join((DOCS / page).read_text(encoding="utf-8").split())
    named = {each for each in re.findall(r"\*\*([^*]+)\*\*", guide) if each[-1] not in ".:"}
    named -= NO_BUTTONS
    assert len(named) > 8
    texts = spoken(language).replace("\\'", "'")
    assert [each for each in sorted(named) if f"'{each}'" not in texts] == []


@pytest.mark.parametrize(("language", "page"), [("en", "desk.md"), ("sw", "desk-sw.md")])
def test_the_guide_explains_what_the_page_really_says(language: str, page: str) -> None:
    table = (DOCS / page).read_text(encoding="utf-8").split("\n|---|---|\n")[-1]
    says = re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE)
    assert len(says) == 11
    texts = spoken(language).lower()
    assert [each for each in says if each.lower() not in texts] == []


@pytest.mark.parametrize("page", ["desk.md", "desk-sw.md"])
def test_the_guide_counts_what_the_browser_counted(page: str) -> None:
    guide = (DOCS / page).read_text(encoding="utf-8")
    counted = re.findall(r"^\| .* \| (\d+) \| (\d+) \|$", guide, re.MULTILINE)
    efforts = [(str(each.clicks), str(each.fields)) for each in EFFORTS.values()]
    assert counted == efforts


def test_every_refusal_of_a_staff_route_has_a_sentence() -> None:
    sources = [file for place in REFUSING for file in (PACKAGE / place.parent).glob(place.name)]
    codes = {code for file in sources for code in CODE.findall(file.read_text(encoding="utf-8"))}
    assert len(codes) > 30
    for language in ("en", "sw"):
        told = spoken(language)
        assert [each for each in sorted(codes - NOT_SHOWN) if f" {each}: '" not in told] == []


def test_every_reason_for_a_review_has_a_sentence() -> None:
    for language in ("en", "sw"):
        assert [code for code in REVIEW_WORDS if f" {code}: '" not in spoken(language)] == []


def test_the_pictures_of_the_guide_are_small() -> None:
    pictures = sorted((DOCS / "images").glob("desk-*.png"))
    assert len(pictures) >= 8
    assert [each.name for each in pictures if each.stat().st_size > PICTURE_BYTES_MAX] == []


def test_the_library_is_the_release_whose_hash_is_known() -> None:
    assert FILE == FOLDER / LIBRARY
    assert hashlib.sha256(FILE.read_bytes()).hexdigest() == SHA256

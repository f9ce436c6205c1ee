"""What several files must say alike is read from each and compared; docs hold no stale figure."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from payments.aws.settings import FORBIDDEN_URL_WORDS
from payments.protocol.result_codes import FINAL_REFUSALS

from bench import cost
from local.template import read_template
from simulator.core import callback_url
from tests.unit.test_docs import DOCUMENTS, ROOT
from tools.hakika.checks import INDEXES
from tools.hakika.views import REVIEW_WORDS

TEMPLATE = read_template(ROOT / "template.yaml")
RESOURCES = TEMPLATE["Resources"]
WORDS = (
    *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    *("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
    "twenty",
)
# Decisions tell what was true when they were taken.
HISTORY = ("docs/adr/", "CHANGELOG.md")
TELLING = [
    path
    for path in (*DOCUMENTS, ROOT / "template.yaml", *(ROOT / "tools" / "hakika").glob("*.py"))
    if not str(path.relative_to(ROOT)).startswith(HISTORY)
]


def deployed(kind: str) -> int:
    return sum(each["Type"] == f"AWS::{kind}" for each in RESOURCES.values())


COUNTED = {
    "indexes": len(RESOURCES["PaymentsTable"]["Properties"]["GlobalSecondaryIndexes"]),
    "secrets": deployed("SecretsManager::Secret"),
    "alarms": deployed("CloudWatch::Alarm"),
}


def test_the_doctor_asks_for_every_index() -> None:
    indexes = RESOURCES["PaymentsTable"]["Properties"]["GlobalSecondaryIndexes"]
    assert sorted(INDEXES) == sorted(index["IndexName"] for index in indexes)


def test_the_words_that_safaricom_refuses_are_the_same_everywhere() -> None:
    words = set(FORBIDDEN_URL_WORDS)
    assert not [word for word in words if any(each in word for each in words - {word})]
    assert set(callback_url.FORBIDDEN_WORDS) == words
    for parameter in ("CallbackUrlBase", "DomainName"):
        pattern = TEMPLATE["Parameters"][parameter]["AllowedPattern"]
        [listed] = re.findall(r"\(\?!\.\*\((?:\?i:)?([a-z|-]+)\)\)", pattern)
        assert set(listed.split("|")) == words
    texts = [TEMPLATE["Parameters"]["CallbackUrlBase"]["Description"]]
    texts += [" ".join(path.read_text().split()) for path in DOCUMENTS]
    lists = [each for text in texts for each in re.findall(r"mpesa, m-pesa, ([a-z, ]+)\.", text)]
    assert len(lists) >= 2
    told = [{"mpesa", "m-pesa", *each.split(", ")} for each in lists]
    assert told == [words] * len(lists)


@pytest.mark.parametrize("path", TELLING, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_text_counts_is_what_is_deployed(path: Path) -> None:
    text = " ".join(path.read_text(encoding="utf-8").split())
    told = re.findall(rf"\b((?i:{'|'.join(WORDS)})|\d+) ({'|'.join(COUNTED)})\b", text)
    for number, noun in told:
        counted = int(number) if number.isdigit() else WORDS.index(number.lower()) + 1
        assert counted == COUNTED[noun.lower()], f"{number} {noun}"


def test_the_settings_that_the_readme_lists_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"`([A-Z]+_[A-Z_]+)`", readme))
    known = (ROOT / "template.yaml").read_text() + (ROOT / ".env.example").read_text()
    assert listed
    assert not [name for name in listed if name not in known]


def test_nothing_of_ours_is_traced_and_no_trace_of_ours_is_priced() -> None:
    assert "Tracing" not in str(TEMPLATE)
    flow = json.loads((ROOT / "bench" / "results.json").read_text())["flow"]["product"]
    assert cost.usd_per_million("product", flow)["traces"] == 0


def test_the_codes_that_the_protocol_names_close_the_session_or_leave_it_open() -> None:
    page = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    closing, open_ = re.findall(r"([\d, ]*\d and \d+) among them", page)
    for text, closes in ((closing, True), (open_, False)):
        codes = re.findall(r"\d+", text)
        assert {FINAL_REFUSALS[code].closes_session for code in codes} == {closes}


def test_the_codes_that_the_facts_list_are_the_refusals_that_the_product_knows() -> None:
    page = (ROOT / "docs" / "daraja.md").read_text(encoding="utf-8")
    table = page.split("\n## 7. Result codes\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\| ((?:\w*\d\w*(?:, | to )?)+) \|", table, re.MULTILINE)
    text = ", ".join(cells).replace("20 to 25", "20, 21, 22, 23, 24, 25")
    no_refusals = {"0", "4999", "2026", "2008", "100000100", "TP40153"}
    assert set(text.split(", ")) - no_refusals == FINAL_REFUSALS.keys()


def test_the_runbook_says_what_to_do_for_every_reason_of_a_review() -> None:
    page = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    section = page.partition("\n## Review\n")[2].partition("\n## ")[0]
    first_cells = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", section, re.MULTILINE)
    assert set(re.findall(r"\w+", " ".join(first_cells))) == REVIEW_WORDS.keys()


def test_every_invariant_of_the_protocol_names_its_guards() -> None:
    page = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    stated = set(re.findall(r"^\| ([IR]\d{1,2}) \|", page, re.MULTILINE))
    guards = (ROOT / "docs" / "invariants.md").read_text(encoding="utf-8")
    assert len(stated) >= 26
    assert stated == set(re.findall(r"^\| \*\*([IR]\d+)\*\*", guards, re.MULTILINE))

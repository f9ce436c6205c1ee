"""A share of `python -m tests.model prove`: the small worlds, and the quick rules taken out."""

import re
from pathlib import Path

import pytest

from tests.model.explore import explore_all, take_out
from tests.model.rules import RULES, Rule, worlds

SOURCES = Path(__file__).parents[2] / "model"
SMALL = (
    *("late", "the booking changes", "reviews", "a till", "a booking and another amount"),
    *("set aside at a till", "refund: contradictions", "refund: other ways"),
)
SLOW = frozenset({"a till and two prompts"})
"""Worlds that take a minute; `prove` plays them."""


def test_nothing_breaks_in_the_small_worlds() -> None:
    found = explore_all(lambda _: None, SMALL)
    assert [each["broken"] for each in found] == [[]] * len(SMALL)
    assert all(each["ends"] for each in found)


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if rule.world not in SLOW], ids=lambda rule: rule.name
)
def test_no_rule_can_be_taken_out(rule: Rule) -> None:
    assert take_out(rule, lambda _: None)["breaks"]


def test_every_rule_that_the_model_asks_for_has_its_row_and_its_world() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in SOURCES.glob("*.py"))
    asked = set(re.findall(r'without (?:!=|==|!= \(|in \()\s*"([^"]+)"', text))
    names = [rule.name for rule in RULES]
    assert asked <= set(names)
    assert [name for name in names if f'"{name}"' not in text.replace(f'("{name}", "', "")] == []
    assert {rule.world for rule in RULES} <= set(worlds())

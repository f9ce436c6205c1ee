"""The product's decisions are heard, with the faults that strike them; what is missing is named."""

from collections import Counter
from dataclasses import replace
from typing import Any, TypeAliasType, get_args

import pytest
from payments.protocol.evidence import (
    CallbackResult,
    Evidence,
    HintReceived,
    QueryAnswer,
    ReviewResolved,
)
from payments.protocol.refund_evidence import RefundEvidence, RefundSettled

from tests.model.rules import worlds
from tests.model.search import search
from tests.simulation.aiming import AIMED_RATE, SILENT_HOURS, draw_aimed_plan
from tests.simulation.decisions import HEARD, WORDS, share
from tests.simulation.faults import APPLICABLE
from tests.simulation.history import play, play_aimed_seed
from tests.simulation.plan import HOUR
from tests.simulation.sweeps import FLOWS, single_faults

WRITE = "TransactWriteItems"
KINDS = APPLICABLE[f"dynamodb {WRITE}"]
HAVE_WORDS_INSIDE = {CallbackResult, HintReceived, QueryAnswer, ReviewResolved, RefundSettled}


def kinds_of(alias: Any) -> set[type]:
    """Every class of a union, through the unions inside it."""
    if isinstance(alias, TypeAliasType):
        alias = alias.__value__
    parts = get_args(alias)
    return set().union(*(kinds_of(each) for each in parts)) if parts else {alias}


def test_every_kind_of_evidence_has_its_word() -> None:
    kinds = (kinds_of(Evidence) | kinds_of(RefundEvidence)) - HAVE_WORDS_INSIDE
    assert {each.__name__ for each in kinds} == set(WORDS)


def test_a_fault_at_the_write_of_a_decision_is_heard_and_at_a_read_it_is_not() -> None:
    decision = "pending, callback: paid"
    struck: dict[str, set[str]] = {WRITE: set(), "GetItem": set()}
    for what, fault in single_faults("paid"):
        if not fault.actor.startswith("callback") or fault.times > 1:
            continue
        for operation, kinds in struck.items():
            if what == f"dynamodb {operation}":
                coverage = play(replace(FLOWS["paid"], faults=(fault,))).coverage
                assert (coverage.outcomes[HEARD], coverage.faults.total()) == (1, 1)
                kinds |= {*coverage.struck}
    assert struck == {WRITE: {f"{kind} @ {decision}" for kind in KINDS}, "GetItem": set()}


@pytest.mark.parametrize(
    ("world", "decision"),
    [
        ("sends", "pending, query: paid"),
        ("a booking by hand", "no payment, money by hand opens one"),
        ("refund: answers", "refund_due (refund requested), approve"),
    ],
)
def test_the_model_names_each_decision_that_it_writes(world: str, decision: str) -> None:
    tried = worlds()[world]
    search(tried)
    assert decision in tried.decisions


def test_the_share_counts_what_is_possible_and_names_what_is_missing() -> None:
    alone, together = APPLICABLE["dynamodb UpdateItem"], KINDS
    written = Counter({"pending, time | UpdateItem": 7, f"pending, money | {WRITE}": 1})
    struck = Counter({f"{kind} @ pending, time": 1 for kind in alone if kind != "frozen"})
    found = share(written, struck, ["failed, money", "pending, money"])
    assert found == {
        "decisions": 3,
        "never_written": ["failed, money"],
        "possible": len(alone) + 2 * len(together),
        "met": len(alone) - 1,
        "percent": round(100 * (len(alone) - 1) / (len(alone) + 2 * len(together)), 1),
        "gaps": {"failed, money": ["all"], "pending, money": ["all"], "pending, time": ["frozen"]},
    }


def test_aimed_histories_strike_the_writes_of_decisions_and_hold() -> None:
    played = [play_aimed_seed(seed) for seed in (52_000_001, 52_000_002)]
    assert [each.violation for each in played] == [None, None]
    struck, written = (
        sum(getattr(each.coverage, name).total() for each in played)
        for name in ("struck", "decisions")
    )
    assert struck > AIMED_RATE * written * 0.75


def test_after_a_long_silence_news_reaches_what_was_given_up() -> None:
    plans = map(draw_aimed_plan, range(52_000_001, 52_001_000))
    plan = next(each for each in plans if each.heal_at == SILENT_HOURS[1] * HOUR)
    days = [day for days in plan.scenarios.values() for day in days]
    assert any(day.get("callback_seconds", 0.0) > 48 * HOUR for day in days)

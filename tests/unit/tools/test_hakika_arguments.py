"""What people type on the operator's command line."""

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from payments.usecases.compare_statement import days_between
from payments.values import account_reference

from tools.hakika.arguments import (
    day_span,
    hoist,
    parse_amount,
    parse_moment,
    parse_receipt,
    parse_since,
    reference_tail,
)
from tools.hakika.errors import UsageError

NOON = 1_790_154_000  # 2026-09-23 12:00 EAT


def test_shared_options_come_to_the_front_wherever_they_stand() -> None:
    line = ["payment", "show", "x", "--json", "--stack", "s", "--region=r"]
    assert hoist(line) == ["--json", "--stack", "s", "--region=r", "payment", "show", "x"]


def test_what_follows_two_dashes_is_left_alone() -> None:
    assert hoist(["payment", "--", "--json"]) == ["payment", "--", "--json"]


def test_an_option_that_lost_its_value_stays_an_option_without_one() -> None:
    assert hoist(["stats", "--stack"]) == ["--stack", "stats"]


@pytest.mark.parametrize(
    ("text", "seconds"), [("90m", 5400), ("12h", 43_200), ("7d", 604_800), ("today", 43_200)]
)
def test_since_counts_back_from_now(text: str, seconds: int) -> None:
    assert parse_since(text, now=NOON) == NOON - seconds


def test_since_a_day_is_since_its_midnight_in_kenya() -> None:
    assert parse_since("2026-09-22", now=NOON) == NOON - 43_200 - 86_400


def test_days_are_kenyan_days() -> None:
    late_evening_utc = 1_790_110_800  # 2026-09-23 00:00 EAT
    assert days_between(late_evening_utc - 1, late_evening_utc) == ["2026-09-22", "2026-09-23"]
    assert day_span("2026-09-23", "2026-09-23") == (late_evening_utc, late_evening_utc + 86_399)


@pytest.mark.parametrize(("text", "amount_kes"), [("1,000.00", 1000), ("250000", 250_000)])
def test_amounts_are_whole_shillings(text: str, amount_kes: int) -> None:
    assert parse_amount(text, maximum_kes=250_000) == amount_kes


@pytest.mark.parametrize(
    "text",
    ["2026-09-23 12:00:00", "2026-09-23 12:00", "23-09-2026 12:00:00", "2026-09-23T12:00:00"],
)
def test_times_are_read_as_kenyan(text: str) -> None:
    assert parse_moment(text) == NOON


def test_receipts_are_upper_case() -> None:
    assert parse_receipt(" sff6xyz123 ") == "SFF6XYZ123"


@given(st.text("0123456789abcdef", min_size=32, max_size=32), st.sampled_from(["", "cons", "a-1"]))
def test_a_reference_leads_back_to_the_head_of_its_payment_id(payment_id: str, asked: str) -> None:
    reference = account_reference(requested=asked, payment_id=payment_id)
    tail, id_prefix = reference_tail(reference.lower())
    assert payment_id.startswith(id_prefix)
    assert reference.endswith(tail)


SINCE = partial(parse_since, now=NOON)
AMOUNT = partial(parse_amount, maximum_kes=250_000)
REFUSED: list[tuple[Callable[[str], object], list[str]]] = [
    (SINCE, ["", "7", "d", "7w", "2026-13-01", "2026-9-1", "2026-09-24", "93d"]),
    (AMOUNT, ["", "0", "-1", "1.5", "250001"]),
    (parse_moment, ["", "12:00", "2026-02-30 12:00", "23/09/26"]),
    (parse_receipt, ["", "ABC", "ABC-123456", "A" * 17]),
    (reference_tail, ["", "ABC", "UUUUUUUU", "A" * 13]),
]


@pytest.mark.parametrize(
    ("parse", "text"), [(parse, text) for parse, texts in REFUSED for text in texts]
)
def test_what_cannot_be_meant_is_refused(parse: Callable[[str], object], text: str) -> None:
    with pytest.raises(UsageError):
        parse(text)

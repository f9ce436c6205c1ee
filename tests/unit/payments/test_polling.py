"""How long a page that follows `poll_after_seconds` says "waiting" after the payment is known.

Computed from the schedule, without a clock: a payment is known at a moment between two polls, and
its customer waits for the later one.
"""

from collections.abc import Iterator
from fractions import Fraction

import pytest
from payments.http.answers import poll_after_seconds

from tests.unit.payments.situations import CREATED_AT, PAYMENTS, present

PIN_FROM, PIN_UNTIL = 8, 45
PENDING = PAYMENTS["pending"]

CASES = [
    (Fraction(answered), Fraction(shown), Fraction(took))
    for answered in ("0", "0.4", "1.7", "3", "6")
    for shown in ("0", "1.5", "5")
    for took in ("0", "0.15")
]
"""Seconds until the push is answered, from then until the prompt shows, and that a poll takes."""


def polls(answered: Fraction, took: Fraction, *, until: Fraction) -> Iterator[Fraction]:
    """The ages of the payment at which the page looks, up to the first one at or after `until`."""
    age = answered
    while age < until:
        age += present(poll_after_seconds(PENDING, CREATED_AT + int(age))) + took
        yield age


def share_told_within(
    seconds: Fraction, answered: Fraction, shown: Fraction, took: Fraction
) -> Fraction:
    """The share of PINs, entered evenly from 8 to 45 s, whose page knows within so many seconds."""
    first, last = answered + shown + PIN_FROM, answered + shown + PIN_UNTIL
    told, before = Fraction(0), Fraction(0)
    for poll in polls(answered, took, until=last):
        told += max(Fraction(0), min(poll, last) - max(before, first, poll - seconds))
        before = poll
    return told / (last - first)


@pytest.mark.parametrize(("answered", "shown", "took"), CASES)
def test_half_of_the_pages_know_within_1_2_seconds_and_nearly_all_within_2_5(
    answered: Fraction, shown: Fraction, took: Fraction
) -> None:
    assert share_told_within(Fraction("1.2"), answered, shown, took) >= Fraction("0.50")
    assert share_told_within(Fraction("2.49"), answered, shown, took) >= Fraction("0.95")


@pytest.mark.parametrize(("answered", "shown", "took"), CASES)
def test_a_payment_of_30_seconds_is_asked_for_16_times_at_most(
    answered: Fraction, shown: Fraction, took: Fraction
) -> None:
    assert len(list(polls(answered, took, until=Fraction(30)))) <= 16


def test_a_page_looks_less_often_before_and_after() -> None:
    steps = [poll_after_seconds(PENDING, CREATED_AT + age) for age in (0, 30, 90, 600, 7200)]
    assert steps == [4, 2, 5, 15, 60]


def test_the_first_polls_do_not_sleep_into_the_time_of_the_pin() -> None:
    for age in range(PIN_FROM):
        wait = present(poll_after_seconds(PENDING, CREATED_AT + age))
        assert 2 <= wait <= 4
        assert age + wait <= PIN_FROM + 1

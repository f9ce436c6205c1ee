"""When a payment is looked at next: 25 s, then when an answer can newly count, then hourly."""

from __future__ import annotations

from dataclasses import replace

import pytest
from payments.protocol.evidence import QueryAnswer, TimePassed, Verdict
from payments.protocol.payment import Hint, Payment, PaymentStatus, Proof
from payments.protocol.policy import Policy
from payments.protocol.schedule import next_due_at, retry_at
from payments.protocol.time_passed import needs_query

from tests.unit.payments.situations import (
    CREATED_AT,
    DAY,
    OWN_ID,
    PAYMENTS,
    decided,
    facts,
    present,
)

HOUR = 3600
POLICY = Policy()


def due(payment: Payment, age: int) -> int | None:
    """The next look, in seconds after the reservation."""
    found = next_due_at(payment, now=CREATED_AT + age, policy=POLICY)
    return None if found is None else found - CREATED_AT


def looks(payment: Payment, until: int) -> list[int]:
    """All looks of a payment that nothing happens to."""
    ages = [0]
    while (age := due(payment, ages[-1])) is not None and age <= until:
        assert age > ages[-1], "a look lies ahead, or it would be taken for ever"
        ages.append(age)
    return ages[1:]


def test_a_pending_payment_is_looked_at_when_an_answer_can_newly_count() -> None:
    expected = [25, 120, 300, 900, HOUR, *range(2 * HOUR, DAY + 1, HOUR)]
    assert looks(PAYMENTS["pending"], DAY) == expected


def test_a_person_is_told_where_daraja_stays_silent_after_the_expiry() -> None:
    payment = replace(PAYMENTS["pending"], due_at=CREATED_AT + DAY)
    for age, attention in ((DAY + 899, None), (DAY + 900, "no_answer_from_mpesa")):
        now = CREATED_AT + age
        change = decided(payment, TimePassed(), age=age)
        after = change.after if change else payment
        assert after.attention == attention
        assert after.status is PaymentStatus.PENDING, "silence never cancels"
        assert needs_query(after, now), "Daraja is asked in this very run"
        assert decided(after, TimePassed(), age=age) is None
        waits = retry_at(after, now=now, policy=POLICY) - now
        assert waits == (600 if attention else 300)


@pytest.mark.parametrize(("code", "kept"), [(None, "4999"), ("", "4999"), ("1037", "1037")])
def test_an_expiry_without_a_code_keeps_the_code_that_was_stored(
    code: str | None, kept: str
) -> None:
    payment = replace(PAYMENTS["pending"], result_code="4999", result_desc="Still processing")
    text = "No answer" if code else ""
    answer = QueryAnswer(
        checkout_request_id=OWN_ID, verdict=Verdict.WAITING, code=code, description=text
    )
    change = present(decided(payment, answer, age=DAY))
    assert change.after.status is PaymentStatus.CANCELLED
    assert change.after.result_code == kept
    assert change.after.result_desc == (text or "Still processing")


def test_a_dispatch_is_given_up_after_a_minute() -> None:
    assert due(PAYMENTS["dispatching"], 0) == 25
    assert due(PAYMENTS["dispatching"], 25) == 60
    assert due(PAYMENTS["dispatching"], 60) == 60, "no answer will come: it is due until given up"


def test_an_unknown_payment_without_an_id_waits_two_days() -> None:
    assert due(PAYMENTS["unknown"], 0) == 2 * DAY


def test_a_failure_by_query_is_asked_again_at_the_prompts_end_and_after_a_day() -> None:
    assert looks(PAYMENTS["failed_by_query"], 10 * DAY) == [300, DAY]


@pytest.mark.parametrize("code", ["1037", "1036", "9999", "1001", "26"])
def test_so_is_a_failure_whose_code_leaves_the_prompt_open(code: str) -> None:
    payment = replace(PAYMENTS["failed"], result_code=code)
    assert looks(payment, 10 * DAY) == [300, DAY]


@pytest.mark.parametrize("situation", ["failed", "failed_unsent", "completed", "refunded"])
def test_what_is_settled_for_good_is_never_looked_at_again(situation: str) -> None:
    assert looks(PAYMENTS[situation], 10 * DAY) == []


def test_a_cancelled_payment_is_asked_about_once_more_after_two_days() -> None:
    assert looks(PAYMENTS["cancelled"], 10 * DAY) == [2 * DAY]
    assert looks(replace(PAYMENTS["cancelled"], checkout_request_id=None), 10 * DAY) == []


@pytest.mark.parametrize("situation", ["review", "completed_by_query"])
def test_a_receipt_is_missed_after_a_day(situation: str) -> None:
    assert looks(PAYMENTS[situation], 10 * DAY) == [40 + DAY]


@pytest.mark.parametrize("status", PaymentStatus)
def test_a_hint_makes_any_payment_due_until_it_is_overdue(status: PaymentStatus) -> None:
    hint = Hint(result=facts("0"), received_at=CREATED_AT + 10)
    payment = replace(PAYMENTS["completed"], status=status, hint=hint, proof=Proof.CALLBACK)
    assert present(due(payment, 10)) <= 35
    assert present(due(payment, 10 + DAY)) <= 10 + DAY + 300


@pytest.mark.parametrize(("age", "wait"), [(10, 25), (110, 100), (10 + 5000, 300)])
def test_a_question_about_a_hint_is_put_again_ever_more_slowly(age: int, wait: int) -> None:
    hint = Hint(result=facts("0"), received_at=CREATED_AT + 10)
    payment = replace(PAYMENTS["pending"], hint=hint)
    assert retry_at(payment, now=CREATED_AT + age, policy=POLICY) == CREATED_AT + age + wait


@pytest.mark.parametrize("situation", ["pending", "failed_by_query", "cancelled"])
def test_an_unanswered_question_is_always_put_again(situation: str) -> None:
    for age in (0, 25, 300, DAY, 3 * DAY):
        now = CREATED_AT + age
        assert now < retry_at(PAYMENTS[situation], now=now, policy=POLICY) <= now + HOUR


@pytest.mark.parametrize("hint", [None, Hint(result=facts("0"), received_at=CREATED_AT + 10)])
def test_two_questions_without_an_answer_fit_in_a_quarter_of_an_hour(hint: Hint | None) -> None:
    payment = replace(PAYMENTS["pending"], hint=hint)
    now = CREATED_AT + 340
    for _ in range(2):
        now = retry_at(payment, now=now, policy=POLICY)
    assert now <= CREATED_AT + 340 + 900

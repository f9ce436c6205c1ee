"""Pull's windows overlap, cover only what joins, and its clock is the one that agrees."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from payments.daraja.money_wire import read_pull_page
from payments.daraja.wire import Answer
from payments.protocol.evidence import MoneySeen
from payments.protocol.payment import Proof
from payments.protocol.pull import (
    SWEEP_SECONDS,
    PullClock,
    PulledRow,
    PullState,
    Window,
    calibrated,
    covered,
    windows_due,
)

NOW = 1_790_000_000
HOUR = 3600
NEWEST = Window(start=NOW - 2 * HOUR, end=NOW)
SWEEP = Window(start=NOW - 47 * HOUR, end=NOW - 2 * HOUR + 600)
EAT, UTC = PullClock


def state(**changes: Any) -> PullState:
    """Half an hour after a run that finished, a few hours after a sweep."""
    usual: dict[str, Any] = {
        "complete_from": NOW - 60 * HOUR,
        "complete_until": NOW - HOUR // 2,
        "swept_at": NOW - 5 * HOUR,
    }
    return PullState(**(usual | changes))


@pytest.mark.parametrize(
    ("before", "due"),
    [
        (state(), [NEWEST]),
        (state(complete_until=NEWEST.start), [NEWEST]),
        (state(complete_until=NEWEST.start - 1), [NEWEST, SWEEP]),
        (state(swept_at=NOW - 24 * HOUR + 1), [NEWEST]),
        (state(swept_at=NOW - 24 * HOUR), [NEWEST, SWEEP]),
        (state(swept_at=None), [NEWEST, SWEEP]),
        (PullState(), [NEWEST, SWEEP]),
    ],
)
def test_a_run_asks_about_two_hours_and_once_a_day_or_after_a_gap_about_47(
    before: PullState, due: list[Window]
) -> None:
    assert list(windows_due(before, now=NOW)) == due
    assert SWEEP.end > NEWEST.start, "the sweep joins the newest window"
    assert NOW - SWEEP.start == SWEEP_SECONDS


@pytest.mark.parametrize(
    ("begun", "done", "window", "after"),
    [
        (None, None, (0, 10), (0, 10)),
        (0, 10, (5, 20), (0, 20)),
        (0, 10, (10, 20), (0, 20)),
        (0, 10, (11, 20), (11, 20)),
        (50, 60, (0, 49), (50, 60)),
        (50, 60, (0, 50), (0, 60)),
        (0, 60, (10, 20), (0, 60)),
    ],
)
def test_coverage_is_one_unbroken_stretch(
    begun: int | None, done: int | None, window: tuple[int, int], after: tuple[int, int]
) -> None:
    before = PullState(complete_from=begun, complete_until=done)
    covering = covered(before, Window(start=window[0], end=window[1]))
    assert (covering.complete_from, covering.complete_until) == after


@pytest.mark.parametrize("window", [(11, 20), (10, 20)])
def test_a_sweep_that_a_gap_made_due_stays_due_until_it_finishes(window: tuple[int, int]) -> None:
    """Else one newest window that finishes hides the gap before it for a day."""
    swept = PullState(complete_from=0, complete_until=10, swept_at=NOW - 1)
    joins = window[0] <= 10
    after = covered(swept, Window(start=window[0], end=window[1]))
    assert after.swept_at == (swept.swept_at if joins else None)
    assert covered(replace(swept, complete_from=50, complete_until=60), Window(start=0, end=9)) == (
        replace(swept, complete_from=50, complete_until=60)
    ), "what is older and does not join adds nothing"


def row(**moments: int) -> PulledRow:
    money = MoneySeen(
        source=Proof.PULL,
        receipt_number="UKN51ZDR4F",
        amount_kes=5,
        amount_text=None,
        paid_at=None,
        shortcode="600966",
        reference=None,
        payer=None,
        payer_hmac=None,
        transaction_type="",
    )
    return PulledRow(money=money, moments={PullClock(name): at for name, at in moments.items()})


@pytest.mark.parametrize(
    ("clock", "known", "after"),
    [
        (None, [], None),
        (UTC, [], UTC),
        (None, [(row(eat=NOW, utc=NOW + 3 * HOUR), NOW + 120)], EAT),
        (None, [(row(eat=NOW, utc=NOW + 3 * HOUR), NOW + 3 * HOUR)], UTC),
        (EAT, [(row(eat=NOW, utc=NOW + 3 * HOUR), NOW + 121)], None),
        (EAT, [(row(eat=NOW, utc=NOW + 3 * HOUR), NOW + 3 * HOUR)], UTC),
        (None, [(row(eat=NOW, utc=NOW), NOW)], EAT),
        (UTC, [(row(eat=NOW, utc=NOW), NOW)], UTC),
        (EAT, [(row(), NOW)], EAT),
        (
            EAT,
            [
                (row(eat=NOW, utc=NOW + 3 * HOUR), NOW),
                (row(eat=NOW, utc=NOW + 3 * HOUR), NOW + 3 * HOUR),
            ],
            None,
        ),
    ],
)
def test_the_clock_is_the_one_by_which_every_known_receipt_agrees(
    clock: PullClock | None, known: list[tuple[PulledRow, int]], after: PullClock | None
) -> None:
    assert calibrated(clock, known) is after


LISTED = {"transactionId": "UKN51ZDR4F", "amount": "5.0"}


@pytest.mark.parametrize(
    ("status", "body", "shape"),
    [
        (200, {"ResponseCode": "1000", "Response": [[LISTED]]}, (1, False, 0)),
        (200, {"ResponseCode": 1000, "Response": [LISTED]}, (1, False, 0)),
        (200, {"ResponseCode": "1000", "Response": [[LISTED, {"amount": "5"}]]}, (1, False, 1)),
        (200, {"ResponseCode": "1000", "Response": [[]]}, (0, False, 0)),
        (200, {"ResponseCode": "1000", "Response": "[[]]"}, (0, False, 0)),
        (200, {"ResponseCode": "1000", "Response": []}, (0, False, 0)),
        (200, {"ResponseCode": "1001", "Response": []}, (0, True, 0)),
        (500, {"ResponseMessage": "Failed to retrieve transactions"}, (0, False, 0)),
        (500, {"errorMessage": "Failed to retrieve transactions"}, (0, False, 0)),
        (500, {"errorMessage": "Internal Server Error"}, None),
        (200, {"ResponseCode": "1000", "Response": "oops"}, None),
        (200, {"ResponseCode": "1000", "Response": {}}, None),
        (200, {"ResponseCode": "1000"}, None),
        (200, {}, None),
        (403, {"ResponseCode": "1001"}, None),
    ],
)
def test_four_answers_are_empty_and_what_is_none_of_them_is_no_answer(
    status: int, body: dict[str, Any], shape: tuple[int, bool, int] | None
) -> None:
    page = read_pull_page(
        Answer(status=status, body=body), shortcode="600966", hash_phone=lambda _: "key"
    )
    assert (page and (len(page.rows), page.is_nothing_found, page.unreadable)) == shape

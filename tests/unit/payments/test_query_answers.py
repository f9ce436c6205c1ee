"""What an answer to a query says, body by body."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from payments.daraja.query_answers import read_query_answer
from payments.daraja.wire import read_answer
from payments.protocol.evidence import QueryAnswer, Verdict
from payments.protocol.result_codes import FINAL_REFUSALS

from .situations import present

PAYLOADS = Path(__file__).parents[2] / "payloads"


def read(name: str, status: int) -> QueryAnswer | None:
    """The verdict on a payload, asked about the id that it names."""
    content = (PAYLOADS / name).read_bytes()
    try:
        checkout_request_id = json.loads(content).get("CheckoutRequestID", "ws_CO_asked")
    except ValueError:
        checkout_request_id = "ws_CO_asked"
    return read_query_answer(checkout_request_id, read_answer(status, content))


def answer(status: int = 200, **body: Any) -> QueryAnswer | None:
    """The verdict on a body."""
    return read_query_answer("ws_CO_asked", read_answer(status, json.dumps(body).encode()))


@pytest.mark.parametrize(
    ("name", "status", "verdict", "code"),
    [
        ("query_success.json", 200, Verdict.PAID, "0"),
        ("query_cancelled.json", 200, Verdict.REFUSED, "1032"),
        ("query_still_processing.json", 200, Verdict.WAITING, None),
        ("query_being_processed.json", 500, Verdict.WAITING, None),
        ("query_too_early.json", 400, Verdict.WAITING, None),
        ("query_does_not_exist.json", 500, Verdict.WAITING, None),
        ("query_unreachable.json", 200, Verdict.REFUSED, "1037"),
    ],
)
def test_each_known_body_has_its_verdict(
    name: str, status: int, verdict: Verdict, code: str | None
) -> None:
    found = present(read(name, status))
    assert (found.verdict, found.code) == (verdict, code)


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("spike_arrest.json", 429),
        ("firewall_403.html", 403),
        ("push_error_invalid_token.json", 404),
        ("push_error_internal.json", 500),
        ("push_error_busy.json", 500),
    ],
)
def test_a_body_that_says_nothing_about_the_prompt_is_no_answer(name: str, status: int) -> None:
    assert read(name, status) is None


@pytest.mark.parametrize(
    ("message", "is_answer"),
    [("The transaction does not Exist", True), ("Merchant does not exist", False)],
)
def test_a_transaction_that_does_not_exist_yet_is_waited_for(message: str, is_answer: bool) -> None:
    found = answer(500, errorCode="500.001.1001", errorMessage=message)
    assert (found is not None) is is_answer
    assert found is None or found.verdict is Verdict.WAITING


@pytest.mark.parametrize("code", [0, "0", " 0 ", 0.0])
def test_success_is_success_as_number_or_text(code: object) -> None:
    assert present(answer(ResultCode=code)).verdict is Verdict.PAID


@pytest.mark.parametrize("code", sorted(FINAL_REFUSALS))
def test_every_listed_code_is_a_refusal(code: str) -> None:
    found = present(answer(ResultCode=code))
    assert (found.verdict, found.code) == (Verdict.REFUSED, code)


@pytest.mark.parametrize("code", ["7777", 7777, "100000100", "2008"])
def test_an_unlisted_code_means_still_waiting_and_is_kept(code: object) -> None:
    found = present(answer(ResultCode=code))
    assert (found.verdict, found.code) == (Verdict.WAITING, str(code))


@pytest.mark.parametrize("code", [None, True, False, [], {}, "", "0 or so"])
def test_what_is_no_code_is_no_answer(code: object) -> None:
    assert answer(ResultCode=code) is None


def test_an_answer_about_another_prompt_is_none() -> None:
    assert answer(ResultCode="0", CheckoutRequestID="ws_CO_another") is None


def test_a_success_without_http_200_is_no_success() -> None:
    assert answer(500, ResultCode="0") is None

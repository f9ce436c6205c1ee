"""Which answers to a push prove that no prompt exists; whatever else happened is unknown."""

import json
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
import requests
from payments.daraja.client import was_not_sent
from payments.daraja.push_outcomes import (
    is_invalid_token,
    is_misconfigured,
    is_outage,
    push_outcome,
)
from payments.daraja.wire import Answer, read_answer
from payments.protocol.evidence import PushAccepted, PushRefused, PushUnclear
from payments.protocol.result_codes import PUSH_REFUSAL_CAUSES
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)

PAYLOADS = Path(__file__).parents[2] / "payloads"
ACCEPTED_ID = "ws_CO_191220191020363925"


def answer(status: int, code: str = "", message: str = "", **more: object) -> Answer:
    return Answer(status=status, body={"errorCode": code, "errorMessage": message, **more})


def accepted(**changes: object) -> Answer:
    body = {
        "MerchantRequestID": "29115-34620561-1",
        "CheckoutRequestID": ACCEPTED_ID,
        "ResponseCode": "0",
        **changes,
    }
    return Answer(status=200, body=body)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (accepted(), PushAccepted),
        (accepted(ResponseCode=0), PushAccepted),
        (accepted(MerchantRequestID=None), PushAccepted),
        # A body that says it was accepted without an id that can be used: a prompt may exist.
        (accepted(CheckoutRequestID=None), PushUnclear),
        (accepted(CheckoutRequestID="x"), PushUnclear),
        (accepted(ResponseCode="1"), PushUnclear),
        (Answer(status=200, body={}), PushUnclear),
        (answer(400, "400.002.02", "Bad Request - Invalid Amount"), PushRefused),
        (answer(400, "400.002.05", "Invalid Request Payload"), PushUnclear),
        (answer(404, "404.001.03", "Invalid Access Token"), PushRefused),
        (answer(401), PushRefused),
        (answer(404, "404.001.01", "Resource not found"), PushUnclear),
        (answer(500, "500.003.02", "Spike Arrest Violation"), PushRefused),
        (answer(503, "500.003.02", "System is busy"), PushRefused),
        (answer(500, "500.003.03", "Quota Violation"), PushRefused),
        (answer(429), PushRefused),
        (answer(500, "500.001.1001", "Merchant does not exist"), PushRefused),
        (answer(500, "500.001.1001", "Wrong credentials"), PushRefused),
        (answer(500, "500.001.1001", "[MerchantValidate] - Wrong credentials"), PushRefused),
        (
            answer(
                500,
                "500.001.1001",
                "Unable to lock subscriber, a transaction is already in process for the current "
                "subscriber",
            ),
            PushRefused,
        ),
        (answer(500, "500.001.1001", "The transaction is being processed"), PushUnclear),
        (answer(500, "500.001.1001", "Internal error"), PushUnclear),
        (answer(500, "500.003.1001", "Internal Server Error"), PushUnclear),
        (answer(500), PushUnclear),
        (answer(502), PushUnclear),
        (answer(503), PushUnclear),
        (answer(504), PushUnclear),
        (answer(403), PushUnclear),
        (answer(302), PushUnclear),
        # The words of a refusal under another code or status prove nothing.
        (answer(200, "500.001.1001", "Wrong credentials"), PushUnclear),
        (answer(500, "500.003.1001", "Wrong credentials"), PushUnclear),
        (answer(500, "400.002.02", "Bad Request"), PushUnclear),
    ],
    ids=lambda value: (
        f"{value.status} {value.error_code} {value.message}"[:60]
        if isinstance(value, Answer)
        else value.__name__
    ),
)
def test_an_answer_to_a_push_is_classified(said: Answer, expected: type[object]) -> None:
    assert type(push_outcome(said)) is expected


@pytest.mark.parametrize(
    ("said", "reason", "sentence"),
    [
        (answer(400, "400.002.02", "Invalid PhoneNumber"), "Phone number refused", "phone_refused"),
        (answer(400, "400.002.02", "Invalid Amount"), "Request refused", "merchant"),
        (answer(503, "500.003.02"), "M-Pesa busy", "busy"),
        (answer(429), "M-Pesa busy", "busy"),
        (answer(500, "500.003.03"), "M-Pesa quota reached", "busy"),
        (
            answer(500, "500.001.1001", "Unable to lock subscriber"),
            "Another prompt is open",
            "busy",
        ),
        (answer(500, "500.001.1001", "Merchant does not exist"), "Shortcode not live", "merchant"),
        (answer(500, "500.001.1001", "Wrong credentials"), "Passkey refused", "merchant"),
        (answer(401), "Access token refused twice", "merchant"),
    ],
)
def test_a_refusal_is_stored_in_words_and_the_words_choose_the_sentence(
    said: Answer, reason: str, sentence: str
) -> None:
    outcome = push_outcome(said)
    assert isinstance(outcome, PushRefused)
    assert outcome.reason == reason
    assert PUSH_REFUSAL_CAUSES[reason] == sentence


@pytest.mark.parametrize(
    ("name", "status", "expected"),
    [
        ("push_accepted.json", 200, PushAccepted),
        ("push_error_busy.json", 500, PushRefused),
        ("push_error_internal.json", 500, PushUnclear),
        ("push_error_invalid_field.json", 400, PushRefused),
        ("push_error_invalid_remarks.json", 400, PushRefused),
        ("push_error_invalid_token.json", 404, PushRefused),
        ("push_error_subscriber_locked.json", 500, PushRefused),
        ("push_error_wrong_credentials.json", 500, PushRefused),
        ("spike_arrest.json", 429, PushRefused),
        ("firewall_403.html", 403, PushUnclear),
        ("firewall_403.html", 503, PushUnclear),
    ],
)
def test_a_recorded_answer_to_a_push_is_classified(
    name: str, status: int, expected: type[object]
) -> None:
    assert type(push_outcome(read_answer(status, (PAYLOADS / name).read_bytes()))) is expected


@pytest.mark.parametrize(
    "content", [b"", b"<html>", b"[]", b"null", b"{", b"\xff\xfe", b"[" * 5000, b'"text"']
)
def test_an_answer_that_is_no_json_object_leaves_the_outcome_unknown(content: bytes) -> None:
    for status in (200, 500, 503):
        assert isinstance(push_outcome(read_answer(status, content)), PushUnclear)


def test_only_a_refused_token_is_worth_a_second_send() -> None:
    assert is_invalid_token(answer(404, "404.001.03", "Invalid Access Token"))
    assert is_invalid_token(answer(401))
    assert not is_invalid_token(answer(404, "404.001.01"))
    assert not is_invalid_token(answer(500, "500.001.1001", "Wrong credentials"))


@pytest.mark.parametrize(
    "code", ["404.001.03", "400.003.01", "401.003.01", "401.002.01", "401.001"]
)
def test_a_token_is_refused_by_each_of_five_codes_whatever_the_status(code: str) -> None:
    said = answer(400, code, "Invalid Access Token")
    assert is_invalid_token(said)
    assert is_misconfigured(said)
    outcome = push_outcome(said)
    assert isinstance(outcome, PushRefused)
    assert (outcome.code, outcome.reason) == (code, "Access token refused twice")


POOL: Any = None


def wrapped(kind: type[requests.RequestException], reason: Exception) -> requests.RequestException:
    """As requests wraps what urllib3 raises after its (zero) retries."""
    return kind(MaxRetryError(POOL, "/mpesa/stkpush/v1/processrequest", reason))


@pytest.mark.parametrize(
    "error",
    [
        wrapped(requests.ConnectTimeout, ConnectTimeoutError(POOL, "connect timed out")),
        wrapped(requests.ConnectionError, NewConnectionError(POOL, "refused")),
        wrapped(requests.ConnectionError, NameResolutionError("host", POOL, socket.gaierror())),
    ],
    ids=["connect timeout", "connection refused", "no such host"],
)
def test_a_connection_that_never_stood_sent_nothing(error: requests.RequestException) -> None:
    assert was_not_sent(error)


@pytest.mark.parametrize(
    "error",
    [
        requests.ReadTimeout(ReadTimeoutError(POOL, "/", "read timed out")),
        requests.ConnectionError(ProtocolError("Connection aborted", ConnectionResetError())),
        # TLS can break while the answer is read: by then the request is at Daraja.
        wrapped(requests.exceptions.SSLError, SSLError(ssl.SSLEOFError(8, "EOF occurred"))),
        wrapped(
            requests.exceptions.SSLError,
            SSLError(ssl.SSLEOFError("EOF occurred in violation of protocol")),
        ),
        wrapped(requests.exceptions.SSLError, SSLError(ssl.SSLError(1, "bad record mac"))),
        wrapped(requests.ConnectionError, ProtocolError("Connection broken")),
        requests.exceptions.ChunkedEncodingError("incomplete read"),
        requests.exceptions.ContentDecodingError("gzip"),
        requests.ConnectionError(),
        requests.ConnectionError("text only"),
    ],
    ids=lambda error: f"{type(error).__name__} {error}"[:60],
)
def test_a_connection_that_broke_later_may_have_sent_the_push(
    error: requests.RequestException,
) -> None:
    assert not was_not_sent(error)


def test_the_recorded_acceptance_gives_both_ids() -> None:
    body = json.loads((PAYLOADS / "push_accepted.json").read_text())
    outcome = push_outcome(Answer(status=200, body=body))
    assert isinstance(outcome, PushAccepted)
    assert outcome.checkout_request_id == body["CheckoutRequestID"]
    assert outcome.merchant_request_id == body["MerchantRequestID"]
    bare = push_outcome(Answer(status=200, body={**body, "MerchantRequestID": None}))
    assert isinstance(bare, PushAccepted)
    assert bare.merchant_request_id == ""


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (accepted(), False),
        (answer(400, "400.002.02", "Bad Request - Invalid Amount"), False),
        (answer(401, "401.003.01", "Invalid Access Token"), False),
        (answer(500, "500.001.1001", "Unable to lock subscriber, a transaction is ..."), False),
        (answer(500, "500.001.1001", "Wrong credentials"), False),
        (answer(500, "500.001.1001", "something new"), True),
        (answer(500, "500.003.02", "System is busy"), True),
        (answer(500, "500.003.03", "Quota Violation"), True),
        (answer(500, "500.003.1001", "Internal Server Error"), True),
        (answer(429), True),
        (answer(502), True),
        (answer(403), True),
    ],
)
def test_only_daraja_s_own_trouble_counts_as_an_outage(given: Answer, expected: bool) -> None:
    assert is_outage(given) is expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (answer(404, "404.001.01", "Resource not found"), True),
        (answer(405, "405.001", "Method Not Allowed"), True),
        (answer(401, "401.002.01", "Invalid API call as no apiproduct match found"), True),
        (answer(500, "500.001.1001", "Merchant does not exist"), True),
        (answer(500, "500.001.1001", "Wrong credentials"), True),
        (answer(400, "400.002.02", "Bad Request - Invalid CallBackURL"), True),
        (answer(400, "400.002.02", "Bad Request - Invalid PhoneNumber"), False),
        (answer(500, "500.001.1001", "Unable to lock subscriber"), False),
        (answer(503, "500.003.02", "System is busy"), False),
        (answer(429), False),
        (accepted(), False),
    ],
)
def test_a_push_that_our_own_settings_spoil_is_told_from_a_busy_one(
    said: Answer, expected: bool
) -> None:
    assert is_misconfigured(said) is expected

"""What the sandbox was seen to do, where an imitation by the documents alone went wrong."""

import json
import logging
import socket
from typing import Any

import pytest

from simulator.core import Config
from tests.unit.simulator.running import PATIENCE_SECONDS, RunningSimulator
from tests.unit.simulator.virtual_merchant import PAYS, PUSH, WAITS, VirtualMerchant, error_code

SECRETS = ("the-passkey-itself", "the-password-itself", "the-credential-itself")


def last(merchant: VirtualMerchant) -> dict[str, Any]:
    """The journal's newest request."""
    return merchant.daraja.journal.entries(kind="request")[-1].facts


# Settings, fields of a push, and the message it is refused with; None is accepted.
PUSHES: dict[str, tuple[dict[str, Any], dict[str, Any], str | None]] = {
    "14 characters": ({}, {"AccountReference": "A" * 14, "TransactionDesc": "B" * 27}, None),
    "13, strict": (
        {"long_text_is_refused": True},
        {"AccountReference": "A" * 13},
        "Bad Request - Invalid AccountReference",
    ),
    "14, strict": (
        {"long_text_is_refused": True},
        {"TransactionDesc": "B" * 14},
        "Bad Request - Invalid TransactionDesc",
    ),
    "mpesa": ({}, {"CallBackURL": "https://pay.example.com/mpesa/c"}, None),
    "m-pesa": ({}, {"CallBackURL": "https://pay.example.com/M-Pesa"}, None),
    "mpesa in the host": (
        {},
        {"CallBackURL": "https://mpesa.example.com/c"},
        "Bad Request - Invalid CallBackURL",
    ),
    "mpesa, strict": (
        {"production_callback_rules": True},
        {"CallBackURL": "https://pay.example.com/mpesa/c"},
        "Bad Request - Invalid CallBackURL",
    ),
    "null description": ({}, {"TransactionDesc": "null"}, "Bad Request - Invalid Remarks"),
}


@pytest.mark.parametrize("row", PUSHES)
def test_a_push_is_taken_as_it_was_seen(row: str) -> None:
    settings, fields, message = PUSHES[row]
    merchant = VirtualMerchant(Config(**settings))
    body = merchant.push_body(**fields)
    if row == "null description":
        body["TransactionDesc"] = None
    answer = merchant.post(PUSH, body)
    assert (answer.status, answer.json().get("errorMessage")) == (
        (200, None) if message is None else (400, message)
    )


@pytest.mark.parametrize(("is_prompted", "code"), [(True, 0), (False, 1037)])
def test_a_long_reference_is_prompted_or_never_shown(is_prompted: bool, code: int) -> None:
    merchant = VirtualMerchant(Config(long_reference_is_prompted=is_prompted))
    assert merchant.ending(PAYS, AccountReference="A" * 14) == code


DOES_NOT_EXIST = (500, "500.001.1001", "The transaction does not Exist")


def test_a_query_can_say_that_the_transaction_does_not_exist() -> None:
    merchant = VirtualMerchant(Config(query_per_minute=None))
    checkout_id = merchant.finished(PAYS, "pays+query_does_not_exist")
    assert error_code(merchant.query(checkout_id)) == DOES_NOT_EXIST
    assert error_code(merchant.query("ws_CO_1"))[:2] == (400, "400.002.02")
    merchant.daraja.configure(query_unknown_id="does_not_exist")
    assert error_code(merchant.query("ws_CO_1")) == DOES_NOT_EXIST


@pytest.mark.parametrize("code", ["4999", "2002", "7777", "TP40153", "-1"])
def test_any_result_code_can_end_a_push(code: str) -> None:
    merchant = VirtualMerchant(Config(query_per_minute=None))
    checkout_id = merchant.finished(PAYS, f"result_{code}")
    (result,) = merchant.results(checkout_id)
    assert str(result["ResultCode"]) == code
    assert merchant.query(checkout_id).json()["ResultCode"] == code
    assert merchant.daraja.ledger.debits == {}


@pytest.mark.parametrize("name", ["result_0", "result_", "result_a b", "result_" + "9" * 21])
def test_a_success_without_a_debit_is_no_result(name: str) -> None:
    answer = VirtualMerchant().push(PAYS, name)
    assert error_code(answer)[0] == 400


def test_1037_has_two_sentences() -> None:
    merchant = VirtualMerchant(Config(query_per_minute=None))
    checkout_id = merchant.finished(PAYS, "ignores")
    assert merchant.results(checkout_id)[0]["ResultDesc"] == "No response from user."
    asked = merchant.query(checkout_id).json()["ResultDesc"]
    assert asked == "DS timeout user cannot be reached."


def test_a_callback_has_the_headers_that_were_seen(merchant: VirtualMerchant) -> None:
    merchant.finished(PAYS)
    assert merchant.received[0].headers == {
        "Content-Type": "application/json;charset=UTF-8",
        "Businessshortcode": "174379",
    }


def test_a_callback_is_found_by_its_phone(merchant: VirtualMerchant) -> None:
    merchant.pushed(PAYS)
    merchant.finished(WAITS, "cancels")
    for kind in ("callback_posted", "callback_answered"):
        (found,) = merchant.daraja.journal.entries(kind=kind, phone=WAITS)
        assert found.facts["checkout_request_id"] != ""


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(
            {
                "Passkey": SECRETS[0],
                "password": SECRETS[1],
                "deeper": [{"SecurityCredential": SECRETS[2]}],
                "AccountReference": "KEPT",
            }
        ).encode(),
        b'{"Passkey": "the-passkey-itself", "Password": the-password-itself',
        b"Passkey=the-passkey-itself&Password=the-password-itself",
        b'["the-passkey-itself"]',
        b"\xff\xfe the-passkey-itself",
    ],
)
def test_the_journal_keeps_no_secret(merchant: VirtualMerchant, body: bytes) -> None:
    answer = merchant.post(PUSH, body)
    kept = json.dumps([each.document() for each in merchant.daraja.journal.entries()])
    assert not any(secret in kept or secret in str(answer.body) for secret in SECRETS)
    assert ("KEPT" in kept) == (b"KEPT" in body)


BROKEN = (
    b'{"Passkey":"the-passkey-itself"}\r\n\r\n',
    b"POST /x HTTP/1.1\r\nHost: a\r\nBad header the-passkey-itself\r\n\r\n",
    b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nthe-passkey-itself\r\n\r\n",
    b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}the-passkey-itself\r\n\r\n",
)


def test_a_broken_request_is_quoted_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "aiohttp")
    with RunningSimulator() as simulator:
        address = simulator.url.removeprefix("http://").split(":")
        for raw in BROKEN:
            with socket.create_connection((address[0], int(address[1])), PATIENCE_SECONDS) as line:
                line.sendall(raw)
                line.shutdown(socket.SHUT_WR)
                told = b"".join(iter(lambda line=line: line.recv(4096), b""))  # type: ignore[misc]
            assert b"400 Bad Request" in told
            assert b"itself" not in told
    assert "itself" not in caplog.text
    assert "broken request" in caplog.text


NOT_IMITATED = {
    "/mpesa/b2b/v1/paymentrequest": "B2B",
    "/mpesa/b2b/v1/remittax": "tax remittance",
    "/v1/ussdpush/get-msisdn": "B2B Express",
    "/standingorder/v1/createStandingOrderExternal": "Ratiba",
    "/v1/billmanager-invoice/optin": "Bill Manager",
    "/imsi/v2/checkATI": "SIM swap",
    "/sfcverify/v1/query/info": "organisation names",
    "/mpesa/b2c/hakikisha/v1/hakikisha": "Hakikisha",
}


@pytest.mark.parametrize("path", NOT_IMITATED)
def test_an_api_that_is_not_imitated_says_so(merchant: VirtualMerchant, path: str) -> None:
    answer = merchant.post(path, {})
    status, code, message = error_code(answer)
    assert (status, code) == (404, "404.001.01")
    assert message == f"The simulator does not imitate {NOT_IMITATED[path]}"
    assert last(merchant)["why"] == f"not imitated: {NOT_IMITATED[path]}"
    assert error_code(merchant.post("/mpesa/stkpush", {}))[2] == "Resource not found"
    assert last(merchant)["why"] == "no API has this path"

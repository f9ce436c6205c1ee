"""Daraja's own spellings, with a body of every shape that was ever seen."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from payments.daraja.wire import (
    PUSH_PATH,
    QUERY_PATH,
    TOKEN_PATH,
    MalformedCallbackError,
    Merchant,
    clean_description,
    parse_callback,
    parse_json,
    push_body,
    query_body,
    read_answer,
)
from payments.protocol.payment import StkResult
from payments.protocol.provider_calls import Push

PAYLOADS = Path(__file__).parents[2] / "payloads"
NOON = 1_795_424_400  # 2026-11-23 12:00:00 in Nairobi.
MERCHANT = Merchant(shortcode="174379", party_b="174379", transaction_type="CustomerPayBillOnline")
PUSH = Push(
    msisdn="254708374149",
    amount_kes=1000,
    account_reference="VISI12345678",
    transaction_desc="Visit",
    callback_url="https://pay.example.co.ke/api/payment/callback/1/2",
)


def parsed(name: str) -> StkResult:
    """The facts of a stored callback."""
    return parse_callback((PAYLOADS / name).read_bytes())


def callback(**changes: Any) -> bytes:
    """The stored success, changed; None takes a field away."""
    document = json.loads((PAYLOADS / "callback_success.json").read_bytes())
    stk = document["Body"]["stkCallback"]
    for name, value in changes.items():
        stk[name] = value
        if value is None:
            del stk[name]
    return json.dumps(document).encode()


def items(**named: Any) -> dict[str, Any]:
    """CallbackMetadata with these items."""
    return {"Item": [{"Name": name, "Value": value} for name, value in named.items()]}


@pytest.mark.parametrize(
    "name",
    [
        "callback_success.json",
        "callback_masked_phone.json",
        "callback_string_date.json",
        "callback_without_phone.json",
    ],
)
def test_a_success_is_read_whatever_its_spelling(name: str) -> None:
    facts = parsed(name)
    assert facts.code == "0"
    assert facts.amount_kes is not None
    assert facts.receipt_number is not None
    assert facts.transaction_at is not None
    assert facts.checkout_request_id.startswith("ws_CO_")
    assert len(facts.digest) == 64


@pytest.mark.parametrize("name", ["callback_empty_items.json", "callback_without_metadata.json"])
def test_a_success_without_items_has_neither_amount_nor_receipt(name: str) -> None:
    facts = parsed(name)
    assert (facts.code, facts.amount_kes, facts.receipt_number) == ("0", None, None)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("callback_cancelled.json", "1032"),
        ("callback_unreachable.json", "1037"),
        ("callback_insufficient_funds.json", "1"),
    ],
)
def test_a_refusal_is_read(name: str, code: str) -> None:
    assert parsed(name).code == code


def test_a_code_in_text_is_the_same_code() -> None:
    raw = json.loads((PAYLOADS / "callback_string_code.json").read_bytes())
    text = raw["Body"]["stkCallback"]["ResultCode"]
    assert isinstance(text, str)
    assert parsed("callback_string_code.json").code == text


def test_a_prefix_in_the_description_is_dropped() -> None:
    assert "[" not in parsed("callback_prefixed_description.json").description
    assert clean_description("[STK_CB - ]Request cancelled") == "Request cancelled"
    assert clean_description("[MerchantValidate] - Wrong credentials") == "Wrong credentials"


def test_a_description_is_read_whole_up_to_200_characters() -> None:
    sentence = "The balance is insufficient for the transaction, so nothing was paid. " * 2
    assert clean_description(sentence) == sentence.strip()
    assert len(clean_description("x" * 500)) == 200


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (1000, 1000),
        (1000.00, 1000),
        ("1000", 1000),
        ("1000.00", 1000),
        (1000.5, None),
        (0, None),
        (-1000, None),
        (True, None),
        (None, None),
        ("one", None),
        ([1000], None),
        (10**12, None),
    ],
)
def test_an_amount_is_whole_and_positive_or_none(amount: object, expected: int | None) -> None:
    raw = callback(CallbackMetadata=items(Amount=amount, MpesaReceiptNumber="ABCDE12345"))
    assert parse_callback(raw).amount_kes == expected


@pytest.mark.parametrize(
    ("receipt", "expected"),
    [
        ("SFE2A3B4C5", "SFE2A3B4C5"),
        (" sfe2a3b4c5 ", "SFE2A3B4C5"),
        ("", None),
        (12345678, None),
        ("short", None),
        ("HAS SPACE1", None),
        ("X" * 17, None),
    ],
)
def test_a_receipt_is_one_or_none(receipt: object, expected: str | None) -> None:
    raw = callback(CallbackMetadata=items(Amount=1, MpesaReceiptNumber=receipt))
    assert parse_callback(raw).receipt_number == expected


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("29115-34620561-1", "29115-34620561-1"),
        ("", None),
        ("29115 34620561", None),
        ("9" * 200, None),
        (29115, None),
        ({"id": "29115"}, None),
    ],
)
def test_a_merchant_request_id_is_an_id_or_none(given: object, read: str | None) -> None:
    assert parse_callback(callback(MerchantRequestID=given)).merchant_request_id == read


def test_an_item_named_twice_counts_only_where_both_agree() -> None:
    twice = {"Item": [{"Name": "Amount", "Value": 1000}, {"Name": "Amount", "Value": 1}]}
    assert parse_callback(callback(CallbackMetadata=twice)).amount_kes is None
    same = {"Item": [{"Name": "Amount", "Value": 1000}] * 2}
    assert parse_callback(callback(CallbackMetadata=same)).amount_kes == 1000


@pytest.mark.parametrize("metadata", [[], "text", {"Item": {}}, {"Item": [1, "x", {"Name": 4}]}])
def test_odd_metadata_reads_as_none(metadata: object) -> None:
    assert parse_callback(callback(CallbackMetadata=metadata)).amount_kes is None


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"Body": null}',
        b'{"Body": {"stkCallback": []}}',
        b"[" * 8000,
        b'{"Body":{"stkCallback":{"ResultCode":NaN}}}',
        b'{"Body":{"stkCallback":{"ResultCode":Infinity}}}',
        b'{"Body":{"stkCallback":{"ResultCode":' + b"9" * 5000 + b"}}}",
        b'{"Body":{"stkCallback":{"ResultCode":0,"ResultCode":1}}}',
        b'{"Body":{"stkCallback":{"ResultCode":1e9999999999999999999}}}',
        callback(ResultCode=None),
        callback(ResultCode=True),
        callback(ResultCode={}),
        callback(ResultCode="x" * 25),
        callback(CheckoutRequestID=None),
        callback(CheckoutRequestID=17),
        callback(CheckoutRequestID="x" * 65),
        callback(CheckoutRequestID="../../etc"),
    ],
)
def test_a_body_that_is_no_callback_is_malformed_and_nothing_worse(raw: bytes) -> None:
    with pytest.raises(MalformedCallbackError):
        parse_callback(raw)


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b"[" * 8000, b"1e9999999999999999999"])
def test_a_text_that_is_not_json_is_no_value(raw: bytes) -> None:
    with pytest.raises(MalformedCallbackError, match=r"^not JSON$"):
        parse_json(raw)


def test_a_prompt_takes_three_of_darajas_paths() -> None:
    assert (TOKEN_PATH, PUSH_PATH, QUERY_PATH) == (
        "/oauth/v1/generate",
        "/mpesa/stkpush/v1/processrequest",
        "/mpesa/stkpushquery/v1/query",
    )


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b"null", b"[" * 8000, b"\xff"])
def test_an_answer_that_is_no_object_reads_as_empty(content: bytes) -> None:
    answer = read_answer(502, content)
    assert (answer.status, dict(answer.body)) == (502, {})
    assert (answer.error_code, answer.message) == ("", "")


def test_apigees_fault_has_its_code() -> None:
    answer = read_answer(429, (PAYLOADS / "spike_arrest.json").read_bytes())
    assert answer.error_code == "policies.ratelimit.SpikeArrestViolation"


def test_the_push_is_spelled_as_in_the_stored_request() -> None:
    stored = json.loads((PAYLOADS / "push_request_paybill.json").read_bytes())
    body = push_body(PUSH, MERCHANT, passkey="key", now=NOON)
    assert set(body) == set(stored)
    assert {name: type(value) for name, value in body.items()} == {
        name: type(value) for name, value in stored.items()
    }
    assert body["Timestamp"] == "20261123120000"
    assert base64.b64decode(body["Password"]) == b"174379key20261123120000"
    assert body["PartyA"] == body["PhoneNumber"] == 254708374149


def test_a_till_is_named_beside_its_store_number() -> None:
    till = Merchant(shortcode="600000", party_b="700000", transaction_type="CustomerBuyGoodsOnline")
    push = replace(
        PUSH,
        amount_kes=1,
        account_reference="A",
        transaction_desc="B",
        callback_url="https://example.com",
    )
    body = push_body(push, till, passkey="key", now=NOON)
    assert (body["BusinessShortCode"], body["PartyB"]) == (600000, 700000)


def test_the_query_is_signed_like_the_push() -> None:
    body = query_body("ws_CO_1", MERCHANT, passkey="key", now=NOON)
    assert set(body) == {"BusinessShortCode", "Password", "Timestamp", "CheckoutRequestID"}
    assert base64.b64decode(body["Password"]) == b"174379key20261123120000"

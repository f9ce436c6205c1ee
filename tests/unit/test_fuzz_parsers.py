"""Fuzz: whatever arrives, parsers answer with a value of their domain or their one error."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from payments.aws.secrets import Secrets
from payments.aws.token_families import TokenFamily
from payments.daraja.money_wire import read_confirmation, read_pull_page, read_pulled_row
from payments.daraja.wire import MalformedCallbackError, parse_callback, read_answer
from payments.errors import InvalidRequestError, PaymentError, UnauthenticatedError
from payments.http import api_gateway, requests
from payments.http.authentication import Authenticator
from payments.http.results import from_message, read_post, to_message
from payments.http.token_claims import TokenRefusedError, read_claims
from payments.http.token_keys import SharedSecret
from payments.protocol.payment import StkResult
from payments.usecases.count_payments import DAYS_MAX, parse_days
from payments.usecases.result_addresses import result_token
from payments.values import (
    clean_text,
    embedded_in_checkout_id,
    mask_checkout_request_id,
    mask_phone,
    normalise_booking_id,
    normalise_phone,
    parse_daraja_timestamp,
    whole_kes,
)

from tests.support.bad_tokens import good_claims
from tests.support.observer import Notes
from tests.support.tokens import encode_part, sign, token_of

CASES = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
MSISDN = re.compile(r"254[17][0-9]{8}")
NOW = 1_790_000_000
SECRET = "the-secret-that-signs-tokens-0123456789abcdef"

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["0", 0, "1032", 4999, "NaN", "254708374149", 20260921171326, "UIL0S5A59R"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
item_names = st.sampled_from(
    ["Amount", "MpesaReceiptNumber", "TransactionDate", "PhoneNumber", "Balance", "amount", ""]
)
items = st.lists(
    st.fixed_dictionaries({}, optional={"Name": item_names | anything, "Value": anything})
    | anything,
    max_size=8,
)
callbacks = st.fixed_dictionaries(
    {},
    optional={
        "MerchantRequestID": anything,
        "CheckoutRequestID": anything | st.just("ws_CO_21092026171320000708374149"),
        "ResultCode": anything | st.sampled_from([0, "0", 1032, "SFC_IC0003"]),
        "ResultDesc": anything | st.text(),
        "CallbackMetadata": anything | st.fixed_dictionaries({"Item": items}),
    },
)
documents = (
    st.fixed_dictionaries({"Body": st.fixed_dictionaries({"stkCallback": callbacks | anything})})
    | anything
).map(json.dumps)


read_money = partial(read_confirmation, hash_phone=lambda _: "key")


def tried[Value](
    error: type[Exception], read: Callable[[Any], Value], argument: object
) -> tuple[Value | None, Exception | None]:
    """Returns what was read, or the one error that is allowed; any other fails the test."""
    try:
        return read(argument), None
    except error as caught:
        return None, caught


def mangled(text: str, cut: int, extra: bytes) -> bytes:
    raw = text.encode()
    return raw[: cut % (len(raw) + 1)] + extra


@CASES
@given(documents, st.integers(min_value=0), st.binary(max_size=8), st.booleans())
@example('{"Body":' * 900, 0, b"", True)
@example("[" * 8000, 8000, b"", False)
@example('{"Body":{"stkCallback":{"ResultCode":' + "9" * 5000 + "}}}", 0, b"", True)
@example('{"Body":{"stkCallback":{"ResultCode":1e999999999999}}}', 0, b"", True)
def test_a_callback_is_read_or_called_malformed(
    text: str, cut: int, extra: bytes, is_whole: bool
) -> None:
    raw = text.encode() if is_whole else mangled(text, cut, extra)
    facts, error = tried(MalformedCallbackError, parse_callback, raw)
    assert len(str(error)) < 40, "the message quotes nothing"
    if facts is not None:
        assert_facts_are_sane(facts)


confirmations = st.fixed_dictionaries(
    {},
    optional={
        "TransID": anything | st.sampled_from(["UIL0S5A59R", "uil0s5a59r"]),
        "TransAmount": anything | st.sampled_from(["5.00", 5, "5.50", "1e5"]),
        "TransTime": anything,
        "BusinessShortCode": anything,
        "BillRefNumber": anything,
        "MSISDN": anything | st.sampled_from(["2547 ***** 149", "254708374149", "a" * 64]),
        "TransactionType": anything,
    },
)


@CASES
@given((confirmations | anything).map(json.dumps), st.integers(min_value=0), st.booleans())
@example("[" * 8000, 8000, True)
@example('{"TransID":"UIL0S5A59R","TransAmount":1e999999999999}', 0, True)
def test_a_confirmation_is_read_or_called_malformed(text: str, cut: int, is_whole: bool) -> None:
    raw = text.encode() if is_whole else mangled(text, cut, b"")
    money, error = tried(MalformedCallbackError, read_money, raw)
    assert len(str(error)) < 40, "the message quotes nothing"
    if money is not None:
        assert re.fullmatch(r"[A-Z0-9]{8,16}", money.receipt_number)
        assert money.amount_kes is None or money.amount_kes > 0
        assert len(money.reference or "") <= 20
        assert MSISDN.search(str((money.payer, money.payer_hmac))) is None


RESULT_KEYS = (
    *("Amount", "ReceiptNo", "TransactionStatus", "CreditPartyName", "AccountBalance"),
    *("OriginalTransactionID", "FinalisedTime"),
)
results = st.fixed_dictionaries(
    {},
    optional={
        "ResultCode": anything | st.sampled_from([0, "0", "R000001", 2001]),
        "TransactionID": anything | st.sampled_from(["UIL0S5A59R"]),
        "ResultParameters": anything
        | st.builds(
            lambda items: {"ResultParameter": items},
            anything
            | st.lists(
                st.fixed_dictionaries(
                    {"Key": anything | st.sampled_from(RESULT_KEYS)},
                    optional={"Value": anything | st.sampled_from(["174379 - JUMA", "U|K|1.5|2"])},
                ),
                max_size=5,
            ),
        ),
    },
)
PATHS = (("reversal", "a" * 32, "1"), ("status", b"UIL0S5A59R".hex()), ("balance",))


@CASES
@given(
    st.sampled_from(PATHS),
    st.builds(lambda result: {"Result": result}, results) | anything,
    st.integers(min_value=0),
    st.booleans(),
)
@example(PATHS[2], {"Result": {"ResultCode": 0}}, 5, False)
def test_a_result_is_facts_without_a_name_or_nothing(
    parts: tuple[str, ...], body: object, cut: int, is_whole: bool
) -> None:
    text = json.dumps(body)
    raw = text.encode() if is_whole else mangled(text, cut, b"")
    path = "/".join(("/api/result", *parts, result_token("key", *parts)))
    post = read_post(
        path, raw, keys=("old", "key"), comes_from_listed=True, account="Utility Account"
    )
    assert post is not None
    message = json.dumps(to_message(post))
    assert from_message(json.loads(message)) == post
    assert "JUMA" not in message
    assert read_post(path, raw, keys=("old",), comes_from_listed=True, account="") is None


@CASES
@given(anything)
def test_any_row_of_pull_is_read_or_nothing(row: object) -> None:
    found = read_pulled_row(row, shortcode="600966", hash_phone=lambda _: "key")
    assert found is None or found.money.receipt_number


@CASES
@given(st.integers(100, 599), anything.map(lambda value: json.dumps({"Response": value})))
def test_any_answer_of_pull_is_a_page_or_none(status: int, text: str) -> None:
    answer = read_answer(status, text.encode())
    read_pull_page(answer, shortcode="600966", hash_phone=lambda _: "key")


@CASES
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_called_malformed(raw: bytes) -> None:
    facts, _ = tried(MalformedCallbackError, parse_callback, raw)
    if facts is not None:
        assert_facts_are_sane(facts)


def assert_facts_are_sane(facts: StkResult) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_.-]{1,24}", facts.code)
    assert re.fullmatch(r"[A-Za-z0-9_*-]{8,64}", facts.checkout_request_id)
    assert facts.amount_kes is None or 0 < facts.amount_kes < 10**9
    assert facts.receipt_number is None or re.fullmatch(r"[A-Z0-9]{8,16}", facts.receipt_number)
    assert facts.transaction_at is None or facts.transaction_at > 946_000_000
    assert len(facts.description) <= 200
    assert facts.description.isprintable()


@CASES
@given(
    st.integers(min_value=100, max_value=599), st.binary(max_size=300) | documents.map(str.encode)
)
def test_any_answer_of_daraja_can_be_read(status: int, content: bytes) -> None:
    answer = read_answer(status, content)
    assert isinstance(answer.error_code, str)
    assert isinstance(answer.message, str)


phones = (
    st.text(max_size=40)
    | st.text("+0123456789 -()", max_size=20)
    | st.from_regex(r"(\+?254|0)?[17][0-9]{8}\n?", fullmatch=True)
    | st.from_regex(r"(\+?254|0)?[17]\d{8}", fullmatch=True)
)


@CASES
@given(phones)
@example("254708374149\n")
@example("\u0660" * 9)
@example("2540712345678")
@example("0" * 5000)
def test_a_phone_number_becomes_one_form_or_is_refused(text: str) -> None:
    msisdn, error = tried(InvalidRequestError, normalise_phone, text)
    if msisdn is None:
        assert str(error) == "Invalid phone number format. Use 254XXXXXXXXX"
        return
    assert MSISDN.fullmatch(msisdn)
    assert normalise_phone(msisdn) == msisdn
    assert msisdn[3:] == re.sub(r"[^0-9]", "", text)[-9:]
    assert msisdn[4:-3] not in mask_phone(msisdn)


@CASES
@given(anything | st.decimals() | st.text("0123456789.eE+-_ ", max_size=12))
@example("1_000")
@example("\u0661\u0660")
@example(Decimal("1E+999999"))
def test_an_amount_is_whole_shillings_or_nothing(value: object) -> None:
    amount = whole_kes(value)
    if amount is None:
        return
    assert type(amount) is int
    assert 0 < amount < 10**9
    assert not isinstance(value, bool)
    assert Decimal(str(value)) == amount


@CASES
@given(anything)
def test_a_booking_id_is_text_or_refused(value: object) -> None:
    text, _ = tried(InvalidRequestError, normalise_booking_id, value)
    if text is None:
        return
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text)
    assert text == (value if isinstance(value, str) else str(int(str(value).removesuffix(".0"))))


@CASES
@given(anything)
def test_a_daraja_date_is_a_time_or_nothing(value: object) -> None:
    assert parse_daraja_timestamp(value) is None or re.fullmatch(r"20\d{12}", str(value))


@CASES
@given(st.text(max_size=80) | st.from_regex(r"ws_CO_\d{26}", fullmatch=True))
def test_a_checkout_id_never_shows_its_phone_once_masked(text: str) -> None:
    embedded_in_checkout_id(text)
    assert mask_checkout_request_id(text) == text[: max(0, len(text) - 9)] + "*" * 9


@CASES
@given(st.text(max_size=200), st.integers(min_value=1, max_value=20))
def test_text_for_daraja_is_letters_digits_and_single_spaces(text: str, characters: int) -> None:
    cleaned = clean_text(text, characters=characters)
    assert re.fullmatch(r"([A-Za-z0-9]+( [A-Za-z0-9]+)*)?", cleaned)
    assert len(cleaned) <= characters


push_bodies = st.dictionaries(
    st.sampled_from(["phone_number", "amount", "booking_id", "account_reference", "x"]), anything
) | st.fixed_dictionaries(
    {"phone_number": phones, "amount": st.integers(), "booking_id": anything | st.integers(0, 9)}
)


@CASES
@given(push_bodies)
def test_an_initiation_is_read_or_refused_without_repeating_the_phone(body: dict[str, Any]) -> None:
    read = partial(requests.parse_stk_push, max_amount_kes=250_000)
    request, error = tried(InvalidRequestError, read, body)
    if request is None:
        phone = body.get("phone_number")
        assert not (isinstance(phone, str) and len(phone) > 6 and phone in str(error))
        return
    assert MSISDN.fullmatch(str(request.phone_number))
    assert 1 <= request.amount <= 250_000


@CASES
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "body": st.none() | st.text(max_size=300) | documents,
            "isBase64Encoded": st.booleans(),
            "headers": st.none() | st.dictionaries(st.text(), st.text()),
            "pathParameters": st.none() | st.dictionaries(st.text(), st.text()),
            "requestContext": anything,
        },
    )
)
def test_an_event_is_read_or_refused_with_an_error_of_ours(event: dict[str, Any]) -> None:
    for read in (
        api_gateway.json_body,
        api_gateway.raw_body,
        AUTHENTICATOR.caller,
        api_gateway.source_ip,
        api_gateway.request_id,
        lambda each: requests.parse_idempotency_key(api_gateway.header(each, "idempotency-key")),
    ):
        tried(PaymentError, read, event)


@CASES
@given(st.none() | st.text(max_size=12), st.none() | st.dates().map(str))
def test_days_are_read_or_refused(first: str | None, last: str | None) -> None:
    for pair in ((first, last), (last, last), (last, first)):
        try:
            days = parse_days(*pair)
        except InvalidRequestError:
            continue
        assert 1 <= len(days) <= DAYS_MAX


claim_values = anything | st.sampled_from([NOW, NOW + 900, "access", "payments:read", "client-1"])
claims = st.dictionaries(
    st.sampled_from(["sub", "exp", "nbf", "iat", "type", "scope", "scopes", "permissions", "iss"]),
    claim_values,
).map(lambda changes: {**good_claims(NOW), **changes})


@CASES
@given(claims)
def test_claims_name_a_caller_or_refuse_the_token(values: dict[str, object]) -> None:
    caller, _ = tried(TokenRefusedError, partial(read_claims, now=NOW), values)
    if caller is None:
        return
    assert caller.client_id
    assert caller.client_id.isprintable()
    assert caller.expires_at > NOW
    assert all(" " not in scope and scope.isprintable() for scope in caller.scopes)


class OneSecret:
    """Stands for Secrets Manager."""

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:  # noqa: N803 - boto3's name
        return {"SecretString": json.dumps({"JWT_SECRET": SECRET})}


def authenticator() -> Authenticator:
    clock = lambda: float(NOW)  # noqa: E731 - a constant clock
    keys = SharedSecret(Secrets(OneSecret(), clock), "arn", clock)  # type: ignore[arg-type]
    return Authenticator(TokenFamily(secret_arn="arn"), keys, clock=clock, observer=Notes())


AUTHENTICATOR = authenticator()
raw_tokens = st.one_of(
    st.text(max_size=200),
    st.binary(max_size=80).map(encode_part),
    st.tuples(anything, anything).map(
        lambda parts: sign(json.dumps(parts[0]).encode(), json.dumps(parts[1]).encode(), SECRET)
    ),
    st.tuples(st.binary(max_size=60), st.binary(max_size=60)).map(
        lambda parts: sign(*parts, SECRET)
    ),
    st.dictionaries(st.text(), anything).map(
        lambda extra: token_of(good_claims(NOW), "x", {"alg": "HS256"} | extra)
    ),
)


@CASES
@given(raw_tokens, st.sampled_from(["Bearer ", "bearer ", "", "Basic "]))
def test_a_random_token_is_a_401_and_nothing_else(token: str, scheme: str) -> None:
    with pytest.raises(UnauthenticatedError):
        AUTHENTICATOR.caller({"headers": {"authorization": scheme + token}})


@CASES
@given(anything)
def test_whatever_the_event_is_a_401_and_nothing_else(event: Any) -> None:
    for whole in (event if isinstance(event, dict) else {}, {"headers": event}):
        with pytest.raises(UnauthenticatedError):
            AUTHENTICATOR.caller(whole)

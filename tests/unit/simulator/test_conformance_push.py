"""docs/daraja.md, section 3: every field rule and every row of the table of push errors."""

import re
from typing import Any

import pytest

from simulator.core import Config, Transport
from tests.unit.simulator.virtual_merchant import (
    PAYS,
    PUSH,
    WAITS,
    VirtualMerchant,
    error_code,
    invalid,
    items,
    password,
)

TILL = {
    "BusinessShortCode": "7654321",
    "PartyB": "5123456",
    "TransactionType": "CustomerBuyGoodsOnline",
}


def test_an_accepted_push_has_the_five_fields_as_strings() -> None:
    document = VirtualMerchant().push().json()
    assert set(document) == {
        "MerchantRequestID",
        "CheckoutRequestID",
        "ResponseCode",
        "ResponseDescription",
        "CustomerMessage",
    }
    assert all(isinstance(value, str) for value in document.values())
    assert document["ResponseCode"] == "0"


def test_the_identifiers_have_the_shapes_of_the_real_ones() -> None:
    document = VirtualMerchant().push(PAYS).json()
    merchant_id, checkout_id = document["MerchantRequestID"], document["CheckoutRequestID"]
    assert re.fullmatch(r"[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{16}", str(merchant_id))
    assert checkout_id == "ws_CO_23112026120000000" + PAYS[-9:]


def test_the_identifiers_and_words_of_older_captures_can_be_had() -> None:
    merchant = VirtualMerchant(Config(older_shapes=True))
    first, second = (merchant.push(msisdn).json() for msisdn in (PAYS, WAITS))
    assert re.fullmatch(r"[0-9]{5}-[0-9]{8}-1", str(first["MerchantRequestID"]))
    checkout_id = str(first["CheckoutRequestID"])
    assert re.fullmatch(r"ws_CO_DMZ_[0-9]{8}_23112026120000000", checkout_id)
    assert checkout_id != second["CheckoutRequestID"]
    merchant.run()
    assert merchant.results(checkout_id)[0]["ResultCode"] == 0
    refused = merchant.push(Password=password(passkey="wrong"))
    assert error_code(refused)[2] == "[MerchantValidate] - Wrong credentials"


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("BusinessShortCode", [None, "1743", "17437900", "paybill", 1.5, True, ["174379"]]),
        ("Password", [None, "", "not base64!", 5]),
        ("Timestamp", [None, "2026112312", "20261323120000", "20261123256000", "now"]),
        ("TransactionType", [None, "CustomerPaybillOnline", "", 4]),
        ("Amount", [None, 0, -1, 1.0, 10.5, "10.50", "1e3", "010", "ten", True, 10**9]),
        ("PartyA", [None, "0708374149", "+254708374149", "254208374149", "2547083741490", 7]),
        ("PhoneNumber", [None, "0708374149", "25470837414", "254٧08374149", "abc"]),
        ("PartyB", [None, "1", "paybill"]),
        ("AccountReference", [None, "", "   ", "A" * 1001, "A@B", "A#B", "A&B", "A\nB", 5]),
        ("TransactionDesc", ["A" * 1001, "A&B", 5]),
    ],
)
def test_a_bad_field_is_named_in_400_002_02(
    merchant: VirtualMerchant, field: str, bad: list[Any]
) -> None:
    for value in bad:
        assert error_code(merchant.push(**{field: value})) == invalid(field), value
    assert merchant.daraja.prompts() == []


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "pay.example.com/callback",
        "ftp://pay.example.com/callback",
        "https://pay.example.com/call back",
        " https://pay.example.com/callback",
        "https:///callback",
        "https://[::1/callback",
        "https://pay.example.com:99999/callback",
        "http://localhost/callback",
        "http://127.0.0.1:8000/callback",
        "http://192.168.1.4/callback",
        "http://intranet/callback",
        "https://safaricom.example.com/callback",
        "https://x.execute-api.eu-west-1.amazonaws.com/callback",
        "https://pay.example.com/run.exe",
        "https://pay.example.com/cmd",
        "https://pay.example.com/SQL",
        "https://pay.example.com/query",
        "https://pay.example.com/" + "a" * 2048,
    ],
)
def test_a_callback_url_that_cannot_be_used_is_refused(url: str | None) -> None:
    assert error_code(VirtualMerchant().push(CallBackURL=url)) == invalid("CallBackURL")


@pytest.mark.parametrize(
    ("url", "config", "is_taken"),
    [
        ("http://pay.example.com/callback", Config(), True),
        ("https://pay.example.com/callback?token=abc", Config(), True),
        ("https://41.90.64.12:8443/callback", Config(), True),
        ("http://pay.example.com/callback", Config(production_callback_rules=True), False),
        ("https://abc.ngrok.io/callback", Config(), True),
        ("https://abc.ngrok.io/callback", Config(production_callback_rules=True), False),
        ("http://127.0.0.1:8000/callback", Config(allow_local_callbacks=True), True),
    ],
)
def test_callback_url_rules_depend_on_the_environment(
    url: str, config: Config, is_taken: bool
) -> None:
    assert (VirtualMerchant(config).push(CallBackURL=url).status == 200) is is_taken


def test_numbers_are_taken_as_numbers_and_as_strings(merchant: VirtualMerchant) -> None:
    numbers: dict[str, Any] = {"BusinessShortCode": 174379, "PartyB": 174379, "Amount": "100"}
    msisdn: dict[str, Any] = {"PartyA": int(PAYS), "PhoneNumber": int(PAYS)}
    assert merchant.push(**numbers, **msisdn).status == 200
    assert merchant.push("254112345678").status == 200


@pytest.mark.parametrize(("is_trimmed", "status"), [(True, 200), (False, 400)])
def test_a_blank_behind_the_transaction_type_is_doubtful(is_trimmed: bool, status: int) -> None:
    merchant = VirtualMerchant(Config(transaction_type_is_trimmed=is_trimmed))
    assert merchant.push(TransactionType="CustomerPayBillOnline ").status == status


def test_the_description_may_be_left_out() -> None:
    assert VirtualMerchant().push(TransactionDesc=None).status == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff", b"[" * 100_000])
def test_a_malformed_body_is_400_002_05(body: bytes) -> None:
    answer = VirtualMerchant().post(PUSH, body)
    assert error_code(answer) == (400, "400.002.05", "Invalid Request Payload")


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain"])
def test_a_body_that_is_not_json_looks_like_a_bad_shortcode(kind: str) -> None:
    answer = VirtualMerchant().post(PUSH, b"BusinessShortCode=174379", Content_Type=kind)
    assert error_code(answer) == invalid("BusinessShortCode")


def test_an_invalid_access_token_is_404_001_03(merchant: VirtualMerchant) -> None:
    merchant.token = "stale"
    assert error_code(merchant.push()) == (404, "404.001.03", "Invalid Access Token")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"BusinessShortCode": "999999"}, "Merchant does not exist"),
        ({"BusinessShortCode": "5123456"}, "Merchant does not exist"),
        ({"Password": password(passkey="wrong")}, "Wrong credentials"),
        ({"Timestamp": "20261123120001"}, "Wrong credentials"),
        (
            {"BusinessShortCode": "600977", "PartyB": "600977"},
            "Merchant not allowed to carry out transaction type CustomerPayBillOnline",
        ),
        ({"msisdn": "254700000008"}, "Missing ICCID value"),
    ],
)
def test_500_001_1001_has_many_meanings(changes: dict[str, Any], message: str) -> None:
    assert error_code(VirtualMerchant().push(**changes)) == (500, "500.001.1001", message)


def test_a_second_prompt_on_a_busy_phone_cannot_lock_the_subscriber(
    merchant: VirtualMerchant,
) -> None:
    merchant.pushed(WAITS)
    status, code, message = error_code(merchant.push(WAITS, Amount=5))
    assert (status, code) == (500, "500.001.1001")
    assert str(message).startswith("Unable to lock subscriber, a transaction is already in process")


def test_the_lock_is_the_phones_whoever_the_merchant_is(merchant: VirtualMerchant) -> None:
    merchant.pushed(WAITS)
    assert merchant.push(WAITS, **TILL).status == 500


def test_the_lock_ends_with_the_prompt(merchant: VirtualMerchant) -> None:
    merchant.finished(WAITS)
    assert merchant.push(WAITS).status == 200


@pytest.mark.parametrize(
    ("scenario", "code", "word"),
    [
        ("push_busy", "500.003.02", "System is busy"),
        ("push_spike_arrest", "500.003.02", "Spike Arrest"),
        ("push_quota", "500.003.03", "Quota"),
        ("push_500_lost", "500.003.1001", "Internal Server Error"),
    ],
)
def test_the_gateways_refusals_leave_no_prompt(
    merchant: VirtualMerchant, scenario: str, code: str, word: str
) -> None:
    status, given, message = error_code(merchant.push(PAYS, scenario))
    assert (status, given) == (500, code)
    assert word in str(message)
    assert merchant.daraja.prompts() == []
    assert merchant.run() == []


def test_200_with_another_response_code_is_a_refusal(merchant: VirtualMerchant) -> None:
    answer = merchant.push(PAYS, "push_refused")
    assert (answer.status, answer.json()["ResponseCode"]) == (200, "1")
    assert merchant.daraja.prompts() == []


@pytest.mark.parametrize(
    ("scenario", "status", "transport"),
    [
        ("push_hang", 200, Transport.HANG),
        ("push_reset", 200, Transport.RESET),
        ("push_500", 500, Transport.OK),
        ("push_html_403", 403, Transport.OK),
        ("push_html_503", 503, Transport.OK),
        ("push_502", 502, Transport.OK),
    ],
)
def test_a_lost_answer_leaves_the_prompt_alive(
    merchant: VirtualMerchant, scenario: str, status: int, transport: Transport
) -> None:
    answer = merchant.push(PAYS, scenario)
    assert (answer.status, answer.transport) == (status, transport)
    merchant.run()
    (prompt,) = merchant.daraja.prompts()
    (result,) = merchant.results(prompt.checkout_request_id)
    assert items(result)["Amount"] == 100
    assert len(merchant.daraja.ledger.debits) == 1


@pytest.mark.parametrize("scenario", ["push_hang_lost", "push_reset_lost"])
def test_a_lost_request_leaves_nothing(merchant: VirtualMerchant, scenario: str) -> None:
    assert merchant.push(PAYS, scenario).transport is not Transport.OK
    assert merchant.run() == []
    assert merchant.daraja.ledger.debits == {}


def test_a_till_is_pushed_by_its_store_number(merchant: VirtualMerchant) -> None:
    assert merchant.ending(**TILL) == 0


def test_the_timestamp_may_be_checked_for_skew() -> None:
    merchant = VirtualMerchant(Config(timestamp_skew_max_seconds=86_400))
    assert merchant.push().status == 200
    merchant.now += 2 * 86_400
    merchant.token = str(merchant.ask_token().json()["access_token"])
    assert error_code(merchant.push())[2] == "Bad Request - Invalid Timestamp"


def test_a_prompt_of_more_than_182_characters_ends_with_1025(merchant: VirtualMerchant) -> None:
    fits = merchant.pushed(AccountReference="A" * 60)
    too_long = merchant.finished(WAITS, AccountReference="A" * 160)
    assert merchant.results(fits)[0]["ResultCode"] == 0
    assert merchant.results(too_long)[0]["ResultCode"] == 1025


def test_payer_and_prompted_phone_may_differ(merchant: VirtualMerchant) -> None:
    merchant.push(PAYS, PartyA=WAITS)
    merchant.run()
    (debit,) = merchant.daraja.ledger.debits.values()
    assert debit.phone == WAITS

"""What the simulator sends has the names, nesting and types of the bodies in tests/payloads."""

import json
from pathlib import Path
from typing import Any

import pytest

from simulator.core import Config, HttpAnswer
from tests.unit.simulator.virtual_merchant import (
    PAYS,
    PUSH,
    WAITS,
    VirtualMerchant,
    basic,
    push_fields,
)

PAYLOADS = Path(__file__).parents[2] / "payloads"


def payload(name: str) -> Any:
    """A body as the README describes it."""
    return json.loads((PAYLOADS / f"{name}.json").read_text())


def shape(body: Any) -> Any:
    """Names, nesting and types; metadata items and result parameters by their name."""
    for key in ("Name", "Key"):
        if isinstance(body, dict) and key in body:
            return (body[key], type(body.get("Value")).__name__)
    if isinstance(body, dict):
        return {name: shape(value) for name, value in body.items()}
    if isinstance(body, list):
        return [shape(value) for value in body]
    return type(body).__name__


def answers() -> dict[str, HttpAnswer]:
    """One answer of the simulator for each recorded answer."""
    merchant = VirtualMerchant(Config(query_per_minute=None))
    numeric = VirtualMerchant(Config(expires_in_as_number=True))
    older = VirtualMerchant(Config(query_per_minute=None, query_pending="being_processed"))
    gated = VirtualMerchant()
    gated.query("ws_CO_1")
    remarks = merchant.push_body() | {"TransactionDesc": None}
    waiting = older.pushed(WAITS)
    older.wait(2)
    given = {
        "oauth_token_number": numeric.ask_token(),
        "oauth_error_credentials": merchant.ask_token(basic(secret="wrong")),
        "oauth_error_grant_type": merchant.ask_token(grant_type="password"),
        "push_accepted": merchant.push(WAITS),
        "push_error_invalid_field": merchant.push(CallBackURL="http://localhost/"),
        "push_error_invalid_remarks": merchant.post(PUSH, remarks),
        "push_error_wrong_credentials": merchant.push(Password="d3Jvbmc="),
        "push_error_subscriber_locked": merchant.push(WAITS),
        "push_error_busy": merchant.push(PAYS, "push_busy"),
        "push_error_internal": merchant.push(PAYS, "push_500_lost"),
        "spike_arrest": gated.query("ws_CO_1"),
        "query_being_processed": older.query(waiting),
        "query_too_early": merchant.query(merchant.pushed("254700000004")),
    }
    merchant.wait(3)
    given["query_still_processing"] = merchant.query(_last(merchant, WAITS))
    merchant.wait(30)
    given["query_cancelled"] = merchant.query(_last(merchant, "254700000004"))
    paid = merchant.pushed(PAYS)
    merchant.wait(30)
    given["query_success"] = merchant.query(paid)
    lost = merchant.pushed("254700000005", "pays+query_does_not_exist")
    ignored = merchant.pushed("254700000006", "ignores")
    merchant.wait(120)
    given["query_does_not_exist"] = merchant.query(lost)
    given["query_unreachable"] = merchant.query(ignored)
    given["oauth_token_string"] = merchant.ask_token()
    merchant.token = "dead"
    given["push_error_invalid_token"] = merchant.push()
    return given


def _last(merchant: VirtualMerchant, msisdn: str) -> str:
    prompts = [each for each in merchant.daraja.prompts() if each.order.msisdn == msisdn]
    return prompts[-1].checkout_request_id


CALLBACKS = {
    "callback_success": "pays",
    "callback_cancelled": "cancels",
    "callback_unreachable": "ignores",
    "callback_no_response": "ignores",
    "callback_insufficient_funds": "result_1",
    "callback_prefixed_description": "cancels+callback_desc_prefix",
    "callback_string_code": "result_SFC_IC0003",
    "callback_masked_phone": "pays+callback_masked_phone",
    "callback_without_phone": "pays+callback_missing_phone",
    "callback_string_date": "pays+callback_string_date",
    "callback_empty_items": "pays+callback_empty_items",
    "callback_without_metadata": "pays+callback_missing_metadata",
}


def test_every_answer_has_the_recorded_shape_code_and_words() -> None:
    for name, answer in answers().items():
        recorded, sent = payload(name), answer.json()
        assert shape(sent) == shape(recorded), name
        for key in ("errorCode", "errorMessage", "ResultCode", "ResultDesc", "ResponseCode"):
            assert sent.get(key) == recorded.get(key), name


@pytest.mark.parametrize("name", CALLBACKS)
def test_every_callback_has_the_recorded_shape_code_and_words(name: str) -> None:
    is_older = name == "callback_unreachable"  # the portal's words; the sandbox has others now
    merchant = VirtualMerchant(Config(older_shapes=is_older))
    merchant.finished(PAYS, CALLBACKS[name])
    sent, recorded = json.loads(merchant.received[0].body), payload(name)
    assert shape(sent) == shape(recorded)
    for key in ("ResultCode", "ResultDesc"):
        assert sent["Body"]["stkCallback"][key] == recorded["Body"]["stkCallback"][key]


def test_the_firewalls_page_is_the_recorded_one_but_for_its_number() -> None:
    page = VirtualMerchant().push(PAYS, "push_html_403").body.decode()
    recorded = (PAYLOADS / "firewall_403.html").read_text()
    before, after = recorded.strip().split("0000-0000")
    assert page.startswith(before)
    assert page.endswith(after)


def test_the_recorded_request_is_taken_with_a_right_password(merchant: VirtualMerchant) -> None:
    request = {**payload("push_request_paybill"), "Password": push_fields()["Password"]}
    assert merchant.post("/mpesa/stkpush/v1/processrequest", request).status == 200

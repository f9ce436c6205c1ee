"""Fuzz through the real handlers: never a server error, and refused input changes nothing."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from payments.usecases.desk_acts import ACTS

from tests.functional.test_desk import Staff, staff
from tests.support.lambdas import LISTED_IP, UNLISTED_IP, http_event
from tests.support.world import CALLBACK, CONSULTATION, OLD_CALLBACK, QUERY, STATUS, STK_PUSH, World

CASES = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
)
CLIENT = "7"

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["0712345678", "1", 1, 1000, "Pending", 0, "ws_CO_21092026171320000708374140"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
names = st.sampled_from(
    [
        "phone_number",
        "amount",
        "booking_id",
        "account_reference",
        "transaction_desc",
        "checkout_request_id",
        "CheckoutRequestID",
        "client_id",
        "price_kes",
        "status",
        "Body",
    ]
)
bodies = (
    st.none()
    | st.text(max_size=200)
    | st.dictionaries(names, values, max_size=6).map(json.dumps)
    | values.map(json.dumps)
    | st.sampled_from(["[" * 4000, "{" * 4000, '"' + "x" * 9000 + '"', "9" * 5000, "\ud800"])
)


@pytest.fixture
def world() -> Iterator[World]:
    made = World(seed=5)
    made.register("1", client_id=CLIENT)
    made.initiate("1", client_id=CLIENT)
    yield made
    made.close()


def invoke(world: World, function: str, event: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    response = world.function(function).invoke(event)
    body = json.loads(response["body"])
    assert response["statusCode"] < 500, (event, body)
    assert "Traceback" not in response["body"]
    return response["statusCode"], body


def sent(event: dict[str, Any], body: str | None, *, encoded: bool) -> dict[str, Any]:
    if body is not None and encoded:
        text = base64.b64encode(body.encode(errors="surrogatepass")).decode()
        return {**event, "body": text, "isBase64Encoded": True}
    return {**event, "body": body}


EVENTS: dict[str, Callable[[str], dict[str, Any]]] = {
    "stk_push": lambda _: http_event("POST", STK_PUSH, client_id=CLIENT, now=2e9),
    "status": lambda _: http_event("POST", QUERY, client_id=CLIENT, now=2e9),
    "consultations": lambda text: http_event(
        "PUT",
        CONSULTATION,
        path=f"/api/consultations/{text}",
        client_id="booking-system",
        scopes="consultations:write",
        now=2e9,
    ),
}


@pytest.mark.parametrize("function", EVENTS)
def test_refused_input_changes_nothing(function: str, world: World) -> None:
    outcomes: set[int] = set()

    @CASES
    @given(bodies, st.booleans(), st.text(max_size=12), st.none() | st.text(max_size=40))
    def check(body: str | None, encoded: bool, text: str, key: str | None) -> None:
        event = sent(EVENTS[function](text), body, encoded=encoded)
        if key is not None:
            event["headers"] = {"idempotency-key": key}
        before = world.items("")
        status, answer = invoke(world, function, event)
        outcomes.add(status)
        if status >= 400:
            assert answer["success"] is False
            assert world.items("") == before

    check()
    assert 400 in outcomes


@CASES
@given(text=st.text(max_size=80))
def test_any_identifier_is_found_or_not(text: str, world: World) -> None:
    event = http_event("GET", STATUS, client_id=CLIENT, now=2e9)
    event["pathParameters"] = {"id": text}
    before = world.items("")
    assert invoke(world, "status", event)[0] in (200, 400, 404)
    assert world.items("") == before


callback_values = values | st.sampled_from([1000, "UIL0S5A59R", 20260921171326, 254708374149])
items = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "Name": st.sampled_from(["Amount", "MpesaReceiptNumber", "TransactionDate", "Balance"]),
            "Value": callback_values,
        },
    ),
    max_size=6,
)
results = st.fixed_dictionaries(
    {},
    optional={
        "CheckoutRequestID": callback_values,
        "MerchantRequestID": callback_values,
        "ResultCode": callback_values | st.sampled_from([0, 1, 1032, 4999, "0"]),
        "ResultDesc": callback_values,
        "CallbackMetadata": st.fixed_dictionaries({"Item": items}) | values,
    },
)
callback_bodies = bodies | results.map(lambda each: json.dumps({"Body": {"stkCallback": each}}))


@CASES
@given(
    body=callback_bodies, address=st.sampled_from([LISTED_IP, UNLISTED_IP]), is_old=st.booleans()
)
def test_any_callback_is_answered_and_none_confirms(
    body: str | None, address: str, is_old: bool, world: World
) -> None:
    """The generator knows the token but never the CheckoutRequestID of this payment."""
    prompt = world.daraja.prompts()[-1]
    path = OLD_CALLBACK if is_old else prompt.order.callback_url.partition("pay.example.co.ke")[2]
    route = OLD_CALLBACK if is_old else CALLBACK
    event = http_event("POST", route, path=path, source_ip=address, now=2e9)
    status, _ = invoke(world, "callback", {**event, "body": body})
    assert status in (200, 400, 413)
    consultation = world.consultation("1")
    assert (consultation["status"], consultation["payment_status"]) == ("Pending", "Pending")


@CASES
@given(path=st.text(max_size=120).map(lambda text: f"/api/payment/callback/{text}"), body=bodies)
def test_any_callback_path_is_nobodys(path: str, body: str | None, world: World) -> None:
    before = world.items("")
    event = http_event("POST", CALLBACK, path=path, source_ip=LISTED_IP, now=2e9)
    assert invoke(world, "callback", {**event, "body": body})[0] in (400, 404, 413)
    assert world.items("") == before


@pytest.fixture
def browser(world: World) -> Staff:
    return staff(world, "grace", "approver")


acts = st.fixed_dictionaries(
    {},
    optional={
        "act": values | st.sampled_from([*ACTS, "attach", "owe_back", "set_aside", "reopen"]),
        "reason": values | st.just("the customer called"),
        "version": values | st.integers(min_value=1, max_value=4),
        "receipt_number": callback_values,
        "amount_kes": values,
        "shown_amount_kes": values,
        "payment_id": values,
        "set_aside": values | st.sampled_from(["test", "sweep"]),
        "code": values,
        "lines": values | st.lists(st.lists(values, min_size=8, max_size=10), max_size=3),
        "previous": values,
    },
).map(json.dumps)
THIS = "the payment of this world"
POSTS = ("sessions", "statement", "payments/{payment_id}/acts", "receipts/{receipt}/acts")


@CASES
@given(
    body=bodies | acts,
    path=st.sampled_from(POSTS),
    text=st.text(max_size=40) | st.sampled_from(["UKR1LOST01", "0" * 32, THIS]),
)
def test_any_post_to_a_staff_route_is_answered(
    body: str | None, path: str, text: str, world: World, browser: Staff
) -> None:
    event = staff_event(world, browser, "POST", path)
    [payment_id] = [item["pk"][4:] for item in world.items("PAY#") if item["sk"] == "STATE"]
    text = payment_id if text == THIS else text
    event["pathParameters"] = {"payment_id": text, "receipt": text}
    before = world.items("")
    status, _ = invoke(world, "desk", {**event, "body": body})
    assert status in (200, 400, 404, 409, 413)
    assert status == 200 or world.items("") == before


@CASES
@given(
    path=st.sampled_from(["search", "days"]), text=st.text(max_size=100), day=st.text(max_size=12)
)
def test_any_question_to_a_staff_route_is_answered(
    path: str, text: str, day: str, world: World, browser: Staff
) -> None:
    event = staff_event(world, browser, "GET", path)
    event["queryStringParameters"] = {"q": text, "from": day, **({"day": day} if day else {})}
    assert invoke(world, "desk", event)[0] in (200, 400)


def staff_event(world: World, browser: Staff, method: str, path: str) -> dict[str, Any]:
    route = f"/api/desk/{path}"
    headers = {"Authorization": f"Bearer {browser.token}"}
    return http_event(method, route, path=route, headers=headers, now=world.clock())

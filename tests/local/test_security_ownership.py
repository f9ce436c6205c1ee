"""Every route of the deployed API as its owner, as a stranger, and without the scope."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from local.state import StackState
from local.template import read_routes, read_template
from tests.local.api_client import ANSWER_SECONDS_MAX, Api
from tests.local.runbook_scene import NOBODY_SAYS_ANYTHING

TEMPLATE = read_template(Path(__file__).parents[2] / "template.yaml")
PROTECTED = sorted(
    route.key
    for route in read_routes(TEMPLATE)
    if route.needs_token and " /api/desk/" not in route.key
)
"""The routes of customers and the booking system. Staff have tokens of their own, which
tests/functional/test_desk.py tries."""
ABSENT_PAYMENT = "0" * 32
ABSENT_CHECKOUT = "ws_CO_21092026171320000708374140"


@dataclass(frozen=True)
class Mine:
    """One booking and payment of an owner, and a stranger with a good token."""

    api: Api
    owner: str
    stranger: str
    booking_id: str
    phone: str
    payment_id: str
    checkout_request_id: str


@pytest.fixture(scope="module")
def mine(stack: StackState) -> Mine:
    return start_payment(stack)


def start_payment(stack: StackState) -> Mine:
    """Somebody's booking with a live prompt; it is live for a minute only."""
    api = Api(stack)
    mark = secrets.token_hex(4)
    phone = f"25411{secrets.randbelow(10**7):07d}"
    simulator = f"{stack.simulator_url}/_simulator/phones/{phone}"
    wish = {"scenario": NOBODY_SAYS_ANYTHING}
    requests.patch(simulator, json=wish, timeout=ANSWER_SECONDS_MAX)
    api.register(f"owned-{mark}", f"owner-{mark}")
    body = {"phone_number": phone, "amount": 1000, "booking_id": f"owned-{mark}"}
    path = "/api/payment/mpesa/stk-push"
    answer = api.call("POST", path, token=api.token(f"owner-{mark}"), body=body).json()
    return Mine(
        api=api,
        owner=f"owner-{mark}",
        stranger=f"stranger-{mark}",
        booking_id=f"owned-{mark}",
        phone=phone,
        payment_id=answer["payment_id"],
        checkout_request_id=answer["CheckoutRequestID"],
    )


def requests_for(mine: Mine, *, is_absent: bool) -> dict[str, list[dict[str, Any]]]:
    """Returns the ways to ask each route for what is the owner's, or for what is nobody's."""
    payment = ABSENT_PAYMENT if is_absent else mine.payment_id
    checkout = ABSENT_CHECKOUT if is_absent else mine.checkout_request_id
    booking = "nobodys-booking" if is_absent else mine.booking_id
    push = {"phone_number": "254110000009", "amount": 1000, "booking_id": booking}
    return {
        # The first, while the prompt is open for certain.
        "POST /api/payment/mpesa/stk-push": [{"body": push}],
        "GET /api/payment/mpesa/status/{id}": [
            {"path": f"/api/payment/mpesa/status/{payment}"},
            {"path": f"/api/payment/mpesa/status/{checkout}"},
        ],
        "POST /api/payment/mpesa/stkpush/query": [
            {"body": {"checkout_request_id": checkout}},
            {"body": {"CheckoutRequestID": checkout}},
            {"body": {"checkout_request_id": payment}},
        ],
        "GET /api/consultations/{booking_id}": [{"path": f"/api/consultations/{booking}"}],
        "POST /api/payments/{payment_id}/receipt-claims": [
            {
                "path": f"/api/payments/{payment}/receipt-claims",
                "body": {"receipt_number": "UKN7RT61SV"},
            }
        ],
    }


ANSWERED = {"stk-push": 409, "receipt-claims": 202}
"""What the owner is answered where it is not 200; the first because the payment is live."""


BY_SCOPE: dict[str, dict[str, Any]] = {
    "PUT /api/consultations/{booking_id}": {
        "path": "/api/consultations/1",
        "body": {"client_id": "c", "price_kes": 1, "status": "Pending"},
    },
    "GET /api/payment/mpesa/statistics": {
        "path": "/api/payment/mpesa/statistics?from=2026-11-01&to=2026-11-02"
    },
    "GET /api/payments": {"path": "/api/payments?booking_id=1"},
    "GET /api/payments/{payment_id}": {"path": f"/api/payments/{ABSENT_PAYMENT}"},
    "GET /api/payments/{payment_id}/refunds": {"path": f"/api/payments/{ABSENT_PAYMENT}/refunds"},
    "POST /api/payments/{payment_id}/refunds": {
        "path": f"/api/payments/{ABSENT_PAYMENT}/refunds",
        "body": {"reason": "ill"},
    },
}


def send(mine: Mine, route: str, request: dict[str, Any], subject: str, **token: Any) -> Any:
    method, path = route.split()
    bearer = mine.api.token(subject, **token)
    return mine.api.call(method, request.get("path", path), body=request.get("body"), token=bearer)


def test_every_protected_route_is_tried_here(mine: Mine) -> None:
    assert sorted({*requests_for(mine, is_absent=False), *BY_SCOPE}) == PROTECTED


def test_a_stranger_is_answered_as_if_nothing_were_there(mine: Mine) -> None:
    foreign, absent = (requests_for(mine, is_absent=each) for each in (False, True))
    for route, ways in foreign.items():
        for way, nothing in zip(ways, absent[route], strict=True):
            answer = send(mine, route, way, mine.stranger)
            other = send(mine, route, nothing, mine.stranger)
            assert (answer.status_code, other.status_code) == (404, 404), route
            for private in (mine.payment_id, mine.checkout_request_id, mine.owner, mine.phone):
                assert private not in answer.text
            first, second = answer.json(), other.json()
            first.pop("request_id")
            second.pop("request_id")
            assert first == second, route


def test_the_owner_is_answered(stack: StackState) -> None:
    """The test above can fail: the same requests are answered to the owner."""
    mine = start_payment(stack)
    for route, ways in requests_for(mine, is_absent=False).items():
        for way in ways:
            answer = send(mine, route, way, mine.owner)
            expected = ANSWERED.get(route.rpartition("/")[2], 200)
            assert answer.status_code == expected, (route, answer.text)


@pytest.mark.parametrize("route", BY_SCOPE)
@pytest.mark.parametrize("scopes", [(), ("consultations:read",), ("payments:write", "admin")])
def test_a_good_token_without_the_scope_is_403(
    mine: Mine, route: str, scopes: tuple[str, ...]
) -> None:
    answer = send(mine, route, BY_SCOPE[route], mine.owner, scopes=scopes)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_two_callers_in_turn_are_each_answered_as_themselves(mine: Mine) -> None:
    path = f"/api/payment/mpesa/status/{mine.payment_id}"
    tokens = {200: mine.api.token(mine.owner), 404: mine.api.token(mine.stranger)}
    for _ in range(10):
        for expected, token in tokens.items():
            assert mine.api.call("GET", path, token=token).status_code == expected

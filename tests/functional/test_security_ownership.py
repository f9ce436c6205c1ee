"""What is another's answers as if it were absent, after the same reads; scopes give 403."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.template import read_routes, read_template
from tests.support.aws import JWT_SECRET, JWT_SECRET_ARN
from tests.support.bad_tokens import bad_tokens
from tests.support.lambdas import bearer, http_event
from tests.support.network import Lines
from tests.support.world import CONSULTATION, PHONE, QUERY, START, STATUS, STK_PUSH, World

REFUNDS = "/api/payments/{payment_id}/refunds"
CLAIMS = "/api/payments/{payment_id}/receipt-claims"
STATISTICS = "/api/payment/mpesa/statistics"
PAYMENT, PAYMENTS = "/api/payments/{payment_id}", "/api/payments"
OWNER = "7"
STRANGER = "8"
ABSENT_PAYMENT = "0" * 32
ABSENT_CHECKOUT = "ws_CO_21092026171320000708374140"
TEMPLATE = read_template(Path(__file__).parents[2] / "template.yaml")


@dataclass
class Named:
    """What a request names; nothing of it exists, unless said otherwise."""

    payment_id: str = ABSENT_PAYMENT
    checkout_request_id: str = ABSENT_CHECKOUT
    booking_id: str = "2"


@dataclass(kw_only=True)
class Scene(Named):
    """A deployment with one payment of the owner's, and every call to the table."""

    world: World
    calls: list[str]

    def ask(self, function: str, event: dict[str, Any]) -> tuple[int, dict[str, Any], list[str]]:
        """Returns status, body without its request id, and the calls to the table."""
        self.calls.clear()
        answer = self.world.answer(self.world.function(function).invoke(event))
        body = {name: value for name, value in answer.body.items() if name != "request_id"}
        return answer.status, body, list(self.calls)


@pytest.fixture
def scene() -> Iterator[Scene]:
    calls: list[str] = []

    def note(operation: str, request: dict[str, Any], execute: Callable[[], Any]) -> Any:
        calls.append(operation)
        return execute()

    world = World(network=Lines(note))
    made = Scene(world=world, calls=calls, booking_id="1")
    world.register("1", client_id=OWNER)
    answer = world.initiate("1", client_id=OWNER)
    made.payment_id = answer.body["payment_id"]
    made.checkout_request_id = answer.body["CheckoutRequestID"]
    yield made
    world.close()


def status_of(identifier: str, client_id: str = STRANGER) -> dict[str, Any]:
    path = f"/api/payment/mpesa/status/{identifier}"
    return http_event("GET", STATUS, path=path, client_id=client_id, now=START)


def query_of(name: str, identifier: str, client_id: str = STRANGER) -> dict[str, Any]:
    return http_event("POST", QUERY, body={name: identifier}, client_id=client_id, now=START)


def consultation_of(booking_id: str, client_id: str = STRANGER) -> dict[str, Any]:
    path = f"/api/consultations/{booking_id}"
    return http_event("GET", CONSULTATION, path=path, client_id=client_id, now=START)


def push_for(booking_id: str, amount: int = 1000, client_id: str = STRANGER) -> dict[str, Any]:
    body = {"phone_number": PHONE, "amount": amount, "booking_id": booking_id}
    return http_event("POST", STK_PUSH, body=body, client_id=client_id, now=START)


def claim_of(payment_id: str, client_id: str = STRANGER) -> dict[str, Any]:
    path, body = f"/api/payments/{payment_id}/receipt-claims", {"receipt_number": "UKN7RT61SV"}
    return http_event("POST", CLAIMS, path=path, body=body, client_id=client_id, now=START)


REQUESTS: dict[str, tuple[str, Callable[[Named], dict[str, Any]]]] = {
    "status by payment_id": ("status", lambda its: status_of(its.payment_id)),
    "status by CheckoutRequestID": ("status", lambda its: status_of(its.checkout_request_id)),
    "query by checkout_request_id": (
        "status",
        lambda its: query_of("checkout_request_id", its.checkout_request_id),
    ),
    "query by CheckoutRequestID": (
        "status",
        lambda its: query_of("CheckoutRequestID", its.checkout_request_id),
    ),
    "query by payment_id": ("status", lambda its: query_of("checkout_request_id", its.payment_id)),
    "reading a consultation": ("consultations", lambda its: consultation_of(its.booking_id)),
    "naming a receipt": ("status", lambda its: claim_of(its.payment_id)),
    "paying for a consultation": ("stk_push", lambda its: push_for(its.booking_id)),
    "paying another amount for it": ("stk_push", lambda its: push_for(its.booking_id, 5)),
}
"""Each by its function and what it names: another's, or what is absent."""


@pytest.mark.parametrize("name", REQUESTS)
def test_what_is_anothers_answers_as_if_absent(name: str, scene: Scene) -> None:
    function, foreign = REQUESTS[name]
    absent = foreign(Named())
    scene.ask(function, absent)  # warm, so that only the difference in question remains
    status, body, calls = scene.ask(function, foreign(scene))
    assert (status, body, calls) == scene.ask(function, absent)
    assert status == 404
    assert set(body) == {"success", "error", "code"}


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize("state", ["pending", "completed", "failed"])
def test_what_is_anothers_stays_hidden_whatever_became_of_it(
    name: str, state: str, scene: Scene
) -> None:
    scene.world.pass_time(3)
    if state != "pending":
        scene.world.answer_prompt(*(["pin"] if state == "completed" else ["cancel"]))
        scene.world.pass_time(200)
    function, foreign = REQUESTS[name]
    status, body, _ = scene.ask(function, foreign(scene))
    assert status == 404
    told = json.dumps(body)
    for private in (scene.payment_id, scene.checkout_request_id, "708374149", OWNER, "1000"):
        assert private not in told


@pytest.mark.parametrize("name", REQUESTS)
def test_a_stranger_changes_nothing(name: str, scene: Scene) -> None:
    function, foreign = REQUESTS[name]
    before = scene.world.items("")
    scene.ask(function, foreign(scene))
    assert scene.world.items("") == before


def test_the_owner_is_answered(scene: Scene) -> None:
    """The tests above can fail: the same requests work for the owner."""
    assert scene.ask("status", status_of(scene.payment_id, OWNER))[0] == 200
    assert scene.ask("status", status_of(scene.checkout_request_id, OWNER))[0] == 200
    by_name = query_of("CheckoutRequestID", scene.checkout_request_id, OWNER)
    assert scene.ask("status", by_name)[0] == 200
    assert scene.ask("consultations", consultation_of("1", OWNER))[0] == 200
    assert scene.ask("status", claim_of(scene.payment_id, OWNER))[0] == 202


# -- every protected route, by the template


def owners(method: str, route: str, *, now: float = START, **options: Any) -> dict[str, Any]:
    return http_event(method, route, client_id=OWNER, now=now, **options)


EVENTS: dict[str, tuple[str, dict[str, Any]]] = {
    f"POST {STK_PUSH}": ("stk_push", push_for("1", client_id=OWNER)),
    f"GET {STATUS}": ("status", status_of(ABSENT_PAYMENT, OWNER)),
    f"POST {QUERY}": ("status", query_of("CheckoutRequestID", ABSENT_CHECKOUT, OWNER)),
    f"POST {CLAIMS}": ("status", claim_of(ABSENT_PAYMENT, OWNER)),
    f"GET {CONSULTATION}": ("consultations", consultation_of("1", OWNER)),
    f"PUT {CONSULTATION}": (
        "consultations",
        owners(
            "PUT",
            CONSULTATION,
            path="/api/consultations/1",
            body={"client_id": STRANGER, "price_kes": 1, "status": "Pending"},
        ),
    ),
    f"GET {PAYMENT}": (
        "consultations",
        owners("GET", PAYMENT, path=f"/api/payments/{ABSENT_PAYMENT}", now=2e9),
    ),
    f"GET {PAYMENTS}": (
        "consultations",
        owners("GET", PAYMENTS, now=2e9) | {"queryStringParameters": {"booking_id": "1"}},
    ),
    **{
        f"{method} {REFUNDS}": (
            "consultations",
            owners(
                method,
                REFUNDS,
                path=f"/api/payments/{ABSENT_PAYMENT}/refunds",
                body={"reason": "ill"} if method == "POST" else None,
                headers={"Idempotency-Key": "k"},
                now=2e9,
            ),
        )
        for method in ("GET", "POST")
    },
    f"GET {STATISTICS}": (
        "statistics",
        owners("GET", STATISTICS)
        | {"queryStringParameters": {"from": "2026-09-01", "to": "2026-09-02"}},
    ),
}
PROTECTED = sorted(
    route.key
    for route in read_routes(TEMPLATE)
    if route.needs_token and " /api/desk/" not in route.key
)
"""The routes of customers and the booking system. Staff have tokens of their own, which
tests/functional/test_desk.py tries."""


def test_every_protected_route_of_the_template_is_tried_here() -> None:
    assert sorted(EVENTS) == PROTECTED


VOUCHED = {"lambda": {"auth": "ok", "sub": OWNER, "scope": "", "exp": "4000000000"}}
TOKENS: dict[str, str | None] = {
    "none": None,
    "empty": "",
    **{bad.name: bad.authorization for bad in bad_tokens(JWT_SECRET, int(START))[::20]},
}


@pytest.mark.parametrize("route", PROTECTED)
@pytest.mark.parametrize("name", TOKENS)
def test_a_request_without_a_good_token_is_401_and_reads_nothing(
    name: str, route: str, scene: Scene
) -> None:
    """Also where API Gateway vouches for the caller: its word counts for nothing."""
    function, event = EVENTS[route]
    headers = {key: value for key, value in event["headers"].items() if key != "authorization"}
    if TOKENS[name] is not None:
        headers["authorization"] = TOKENS[name]
    context = {**event["requestContext"], "authorizer": VOUCHED}
    scene.calls.clear()
    asked = {**event, "headers": headers, "requestContext": context}
    answer = scene.world.answer(scene.world.function(function).invoke(asked))
    assert answer.status == 401
    assert answer.body == {
        "success": False,
        "error": "Authentication is required",
        "code": "unauthenticated",
        "request_id": "request-under-test",
    }
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert scene.calls == [], "nothing was read before the caller was known"


@pytest.mark.parametrize("route", PROTECTED)
def test_a_token_that_nobody_can_check_is_503_and_logs_nobody_out(route: str, scene: Scene) -> None:
    scene.world.secrets.values[JWT_SECRET_ARN] = {"JWT_SECRET": "short"}
    function, event = EVENTS[route]
    scene.calls.clear()
    answer = scene.world.answer(scene.world.fresh_function(function).invoke(event))
    assert (answer.status, answer.body["code"]) == (503, "authentication_unavailable")
    assert answer.headers["Retry-After"] == "30"
    assert scene.calls == []


@pytest.mark.parametrize(
    ("route", "scope"),
    [
        (f"PUT {CONSULTATION}", "consultations:write"),
        (f"GET {STATISTICS}", "payments:read"),
        (f"GET {PAYMENT}", "payments:read"),
        (f"GET {PAYMENTS}", "payments:read"),
    ],
)
@pytest.mark.parametrize(
    "scopes", ["", "payments:write", "consultations:read", "consultations:writes", "*", "admin"]
)
def test_a_good_token_without_the_scope_is_403(
    route: str, scope: str, scopes: str, scene: Scene
) -> None:
    function, event = deepcopy(EVENTS[route])
    other = {"consultations:write": "payments:read", "payments:read": "consultations:write"}[scope]
    before = scene.world.items("")
    for held in (scopes, f"{scopes} {other}", scope.upper(), scope.replace(":", " ")):
        event["headers"]["authorization"] = bearer(OWNER, held, now=START)
        status, body, _ = scene.ask(function, event)
        assert (status, body["code"]) == (403, "forbidden")
    event["headers"]["authorization"] = bearer(OWNER, f"{other} {scope}", now=START)
    assert scene.ask(function, event)[0] != 403
    assert route.startswith("PUT") or scene.world.items("") == before


HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


@pytest.mark.parametrize("route", PROTECTED)
@pytest.mark.parametrize("is_known", [True, False])
def test_every_answer_carries_the_security_headers(
    route: str, is_known: bool, scene: Scene
) -> None:
    function, event = EVENTS[route]
    if not is_known:
        event = {**event, "headers": {}}
    response = scene.world.function(function).invoke(event)
    for name, value in HEADERS.items():
        assert response["headers"][name] == value
    assert response["headers"]["Strict-Transport-Security"].startswith("max-age=")

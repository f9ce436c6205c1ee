"""CORS, security headers, body caps and unknown routes, as a browser or a scanner sees them."""

from pathlib import Path

import pytest

from local.state import StackState
from local.template import Route, read_routes, read_template
from tests.local.api_client import Api

ROUTES = sorted(read_routes(read_template(Path(__file__).parents[2] / "template.yaml")))
PUSH = "/api/payment/mpesa/stk-push"
PAGE = "GET /desk"


@pytest.fixture
def api(stack: StackState) -> Api:
    return Api(stack)


def path_of(key: str) -> tuple[str, str]:
    method, path = key.split()
    names = {"{id}": "0" * 32, "{booking_id}": "1", "{payment_id}": "0" * 32, "{token}": "0" * 64}
    for name, value in names.items():
        path = path.replace(name, value)
    return method, path


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.key)
def test_every_answer_of_ours_carries_the_security_headers(api: Api, route: Route) -> None:
    method, path = path_of(route.key)
    body: dict[str, object] | None = None if method == "GET" else {}
    answer = api.call(method, path, token="a.b.c", body=body)
    content_type = "text/html" if route.key == PAGE else "application/json"
    assert answer.headers["Content-Type"].startswith(content_type)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://127.0.0.1.evil.example",
        "http://evil.example?http://127.0.0.1",
        "https://127.0.0.1:8080",
    ],
)
@pytest.mark.parametrize("method", ["POST", "GET", "PUT", "DELETE"])
def test_another_origin_gets_no_permission(api: Api, origin: str, method: str) -> None:
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    preflight = api.call("OPTIONS", PUSH, headers=headers)
    assert "Access-Control-Allow-Origin" not in preflight.headers
    answer = api.call("POST", PUSH, body={}, token="a.b.c", headers={"Origin": origin})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_our_origin_gets_exactly_what_it_needs(api: Api) -> None:
    origin = api.stack.api_url
    asked = "authorization,content-type,idempotency-key"
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": asked,
    }
    preflight = api.call("OPTIONS", PUSH, headers=headers)
    assert preflight.headers["Access-Control-Allow-Origin"] == origin
    allowed = preflight.headers["Access-Control-Allow-Headers"].lower().replace(" ", "")
    assert sorted(allowed.split(",")) == sorted(asked.split(","))
    methods = preflight.headers["Access-Control-Allow-Methods"].replace(" ", "")
    assert sorted(methods.split(",")) == ["GET", "POST", "PUT"]
    assert "Access-Control-Allow-Credentials" not in preflight.headers
    answer = api.call("POST", PUSH, body={}, token="a.b.c", headers={"Origin": origin})
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize("size", [8193, 65_536, 1_000_000])
def test_a_body_over_the_cap_is_413(api: Api, size: int) -> None:
    token = api.token("client-1")
    answer = api.call("POST", PUSH, token=token, body='"' + "x" * (size - 2) + '"')
    assert answer.status_code == 413
    assert answer.json()["code"] == "too_large"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", PUSH),
        ("PATCH", "/api/consultations/1"),
        ("GET", "/api/payment/callback/" + "0" * 32 + "/" + "0" * 64),
        ("DELETE", "/api/payments"),
        ("GET", "/api/payment"),
        ("GET", "/desk/app.py"),
        ("GET", "/api/admin"),
        ("POST", "/api/payment/mpesa/stk-push/"),
        ("POST", "/api/payment/callback/"),
        ("GET", "/api/.env"),
        ("GET", "/api/../template.yaml"),
    ],
)
def test_what_is_not_a_route_is_nothing(api: Api, method: str, path: str) -> None:
    answer = api.call(method, path, token=api.token("client-1"))
    assert answer.status_code in (404, 405)
    assert "Traceback" not in answer.text

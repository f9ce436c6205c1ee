"""Bad tokens through the deployed API: every kind is 401 on a protected route."""

import time
from pathlib import Path

import pytest

from local.state import StackState
from local.template import read_routes, read_template
from tests.local.api_client import Api
from tests.support.bad_tokens import bad_tokens, flask_tokens

STATUS_PATH = f"/api/payment/mpesa/status/{'0' * 32}"
OVERSIZE = "larger than 8 KB"
ROUTES = sorted(
    route.key
    for route in read_routes(read_template(Path(__file__).parents[2] / "template.yaml"))
    if route.needs_token
)


@pytest.fixture
def api(stack: StackState) -> Api:
    return Api(stack)


def test_every_kind_of_bad_token_is_401(api: Api) -> None:
    rows = bad_tokens(api.jwt_secret, int(time.time()))
    wrong: dict[str, object] = {}
    for row in rows:
        answer = api.call("GET", STATUS_PATH, headers={"Authorization": row.authorization})
        if row.name == OVERSIZE and answer.status_code in (400, 431):
            continue  # the edge itself refuses a header of that size
        body = answer.json() if answer.status_code == 401 else {}
        if body.get("code") != "unauthenticated":
            wrong[row.name] = (answer.status_code, answer.text[:200])
        elif answer.headers["WWW-Authenticate"] != 'Bearer error="invalid_token"':
            wrong[row.name] = dict(answer.headers)
    assert len(rows) >= 140
    assert wrong == {}


@pytest.mark.parametrize("route", ROUTES)
def test_every_protected_route_refuses_a_bad_token(api: Api, route: str) -> None:
    method, path = route.replace("{id}", "0" * 32).replace("{booking_id}", "1").split()
    body: dict[str, object] | None = {} if method != "GET" else None
    for row in bad_tokens(api.jwt_secret, int(time.time()))[::15]:
        headers = {"Authorization": row.authorization}
        answer = api.call(method, path, body=body, headers=headers)
        assert answer.status_code == 401, row.name


@pytest.mark.parametrize("route", ROUTES)
def test_every_protected_route_refuses_a_call_without_a_token(api: Api, route: str) -> None:
    method, path = route.replace("{id}", "0" * 32).replace("{booking_id}", "1").split()
    answer = api.call(method, path, body={})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("identity", ["client-1", 42])
def test_a_real_flask_access_token_passes_and_its_refresh_token_does_not(
    api: Api, identity: object
) -> None:
    access, refresh = flask_tokens(api.jwt_secret, identity)
    assert api.call("GET", STATUS_PATH, token=access).status_code == 404
    assert api.call("GET", STATUS_PATH, token=refresh).status_code == 401

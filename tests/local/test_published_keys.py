"""A deployment that takes the tokens of an identity provider: RS256 and ES256, by its key set.

The template is deployed with JwksUrl, so its functions carry the layer with cryptography. The key
set is served by this process.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import jwt
import pytest
import requests

from local.build import build_if_changed
from local.console import Console
from local.credentials import read_jwt_secret
from local.deployment import Deployment, deploy
from local.processes import Children, find_free_ports
from local.settings import port_arguments, read_settings
from local.stack import start_emulator
from local.template import read_routes, read_template
from tests.support.bad_tokens import bad_tokens, ec_key
from tests.support.issuer import AUDIENCE, ISSUER, claims, forged_tokens, key_set, rsa_token

ROUTES = sorted(
    route.key
    for route in read_routes(read_template(Path(__file__).parents[2] / "template.yaml"))
    if route.needs_token
)
OF_STAFF = [route for route in ROUTES if "/api/desk/" in route]
STATUS = f"GET /api/payment/mpesa/status/{'0' * 32}"
ANSWER_SECONDS_MAX = 60
UNAUTHENTICATED = (401, "unauthenticated")


class Keys(BaseHTTPRequestHandler):
    """The issuer's address."""

    def do_GET(self) -> None:
        """The key set."""
        body = json.dumps(key_set()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the test's output quiet."""


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/keys"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def deployment(issuer: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The template with the issuer's address, on an emulator of its own."""
    folder = tmp_path_factory.mktemp("published-keys")
    environment = {name: value for name, value in os.environ.items() if "SAFARICOM_" not in name}
    ports = port_arguments(find_free_ports(3))
    arguments = ["--daraja", "simulator", "--folder", str(folder), *ports]
    parameters = {"JwksUrl": issuer, "JwtIssuer": ISSUER, "JwtAudience": AUDIENCE}
    settings = replace(read_settings(arguments, environment), parameters=parameters)
    children = Children(folder / "logs")
    try:
        start_emulator(settings, children)
        yield deploy(Console(), settings, build_if_changed(Console()))
    finally:
        children.stop()


def call(deployment: Deployment, route: str, authorization: str) -> tuple[int, str]:
    """Status and code of an answer."""
    method, path = route.split()
    for name in ("{id}", "{payment_id}", "{booking_id}", "{receipt}"):
        path = path.replace(name, "0" * 32)
    answer = requests.request(
        method,
        f"{deployment.endpoint_url}{path}",
        headers={"Host": deployment.api_host, "Authorization": authorization},
        json={} if method != "GET" else None,
        timeout=ANSWER_SECONDS_MAX,
    )
    body = answer.json() if answer.headers["Content-Type"].startswith("application/json") else {}
    return answer.status_code, str(body.get("code"))


def test_both_algorithms_open_and_another_key_or_claim_does_not(deployment: Deployment) -> None:
    now = int(time.time())
    es256 = jwt.encode(claims(now), ec_key(), "ES256", headers={"kid": "ec-1"})
    for good in (rsa_token(now), es256):
        assert call(deployment, STATUS, f"Bearer {good}")[0] == 404
    forged = {**forged_tokens(now), "expired": rsa_token(now, exp=now - 1)}
    answers = {name: call(deployment, STATUS, f"Bearer {token}") for name, token in forged.items()}
    assert answers == dict.fromkeys(forged, UNAUTHENTICATED)


def test_the_shared_secret_signs_nothing_here(deployment: Deployment) -> None:
    now = int(time.time())
    secret = read_jwt_secret(deployment.endpoint_url, deployment.outputs)
    good = {**claims(now), "sub": f"customer-{secrets.token_hex(4)}"}
    token = jwt.encode(good, secret, "HS256", headers={"kid": "rsa-1"})
    rows = [row.authorization for row in bad_tokens(secret, now)[::12]]
    for authorization in (f"Bearer {token}", *rows):
        assert call(deployment, STATUS, authorization) == UNAUTHENTICATED


def test_every_protected_route_takes_these_tokens_but_those_of_staff(
    deployment: Deployment,
) -> None:
    now = int(time.time())
    token = rsa_token(now, scope="payments:read consultations:write refunds:request")
    answers = {route: call(deployment, route, f"Bearer {token}") for route in ROUTES}
    refused = [route for route, answer in answers.items() if answer == UNAUTHENTICATED]
    assert refused == OF_STAFF
    assert [route for route, (status, _) in answers.items() if status >= 500] == []
    without = {route: call(deployment, route, "Bearer x.y.z") for route in ROUTES}
    assert without == dict.fromkeys(ROUTES, UNAUTHENTICATED)

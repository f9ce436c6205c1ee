"""Sign-in at the desk with an account of the organisation: the issuer says who, the table if."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from string import ascii_letters, digits
from threading import Thread
from typing import Any

import jwt
import pytest

from tests.functional.operator_desk import Desk
from tests.functional.test_desk import WHO, Staff
from tests.support.aws import JWT_SECRET, STAFF_SECRET
from tests.support.bad_tokens import rsa_key
from tests.support.issuer import published
from tests.support.lambdas import http_event
from tests.support.tokens import token_of
from tests.support.world import World

ISSUER = "https://id.example"
CLIENT = "the-desk"
SUB = "auth0|5f7c8ec7c33c6c004bbafe82"


class Keys(BaseHTTPRequestHandler):
    """The issuer's key address."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        document = {"keys": [published(rsa_key(), "rsa-1", alg="RS256")]}
        self.wfile.write(json.dumps(document).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def key_address() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Keys)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/keys"
    server.shutdown()
    server.server_close()


@pytest.fixture
def world(key_address: str) -> Iterator[World]:
    accounts = {"STAFF_ISSUER": ISSUER, "STAFF_JWKS_URL": key_address, "STAFF_CLIENT_ID": CLIENT}
    made = World(environment=accounts)
    Desk(made).json("staff", "add", SUB, "--name", "Grace", "--role", "clerk", *WHO)
    yield made
    made.close()


def id_token(world: World, **changes: object) -> str:
    now = int(world.clock())
    claims: dict[str, Any] = {"sub": SUB, "iss": ISSUER, "aud": CLIENT, "iat": now}
    claims = {**claims, "exp": now + 3600, **changes}
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, rsa_key(), algorithm="RS256", headers={"kid": "rsa-1"})


def sign_in(world: World, token: object) -> tuple[Staff, int, str]:
    browser = Staff(world)
    answer = browser("POST", "/api/desk/sessions", send={"id_token": token})
    browser.token = answer.body.get("token")
    return browser, answer.status, answer.body.get("code", "")


def test_an_account_on_the_list_of_staff_signs_in_once_with_one_proof(world: World) -> None:
    token = id_token(world)
    assert Staff(world, token)("GET", "/api/desk/me").status == 401, "a proof is no session"
    browser, status, _ = sign_in(world, token)
    assert status == 200
    assert browser("GET", "/api/desk/me").body["role"] == "clerk"
    assert sign_in(world, token)[1:] == (404, "link_spent")
    world.pass_time(1)
    Desk(world).json("staff", "remove", SUB, *WHO)
    assert browser("GET", "/api/desk/me").status == 401
    assert sign_in(world, id_token(world))[1:] == (404, "account_unknown")


def test_one_proof_in_another_spelling_opens_nothing(world: World) -> None:
    """The last character of a signature has bits that no reader looks at."""
    token = id_token(world)
    assert sign_in(world, token)[1] == 200
    others = [token[:-1] + each for each in ascii_letters + digits + "-_" if each != token[-1]]
    for other in (*others, f"{token}=", f"{token}==", f" {token}", f"{token} ", f"{token}\n"):
        assert sign_in(world, other)[1] in (401, 404), other


def test_an_account_that_the_operator_did_not_add_is_nobody(world: World) -> None:
    before = world.items("")
    stranger = id_token(world, sub="auth0|somebody")
    assert sign_in(world, stranger)[1:] == (404, "account_unknown")
    assert world.items("") == before


def test_another_proof_opens_nothing(world: World) -> None:
    now = int(world.clock())
    claims = {"sub": SUB, "iss": ISSUER, "aud": CLIENT, "iat": now, "exp": now + 3600}
    for token in (
        id_token(world, aud="the-shop"),
        id_token(world, aud=None),
        id_token(world, iss="https://id.example/other"),
        id_token(world, exp=now - 1),
        id_token(world, iat=now - 301),
        id_token(world, iat=None),
        id_token(world)[:-8] + "AAAAAAAA",
        token_of(claims, JWT_SECRET),
        token_of({**claims, "iss": "hakika-desk", "aud": "hakika-desk"}, STAFF_SECRET),
        "",
        None,
        ["x"],
    ):
        assert sign_in(world, token)[1:] == (401, "unauthenticated"), token
    assert world.items("DESKLINK") == []


def test_the_page_may_reach_the_issuer_and_nobody_else(world: World) -> None:
    event = http_event("GET", "/desk", path="/desk", now=world.clock())
    page = world.function("desk").invoke(event)
    assert f'content="{ISSUER} {CLIENT}"' in page["body"]
    assert f"connect-src 'self' {ISSUER};" in page["headers"]["Content-Security-Policy"]


def test_a_deployment_without_an_issuer_takes_no_account(key_address: str) -> None:
    plain = World()
    Desk(plain).json("staff", "add", SUB, "--name", "Grace", "--role", "clerk", *WHO)
    assert sign_in(plain, id_token(plain))[1:] == (404, "link_spent")
    page = plain.function("desk").invoke(
        http_event("GET", "/desk", path="/desk", now=plain.clock())
    )
    assert "connect-src 'self';" in page["headers"]["Content-Security-Policy"]
    assert '<meta name="staff-account" content="">' in page["body"]
    plain.close()

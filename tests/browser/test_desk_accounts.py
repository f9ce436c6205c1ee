"""Sign-in at the desk with an account: Chromium, an issuer, and the function in this process."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
from oidc_provider_mock import run_server_in_thread
from playwright.sync_api import BrowserContext, expect

from tests.functional.operator_desk import Desk
from tests.functional.test_desk import WHO
from tests.support.lambdas import http_event
from tests.support.world import World

CLIENT = "the-desk"
PLACES = re.compile(r"/desk/(?P<file>[^/]+)$")


class Gateway(BaseHTTPRequestHandler):
    """What API Gateway does for the desk's function."""

    world: World
    one_at_a_time: Lock

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        # Chromium keeps connections on which it asks nothing yet: each has a thread of its own.
        with self.one_at_a_time:
            self._invoke()

    def _invoke(self) -> None:
        # The issuer's clock is the machine's.
        self.world.pass_time(max(0, time.time() - self.world.clock()))
        path = urlsplit(self.path).path
        place = PLACES.match(path)
        route = "/desk/{file}" if place else path
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode() if length else None
        headers = {name.lower(): value for name, value in self.headers.items()}
        event = http_event(
            self.command, route, path=path, body=body, headers=headers, now=self.world.clock()
        )
        event["pathParameters"] = place.groupdict() if place else None
        answer = self.world.function("desk").invoke(event)
        self.send_response(answer["statusCode"])
        for name, value in answer["headers"].items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer["body"].encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def issuer() -> Iterator[str]:
    with run_server_in_thread() as server:
        yield f"http://127.0.0.1:{server.server_port}"


@pytest.fixture
def site(issuer: str) -> Iterator[str]:
    """The desk's address; Grace is a clerk there."""
    accounts = {
        "STAFF_ISSUER": issuer,
        "STAFF_JWKS_URL": f"{issuer}/jwks",
        "STAFF_CLIENT_ID": CLIENT,
    }
    world = World(environment=accounts)
    Desk(world).json("staff", "add", "grace", "--name", "Grace", "--role", "clerk", *WHO)
    bound = type("Bound", (Gateway,), {"world": world, "one_at_a_time": Lock()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), bound)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    world.close()


@pytest.mark.parametrize(("sub", "is_staff"), [("grace", True), ("stranger", False)])
def test_an_account_signs_in_where_the_operator_added_it(
    site: str, context: BrowserContext, errors: list[str], sub: str, is_staff: bool
) -> None:
    page = context.new_page()
    page.goto(f"{site}/desk")
    with page.expect_request(re.compile("code_challenge=")) as asked:
        page.get_by_role("button", name="Sign in with your account", exact=True).click()
    assert {"response_type=code", "code_challenge_method=S256"} <= set(
        urlsplit(asked.value.url).query.split("&")
    )
    page.locator("input[name=sub]").fill(sub)
    page.locator("input[name=sub]").press("Enter")
    page.wait_for_url(f"{site}/desk", timeout=60_000)
    if is_staff:
        expect(page.locator("#who")).to_contain_text("Grace, clerk")
    else:
        expect(page.get_by_role("alert")).to_contain_text("not on the list of staff")
    kept = page.evaluate("Object.entries({ ...localStorage, ...sessionStorage })")
    assert ("token" in dict(kept)) is is_staff
    assert "id_token" not in str(kept)
    assert page.evaluate("location.search") == ""
    assert errors == []

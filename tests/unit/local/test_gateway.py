"""The gateway over real HTTP: it alone says where a call comes from, and serves nothing else."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from local.gateway import HEADER_BYTES_MAX, KEY_HEADER, SIMULATOR_PATHS, GatewayOptions, application

KEY = "the-key-of-this-run"


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    text: str


async def echo(request: web.Request) -> web.Response:
    """An API that says what it was asked."""
    body = {
        "path": request.raw_path,
        "host": request.headers.get("Host"),
        "forwarded_for": request.headers.getall("X-Forwarded-For", []),
        "key": request.headers.get(KEY_HEADER),
        "authorization": request.headers.get("Authorization"),
        "body": await request.text(),
    }
    return web.json_response(body, status=418, headers={"Retry-After": "7"})


@asynccontextmanager
async def gateway_for(
    tmp_path: Path, *, api_is_up: bool, has_simulator: bool
) -> AsyncIterator[str]:
    pages = tmp_path / "web"
    pages.mkdir()
    (pages / "index.html").write_text("the demo window")
    (tmp_path / "config.json").write_text('{"token": "t"}')
    (tmp_path / "secret.txt").write_text("secret")
    api = web.Application()
    api.router.add_route("*", "/{path:.*}", echo)
    async with _serving(api) as server:
        options = GatewayOptions(
            emulator_url=f"http://127.0.0.1:{server.port}" if api_is_up else "http://127.0.0.1:9",
            api_host="abc.execute-api.localhost:4566",
            simulator_url=f"http://127.0.0.1:{server.port}" if has_simulator else None,
            web_folder=pages,
            config_file=tmp_path / "config.json",
            table_name="table",
            jwt_secret_arn="arn:jwt",
            key=KEY,
        )
        async with _serving(application(options)) as gateway:
            yield f"http://127.0.0.1:{gateway.port}"


@asynccontextmanager
async def _serving(app: web.Application) -> AsyncIterator[TestServer]:
    server = TestServer(app, host="127.0.0.1")
    await server.start_server(max_field_size=HEADER_BYTES_MAX)
    try:
        yield server
    finally:
        await server.close()


def ask(
    tmp_path: Path,
    *paths: str,
    method: str = "GET",
    api_is_up: bool = True,
    has_simulator: bool = False,
    **request: Any,
) -> list[Answer]:
    """What a new gateway answers to the same request for each of these paths."""

    async def run() -> list[Answer]:
        answers = []
        async with (
            gateway_for(tmp_path, api_is_up=api_is_up, has_simulator=has_simulator) as base,
            ClientSession() as session,
        ):
            for path in paths:
                async with session.request(method, f"{base}{path}", **request) as answer:
                    text = await answer.text()
                    answers.append(Answer(answer.status, answer.headers, text))
        return answers

    return asyncio.run(run())


def test_a_call_reaches_the_api_with_its_host_and_its_answer_comes_back(tmp_path: Path) -> None:
    request: Any = {"data": "body", "headers": {"Authorization": "Bearer t"}}
    [answer] = ask(tmp_path, "/api/orders/a%2Fb?x=1", method="PUT", **request)
    assert (answer.status, answer.headers["Retry-After"]) == (418, "7")
    seen = json.loads(answer.text)
    assert seen["path"] == "/api/orders/a%2Fb?x=1"
    assert seen["host"] == "abc.execute-api.localhost:4566"
    assert (seen["authorization"], seen["body"]) == ("Bearer t", "body")


def test_a_token_too_large_for_the_product_still_reaches_it(tmp_path: Path) -> None:
    authorization = "Bearer " + "A" * 9_000
    [answer] = ask(tmp_path, "/api/x", headers={"Authorization": authorization})
    assert json.loads(answer.text)["authorization"] == authorization


@pytest.mark.parametrize(
    ("method", "key", "address"),
    [
        ("GET", "", "127.0.0.1"),
        ("GET", "another-key", "127.0.0.1"),
        ("POST", KEY, "196.201.214.200"),
    ],
)
def test_only_the_simulator_says_which_address_it_plays_and_a_forged_one_is_replaced(
    tmp_path: Path, method: str, key: str, address: str
) -> None:
    headers = {"X-Forwarded-For": "196.201.214.200", KEY_HEADER: key}
    [answer] = ask(tmp_path, "/api/x", method=method, headers=headers)
    seen = json.loads(answer.text)
    assert seen["forwarded_for"] == [address]
    assert seen["key"] is None


def test_an_api_that_is_down_is_503(tmp_path: Path) -> None:
    [answer] = ask(tmp_path, "/api/x", api_is_up=False)
    assert answer.status == 503
    assert json.loads(answer.text) == {"message": "Service Unavailable"}


def test_pages_are_served_and_nothing_outside_their_folder(tmp_path: Path) -> None:
    outside = ("/..%2fsecret.txt", "/%2e%2e/secret.txt", "/missing.js")
    page, *refused = ask(tmp_path, "/", *outside)
    assert page.text == "the demo window"
    assert [answer.status for answer in refused] == [404, 404, 404]


def test_the_demo_window_gets_its_configuration_fresh(tmp_path: Path) -> None:
    [answer] = ask(tmp_path, "/demo/config.json")
    assert answer.headers["Cache-Control"] == "no-store"
    assert json.loads(answer.text) == {"token": "t"}


@pytest.mark.parametrize(
    "path", ["/simulator", "/_simulator", "/_simulator/health", "/phone", "/phones"]
)
def test_the_simulators_pages_are_reached(tmp_path: Path, path: str) -> None:
    [answer] = ask(tmp_path, path, has_simulator=True)
    assert json.loads(answer.text)["path"] == path


def test_without_a_simulator_its_pages_are_404(tmp_path: Path) -> None:
    demo = [f"/demo/{name}?payment_id=nonsense" for name in ("events", "desk")]
    answers = ask(tmp_path, *SIMULATOR_PATHS, "/_simulator/health", *demo)
    assert {answer.status for answer in answers} == {404}

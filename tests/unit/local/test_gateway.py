"""The gateway over real HTTP: it alone says where a call comes from, and serves nothing else."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from local.gateway import (
    HEADER_BYTES_MAX,
    KEY_HEADER,
    SIMULATOR_PATHS,
    GatewayOptions,
    application,
)

KEY = "the-key-of-this-run"
type Check = Callable[[ClientSession, str], Awaitable[None]]


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


def play(
    tmp_path: Path, check: Check, *, api_is_up: bool = True, has_simulator: bool = False
) -> None:
    async def run() -> None:
        async with (
            gateway_for(tmp_path, api_is_up=api_is_up, has_simulator=has_simulator) as base,
            ClientSession() as session,
        ):
            await check(session, base)

    asyncio.run(run())


def test_a_call_reaches_the_api_with_its_host_and_its_answer_comes_back(tmp_path: Path) -> None:
    async def check(session: ClientSession, base: str) -> None:
        url = f"{base}/api/orders/a%2Fb?x=1"
        headers = {"Authorization": "Bearer t"}
        async with session.put(url, data="body", headers=headers) as answer:
            seen = await answer.json()
            assert (answer.status, answer.headers["Retry-After"]) == (418, "7")
        assert seen["path"] == "/api/orders/a%2Fb?x=1"
        assert seen["host"] == "abc.execute-api.localhost:4566"
        assert (seen["authorization"], seen["body"]) == ("Bearer t", "body")

    play(tmp_path, check)


def test_a_token_too_large_for_the_product_still_reaches_it(tmp_path: Path) -> None:
    async def check(session: ClientSession, base: str) -> None:
        authorization = "Bearer " + "A" * 9_000
        async with session.get(f"{base}/api/x", headers={"Authorization": authorization}) as answer:
            assert (await answer.json())["authorization"] == authorization

    play(tmp_path, check)


def test_a_forged_address_is_replaced_by_the_connections(tmp_path: Path) -> None:
    async def check(session: ClientSession, base: str) -> None:
        for key in ("", "another-key"):
            headers = {"X-Forwarded-For": "196.201.214.200", KEY_HEADER: key}
            async with session.get(f"{base}/api/x", headers=headers) as answer:
                seen = await answer.json()
            assert seen["forwarded_for"] == ["127.0.0.1"]
            assert seen["key"] is None

    play(tmp_path, check)


def test_the_simulator_may_say_which_address_it_plays(tmp_path: Path) -> None:
    async def check(session: ClientSession, base: str) -> None:
        headers = {"X-Forwarded-For": "196.201.214.200", KEY_HEADER: KEY}
        async with session.post(f"{base}/api/x", headers=headers) as answer:
            seen = await answer.json()
        assert seen["forwarded_for"] == ["196.201.214.200"]
        assert seen["key"] is None

    play(tmp_path, check)


def test_an_api_that_is_down_is_503(tmp_path: Path) -> None:
    async def check(session: ClientSession, base: str) -> None:
        async with session.get(f"{base}/api/x") as answer:
            assert answer.status == 503
            assert await answer.json() == {"message": "Service Unavailable"}

    play(tmp_path, check, api_is_up=False)


def test_pages_are_served_and_nothing_outside_their_folder(tmp_path: Path) -> None:
    async def check(session: ClientSession, base: str) -> None:
        async with session.get(f"{base}/") as answer:
            assert await answer.text() == "the demo window"
        for path in ("/..%2fsecret.txt", "/%2e%2e/secret.txt", "/missing.js"):
            async with session.get(f"{base}{path}") as answer:
                assert answer.status == 404

    play(tmp_path, check)


def test_the_demo_window_gets_its_configuration_fresh(tmp_path: Path) -> None:
    async def check(session: ClientSession, base: str) -> None:
        async with session.get(f"{base}/demo/config.json") as answer:
            assert answer.headers["Cache-Control"] == "no-store"
            assert json.loads(await answer.text()) == {"token": "t"}

    play(tmp_path, check)


@pytest.mark.parametrize(
    "path", ["/simulator", "/_simulator", "/_simulator/health", "/phone", "/phones"]
)
def test_the_simulators_pages_are_reached(tmp_path: Path, path: str) -> None:
    async def check(session: ClientSession, base: str) -> None:
        async with session.get(f"{base}{path}") as answer:
            assert (await answer.json())["path"] == path

    play(tmp_path, check, has_simulator=True)


def test_without_a_simulator_its_pages_are_404(tmp_path: Path) -> None:
    async def check(session: ClientSession, base: str) -> None:
        demo = [f"/demo/{name}?payment_id=nonsense" for name in ("events", "desk")]
        for path in (*SIMULATOR_PATHS, "/_simulator/health", *demo):
            async with session.get(f"{base}{path}") as answer:
                assert answer.status == 404

    play(tmp_path, check)

"""The one address of the local stack: serves the pages, passes /api and /desk to the emulated API.

`python -m local.gateway --help` shows its options. It has the place of API
Gateway's edge, so it alone sets the address of a call: it replaces the caller's X-Forwarded-For by
the address of the connection. Only the simulator, which has a key made for this run, may name one
of Safaricom's addresses for its callback.
"""

import argparse
import asyncio
import hmac
import json
import logging
import os
import re
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientConnectionResetError, ClientError, ClientSession, ClientTimeout, web

from local import api_pages, credentials, desk
from local.moved_clock import stack_clock
from local.settings import STATE_FILE
from local.timeline import read_events
from simulator.server.quiet import quote_no_broken_request

KEY_HEADER = "X-Local-Gateway-Key"
KEY_VARIABLE = "HAKIKA_GATEWAY_KEY"
ANSWER_SECONDS_MAX = 35.0
BODY_BYTES_MAX = 10_000_000
HEADER_BYTES_MAX = 10_240
"""What API Gateway takes. A larger header is refused."""
PAYMENT_ID = re.compile(r"[0-9a-f]{32}")
SIMULATOR_PATHS = ("/_simulator", "/simulator", "/phone", "/phones")
_HOP_BY_HOP = {
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-forwarded-for",
    KEY_HEADER.lower(),
}


@dataclass(frozen=True)
class GatewayOptions:
    """Where things are. Shape: addresses without a slash at the end."""

    emulator_url: str
    api_host: str
    simulator_url: str | None
    web_folder: Path
    config_file: Path
    table_name: str
    jwt_secret_arn: str
    key: str


class Gateway:
    """The handlers; one HTTP session for all of them, open while the application runs."""

    def __init__(self, options: GatewayOptions) -> None:
        self._options = options
        self._session: ClientSession | None = None

    async def run(self, _app: web.Application) -> AsyncIterator[None]:
        """Keep the session open between start and stop of the application."""
        timeout = ClientTimeout(total=None, sock_connect=5.0, sock_read=ANSWER_SECONDS_MAX)
        async with ClientSession(timeout=timeout, auto_decompress=False) as self._session:
            yield

    async def pass_to_api(self, request: web.Request) -> web.StreamResponse:
        """Pass a call on to the HTTP API with the address that it really comes from."""
        headers = _end_to_end(request.headers)
        headers["Host"] = self._options.api_host
        headers["X-Forwarded-For"] = self._source_of(request)
        return await self._pass_on(request, self._options.emulator_url, headers)

    async def pass_to_simulator(self, request: web.Request) -> web.StreamResponse:
        """Pass a page or a control call on to the simulator."""
        if self._options.simulator_url is None:
            return web.Response(status=404, text="This stack talks to Safaricom's sandbox.\n")
        headers = _end_to_end(request.headers)
        return await self._pass_on(request, self._options.simulator_url, headers)

    async def show_config(self, _request: web.Request) -> web.Response:
        """Give the demo page what it needs: addresses, a demo user's token, demo bookings."""
        document = json.loads(self._options.config_file.read_text())
        return web.json_response(document, headers={"Cache-Control": "no-store"})

    async def make_customer(self, _request: web.Request) -> web.Response:
        """Sign a token for a user nobody has met: a limit counts per user, and a demo has many."""
        client_id = f"visitor-{secrets.token_hex(6)}"
        token = await asyncio.to_thread(self._sign_token, client_id)
        customer = {"clientId": client_id, "token": token}
        return web.json_response(customer, headers={"Cache-Control": "no-store"})

    def _sign_token(self, client_id: str) -> str:
        outputs = {"JwtSecretArn": self._options.jwt_secret_arn}
        secret = credentials.read_jwt_secret(self._options.emulator_url, outputs)
        clock = stack_clock(self._options.config_file.parent)
        return credentials.make_token(secret, client_id, clock=clock)

    async def show_events(self, request: web.Request) -> web.Response:
        """Give a payment's outbox items, oldest first: what other systems hear of it."""
        payment_id = request.query.get("payment_id", "")
        if not PAYMENT_ID.fullmatch(payment_id):
            raise web.HTTPNotFound
        events = await asyncio.to_thread(
            read_events, self._options.emulator_url, self._options.table_name, payment_id
        )
        return web.json_response({"events": events}, headers={"Cache-Control": "no-store"})

    async def open_desk(self, request: web.Request) -> web.Response:
        """Lead to the desk at a payment, signed in as the demo person who may approve a refund."""
        payment_id = request.query.get("payment_id", "")
        if not PAYMENT_ID.fullmatch(payment_id):
            raise web.HTTPNotFound
        state_file = self._options.config_file.parent / STATE_FILE
        [link] = await asyncio.to_thread(desk.new_links, state_file, [desk.APPROVER])
        address = f"{link.address}/{payment_id}"
        return web.Response(status=303, headers={"Location": address, "Cache-Control": "no-store"})

    async def serve_page(self, request: web.Request) -> web.StreamResponse:
        """Serve a file of web/."""
        return _serve_file(self._options.web_folder, request.path)

    def _source_of(self, request: web.Request) -> str:
        connection = request.remote or "127.0.0.1"
        key = request.headers.get(KEY_HEADER, "")
        is_simulator = hmac.compare_digest(key.encode(), self._options.key.encode())
        return request.headers.get("X-Forwarded-For", connection) if is_simulator else connection

    async def _pass_on(
        self, request: web.Request, base: str, headers: dict[str, str]
    ) -> web.StreamResponse:
        assert self._session is not None, "the application is not running"
        body = await request.read()
        try:
            async with self._session.request(
                request.method,
                f"{base}{request.raw_path}",
                headers=headers,
                data=body or None,
                allow_redirects=False,
            ) as answer:
                response = web.StreamResponse(status=answer.status)
                for name, value in answer.headers.items():
                    if name.lower() not in _HOP_BY_HOP:
                        response.headers.add(name, value)
                await response.prepare(request)
                with suppress(ConnectionResetError, ClientConnectionResetError):
                    async for chunk in answer.content.iter_any():
                        await response.write(chunk)
                return response
        except (ClientError, TimeoutError) as error:
            logging.getLogger("gateway").warning("%s does not answer: %r", base, error)
            return web.json_response({"message": "Service Unavailable"}, status=503)


def application(options: GatewayOptions) -> web.Application:
    """Build the gateway's application."""
    quote_no_broken_request()
    gateway = Gateway(options)
    app = web.Application(client_max_size=BODY_BYTES_MAX)
    app.cleanup_ctx.append(gateway.run)
    for path in ("/api/{path:.*}", "/desk", "/desk/{path:.*}"):
        app.router.add_route("*", path, gateway.pass_to_api)
    app.router.add_get("/demo/config.json", gateway.show_config)
    app.router.add_get("/demo/events", gateway.show_events)
    app.router.add_get("/demo/desk", gateway.open_desk)
    app.router.add_post("/demo/customers", gateway.make_customer)
    api_pages.add_routes(app, options.config_file)
    for path in SIMULATOR_PATHS:
        app.router.add_route("*", path, gateway.pass_to_simulator)
        app.router.add_route("*", path + "/{path:.*}", gateway.pass_to_simulator)
    app.router.add_get("/{path:.*}", gateway.serve_page)
    return app


def _serve_file(folder: Path, path: str) -> web.StreamResponse:
    """Serve a file of the folder and nothing outside it; a folder's index.html for a folder."""
    file = (folder / path.lstrip("/")).resolve()
    if not file.is_relative_to(folder.resolve()):
        raise web.HTTPNotFound
    if file.is_dir():
        if not path.endswith("/"):
            raise web.HTTPFound(f"{path}/")
        file = file / "index.html"
    if not file.is_file():
        raise web.HTTPNotFound
    return web.FileResponse(file, headers={"Cache-Control": "no-cache"})


def _end_to_end(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in _HOP_BY_HOP}


def main() -> None:
    """Serve until a signal comes."""
    parser = argparse.ArgumentParser(prog="python -m local.gateway")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--emulator-url", required=True)
    parser.add_argument("--api-host", required=True)
    parser.add_argument("--simulator-url")
    parser.add_argument("--web-folder", type=Path, required=True)
    parser.add_argument("--config-file", type=Path, required=True)
    parser.add_argument("--table-name", required=True)
    parser.add_argument("--jwt-secret-arn", required=True)
    given = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    options = GatewayOptions(
        emulator_url=given.emulator_url,
        api_host=given.api_host,
        simulator_url=given.simulator_url,
        web_folder=given.web_folder,
        config_file=given.config_file,
        table_name=given.table_name,
        jwt_secret_arn=given.jwt_secret_arn,
        key=os.environ[KEY_VARIABLE],
    )
    web.run_app(
        application(options),
        host="127.0.0.1",
        port=given.port,
        access_log=None,
        print=None,
        max_field_size=HEADER_BYTES_MAX,
    )


if __name__ == "__main__":
    main()

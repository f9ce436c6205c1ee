"""The HTTP face and a callback sink, really listening on loopback, for as long as a test needs."""

import asyncio
import json
import queue
import threading
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import requests
from aiohttp import web

from simulator.core import Config, Daraja
from simulator.core.clock import MovableClock
from simulator.server.app import application
from simulator.server.options import Options
from tests.unit.simulator.virtual_merchant import OAUTH, PAYS, PUSH, push_fields

PUBLIC = "https://pay.example.com"
PATIENCE_SECONDS = 120.0

# Everything at once, so that a test waits for nothing but the machine.
AT_ONCE = Config(
    show_seconds=0,
    person_seconds=0,
    settle_seconds=0,
    refusal_seconds=0,
    callback_seconds_min=0,
    callback_seconds_max=0,
    redelivery_seconds=0,
    query_visible_seconds=0,
    query_per_minute=None,
    hang_seconds=0,
)


@dataclass(frozen=True)
class Received:
    """One post that reached the sink."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class RunningSimulator:
    """A simulator whose callbacks for `https://pay.example.com` arrive in `callbacks`."""

    config: Config = AT_ONCE
    sink_status: int = 200
    callbacks: "queue.Queue[Received]" = field(default_factory=queue.Queue)
    url: str = ""

    def __enter__(self) -> Self:
        self.daraja = Daraja(clock=MovableClock(time.time), seed=1, config=self.config)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._runners = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(
            PATIENCE_SECONDS
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(PATIENCE_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_SECONDS)
        self._loop.close()

    def token(self) -> str:
        """A new OAuth token."""
        answer = requests.get(
            self.url + OAUTH,
            params={"grant_type": "client_credentials"},
            auth=("sandbox-consumer-key", "sandbox-consumer-secret"),
            timeout=PATIENCE_SECONDS,
        )
        return str(answer.json()["access_token"])

    def push(
        self, msisdn: str = PAYS, scenario: str | None = None, **changes: Any
    ) -> requests.Response:
        """One STK push whose callback goes to the sink."""
        headers = {"Authorization": f"Bearer {self.token()}"}
        if scenario:
            headers["X-Simulator-Scenario"] = scenario
        fields = push_fields(msisdn, **{"CallBackURL": f"{PUBLIC}/callback/1", **changes})
        return requests.post(
            self.url + PUSH, json=fields, headers=headers, timeout=PATIENCE_SECONDS
        )

    def control(self, method: str, path: str, **body: Any) -> requests.Response:
        """One call of the control API."""
        url = f"{self.url}/_simulator/{path}"
        return requests.request(method, url, json=body or None, timeout=PATIENCE_SECONDS)

    def events(self, path: str) -> Generator[dict[str, Any]]:
        """The documents of a live stream."""
        url = f"{self.url}/_simulator/{path}"
        with requests.get(url, stream=True, timeout=PATIENCE_SECONDS) as stream:
            for line in stream.iter_lines():
                if line.startswith(b"data:"):
                    yield json.loads(line[5:])

    def callback(self) -> Received:
        """The next callback that reached the sink."""
        return self.callbacks.get(timeout=PATIENCE_SECONDS)

    async def _start(self) -> list[web.AppRunner]:
        sink = web.Application()
        sink.router.add_route("*", "/{path:.*}", self._take)
        sink_runner, sink_url = await _serve(sink)
        options = Options({PUBLIC: f"{sink_url}/base"}, {"X-Forwarded-For": "{source_ip}"})
        runner, self.url = await _serve(application(self.daraja, options))
        return [runner, sink_runner]

    async def _stop(self) -> None:
        for runner in self._runners:
            await runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.callbacks.put(Received(request.path, dict(request.headers), body))
        return web.json_response({"ResultCode": 0}, status=self.sink_status)


async def _serve(app: web.Application) -> tuple[web.AppRunner, str]:
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    return runner, f"http://{host}:{port}"

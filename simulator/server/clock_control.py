"""The control API's clock: moves the simulator's present forward."""

from aiohttp import web

from simulator.core import Daraja
from simulator.core.clock import MovableClock
from simulator.core.errors import SettingError
from simulator.server.reading import json_body, number

Document = dict[str, object]


class ClockControl:
    """The handlers, each named as in the OpenAPI document."""

    def __init__(self, daraja: Daraja) -> None:
        self._daraja = daraja

    async def read_clock(self, _request: web.Request) -> web.Response:
        """What time it is, and how far ahead of real time."""
        return web.json_response(self._shown())

    async def move_clock(self, request: web.Request) -> web.Response:
        """Moves the clock forward by `advance_seconds`, or to a moment (`to`, epoch seconds)."""
        body = await json_body(request)
        if ("advance_seconds" in body) == ("to" in body):
            raise SettingError("send either advance_seconds or to")
        clock, now = self._clock(), self._daraja.advance()
        seconds = (
            number(body, "to", 0.0) - now if "to" in body else number(body, "advance_seconds", 0)
        )
        clock.advance(seconds)
        self._daraja.advance()
        return web.json_response(self._shown())

    def _clock(self) -> MovableClock:
        clock = self._daraja.world.clock
        if not isinstance(clock, MovableClock):
            raise SettingError("this simulator's clock cannot be moved")
        return clock

    def _shown(self) -> Document:
        clock = self._daraja.world.clock
        ahead = clock.ahead_seconds if isinstance(clock, MovableClock) else 0.0
        return {"now": self._daraja.advance(), "ahead_seconds": ahead}

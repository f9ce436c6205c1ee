"""Daraja's own endpoints over HTTP: hands requests to the core and carries its answers out."""

import asyncio
import socket
import struct

from aiohttp import web

from simulator.core import Daraja, HttpAnswer, HttpRequest, Transport
from simulator.server.pump import CallbackPump

CALLBACK_FIRST_SECONDS_MAX = 10.0
# Zero seconds to linger: closing then sends RST instead of FIN.
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class DarajaFace:
    """Answers every path that is not the simulator's own."""

    def __init__(self, daraja: Daraja, pump: CallbackPump) -> None:
        self._daraja = daraja
        self._pump = pump

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One request of a Daraja client."""
        answer = self._daraja.handle(
            HttpRequest(
                method=request.method,
                path=request.path,
                headers=request.headers,
                body=await request.read(),
                query=request.query,
            )
        )
        if answer.callbacks_first:
            await self._post_first()
        self._pump.wake()
        if answer.delay_seconds:
            await asyncio.sleep(answer.delay_seconds)
        return await self._carry(request, answer)

    async def _post_first(self) -> None:
        posts = self._pump.post_due()
        if posts:
            await asyncio.wait(posts, timeout=CALLBACK_FIRST_SECONDS_MAX)

    async def _carry(self, request: web.Request, answer: HttpAnswer) -> web.StreamResponse:
        match answer.transport:
            case Transport.OK:
                pass
            case Transport.HANG:
                await asyncio.sleep(self._daraja.config.hang_seconds)
                _tear_down(request)
            case Transport.RESET:
                _tear_down(request)
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body)


def _tear_down(request: web.Request) -> None:
    """Resets the connection; what is answered afterwards goes nowhere."""
    transport = request.transport
    if transport is None:
        return
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    transport.abort()

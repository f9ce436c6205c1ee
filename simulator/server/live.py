"""What happens, told as it happens: server-sent events, or a WebSocket where one is asked for.

Browsers allow only six event streams to one server; pages with several phones use WebSockets.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import web

from simulator.core import Daraja
from simulator.core.journal import Entry
from simulator.server.cors import cors_headers, may_use

BREATH_SECONDS = 15.0
WAITING_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Told:
    """One thing to tell. Shape: `text` None is a sign of life."""

    text: str | None
    sequence: int | None = None


async def follow(
    request: web.Request,
    daraja: Daraja,
    *,
    wanted: Callable[[Entry], bool],
    told: Callable[[Entry | None], object],
    after: int | None = None,
) -> web.StreamResponse:
    """Sends `told(entry)` for each wanted journal entry until the reader goes.

    `told(None)` is sent first, so that a reader never starts blind; `after` replays what the
    journal still has beyond that sequence number.
    """
    things = _things(daraja, wanted, told, after)
    if request.headers.get("Upgrade", "").lower() == "websocket":
        return await _by_socket(request, things)
    return await _by_events(request, things)


async def _things(
    daraja: Daraja,
    wanted: Callable[[Entry], bool],
    told: Callable[[Entry | None], object],
    after: int | None,
) -> AsyncIterator[Told]:
    waiting: asyncio.Queue[Entry] = asyncio.Queue()

    def listen(entry: Entry) -> None:
        if waiting.qsize() < WAITING_MAX:
            waiting.put_nowait(entry)

    for entry in daraja.journal.entries(after=after) if after is not None else ():
        waiting.put_nowait(entry)
    unsubscribe = daraja.journal.subscribe(listen)
    try:
        first = told(None)
        yield Told(None if first is None else json.dumps(first))
        while True:
            try:
                entry = await asyncio.wait_for(waiting.get(), BREATH_SECONDS)
            except TimeoutError:
                yield Told(None)
                continue
            if wanted(entry):
                yield Told(json.dumps(told(entry)), entry.sequence)
    finally:
        unsubscribe()


async def _by_events(request: web.Request, things: AsyncIterator[Told]) -> web.StreamResponse:
    stream = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
            **cors_headers(request),  # a stream's headers leave before any middleware
        }
    )
    await stream.prepare(request)
    with suppress(ConnectionResetError):
        async for thing in things:
            await stream.write(_event(thing))
    return stream


def _event(thing: Told) -> bytes:
    if thing.text is None:
        return b": still here\n\n"
    identity = "" if thing.sequence is None else f"id: {thing.sequence}\n"
    return f"{identity}data: {thing.text}\n\n".encode()


async def _by_socket(request: web.Request, things: AsyncIterator[Told]) -> web.StreamResponse:
    origin = request.headers.get("Origin")
    if origin is not None and not may_use(request, origin):
        raise web.HTTPForbidden(text="this page may not use the simulator")
    socket = web.WebSocketResponse(heartbeat=BREATH_SECONDS)
    await socket.prepare(request)
    teller = asyncio.create_task(_tell(socket, things))
    async for _ in socket:
        pass  # a reader has nothing to say; the loop ends when it goes
    teller.cancel()
    with suppress(asyncio.CancelledError):
        await teller
    return socket


async def _tell(socket: web.WebSocketResponse, things: AsyncIterator[Told]) -> None:
    with suppress(ConnectionResetError):
        async for thing in things:
            if thing.text is not None:
                await socket.send_str(thing.text)

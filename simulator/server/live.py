"""Server-sent events: what happens, told as it happens."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress

from aiohttp import web

from simulator.core import Daraja
from simulator.core.journal import Entry
from simulator.server.cors import cors_headers

BREATH_SECONDS = 15.0
WAITING_MAX = 10_000


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
    stream = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
        }
    )
    waiting: asyncio.Queue[Entry] = asyncio.Queue()
    for entry in daraja.journal.entries(after=after) if after is not None else ():
        waiting.put_nowait(entry)

    def listen(entry: Entry) -> None:
        if waiting.qsize() < WAITING_MAX:
            waiting.put_nowait(entry)

    unsubscribe = daraja.journal.subscribe(listen)
    try:
        stream.headers.update(cors_headers(request))  # a stream's headers leave before middlewares
        await stream.prepare(request)
        first = told(None)
        if first is not None:
            await _send(stream, first, None)
        with suppress(ConnectionResetError):
            await _pass_on(stream, waiting, wanted, told)
    finally:
        unsubscribe()
    return stream


async def _pass_on(
    stream: web.StreamResponse,
    waiting: asyncio.Queue[Entry],
    wanted: Callable[[Entry], bool],
    told: Callable[[Entry | None], object],
) -> None:
    while True:
        try:
            entry = await asyncio.wait_for(waiting.get(), BREATH_SECONDS)
        except TimeoutError:
            await stream.write(b": still here\n\n")
            continue
        if wanted(entry):
            await _send(stream, told(entry), entry.sequence)


async def _send(stream: web.StreamResponse, document: object, sequence: int | None) -> None:
    identity = f"id: {sequence}\n" if sequence is not None else ""
    await stream.write(f"{identity}data: {json.dumps(document)}\n\n".encode())

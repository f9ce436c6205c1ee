"""Posts the callbacks that the core owes, each at its time, without waiting for one another."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from simulator.core import CallbackDelivery, Daraja, SimulatorError
from simulator.server.options import Options

LOGGER = logging.getLogger(__name__)
ANSWER_BYTES_MAX = 4096
SLOW_PIECES = 20
LOOK_AGAIN_SECONDS = 5.0


class CallbackPump:
    """Sleeps until the core's next event, then posts what is due.

    `wake` must be called after anything that may have brought the next event forward.
    """

    def __init__(self, daraja: Daraja, options: Options) -> None:
        self._daraja = daraja
        self._options = options
        self._woken = asyncio.Event()
        self._posts: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None

    def wake(self) -> None:
        """Makes the pump look at the clock again."""
        self._woken.set()

    async def run(self, _app: web.Application) -> AsyncIterator[None]:
        """Runs for the life of the application."""
        connector = aiohttp.TCPConnector(limit=self._options.callbacks_at_once_max)
        self._session = aiohttp.ClientSession(connector=connector, auto_decompress=False)
        loop = asyncio.create_task(self._loop())
        yield
        loop.cancel()
        for post in self._posts:
            post.cancel()
        await asyncio.gather(loop, *self._posts, return_exceptions=True)
        await self._session.close()

    def post_due(self) -> list[asyncio.Task[None]]:
        """Starts posting every callback that is due; gives the posts."""
        posts = [asyncio.create_task(self._post(each)) for each in self._daraja.due_callbacks()]
        for post in posts:
            self._posts.add(post)
            post.add_done_callback(self._posts.discard)
        return posts

    async def _loop(self) -> None:
        while True:
            self._woken.clear()
            self.post_due()
            next_at = self._daraja.next_event_at()
            seconds = LOOK_AGAIN_SECONDS
            if next_at is not None:
                seconds = min(seconds, max(0.0, next_at - self._daraja.advance()))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), seconds)

    async def _post(self, delivery: CallbackDelivery) -> None:
        status, answer = await self._send(delivery)
        with suppress(SimulatorError):  # a reset meanwhile has forgotten the delivery
            self._daraja.callback_answered(delivery.id, status, answer)
        self.wake()

    async def _send(self, delivery: CallbackDelivery) -> tuple[int | None, bytes]:
        assert self._session is not None
        timeout = aiohttp.ClientTimeout(total=delivery.timeout_seconds)
        headers = {
            **delivery.headers,
            "Host": urlsplit(delivery.url).netloc,
            "Content-Length": str(len(delivery.body)),
            **self._options.headers(delivery.url, delivery.source_ip),
        }
        try:
            async with self._session.post(
                self._options.target(delivery.url),
                data=_pieces(delivery) if delivery.slow_seconds else delivery.body,
                headers=headers,
                timeout=timeout,
                allow_redirects=False,
            ) as response:
                return response.status, await response.content.read(ANSWER_BYTES_MAX)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            LOGGER.warning("callback not delivered: %s", type(error).__name__)
            return None, type(error).__name__.encode()


async def _pieces(delivery: CallbackDelivery) -> AsyncIterator[bytes]:
    size = max(1, -(-len(delivery.body) // SLOW_PIECES))
    for start in range(0, len(delivery.body), size):
        yield delivery.body[start : start + size]
        await asyncio.sleep(delivery.slow_seconds / SLOW_PIECES)

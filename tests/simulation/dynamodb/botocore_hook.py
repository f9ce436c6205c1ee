"""Puts the engine behind an unmodified boto3 client.

`attach` answers at botocore's `before-send` event, in the place of the network: serialising,
signing, retrying and parsing stay the SDK's own. An `intercept` stands where the network would be
and may delay, refuse, or lose the reply.

    client = boto3.client("dynamodb", ...)
    attach(client, engine)
    use_virtual_time(client, sleep=world.sleep, random=world.random.random)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from zlib import crc32

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from .engine import Engine
from .errors import DynamoDBError

EVENT = "before-send.dynamodb"
TARGET_HEADER = "X-Amz-Target"
CONTENT_TYPE = "application/x-amz-json-1.0"

type Execute = Callable[[], dict[str, Any]]
# Stands where the network is: gets the operation, the request and what carries it out; answers the
# response, or raises a DynamoDBError (an error answer) or a botocore exception (no answer).
type Intercept = Callable[[str, dict[str, Any], Execute], dict[str, Any]]


def attach(target: Any, engine: Engine, intercept: Intercept | None = None) -> Callable[[], None]:
    """From now on the engine answers this client's, or this session's new clients', requests.

    Shape: `target` is a boto3 or botocore client, a boto3 Session or a botocore session. Answers
    a function that detaches again.
    Errors: whatever `intercept` raises reaches the SDK just as an error of the network would, so
    the SDK's own retries apply to it.
    """
    events = _events_of(target)
    hook = _Hook(engine, intercept)
    events.register(EVENT, hook.answer)
    return lambda: events.unregister(EVENT, hook.answer)


class _Hook:
    def __init__(self, engine: Engine, intercept: Intercept | None) -> None:
        self._engine = engine
        self._intercept = intercept
        self._requests = 0

    def answer(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        """The response to one request; an exception stands for a network that failed."""
        target = request.headers[TARGET_HEADER]
        operation = (target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]
        content: Any = request.body
        body: dict[str, Any] = json.loads(content)
        status = 200
        try:
            answer = self._execute(operation, body)
        except DynamoDBError as error:
            status = error.status
            answer = error.body()
        self._requests += 1
        return _response(request.url, status, answer, f"{self._requests:052X}")

    def _execute(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        engine = self._engine
        if self._intercept is None:
            return engine.execute(operation, body)
        return self._intercept(operation, body, lambda: engine.execute(operation, body))


class _Raw:
    """The body as urllib3 would hand it over."""

    __slots__ = ("_content",)

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> Iterator[bytes]:
        """The content, in one piece."""
        yield self._content


def _response(url: str, status: int, answer: dict[str, Any], request_id: str) -> AWSResponse:
    content = json.dumps(answer, separators=(",", ":")).encode()
    headers: Any = {
        "x-amzn-RequestId": request_id,
        "x-amz-crc32": str(crc32(content)),
        "Content-Type": CONTENT_TYPE,
        "Content-Length": str(len(content)),
    }
    return AWSResponse(url, status, headers, _Raw(content))


def _events_of(target: Any) -> Any:
    """The event system of a client or a session."""
    if hasattr(target, "meta"):
        return target.meta.events
    if hasattr(target, "get_component"):
        return target.get_component("event_emitter")
    return target.events

"""Faults on a real client's wire, through botocore's events: each write meets one, once.

The emulator carries out one request at a time and never answers TransactionConflict, so both it
and the reply that is lost after the commit are made here. All SDK code above the wire is real:
its retries, its parsing, its errors.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError
from botocore.httpsession import URLLib3Session

from tests.support.dynamodb.faults import transaction_conflict

TARGET_HEADER = "X-Amz-Target"
ATTEMPT_HEADER = "amz-sdk-request"
WRITES = ("TransactWriteItems", "UpdateItem", "PutItem")
CONNECTIONS_MAX = 60


class Calm:
    """Nothing goes wrong on the wire."""

    def __init__(self) -> None:
        self.count = 0

    def attach(self, client: Any) -> None:
        """From now on this client's requests pass here."""
        client.meta.events.register("before-send.dynamodb", self.before_send)

    def detach(self, client: Any) -> None:
        """From now on they do not."""
        client.meta.events.unregister("before-send.dynamodb", self.before_send)

    def before_send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        """None lets the request go its way."""
        return None


class Conflicts(Calm):
    """The first try of every transaction meets another one at work on its last item."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._seen: set[str] = set()

    def before_send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        """Answer TransactionCanceledException in DynamoDB's place, once a token."""
        operation = _operation(request)
        if operation != "TransactWriteItems":
            return None
        content: Any = request.body
        body = json.loads(content)
        with self._lock:
            if body["ClientRequestToken"] in self._seen:
                return None
            self._seen.add(body["ClientRequestToken"])
            self.count += 1
        error = transaction_conflict(operation, body, position=len(body["TransactItems"]) - 1)
        return _answer(request.url, error.status, error.body())


class LostReplies(Calm):
    """Every write is carried out, and the reply to its first attempt never arrives."""

    def __init__(self) -> None:
        super().__init__()
        self._network = URLLib3Session(max_pool_connections=CONNECTIONS_MAX)
        self._lock = threading.Lock()

    def before_send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        """Send the first attempt of a write, then break the connection under its reply."""
        if _operation(request) not in WRITES or "attempt=1;" not in _header(
            request, ATTEMPT_HEADER
        ):
            return None
        self._network.send(request)
        with self._lock:
            self.count += 1
        raise ConnectionClosedError(endpoint_url=request.url)


def _operation(request: AWSPreparedRequest) -> str:
    return _header(request, TARGET_HEADER).rpartition(".")[2]


def _header(request: AWSPreparedRequest, name: str) -> str:
    value = request.headers[name]
    return value.decode() if isinstance(value, bytes) else str(value)


class _Raw:
    """A body as urllib3 would hand it over."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> Iterator[bytes]:
        """The content, in one piece."""
        yield self._content


def _answer(url: str, status: int, document: dict[str, Any]) -> AWSResponse:
    headers: Any = {"Content-Type": "application/x-amz-json-1.0"}
    return AWSResponse(url, status, headers, _Raw(json.dumps(document).encode()))

"""A network that loses, refuses, crashes or pauses exactly where a test says."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from simulator.core import HttpAnswer, HttpRequest
from tests.support.dynamodb.faults import throttled
from tests.support.world import PHONE, World

WRITES = frozenset({"TransactWriteItems", "UpdateItem", "PutItem"})
HOUR = 3600
DAY = 24 * HOUR
PUSH_PATH = "/mpesa/stkpush/v1/processrequest"
QUERY_PATH = "/mpesa/stkpushquery/v1/query"

type Execute = Callable[[], dict[str, Any]]
type Rule = Callable[[str, dict[str, Any], Execute], dict[str, Any]]


class CrashError(BaseException):
    """The Lambda is gone; nothing in it runs on."""


@dataclass
class Network:
    """DynamoDB's network; `rules` are used up one by one, each by the next request it is for.

    While it `refuses`, no request comes through, however often it is tried.
    """

    rules: list[tuple[frozenset[str], Rule]] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    refuses: bool = False

    def next(self, rule: Rule, *, on: frozenset[str] = WRITES, skip: int = 0) -> None:
        """Let a rule decide about the next request of a kind, `skip` of them left alone."""
        self.rules += [(on, lambda *request: request[2]())] * skip
        self.rules.append((on, rule))

    def __call__(self, operation: str, request: dict[str, Any], execute: Execute) -> dict[str, Any]:
        self.log.append(operation)
        self.requests.append(request)
        if self.refuses:
            raise throttled(operation, request)
        for position, (kinds, rule) in enumerate(self.rules):
            if operation in kinds:
                del self.rules[position]
                return rule(operation, request, execute)
        return execute()

    def count(self, *operations: str) -> int:
        """How often these were asked for."""
        return sum(self.log.count(operation) for operation in operations)

    def forget(self) -> None:
        """Start counting anew."""
        self.log.clear()
        self.requests.clear()


def crash_before(_operation: str, _request: dict[str, Any], _execute: Execute) -> dict[str, Any]:
    """The Lambda dies with the request still in it."""
    raise CrashError


def crash_after(_operation: str, _request: dict[str, Any], execute: Execute) -> dict[str, Any]:
    """The request had its effect; the Lambda dies before it learns so."""
    execute()
    raise CrashError


def meanwhile(act: Callable[[], object]) -> Rule:
    """Something else happens while the request is on its way."""

    def rule(_operation: str, _request: dict[str, Any], execute: Execute) -> dict[str, Any]:
        act()
        return execute()

    return rule


def then(act: Callable[[], object]) -> Rule:
    """Something happens between the request's effect and its reply."""

    def rule(_operation: str, _request: dict[str, Any], execute: Execute) -> dict[str, Any]:
        answer = execute()
        act()
        return answer

    return rule


def refuse(error: Callable[[str, dict[str, Any]], Exception]) -> Rule:
    """The request is refused, without effect."""

    def rule(operation: str, request: dict[str, Any], _execute: Execute) -> dict[str, Any]:
        raise error(operation, request)

    return rule


def lose(error: Callable[[], Exception]) -> Rule:
    """The request has its effect; its reply is lost."""

    def rule(_operation: str, _request: dict[str, Any], execute: Execute) -> dict[str, Any]:
        execute()
        raise error()

    return rule


@dataclass
class Line:
    """The line to Daraja; a fault is used up by the next request for its path."""

    before: dict[str, Callable[[], None]] = field(default_factory=dict)
    after: dict[str, Callable[[], None]] = field(default_factory=dict)
    is_down: bool = False
    paths: list[str] = field(default_factory=list)
    posts: list[tuple[str, bytes]] = field(default_factory=list)

    def __call__(
        self, request: HttpRequest, handle: Callable[[HttpRequest], HttpAnswer]
    ) -> HttpAnswer:
        self.paths.append(request.path)
        self.posts.append((request.path, request.body))
        if self.is_down:
            return HttpAnswer(status=503, headers={}, body=b"down")
        self.before.pop(request.path, lambda: None)()
        answer = handle(request)
        self.after.pop(request.path, lambda: None)()
        return answer

    def crash(self) -> None:
        """What `before` or `after` may be."""
        raise CrashError


def callback_url(world: World, position: int = -1) -> str:
    """Where the callback of one of the prompts goes."""
    return world.daraja.prompts()[position].order.callback_url


def callback_body(
    checkout_request_id: str, code: int, *, amount: object = 1000, receipt: str | None = "RKT12345"
) -> str:
    """A callback as Daraja would write it."""
    callback: dict[str, Any] = {
        "MerchantRequestID": "29115-34620561-1",
        "CheckoutRequestID": checkout_request_id,
        "ResultCode": code,
        "ResultDesc": "said",
    }
    if code == 0:
        named = {"Amount": amount, "MpesaReceiptNumber": receipt, "PhoneNumber": int(PHONE)}
        items = [{"Name": key, "Value": each} for key, each in named.items() if each is not None]
        callback["CallbackMetadata"] = {"Item": items}
    return json.dumps({"Body": {"stkCallback": callback}})

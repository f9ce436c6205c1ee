"""Loads unmodified handlers as fresh Lambda instances, and builds the events AWS would send."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from types import CodeType, ModuleType
from typing import Any
from unittest.mock import patch

from payments.aws.adapters import ADAPTERS, Adapters

from simulator.core.config import LISTED_SOURCES

from .aws import (
    DARAJA_SECRET_ARN,
    INITIATOR_SECRET_ARN,
    JWT_SECRET,
    JWT_SECRET_ARN,
    MONEY_QUEUE_URL,
    PAYBILL_SECRET_ARN,
    PEPPER_SECRET_ARN,
    QUEUE_URL,
    REFUNDS_FUNCTION,
    REPOSITORY,
    RESULT_KEY_SECRET_ARN,
    STAFF_SECRET_ARN,
    TABLE_NAME,
)
from .daraja import BASE_URL
from .tokens import token_of

LISTED_IP = "196.201.214.200"
UNLISTED_IP = "41.90.64.12"
DOMAIN = "pay.example.co.ke"
TIMEOUT_SECONDS = {
    "stk_push": 29,
    "status": 15,
    "callback": 10,
    "cleanup": 60,
    "refunds": 29,
    "desk": 29,
}
ENVIRONMENT = {
    "TABLE_NAME": TABLE_NAME,
    "SAFARICOM_BASE": BASE_URL,
    "SAFARICOM_SHORTCODE": "174379",
    "CALLBACK_URL_BASE": f"https://{DOMAIN}",
    "DARAJA_SECRET_ARN": DARAJA_SECRET_ARN,
    "PEPPER_SECRET_ARN": PEPPER_SECRET_ARN,
    "INITIATOR_SECRET_ARN": INITIATOR_SECRET_ARN,
    "RESULT_KEY_SECRET_ARN": RESULT_KEY_SECRET_ARN,
    "REFUNDS_FUNCTION": REFUNDS_FUNCTION,
    "JWT_SECRET_ARN": JWT_SECRET_ARN,
    "STAFF_SECRET_ARN": STAFF_SECRET_ARN,
    "CALLBACK_SOURCE_IPS": ",".join(LISTED_SOURCES),
    "FALLBACK_QUEUE_URL": QUEUE_URL,
    "MONEY_QUEUE_URL": MONEY_QUEUE_URL,
    "PAYBILL_SECRET_ARN": PAYBILL_SECRET_ARN,
    "POWERTOOLS_SERVICE_NAME": "hakika",
    "POWERTOOLS_METRICS_NAMESPACE": "Hakika",
    "POWERTOOLS_LOG_LEVEL": "INFO",
}


class Context:
    """Lambda's context object, on the world's clock."""

    def __init__(self, name: str, clock: Any, request_id: str) -> None:
        self._clock = clock
        self._deadline = clock() + TIMEOUT_SECONDS.get(name, 10)
        self.aws_request_id = request_id
        self.function_name = name

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda would end the invocation."""
        return max(0, int((self._deadline - self._clock()) * 1000))


@cache
def _code(name: str) -> CodeType:
    path = REPOSITORY / "functions" / name / "app.py"
    return compile(path.read_text(encoding="utf-8"), str(path), "exec")


@contextmanager
def environment(values: Mapping[str, str] | None = None) -> Iterator[None]:
    """The functions' environment; costs next to nothing inside another of the same."""
    wanted = {**ENVIRONMENT, **(values or {})}
    missing = {name: value for name, value in wanted.items() if os.environ.get(name) != value}
    if not missing:
        yield
        return
    with patch.dict(os.environ, missing):
        yield


class Lambda:
    """One instance of one function: its module's memory, gone when it is dropped."""

    def __init__(
        self, name: str, adapters: Adapters, variables: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self._clock = adapters.clock
        self._invocations = 0
        self.module = ModuleType(f"{name}_app")
        self.module.__file__ = str(REPOSITORY / "functions" / name / "app.py")
        with environment(variables):
            self._load(adapters)

    def _load(self, adapters: Adapters) -> None:
        """Run the handler's module, as Lambda does at a cold start."""
        token = ADAPTERS.set(adapters)
        try:
            exec(_code(self.name), self.module.__dict__)
        finally:
            ADAPTERS.reset(token)

    def invoke(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Run the handler once."""
        self._invocations += 1
        request_id = f"{self.name}-{self._invocations}"
        context = Context(self.name, self._clock, request_id)
        answer: dict[str, Any] = self.module.handler(dict(event), context)
        return answer


def http_event(
    method: str,
    route: str,
    *,
    path: str | None = None,
    body: object = None,
    client_id: str | None = None,
    scopes: str = "",
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    source_ip: str = "102.0.0.1",
    now: float = 0.0,
) -> dict[str, Any]:
    """An HTTP API event, payload 2.0. `route` has placeholders, `path` the real thing."""
    context: dict[str, Any] = {
        "requestId": "request-under-test",
        "domainName": DOMAIN,
        "http": {"method": method, "path": path or route, "sourceIp": source_ip},
    }
    sent = {key.lower(): value for key, value in (headers or {}).items()}
    if client_id is not None:
        sent["authorization"] = bearer(client_id, scopes, now=now)
    text = body if isinstance(body, str) or body is None else json.dumps(body)
    return {
        "version": "2.0",
        "routeKey": f"{method} {route}",
        "rawPath": path or route,
        "headers": sent,
        "queryStringParameters": dict(query or {}),
        "pathParameters": _parameters(route, path or route),
        "requestContext": context,
        "body": text,
        "isBase64Encoded": False,
    }


def bearer(client_id: str, scopes: str = "", *, now: float) -> str:
    """The Authorization header of a caller, good for an hour."""
    claims = {"sub": client_id, "scope": scopes, "exp": int(now) + 3600}
    return f"Bearer {token_of(claims, JWT_SECRET)}"


def _parameters(route: str, path: str) -> dict[str, str]:
    pairs = zip(route.split("/"), path.split("/"), strict=False)
    return {name[1:-1]: value for name, value in pairs if name.startswith("{")}

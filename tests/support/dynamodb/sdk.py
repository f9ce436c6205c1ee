"""Puts the engine behind a real boto3 client, where the network would be.

    client = new_client()
    detach = attach(client, engine, intercept)
    use_virtual_time(client, sleep=clock.sleep, random=random.Random(seed).random)

The SDK's own: the client's methods, its retries with their number, waits and quota, its exceptions,
and how error answers are read. Replaced, since a simulation makes millions of calls: signing,
endpoint rules, HTTP, and the conversion of bodies member by member. A test compares what such a
client sends and reads with an unchanged one.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import boto3
import botocore
from botocore.config import Config
from botocore.parsers import JSONParser
from botocore.retries import standard
from botocore.validate import ParamValidationDecorator, ParamValidator

from .engine import Engine
from .errors import DynamoDBError

type Execute = Callable[[], dict[str, Any]]
# Is where the network would be: gets the operation, the request and what carries it out. Returns
# the answer, or raises a DynamoDBError (an error answer) or a botocore exception (no answer).
type Intercept = Callable[[str, dict[str, Any], Execute], dict[str, Any]]


def real_client(
    endpoint_url: str | None = None, *, read_timeout_seconds: int = 2, **options: Any
) -> Any:
    """Return a boto3 client with the product's own tries, and its timeouts unless others are given.

    `options` are more of botocore's Config.
    """
    return boto3.client(
        "dynamodb",
        endpoint_url=endpoint_url,
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(
            connect_timeout=1,
            read_timeout=read_timeout_seconds,
            retries={"mode": "standard", "total_max_attempts": 3},
            **options,
        ),
    )


def new_client(*, validate: bool = True) -> Any:
    """Return a client as the product has it, and no network."""
    client = real_client()
    client.meta.events.register_first("choose-signer.dynamodb", lambda **_: botocore.UNSIGNED)
    text = client._user_agent_creator.to_string()
    client._user_agent_creator.to_string = lambda: text
    _keep_endpoints(client)
    # The checks of parameters cost a tenth of a call; millions of calls go without.
    serializer: Any = _Serializer()
    client._serializer = (
        ParamValidationDecorator(ParamValidator(), serializer) if validate else serializer
    )
    return client


def attach(client: Any, engine: Engine, intercept: Intercept | None = None) -> Callable[[], None]:
    """Let the engine answer this client's requests; return a function that ends that.

    Errors: whatever `intercept` raises reaches the SDK as an error of the network would, so its
        retries apply.
    """
    endpoint = client._endpoint
    wire = _Wire(endpoint, engine, intercept)
    endpoint.create_request = wire.create_request
    endpoint._get_response = wire.get_response

    def detach() -> None:
        if endpoint.__dict__.get("_get_response") == wire.get_response:
            del endpoint.create_request, endpoint._get_response

    return detach


def use_virtual_time(
    client: Any, *, sleep: Callable[[float], None], random: Callable[[], float]
) -> Callable[[], None]:
    """Let the client's retries wait by `sleep`, with jitter from `random` (0 <= r < 1).

    botocore computes a retry's delay in its `needs-retry` handler and then calls `time.sleep`. Here
    the delay passes on the virtual clock, and botocore retries after 0 seconds. Returns a function
    that fills the retry quota again, for a client that serves one deployment after another.
    """
    events, name, quota_name = client.meta.events, "retry-config-dynamodb", "retry-quota-dynamodb"
    attempts = client.meta.config.retries["total_max_attempts"]
    events.unregister("needs-retry.dynamodb", unique_id=name)
    handler: Any = standard.register_retry_handler(client, attempts)
    events.unregister("needs-retry.dynamodb", unique_id=name)
    # botocore gives this handler no id, and would keep one for every world of the client.
    release = handler._retry_quota.release_retry_quota
    events.unregister("after-call.dynamodb", release)
    events.unregister("after-call.dynamodb", unique_id=quota_name)
    events.register("after-call.dynamodb", release, unique_id=quota_name)
    handler._retry_policy._retry_backoff._random = random

    def needs_retry(**event: Any) -> float | None:
        delay: float | None = handler.needs_retry(**event)
        if delay:
            sleep(delay)
        return None if delay is None else 0.0

    events.register("needs-retry.dynamodb", needs_retry, unique_id=name)
    quota = handler._retry_quota._quota
    return lambda: quota.release(quota.INITIAL_CAPACITY)


class _Wire:
    """One client's connection to one engine, between the SDK's retries and its parser."""

    def __init__(self, endpoint: Any, engine: Engine, intercept: Intercept | None) -> None:
        self._endpoint = endpoint
        self._engine = engine
        self._intercept = intercept
        self._parser = JSONParser()

    def create_request(self, request: dict[str, Any], _model: Any = None) -> Any:
        """Return what botocore would send. It resets the body's stream before each retry."""
        return SimpleNamespace(body=request["body"], reset_stream=lambda: None)

    def get_response(self, request: Any, model: Any, _context: Any) -> tuple[Any, Any]:
        """Return the answer and how botocore reads it, or the exception that came instead."""
        status = 200
        try:
            answer = self._execute(model.name, json.loads(request.body))
        except DynamoDBError as error:
            status, answer = error.status, error.body()
        except Exception as error:
            return None, error
        content = json.dumps(answer)
        if status == 200:
            parsed = json.loads(content, object_hook=with_bytes)
            parsed["ResponseMetadata"] = {"HTTPStatusCode": 200}
        else:
            parsed = self._parse_error(status, content.encode(), model)
        return (SimpleNamespace(status_code=status, headers={}), parsed), None

    def _execute(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        def execute() -> dict[str, Any]:
            return self._engine.execute(operation, request)

        return (
            execute() if self._intercept is None else self._intercept(operation, request, execute)
        )

    def _parse_error(self, status: int, content: bytes, model: Any) -> Any:
        response = {"headers": {}, "status_code": status, "body": content, "context": {}}
        parsed = self._parser.parse(response, model.output_shape)
        self._endpoint._add_modeled_error_fields(response, parsed, model, self._parser)
        return parsed


class _Serializer:
    """Writes a request's body as botocore does: JSON, in which bytes are base64."""

    def serialize_to_request(self, parameters: dict[str, Any], model: Any) -> dict[str, Any]:
        return {
            "url_path": "/",
            "method": "POST",
            "query_string": "",
            "headers": {},
            "body": json.dumps(parameters, default=base64_of),
            "context": {},
        }


def base64_of(content: bytes) -> str:
    """A binary value as it crosses the wire."""
    return base64.b64encode(content).decode()


def with_bytes(value: dict[str, Any]) -> dict[str, Any]:
    """Return an attribute value of type B as the SDK hands it over; others are alike."""
    content = value.get("B")
    if isinstance(content, str) and len(value) == 1:
        return {"B": base64.b64decode(content)}
    return value


def _keep_endpoints(client: Any) -> None:
    """Work out an operation's endpoint once: it is the same for every call."""
    resolver = client._ruleset_resolver
    construct = resolver.construct_endpoint
    known: dict[str, Any] = {}

    def construct_endpoint(operation_model: Any, call_args: Any, request_context: Any) -> Any:
        if operation_model.name not in known:
            known[operation_model.name] = construct(
                operation_model=operation_model,
                call_args=call_args,
                request_context=request_context,
            )
        return known[operation_model.name]

    resolver.construct_endpoint = construct_endpoint

"""Takes out of a client what costs most and decides nothing: for runs of millions of calls.

Measured per call on one core, boto3 1.44 (`python -m tests.simulation.dynamodb.measure`): GetItem
450 us plain, 200 us lightened; a four-item TransactWriteItems 930 us plain, 530 us lightened, 430
us without validation; the engine's own part is 5 us and 150 us. What stays the SDK's own: parameter
validation, serialising, retries and their quota, parsing, errors.
"""

from __future__ import annotations

import base64
from typing import Any

import botocore
from botocore.parsers import JSONParser
from botocore.serialize import JSONSerializer


def lighten(client: Any, *, validate: bool = True) -> None:
    """Make the client's calls cheaper without changing what is sent or how answers are read.

    Requests are not signed (the engine checks no signature); the User-Agent text and the endpoint,
    which are the same for every call of an operation, are worked out once; attribute values, the
    bulk of every request and answer, are converted by their one member. With `validate=False`
    the client no longer checks parameters before it sends them (another 10 to 25 %); the engine
    refuses most of what that check refuses, but as ValidationException.
    """
    client.meta.events.register_first("choose-signer.dynamodb", _unsigned)
    _keep_user_agent(client)
    _keep_endpoints(client)
    # botocore wraps the serializer in one that validates first.
    if validate:
        client._serializer._serializer = _Serializer()
    else:
        client._serializer = _Serializer()
    client._endpoint._response_parser_factory = _Parsers()


class _Serializer(JSONSerializer):
    """The SDK's own, but attribute values are not looked up member by member."""

    def _serialize_type_structure(self, serialized: Any, value: Any, shape: Any, key: Any) -> None:
        if shape.name == "AttributeValue":
            serialized[key] = _encoded(value)
        else:
            super()._serialize_type_structure(serialized, value, shape, key)  # type: ignore[misc]


class _Parser(JSONParser):
    """The SDK's own, but attribute values are not looked up member by member."""

    def _handle_structure(self, shape: Any, value: Any) -> Any:
        if shape.name == "AttributeValue":
            return _decoded(value)
        return super()._handle_structure(shape, value)  # type: ignore[misc]


class _Parsers:
    """Hands out the one parser there is."""

    def __init__(self) -> None:
        self._parser = _Parser()

    def create_parser(self, _protocol: str) -> JSONParser:
        return self._parser


def _encoded(value: dict[str, Any]) -> dict[str, Any]:
    """One attribute value as the wire has it."""
    kind, content = next(iter(value.items()))
    match kind:
        case "B":
            return {"B": base64.b64encode(content).decode()}
        case "BS":
            return {"BS": [base64.b64encode(each).decode() for each in content]}
        case "M":
            return {"M": {name: _encoded(each) for name, each in content.items()}}
        case "L":
            return {"L": [_encoded(each) for each in content]}
        case _:
            return value


def _decoded(value: dict[str, Any]) -> dict[str, Any]:
    """One attribute value as the SDK hands it over."""
    kind, content = next(iter(value.items()))
    match kind:
        case "B":
            return {"B": base64.b64decode(content)}
        case "BS":
            return {"BS": [base64.b64decode(each) for each in content]}
        case "M":
            return {"M": {name: _decoded(each) for name, each in content.items()}}
        case "L":
            return {"L": [_decoded(each) for each in content]}
        case _:
            return value


def _unsigned(**_: Any) -> Any:
    return botocore.UNSIGNED


def _keep_user_agent(client: Any) -> None:
    text = client._user_agent_creator.to_string()
    client._user_agent_creator.to_string = lambda: text


def _keep_endpoints(client: Any) -> None:
    resolver = client._ruleset_resolver
    construct = resolver.construct_endpoint
    known: dict[str, Any] = {}

    def construct_endpoint(operation_model: Any, call_args: Any, request_context: Any) -> Any:
        endpoint = known.get(operation_model.name)
        if endpoint is None:
            endpoint = known[operation_model.name] = construct(
                operation_model=operation_model,
                call_args=call_args,
                request_context=request_context,
            )
        return endpoint

    resolver.construct_endpoint = construct_endpoint

"""Measures the engine and boto3 on top of it: `python -m tests.simulation.dynamodb.measure`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import boto3
from botocore import xform_name
from botocore.config import Config

from . import Engine, attach, lighten
from .differential.tables import TABLE

CALLS = 1000
ROUNDS = 3
TABLE_NAME = "payments"

OPERATIONS = ("GetItem", "UpdateItem", "TransactWriteItems")

# Carries out one operation.
type Call = Callable[[str, dict[str, Any]], Any]

_PAYMENT: dict[str, Any] = {
    "sk": {"S": "STATE"},
    "status": {"S": "dispatching"},
    "open": {"S": "open"},
    "day_shard": {"S": "2026-01-01#3"},
    "phone_hmac": {"S": "f" * 64},
    "token_sha256": {"S": "b" * 64},
    "body_sha256": {"S": "c" * 64},
    "booking_id": {"S": "1234"},
    "client_id": {"S": "client"},
    "account_reference": {"S": "ABCD12345678"},
    "transaction_desc": {"S": "Consultation"},
    "holds_locks": {"BOOL": True},
    "op_ids": {"L": [{"S": "d" * 32}]},
} | {
    name: {"N": str(1_700_000_000 + position)}
    for position, name in enumerate(
        ("version", "amount_kes", "created_at", "dispatched_at", "due_at", "query_count")
    )
}


def main() -> None:
    """Print microseconds per call, the best of three rounds."""
    _report("engine alone", _engine().execute)
    for label, options in (
        ("boto3, plain", None),
        ("boto3, lightened", {}),
        ("boto3, lightened, validate=False", {"validate": False}),
    ):
        client = _client(_engine())
        if options is not None:
            lighten(client, **options)
        _report(label, _caller(client))


def _engine() -> Engine:
    engine = Engine(clock=lambda: 0.0)
    engine.create_table({"TableName": TABLE_NAME, **TABLE})
    return engine


def _caller(client: Any) -> Call:
    methods = {name: getattr(client, xform_name(name)) for name in OPERATIONS}
    return lambda operation, request: methods[operation](**request)


def _client(engine: Engine) -> Any:
    client = boto3.client(
        "dynamodb",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"mode": "standard", "total_max_attempts": 3}),
    )
    attach(client, engine)
    return client


def _report(label: str, call: Call) -> None:
    call("TransactWriteItems", _reservation("warm"))
    key = {"pk": {"S": "PAY#warm"}, "sk": {"S": "STATE"}}
    read = {"TableName": TABLE_NAME, "Key": key, "ConsistentRead": True}
    write = _shift(key, 0)
    requests: dict[str, Callable[[str], dict[str, Any]]] = {
        "GetItem": lambda number: read,
        "UpdateItem": lambda number: write,
        "TransactWriteItems": _reservation,
    }
    figures = [
        f"{operation} {_microseconds(call, operation, requests[operation]):6.0f} us"
        for operation in OPERATIONS
    ]
    sys.stdout.write(f"{label:34} {'   '.join(figures)}\n")


def _microseconds(call: Call, operation: str, request: Callable[[str], dict[str, Any]]) -> float:
    rounds = []
    for turn in range(ROUNDS):
        started = time.perf_counter()
        for number in range(CALLS):
            call(operation, request(f"{turn}-{number}"))
        rounds.append((time.perf_counter() - started) / CALLS * 1e6)
    return min(rounds)


def _reservation(number: str) -> dict[str, Any]:
    """Four items as in a reservation: one new payment, three shift registers."""
    payment = {"pk": {"S": f"PAY#{number}"}, **_PAYMENT}
    put = {
        "TableName": TABLE_NAME,
        "Item": payment,
        "ConditionExpression": "attribute_not_exists(pk)",
    }
    keys = [
        {"pk": {"S": f"{kind}#{number}"}, "sk": {"S": "STATE"}}
        for kind in ("CONSULT", "PHONE", "USER")
    ]
    updates = [{"Update": _shift(key, 5)} for key in keys]
    return {"TransactItems": [{"Put": put}, *updates], "ClientRequestToken": number}


def _shift(key: dict[str, Any], registers: int) -> dict[str, Any]:
    moves = [f"p{n} = if_not_exists(p{n - 1}, :zero)" for n in range(registers, 1, -1)]
    return {
        "TableName": TABLE_NAME,
        "Key": key,
        "UpdateExpression": f"SET {', '.join([*moves, 'p1 = :now', 'p0 = :zero'])}",
        "ConditionExpression": "attribute_not_exists(p3) OR p3 <= :now",
        "ExpressionAttributeValues": {":now": {"N": "1700000000"}, ":zero": {"N": "0"}},
    }


if __name__ == "__main__":
    main()

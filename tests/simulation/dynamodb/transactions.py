"""TransactWriteItems and TransactGetItems: all or nothing, with a reason per item.

Source: Amazon DynamoDB API Reference, TransactWriteItems, TransactGetItems, CancellationReason;
Developer Guide, "Amazon DynamoDB Transactions: How it works" (idempotency, capacity).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .capacity import Charge, read_units
from .errors import (
    CONDITION_FAILED_MESSAGE,
    DynamoDBError,
    TransactionCanceledError,
    ValidationError,
)
from .projections import project
from .requests import check_parameters, read_expressions
from .schema import Key, check_key
from .storage import Stored
from .values import canonical_item
from .writes import Write

if TYPE_CHECKING:
    from .engine import Engine

ITEMS_MAX = 100
BYTES_MAX = 4 * 1024 * 1024
TOKEN_LENGTH_MAX = 36
# "A client request token is valid for 10 minutes after the first request that uses it completes."
TOKEN_VALID_SECONDS = 600

KINDS = ("ConditionCheck", "Put", "Delete", "Update")
_KNOWN_WRITE = frozenset(
    (
        "TransactItems",
        "ClientRequestToken",
        "ReturnConsumedCapacity",
        "ReturnItemCollectionMetrics",
    )
)
_KNOWN_READ = frozenset(("TransactItems", "ReturnConsumedCapacity"))
_KNOWN_GET = frozenset(("TableName", "Key", "ProjectionExpression", "ExpressionAttributeNames"))
_DUPLICATE = "Transaction request cannot include multiple operations on one item"


@dataclass(frozen=True, slots=True)
class CompletedTransaction:
    """What a token stands for: the request it was used with, when it ended, the items' sizes."""

    request: dict[str, Any]
    completed_at: float
    sizes: tuple[tuple[str, int], ...]


def transact_write_items(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    """TransactWriteItems.

    Idempotent: the same ClientRequestToken within 10 minutes of success changes nothing more and
    succeeds; with other parameters it is IdempotentParameterMismatchException. A cancelled
    transaction leaves no token behind.
    """
    check_parameters(request, _KNOWN_WRITE)
    writes = _read_writes(engine, request)
    token = request.get("ClientRequestToken")
    if token is not None:
        completed = _completed(engine, token, request)
        if completed is not None:
            return _replayed(engine, request, completed)
    _locate_all(writes)
    pairs = _work_out(engine, writes)
    charge = Charge("Write", transactional=True)
    for write, (old, new) in zip(writes, pairs, strict=True):
        charge.add_write(write.table, old, new)
    consumed = charge.shown(request)
    for write, (old, new) in zip(writes, pairs, strict=True):
        engine.commit(write.table, write.key, old, new)
    engine.meter.note(charge)
    if token is not None:
        sizes = tuple(
            (write.table.schema.name, 0 if new is None else new.size)
            for write, (_, new) in zip(writes, pairs, strict=True)
        )
        engine.tokens[token] = CompletedTransaction(request, engine.clock(), sizes)
    return {"ConsumedCapacity": consumed} if consumed else {}


def transact_get_items(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    """TransactGetItems: a consistent read of up to 100 items."""
    check_parameters(request, _KNOWN_READ)
    gets = []
    for entry in _entries(request):
        get = entry["Get"]
        check_parameters(get, _KNOWN_GET)
        expressions = read_expressions(get, ("ProjectionExpression",))
        gets.append((get, expressions, engine.table(get["TableName"]), canonical_item(get["Key"])))
    reasons: list[dict[str, Any]] = []
    for _, _, table, key in gets:
        reasons.append(_reason_of(lambda table=table, key=key: check_key(table.schema, key)))
    _cancel_if_any(reasons)
    keys = [(table.schema.name, table.schema.key.key_of(key)) for _, _, table, key in gets]
    if len(set(keys)) < len(keys):
        raise ValidationError(_DUPLICATE)
    charge = Charge("Read", transactional=True)
    responses = []
    for (_, expressions, table, _), (name, own) in zip(gets, keys, strict=True):
        stored = table.items.get(own)
        size = 0 if stored is None else stored.size
        charge.add(name, None, charge.factor * read_units(size, consistent=True))
        item = None if stored is None else stored.item
        if item is not None and expressions.projection is not None:
            item = project(item, expressions.projection)
        responses.append({"Item": item} if item else {})
    engine.meter.note(charge)
    consumed = charge.shown(request)
    response: dict[str, Any] = {"Responses": responses}
    return response | ({"ConsumedCapacity": consumed} if consumed else {})


def _entries(request: dict[str, Any]) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = request["TransactItems"]
    if not 1 <= len(entries) <= ITEMS_MAX:
        bound = (
            "greater than or equal to 1" if not entries else f"less than or equal to {ITEMS_MAX}"
        )
        raise ValidationError(
            "1 validation error detected: Value at 'transactItems' failed to satisfy constraint: "
            f"Member must have length {bound}"
        )
    return entries


def _read_writes(engine: Engine, request: dict[str, Any]) -> list[Write]:
    token = request.get("ClientRequestToken")
    if token is not None and not 1 <= len(token) <= TOKEN_LENGTH_MAX:
        raise ValidationError(
            "1 validation error detected: Value at 'clientRequestToken' failed to satisfy "
            "constraint: Member must have length less than or equal to 36"
        )
    writes = []
    for entry in _entries(request):
        kinds = [kind for kind in KINDS if entry.get(kind) is not None]
        if len(kinds) != 1:
            raise ValidationError(
                "TransactItems can only contain one of Check, Put, Update or Delete"
            )
        writes.append(Write(engine, kinds[0], entry[kinds[0]]))
    return writes


def _locate_all(writes: list[Write]) -> None:
    _cancel_if_any([_reason_of(write.locate) for write in writes])
    targets: set[tuple[str, Key]] = {(write.table.schema.name, write.key) for write in writes}
    if len(targets) < len(writes):
        raise ValidationError(_DUPLICATE)


def _work_out(engine: Engine, writes: list[Write]) -> list[tuple[Stored | None, Stored | None]]:
    """Each item before and after; TransactionCanceledError unless every one of them can be."""
    pairs: list[tuple[Stored | None, Stored | None]] = []
    reasons: list[dict[str, Any]] = []
    for write in writes:
        old = write.table.items.get(write.key)
        new = old
        reason: dict[str, Any] = {"Code": "None"}
        if not write.expressions.condition_holds(None if old is None else old.item):
            reason = {"Code": "ConditionalCheckFailed", "Message": CONDITION_FAILED_MESSAGE}
            item = write.wanted_on_failure(old)
            if item is not None:
                reason["Item"] = item
        else:
            try:
                new = write.outcome(old)
            except ValidationError as error:
                reason = {"Code": "ValidationError", "Message": error.message}
        reasons.append(reason)
        pairs.append((old, new))
    if any(reason["Code"] != "None" for reason in reasons):
        charge = Charge("Write", transactional=True)
        for write, (old, _) in zip(writes, pairs, strict=True):
            charge.add_failed_write(write.table, old)
        engine.meter.note(charge)
        raise TransactionCanceledError(reasons)
    if sum(max(old.size if old else 0, new.size if new else 0) for old, new in pairs) > BYTES_MAX:
        raise ValidationError("Transaction request exceeds the 4MB transaction size limit")
    return pairs


def _reason_of(check: Any) -> dict[str, Any]:
    try:
        check()
    except ValidationError as error:
        return {"Code": "ValidationError", "Message": error.message}
    return {"Code": "None"}


def _cancel_if_any(reasons: list[dict[str, Any]]) -> None:
    if any(reason["Code"] != "None" for reason in reasons):
        raise TransactionCanceledError(reasons)


def _completed(engine: Engine, token: str, request: dict[str, Any]) -> CompletedTransaction | None:
    completed = engine.tokens.get(token)
    if completed is None:
        return None
    if engine.clock() - completed.completed_at >= TOKEN_VALID_SECONDS:
        del engine.tokens[token]
        return None
    if completed.request != request:
        raise DynamoDBError(
            "IdempotentParameterMismatchException",
            "The request uses the same client token as a previous, but non-identical request. Do "
            "not reuse a client token with different requests, unless the requests are identical",
        )
    return completed


def _replayed(
    engine: Engine, request: dict[str, Any], completed: CompletedTransaction
) -> dict[str, Any]:
    """A repeat is charged as a transactional read of the items."""
    charge = Charge("Read", transactional=True)
    for table, size in completed.sizes:
        charge.add(table, None, charge.factor * read_units(size, consistent=True))
    engine.meter.note(charge)
    consumed = charge.shown(request)
    return {"ConsumedCapacity": consumed} if consumed else {}

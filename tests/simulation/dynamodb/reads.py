"""GetItem, BatchGetItem, Query and Scan.

Source: Amazon DynamoDB API Reference, GetItem, BatchGetItem, Query, Scan; Developer Guide,
"Querying tables in DynamoDB", "DynamoDB read consistency".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .capacity import Charge, read_units
from .errors import ValidationError
from .pages import Read, Source
from .projections import project
from .requests import Expressions, check_parameters, read_expressions
from .schema import Key, TableSchema, check_key
from .storage import Place, Stored, Table
from .values import Item, canonical_item

if TYPE_CHECKING:
    from .engine import Engine

BATCH_GET_MAX = 100

_PROJECTION = frozenset(("ProjectionExpression", "ExpressionAttributeNames"))
_KNOWN_GET = _PROJECTION | {"TableName", "Key", "ConsistentRead", "ReturnConsumedCapacity"}
_KNOWN_BATCH = frozenset(("RequestItems", "ReturnConsumedCapacity"))
_KNOWN_BATCH_TABLE = _PROJECTION | {"Keys", "ConsistentRead"}
_KNOWN_SCAN = _PROJECTION | {
    "TableName",
    "IndexName",
    "ConsistentRead",
    "ReturnConsumedCapacity",
    "ExpressionAttributeValues",
    "FilterExpression",
    "Limit",
    "ExclusiveStartKey",
    "Select",
}
_KNOWN_QUERY = _KNOWN_SCAN | {"KeyConditionExpression", "ScanIndexForward"}


def get_item(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    """GetItem."""
    check_parameters(request, _KNOWN_GET)
    expressions = read_expressions(request, ("ProjectionExpression",))
    table = engine.table(request["TableName"])
    consistent = bool(request.get("ConsistentRead"))
    charge = Charge("Read")
    item = _get(engine, table, request["Key"], expressions, charge, consistent=consistent)
    engine.meter.note(charge)
    consumed = charge.shown(request)
    response: dict[str, Any] = {}
    if item is not None:
        response["Item"] = item
    if consumed:
        response["ConsumedCapacity"] = consumed[0]
    return response


def batch_get_item(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    """BatchGetItem; every key is answered, so UnprocessedKeys is always empty."""
    check_parameters(request, _KNOWN_BATCH)
    wanted = request["RequestItems"]
    count = sum(len(part["Keys"]) for part in wanted.values())
    if not 1 <= count <= BATCH_GET_MAX:
        raise ValidationError(
            "Too many items requested for the BatchGetItem call"
            if count
            else "1 validation error detected: Value at 'requestItems' failed to satisfy "
            "constraint: Member must have length greater than or equal to 1"
        )
    charge = Charge("Read")
    responses: dict[str, list[Item]] = {}
    for name, part in wanted.items():
        check_parameters(part, _KNOWN_BATCH_TABLE)
        expressions = read_expressions(part, ("ProjectionExpression",))
        table = engine.table(name)
        keys = [canonical_item(key) for key in part["Keys"]]
        if any(key in keys[:position] for position, key in enumerate(keys)):
            raise ValidationError("Provided list of item keys contains duplicates")
        consistent = bool(part.get("ConsistentRead"))
        found = [
            _get(engine, table, key, expressions, charge, consistent=consistent) for key in keys
        ]
        responses[name] = [item for item in found if item is not None]
    engine.meter.note(charge)
    response: dict[str, Any] = {"Responses": responses, "UnprocessedKeys": {}}
    consumed = charge.shown(request)
    return response | ({"ConsumedCapacity": consumed} if consumed else {})


def query(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    """Query of one partition of the table or of an index."""
    check_parameters(request, _KNOWN_QUERY)
    if request.get("KeyConditionExpression") is None:
        raise ValidationError(
            "Either the KeyConditions or KeyConditionExpression parameter must be specified in "
            "the request."
        )
    expressions = read_expressions(
        request, ("KeyConditionExpression", "FilterExpression", "ProjectionExpression")
    )
    source = Source(engine, request, expressions)
    assert expressions.key_condition is not None
    condition = expressions.key_condition.bind(source.key, expressions.names, expressions.values)
    lag = source.lag(engine, condition.hash_value)
    candidates = source.table.partition(source.position, condition.hash_value, lag=lag)
    in_range, range_name = condition.in_range, source.key.range_name
    if in_range is not None and range_name is not None:
        candidates = [pair for pair in candidates if in_range(pair[1].item[range_name])]
    descending = request.get("ScanIndexForward") is False
    if descending:
        candidates.reverse()
    if request.get("ExclusiveStartKey") is not None:
        start = source.start_place(condition)
        candidates = [
            pair for pair in candidates if (pair[0] < start if descending else pair[0] > start)
        ]
    return source.page(engine, candidates)


def scan(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    """Scan; here so that a test can prove that nobody calls it."""
    check_parameters(request, _KNOWN_SCAN)
    expressions = read_expressions(request, ("FilterExpression", "ProjectionExpression"))
    source = Source(engine, request, expressions)
    places: Iterable[tuple[Place, Stored]] = source.table.all_places(source.position)
    if request.get("ExclusiveStartKey") is not None:
        places = _after(list(places), source.start_place(None)[1])
    return source.page(engine, places)


def _after(places: list[tuple[Place, Stored]], key: Key) -> list[tuple[Place, Stored]]:
    """What follows an item in scan order; nothing where the item is gone."""
    for position, (place, _) in enumerate(places):
        if place[1] == key:
            return places[position + 1 :]
    return []


def _get(
    engine: Engine,
    table: Table,
    wire_key: dict[str, Any],
    expressions: Expressions,
    charge: Charge,
    *,
    consistent: bool,
) -> Item | None:
    schema: TableSchema = table.schema
    wire_key = canonical_item(wire_key)
    check_key(schema, wire_key)
    key = schema.key.key_of(wire_key)
    lag = 0 if consistent else engine.lag(Read(schema.name, None, key))
    stored = table.get(key, lag=lag)
    size = 0 if stored is None else stored.size
    charge.add(schema.name, None, read_units(size, consistent=consistent))
    if stored is None:
        return None
    if expressions.projection is None:
        return stored.item
    return project(stored.item, expressions.projection)

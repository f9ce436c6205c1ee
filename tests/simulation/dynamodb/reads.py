"""GetItem, BatchGetItem, Query and Scan.

Source: Amazon DynamoDB API Reference, GetItem, BatchGetItem, Query, Scan; Developer Guide,
"Querying tables in DynamoDB", "DynamoDB read consistency".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .capacity import Charge, read_units
from .errors import ValidationError
from .key_conditions import KeyCondition
from .projections import project
from .requests import Expressions, check_parameters, read_expressions
from .schema import IndexSchema, Key, KeySchema, TableSchema, check_key
from .storage import Place, Stored, Table
from .values import Item, canonical_item

if TYPE_CHECKING:
    from .engine import Engine

PAGE_BYTES_MAX = 1024 * 1024
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
_SELECT = ("ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "SPECIFIC_ATTRIBUTES", "COUNT")
_BAD_START = "The provided starting key is invalid"
_START_ELSEWHERE = (
    "The provided starting key is outside query boundaries based on provided conditions"
)
_START_OUT_OF_RANGE = "The provided starting key does not match the range key predicate"


@dataclass(frozen=True, slots=True)
class Read:
    """An eventually consistent read that is about to happen; what the engine's lag hook is asked.

    Shape: `index` is None for the table; `value` is the item's key for a get and the partition's
    hash value for a query.
    """

    table: str
    index: str | None
    value: Any


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
    source = _Source(engine, request, expressions)
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
    source = _Source(engine, request, expressions)
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


class _Source:
    """The table or index that a Query or Scan reads, and how the request wants it shown."""

    def __init__(self, engine: Engine, request: dict[str, Any], expressions: Expressions) -> None:
        self.table = engine.table(request["TableName"])
        schema = self.table.schema
        self.request = request
        self.expressions = expressions
        self.index: IndexSchema | None = None
        self.position: int | None = None
        self.key: KeySchema = schema.key
        self.consistent = bool(request.get("ConsistentRead"))
        if request.get("IndexName") is not None:
            self.index = schema.index(request["IndexName"])
            self.position = schema.indexes.index(self.index)
            self.key = self.index.key
            if self.consistent:
                raise ValidationError(
                    "Consistent reads are not supported on global secondary indexes"
                )
        self._check_select()
        if request.get("Limit") is not None and request["Limit"] < 1:
            raise ValidationError(
                f"1 validation error detected: Value '{request['Limit']}' at 'limit' failed to "
                "satisfy constraint: Member must have value greater than or equal to 1"
            )

    def lag(self, engine: Engine, hash_value: Any) -> int:
        """How many item changes this read is behind."""
        if self.consistent:
            return 0
        index = None if self.index is None else self.index.name
        return engine.lag(Read(self.table.schema.name, index, hash_value))

    def start_place(self, condition: KeyCondition | None) -> Place:
        """The place of the ExclusiveStartKey; ValidationError where it cannot be one.

        `condition` is a Query's: the service refuses a start that the query could not have met.
        """
        key = canonical_item(self.request["ExclusiveStartKey"])
        table_key = self.table.schema.key
        if key.keys() != {*table_key.names, *self.key.names}:
            raise ValidationError(_BAD_START)
        check_key(self.table.schema, {name: key[name] for name in table_key.names})
        own = self.key.key_of(key)
        if condition is not None:
            if own[0] != condition.hash_value:
                raise ValidationError(_START_ELSEWHERE)
            range_name = self.key.range_name
            in_range = condition.in_range
            if in_range is not None and range_name is not None and not in_range(key[range_name]):
                raise ValidationError(_START_OUT_OF_RANGE)
        return own[1], table_key.key_of(key)

    def page(self, engine: Engine, candidates: Iterable[tuple[Place, Stored]]) -> dict[str, Any]:
        """One page: at most Limit items or 1 MB looked at, then filtered and projected."""
        limit = self.request.get("Limit")
        looked_at: list[Item] = []
        size = 0
        last: Item | None = None
        for _, stored in candidates:
            item, item_size = self._entry(stored)
            looked_at.append(item)
            size += item_size
            if size >= PAGE_BYTES_MAX or (limit is not None and len(looked_at) >= limit):
                last = stored.item
                break
        kept = [item for item in looked_at if self.expressions.passes_filter(item)]
        response: dict[str, Any] = {"Count": len(kept), "ScannedCount": len(looked_at)}
        if self.request.get("Select") != "COUNT":
            response["Items"] = self._projected(kept)
        if last is not None:
            names = {*self.table.schema.key.names, *self.key.names}
            response["LastEvaluatedKey"] = {name: last[name] for name in sorted(names)}
        charge = Charge("Read")
        name = None if self.index is None else self.index.name
        units = read_units(size, consistent=self.consistent)
        charge.add(self.table.schema.name, name, units)
        engine.meter.note(charge)
        consumed = charge.shown(self.request)
        if consumed:
            response["ConsumedCapacity"] = consumed[0]
        return response

    def _entry(self, stored: Stored) -> tuple[Item, int]:
        if self.position is None:
            return stored.item, stored.size
        entry = stored.entries[self.position]
        assert entry is not None
        return entry.item, entry.size

    def _projected(self, items: list[Item]) -> list[Item]:
        projection = self.expressions.projection
        if projection is None:
            return items
        return [project(item, projection) for item in items]

    def _check_select(self) -> None:
        select = self.request.get("Select")
        if select is None:
            return
        projecting = self.expressions.projection is not None
        problem = None
        if select not in _SELECT:
            problem = (
                f"1 validation error detected: Value '{select}' at 'select' failed to satisfy "
                f"constraint: Member must satisfy enum value set: [{', '.join(_SELECT)}]"
            )
        elif projecting and select != "SPECIFIC_ATTRIBUTES":
            problem = f"Cannot specify the ProjectionExpression when choosing to get {select}"
        elif select == "SPECIFIC_ATTRIBUTES" and not projecting:
            problem = (
                "Must specify the AttributesToGet or ProjectionExpression when choosing to get "
                "SPECIFIC_ATTRIBUTES"
            )
        elif select == "ALL_PROJECTED_ATTRIBUTES" and self.index is None:
            problem = "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"
        elif select == "ALL_ATTRIBUTES" and self.index and self.index.projected is not None:
            problem = (
                "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not "
                f"supported for global secondary index {self.index.name} because its projection "
                "type is not ALL"
            )
        if problem is not None:
            raise ValidationError(problem)


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

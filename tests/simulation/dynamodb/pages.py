"""What a Query or Scan reads and how it shows it: the source, where to start, one page.

Source: Amazon DynamoDB API Reference, Query, Scan; Developer Guide, "Paginating table query
results in DynamoDB".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .capacity import Charge, read_units
from .errors import ValidationError
from .key_conditions import KeyCondition
from .projections import project
from .requests import Expressions
from .schema import IndexSchema, KeySchema, check_key
from .storage import Place, Stored
from .values import Item, canonical_item

if TYPE_CHECKING:
    from .engine import Engine

PAGE_BYTES_MAX = 1024 * 1024
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


class Source:
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
        self._refuse_unprojected()
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

    def _refuse_unprojected(self) -> None:
        """An index never fetches from the table what it does not hold.

        A Query whose filter looks at such an attribute is refused; a Scan's filter finds it absent.
        """
        index = self.index
        if index is None or index.projected is None:
            return
        wanted = {str(path[0]) for path in self.expressions.projection or ()}
        if missing := sorted(wanted - index.projected):
            raise ValidationError(
                "One or more parameter values were invalid: Global secondary index "
                f"{index.name} does not project [{', '.join(missing)}]"
            )
        condition = self.expressions.filter
        if condition is None or self.expressions.key_condition is None:
            return
        if missing := sorted(condition.attributes(self.expressions.names) - index.projected):
            raise ValidationError(
                f"One or more parameter values were invalid: Secondary index {index.name} does "
                f"not project one or more filter attributes: [{', '.join(missing)}]"
            )

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

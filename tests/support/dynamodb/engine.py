"""DynamoDB in memory, as far as the product uses it: one thread, no I/O, no time of its own.

    engine = Engine(clock=lambda: now)
    engine.create_table(table_from_template("template.yaml", table_name="payments"))
    engine.execute("GetItem", {"TableName": "payments", "Key": {...}, "ConsistentRead": True})

Requests and answers are those of the JSON 1.0 wire. Every operation, parameter, value or expression
that the product does not send raises UnsupportedRequestError. Items in answers are shared with the
table: read them, never change them.

Source: Amazon DynamoDB API Reference (each operation); Developer Guide, "Amazon DynamoDB
Transactions: How it works", "DynamoDB read consistency".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from .capacity import TRANSACTION_FACTOR, read_units, write_units
from .errors import (
    ConditionFailedError,
    DynamoDBError,
    TransactionCanceledError,
    UnsupportedRequestError,
    ValidationError,
)
from .queries import Query
from .requests import CAPACITY, check_parameters
from .schema import read_schema
from .table import Change, Table
from .values import Item, check_item, item_size
from .writes import Write, outcomes

BATCH_GET_MAX = 100
TRANSACTION_ITEMS_MAX = 10
"""The service allows 100 and 4 MB in all, which 10 items of 400 KB cannot exceed."""
TOKEN_LENGTH_MAX = 36
TOKEN_VALID_SECONDS = 600
"""A token is valid for 10 minutes after the first request that used it has completed."""
TTL_PAST_MAX_SECONDS = 5 * 365 * 24 * 3600
"""An item whose TTL is more than five years in the past is not deleted."""


class Engine:
    """Answers DynamoDB requests from memory.

    Shape: `lag` is how many of a table's latest changes an eventually consistent read does not see
        yet. `calls` counts requests by operation. `units` adds up "read" and "write" units, where
        `counts_units` is set. `index_factor` is what a transaction pays for an index's write.
    Units: `clock` gives UTC epoch seconds.
    """

    def __init__(self, *, clock: Callable[[], float], counts_units: bool = False) -> None:
        self.clock = clock
        self.lag = 0
        self.calls: Counter[str] = Counter()
        self.units = {"read": 0.0, "write": 0.0}
        self.counts_units = counts_units
        self.index_factor = 1
        self._tables: dict[str, Table] = {}
        # By token: the request, when it completed, and whether it succeeded.
        self._tokens: dict[str, tuple[dict[str, Any], float, bool]] = {}

    def create_table(self, definition: dict[str, Any]) -> None:
        """Create an empty table from a CreateTable request; TimeToLiveSpecification counts too."""
        schema = read_schema(definition)
        self._tables[schema.name] = Table(schema)

    def execute(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Carry out one request whole, or not at all.

        Errors: DynamoDBError, which is the service's answer; UnsupportedRequestError.
        """
        self.calls[operation] += 1
        check_parameters(operation, request)
        match operation:
            case "GetItem":
                return self._get_item(request)
            case "BatchGetItem":
                return self._batch_get_item(request)
            case "Query":
                return self._query(request)
            case "TransactWriteItems":
                return self._transact_write_items(request)
            case "PutItem" | "UpdateItem":
                return self._write_one(operation.removesuffix("Item"), request)
            case _:
                raise UnsupportedRequestError(f"the operation {operation}")

    def items(self, table: str) -> Iterator[Item]:
        """Yield every item of a table in the order of the keys; counts and costs nothing."""
        items = self._tables[table].items
        return (items[key] for key in sorted(items))

    def item(self, table: str, hash_value: str, range_value: str = "") -> Item | None:
        """Return one item; counts and costs nothing."""
        return self._tables[table].items.get((hash_value, range_value))

    def changes(self, table: str) -> list[Change]:
        """Return every change of a table so far, oldest first: its stream."""
        return self._tables[table].changes

    def expire_items(self, now: float) -> int:
        """Delete every item whose TTL has passed, and return how many.

        The service does so within a few days; a test says when. Units: UTC epoch seconds.
        """
        expired = 0
        for table in self._tables.values():
            attribute = table.schema.ttl_attribute
            for key, item in list(table.items.items()):
                until = item.get(attribute, {}).get("N") if attribute else None
                if until is not None and 0 <= now - int(until) < TTL_PAST_MAX_SECONDS:
                    table.commit(key, None, at=self.clock(), by_ttl=True)
                    expired += 1
        return expired

    def _table(self, name: str) -> Table:
        table = self._tables.get(name)
        if table is None:
            raise DynamoDBError("ResourceNotFoundException", "Requested resource not found")
        return table

    # Reads

    def _get_item(self, request: dict[str, Any]) -> dict[str, Any]:
        is_consistent = request.get("ConsistentRead", False)
        item = self._read(self._table(request["TableName"]), request["Key"], is_consistent)
        consumed = self._consumed(
            request, "read", lambda: read_units(item_size(item or {}), consistent=is_consistent)
        )
        return consumed if item is None else {"Item": item, **consumed}

    def _batch_get_item(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer every key, in another order than asked: the service promises none."""
        [(name, part)] = request["RequestItems"].items()
        check_parameters("RequestItems", part)
        keys: list[Item] = part["Keys"]
        if not 1 <= len(keys) <= BATCH_GET_MAX:
            raise ValidationError("Too many items requested for the BatchGetItem call")
        if any(key in keys[:position] for position, key in enumerate(keys)):
            raise ValidationError("Provided list of item keys contains duplicates")
        is_consistent = part.get("ConsistentRead", False)
        found = [self._read(self._table(name), key, is_consistent) for key in reversed(keys)]
        consumed = self._consumed(
            request,
            "read",
            lambda: sum(read_units(item_size(i or {}), consistent=is_consistent) for i in found),
        )
        items = [item for item in found if item is not None]
        return {"Responses": {name: items}, "UnprocessedKeys": {}, **_listed(consumed)}

    def _read(self, table: Table, key: Item, is_consistent: bool) -> Item | None:
        own = table.schema.exact_key(check_item(key))
        return table.get(own, lag=0 if is_consistent else self.lag)

    def _query(self, request: dict[str, Any]) -> dict[str, Any]:
        query = Query(request, self._table(request["TableName"]))
        answer, size = query.page(lag=0 if query.is_consistent else self.lag)
        consumed = self._consumed(
            request, "read", lambda: read_units(size, consistent=query.is_consistent)
        )
        return {**answer, **consumed}

    # Writes

    def _write_one(self, kind: str, request: dict[str, Any]) -> dict[str, Any]:
        write = Write(kind, request, self._table(request["TableName"]))
        old, schema = write.table.items.get(write.key), write.table.schema
        if not write.condition_holds(old):
            self._consumed(request, "write", lambda: write_units(schema, old, old))
            raise ConditionFailedError(write.wanted_on_failure(old))
        new = write.outcome(old)
        write.table.commit(write.key, new, at=self.clock())
        return self._consumed(request, "write", lambda: write_units(schema, old, new))

    def _transact_write_items(self, request: dict[str, Any]) -> dict[str, Any]:
        """Write all or nothing.

        Idempotent: a token that succeeded within 10 minutes changes nothing more and succeeds. The
            same request is decided anew where the first was cancelled; another one is an error.
        """
        writes = self._read_writes(request)
        token = request.get("ClientRequestToken")
        if token is not None and self._has_succeeded(token, request):
            return {}
        before = [(old := write.table.items.get(write.key), old) for write in writes]
        try:
            pairs = outcomes(writes)
        except TransactionCanceledError:
            self._note_token(token, request, has_succeeded=False)
            self._consumed_by(writes, before, request)
            raise
        for write, (_, new) in zip(writes, pairs, strict=True):
            write.table.commit(write.key, new, at=self.clock())
        self._note_token(token, request, has_succeeded=True)
        return self._consumed_by(writes, pairs, request)

    def _read_writes(self, request: dict[str, Any]) -> list[Write]:
        actions = request["TransactItems"]
        if not 1 <= len(actions) <= TRANSACTION_ITEMS_MAX:
            raise UnsupportedRequestError(f"a transaction of {len(actions)} items")
        if not 1 <= len(request.get("ClientRequestToken", "-")) <= TOKEN_LENGTH_MAX:
            raise ValidationError("Member must have length between 1 and 36: clientRequestToken")
        writes = []
        for action in actions:
            [(kind, part)] = action.items()
            writes.append(Write(kind, part, self._table(part["TableName"])))
        if len({(write.request["TableName"], write.key) for write in writes}) < len(writes):
            raise ValidationError("Transaction cannot include multiple operations on one item")
        return writes

    def _has_succeeded(self, token: str, request: dict[str, Any]) -> bool:
        first, at, has_succeeded = self._tokens.get(token, (request, 0.0, False))
        if self.clock() - at >= TOKEN_VALID_SECONDS:
            return False
        if first != request:
            raise DynamoDBError(
                "IdempotentParameterMismatchException",
                "The request uses the same client token as a previous, but non-identical request",
            )
        return has_succeeded

    def _note_token(
        self, token: str | None, request: dict[str, Any], *, has_succeeded: bool
    ) -> None:
        if token is not None:
            self._tokens[token] = (request, self.clock(), has_succeeded)

    # Capacity

    def _consumed_by(
        self,
        writes: list[Write],
        pairs: list[tuple[Item | None, Item | None]],
        request: dict[str, Any],
    ) -> dict[str, Any]:
        def units() -> float:
            return sum(
                write_units(
                    write.table.schema,
                    old,
                    new,
                    factor=TRANSACTION_FACTOR,
                    index_factor=self.index_factor,
                )
                for write, (old, new) in zip(writes, pairs, strict=True)
            )

        return _listed(self._consumed(request, "write", units))

    def _consumed(
        self, request: dict[str, Any], kind: str, units_of: Callable[[], float]
    ) -> dict[str, Any]:
        """Return the ConsumedCapacity that was asked for; worked out only where somebody counts."""
        is_asked = CAPACITY in request
        if not is_asked and not self.counts_units:
            return {}
        units = units_of()
        self.units[kind] += units
        return {"ConsumedCapacity": {"CapacityUnits": units}} if is_asked else {}


def _listed(consumed: dict[str, Any]) -> dict[str, Any]:
    return {name: [each] for name, each in consumed.items()}

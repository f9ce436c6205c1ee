"""A deterministic DynamoDB in memory: one thread, no I/O, no time of its own.

    engine = Engine(clock=lambda: now)
    engine.create_table(table_from_template("template.yaml"))
    engine.execute("PutItem", {"TableName": ..., "Item": {"pk": {"S": "a"}, ...}})

Requests and answers are those of the JSON 1.0 wire (what boto3's low-level client sends). Items
in answers are shared with the store: read them, never change them. `attach` in `botocore_hook`
puts the engine behind an unmodified boto3 client, where nothing is shared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from . import administration, reads, transactions, writes
from .capacity import Meter
from .errors import DynamoDBError, ResourceNotFoundError
from .pages import Read
from .schema import Key, table_schema
from .storage import Stored, Table
from .streams import Change, Stream
from .transactions import CompletedTransaction
from .values import Item

# An item whose TTL lies more than this in the past is not deleted.
# Source: Developer Guide, "Using time to live (TTL) in DynamoDB": five years.
TTL_PAST_MAX_SECONDS = 5 * 365 * 24 * 3600

type Operation = Callable[["Engine", dict[str, Any]], dict[str, Any]]

OPERATIONS: dict[str, Operation] = {
    "GetItem": reads.get_item,
    "BatchGetItem": reads.batch_get_item,
    "Query": reads.query,
    "Scan": reads.scan,
    "PutItem": writes.put_item,
    "UpdateItem": writes.update_item,
    "DeleteItem": writes.delete_item,
    "TransactWriteItems": transactions.transact_write_items,
    "TransactGetItems": transactions.transact_get_items,
    "CreateTable": administration.create_table,
    "DescribeTable": administration.describe_table,
}


class Engine:
    """Answers DynamoDB requests from memory.

    Shape: `clock` gives UTC epoch seconds. `lag_of` is asked before every eventually consistent
    read and answers how many of the table's latest item changes the read does not see yet (0:
    none; None as hook: never any). Strong reads never ask. `calls` counts requests by operation,
    `meter` the units consumed, failed writes included.
    """

    def __init__(
        self, *, clock: Callable[[], float], lag_of: Callable[[Read], int] | None = None
    ) -> None:
        self.clock = clock
        self.lag_of = lag_of
        self.tables: dict[str, Table] = {}
        self.tokens: dict[str, CompletedTransaction] = {}
        self.calls: Counter[str] = Counter()
        self.meter = Meter()

    def execute(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Carry out one request whole, or not at all.

        Errors: DynamoDBError (the service's answer); UnsupportedRequestError for what this engine
        does not speak.
        """
        self.calls[operation] += 1
        action = OPERATIONS.get(operation)
        if action is None:
            raise DynamoDBError("UnknownOperationException", f"no operation {operation} here")
        return action(self, request)

    def create_table(self, definition: dict[str, Any]) -> None:
        """Create a table from a CreateTable request; TimeToLiveSpecification is honoured too."""
        schema = table_schema(definition)
        if schema.name in self.tables:
            raise DynamoDBError("ResourceInUseException", f"Table already exists: {schema.name}")
        self.tables[schema.name] = Table(schema)

    def table(self, name: str) -> Table:
        """The table of this name; ResourceNotFoundError if there is none."""
        table = self.tables.get(name)
        if table is None:
            raise ResourceNotFoundError
        return table

    def commit(self, table: Table, key: Key, old: Stored | None, new: Stored | None) -> None:
        """Make a change and tell the stream, unless it changes nothing."""
        before = None if old is None else old.item
        after = None if new is None else new.item
        if before == after:
            return
        table.apply(key, new)
        table.stream.append(Change(before, after, self.clock(), by_ttl=False))

    def lag(self, read: Read) -> int:
        """How many item changes this read is behind; 0 without a hook."""
        return 0 if self.lag_of is None else self.lag_of(read)

    def stream(self, table: str) -> Stream:
        """The change stream of a table."""
        return self.table(table).stream

    def items(self, table: str) -> Iterator[Item]:
        """Every item of a table in key order, for audits; costs and counts nothing."""
        return (stored.item for _, stored in self.table(table).all_places(None))

    def expire_items(self, now: float) -> int:
        """Delete every item whose TTL attribute lies at or before `now`; answers how many.

        The service does this some time within days after; a test says when.
        """
        expired = 0
        for table in self.tables.values():
            attribute = table.schema.ttl_attribute
            if attribute is None:
                continue
            for key, stored in list(table.items.items()):
                until = stored.item.get(attribute, {}).get("N")
                if until is not None and 0 <= now - float(until) < TTL_PAST_MAX_SECONDS:
                    table.apply(key, None)
                    change = Change(stored.item, None, self.clock(), by_ttl=True)
                    table.stream.append(change)
                    expired += 1
        return expired

    def copy(self) -> Engine:
        """An independent engine in the same state: cheap, since items are shared.

        The copy has the same clock and hook, its own tables, streams and tokens, and new counters.
        """
        twin = Engine(clock=self.clock, lag_of=self.lag_of)
        twin.tables = {name: table.copy() for name, table in self.tables.items()}
        twin.tokens = dict(self.tokens)
        return twin

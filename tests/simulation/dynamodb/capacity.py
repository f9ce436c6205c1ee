"""Read and write units, as the service charges them.

Source: Amazon DynamoDB Developer Guide, "DynamoDB read and write operations" (capacity unit
consumption), "Amazon DynamoDB Transactions: How it works" (capacity management), "Using Global
Secondary Indexes in DynamoDB" (write throughput considerations).

Index writes of a transaction are charged once: an index is not part of the two-phase write.
The guides only say that every *item* is read or written twice.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from .errors import ValidationError
from .storage import IndexEntry, Stored, Table

READ_UNIT_BYTES = 4096
WRITE_UNIT_BYTES = 1024
TRANSACTION_FACTOR = 2
SHOW = ("NONE", "TOTAL", "INDEXES")


def read_units(size: int, *, consistent: bool) -> float:
    """Units for reading this many bytes; an absent item costs the minimum."""
    units = max(1, -(-size // READ_UNIT_BYTES))
    return float(units) if consistent else units / 2


def write_units(*sizes: int) -> float:
    """Units for one write: by the larger of the item before and after, one at least."""
    return float(max(1, -(-max(sizes) // WRITE_UNIT_BYTES)))


def index_write_units(old: IndexEntry | None, new: IndexEntry | None) -> float:
    """Units one index pays: 0 unchanged, 1 write to add, drop or rewrite an entry, 2 to move it."""
    if old is None and new is None:
        return 0.0
    if old is None or new is None:
        entry = new if new is not None else old
        assert entry is not None
        return write_units(entry.size)
    if old.key != new.key:
        return write_units(old.size) + write_units(new.size)
    if old.item == new.item:
        return 0.0
    return write_units(old.size, new.size)


class Charge:
    """What one request consumed, per table and index."""

    __slots__ = ("_units", "factor", "kind")

    def __init__(self, kind: str, *, transactional: bool = False) -> None:
        self.kind = kind
        self.factor = TRANSACTION_FACTOR if transactional else 1
        self._units: dict[str, dict[str | None, float]] = {}

    def add(self, table: str, index: str | None, units: float) -> None:
        """Charge units to a table, or to one of its indexes."""
        own = self._units.setdefault(table, {None: 0.0})
        own[index] = own.get(index, 0.0) + units

    def add_write(self, table: Table, old: Stored | None, new: Stored | None) -> None:
        """Charge a write of the item and of every index entry that it changes."""
        name = table.schema.name
        sizes = [stored.size for stored in (old, new) if stored is not None]
        self.add(name, None, self.factor * write_units(0, *sizes))
        for position, index in enumerate(table.schema.indexes):
            units = index_write_units(
                None if old is None else old.entries[position],
                None if new is None else new.entries[position],
            )
            if units:
                self.add(name, index.name, units)

    def add_failed_write(self, table: Table, old: Stored | None) -> None:
        """Charge a write whose condition was false: by the size of the item that stands there."""
        size = 0 if old is None else old.size
        self.add(table.schema.name, None, self.factor * write_units(size))

    def shown(self, request: dict[str, Any]) -> list[dict[str, Any]]:
        """The ConsumedCapacity entries that the request asked for, one per table."""
        show = request.get("ReturnConsumedCapacity", "NONE")
        if show not in SHOW:
            raise ValidationError(
                f"1 validation error detected: Value '{show}' at 'returnConsumedCapacity' failed "
                "to satisfy constraint: Member must satisfy enum value set: [INDEXES, TOTAL, NONE]"
            )
        if show == "NONE":
            return []
        return [self._shown(table, show) for table in self._units]

    def _shown(self, table: str, show: str) -> dict[str, Any]:
        units = self._units[table]
        entry = {"TableName": table, **self._amount(sum(units.values()))}
        if show == "INDEXES":
            entry["Table"] = self._amount(units[None])
            indexes = {name: self._amount(own) for name, own in units.items() if name is not None}
            if indexes:
                entry["GlobalSecondaryIndexes"] = indexes
        return entry

    def _amount(self, units: float) -> dict[str, Any]:
        # Only transactions say which kind of unit it was.
        if self.factor == 1:
            return {"CapacityUnits": units}
        return {f"{self.kind}CapacityUnits": units, "CapacityUnits": units}


class Meter:
    """Everything an engine was ever charged, failed writes included.

    Shape: `read[(table, index or None)]` and `write[...]` in units.
    """

    def __init__(self) -> None:
        self.read: dict[tuple[str, str | None], float] = defaultdict(float)
        self.write: dict[tuple[str, str | None], float] = defaultdict(float)

    def note(self, charge: Charge) -> None:
        """Add a request's charge to the totals."""
        totals = self.read if charge.kind == "Read" else self.write
        for table, units in charge._units.items():
            for index, amount in units.items():
                totals[table, index] += amount

    @property
    def read_total(self) -> float:
        """All read units."""
        return sum(self.read.values())

    @property
    def write_total(self) -> float:
        """All write units."""
        return sum(self.write.values())

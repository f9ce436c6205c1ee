"""Read and write units, as the service charges them.

Source: Amazon DynamoDB Developer Guide, "DynamoDB read and write operations", "Amazon DynamoDB
Transactions: How it works" (capacity management), "Using Global Secondary Indexes in DynamoDB"
(write throughput considerations). A transaction pays twice for its items. No text says whether it
also pays twice for its indexes: once is assumed, and twice can be asked for.
"""

from __future__ import annotations

from .schema import Index, Schema
from .values import Item, item_size

READ_UNIT_BYTES = 4096
WRITE_UNIT_BYTES = 1024
TRANSACTION_FACTOR = 2


def read_units(size: int, *, consistent: bool) -> float:
    """Return the units for reading this many bytes; an absent item costs the minimum."""
    units = max(1, -(-size // READ_UNIT_BYTES))
    return float(units) if consistent else units / 2


def write_units(
    schema: Schema, old: Item | None, new: Item | None, *, factor: int = 1, index_factor: int = 1
) -> float:
    """Return the units for one write, its indexes included; a failed one pays for `old` alone."""
    own = _units(max(item_size(old or {}), item_size(new or {})))
    entries = sum(_index_units(index, old, new) for index in schema.indexes.values())
    return factor * own + index_factor * entries


def _units(size: int) -> float:
    return float(max(1, -(-size // WRITE_UNIT_BYTES)))


def _index_units(index: Index, old: Item | None, new: Item | None) -> float:
    """Return 0 for an unchanged entry, 1 write to add, drop or change it, 2 to move it."""
    before, after = _entry(index, old), _entry(index, new)
    if before == after:
        return 0.0
    sizes = [item_size(entry) for entry in (before, after) if entry is not None]
    if (
        before is not None
        and after is not None
        and index.key.key_of(before) != index.key.key_of(after)
    ):
        return sum(map(_units, sizes))
    return _units(max(sizes))


def _entry(index: Index, item: Item | None) -> Item | None:
    return None if item is None or index.key.key_of(item) is None else index.entry(item)

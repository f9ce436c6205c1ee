"""One table: its items, the partitions of its indexes, and every change that was made.

The list of changes is the stream, and also the memory of a stale read: a read that lags undoes
the newest changes on the side. A write replaces an item, it never changes one in place.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from .schema import Index, Key, Schema
from .values import Item

# Where an item is in its partition: its range value, then its key in the table.
type Place = tuple[str | int, Key]


class Change(NamedTuple):
    """One committed change of one item. Units: `at` in UTC epoch seconds."""

    key: Key
    old: Item | None
    new: Item | None
    at: float
    by_ttl: bool


class Table:
    """Items by key; for the table and each index, the keys of each partition."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.items: dict[Key, Item] = {}
        self.changes: list[Change] = []
        self._partitions: dict[str | None, dict[str | int, set[Key]]] = {
            name: {} for name in (None, *schema.indexes)
        }

    def commit(self, key: Key, new: Item | None, *, at: float, by_ttl: bool = False) -> None:
        """Replace the item under a key (None: delete it); a write of the same is no change."""
        old = self.items.get(key)
        if old == new:
            return
        self.changes.append(Change(key, old, new, at, by_ttl))
        if new is None:
            del self.items[key]
        else:
            self.items[key] = new
        for name, partitions in self._partitions.items():
            before, after = self._hash_in(name, old), self._hash_in(name, new)
            if before != after:
                if before is not None:
                    partitions[before].remove(key)
                if after is not None:
                    partitions.setdefault(after, set()).add(key)

    def get(self, key: Key, *, lag: int = 0) -> Item | None:
        """Return the item under a key, as it was `lag` changes ago."""
        item = self.items.get(key)
        for change in self._latest(lag):
            if change.key == key:
                item = change.old
        return item

    def partition(
        self, index: Index | None, hash_value: str | int, *, lag: int = 0
    ) -> list[tuple[Place, Item]]:
        """Return a partition in ascending order, as it was `lag` changes ago."""
        name = None if index is None else index.name
        found = {key: self.items[key] for key in self._partitions[name].get(hash_value, ())}
        for change in self._latest(lag):
            if change.old is not None and self._hash_in(name, change.old) == hash_value:
                found[change.key] = change.old
            else:
                found.pop(change.key, None)
        schema = self.schema.key if index is None else index.key
        placed = [((_own(schema.key_of(item))[1], key), item) for key, item in found.items()]
        return sorted(placed, key=lambda each: each[0])

    def _latest(self, lag: int) -> Iterator[Change]:
        """Yield the changes of the last `lag`, newest first."""
        return islice(reversed(self.changes), lag)

    def _hash_in(self, name: str | None, item: Item | None) -> str | int | None:
        if item is None:
            return None
        key = (self.schema.key if name is None else self.schema.indexes[name].key).key_of(item)
        return None if key is None else key[0]


def _own(key: Key | None) -> Key:
    assert key is not None
    return key

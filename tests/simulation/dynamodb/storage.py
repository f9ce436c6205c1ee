"""Holds a table's items and its indexes, in order, with the last changes to look back through.

Items are shared, never changed in place: a write puts a new `Stored` in the old one's stead, so a
snapshot is a shallow copy and a stale read undoes the newest changes on the side.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from .schema import Key, TableSchema
from .streams import Stream
from .values import Item, SortValue, item_size

HISTORY_MAX = 256

# Where an item stands in its partition: the range value, then the table key for equal ones.
type Place = tuple[SortValue, Key]


class IndexEntry(NamedTuple):
    """What an index holds of one item: the index key, the projected attributes, their bytes."""

    key: Key
    item: Item
    size: int


class Stored(NamedTuple):
    """An item as it lies in the table, with its bytes and its entry in each index."""

    item: Item
    size: int
    entries: tuple[IndexEntry | None, ...]


class Ordering:
    """The places of all items of a table or index, sorted within each partition."""

    __slots__ = ("partitions",)

    def __init__(self) -> None:
        self.partitions: dict[SortValue, list[Place]] = {}

    def add(self, own: Key, key: Key) -> None:
        """Note an item under its key in this ordering."""
        places = self.partitions.get(own[0])
        if places is None:
            self.partitions[own[0]] = [(own[1], key)]
        else:
            insort(places, (own[1], key))

    def remove(self, own: Key, key: Key) -> None:
        """Forget an item."""
        places = self.partitions[own[0]]
        del places[bisect_left(places, (own[1], key))]
        if not places:
            del self.partitions[own[0]]

    def copy(self) -> Ordering:
        """An independent copy."""
        twin = Ordering()
        twin.partitions = {value: list(places) for value, places in self.partitions.items()}
        return twin


class Table:
    """One table: items by key, orderings for the table and each index, recent changes, stream."""

    def __init__(self, schema: TableSchema, *, history_max: int = HISTORY_MAX) -> None:
        self.schema = schema
        self.items: dict[Key, Stored] = {}
        self.ordering = Ordering()
        self.index_orderings = [Ordering() for _ in schema.indexes]
        self.stream = Stream(schema)
        # Newest last: the key that changed and what stood there before.
        self._history: deque[tuple[Key, Stored | None]] = deque(maxlen=history_max)

    def stored(self, item: Item) -> Stored:
        """An item with its size and index entries worked out."""
        entries = []
        for index in self.schema.indexes:
            entry = index.entry(item)
            entries.append(
                None
                if entry is None
                else IndexEntry(index.key.key_of(item), entry, item_size(entry))
            )
        return Stored(item, item_size(item), tuple(entries))

    def apply(self, key: Key, new: Stored | None) -> None:
        """Put `new` under `key` (None: delete) and keep every ordering in step."""
        old = self.items.get(key)
        self._history.append((key, old))
        if new is None:
            if old is not None:
                del self.items[key]
                self.ordering.remove(key, key)
        else:
            self.items[key] = new
            if old is None:
                self.ordering.add(key, key)
        for position, ordering in enumerate(self.index_orderings):
            before = None if old is None else old.entries[position]
            after = None if new is None else new.entries[position]
            before_key = None if before is None else before.key
            after_key = None if after is None else after.key
            if before_key != after_key:
                if before_key is not None:
                    ordering.remove(before_key, key)
                if after_key is not None:
                    ordering.add(after_key, key)

    def get(self, key: Key, *, lag: int = 0) -> Stored | None:
        """The item under a key, as it was `lag` item changes ago."""
        if lag:
            past = self._undone(lag)
            if key in past:
                return past[key]
        return self.items.get(key)

    def partition(
        self, index: int | None, hash_value: SortValue, *, lag: int = 0
    ) -> list[tuple[Place, Stored]]:
        """A partition of the table (index None) or an index, in ascending order."""
        ordering = self.ordering if index is None else self.index_orderings[index]
        places = ordering.partitions.get(hash_value, ())
        items = self.items
        if not lag:
            return [(place, items[place[1]]) for place in places]
        past = self._undone(lag)
        found = [(place, items[place[1]]) for place in places if place[1] not in past]
        for key, old in past.items():
            own = _own_key(index, key, old)
            if old is not None and own is not None and own[0] == hash_value:
                found.append(((own[1], key), old))
        found.sort(key=lambda pair: pair[0])
        return found

    def all_places(self, index: int | None) -> Iterator[tuple[Place, Stored]]:
        """Everything in the table or an index, partition by partition, for Scan and for audits."""
        ordering = self.ordering if index is None else self.index_orderings[index]
        for hash_value in sorted(ordering.partitions):  # type: ignore[type-var]
            yield from self.partition(index, hash_value)

    def copy(self) -> Table:
        """An independent copy that shares the items."""
        twin = Table.__new__(Table)
        twin.schema = self.schema
        twin.items = dict(self.items)
        twin.ordering = self.ordering.copy()
        twin.index_orderings = [ordering.copy() for ordering in self.index_orderings]
        twin.stream = self.stream.copy()
        twin._history = self._history.copy()
        return twin

    def _undone(self, lag: int) -> dict[Key, Stored | None]:
        """For each key changed in the last `lag` changes, what stood there before all of them."""
        past: dict[Key, Stored | None] = {}
        for key, old in islice(reversed(self._history), lag):
            past[key] = old
        return past


def _own_key(index: int | None, key: Key, stored: Stored | None) -> Key | None:
    """The key of an item in the table or an index; None where it is not part of it."""
    if index is None or stored is None:
        return key
    entry = stored.entries[index]
    return None if entry is None else entry.key

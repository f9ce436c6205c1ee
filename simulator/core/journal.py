"""Everything that happened, in order: requests, prompts, shillings, callbacks and their answers."""

import json
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. Units: `at` UTC epoch seconds."""

    sequence: int
    at: float
    kind: str
    facts: dict[str, object]

    def document(self) -> dict[str, object]:
        """The entry, ready for JSON."""
        return {"sequence": self.sequence, "at": self.at, "kind": self.kind, **self.facts}


class Journal:
    """An append-only record; the oldest entries fall off beyond its limit."""

    def __init__(self, entries_max: int) -> None:
        self._entries: deque[Entry] = deque(maxlen=entries_max)
        self._sequence = 0
        self._listeners: list[Callable[[Entry], None]] = []

    def write(self, at: float, kind: str, **facts: object) -> None:
        """Adds an entry and tells the listeners."""
        self._sequence += 1
        entry = Entry(self._sequence, at, kind, facts)
        self._entries.append(entry)
        for listener in self._listeners:
            listener(entry)

    def subscribe(self, listener: Callable[[Entry], None]) -> Callable[[], None]:
        """Calls `listener` with each new entry until the returned function is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def entries(
        self, *, after: int = 0, kind: str | None = None, limit: int | None = None, **facts: object
    ) -> list[Entry]:
        """The entries after a sequence number, of one kind, whose facts match."""
        found = []
        for entry in self._newer(after):
            if kind is not None and entry.kind != kind:
                continue
            if any(entry.facts.get(name) != value for name, value in facts.items()):
                continue
            found.append(entry)
            if limit is not None and len(found) >= limit:
                break
        return found

    def clear(self) -> None:
        """Forgets the entries; sequence numbers go on, so a follower misses nothing."""
        self._entries.clear()

    @property
    def last_sequence(self) -> int:
        """The number of the newest entry, 0 before the first."""
        return self._sequence

    def digest(self) -> str:
        """One hash over everything that happened: equal for equal histories."""
        running = sha256()
        for entry in self._entries:
            running.update(json.dumps(entry.document(), sort_keys=True).encode())
        return running.hexdigest()

    def __len__(self) -> int:
        return len(self._entries)

    def _newer(self, after: int) -> Iterator[Entry]:
        skip = max(0, after - (self._sequence - len(self._entries)))
        if skip * 2 < len(self._entries):
            return (entry for entry in self._entries if entry.sequence > after)
        newest = []
        for entry in reversed(self._entries):
            if entry.sequence <= after:
                break
            newest.append(entry)
        return reversed(newest)

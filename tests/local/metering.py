"""What DynamoDB charged for each request of a client, as the service's own answers say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

READS = ("GetItem", "BatchGetItem", "Query", "Scan")


@dataclass
class Bill:
    """Requests and units between two moments. Units: DynamoDB read and write units."""

    operations: list[str] = field(default_factory=list)
    read_units: float = 0.0
    write_units: float = 0.0

    @property
    def round_trips(self) -> int:
        """How often DynamoDB was called."""
        return len(self.operations)

    def __str__(self) -> str:
        """One line for the table that the tests print."""
        return f"{self.write_units:g} WRU, {self.read_units:g} RRU: {', '.join(self.operations)}"


class Meter:
    """Asks every request of a client for its consumed capacity, and adds it up.

    A request that a condition refused answers no capacity: the usual paths have none.
    """

    def __init__(self, client: Any) -> None:
        self._bills: list[Bill] = []
        client.meta.events.register("provide-client-params.dynamodb", self._ask)
        client.meta.events.register("after-call.dynamodb", self._add)

    @contextmanager
    def billed(self) -> Iterator[Bill]:
        """Everything that happens inside is on this bill."""
        bill = Bill()
        self._bills.append(bill)
        try:
            yield bill
        finally:
            self._bills.remove(bill)

    def _ask(self, params: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**params, "ReturnConsumedCapacity": "TOTAL"}

    def _add(self, model: Any, parsed: dict[str, Any], **_: Any) -> None:
        consumed = parsed.get("ConsumedCapacity", [])
        entries = consumed if isinstance(consumed, list) else [consumed]
        units = sum(float(entry["CapacityUnits"]) for entry in entries)
        for bill in self._bills:
            bill.operations.append(model.name)
            if model.name in READS:
                bill.read_units += units
            else:
                bill.write_units += units

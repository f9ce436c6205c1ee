"""A table's change stream, in the form in which Lambda and EventBridge Pipes read it.

Source: Amazon DynamoDB Developer Guide, "Change data capture for DynamoDB Streams"; Streams API
Reference, Record. A write that changes nothing leaves no record.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .schema import TableSchema
from .values import Item, item_size

SEQUENCE_DIGITS = 21
REGION = "us-east-1"
TTL_IDENTITY = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


class Change(NamedTuple):
    """One item's change: before and after (None: absent), when, and whether TTL did it."""

    old: Item | None
    new: Item | None
    at: float
    by_ttl: bool


class Stream:
    """Every change of a table in order of commit; `records` shows them as stream records."""

    def __init__(self, schema: TableSchema) -> None:
        self._schema = schema
        self._changes: list[Change] = []

    def append(self, change: Change) -> None:
        """Note a change, if the table has a stream."""
        if self._schema.stream_view_type is not None:
            self._changes.append(change)

    def __len__(self) -> int:
        return len(self._changes)

    def copy(self) -> Stream:
        """An independent copy."""
        twin = Stream(self._schema)
        twin._changes = self._changes.copy()
        return twin

    def records(self, after: int = 0, limit: int | None = None) -> list[dict[str, Any]]:
        """The records from position `after` on, oldest first, at most `limit`."""
        end = len(self._changes) if limit is None else after + limit
        return [
            self._record(position, change)
            for position, change in enumerate(self._changes[after:end], start=after)
        ]

    def _record(self, position: int, change: Change) -> dict[str, Any]:
        image = change.new if change.new is not None else change.old
        assert image is not None
        view = self._schema.stream_view_type
        body: dict[str, Any] = {
            "ApproximateCreationDateTime": int(change.at),
            "Keys": {name: image[name] for name in self._schema.key.names},
            "SequenceNumber": str(position + 1).zfill(SEQUENCE_DIGITS),
            "SizeBytes": item_size(change.old or {}) + item_size(change.new or {}),
            "StreamViewType": view,
        }
        if change.new is not None and view in ("NEW_IMAGE", "NEW_AND_OLD_IMAGES"):
            body["NewImage"] = change.new
        if change.old is not None and view in ("OLD_IMAGE", "NEW_AND_OLD_IMAGES"):
            body["OldImage"] = change.old
        record: dict[str, Any] = {
            "eventID": f"{position + 1:032x}",
            "eventName": _event_name(change),
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": REGION,
            "dynamodb": body,
            "eventSourceARN": (
                f"arn:aws:dynamodb:{REGION}:123456789012:table/{self._schema.name}/stream/simulated"
            ),
        }
        if change.by_ttl:
            record["userIdentity"] = TTL_IDENTITY
        return record


def _event_name(change: Change) -> str:
    if change.old is None:
        return "INSERT"
    return "REMOVE" if change.new is None else "MODIFY"

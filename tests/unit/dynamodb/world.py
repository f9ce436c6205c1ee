"""A small engine and short ways to call it, for the tests of this folder."""

from __future__ import annotations

from typing import Any

from tests.simulation.dynamodb import Engine

type Value = dict[str, Any]
type Item = dict[str, Value]

TABLE: dict[str, Any] = {
    "TableName": "catalog",
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "N"},
        {"AttributeName": "open", "AttributeType": "S"},
        {"AttributeName": "due_at", "AttributeType": "N"},
        {"AttributeName": "brand", "AttributeType": "S"},
    ],
    "KeySchema": [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "open",
            "KeySchema": [
                {"AttributeName": "open", "KeyType": "HASH"},
                {"AttributeName": "due_at", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        },
        {
            "IndexName": "by_brand",
            "KeySchema": [{"AttributeName": "brand", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["price"]},
        },
    ],
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    "TimeToLiveSpecification": {"AttributeName": "purge_at", "Enabled": True},
}


class World:
    """An engine with one table "catalog" and a clock that the test sets."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0
        self.engine = Engine(clock=lambda: self.now)
        self.engine.create_table(TABLE)

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """One request on the table."""
        return self.engine.execute(operation, {"TableName": "catalog", **parameters})

    def put(self, sk: int = 1, pk: str = "a", **attributes: Value) -> Item:
        """Store an item and give it back."""
        item = {**key(sk, pk), **attributes}
        self.call("PutItem", Item=item)
        return item

    def get(self, sk: int = 1, pk: str = "a") -> Item | None:
        """The stored item, read consistently."""
        found: Item | None = self.call("GetItem", Key=key(sk, pk), ConsistentRead=True).get("Item")
        return found

    def update(self, expression: str, sk: int = 1, **parameters: Any) -> Item:
        """Update an item; the whole new item."""
        response = self.call(
            "UpdateItem",
            Key=key(sk),
            UpdateExpression=expression,
            ReturnValues="ALL_NEW",
            **parameters,
        )
        attributes: Item = response["Attributes"]
        return attributes

    def transact(self, *actions: tuple[str, dict[str, Any]], **parameters: Any) -> dict[str, Any]:
        """One TransactWriteItems on the table."""
        items = [{kind: {"TableName": "catalog", **action}} for kind, action in actions]
        return self.engine.execute("TransactWriteItems", {"TransactItems": items, **parameters})


def key(sk: int = 1, pk: str = "a") -> Item:
    """A key of the table."""
    return {"pk": {"S": pk}, "sk": {"N": str(sk)}}


def number(value: float | str) -> Value:
    """A number value."""
    return {"N": str(value)}


def text(value: str) -> Value:
    """A text value."""
    return {"S": value}


def item_of(size: int, sk: int = 1, pk: str = "a") -> Item:
    """An item of exactly this many bytes as the service counts them."""
    names = len("pk") + len(pk) + len("sk") + 2 + len("filler")
    return {**key(sk, pk), "filler": text("x" * (size - names))}

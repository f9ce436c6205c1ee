"""Random sequences of requests like those of payments: the same seed gives the same sequence.

Every sequence keeps to keys and index partitions of its own, so that all may share one table.
"""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

from .broken import broken_updates
from .expressions import (
    ATTRIBUTES,
    ExpressionWriter,
    Value,
    random_value,
    type_of_attribute,
)
from .tables import INDEX_HASHES, INDEX_RANGES

OPERATIONS_MIN, OPERATIONS_MAX = 4, 9
SORT_KEYS = ("STATE", "EVENT#001", "EVENT#002", "EVIDENCE#a")


class Request(NamedTuple):
    """One call of the low-level client: the method's name and its parameters."""

    method: str
    parameters: dict[str, Any]


def sequence(seed: int, number: int, table: str) -> list[Request]:
    """The requests of one sequence."""
    return _SequenceWriter(Random(f"{seed}/{number}"), number, table).write()


class _SequenceWriter:
    def __init__(self, rng: Random, number: int, table: str) -> None:
        self.rng = rng
        self.number = number
        self.table = table
        self.tokens: list[dict[str, Any]] = []

    def write(self) -> list[Request]:
        choices = (
            (self._put, 4),
            (self._update, 5),
            (self._shift_register, 3),
            (self._delete, 1),
            (self._transact_write, 5),
            (self._repeat_token, 1),
            (self._get, 1),
            (self._batch_get, 1),
            (self._transact_get, 1),
            (self._query_table, 2),
            (self._query_index, 2),
            (self._malformed, 1),
        )
        writers = [writer for writer, _ in choices]
        weights = [weight for _, weight in choices]
        count = self.rng.randint(OPERATIONS_MIN, OPERATIONS_MAX)
        return [self.rng.choices(writers, weights)[0]() for _ in range(count)]

    # Keys and items.

    def _own(self, text: str) -> str:
        return f"{text}#{self.number}"

    def _key(self) -> dict[str, Value]:
        pk = self._own(self.rng.choice(("PAY", "CONSULT", "PHONE")))
        return {"pk": {"S": pk}, "sk": {"S": self.rng.choice(SORT_KEYS)}}

    def _item(self) -> dict[str, Value]:
        item = self._key()
        for name in self.rng.sample(ATTRIBUTES, self.rng.randint(4, len(ATTRIBUTES))):
            item[name] = random_value(self.rng, type_of_attribute(name))
        return self._with_own_hashes(item)

    def _with_own_hashes(self, item: dict[str, Value]) -> dict[str, Value]:
        """Index partitions of this sequence only; an index key may not be empty."""
        for name in INDEX_HASHES.values():
            if name in item:
                item[name] = {"S": self._own(self.rng.choice("xy"))}
        return item

    # Single writes.

    def _common(self, *, updates: bool = False) -> dict[str, Any]:
        returned = ["NONE", "ALL_OLD"]
        if updates:
            returned += ["ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"]
        parameters: dict[str, Any] = {"TableName": self.table}
        if self.rng.random() < 0.4:
            parameters["ReturnValues"] = self.rng.choice(returned)
        if self.rng.random() < 0.5:
            parameters["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        if self.rng.random() < 0.5:
            parameters["ReturnConsumedCapacity"] = self.rng.choice(("TOTAL", "INDEXES"))
        return parameters

    def _condition(self, writer: ExpressionWriter) -> dict[str, str]:
        roll = self.rng.random()
        if roll < 0.35:
            return {}
        if roll < 0.45:
            return {"ConditionExpression": "attribute_not_exists(pk)"}
        if roll < 0.6:
            return {"ConditionExpression": "attribute_exists(pk)"}
        return {"ConditionExpression": writer.condition()}

    def _put(self) -> Request:
        writer = ExpressionWriter(self.rng)
        condition = self._condition(writer)
        parameters = self._common() | condition | writer.parameters()
        return Request("put_item", {"Item": self._item(), **parameters})

    def _delete(self) -> Request:
        writer = ExpressionWriter(self.rng)
        condition = self._condition(writer)
        parameters = self._common() | condition | writer.parameters()
        return Request("delete_item", {"Key": self._key(), **parameters})

    def _update(self) -> Request:
        parameters = self._common(updates=True) | self._update_expressions()
        return Request("update_item", {"Key": self._key(), **parameters})

    def _update_expressions(self) -> dict[str, Any]:
        writer = ExpressionWriter(self.rng)
        update = writer.update()
        condition = self._condition(writer)
        for reference, value in writer.values.items():
            # Any text given to an index key must stay within this sequence's partitions.
            if f"open = {reference}" in update or f"checkout_request_id = {reference}" in update:
                value["S"] = self._own("x")
            elif f"day_shard = {reference}" in update:
                value["S"] = self._own("y")
            elif any(
                f"if_not_exists({mark}{name}, {reference})" in update
                for name in INDEX_HASHES.values()
                for mark in ("", "#")
            ):
                value["S"] = self._own("x")
        return {"UpdateExpression": update, **condition, **writer.parameters()}

    def _register_expressions(self) -> dict[str, Any]:
        now = self.rng.choice((1_700_000_000, 1_700_000_900, 1_700_090_000))
        return {
            "UpdateExpression": (
                "SET p3 = if_not_exists(p2, :zero), p2 = if_not_exists(p1, :zero), p1 = :now, "
                "live_payment_id = :id, live_until = :until"
            ),
            "ConditionExpression": (
                "(attribute_not_exists(live_until) OR live_until <= :now) AND "
                "(attribute_not_exists(p3) OR p3 <= :window)"
            ),
            "ExpressionAttributeValues": {
                ":zero": {"N": "0"},
                ":now": {"N": str(now)},
                ":until": {"N": str(now + 300)},
                ":window": {"N": str(now - 900)},
                ":id": {"S": "f" * 32},
            },
        }

    def _shift_register(self) -> Request:
        parameters = self._common(updates=True) | self._register_expressions()
        return Request("update_item", {"Key": self._key(), **parameters})

    # Transactions.

    def _transact_write(self) -> Request:
        keys: list[dict[str, Value]] = []
        for _ in range(self.rng.randint(1, 4)):
            key = self._key()
            if key not in keys or self.rng.random() < 0.03:
                keys.append(key)
        parameters: dict[str, Any] = {"TransactItems": [self._action(key) for key in keys]}
        if self.rng.random() < 0.5:
            parameters["ReturnConsumedCapacity"] = "TOTAL"
        if self.rng.random() < 0.4:
            parameters["ClientRequestToken"] = (
                f"{self.table[-16:]}-{self.number}-{len(self.tokens)}"
            )
            self.tokens.append(parameters)
        return Request("transact_write_items", parameters)

    def _action(self, key: dict[str, Value]) -> dict[str, Any]:
        rng = self.rng
        common: dict[str, Any] = {"TableName": self.table}
        if rng.random() < 0.7:
            common["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        writer = ExpressionWriter(rng)
        match rng.randrange(6):
            case 0 | 1:
                condition = self._condition(writer)
                item = self._item() | key
                return {"Put": {"Item": item, **common, **condition, **writer.parameters()}}
            case 2:
                return {"Update": {"Key": key, **common, **self._update_expressions()}}
            case 3:
                return {"Update": {"Key": key, **common, **self._register_expressions()}}
            case 4:
                condition = self._condition(writer)
                return {"Delete": {"Key": key, **common, **condition, **writer.parameters()}}
            case _:
                condition = {"ConditionExpression": writer.condition(1)}
                check = {"Key": key, **common, **condition, **writer.parameters()}
                return {"ConditionCheck": check}

    def _repeat_token(self) -> Request:
        if not self.tokens:
            return self._transact_write()
        earlier = self.rng.choice(self.tokens)
        if self.rng.random() < 0.6:
            return Request("transact_write_items", earlier)
        other = self._transact_write().parameters
        return Request(
            "transact_write_items",
            other | {"ClientRequestToken": earlier["ClientRequestToken"]},
        )

    # Reads.

    def _get(self) -> Request:
        parameters: dict[str, Any] = {"TableName": self.table, "Key": self._key()}
        parameters["ConsistentRead"] = self.rng.random() < 0.5
        if self.rng.random() < 0.3:
            parameters["ReturnConsumedCapacity"] = self.rng.choice(("TOTAL", "INDEXES"))
        return Request("get_item", parameters | self._projection())

    def _projection(self) -> dict[str, Any]:
        if self.rng.random() < 0.5:
            return {}
        writer = ExpressionWriter(self.rng)
        names = self.rng.sample(ATTRIBUTES, self.rng.randint(1, 4))
        paths = [
            writer.name(name) + (self.rng.choice((".a", ".b[0]", "")) if name == "extra" else "")
            for name in names
        ]
        return {"ProjectionExpression": ", ".join(paths), **writer.parameters()}

    def _batch_get(self) -> Request:
        keys: list[dict[str, Value]] = []
        for _ in range(self.rng.randint(1, 4)):
            key = self._key()
            if key not in keys:
                keys.append(key)
        part = {"Keys": keys, "ConsistentRead": True}
        return Request("batch_get_item", {"RequestItems": {self.table: part}})

    def _transact_get(self) -> Request:
        keys: list[dict[str, Value]] = []
        for _ in range(self.rng.randint(1, 3)):
            key = self._key()
            if key not in keys:
                keys.append(key)
        gets = [
            {"Get": {"TableName": self.table, "Key": key, **self._projection()}} for key in keys
        ]
        return Request("transact_get_items", {"TransactItems": gets})

    def _query_table(self) -> Request:
        rng = self.rng
        writer = ExpressionWriter(rng)
        hash_value = self._own(rng.choice(("PAY", "CONSULT", "PHONE")))
        condition = f"pk = {writer.value({'S': hash_value})}"
        match rng.randrange(5):
            case 0:
                condition += f" AND begins_with(sk, {writer.value({'S': 'EV'})})"
            case 1:
                low, high = writer.value({"S": "EVENT#001"}), writer.value({"S": "EVENT#999"})
                condition += f" AND sk BETWEEN {low} AND {high}"
            case 2:
                operator = rng.choice(("=", "<", "<=", ">", ">="))
                condition += f" AND sk {operator} {writer.value({'S': rng.choice(SORT_KEYS)})}"
            case _:
                pass
        parameters = self._query_options(writer, condition)
        if rng.random() < 0.15:
            start = {"pk": {"S": hash_value}, "sk": {"S": rng.choice(SORT_KEYS)}}
            parameters["ExclusiveStartKey"] = start
        return Request("query", parameters)

    def _query_index(self) -> Request:
        rng = self.rng
        index = rng.choice(tuple(INDEX_HASHES))
        writer = ExpressionWriter(rng)
        partition = writer.value({"S": self._own(rng.choice("xy"))})
        condition = f"{writer.name(INDEX_HASHES[index])} = {partition}"
        if index in INDEX_RANGES and rng.random() < 0.5:
            operator = rng.choice(("=", "<", "<=", ">", ">="))
            bound = writer.value(random_value(rng, "N"))
            condition += f" AND {writer.name(INDEX_RANGES[index])} {operator} {bound}"
        return Request("query", {"IndexName": index, **self._query_options(writer, condition)})

    def _query_options(self, writer: ExpressionWriter, condition: str) -> dict[str, Any]:
        rng = self.rng
        parameters: dict[str, Any] = {
            "TableName": self.table,
            "KeyConditionExpression": condition,
            "ScanIndexForward": rng.random() < 0.5,
        }
        if rng.random() < 0.3:
            parameters["FilterExpression"] = writer.condition(1)
        if rng.random() < 0.3:
            parameters["Limit"] = rng.randint(1, 4)
        if rng.random() < 0.2:
            parameters["Select"] = "COUNT"
        if rng.random() < 0.3:
            parameters["ReturnConsumedCapacity"] = rng.choice(("TOTAL", "INDEXES"))
        return parameters | writer.parameters()

    # Requests that must be refused.

    def _malformed(self) -> Request:
        key = self._key()
        base = {"TableName": self.table, "Key": key}
        return Request("update_item", base | self.rng.choice(broken_updates(key)))

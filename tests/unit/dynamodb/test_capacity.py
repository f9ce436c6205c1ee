"""Capacity units, by the Developer Guide's examples.

Source: Amazon DynamoDB Developer Guide, "DynamoDB read and write operations", "Using Global
Secondary Indexes in DynamoDB" (write throughput considerations), "Amazon DynamoDB Transactions:
How it works".
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulation.dynamodb import ConditionFailedError, TransactionCanceledError
from tests.unit.dynamodb.world import World, item_of, key, number, text

KB = 1024


def units(response: dict[str, Any]) -> float:
    """The capacity units of a response."""
    consumed = response["ConsumedCapacity"]
    total: float = (consumed[0] if isinstance(consumed, list) else consumed)["CapacityUnits"]
    return total


@pytest.mark.parametrize(
    ("size", "consistent", "expected"),
    [
        (500, True, 1),
        (4 * KB, True, 1),
        (4 * KB + 1, True, 2),
        (8 * KB, True, 2),
        (500, False, 0.5),
        (8 * KB, False, 1),
        (10 * KB, False, 1.5),
    ],
)
def test_a_get_costs_one_unit_per_4_kb_and_half_if_eventually_consistent(
    world: World, size: int, consistent: bool, expected: float
) -> None:
    world.call("PutItem", Item=item_of(size))
    response = world.call(
        "GetItem", Key=key(), ConsistentRead=consistent, ReturnConsumedCapacity="TOTAL"
    )
    assert units(response) == expected


def test_a_get_of_nothing_costs_the_minimum(world: World) -> None:
    for consistent, expected in ((True, 1), (False, 0.5)):
        response = world.call(
            "GetItem", Key=key(), ConsistentRead=consistent, ReturnConsumedCapacity="TOTAL"
        )
        assert units(response) == expected


def test_a_batch_rounds_each_item_up_and_a_query_only_the_sum(world: World) -> None:
    world.call("PutItem", Item=item_of(int(1.5 * KB), 1))
    world.call("PutItem", Item=item_of(int(6.5 * KB), 2))
    wanted = {"catalog": {"Keys": [key(1), key(2)], "ConsistentRead": True}}
    batch = world.engine.execute(
        "BatchGetItem", {"RequestItems": wanted, "ReturnConsumedCapacity": "TOTAL"}
    )
    query = world.call(
        "Query",
        KeyConditionExpression="pk = :p",
        ExpressionAttributeValues={":p": text("a")},
        ConsistentRead=True,
        ReturnConsumedCapacity="TOTAL",
    )
    assert units(batch) == 3
    assert units(query) == 2


def test_a_query_pays_for_what_the_filter_throws_away(world: World) -> None:
    for sk in range(3):
        world.call("PutItem", Item=item_of(4 * KB, sk))
    query = world.call(
        "Query",
        KeyConditionExpression="pk = :p",
        FilterExpression="price = :p",
        ExpressionAttributeValues={":p": text("a")},
        ReturnConsumedCapacity="TOTAL",
    )
    assert query["Count"] == 0
    assert units(query) == 1.5


def test_an_index_query_pays_for_the_projected_bytes_only(world: World) -> None:
    world.call("PutItem", Item={**item_of(9 * KB), "open": text("1"), "due_at": number(1)})
    query = world.call(
        "Query",
        IndexName="open",
        KeyConditionExpression="#o = :o",
        ExpressionAttributeNames={"#o": "open"},
        ExpressionAttributeValues={":o": text("1")},
        ReturnConsumedCapacity="INDEXES",
    )
    assert query["ConsumedCapacity"] == {
        "TableName": "catalog",
        "CapacityUnits": 0.5,
        "Table": {"CapacityUnits": 0},
        "GlobalSecondaryIndexes": {"open": {"CapacityUnits": 0.5}},
    }


def test_a_write_costs_one_unit_per_kb_of_the_larger_of_before_and_after(world: World) -> None:
    def put(size: int) -> float:
        return units(world.call("PutItem", Item=item_of(size), ReturnConsumedCapacity="TOTAL"))

    assert put(1 * KB) == 1
    assert put(int(2.5 * KB)) == 3
    assert put(100) == 3
    assert put(100) == 1
    put(2 * KB)
    removed = world.call("DeleteItem", Key=key(), ReturnConsumedCapacity="TOTAL")
    assert units(removed) == 2
    again = world.call("DeleteItem", Key=key(), ReturnConsumedCapacity="TOTAL")
    assert units(again) == 1


def test_a_failed_condition_costs_by_the_item_that_stands_there(world: World) -> None:
    world.call("PutItem", Item=item_of(3 * KB, 1))
    for sk, condition, expected in (
        (1, "attribute_not_exists(pk)", 3),
        (2, "attribute_exists(pk)", 1),
    ):
        before = world.engine.meter.write_total
        with pytest.raises(ConditionFailedError):
            world.call("DeleteItem", Key=key(sk), ConditionExpression=condition)
        assert world.engine.meter.write_total - before == expected


def index_units(world: World, **attributes: Any) -> dict[str, float]:
    """What each index pays when item 1 is replaced by one with these attributes."""
    response = world.call("PutItem", Item={**key(), **attributes}, ReturnConsumedCapacity="INDEXES")
    consumed = response["ConsumedCapacity"]
    indexes = consumed.get("GlobalSecondaryIndexes", {})
    assert consumed["CapacityUnits"] == 1 + sum(part["CapacityUnits"] for part in indexes.values())
    return {name: part["CapacityUnits"] for name, part in indexes.items()}


def test_an_index_pays_0_1_or_2_writes_according_to_what_changed(world: World) -> None:
    acme = {"brand": text("Acme")}
    assert index_units(world, note=text("not indexed")) == {}
    assert index_units(world, **acme) == {"by_brand": 1}
    assert index_units(world, **acme, note=text("not projected")) == {}
    assert index_units(world, **acme, price=number(1)) == {"by_brand": 1}
    assert index_units(world, brand=text("Other"), price=number(1)) == {"by_brand": 2}
    assert index_units(world) == {"by_brand": 1}
    assert index_units(world) == {}


def test_a_transaction_costs_twice_per_item_and_says_which_units(world: World) -> None:
    items = [{"Put": {"TableName": "catalog", "Item": item_of(500, sk)}} for sk in range(3)]
    written = world.engine.execute(
        "TransactWriteItems", {"TransactItems": items, "ReturnConsumedCapacity": "TOTAL"}
    )
    assert written["ConsumedCapacity"] == [
        {"TableName": "catalog", "CapacityUnits": 6, "WriteCapacityUnits": 6}
    ]
    gets = [{"Get": {"TableName": "catalog", "Key": key(sk)}} for sk in range(3)]
    read = world.engine.execute(
        "TransactGetItems", {"TransactItems": gets, "ReturnConsumedCapacity": "TOTAL"}
    )
    assert read["ConsumedCapacity"] == [
        {"TableName": "catalog", "CapacityUnits": 6, "ReadCapacityUnits": 6}
    ]


def test_a_repeated_transaction_is_charged_as_a_read(world: World) -> None:
    for expected in ("WriteCapacityUnits", "ReadCapacityUnits"):
        response = world.transact(
            ("Put", {"Item": item_of(5 * KB)}),
            ClientRequestToken="t1",
            ReturnConsumedCapacity="TOTAL",
        )
        consumed = response["ConsumedCapacity"][0]
        assert consumed[expected] == {"WriteCapacityUnits": 10, "ReadCapacityUnits": 4}[expected]


def test_a_condition_check_and_a_cancelled_transaction_consume_writes_too(world: World) -> None:
    world.put(1)
    check = ("ConditionCheck", {"Key": key(1), "ConditionExpression": "attribute_exists(pk)"})
    assert units(world.transact(check, ReturnConsumedCapacity="TOTAL")) == 2
    before = world.engine.meter.write_total
    failing = ("ConditionCheck", {"Key": key(2), "ConditionExpression": "attribute_exists(pk)"})
    with pytest.raises(TransactionCanceledError):
        world.transact(check, failing)
    assert world.engine.meter.write_total - before == 4


def test_the_meter_adds_up_every_request_by_table_and_index(world: World) -> None:
    world.put(1, brand=text("Acme"))
    world.get()
    meter = world.engine.meter
    assert dict(meter.write) == {("catalog", None): 1, ("catalog", "by_brand"): 1}
    assert dict(meter.read) == {("catalog", None): 1}
    assert (meter.write_total, meter.read_total) == (2, 1)

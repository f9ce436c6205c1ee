"""Reads of indexes, sparse and projected, and reads that lag behind.

Source: Amazon DynamoDB Developer Guide, "Using Global Secondary Indexes in DynamoDB", "DynamoDB
read consistency".
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulation.dynamodb import Read, ValidationError
from tests.unit.dynamodb.world import World, key, number, text


def sort_keys(response: dict[str, Any]) -> list[int]:
    """The sort keys of a page."""
    return [int(item["sk"]["N"]) for item in response["Items"]]


def opened(world: World, **parameters: Any) -> dict[str, Any]:
    """A query of the index of open items."""
    request: dict[str, Any] = {
        "IndexName": "open",
        "KeyConditionExpression": "#o = :o",
        "ExpressionAttributeNames": {"#o": "open"},
        "ExpressionAttributeValues": {":o": text("1")},
    }
    return world.call("Query", **(request | parameters))


def test_an_index_holds_only_items_with_all_its_keys_in_its_own_order(world: World) -> None:
    world.put(1, open=text("1"), due_at=number(30))
    world.put(2, open=text("1"), due_at=number(4))
    world.put(3, open=text("1"))
    world.put(4, due_at=number(5))
    world.put(5, open=text("0"), due_at=number(5))
    assert sort_keys(opened(world)) == [2, 1]
    world.update("REMOVE #o", ExpressionAttributeNames={"#o": "open"}, sk=2)
    assert sort_keys(opened(world)) == [1]


def test_an_index_follows_updates_and_deletes(world: World) -> None:
    world.put(1, open=text("1"), due_at=number(30))
    world.put(2, open=text("1"), due_at=number(40))
    world.update("SET due_at = :d", ExpressionAttributeValues={":d": number(50)})
    assert sort_keys(opened(world)) == [2, 1]
    world.call("DeleteItem", Key=key(2))
    assert sort_keys(opened(world)) == [1]


def test_an_index_gives_only_what_it_projects(world: World) -> None:
    world.put(
        1, brand=text("Acme"), price=number(5), open=text("1"), due_at=number(1), note=text("n")
    )
    assert opened(world)["Items"] == [{**key(), "open": text("1"), "due_at": number(1)}]
    by_brand = world.call(
        "Query",
        IndexName="by_brand",
        KeyConditionExpression="brand = :b",
        ExpressionAttributeValues={":b": text("Acme")},
    )
    assert by_brand["Items"] == [{**key(), "brand": text("Acme"), "price": number(5)}]


def test_an_index_cannot_be_read_consistently_nor_give_all_attributes(world: World) -> None:
    with pytest.raises(ValidationError, match="Consistent reads are not supported"):
        opened(world, ConsistentRead=True)
    with pytest.raises(ValidationError, match="ALL_ATTRIBUTES is not supported"):
        opened(world, Select="ALL_ATTRIBUTES")
    with pytest.raises(ValidationError, match="does not have the specified index: nope"):
        opened(world, IndexName="nope")


def test_an_index_query_cannot_look_at_what_the_index_does_not_hold(world: World) -> None:
    world.put(open=text("1"), due_at=number(1), note=text("n"))
    with pytest.raises(ValidationError, match=r"does not project \[note\]"):
        opened(world, ProjectionExpression="note")
    with pytest.raises(ValidationError, match=r"one or more filter attributes: \[note\]"):
        opened(world, FilterExpression="attribute_exists(note)")
    scan = world.call("Scan", IndexName="open", FilterExpression="attribute_exists(note)")
    assert (scan["Count"], scan["ScannedCount"]) == (0, 1)
    assert opened(world, FilterExpression="attribute_exists(due_at)")["Count"] == 1


def test_an_index_page_starts_from_both_keys(world: World) -> None:
    for sk in range(5):
        world.put(sk, open=text("1"), due_at=number(7))
    first = opened(world, Limit=2)
    assert first["LastEvaluatedKey"] == {**key(1), "open": text("1"), "due_at": number(7)}
    rest = opened(world, ExclusiveStartKey=first["LastEvaluatedKey"])
    assert sort_keys(first) + sort_keys(rest) == [0, 1, 2, 3, 4]


# Staleness.


def test_an_index_read_can_lag_behind_by_a_number_of_item_changes(world: World) -> None:
    world.put(1, open=text("1"), due_at=number(1))
    world.put(2, open=text("1"), due_at=number(2))
    world.update("SET due_at = :d", ExpressionAttributeValues={":d": number(3)})
    world.call("DeleteItem", Key=key(2))
    seen = []
    for lag in range(6):
        world.engine.lag_of = lambda read, lag=lag: lag
        seen.append([(item["sk"]["N"], item["due_at"]["N"]) for item in opened(world)["Items"]])
    assert seen == [
        [("1", "3")],
        [("2", "2"), ("1", "3")],
        [("1", "1"), ("2", "2")],
        [("1", "1")],
        [],
        [],
    ]


def test_an_eventual_get_can_be_stale_and_a_consistent_one_never_is(world: World) -> None:
    world.put(price=number(1))
    world.put(price=number(2))
    asked: list[Read] = []

    def lag_of(read: Read) -> int:
        asked.append(read)
        return 1

    world.engine.lag_of = lag_of
    assert world.call("GetItem", Key=key())["Item"]["price"] == number(1)
    assert world.call("GetItem", Key=key(), ConsistentRead=True)["Item"]["price"] == number(2)
    assert [read.index for read in asked] == [None]
    assert asked[0].table == "catalog"


def test_a_copy_of_the_engine_goes_its_own_way(world: World) -> None:
    world.put(1, open=text("1"), due_at=number(1))
    twin = World()
    twin.engine = world.engine.copy()
    twin.put(2, open=text("1"), due_at=number(2))
    world.call("DeleteItem", Key=key(1))
    assert sort_keys(opened(twin)) == [1, 2]
    assert sort_keys(opened(world)) == []
    assert len(twin.engine.stream("catalog")) == len(world.engine.stream("catalog")) == 2

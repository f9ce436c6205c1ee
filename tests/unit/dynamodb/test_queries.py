"""Reads of the table: keys, ranges, pages, filters, projections, batches.

Source: Amazon DynamoDB API Reference, GetItem, BatchGetItem, Query, Scan; Developer Guide,
"Querying tables in DynamoDB".
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulation.dynamodb import ValidationError
from tests.unit.dynamodb.world import World, item_of, key, number, text


def sort_keys(response: dict[str, Any]) -> list[int]:
    """The sort keys of a page."""
    return [int(item["sk"]["N"]) for item in response["Items"]]


def queried(world: World, condition: str = "pk = :p", **parameters: Any) -> dict[str, Any]:
    """A query of partition "a"."""
    values = {":p": text("a"), **parameters.pop("values", {})}
    return world.call(
        "Query",
        KeyConditionExpression=condition,
        ExpressionAttributeValues=values,
        **parameters,
    )


@pytest.fixture
def filled(world: World) -> World:
    for sk in (10, 9, 1, 100, -2):
        world.put(sk, price=number(sk * 2))
    world.put(1, pk="b")
    return world


def test_numbers_sort_by_value_forwards_and_backwards(filled: World) -> None:
    assert sort_keys(queried(filled)) == [-2, 1, 9, 10, 100]
    assert sort_keys(queried(filled, ScanIndexForward=False)) == [100, 10, 9, 1, -2]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("pk = :p AND sk = :a", [9]),
        ("pk = :p AND sk < :a", [-2, 1]),
        ("pk = :p AND sk <= :a", [-2, 1, 9]),
        ("pk = :p AND sk > :a", [10, 100]),
        ("sk >= :a AND pk = :p", [9, 10, 100]),
        ("(pk = :p) AND (sk BETWEEN :a AND :b)", [9, 10]),
    ],
)
def test_a_range_of_sort_keys_can_be_asked_for(
    filled: World, condition: str, expected: list[int]
) -> None:
    values = {":a": number(9)} | ({":b": number("10.0")} if ":b" in condition else {})
    assert sort_keys(queried(filled, condition, values=values)) == expected


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("sk = :p", "Query condition missed key schema element: pk"),
        ("pk > :p", "Query key condition not supported"),
        ("pk = :p AND price = :p", "Query condition missed key schema element: sk"),
        ("pk = :p AND pk = :p", "must only contain one condition per key"),
        ("pk = :p OR sk = :p", "Invalid operator used in KeyConditionExpression: OR"),
        ("pk <> :p", "Unsupported operator on KeyCondition"),
        ("pk = :p AND sk = :p", "Condition parameter type does not match schema type"),
        ("pk = :p AND begins_with(sk, :p)", "Condition parameter type does not match"),
        ("pk.a = :p", "nested attributes"),
    ],
)
def test_a_key_condition_that_does_not_fit_the_keys_is_refused(
    filled: World, condition: str, message: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        queried(filled, condition)
    assert message in refused.value.message


def test_pages_join_up_to_the_whole_in_either_direction(filled: World) -> None:
    for forward in (True, False):
        whole = sort_keys(queried(filled, ScanIndexForward=forward))
        pages: list[int] = []
        parameters: dict[str, Any] = {"Limit": 2, "ScanIndexForward": forward}
        while True:
            page = queried(filled, **parameters)
            pages += sort_keys(page)
            if "LastEvaluatedKey" not in page:
                break
            parameters["ExclusiveStartKey"] = page["LastEvaluatedKey"]
        assert pages == whole


def test_a_page_continues_after_an_item_that_was_deleted_meanwhile(filled: World) -> None:
    first = queried(filled, Limit=2)
    filled.call("DeleteItem", Key=key(1))
    assert sort_keys(queried(filled, ExclusiveStartKey=first["LastEvaluatedKey"])) == [9, 10, 100]


@pytest.mark.parametrize(
    "start",
    [
        {"pk": {"S": "a"}},
        {**key(1), "price": {"N": "1"}},
        {"pk": {"S": "a"}, "sk": {"S": "1"}},
        key(1, "b"),
    ],
)
def test_a_start_key_that_this_query_cannot_have_given_is_refused(
    filled: World, start: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError):
        queried(filled, ExclusiveStartKey=start)


def test_limit_counts_what_is_looked_at_before_the_filter(filled: World) -> None:
    page = queried(filled, Limit=3, FilterExpression="price > :m", values={":m": number(10)})
    assert (page["Count"], page["ScannedCount"]) == (1, 3)
    assert sort_keys(page) == [9]
    assert page["LastEvaluatedKey"] == key(9)


def test_a_page_ends_after_one_megabyte(world: World) -> None:
    for sk in range(4):
        world.call("PutItem", Item=item_of(350_000, sk))
    page = queried(world)
    assert page["Count"] == 3
    assert sort_keys(queried(world, ExclusiveStartKey=page["LastEvaluatedKey"])) == [3]


def test_count_gives_no_items(filled: World) -> None:
    page = queried(filled, Select="COUNT")
    assert page == {"Count": 5, "ScannedCount": 5}


def test_a_projection_gives_only_the_parts_asked_for(world: World) -> None:
    world.put(
        reviews={"M": {"five": {"L": [text("a"), text("b")]}, "one": text("c")}},
        related={"L": [number(1), number(2), number(3)]},
    )
    response = world.call(
        "GetItem",
        Key=key(),
        ProjectionExpression="related[2], related[0], #r.five[1], #r.two, lost",
        ExpressionAttributeNames={"#r": "reviews"},
    )
    assert response["Item"] == {
        "related": {"L": [number(1), number(3)]},
        "reviews": {"M": {"five": {"L": [text("b")]}}},
    }


@pytest.mark.parametrize(
    "projection", ["price, price", "reviews, reviews.five", "", "price,", "a b"]
)
def test_a_malformed_projection_is_refused(world: World, projection: str) -> None:
    with pytest.raises(ValidationError):
        world.call("GetItem", Key=key(), ProjectionExpression=projection)


def test_a_key_must_be_the_table_s_key_exactly(world: World) -> None:
    for wrong in (
        {"pk": text("a")},
        {"pk": text("a"), "sk": text("1")},
        {**key(), "price": number(1)},
    ):
        with pytest.raises(ValidationError, match="key element does not match the schema"):
            world.call("GetItem", Key=wrong)
    with pytest.raises(ValidationError, match="cannot contain an empty string value"):
        world.call("GetItem", Key=key(1, ""))
    with pytest.raises(ValidationError, match="size limit of 2048 bytes"):
        world.call("GetItem", Key=key(1, "x" * 2049))


def test_an_item_must_have_the_table_s_key(world: World) -> None:
    with pytest.raises(ValidationError, match="Missing the key sk in the item"):
        world.call("PutItem", Item={"pk": text("a")})
    with pytest.raises(ValidationError, match="Type mismatch for key sk expected: N actual: S"):
        world.call("PutItem", Item={"pk": text("a"), "sk": text("1")})


def test_batch_get_gives_what_exists_and_refuses_a_key_twice(filled: World) -> None:
    def batch(*keys: Any) -> Any:
        wanted = {"catalog": {"Keys": list(keys), "ConsistentRead": True}}
        return filled.engine.execute("BatchGetItem", {"RequestItems": wanted})

    response = batch(key(9), key(77), key(1, "b"))
    assert [item["pk"]["S"] for item in response["Responses"]["catalog"]] == ["a", "b"]
    assert response["UnprocessedKeys"] == {}
    with pytest.raises(ValidationError, match="contains duplicates"):
        batch(key(9), {"pk": text("a"), "sk": number("9.0")})
    with pytest.raises(ValidationError, match="Too many items"):
        batch(*(key(sk) for sk in range(101)))


def test_scan_reads_everything_and_is_counted(filled: World) -> None:
    assert filled.call("Scan")["Count"] == 6
    assert filled.engine.calls["Scan"] == 1
    assert filled.engine.calls["Query"] == 0

"""The change stream, TTL, and the table read from the template.

Source: Amazon DynamoDB Developer Guide, "Change data capture for DynamoDB Streams", "Using time
to live (TTL) in DynamoDB".
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulation.dynamodb import (
    DynamoDBError,
    Engine,
    ResourceNotFoundError,
    TransactionCanceledError,
    UnsupportedRequestError,
    ValidationError,
    table_from_template,
)
from tests.unit.dynamodb.world import TABLE, World, key, number, text

TEMPLATE = Path(__file__).resolve().parents[3] / "template.yaml"


def test_each_change_leaves_one_record_with_its_images_in_order(world: World) -> None:
    first = world.put(price=number(1))
    second = world.update("SET price = :p", ExpressionAttributeValues={":p": number(2)})
    world.call("DeleteItem", Key=key())
    records = world.engine.stream("catalog").records()
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"]
    images = [
        (record["dynamodb"].get("OldImage"), record["dynamodb"].get("NewImage"))
        for record in records
    ]
    assert images == [(None, first), (first, second), (second, None)]
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    assert numbers == sorted(set(numbers))
    assert {record["eventSource"] for record in records} == {"aws:dynamodb"}
    assert all(record["dynamodb"]["Keys"] == key() for record in records)
    assert records[0]["dynamodb"]["ApproximateCreationDateTime"] == 1_700_000_000


def test_a_write_that_changes_nothing_leaves_no_record(world: World) -> None:
    world.put(price=number("1.0"))
    world.put(price=number(1))
    world.update("SET price = price")
    world.call("DeleteItem", Key=key(9))
    assert len(world.engine.stream("catalog")) == 1


def test_a_failed_or_cancelled_write_leaves_no_record(world: World) -> None:
    with pytest.raises(TransactionCanceledError):
        world.transact(
            ("Put", {"Item": key(1)}),
            ("ConditionCheck", {"Key": key(2), "ConditionExpression": "attribute_exists(pk)"}),
        )
    assert len(world.engine.stream("catalog")) == 0


def test_a_reader_goes_on_from_where_it_stopped(world: World) -> None:
    for sk in range(5):
        world.put(sk)
    stream = world.engine.stream("catalog")
    assert [r["dynamodb"]["Keys"]["sk"]["N"] for r in stream.records(after=1, limit=2)] == [
        "1",
        "2",
    ]
    assert [r["dynamodb"]["Keys"]["sk"]["N"] for r in stream.records(after=3)] == ["3", "4"]


def test_a_stream_shows_only_the_images_it_is_told_to() -> None:
    world = World()
    world.engine = Engine(clock=lambda: 0)
    view = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    world.engine.create_table({**TABLE, "StreamSpecification": view})
    world.put()
    world.call("DeleteItem", Key=key())
    insert, remove = (record["dynamodb"] for record in world.engine.stream("catalog").records())
    assert "NewImage" in insert
    assert "OldImage" not in remove


def test_expired_items_go_when_the_test_says_so_and_the_stream_says_why(world: World) -> None:
    world.put(1, purge_at=number(100), open=text("1"), due_at=number(1))
    world.put(2, purge_at=number(101))
    world.put(3, purge_at=text("100"))
    world.put(4)
    assert world.engine.expire_items(100) == 1
    assert [item["sk"]["N"] for item in world.engine.items("catalog")] == ["2", "3", "4"]
    record = world.engine.stream("catalog").records()[-1]
    assert record["eventName"] == "REMOVE"
    assert record["userIdentity"]["principalId"] == "dynamodb.amazonaws.com"


def test_a_ttl_of_over_five_years_ago_expires_nothing(world: World) -> None:
    world.put(purge_at=number(0))
    assert world.engine.expire_items(5 * 365 * 24 * 3600) == 0


def test_the_template_s_table_can_be_made() -> None:
    engine = Engine(clock=lambda: 0)
    engine.create_table(table_from_template(TEMPLATE, table_name="payments"))
    description = engine.execute("DescribeTable", {"TableName": "payments"})["Table"]
    assert description["TableStatus"] == "ACTIVE"
    assert {index["IndexName"] for index in description["GlobalSecondaryIndexes"]} == {
        "open",
        "by_checkout",
        "by_day",
        "person",
    }
    assert engine.tables["payments"].schema.ttl_attribute == "purge_at"


def test_a_template_without_exactly_one_table_is_refused(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text("Resources:\n  Queue: {Type: 'AWS::SQS::Queue', Properties: !Ref X}\n")
    with pytest.raises(ValueError, match="found none"):
        table_from_template(template)


def test_a_table_is_made_once_and_must_define_its_keys(world: World) -> None:
    with pytest.raises(DynamoDBError, match="ResourceInUseException"):
        world.engine.create_table(TABLE)
    with pytest.raises(ValidationError, match="not defined in AttributeDefinitions"):
        world.engine.create_table({**TABLE, "TableName": "other", "AttributeDefinitions": []})
    extra = [*TABLE["AttributeDefinitions"], {"AttributeName": "x", "AttributeType": "S"}]
    with pytest.raises(ValidationError, match="not used"):
        world.engine.create_table({**TABLE, "TableName": "other", "AttributeDefinitions": extra})
    with pytest.raises(ResourceNotFoundError):
        world.engine.execute("GetItem", {"TableName": "other", "Key": key()})


def test_what_the_engine_does_not_speak_is_refused_loudly(world: World) -> None:
    with pytest.raises(UnsupportedRequestError, match="Expected"):
        world.call("PutItem", Item=key(), Expected={})
    with pytest.raises(DynamoDBError, match="UnknownOperationException"):
        world.call("DeleteTable")

"""Transactions: all or nothing, reasons in item order, tokens, no item twice.

Source: Amazon DynamoDB API Reference, TransactWriteItems, TransactGetItems; Developer Guide,
"Amazon DynamoDB Transactions: How it works".
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulation.dynamodb import (
    DynamoDBError,
    ResourceNotFoundError,
    TransactionCanceledError,
    ValidationError,
)
from tests.unit.dynamodb.world import World, key, number, text

ABSENT = "attribute_not_exists(pk)"
EXISTS = "attribute_exists(pk)"


def put(sk: int, condition: str | None = None, **more: Any) -> tuple[str, dict[str, Any]]:
    """A Put of a transaction."""
    action: dict[str, Any] = {"Item": {**key(sk), "price": number(sk)}, **more}
    return "Put", action | ({} if condition is None else {"ConditionExpression": condition})


def check(sk: int, condition: str, **more: Any) -> tuple[str, dict[str, Any]]:
    """A ConditionCheck of a transaction."""
    return "ConditionCheck", {"Key": key(sk), "ConditionExpression": condition, **more}


def set_price(sk: int, price: str, **more: Any) -> tuple[str, dict[str, Any]]:
    """An Update of a transaction that sets the price from an expression."""
    return "Update", {"Key": key(sk), "UpdateExpression": f"SET price = {price}", **more}


def test_every_kind_of_action_happens_together(world: World) -> None:
    world.put(1, price=number(1))
    world.put(2)
    world.put(3)
    assert (
        world.transact(
            set_price(1, "price + :o", ExpressionAttributeValues={":o": number(1)}),
            ("Delete", {"Key": key(2)}),
            check(3, EXISTS),
            put(4, ABSENT),
        )
        == {}
    )
    assert world.get(1) == {**key(1), "price": number(2)}
    assert world.get(2) is None
    assert world.get(4) == {**key(4), "price": number(4)}


def test_one_failed_condition_undoes_all_and_each_item_gets_its_reason(world: World) -> None:
    stored = world.put(2, price=number(7))
    with pytest.raises(TransactionCanceledError) as canceled:
        world.transact(
            put(1),
            put(2, ABSENT, ReturnValuesOnConditionCheckFailure="ALL_OLD"),
            check(3, EXISTS, ReturnValuesOnConditionCheckFailure="ALL_OLD"),
            put(4),
        )
    failed = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
    assert canceled.value.reasons == [
        {"Code": "None"},
        failed | {"Item": stored},
        failed,
        {"Code": "None"},
    ]
    assert canceled.value.message == (
        "Transaction cancelled, please refer cancellation reasons for specific reasons "
        "[None, ConditionalCheckFailed, ConditionalCheckFailed, None]"
    )
    assert world.get(1) is None
    assert world.get(4) is None


def test_an_update_that_cannot_be_applied_is_a_reason_too(world: World) -> None:
    world.put(1, price=text("dear"))
    with pytest.raises(TransactionCanceledError) as canceled:
        world.transact(
            put(2), set_price(1, "price + :o", ExpressionAttributeValues={":o": number(1)})
        )
    assert [reason["Code"] for reason in canceled.value.reasons] == ["None", "ValidationError"]
    assert world.get(2) is None


def test_a_key_that_does_not_fit_the_table_is_a_reason(world: World) -> None:
    with pytest.raises(TransactionCanceledError) as canceled:
        world.transact(put(1), ("Delete", {"Key": {"pk": text("a")}}))
    assert canceled.value.reasons[1] == {
        "Code": "ValidationError",
        "Message": "The provided key element does not match the schema",
    }


def test_a_malformed_action_refuses_the_whole_request(world: World) -> None:
    with pytest.raises(ValidationError, match="Syntax error"):
        world.transact(put(1), check(2, "price ="))
    with pytest.raises(ValidationError, match="unused in expressions"):
        world.transact(put(1, ABSENT, ExpressionAttributeValues={":v": number(1)}))
    with pytest.raises(ValidationError, match="must not be null"):
        world.transact(("ConditionCheck", {"Key": key(1)}))
    with pytest.raises(ResourceNotFoundError):
        world.transact(put(1), ("Delete", {"TableName": "nope", "Key": key(2)}))
    assert world.get(1) is None


def test_one_item_may_be_named_only_once(world: World) -> None:
    with pytest.raises(ValidationError, match="multiple operations on one item"):
        world.transact(check(1, ABSENT), put(1))


def test_a_transaction_has_1_to_100_items(world: World) -> None:
    world.transact(*(put(sk) for sk in range(100)))
    with pytest.raises(ValidationError, match="less than or equal to 100"):
        world.transact(*(put(sk) for sk in range(101)))
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        world.transact()


def test_conditions_see_the_items_as_they_were_before_the_transaction(world: World) -> None:
    world.put(1, price=number(1))
    world.transact(
        put(2, ABSENT), check(1, "price = :p", ExpressionAttributeValues={":p": number(1)})
    )
    with pytest.raises(TransactionCanceledError):
        world.transact(put(2, ABSENT), check(1, EXISTS))


# Tokens.


def test_the_same_token_and_request_again_succeeds_and_changes_nothing(world: World) -> None:
    bump = set_price(1, "price + :o", ExpressionAttributeValues={":o": number(1)})
    world.put(1, price=number(1))
    for _ in range(3):
        world.transact(bump, ClientRequestToken="t1")
    assert world.get(1) == {**key(1), "price": number(2)}
    assert len(world.engine.stream("catalog")) == 2


def test_a_repeat_succeeds_even_where_its_condition_no_longer_holds(world: World) -> None:
    world.transact(put(1, ABSENT), ClientRequestToken="t1")
    world.transact(put(1, ABSENT), ClientRequestToken="t1")
    with pytest.raises(TransactionCanceledError):
        world.transact(put(1, ABSENT), ClientRequestToken="t2")


def test_the_same_token_with_other_parameters_is_a_mismatch(world: World) -> None:
    world.transact(put(1), ClientRequestToken="t1")
    with pytest.raises(DynamoDBError) as refused:
        world.transact(put(2), ClientRequestToken="t1")
    assert refused.value.code == "IdempotentParameterMismatchException"
    assert world.get(2) is None


def test_a_token_is_forgotten_after_ten_minutes(world: World) -> None:
    bump = (
        "Update",
        {
            "Key": key(1),
            "UpdateExpression": "ADD price :o",
            "ExpressionAttributeValues": {":o": number(1)},
        },
    )
    world.transact(bump, ClientRequestToken="t1")
    world.now += 599
    world.transact(bump, ClientRequestToken="t1")
    assert world.get(1) == {**key(1), "price": number(1)}
    world.now += 1
    world.transact(bump, ClientRequestToken="t1")
    assert world.get(1) == {**key(1), "price": number(2)}


def test_a_cancelled_transaction_leaves_no_token_behind(world: World) -> None:
    with pytest.raises(TransactionCanceledError):
        world.transact(check(1, EXISTS), put(2), ClientRequestToken="t1")
    world.put(1)
    world.transact(check(1, EXISTS), put(2), ClientRequestToken="t1")
    assert world.get(2) is not None


def test_a_token_has_at_most_36_characters(world: World) -> None:
    with pytest.raises(ValidationError, match="less than or equal to 36"):
        world.transact(put(1), ClientRequestToken="x" * 37)


# Reads.


def test_transact_get_gives_one_answer_per_key_in_order(world: World) -> None:
    world.put(1, price=number(1), cost=number(2))
    gets = [
        {"Get": {"TableName": "catalog", "Key": key(5)}},
        {"Get": {"TableName": "catalog", "Key": key(1), "ProjectionExpression": "cost"}},
    ]
    response = world.engine.execute("TransactGetItems", {"TransactItems": gets})
    assert response["Responses"] == [{}, {"Item": {"cost": number(2)}}]
    with pytest.raises(ValidationError, match="multiple operations on one item"):
        world.engine.execute("TransactGetItems", {"TransactItems": [gets[0], gets[0]]})

"""Condition expressions, by the Developer Guide's examples and rules.

Source: Amazon DynamoDB Developer Guide, "Condition and filter expressions, operators, and
functions in DynamoDB" and "DynamoDB condition expression CLI example".
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulation.dynamodb import ConditionFailedError, ValidationError
from tests.unit.dynamodb.world import World, key, number, text

PRODUCT: dict[str, Any] = {
    "price": number(650),
    "category": text("Sporting Goods"),
    "color": {"SS": ["Black", "Red"]},
    "parts": {"L": [text("frame"), number(2)]},
    "pictures": {"M": {"front": text("http://example.com/front.jpg")}},
    "digest": {"B": "AAECAw=="},
    "in_stock": {"BOOL": True},
    "nothing": {"NULL": True},
}


def holds(world: World, condition: str, names: dict[str, str] | None = None, **values: Any) -> bool:
    """Whether the condition is true of the product; nothing is changed."""
    request: dict[str, Any] = {"Key": key(), "ConditionExpression": condition}
    if names:
        request["ExpressionAttributeNames"] = names
    if values:
        request["ExpressionAttributeValues"] = {f":{n}": value for n, value in values.items()}
    check = {"TableName": "catalog", **request}
    try:
        world.engine.execute("TransactWriteItems", {"TransactItems": [{"ConditionCheck": check}]})
    except Exception as error:
        if getattr(error, "code", "") != "TransactionCanceledException":
            raise
        return False
    return True


@pytest.fixture
def product(world: World) -> World:
    world.put(**PRODUCT)
    return world


def test_the_guide_s_conditional_delete_fails_because_the_price_is_out_of_range(
    product: World,
) -> None:
    with pytest.raises(ConditionFailedError):
        product.call(
            "DeleteItem",
            Key=key(),
            ConditionExpression="(category IN (:cat1, :cat2)) and (price between :lo and :hi)",
            ExpressionAttributeValues={
                ":cat1": text("Sporting Goods"),
                ":cat2": text("Gardening Supplies"),
                ":lo": number(500),
                ":hi": number(600),
            },
        )
    assert product.get() is not None


@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        ("attribute_exists(price)", {}, True),
        ("attribute_exists(pictures.front)", {}, True),
        ("attribute_exists(pictures.rear)", {}, False),
        ("attribute_exists(parts[1])", {}, True),
        ("attribute_exists(parts[2])", {}, False),
        ("attribute_not_exists(weight)", {}, True),
        ("attribute_not_exists(price)", {}, False),
        ("attribute_exists(nothing)", {}, True),
        ("attribute_type(color, :v)", {"v": text("SS")}, True),
        ("attribute_type(color, :v)", {"v": text("S")}, False),
        ("attribute_type(nothing, :v)", {"v": text("NULL")}, True),
        ("begins_with(pictures.front, :v)", {"v": text("http://")}, True),
        ("begins_with(category, :v)", {"v": text("Goods")}, False),
        ("begins_with(digest, :v)", {"v": {"B": "AAE="}}, True),
        ("contains(color, :v)", {"v": text("Red")}, True),
        ("contains(color, :v)", {"v": text("Re")}, False),
        ("contains(category, :v)", {"v": text("ting")}, True),
        ("contains(parts, :v)", {"v": number("2.0")}, True),
        ("size(category) = :v", {"v": number(14)}, True),
        ("size(color) = :v", {"v": number(2)}, True),
        ("size(parts) < :v", {"v": number(2)}, False),
        ("size(digest) = :v", {"v": number(4)}, True),
        ("size(weight) < :v", {"v": number(9)}, False),
        ("size(price) > :v", {"v": number(0)}, False),
        ("price > :v", {"v": number("649.99")}, True),
        ("price >= :v", {"v": number("6.5e2")}, True),
        ("price = :v", {"v": number("650.00")}, True),
        ("price < :v", {"v": number(70)}, False),
        ("price BETWEEN :a AND :b", {"a": number(650), "b": number(650)}, True),
        ("price IN (:a, :b)", {"a": number(1), "b": number("650.0")}, True),
        ("color = :v", {"v": {"SS": ["Red", "Black"]}}, True),
        ("in_stock = :v", {"v": {"BOOL": False}}, False),
    ],
)
def test_each_function_and_comparator_does_what_the_guide_says(
    product: World, condition: str, values: dict[str, Any], expected: bool
) -> None:
    assert holds(product, condition, **values) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("weight = :v", False),
        ("weight <> :v", True),
        ("weight < :v", False),
        ("weight >= :v", False),
        ("weight BETWEEN :v AND :v", False),
        ("weight IN (:v)", False),
        ("NOT weight = :v", True),
        ("weight = height AND price = :v", False),
        ("weight <> height AND price = :v", True),
    ],
)
def test_an_attribute_that_does_not_exist_equals_nothing(
    product: World, condition: str, expected: bool
) -> None:
    assert holds(product, condition, v=number(650)) is expected


def test_values_of_two_types_are_unequal_and_not_ordered(product: World) -> None:
    assert not holds(product, "price = :v", v=text("650"))
    assert holds(product, "price <> :v", v=text("650"))
    assert not holds(product, "price < :v OR price > :v", v=text("650"))


def test_not_binds_tighter_than_and_and_and_tighter_than_or(product: World) -> None:
    yes, no = "attribute_exists(price)", "attribute_exists(weight)"
    assert holds(product, f"{yes} OR {no} AND {no}")
    assert not holds(product, f"({yes} OR {no}) AND {no}")
    assert holds(product, f"NOT {no} AND {yes}")
    assert not holds(product, f"NOT ({no} OR {yes})")
    assert holds(product, f"not {no} and {yes} or {no}")


def test_text_is_ordered_by_its_utf_8_bytes(world: World) -> None:
    world.put(name=text("é"))
    assert holds(world, "#n > :v", {"#n": "name"}, v=text("z"))
    assert holds(world, "#n < :v", {"#n": "name"}, v=text("\U0001f600"))


def test_a_name_reference_with_a_dot_is_one_attribute(world: World) -> None:
    world.call("PutItem", Item={**key(), "safety.warning": text("x")})
    assert holds(world, "attribute_exists(#s)", {"#s": "safety.warning"})
    assert not holds(world, "attribute_exists(safety.warning)")


def test_a_condition_on_an_absent_item_sees_no_attributes(world: World) -> None:
    assert holds(world, "attribute_not_exists(pk)")
    assert not holds(world, "attribute_exists(pk)")


@pytest.mark.parametrize(
    ("condition", "values", "message"),
    [
        ("", {}, "Invalid ConditionExpression: The expression can not be empty;"),
        ("price", {}, "Syntax error"),
        ("price = ", {"v": 1}, "Syntax error"),
        ("price = :v AND", {"v": 1}, "Syntax error"),
        ("(price = :v", {"v": 1}, "Syntax error"),
        ("price = :v price", {"v": 1}, "Syntax error"),
        ("price ! :v", {"v": 1}, "Syntax error"),
        ("((price = :v))", {"v": 1}, "redundant parentheses"),
        ("price = price", {}, "The first operand must be distinct"),
        ("nonsense(price)", {}, "Invalid function name; function: nonsense"),
        ("Attribute_Exists(price)", {}, "Invalid function name"),
        ("attribute_exists(:v)", {"v": 1}, "requires a document path"),
        ("status = :v", {"v": 1}, "reserved keyword: status"),
        ("Status = :v", {"v": 1}, "reserved keyword: Status"),
        ("price = :w", {"v": 1}, "attribute value used in expression is not defined"),
        ("#p = :v", {"v": 1}, "attribute name used in the document path is not defined"),
        ("attribute_exists(price)", {"v": 1}, "unused in expressions: keys: {:v}"),
    ],
)
def test_a_malformed_condition_is_refused(
    product: World, condition: str, values: dict[str, int], message: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        holds(product, condition, **{name: number(value) for name, value in values.items()})
    assert message in refused.value.message


@pytest.mark.parametrize(
    ("condition", "values", "message"),
    [
        ("price < :v", {"v": {"BOOL": True}}, "operator or function: <, operand type: BOOL"),
        ("begins_with(price, :v)", {"v": number(1)}, "begins_with, operand type: N"),
        ("attribute_type(price, :v)", {"v": text("STRING")}, "Invalid attribute type name"),
        ("attribute_type(price, :v)", {"v": number(1)}, "operand type: N"),
        ("price BETWEEN :b AND :a", {"a": number(1), "b": number(2)}, "upper bound"),
        ("price BETWEEN :a AND :b", {"a": number(1), "b": text("2")}, "same data type"),
    ],
)
def test_a_literal_of_the_wrong_type_is_refused_even_where_no_item_exists(
    world: World, condition: str, values: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        holds(world, condition, **values)
    assert message in refused.value.message


def test_an_expression_of_over_4_kb_is_refused(product: World) -> None:
    with pytest.raises(ValidationError, match="exceeded the maximum allowed size"):
        holds(product, " AND ".join(["attribute_exists(price)"] * 200))


def test_a_name_that_no_expression_uses_is_refused(product: World) -> None:
    with pytest.raises(ValidationError, match=r"ExpressionAttributeNames unused .*{#x}"):
        holds(product, "attribute_exists(price)", {"#x": "x"})


def test_names_and_values_need_an_expression(world: World) -> None:
    for parameter, entry in (
        ("ExpressionAttributeValues", {":v": number(1)}),
        ("ExpressionAttributeNames", {"#n": "n"}),
    ):
        with pytest.raises(ValidationError, match="can only be specified when using expressions"):
            world.call("PutItem", Item=key(), **{parameter: entry})


def test_an_empty_map_of_values_is_refused(product: World) -> None:
    with pytest.raises(ValidationError, match="ExpressionAttributeValues must not be empty"):
        product.call(
            "DeleteItem",
            Key=key(),
            ConditionExpression="attribute_exists(price)",
            ExpressionAttributeValues={},
        )


def test_a_failed_condition_shows_the_stored_item_only_if_asked(product: World) -> None:
    request = {"Item": key(), "ConditionExpression": "attribute_not_exists(pk)"}
    with pytest.raises(ConditionFailedError) as silent:
        product.call("PutItem", **request)
    with pytest.raises(ConditionFailedError) as telling:
        product.call("PutItem", **request, ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert "Item" not in silent.value.body()
    assert telling.value.body()["Item"] == product.get()

"""Update expressions, by the Developer Guide's examples and rules.

Source: Amazon DynamoDB Developer Guide, "Using update expressions in DynamoDB"; API Reference,
UpdateItem.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulation.dynamodb import ValidationError
from tests.unit.dynamodb.world import World, key, number, text

PRODUCT: dict[str, Any] = {
    "category": text("Home Improvement"),
    "price": number(52),
    "in_stock": {"BOOL": True},
    "maker": text("Acme"),
    "related": {"L": [text("Hammer"), text("Nails"), text("Saw")]},
    "reviews": {"M": {"five": {"L": [text("good"), text("best")]}, "one": {"L": []}}},
    "color": {"SS": ["Red", "Blue"]},
}


@pytest.fixture
def product(world: World) -> World:
    world.put(**PRODUCT)
    return world


def changed(world: World, expression: str, **values: Any) -> dict[str, Any]:
    """The new item after an update with these values."""
    parameters: dict[str, Any] = {}
    if values:
        parameters["ExpressionAttributeValues"] = {f":{n}": v for n, v in values.items()}
    return world.update(expression, **parameters)


def test_set_adds_and_overwrites_attributes(product: World) -> None:
    item = changed(product, "SET category = :c, weight = :w", c=text("Hardware"), w=number("1.20"))
    assert item["category"] == text("Hardware")
    assert item["weight"] == number("1.2")
    assert item["price"] == number(52)


def test_set_replaces_a_list_element_and_appends_beyond_the_end(product: World) -> None:
    item = changed(product, "SET related[1] = :a, related[9] = :b", a=text("Pin"), b=text("Oil"))
    assert item["related"]["L"] == [text("Hammer"), text("Pin"), text("Saw"), text("Oil")]


def test_elements_appended_in_one_set_are_ordered_by_their_position(product: World) -> None:
    item = changed(product, "SET related[9] = :b, related[5] = :a", a=text("a"), b=text("b"))
    assert item["related"]["L"][3:] == [text("a"), text("b")]


def test_set_reaches_into_maps(product: World) -> None:
    item = changed(
        product, "SET reviews.five[1] = :r, reviews.three = :n", r=text("x"), n=number(3)
    )
    assert item["reviews"]["M"]["five"]["L"] == [text("good"), text("x")]
    assert item["reviews"]["M"]["three"] == number(3)
    assert item["reviews"]["M"]["one"] == {"L": []}


def test_set_counts_up_and_down_exactly(product: World) -> None:
    assert changed(product, "SET price = price - :p", p=number("0.1"))["price"] == number("51.9")
    assert changed(product, "SET price = price + :p", p=number("0.1"))["price"] == number(52)
    item = changed(product, "SET price = :p + price", p=number("1e-30"))
    assert item["price"] == number("52." + "0" * 29 + "1")


def test_list_append_adds_at_the_end_or_at_the_start(product: World) -> None:
    more = {"L": [text("Axe")]}
    assert changed(product, "SET related = list_append(related, :v)", v=more)["related"]["L"][
        -1
    ] == (text("Axe"))
    assert changed(product, "SET related = list_append(:v, related)", v=more)["related"]["L"][
        0
    ] == (text("Axe"))


def test_if_not_exists_keeps_what_exists(product: World) -> None:
    assert changed(product, "SET price = if_not_exists(price, :p)", p=number(9))["price"] == number(
        52
    )
    assert changed(product, "SET cost = if_not_exists(cost, :p)", p=number(9))["cost"] == number(9)
    item = changed(product, "SET visits = if_not_exists(visits, :z) + :o", z=number(0), o=number(1))
    assert item["visits"] == number(1)


def test_remove_takes_attributes_and_list_elements_away(product: World) -> None:
    item = changed(product, "REMOVE maker, in_stock, related[0], related[1], weight")
    assert item.keys() == {"pk", "sk", "category", "price", "related", "reviews", "color"}
    assert item["related"]["L"] == [text("Saw")]


def test_remove_of_an_absent_map_entry_or_element_does_nothing(product: World) -> None:
    item = changed(product, "REMOVE reviews.four, related[7]")
    assert item == {**key(), **PRODUCT, "color": {"SS": ["Blue", "Red"]}}


def test_add_counts_and_joins_sets(product: World) -> None:
    assert changed(product, "ADD stock :q", q=number(5))["stock"] == number(5)
    assert changed(product, "ADD stock :q", q=number(-7))["stock"] == number(-2)
    item = changed(product, "ADD color :c", c={"SS": ["Orange", "Red"]})
    assert item["color"] == {"SS": ["Blue", "Orange", "Red"]}


def test_delete_takes_members_and_then_the_empty_set_away(product: World) -> None:
    assert changed(product, "DELETE color :c", c={"SS": ["Red", "Pink"]})["color"] == {
        "SS": ["Blue"]
    }
    assert "color" not in changed(product, "DELETE color :c", c={"SS": ["Blue"]})


def test_a_shift_register_moves_every_value_by_one_in_one_update(world: World) -> None:
    expression = "SET p3 = p2, p2 = p1, p1 = :now"
    world.put(p1=number(3), p2=number(2), p3=number(1))
    item = changed(world, expression, now=number(4))
    assert [item["p1"], item["p2"], item["p3"]] == [number(4), number(3), number(2)]


def test_all_four_sections_work_together_in_any_order(product: World) -> None:
    item = changed(
        product,
        "remove maker ADD stock :n DELETE color :c set price = :n",
        n=number(1),
        c={"SS": ["Red"]},
    )
    assert item["stock"] == item["price"] == number(1)
    assert item["color"] == {"SS": ["Blue"]}
    assert "maker" not in item


def test_an_update_of_an_absent_item_creates_it(world: World) -> None:
    assert changed(world, "SET price = :p", p=number(1)) == {**key(), "price": number(1)}
    assert world.update("REMOVE price", sk=2) == key(2)


def test_an_update_that_cannot_be_applied_changes_nothing(product: World) -> None:
    before = product.get()
    with pytest.raises(ValidationError):
        changed(product, "SET maker = :m, price = maker + :p", m=text("x"), p=number(1))
    assert product.get() == before
    assert before == {**key(), **PRODUCT, "color": {"SS": ["Blue", "Red"]}}


@pytest.mark.parametrize(
    ("expression", "values", "message"),
    [
        ("", {}, "The expression can not be empty"),
        ("price = :p", {"p": number(1)}, "Syntax error"),
        ("SET price :p", {"p": number(1)}, "Syntax error"),
        ("SET price = :p,", {"p": number(1)}, "Syntax error"),
        (
            "SET price = :p SET cost = :p",
            {"p": number(1)},
            'The "SET" section can only be used once',
        ),
        ("SET price = :p, price = :p", {"p": number(1)}, "Two document paths overlap"),
        ("SET reviews.a = :p REMOVE reviews", {"p": number(1)}, "Two document paths overlap"),
        ("SET reviews.a = :p, reviews[1] = :p", {"p": number(1)}, "Two document paths conflict"),
        ("SET price = cost", {}, "refers to an attribute that does not exist"),
        ("SET price = maker + :p", {"p": number(1)}, "has an incorrect data type"),
        ("SET price = price + :p", {"p": text("1")}, "operator or function: +, operand type: S"),
        ("SET maker = list_append(maker, :p)", {"p": {"L": []}}, "incorrect data type"),
        ("SET a1 = list_append(related, :p)", {"p": text("x")}, "list_append, operand type: S"),
        ("SET price = size(related)", {}, "Invalid function name; function: size"),
        ("SET lost.a = :p", {"p": number(1)}, "The document path provided"),
        ("REMOVE lost.a", {}, "The document path provided"),
        ("SET price.a = :p", {"p": number(1)}, "The document path provided"),
        ("ADD maker :p", {"p": number(1)}, "incorrect data type"),
        ("ADD price :p", {"p": text("1")}, "operator: ADD, operand type: S"),
        ("DELETE price :p", {"p": number(1)}, "operator: DELETE, operand type: N"),
        ("DELETE color :p", {"p": {"NS": ["1"]}}, "incorrect data type"),
        ("SET pk = :p", {"p": text("b")}, "Cannot update attribute pk"),
        ("REMOVE sk", {}, "Cannot update attribute sk"),
        ("SET due_at = :p", {"p": text("x")}, "Type mismatch for Index Key due_at"),
        ("SET brand = :p", {"p": text("")}, "empty string value. IndexName: by_brand"),
        ("SET token = :p", {"p": number(1)}, "reserved keyword: token"),
        ("SET price = price + :p", {"p": number("9" * 38)}, "38 significant digits"),
    ],
)
def test_a_wrong_update_is_refused(
    product: World, expression: str, values: dict[str, Any], message: str
) -> None:
    before = product.get()
    with pytest.raises(ValidationError) as refused:
        changed(product, expression, **values)
    assert message in refused.value.message
    assert product.get() == before


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("NONE", None),
        ("ALL_OLD", {**key(), "price": number(1), "cost": number(2)}),
        ("UPDATED_OLD", {"price": number(1)}),
        ("ALL_NEW", {**key(), "price": number(5), "cost": number(2), "weight": number(5)}),
        ("UPDATED_NEW", {"price": number(5), "weight": number(5)}),
    ],
)
def test_return_values_shows_the_part_asked_for(
    world: World, wanted: str, expected: dict[str, Any] | None
) -> None:
    world.put(price=number(1), cost=number(2))
    response = world.call(
        "UpdateItem",
        Key=key(),
        UpdateExpression="SET price = :p, weight = :p",
        ExpressionAttributeValues={":p": number(5)},
        ReturnValues=wanted,
    )
    assert response.get("Attributes") == expected


def test_an_item_over_400_kb_is_refused(world: World) -> None:
    half = text("x" * 205_000)
    with pytest.raises(ValidationError, match="Item size has exceeded"):
        world.put(one=half, two=half)
    world.put(one=half)
    with pytest.raises(ValidationError, match="Item size to update has exceeded"):
        changed(world, "SET two = :v", v=half)

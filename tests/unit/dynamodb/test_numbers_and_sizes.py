"""Numbers keep 38 digits exactly, and sizes are counted as documented.

Source: Amazon DynamoDB Developer Guide, "Supported data types and naming rules in DynamoDB" and
"DynamoDB item sizes and formats".
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.simulation.dynamodb import ValidationError
from tests.simulation.dynamodb.numbers import add, canonical_number, subtract
from tests.simulation.dynamodb.values import canonical, item_size, value_size
from tests.unit.dynamodb.world import item_of


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("0", "0"),
        ("-0.00", "0"),
        ("007", "7"),
        ("+7", "7"),
        ("1.500", "1.5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1E3", "1000"),
        ("-12.5e-3", "-0.0125"),
        ("9" * 38, "9" * 38),
        ("1e125", "1" + "0" * 125),
        ("1e-130", "0." + "0" * 129 + "1"),
    ],
)
def test_a_number_is_stored_without_needless_zeros_or_exponent(written: str, stored: str) -> None:
    assert canonical_number(written) == stored


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("", "cannot be converted to a numeric value"),
        ("abc", "cannot be converted to a numeric value"),
        ("1_000", "cannot be converted to a numeric value"),
        (" 1", "cannot be converted to a numeric value"),
        ("NaN", "cannot be converted to a numeric value"),
        ("Infinity", "cannot be converted to a numeric value"),
        ("0x10", "cannot be converted to a numeric value"),
        ("1" * 39, "more than 38 significant digits"),
        ("1e126", "Number overflow"),
        ("-1e126", "Number overflow"),
        ("1e-131", "Number underflow"),
    ],
)
def test_what_is_no_number_of_38_digits_in_range_is_refused(written: str, message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        canonical_number(written)
    assert message in refused.value.message


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=4, min_value=-(10**20), max_value=10**20
    ),
    st.decimals(
        allow_nan=False, allow_infinity=False, places=4, min_value=-(10**20), max_value=10**20
    ),
)
def test_sums_and_differences_are_exact(one: Decimal, other: Decimal) -> None:
    left, right = canonical_number(f"{one:f}"), canonical_number(f"{other:f}")
    assert Decimal(add(left, right)) == one + other
    assert Decimal(subtract(left, right)) == one - other
    assert canonical_number(add(left, right)) == add(left, right)


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "hello"}, 5),
        ({"S": "é€"}, 5),
        ({"S": ""}, 0),
        ({"N": "0"}, 1),
        ({"N": "7"}, 2),
        ({"N": "27"}, 2),
        ({"N": "-27"}, 3),
        ({"N": "1700000000"}, 2),
        ({"N": "1234567890"}, 6),
        ({"N": "0.5"}, 2),
        ({"B": "AAECAw=="}, 4),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"SS": ["ab", "c"]}, 3),
        ({"NS": ["1", "22"]}, 4),
        ({"L": []}, 3),
        ({"L": [{"S": "ab"}]}, 6),
        ({"M": {"k": {"S": "ab"}}}, 7),
    ],
)
def test_a_value_has_the_documented_size(value: dict[str, Any], size: int) -> None:
    assert value_size(canonical(value)) == size


def test_an_item_s_size_is_that_of_its_names_and_values() -> None:
    assert item_size({"name": {"S": "x"}, "é": {"N": "1"}}) == 4 + 1 + 2 + 2
    assert item_size(item_of(1000)) == 1000


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "Supplied AttributeValue is empty"),
        ({"X": "1"}, "Supplied AttributeValue is empty"),
        ({"S": "a", "N": "1"}, "more than one datatypes set"),
        ({"S": 1}, "Type mismatch"),
        ({"N": 1}, "Type mismatch"),
        ({"BOOL": "true"}, "BOOL value must be true or false"),
        ({"NULL": False}, "must have the value of true"),
        ({"SS": []}, "may not be empty"),
        ({"SS": ["a", "a"]}, "contains duplicates"),
        ({"NS": ["1", "1.0"]}, "contains duplicates"),
        ({"SS": [""]}, "may not have a empty string"),
        ({"B": "***"}, "Invalid Base64"),
        ({"L": {}}, "List must be a list"),
        ({"M": []}, "Map must be a map"),
        ({"L": [{"N": "x"}]}, "cannot be converted to a numeric value"),
    ],
)
def test_a_value_that_the_service_refuses_is_refused(value: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        canonical(value)
    assert message in refused.value.message


def test_values_may_be_nested_32_levels_deep_and_no_deeper() -> None:
    def nested(levels: int) -> dict[str, Any]:
        value: dict[str, Any] = {"L": []}
        for _ in range(levels - 1):
            value = {"L": [value]}
        return value

    assert canonical(nested(32))
    with pytest.raises(ValidationError, match="Nesting Levels"):
        canonical(nested(33))

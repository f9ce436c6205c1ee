"""Checks on the literal values an expression uses; they run on every request, item or no item."""

from __future__ import annotations

from collections.abc import Callable

from .comparison import TYPE_NAMES
from .errors import ValidationError
from .paths import Values
from .values import sort_value, type_of

type OperandCheck = Callable[[Values], None]


def type_check(slot: str, operator: str, reference: str, allowed: frozenset[str]) -> OperandCheck:
    """Refuses a literal whose type the operator or function cannot take."""

    def check(values: Values) -> None:
        kind = type_of(values[reference])
        if kind not in allowed:
            raise ValidationError(
                f"Invalid {slot}: Incorrect operand type for operator or function; operator or "
                f"function: {operator}, operand type: {kind}"
            )

    return check


def update_type_check(operator: str, reference: str, allowed: frozenset[str]) -> OperandCheck:
    """Refuses a literal that ADD or DELETE cannot take."""

    def check(values: Values) -> None:
        kind = type_of(values[reference])
        if kind not in allowed:
            raise ValidationError(
                "Invalid UpdateExpression: Incorrect operand type for operator or function; "
                f"operator: {operator}, operand type: {kind}, typeSet: ALLOWED_FOR_ADD_OPERAND"
            )

    return check


def type_name_check(slot: str, reference: str) -> OperandCheck:
    """Refuses a second operand of attribute_type() that names no type."""

    def check(values: Values) -> None:
        value = values[reference]
        if "S" not in value:
            raise ValidationError(
                f"Invalid {slot}: Incorrect operand type for operator or function; operator or "
                f"function: attribute_type, operand type: {type_of(value)}"
            )
        if value["S"] not in TYPE_NAMES:
            raise ValidationError(
                f"Invalid {slot}: Invalid attribute type name found; type: {value['S']}, valid "
                f"types: {{{','.join(sorted(TYPE_NAMES))}}}"
            )

    return check


def between_check(slot: str, low: str, high: str) -> OperandCheck:
    """Refuses BETWEEN bounds of two types, or the lower above the upper."""

    def check(values: Values) -> None:
        lower, upper = values[low], values[high]
        if type_of(lower) != type_of(upper):
            raise ValidationError(
                f"Invalid {slot}: The BETWEEN operator requires same data type for lower and "
                f"upper bounds; lower bound operand: AttributeValue: {lower}, upper bound "
                f"operand: AttributeValue: {upper}"
            )
        if sort_value(lower) > sort_value(upper):  # type: ignore[operator]
            raise ValidationError(
                f"Invalid {slot}: The BETWEEN operator requires upper bound to be greater than or "
                f"equal to lower bound; lower bound operand: AttributeValue: {lower}, upper bound "
                f"operand: AttributeValue: {upper}"
            )

    return check

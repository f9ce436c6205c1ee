"""How two values compare: order, prefix, membership, size.

Equality needs no function here: canonical values are equal exactly when their dicts are.
Source: Amazon DynamoDB Developer Guide, "Condition and filter expressions, operators, and
functions in DynamoDB".
"""

from __future__ import annotations

import base64
import operator
from collections.abc import Callable
from typing import Any

from .values import Value, sort_value, type_of

type Comparison = Callable[[Value, Value], bool]

ORDERED_TYPES = frozenset(("S", "N", "B"))
PREFIX_TYPES = frozenset(("S", "B"))
SIZED_TYPES = frozenset(("S", "B", "SS", "NS", "BS", "L", "M"))
TYPE_NAMES = frozenset(("S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"))

_MEMBER_TYPE = {"SS": "S", "NS": "N", "BS": "B"}


def _ordered(compare: Callable[[Any, Any], bool]) -> Comparison:
    def holds(left: Value, right: Value) -> bool:
        kind = type_of(left)
        if kind not in ORDERED_TYPES or kind not in right:
            return False
        return compare(sort_value(left), sort_value(right))

    return holds


ORDER: dict[str, Comparison] = {
    "<": _ordered(operator.lt),
    "<=": _ordered(operator.le),
    ">": _ordered(operator.gt),
    ">=": _ordered(operator.ge),
}


def begins_with(value: Value, prefix: Value) -> bool:
    """Whether a text or binary value starts with another of its type."""
    if "S" in value and "S" in prefix:
        return bool(value["S"].startswith(prefix["S"]))
    if "B" in value and "B" in prefix:
        return base64.b64decode(value["B"]).startswith(base64.b64decode(prefix["B"]))
    return False


def contains(value: Value, operand: Value) -> bool:
    """Whether a text holds a part, or a set or list an element."""
    kind, wanted = type_of(value), type_of(operand)
    if kind == "L":
        return operand in value["L"]
    if kind in _MEMBER_TYPE:
        return wanted == _MEMBER_TYPE[kind] and operand[wanted] in value[kind]
    if kind != wanted:
        return False
    if kind == "S":
        return operand["S"] in value["S"]
    return kind == "B" and base64.b64decode(operand["B"]) in base64.b64decode(value["B"])


def has_type(value: Value, name: Value) -> bool:
    """Whether a value is of the type that `name` (a text) names."""
    return name.get("S") in value


def size(value: Value | None) -> Value | None:
    """What size() answers: characters, bytes or elements; None for a type that has no size."""
    if value is None:
        return None
    [(kind, content)] = value.items()
    if kind not in SIZED_TYPES:
        return None
    return {"N": str(len(base64.b64decode(content) if kind == "B" else content))}

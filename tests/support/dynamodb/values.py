"""Attribute values as the wire has them (`{"S": "text"}`): which are allowed, and their bytes.

Only what the product stores: S, whole N, B, BOOL, L, M. Values are shared between the table, its
change log and the answers, so nobody changes one in place.

Source: Amazon DynamoDB Developer Guide, "Supported data types", "Item sizes".
"""

from __future__ import annotations

import re
from typing import Any

from .errors import UnsupportedRequestError, ValidationError

type Value = dict[str, Any]
type Item = dict[str, Value]

NESTING_MAX = 32
DIGITS_MAX = 38
CONTAINER_BYTES = 3
ELEMENT_BYTES = 1
_WHOLE = re.compile(r"0|-?[1-9][0-9]*")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


def check_item(item: Item) -> Item:
    """Return the item. Errors: see `check_value`."""
    for value in item.values():
        check_value(value)
    return item


def check_value(value: Value, depth: int = 1) -> Value:
    """Return the value.

    Errors: ValidationError for what the service refuses; UnsupportedRequestError for a type that
        the product does not store.
    """
    if len(value) != 1:
        raise ValidationError("Supplied AttributeValue must contain exactly one datatype")
    [(kind, content)] = value.items()
    match kind, content:
        case ("S", str()) | ("BOOL", bool()):
            pass
        case "N", str():
            _check_number(content)
        case "B", str() if _BASE64.fullmatch(content):
            pass
        case ("L", list()) | ("M", dict()):
            if depth > NESTING_MAX:
                raise ValidationError("Nesting Levels have exceeded supported limits")
            for each in content if kind == "L" else content.values():
                check_value(each, depth + 1)
        case _:
            raise UnsupportedRequestError(f"a value of type {kind}: {content!r}")
    return value


def _check_number(text: str) -> None:
    if not _WHOLE.fullmatch(text):
        raise UnsupportedRequestError(f"a number that is not whole, or not plainly written: {text}")
    if len(text.lstrip("-").rstrip("0")) > DIGITS_MAX:
        raise ValidationError("Attempting to store more than 38 significant digits in a Number")


def item_size(item: Item) -> int:
    """Return an item's bytes as the service counts them: names plus values."""
    total = 0
    for name, value in item.items():
        text = value.get("S")
        total += _text_size(name) + (value_size(value) if text is None else _text_size(text))
    return total


def value_size(value: Value) -> int:
    """Return the bytes of one value, without its name."""
    [(kind, content)] = value.items()
    match kind:
        case "S":
            return _text_size(content)
        case "N":
            return _number_size(content)
        case "B":
            return int(len(content) * 3 // 4 - content.count("="))
        case "BOOL":
            return 1
        case "L":
            return CONTAINER_BYTES + sum(ELEMENT_BYTES + value_size(each) for each in content)
        case _:
            return CONTAINER_BYTES + ELEMENT_BYTES * len(content) + item_size(content)


def _text_size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _number_size(text: str) -> int:
    """Return one byte per two digits, trailing pairs of zeros left out, plus one; one for a minus.

    The guide says only "approximately"; the pairs are as observed on the service.
    """
    digits = text.lstrip("-")
    pairs = digits if len(digits) % 2 == 0 else "0" + digits
    while pairs.endswith("00"):
        pairs = pairs[:-2]
    return 1 + len(pairs) // 2 + text.startswith("-")

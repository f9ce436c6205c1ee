"""Attribute values in wire form: checking, canonical form, size, order.

A value is what the low-level client sends, `{"S": "text"}`. The canonical form has numbers as
plain digits and sets sorted, so two canonical values are equal exactly when their dicts are.
Stored values are never changed in place: an update builds new ones, so that images, snapshots
and answers may share them.

Source: Amazon DynamoDB Developer Guide, "Supported data types", "Item sizes"; API Reference,
AttributeValue.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from .errors import ValidationError
from .numbers import canonical_number, number_size

type Value = dict[str, Any]
type Item = dict[str, Value]
# A key attribute's value in a form that sorts as DynamoDB sorts it.
type SortValue = str | Decimal | bytes | None

NESTING_MAX = 32
CONTAINER_BYTES = 3
ELEMENT_BYTES = 1

_INVALID = "One or more parameter values were invalid: "
_EMPTY = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
_MANY = (
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the "
    "supported datatypes"
)
_TOO_DEEP = (
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels "
    "beyond supported limit"
)


def canonical_item(item: dict[str, Any]) -> Item:
    """A new item of canonical values; ValidationError for any value the service refuses."""
    return {name: canonical(value) for name, value in item.items()}


def canonical(value: Any, depth: int = 1) -> Value:
    """A new canonical value; ValidationError for anything the service refuses."""
    if not isinstance(value, dict) or not value:
        raise ValidationError(_EMPTY)
    if len(value) > 1:
        raise ValidationError(_MANY)
    [(kind, content)] = value.items()
    if kind == "S" and isinstance(content, str):
        return {"S": content}
    if kind == "N" and isinstance(content, str):
        return {"N": canonical_number(content)}
    check = _CANONICAL.get(kind)
    if check is None:
        raise ValidationError(_EMPTY)
    if depth > NESTING_MAX:
        raise ValidationError(_TOO_DEEP)
    return {kind: check(content, depth)}


def type_of(value: Value) -> str:
    """The one type letter of a value: S, N, B, BOOL, NULL, SS, NS, BS, L or M."""
    return next(iter(value))


def _text(content: Any, _depth: int) -> str:
    raise ValidationError(f"{_INVALID}Type mismatch for attribute value: {content!r}")


def _binary(content: Any, _depth: int) -> str:
    if not isinstance(content, str):
        raise ValidationError(f"{_INVALID}Binary attribute value type mismatch")
    try:
        return base64.b64encode(base64.b64decode(content, validate=True)).decode()
    except binascii.Error as error:
        raise ValidationError(f"{_INVALID}Invalid Base64") from error


def _boolean(content: Any, _depth: int) -> bool:
    if not isinstance(content, bool):
        raise ValidationError(f"{_INVALID}BOOL value must be true or false")
    return content


def _null(content: Any, _depth: int) -> bool:
    if content is not True:
        raise ValidationError(f"{_INVALID}Null attribute value types must have the value of true")
    return True


def _set_of(word: str, member: Callable[[Any], Any], order: Callable[[Any], Any]) -> Any:
    def check(content: Any, _depth: int) -> list[Any]:
        if not isinstance(content, list) or not content:
            raise ValidationError(f"{_INVALID}An {word} set  may not be empty")
        members = [member(entry) for entry in content]
        if len(set(members)) < len(members):
            shown = ", ".join(map(str, content))
            raise ValidationError(f"{_INVALID}Input collection [{shown}] contains duplicates.")
        return sorted(members, key=order)

    return check


def _string_member(entry: Any) -> str:
    if not isinstance(entry, str) or not entry:
        raise ValidationError(f"{_INVALID}An string set may not have a empty string as a member")
    return entry


def _number_member(entry: Any) -> str:
    if not isinstance(entry, str):
        raise ValidationError(f"The parameter cannot be converted to a numeric value: {entry}")
    return canonical_number(entry)


def _list(content: Any, depth: int) -> list[Value]:
    if not isinstance(content, list):
        raise ValidationError(f"{_INVALID}List must be a list")
    return [canonical(entry, depth + 1) for entry in content]


def _map(content: Any, depth: int) -> Item:
    if not isinstance(content, dict):
        raise ValidationError(f"{_INVALID}Map must be a map")
    return {name: canonical(entry, depth + 1) for name, entry in content.items()}


_CANONICAL: dict[str, Callable[[Any, int], Any]] = {
    "S": _text,
    "N": _text,
    "B": _binary,
    "BOOL": _boolean,
    "NULL": _null,
    "SS": _set_of("string", _string_member, lambda text: text),
    "NS": _set_of("number", _number_member, Decimal),
    "BS": _set_of("binary", lambda entry: _binary(entry, 1), base64.b64decode),
    "L": _list,
    "M": _map,
}


def text_size(text: str) -> int:
    """Bytes of a text in UTF-8."""
    return len(text) if text.isascii() else len(text.encode())


def item_size(item: Item) -> int:
    """Bytes of an item as the service counts them: names plus values."""
    total = 0
    for name, value in item.items():
        content = value.get("S")
        total += len(name) if name.isascii() else len(name.encode())
        if content is not None:
            total += len(content) if content.isascii() else len(content.encode())
        else:
            total += value_size(value)
    return total


def value_size(value: Value) -> int:
    """Bytes of one value, without its name."""
    [(kind, content)] = value.items()
    match kind:
        case "S":
            return text_size(content)
        case "N":
            return number_size(content)
        case "B":
            return len(base64.b64decode(content))
        case "BOOL" | "NULL":
            return 1
        case "SS":
            return sum(map(text_size, content))
        case "NS":
            return sum(map(number_size, content))
        case "BS":
            return sum(len(base64.b64decode(entry)) for entry in content)
        case "L":
            return CONTAINER_BYTES + sum(ELEMENT_BYTES + value_size(entry) for entry in content)
        case _:
            return CONTAINER_BYTES + sum(
                ELEMENT_BYTES + text_size(name) + value_size(entry)
                for name, entry in content.items()
            )


def sort_value(value: Value) -> SortValue:
    """A key value in the form that sorts: text by UTF-8 bytes, numbers by size, bytes unsigned.

    Python compares text by code point, which is the order of the UTF-8 bytes.
    """
    content = value.get("S")
    if content is not None:
        return str(content)
    if "N" in value:
        return Decimal(value["N"])
    return base64.b64decode(value["B"])

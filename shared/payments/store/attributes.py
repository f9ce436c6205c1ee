"""Plain values <-> DynamoDB's typed attributes."""

from collections.abc import Mapping
from typing import Any

type Plain = str | int | bool | bytes | list["Plain"] | dict[str, "Plain"]
type Item = dict[str, Any]


def to_attribute(value: Plain) -> dict[str, Any]:
    """Return one typed attribute value."""
    match value:
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int():
            return {"N": str(value)}
        case bytes():
            return {"B": value}
        case list():
            return {"L": [to_attribute(element) for element in value]}
        case dict():
            return {"M": to_item(value)}


def to_item(values: Mapping[str, Plain | None]) -> Item:
    """Return an item; what is None is left out, so that sparse indexes stay sparse."""
    return {name: to_attribute(value) for name, value in values.items() if value is not None}


def from_attribute(attribute: Mapping[str, Any]) -> Any:
    """Return the plain value of a typed attribute."""
    ((kind, value),) = attribute.items()
    match kind:
        case "N":
            return int(value)
        case "L":
            return [from_attribute(element) for element in value]
        case "M":
            return from_item(value)
        case "NULL":
            return None
        case _:
            return value


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item's plain values."""
    return {name: from_attribute(attribute) for name, attribute in item.items()}

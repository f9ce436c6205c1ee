"""Conditional expressions with generated placeholders: no reserved word, no value in the text."""

from collections.abc import Mapping
from typing import Any

from payments.store.attributes import Item, Plain, to_attribute, to_item

EXISTS = "attribute_exists(pk)"
ABSENT = "attribute_not_exists(pk)"


class Expression:
    """Collects names and values of one action's expressions under generated placeholders."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._values: Item = {}

    def name(self, attribute: str) -> str:
        """Return the placeholder of an attribute name."""
        placeholder = f"#{attribute}"
        self._names[placeholder] = attribute
        return placeholder

    def value(self, plain: Plain) -> str:
        """Return the placeholder of a value."""
        placeholder = f":v{len(self._values)}"
        self._values[placeholder] = to_attribute(plain)
        return placeholder

    def parts(self) -> dict[str, Any]:
        """Return the name and value maps that accompany the expressions."""
        parts: dict[str, Any] = {}
        if self._names:
            parts["ExpressionAttributeNames"] = self._names
        if self._values:
            parts["ExpressionAttributeValues"] = self._values
        return parts


def update_action(
    table: str,
    key: Mapping[str, str],
    expression: Expression,
    *,
    sets: list[str],
    removes: list[str],
    condition: str,
) -> dict[str, Any]:
    """Return one conditional Update."""
    update = "SET " + ", ".join(sets) if sets else ""
    if removes:
        update = f"{update} REMOVE " + ", ".join(removes)
    return {
        "TableName": table,
        "Key": to_item(key),
        "UpdateExpression": update.strip(),
        "ConditionExpression": condition,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        **expression.parts(),
    }

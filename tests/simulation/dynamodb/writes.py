"""PutItem, UpdateItem, DeleteItem: what one write asks for and what it does.

`Write` is also the part of a transaction. It works in steps so that a transaction can look at
every item before it changes any: read the request, locate the item, test the condition, work out
the new item.

Source: Amazon DynamoDB API Reference, PutItem, UpdateItem, DeleteItem.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .capacity import Charge
from .errors import ConditionFailedError, ValidationError
from .paths import read
from .requests import check_parameters, read_expressions
from .schema import Key, check_index_keys, check_key, check_put_keys
from .storage import Stored
from .tokens import Path
from .values import Item, canonical_item

if TYPE_CHECKING:
    from .engine import Engine

ITEM_BYTES_MAX = 400 * 1024

_COMMON = frozenset(
    (
        "TableName",
        "ConditionExpression",
        "ExpressionAttributeNames",
        "ExpressionAttributeValues",
        "ReturnConsumedCapacity",
        "ReturnItemCollectionMetrics",
        "ReturnValues",
        "ReturnValuesOnConditionCheckFailure",
    )
)
_KNOWN = {
    "Put": _COMMON | {"Item"},
    "Update": _COMMON | {"Key", "UpdateExpression"},
    "Delete": _COMMON | {"Key"},
    "ConditionCheck": _COMMON | {"Key"},
}
_RETURN_VALUES = {
    "Put": ("NONE", "ALL_OLD"),
    "Delete": ("NONE", "ALL_OLD"),
    "Update": ("NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW"),
    "ConditionCheck": ("NONE",),
}
_SLOTS = {
    "Put": ("ConditionExpression",),
    "Update": ("UpdateExpression", "ConditionExpression"),
    "Delete": ("ConditionExpression",),
    "ConditionCheck": ("ConditionExpression",),
}


class Write:
    """One item's write as requested: `kind` is Put, Update, Delete or ConditionCheck.

    Errors: ValidationError or ResourceNotFoundError where the request itself is wrong.
    """

    __slots__ = ("_content", "_paths", "expressions", "key", "kind", "request", "table")

    key: Key

    def __init__(self, engine: Engine, kind: str, request: dict[str, Any]) -> None:
        check_parameters(request, _KNOWN[kind])
        _check_choice(request, "ReturnValues", _RETURN_VALUES[kind])
        _check_choice(request, "ReturnValuesOnConditionCheckFailure", ("NONE", "ALL_OLD"))
        self.kind = kind
        self.request = request
        self.expressions = read_expressions(request, _SLOTS[kind])
        if kind == "ConditionCheck" and self.expressions.condition is None:
            raise ValidationError(
                "1 validation error detected: Value null at 'conditionCheck.conditionExpression' "
                "failed to satisfy constraint: Member must not be null"
            )
        self.table = engine.table(request["TableName"])
        self._content = canonical_item(request["Item" if kind == "Put" else "Key"])
        self._paths = self._update_paths()

    def locate(self) -> Key:
        """The key of the item it is about; ValidationError where that does not fit the table."""
        schema = self.table.schema
        if self.kind == "Put":
            check_put_keys(schema, self._content)
        else:
            check_key(schema, self._content)
        self.key = schema.key.key_of(self._content)
        return self.key

    def outcome(self, old: Stored | None) -> Stored | None:
        """What stands there afterwards; ValidationError where the update cannot be applied."""
        if self.kind == "Delete":
            return None
        if self.kind == "ConditionCheck":
            return old
        item = self._content
        if self.kind == "Update":
            before = self._content if old is None else old.item
            update = self.expressions.update
            item = before
            if update is not None:
                names, values = self.expressions.names, self.expressions.values
                item = update.apply(before, self._paths, names, values)
        check_index_keys(self.table.schema, item)
        new = self.table.stored(item)
        if new.size > ITEM_BYTES_MAX:
            what = "Item size to update" if self.kind == "Update" else "Item size"
            raise ValidationError(f"{what} has exceeded the maximum allowed size")
        return new

    def wanted_on_failure(self, old: Stored | None) -> Item | None:
        """The stored item, where the request wants it when its condition is false."""
        wanted = self.request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        return old.item if wanted and old is not None else None

    def attributes(self, old: Stored | None, new: Stored | None) -> Item | None:
        """What ReturnValues asks for, or None."""
        match self.request.get("ReturnValues", "NONE"):
            case "ALL_OLD":
                return None if old is None else old.item
            case "ALL_NEW":
                return None if new is None else new.item
            case "UPDATED_OLD":
                return _parts(old, self._paths)
            case "UPDATED_NEW":
                return _parts(new, self._paths)
            case _:
                return None

    def _update_paths(self) -> list[Path]:
        update = self.expressions.update
        if update is None:
            return []
        paths = update.paths(self.expressions.names)
        for path in paths:
            if path[0] in self.table.schema.key.names:
                raise ValidationError(
                    "One or more parameter values were invalid: Cannot update attribute "
                    f"{path[0]}. This attribute is part of the key"
                )
        return paths


def put_item(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    """PutItem."""
    return _write_one(engine, "Put", request)


def update_item(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    """UpdateItem; creates the item where there is none, as the service does."""
    return _write_one(engine, "Update", request)


def delete_item(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    """DeleteItem; deleting what does not exist succeeds."""
    return _write_one(engine, "Delete", request)


def _write_one(engine: Engine, kind: str, request: dict[str, Any]) -> dict[str, Any]:
    write = Write(engine, kind, request)
    key = write.locate()
    table = write.table
    old = table.items.get(key)
    charge = Charge("Write")
    if not write.expressions.condition_holds(None if old is None else old.item):
        charge.add_failed_write(table, old)
        engine.meter.note(charge)
        raise ConditionFailedError(write.wanted_on_failure(old))
    new = write.outcome(old)
    charge.add_write(table, old, new)
    consumed = charge.shown(request)
    engine.commit(table, key, old, new)
    engine.meter.note(charge)
    response: dict[str, Any] = {}
    if attributes := write.attributes(old, new):
        response["Attributes"] = attributes
    if consumed:
        response["ConsumedCapacity"] = consumed[0]
    return response


def _check_choice(request: dict[str, Any], parameter: str, allowed: tuple[str, ...]) -> None:
    choice = request.get(parameter)
    if choice is not None and choice not in allowed:
        member = parameter[0].lower() + parameter[1:]
        raise ValidationError(
            f"1 validation error detected: Value '{choice}' at '{member}' failed to satisfy "
            f"constraint: Member must satisfy enum value set: [{', '.join(allowed)}]"
        )


def _parts(stored: Stored | None, paths: list[Path]) -> Item | None:
    """The values at the updated paths; nested ones as fragments of their maps."""
    if stored is None:
        return None
    parts: Item = {}
    for path in paths:
        names = [step for step in path if isinstance(step, str)]
        whole = len(path) == 1 or len(names) < len(path)
        value = stored.item.get(names[0]) if whole else read(stored.item, path)
        if value is None:
            continue
        if whole:
            parts[names[0]] = value
            continue
        branch = parts.setdefault(names[0], {"M": {}})
        for name in names[1:-1]:
            branch = branch["M"].setdefault(name, {"M": {}})
        branch["M"][names[-1]] = value
    return parts

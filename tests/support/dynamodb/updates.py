"""Update expressions: SET and REMOVE of document paths, parsed once and cached by their text.

In a SET: values, paths, `if_not_exists`, `list_append`, `+`, `-`.

Source: Amazon DynamoDB Developer Guide, "Using update expressions in DynamoDB".
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from .errors import ValidationError
from .reader import Names, Path, Reader, Values, resolve, value_at
from .values import Item, Value

type Operand = Callable[[Item, Names, Values], Value]

_BAD_PATH = "The document path provided in the update expression is invalid for update"
_ABSENT = "The provided expression refers to an attribute that does not exist in the item"
_WRONG_TYPE = "An operand in the update expression has an incorrect data type"


class ParsedUpdate(NamedTuple):
    """An update, and the placeholders it uses; a removal has no operand."""

    actions: tuple[tuple[Path, Operand | None], ...]
    used: frozenset[str]

    def apply(self, item: Item, names: Names, values: Values) -> Item:
        """Return a new item. Every operand is read from the item as it was before the update."""
        result = dict(item)
        for path, operand in self.actions:
            _put(result, resolve(path, names), operand and operand(item, names, values))
        return result

    def check_paths(self, names: Names, key_names: tuple[str, ...]) -> None:
        """Errors: ValidationError where two paths overlap, or one is part of the table's key."""
        paths = [resolve(path, names) for path, _ in self.actions]
        roots = {path[0] for path in paths}
        if not roots.isdisjoint(key_names):
            raise ValidationError(f"Cannot update a part of the key: {sorted(roots)}")
        if len(roots) < len(paths):
            _refuse_overlaps(paths)


def _refuse_overlaps(paths: list[Path]) -> None:
    for position, path in enumerate(paths):
        for other in paths[:position]:
            if path[: len(other)] == other[: len(path)]:
                raise ValidationError(f"Two document paths overlap: {other}, {path}")


@lru_cache(maxsize=4096)
def parse_update(text: str) -> ParsedUpdate:
    """Return an update: `SET ...`, `REMOVE ...`, or both in this order."""
    reader = Reader(text)
    actions: list[tuple[Path, Operand | None]] = []
    if reader.accept("SET"):
        while not actions or reader.accept(","):
            path = reader.take_path()
            reader.expect("=")
            actions.append((path, _read_sum(reader)))
    if reader.accept("REMOVE"):
        actions.append((reader.take_path(), None))
        while reader.accept(","):
            actions.append((reader.take_path(), None))
    if not actions:
        reader.refuse()
    reader.expect_end()
    return ParsedUpdate(tuple(actions), frozenset(reader.used))


def _read_sum(reader: Reader) -> Operand:
    left = _read_operand(reader)
    sign = reader.peek()
    if sign not in ("+", "-"):
        return left
    reader.take()
    right, factor = _read_operand(reader), 1 if sign == "+" else -1

    def compute(item: Item, names: Names, values: Values) -> Value:
        one, other = left(item, names, values), right(item, names, values)
        if "N" not in one or "N" not in other:
            raise ValidationError(_WRONG_TYPE)
        return {"N": str(int(one["N"]) + factor * int(other["N"]))}

    return compute


def _read_operand(reader: Reader) -> Operand:
    function = reader.accept_function("if_not_exists", "list_append")
    if function == "if_not_exists":
        path = reader.take_path()
        reader.expect(",")
        default = _read_operand(reader)
        reader.expect(")")
        return lambda item, names, values: (
            found if (found := value_at(item, path, names)) else default(item, names, values)
        )
    if function == "list_append":
        first = _read_operand(reader)
        reader.expect(",")
        second = _read_operand(reader)
        reader.expect(")")
        return lambda item, names, values: _joined(
            first(item, names, values), second(item, names, values)
        )
    if reader.peek().startswith(":"):
        reference = reader.take_value()
        return lambda item, names, values: values[reference]
    path = reader.take_path()
    return lambda item, names, values: _present(value_at(item, path, names))


def _joined(first: Value, second: Value) -> Value:
    if "L" not in first or "L" not in second:
        raise ValidationError(_WRONG_TYPE)
    return {"L": first["L"] + second["L"]}


def _present(value: Value | None) -> Value:
    if value is None:
        raise ValidationError(_ABSENT)
    return value


def _put(item: Item, path: Path, value: Value | None) -> None:
    """Set the value at a path, or remove it; the maps on the way are replaced, not changed."""
    name, *rest = path
    if rest:
        if name not in item or "M" not in item[name]:
            raise ValidationError(_BAD_PATH)
        inner = dict(item[name]["M"])
        _put(inner, tuple(rest), value)
        item[name] = {"M": inner}
    elif value is None:
        item.pop(name, None)
    else:
        item[name] = value

"""Condition and key condition expressions, each parsed once and cached by its text.

Conditions:     `= <> < <= > >=` between a path and a value, `attribute_exists`,
                `attribute_not_exists`, AND, OR, parentheses.
Key conditions: `hash = :v`, and at most one of `= < <= > >=` or `begins_with` on the range key.

Source: Amazon DynamoDB Developer Guide, "Condition and filter expressions, operators, and
functions in DynamoDB", "Key condition expressions for the Query operation".
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from .errors import UnsupportedRequestError, ValidationError
from .reader import Names, Reader, Values, value_at
from .values import Item, Value

type Condition = Callable[[Item, Names, Values], bool]

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_SAME: dict[str, Callable[[Any, Any], bool]] = {"=": operator.eq, "<>": operator.ne}


class ParsedCondition(NamedTuple):
    """A condition, and the placeholders it uses."""

    holds: Condition
    used: frozenset[str]


class KeyClause(NamedTuple):
    """One part of a key condition: name, operator and the value's placeholder."""

    name: str
    operator: str
    value: str

    def holds(self, item: Item, names: Names, values: Values) -> bool:
        """Whether an item's key attribute is as wanted."""
        own, wanted = item[names.get(self.name, self.name)], values[self.value]
        if own.keys() != wanted.keys():
            raise ValidationError("Condition parameter type does not match schema type")
        if self.operator == "=":
            return own == wanted
        if self.operator == "begins_with":
            if "S" not in own:
                raise ValidationError("Incorrect operand type for begins_with")
            return bool(own["S"].startswith(wanted["S"]))
        return _ORDER[self.operator](_sortable(own), _sortable(wanted))


class ParsedKeyCondition(NamedTuple):
    """The parts of a key condition, and the placeholders it uses."""

    clauses: tuple[KeyClause, ...]
    used: frozenset[str]


@lru_cache(maxsize=4096)
def parse_condition(text: str) -> ParsedCondition:
    """Return a condition."""
    reader = Reader(text)
    holds = _read_or(reader)
    reader.expect_end()
    return ParsedCondition(holds, frozenset(reader.used))


@lru_cache(maxsize=256)
def parse_key_condition(text: str) -> ParsedKeyCondition:
    """Return a key condition."""
    reader = Reader(text)
    clauses = [_read_key_clause(reader)]
    if reader.accept("AND"):
        clauses.append(_read_key_clause(reader))
    reader.expect_end()
    return ParsedKeyCondition(tuple(clauses), frozenset(reader.used))


def _read_or(reader: Reader) -> Condition:
    parts = [_read_and(reader)]
    while reader.accept("OR"):
        parts.append(_read_and(reader))
    if len(parts) == 1:
        return parts[0]
    reader.is_group = False
    return lambda item, names, values: any(part(item, names, values) for part in parts)


def _read_and(reader: Reader) -> Condition:
    parts = [_read_term(reader)]
    while reader.accept("AND"):
        parts.append(_read_term(reader))
    if len(parts) == 1:
        return parts[0]
    reader.is_group = False
    return lambda item, names, values: all(part(item, names, values) for part in parts)


def _read_term(reader: Reader) -> Condition:
    if reader.accept("("):
        inner = _read_or(reader)
        reader.expect(")")
        if reader.is_group:
            raise ValidationError("The expression has redundant parentheses")
        reader.is_group = True
        return inner
    reader.is_group = False
    if function := reader.accept_function("attribute_exists", "attribute_not_exists"):
        path, wanted = reader.take_path(), function == "attribute_exists"
        reader.expect(")")
        return lambda item, names, values: (value_at(item, path, names) is not None) is wanted
    return _read_comparison(reader)


def _read_comparison(reader: Reader) -> Condition:
    path, sign, wanted = reader.take_path(), reader.take(), reader.take_value()
    if same := _SAME.get(sign):
        # Of an attribute that is absent, "=" is false and "<>" is true.
        return lambda item, names, values: same(value_at(item, path, names), values[wanted])
    if sign not in _ORDER:
        reader.refuse()
    compare = _ORDER[sign]
    return lambda item, names, values: _compare(
        compare, value_at(item, path, names), values[wanted]
    )


def _compare(compare: Callable[[Any, Any], bool], own: Value | None, wanted: Value) -> bool:
    """Compare two numbers; a value that is absent or of another type is in no order."""
    if "N" not in wanted:
        raise UnsupportedRequestError(f"an order of other values than numbers: {wanted}")
    return own is not None and "N" in own and compare(int(own["N"]), int(wanted["N"]))


def _read_key_clause(reader: Reader) -> KeyClause:
    if reader.accept_function("begins_with"):
        [name] = reader.take_path()
        reader.expect(",")
        clause = KeyClause(name, "begins_with", reader.take_value())
        reader.expect(")")
        return clause
    [name] = reader.take_path()
    sign = reader.take()
    if sign != "=" and sign not in _ORDER:
        reader.refuse()
    return KeyClause(name, sign, reader.take_value())


def _sortable(value: Value) -> str | int:
    return int(value["N"]) if "N" in value else str(value["S"])

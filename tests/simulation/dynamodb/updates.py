"""Update expressions: parsed once, cached by their text; applied to an item without changing it.

Every operand is read from the item as it was before the update. Source: Amazon DynamoDB Developer
Guide, "Using update expressions in DynamoDB"; API Reference, UpdateItem.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from . import numbers
from .errors import ValidationError
from .operand_checks import OperandCheck, type_check, update_type_check
from .paths import Names, Operand, Values, conflict, overlap, resolve, resolver, text
from .tokens import Path, TokenReader
from .update_application import Action, Remove, apply_actions, put
from .values import Item, Value, type_of

SLOT = "UpdateExpression"
SECTIONS = ("SET", "REMOVE", "ADD", "DELETE")

_NUMBER = frozenset(("N",))
_LIST = frozenset(("L",))
_SETS = frozenset(("SS", "NS", "BS"))
_WRONG_TYPE = "An operand in the update expression has an incorrect data type"
_ABSENT = "The provided expression refers to an attribute that does not exist in the item"

# Computes a new value from the old item; raises where an operand is absent or of a wrong type.
type Compute = Callable[[Item, Names, Values], Value]
# Computes the new value at a path from the value there; None removes the attribute.
type Change = Callable[[Value | None, Value], Value | None]


class Clause(NamedTuple):
    """One action of an update: where, and how the new value comes about (None: remove)."""

    path: Path
    compute: Callable[[Item, Names, Values], Value | None]


class ParsedUpdate(NamedTuple):
    """An update, the references it makes and the checks its literal operands must pass."""

    clauses: tuple[Clause, ...]
    names: frozenset[str]
    values: frozenset[str]
    checks: tuple[OperandCheck, ...]

    def paths(self, names: Names) -> list[Path]:
        """The resolved paths it changes; ValidationError where two overlap or conflict."""
        paths = [resolve(clause.path, names) for clause in self.clauses]
        if len({path[0] for path in paths}) < len(paths):
            _refuse_overlaps(paths)
        return paths

    def apply(self, item: Item, paths: list[Path], names: Names, values: Values) -> Item:
        """A new item with the update applied; `item` stays as it is."""
        actions: list[Action] = [
            (path, value if (value := clause.compute(item, names, values)) is not None else Remove)
            for path, clause in zip(paths, self.clauses, strict=True)
        ]
        return apply_actions(item, actions)


@lru_cache(maxsize=4096)
def parse_update(expression: str) -> ParsedUpdate:
    """The parsed form; ValidationError where the expression is malformed."""
    parser = _UpdateParser(expression)
    parser.parse()
    reader = parser.reader
    return ParsedUpdate(
        tuple(parser.clauses),
        frozenset(reader.names),
        frozenset(reader.values),
        tuple(parser.checks),
    )


class _UpdateParser:
    def __init__(self, expression: str) -> None:
        self.reader = TokenReader(expression, SLOT)
        self.clauses: list[Clause] = []
        self.checks: list[OperandCheck] = []

    def parse(self) -> None:
        parse_action = {
            "SET": self._parse_set,
            "REMOVE": self._parse_remove,
            "ADD": self._parse_add,
            "DELETE": self._parse_delete,
        }
        seen: set[str] = set()
        while not seen or self.reader.peek().kind != "end":
            section = self.reader.peek().text.upper()
            if self.reader.peek().kind != "word" or section not in SECTIONS:
                self.reader.fail_here()
            if section in seen:
                self.reader.fail(
                    f'The "{section}" section can only be used once in an update expression;'
                )
            seen.add(section)
            self.reader.take()
            parse_action[section]()
            while self.reader.accept_symbol(","):
                parse_action[section]()

    def _parse_set(self) -> None:
        path = self.reader.take_path()
        self.reader.expect_symbol("=")
        self.clauses.append(Clause(path, self._parse_value()))

    def _parse_remove(self) -> None:
        self.clauses.append(Clause(self.reader.take_path(), lambda item, names, values: None))

    def _parse_add(self) -> None:
        self._parse_change("ADD", _NUMBER | _SETS, _added)

    def _parse_delete(self) -> None:
        self._parse_change("DELETE", _SETS, _subtracted)

    def _parse_change(self, section: str, allowed: frozenset[str], change: Change) -> None:
        path = self.reader.take_path()
        reference = self.reader.take_value_reference()
        self.checks.append(update_type_check(section, reference, allowed))
        current = resolver(path)
        self.clauses.append(
            Clause(
                path,
                lambda item, names, values: change(current(item, names, values), values[reference]),
            )
        )

    def _parse_value(self) -> Compute:
        left, left_reference = self._parse_operand()
        for symbol, function in (("+", numbers.add), ("-", numbers.subtract)):
            if self.reader.accept_symbol(symbol):
                right, right_reference = self._parse_operand()
                for reference in (left_reference, right_reference):
                    if reference is not None:
                        self.checks.append(type_check(SLOT, symbol, reference, _NUMBER))
                return _arithmetic(function, left, right)
        return left

    def _parse_operand(self) -> tuple[Compute, str | None]:
        reader = self.reader
        token = reader.peek()
        if token.kind == "value_reference":
            reference = reader.take_value_reference()
            return lambda item, names, values: values[reference], reference
        if token.kind == "word" and reader.peek(1).text == "(":
            return self._parse_function(), None
        return _existing(resolver(reader.take_path())), None

    def _parse_function(self) -> Compute:
        reader = self.reader
        function = reader.take().text
        if function not in ("if_not_exists", "list_append"):
            reader.fail(f"Invalid function name; function: {function}")
        reader.expect_symbol("(")
        if function == "if_not_exists":
            current = resolver(reader.take_path())
            reader.expect_symbol(",")
            default, _ = self._parse_operand()
            reader.expect_symbol(")")
            return lambda item, names, values: (
                value
                if (value := current(item, names, values)) is not None
                else default(item, names, values)
            )
        left, left_reference = self._parse_operand()
        reader.expect_symbol(",")
        right, right_reference = self._parse_operand()
        reader.expect_symbol(")")
        for reference in (left_reference, right_reference):
            if reference is not None:
                self.checks.append(type_check(SLOT, function, reference, _LIST))
        return _list_append(left, right)


def _existing(read: Operand) -> Compute:
    def compute(item: Item, names: Names, values: Values) -> Value:
        value = read(item, names, values)
        if value is None:
            raise ValidationError(_ABSENT)
        return value

    return compute


def _arithmetic(function: Callable[[str, str], str], left: Compute, right: Compute) -> Compute:
    def compute(item: Item, names: Names, values: Values) -> Value:
        one, other = left(item, names, values), right(item, names, values)
        if "N" not in one or "N" not in other:
            raise ValidationError(_WRONG_TYPE)
        return {"N": function(one["N"], other["N"])}

    return compute


def _list_append(left: Compute, right: Compute) -> Compute:
    def compute(item: Item, names: Names, values: Values) -> Value:
        one, other = left(item, names, values), right(item, names, values)
        if "L" not in one or "L" not in other:
            raise ValidationError(_WRONG_TYPE)
        return {"L": one["L"] + other["L"]}

    return compute


def _added(current: Value | None, operand: Value) -> Value:
    if current is None:
        return operand
    kind = type_of(operand)
    if kind not in current:
        raise ValidationError(_WRONG_TYPE)
    if kind == "N":
        return {"N": numbers.add(current["N"], operand["N"])}
    return put(kind, {*current[kind], *operand[kind]})


def _subtracted(current: Value | None, operand: Value) -> Value | None:
    if current is None:
        return None
    kind = type_of(operand)
    if kind not in current:
        raise ValidationError(_WRONG_TYPE)
    left = {*current[kind]} - {*operand[kind]}
    # A set cannot be empty: taking its last member removes the attribute.
    return put(kind, left) if left else None


def _refuse_overlaps(paths: list[Path]) -> None:
    for position, one in enumerate(paths):
        for other in paths[position + 1 :]:
            for problem, verdict in ((overlap, "overlap"), (conflict, "conflict")):
                if problem(one, other):
                    raise ValidationError(
                        f"Invalid UpdateExpression: Two document paths {verdict} with each other; "
                        "must remove or rewrite one of these paths; path one: "
                        f"{text(one)}, path two: {text(other)}"
                    )

"""Key condition expressions: one partition, and at most one condition on the sort key.

Source: Amazon DynamoDB Developer Guide, "Key condition expressions for the Query operation".
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from . import comparison
from .errors import ValidationError
from .operand_checks import OperandCheck, between_check
from .paths import Names, Values
from .schema import KeySchema
from .tokens import TokenReader
from .values import SortValue, Value, canonical, sort_value, type_of

SLOT = "KeyConditionExpression"
OPERATORS = frozenset(("=", "<", "<=", ">", ">="))

# Whether a sort key, as a value, lies in the wanted range.
type InRange = Callable[[Value], bool]


class Clause(NamedTuple):
    """One comparison: a key attribute (maybe a "#reference"), an operator, its literals."""

    name: str
    operator: str
    references: tuple[str, ...]


class KeyCondition(NamedTuple):
    """What a Query wants: the partition, and the range of sort keys (None: all)."""

    hash_value: SortValue
    in_range: InRange | None


class ParsedKeyCondition(NamedTuple):
    """The clauses of a key condition, its references and the checks on its literals."""

    clauses: tuple[Clause, ...]
    names: frozenset[str]
    values: frozenset[str]
    checks: tuple[OperandCheck, ...]

    def bind(self, schema: KeySchema, names: Names, values: Values) -> KeyCondition:
        """The condition for this key schema; ValidationError where it does not fit the keys."""
        by_name: dict[str, Clause] = {}
        for clause in self.clauses:
            name = names[clause.name] if clause.name.startswith("#") else clause.name
            if name in by_name:
                raise ValidationError(
                    f"Invalid {SLOT}: KeyConditionExpressions must only contain one condition per "
                    "key"
                )
            by_name[name] = clause
        partition = by_name.pop(schema.hash_name, None)
        if partition is None:
            raise ValidationError(f"Query condition missed key schema element: {schema.hash_name}")
        if partition.operator != "=":
            raise ValidationError("Query key condition not supported")
        sort_clause = by_name.pop(schema.range_name, None) if schema.range_name else None
        if by_name:
            if schema.range_name and sort_clause is None:
                raise ValidationError(
                    f"Query condition missed key schema element: {schema.range_name}"
                )
            raise ValidationError("Query key condition not supported")
        literal = _literal(values[partition.references[0]], schema.hash_type, schema.hash_name)
        return KeyCondition(sort_value(literal), _range(sort_clause, schema, values))


@lru_cache(maxsize=1024)
def parse_key_condition(expression: str) -> ParsedKeyCondition:
    """The parsed form; ValidationError where the expression is malformed."""
    reader = TokenReader(expression, SLOT)
    checks: list[OperandCheck] = []
    clauses = _parse_all(reader, checks)
    reader.expect_end()
    return ParsedKeyCondition(
        tuple(clauses), frozenset(reader.names), frozenset(reader.values), tuple(checks)
    )


def _parse_all(reader: TokenReader, checks: list[OperandCheck]) -> list[Clause]:
    clauses = _parse_part(reader, checks)
    while reader.accept_keyword("AND"):
        clauses += _parse_part(reader, checks)
    for keyword in ("OR", "NOT", "IN"):
        if reader.at_keyword(keyword):
            reader.fail(
                f"Invalid operator used in KeyConditionExpression: {keyword}",
            )
    return clauses


def _parse_part(reader: TokenReader, checks: list[OperandCheck]) -> list[Clause]:
    if reader.accept_symbol("("):
        inner = _parse_all(reader, checks)
        reader.expect_symbol(")")
        return inner
    if reader.at_keyword("BEGINS_WITH") and reader.peek(1).text == "(":
        return [_parse_prefix(reader)]
    name = _take_key_name(reader)
    if reader.accept_keyword("BETWEEN"):
        low = reader.take_value_reference()
        if not reader.accept_keyword("AND"):
            reader.fail_here()
        high = reader.take_value_reference()
        checks.append(between_check(SLOT, low, high))
        return [Clause(name, "BETWEEN", (low, high))]
    operator = reader.take()
    if operator.text == "<>":
        reader.fail("Unsupported operator on KeyCondition: operator: <>")
    if operator.kind != "symbol" or operator.text not in OPERATORS:
        reader.fail_here()
    return [Clause(name, operator.text, (reader.take_value_reference(),))]


def _parse_prefix(reader: TokenReader) -> Clause:
    function = reader.take().text
    if function != "begins_with":
        reader.fail(f"Invalid function name; function: {function}")
    reader.expect_symbol("(")
    name = _take_key_name(reader)
    reader.expect_symbol(",")
    reference = reader.take_value_reference()
    reader.expect_symbol(")")
    return Clause(name, "begins_with", (reference,))


def _take_key_name(reader: TokenReader) -> str:
    path = reader.take_path()
    if len(path) > 1:
        reader.fail("KeyConditionExpressions cannot have conditions on nested attributes")
    assert isinstance(path[0], str)
    return path[0]


def _range(clause: Clause | None, schema: KeySchema, values: Values) -> InRange | None:
    if clause is None:
        return None
    assert schema.range_name is not None
    literals = [
        _literal(values[reference], schema.range_type, schema.range_name)
        for reference in clause.references
    ]
    first = literals[0]
    match clause.operator:
        case "=":
            return lambda value: value == first
        case "BETWEEN":
            low, high = (sort_value(literal) for literal in literals)
            return lambda value: low <= sort_value(value) <= high  # type: ignore[operator]
        case "begins_with":
            if schema.range_type == "N":
                raise ValidationError(
                    f"Invalid {SLOT}: Incorrect operand type for operator or function; operator or "
                    "function: begins_with, operand type: N"
                )
            return lambda value: comparison.begins_with(value, first)
        case operator:
            compare = comparison.ORDER[operator]
            return lambda value: compare(value, first)


def _literal(value: Value, expected: str | None, name: str) -> Value:
    if type_of(value) != expected:
        raise ValidationError(
            "One or more parameter values were invalid: Condition parameter type does not match "
            "schema type"
        )
    literal = canonical(value)
    if literal[type_of(literal)] == "":
        raise ValidationError(
            "One or more parameter values are not valid. The AttributeValue for a key attribute "
            f"cannot contain an empty string value. Key: {name}"
        )
    return literal

"""Condition and filter expressions: parsed once into nested functions, cached by their text.

Grammar (strongest first): comparison, IN, BETWEEN, function; parentheses; NOT; AND; OR.
Source: Amazon DynamoDB Developer Guide, "Condition and filter expressions, operators, and
functions in DynamoDB".
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from . import comparison
from .operand_checks import OperandCheck, between_check, type_check, type_name_check
from .paths import Names, Operand, Values, resolver
from .tokens import Path, TokenReader
from .values import Item

IN_OPERANDS_MAX = 100

type Condition = Callable[[Item, Names, Values], bool]

_COMPARATORS = frozenset(("=", "<>", "<", "<=", ">", ">="))
_FUNCTIONS = frozenset(
    ("attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains")
)


class ParsedCondition(NamedTuple):
    """A condition, the references it makes and the checks its literal operands must pass."""

    holds: Condition
    names: frozenset[str]
    values: frozenset[str]
    checks: tuple[OperandCheck, ...]
    roots: frozenset[str]

    def attributes(self, names: Names) -> set[str]:
        """The attributes it looks at."""
        return {names.get(root, root) for root in self.roots}


@lru_cache(maxsize=4096)
def parse_condition(expression: str, slot: str = "ConditionExpression") -> ParsedCondition:
    """The parsed form; ValidationError where the expression is malformed."""
    parser = _ConditionParser(expression, slot)
    holds = parser.parse_or()
    parser.reader.expect_end()
    return ParsedCondition(
        holds,
        frozenset(parser.reader.names),
        frozenset(parser.reader.values),
        tuple(parser.checks),
        frozenset(parser.reader.roots),
    )


class _Parsed(NamedTuple):
    """One operand: how to read it, and its value reference or path, for checks and messages."""

    read: Operand
    reference: str | None
    path: Path | None


class _ConditionParser:
    def __init__(self, expression: str, slot: str) -> None:
        self.reader = TokenReader(expression, slot)
        self.checks: list[OperandCheck] = []
        self._wrapped = False

    def parse_or(self) -> Condition:
        left = self._parse_and()
        while self.reader.accept_keyword("OR"):
            left = _either(left, self._parse_and())
            self._wrapped = False
        return left

    def _parse_and(self) -> Condition:
        left = self._parse_not()
        while self.reader.accept_keyword("AND"):
            left = _both(left, self._parse_not())
            self._wrapped = False
        return left

    def _parse_not(self) -> Condition:
        if self.reader.accept_keyword("NOT"):
            inner = self._parse_not()
            self._wrapped = False
            return lambda item, names, values: not inner(item, names, values)
        return self._parse_primary()

    def _parse_primary(self) -> Condition:
        reader = self.reader
        if reader.accept_symbol("("):
            inner = self.parse_or()
            reader.expect_symbol(")")
            if self._wrapped:
                reader.fail("The expression has redundant parentheses;")
            self._wrapped = True
            return inner
        self._wrapped = False
        token = reader.peek()
        following = reader.peek(1)
        if token.kind == "word" and following.kind == "symbol" and following.text == "(":
            if token.text in _FUNCTIONS:
                return self._parse_function(reader.take().text)
            if token.text != "size":
                reader.fail(f"Invalid function name; function: {token.text}")
        return self._parse_comparison()

    def _parse_comparison(self) -> Condition:
        left = self._parse_operand()
        reader = self.reader
        if reader.accept_keyword("BETWEEN"):
            return self._parse_between(left)
        if reader.accept_keyword("IN"):
            return self._parse_in(left)
        operator = reader.peek()
        if operator.kind != "symbol" or operator.text not in _COMPARATORS:
            reader.fail_here()
        reader.take()
        right = self._parse_operand()
        self._refuse_same(operator.text, left, right)
        if operator.text not in ("=", "<>"):
            for operand in (left, right):
                self._check_type(operator.text, operand, comparison.ORDERED_TYPES)
        return _compare(operator.text, left.read, right.read)

    def _parse_between(self, left: _Parsed) -> Condition:
        low = self._parse_operand()
        if not self.reader.accept_keyword("AND"):
            self.reader.fail_here()
        high = self._parse_operand()
        for operand in (left, low, high):
            self._check_type("BETWEEN", operand, comparison.ORDERED_TYPES)
        if low.reference is not None and high.reference is not None:
            self.checks.append(between_check(self.reader.slot, low.reference, high.reference))
        return _both(
            _compare(">=", left.read, low.read),
            _compare("<=", left.read, high.read),
        )

    def _parse_in(self, left: _Parsed) -> Condition:
        reader = self.reader
        reader.expect_symbol("(")
        choices = [self._parse_operand().read]
        while reader.accept_symbol(","):
            choices.append(self._parse_operand().read)
        reader.expect_symbol(")")
        if len(choices) > IN_OPERANDS_MAX:
            reader.fail("The IN operator is provided with too many operands;")
        read = left.read

        def holds(item: Item, names: Names, values: Values) -> bool:
            value = read(item, names, values)
            return value is not None and any(
                value == choice(item, names, values) for choice in choices
            )

        return holds

    def _parse_operand(self) -> _Parsed:
        reader = self.reader
        token = reader.peek()
        if token.kind == "value_reference":
            reference = reader.take_value_reference()
            return _Parsed(lambda item, names, values: values[reference], reference, None)
        if token.kind == "word" and token.text == "size" and reader.peek(1).text == "(":
            reader.take()
            reader.take()
            inner = self._parse_operand()
            reader.expect_symbol(")")
            self._check_type("size", inner, comparison.SIZED_TYPES)
            return _Parsed(_size(inner.read), None, None)
        path = reader.take_path()
        return _Parsed(resolver(path), None, path)

    def _parse_function(self, function: str) -> Condition:
        reader = self.reader
        reader.expect_symbol("(")
        first = self._parse_operand()
        if function in ("attribute_exists", "attribute_not_exists"):
            reader.expect_symbol(")")
            if first.path is None:
                reader.fail(
                    f"Operator or function requires a document path; operator or function: "
                    f"{function}"
                )
            return _existence(first.read, exists=function == "attribute_exists")
        reader.expect_symbol(",")
        second = self._parse_operand()
        reader.expect_symbol(")")
        self._refuse_same(function, first, second)
        if function == "attribute_type":
            if second.reference is None:
                reader.fail_here()
            self.checks.append(type_name_check(reader.slot, second.reference))
            return _apply(comparison.has_type, first.read, second.read)
        if function == "begins_with":
            for operand in (first, second):
                self._check_type(function, operand, comparison.PREFIX_TYPES)
            return _apply(comparison.begins_with, first.read, second.read)
        return _apply(comparison.contains, first.read, second.read)

    def _check_type(self, operator: str, operand: _Parsed, allowed: frozenset[str]) -> None:
        if operand.reference is not None:
            self.checks.append(type_check(self.reader.slot, operator, operand.reference, allowed))

    def _refuse_same(self, operator: str, left: _Parsed, right: _Parsed) -> None:
        if left.path is not None and left.path == right.path:
            self.reader.fail(
                "The first operand must be distinct from the remaining operands for this "
                f"operator or function; operator: {operator}, first operand: "
                f"[{'.'.join(map(str, left.path))}]"
            )


def _both(left: Condition, right: Condition) -> Condition:
    return lambda item, names, values: left(item, names, values) and right(item, names, values)


def _either(left: Condition, right: Condition) -> Condition:
    return lambda item, names, values: left(item, names, values) or right(item, names, values)


def _existence(read: Operand, *, exists: bool) -> Condition:
    return lambda item, names, values: (read(item, names, values) is not None) is exists


def _size(read: Operand) -> Operand:
    return lambda item, names, values: comparison.size(read(item, names, values))


def _apply(function: comparison.Comparison, left: Operand, right: Operand) -> Condition:
    def holds(item: Item, names: Names, values: Values) -> bool:
        one = left(item, names, values)
        other = right(item, names, values)
        return one is not None and other is not None and function(one, other)

    return holds


def _compare(operator: str, left: Operand, right: Operand) -> Condition:
    # An attribute that is absent equals nothing, so "=" is false and "<>" is true of it.
    if operator == "<>":
        return lambda item, names, values: (
            (one := left(item, names, values)) is None or one != right(item, names, values)
        )
    if operator == "=":
        return lambda item, names, values: (
            (one := left(item, names, values)) is not None and one == right(item, names, values)
        )
    return _apply(comparison.ORDER[operator], left, right)

"""Reads the expression parameters of a request and checks that they fit each other."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from .conditions import ParsedCondition, parse_condition
from .errors import ValidationError
from .key_conditions import ParsedKeyCondition, parse_key_condition
from .paths import Names, Values
from .projections import ParsedProjection, parse_projection
from .tokens import Path
from .updates import ParsedUpdate, parse_update
from .values import Item, canonical

NAMES = "ExpressionAttributeNames"
VALUES = "ExpressionAttributeValues"


class UnsupportedRequestError(Exception):
    """The request uses something that the service knows and this engine does not speak."""


@dataclass(slots=True)
class Expressions:
    """A request's expressions, parsed and checked, with the names and values they refer to."""

    names: Names
    values: Values
    condition: ParsedCondition | None = None
    filter: ParsedCondition | None = None
    update: ParsedUpdate | None = None
    projection: list[Path] | None = None
    parsed_projection: ParsedProjection | None = None
    key_condition: ParsedKeyCondition | None = None

    def condition_holds(self, item: Item | None) -> bool:
        """Whether the condition is absent or true of the item (None: no item)."""
        if self.condition is None:
            return True
        return self.condition.holds(item if item is not None else {}, self.names, self.values)

    def passes_filter(self, item: Item) -> bool:
        """Whether the filter is absent or true of the item."""
        return self.filter is None or self.filter.holds(item, self.names, self.values)


_SLOTS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "ConditionExpression": ("condition", parse_condition),
    "FilterExpression": ("filter", lambda text: parse_condition(text, "FilterExpression")),
    "UpdateExpression": ("update", parse_update),
    "ProjectionExpression": ("parsed_projection", parse_projection),
    "KeyConditionExpression": ("key_condition", parse_key_condition),
}


def read_expressions(request: dict[str, Any], slots: Collection[str]) -> Expressions:
    """The request's expressions of these slots.

    Errors: ValidationError for a malformed expression, and for a name or value that is used and
    not given, or given and not used.
    """
    names = request.get(NAMES)
    values = request.get(VALUES)
    expressions = Expressions(
        {} if names is None else names,
        {} if values is None else {name: canonical(value) for name, value in values.items()},
    )
    used_names: set[str] = set()
    used_values: set[str] = set()
    found = False
    for slot in slots:
        text = request.get(slot)
        if text is None:
            continue
        found = True
        attribute, parse = _SLOTS[slot]
        parsed = parse(text)
        setattr(expressions, attribute, parsed)
        used_names |= parsed.names
        if slot != "ProjectionExpression":
            used_values |= parsed.values
        if (
            not used_names <= expressions.names.keys()
            or not used_values <= expressions.values.keys()
        ):
            _refuse_undefined(slot, expressions, used_names, used_values)
    _refuse_unused(NAMES, names, used_names, found, slots)
    _refuse_unused(VALUES, values, used_values, found, slots)
    _check_literals(expressions)
    if expressions.parsed_projection is not None:
        expressions.projection = expressions.parsed_projection.resolved(expressions.names)
    return expressions


def check_parameters(request: dict[str, Any], known: frozenset[str]) -> None:
    """UnsupportedRequestError for a parameter that this engine would otherwise quietly ignore."""
    if not request.keys() <= known:
        unknown = sorted(request.keys() - known)
        raise UnsupportedRequestError(f"parameters not supported by this engine: {unknown}")


def _check_literals(expressions: Expressions) -> None:
    for parsed in (
        expressions.condition,
        expressions.filter,
        expressions.update,
        expressions.key_condition,
    ):
        if parsed is not None:
            for check in parsed.checks:
                check(expressions.values)


def _refuse_undefined(
    slot: str, expressions: Expressions, used_names: set[str], used_values: set[str]
) -> None:
    for name in sorted(used_names - expressions.names.keys()):
        raise ValidationError(
            f"Invalid {slot}: An expression attribute name used in the document path is not "
            f"defined; attribute name: {name}"
        )
    for value in sorted(used_values - expressions.values.keys()):
        raise ValidationError(
            f"Invalid {slot}: An expression attribute value used in expression is not defined; "
            f"attribute value: {value}"
        )


def _refuse_unused(
    parameter: str,
    given: dict[str, Any] | None,
    used: set[str],
    found: bool,
    slots: Collection[str],
) -> None:
    if given is None:
        return
    if not found:
        slot_names = " and ".join(slots)
        verb = "is" if len(slots) == 1 else "are"
        raise ValidationError(
            f"{parameter} can only be specified when using expressions: {slot_names} {verb} null"
        )
    if not given:
        raise ValidationError(f"{parameter} must not be empty")
    if len(given) > len(used):
        mark = "#" if parameter == NAMES else ":"
        for key in given:
            if not key.startswith(mark):
                raise ValidationError(
                    f'{parameter} contains invalid key: Syntax error; key: "{key}"'
                )
        unused = ", ".join(sorted(given.keys() - used))
        raise ValidationError(
            f"Value provided in {parameter} unused in expressions: keys: {{{unused}}}"
        )

"""What one write asks for and what it does; a transaction is several of them.

Source: Amazon DynamoDB API Reference, PutItem, UpdateItem, TransactWriteItems, CancellationReason.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .conditions import ParsedCondition, parse_condition
from .errors import (
    CONDITION_FAILED,
    TransactionCanceledError,
    UnsupportedRequestError,
    ValidationError,
)
from .requests import NAMES, ON_FAILURE, VALUES, check_parameters, check_placeholders
from .table import Table
from .updates import ParsedUpdate, parse_update
from .values import Item, check_item, item_size

ITEM_BYTES_MAX = 400 * 1024
_NOTHING: frozenset[str] = frozenset()


class Write:
    """One write as requested: `kind` is Put, Update, Delete or ConditionCheck.

    It works in steps, so that a transaction tests every condition before it changes anything.
    """

    def __init__(self, kind: str, request: dict[str, Any], table: Table) -> None:
        check_parameters(kind, request)
        self.request = request
        self.table = table
        self._kind = kind
        self._names = request.get(NAMES, {})
        self._values = request.get(VALUES, {})
        self._condition = _condition_of(request)
        self._update = _update_of(kind, request)
        check_placeholders(
            request,
            self._condition.used if self._condition else _NOTHING,
            self._update.used if self._update else _NOTHING,
        )
        self._item = check_item(request["Item" if kind == "Put" else "Key"])
        schema = table.schema
        is_put = kind == "Put"
        self.key = schema.item_key(self._item) if is_put else schema.exact_key(self._item)
        if self._update is not None:
            self._update.check_paths(self._names, schema.key.names)

    def condition_holds(self, old: Item | None) -> bool:
        """Whether the condition is absent, or true of the stored item."""
        if self._condition is None:
            return True
        return self._condition.holds(old or {}, self._names, self._values)

    def outcome(self, old: Item | None) -> Item | None:
        """Return the item as it is afterwards. Errors: ValidationError where it cannot be made."""
        match self._kind:
            case "Delete":
                return None
            case "ConditionCheck":
                return old
            case "Update":
                assert self._update is not None
                before = self._item if old is None else old
                new = self._update.apply(before, self._names, self._values)
            case _:
                new = self._item
        self.table.schema.check_index_keys(new)
        if item_size(new) > ITEM_BYTES_MAX:
            raise ValidationError("Item size has exceeded the maximum allowed size")
        return new

    def wanted_on_failure(self, old: Item | None) -> Item | None:
        """Return the stored item, where the request wants it when its condition is false."""
        return old if ON_FAILURE in self.request else None


def outcomes(writes: Sequence[Write]) -> list[tuple[Item | None, Item | None]]:
    """Return each item before and after a transaction.

    Errors: TransactionCanceledError unless every condition holds and every item can be made.
    """
    pairs: list[tuple[Item | None, Item | None]] = []
    reasons: list[dict[str, Any]] = []
    for write in writes:
        old = new = write.table.items.get(write.key)
        reason: dict[str, Any] = {"Code": "None"}
        if not write.condition_holds(old):
            reason = {"Code": "ConditionalCheckFailed", "Message": CONDITION_FAILED}
            item = write.wanted_on_failure(old)
            reason |= {} if item is None else {"Item": item}
        else:
            try:
                new = write.outcome(old)
            except ValidationError as error:
                reason = {"Code": "ValidationError", "Message": error.message}
        reasons.append(reason)
        pairs.append((old, new))
    if any(reason["Code"] != "None" for reason in reasons):
        raise TransactionCanceledError(reasons)
    return pairs


def _condition_of(request: dict[str, Any]) -> ParsedCondition | None:
    text = request.get("ConditionExpression")
    return None if text is None else parse_condition(text)


def _update_of(kind: str, request: dict[str, Any]) -> ParsedUpdate | None:
    if kind == "ConditionCheck" and "ConditionExpression" not in request:
        raise ValidationError("conditionCheck.conditionExpression must not be null")
    if kind != "Update":
        return None
    if "UpdateExpression" not in request:
        raise UnsupportedRequestError("an Update without an UpdateExpression")
    return parse_update(request["UpdateExpression"])

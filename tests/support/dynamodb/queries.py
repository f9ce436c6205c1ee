"""One page of one partition, of the table or of an index.

Source: Amazon DynamoDB API Reference, Query; Developer Guide, "Paginating table query results in
DynamoDB".
"""

from __future__ import annotations

from typing import Any

from .conditions import KeyClause, parse_key_condition
from .errors import ValidationError
from .requests import NAMES, VALUES, check_placeholders
from .schema import Index, KeySchema
from .table import Place, Table
from .values import Item, check_item, item_size

PAGE_BYTES_MAX = 1024 * 1024


class Query:
    """What a Query asks for. Errors: ValidationError where it does not fit the table."""

    def __init__(self, request: dict[str, Any], table: Table) -> None:
        parsed = parse_key_condition(request["KeyConditionExpression"])
        check_placeholders(request, parsed.used)
        self._table = table
        self._names = request.get(NAMES, {})
        self._values = request.get(VALUES, {})
        self._index = _index_of(request, table)
        self._limit = request.get("Limit")
        self._key: KeySchema = table.schema.key if self._index is None else self._index.key
        self.is_consistent = request.get("ConsistentRead", False)
        if self.is_consistent and self._index is not None:
            raise ValidationError("Consistent reads are not supported on global secondary indexes")
        if self._limit is not None and self._limit < 1:
            raise ValidationError("Value at 'limit' must be greater than or equal to 1")
        self._check_names(parsed.clauses)
        self._clauses = parsed.clauses
        self._start = self._start_place(request.get("ExclusiveStartKey"))

    def page(self, *, lag: int) -> tuple[dict[str, Any], int]:
        """Return the answer, at most Limit items or 1 MB, and how many bytes were read."""
        hash_value = self._hash_value()
        items: list[Item] = []
        size, last = 0, None
        for place, item in self._table.partition(self._index, hash_value, lag=lag):
            if not self._is_wanted(item) or (self._start is not None and place <= self._start):
                continue
            entry = item if self._index is None else self._index.entry(item)
            items.append(entry)
            size += item_size(entry)
            if len(items) == self._limit or size >= PAGE_BYTES_MAX:
                last = item
                break
        answer: dict[str, Any] = {"Items": items, "Count": len(items), "ScannedCount": len(items)}
        if last is not None:
            names = {*self._table.schema.key.names, *self._key.names}
            answer["LastEvaluatedKey"] = {name: last[name] for name in sorted(names)}
        return answer, size

    def _check_names(self, clauses: tuple[KeyClause, ...]) -> None:
        names = tuple(self._names.get(clause.name, clause.name) for clause in clauses)
        if names != self._key.names[: len(names)] or clauses[0].operator != "=":
            raise ValidationError(
                f"Query key condition not supported: {names} of {self._key.names}"
            )
        for clause, kind in zip(clauses, self._key.types, strict=False):
            if not self._values[clause.value].get(kind):
                raise ValidationError(f"Condition parameter type does not match schema type {kind}")

    def _hash_value(self) -> str | int:
        value = self._values[self._clauses[0].value]
        return int(value["N"]) if "N" in value else str(value["S"])

    def _is_wanted(self, item: Item) -> bool:
        return all(clause.holds(item, self._names, self._values) for clause in self._clauses)

    def _start_place(self, start: Item | None) -> Place | None:
        """Errors: ValidationError for a start that the query itself could not have given."""
        if start is None:
            return None
        schema = self._table.schema
        names = {*schema.key.names, *self._key.names}
        own = self._key.key_of(check_item(start)) if start.keys() == names else None
        if own is None or not self._is_wanted(start):
            raise ValidationError("The provided starting key is outside query boundaries")
        return own[1], schema.exact_key({name: start[name] for name in schema.key.names})


def _index_of(request: dict[str, Any], table: Table) -> Index | None:
    name = request.get("IndexName")
    if name is None:
        return None
    if name not in table.schema.indexes:
        raise ValidationError(f"The table does not have the specified index: {name}")
    return table.schema.indexes[name]

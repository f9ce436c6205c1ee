"""A table's definition: keys, indexes, projections, TTL, stream; read from a CreateTable request.

Source: Amazon DynamoDB API Reference, CreateTable; Developer Guide, "Using Global Secondary
Indexes in DynamoDB".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .errors import ValidationError
from .values import Item, SortValue, Value, sort_value, type_of

HASH_BYTES_MAX = 2048
RANGE_BYTES_MAX = 1024
KEY_TYPES = ("S", "N", "B")

# A key in sortable form: the hash value, then the range value (None where there is no range key).
type Key = tuple[SortValue, SortValue]


@dataclass(frozen=True, slots=True)
class KeySchema:
    """The key attributes of a table or index and their types."""

    hash_name: str
    hash_type: str
    range_name: str | None = None
    range_type: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The key attributes' names, hash first."""
        return (self.hash_name,) if self.range_name is None else (self.hash_name, self.range_name)

    def key_of(self, item: Item) -> Key:
        """The sortable key of an item that has every key attribute."""
        return (
            sort_value(item[self.hash_name]),
            None if self.range_name is None else sort_value(item[self.range_name]),
        )


@dataclass(frozen=True, slots=True)
class IndexSchema:
    """A global secondary index."""

    name: str
    key: KeySchema
    # None: every attribute (ALL); else the names that an entry holds, keys included.
    projected: frozenset[str] | None

    def entry(self, item: Item) -> Item | None:
        """What the index stores of an item; None where a key attribute is missing (sparse)."""
        for name in self.key.names:
            if name not in item:
                return None
        if self.projected is None:
            return item
        return {name: item[name] for name in item if name in self.projected}


@dataclass(frozen=True, slots=True)
class TableSchema:
    """A table's keys, indexes and options."""

    name: str
    key: KeySchema
    indexes: tuple[IndexSchema, ...] = ()
    ttl_attribute: str | None = None
    stream_view_type: str | None = None
    definition: dict[str, Any] = field(default_factory=dict, compare=False)

    def index(self, name: str) -> IndexSchema:
        """The index of this name; ValidationError if there is none."""
        for index in self.indexes:
            if index.name == name:
                return index
        raise ValidationError(f"The table does not have the specified index: {name}")


def table_schema(definition: dict[str, Any]) -> TableSchema:
    """The schema that a CreateTable request (or a template's Properties) defines.

    Errors: ValidationError for missing or unused attribute definitions, or a local secondary
    index, which this engine does not have.
    """
    if definition.get("LocalSecondaryIndexes"):
        raise ValidationError("Local secondary indexes are not part of this engine")
    types = {
        entry["AttributeName"]: entry["AttributeType"]
        for entry in definition["AttributeDefinitions"]
    }
    key = _key_schema(definition["KeySchema"], types)
    indexes = tuple(
        _index_schema(entry, key, types) for entry in definition.get("GlobalSecondaryIndexes") or ()
    )
    used = {name for schema in (key, *(index.key for index in indexes)) for name in schema.names}
    if unused := types.keys() - used:
        raise ValidationError(
            "One or more parameter values were invalid: Some AttributeDefinitions are not used. "
            f"AttributeDefinitions: {sorted(types)}, keys used: {sorted(used)}, unused: "
            f"{sorted(unused)}"
        )
    ttl = definition.get("TimeToLiveSpecification") or {}
    stream = definition.get("StreamSpecification") or {}
    return TableSchema(
        name=definition["TableName"],
        key=key,
        indexes=indexes,
        ttl_attribute=ttl.get("AttributeName") if ttl.get("Enabled") else None,
        stream_view_type=stream.get("StreamViewType"),
        definition=definition,
    )


def _key_schema(elements: list[dict[str, str]], types: dict[str, str]) -> KeySchema:
    by_role = {element["KeyType"]: element["AttributeName"] for element in elements}
    for name in by_role.values():
        if types.get(name) not in KEY_TYPES:
            raise ValidationError(
                "One or more parameter values were invalid: Some index key attributes are not "
                f"defined in AttributeDefinitions. Keys: [{name}]"
            )
    if "HASH" not in by_role:
        raise ValidationError("Invalid KeySchema: The first KeySchemaElement is not a HASH key")
    range_name = by_role.get("RANGE")
    return KeySchema(
        by_role["HASH"],
        types[by_role["HASH"]],
        range_name,
        types[range_name] if range_name is not None else None,
    )


def _index_schema(
    definition: dict[str, Any], table_key: KeySchema, types: dict[str, str]
) -> IndexSchema:
    key = _key_schema(definition["KeySchema"], types)
    projection = definition.get("Projection") or {}
    kind = projection.get("ProjectionType", "KEYS_ONLY")
    extra = projection.get("NonKeyAttributes") or []
    if kind not in ("ALL", "KEYS_ONLY", "INCLUDE"):
        raise ValidationError(f"Unknown ProjectionType: {kind}")
    if bool(extra) != (kind == "INCLUDE"):
        raise ValidationError(
            "One or more parameter values were invalid: ProjectionType is "
            f"{kind}, and NonKeyAttributes is {extra or 'not specified'}"
        )
    projected = None if kind == "ALL" else frozenset((*table_key.names, *key.names, *extra))
    return IndexSchema(definition["IndexName"], key, projected)


def check_put_keys(schema: TableSchema, item: Item) -> None:
    """ValidationError where a whole item lacks a key attribute or has one of a wrong type."""
    key = schema.key
    for name, expected in _typed_names(key):
        value = item.get(name)
        if value is None:
            raise ValidationError(
                f"One or more parameter values were invalid: Missing the key {name} in the item"
            )
        if type_of(value) != expected:
            raise ValidationError(
                f"One or more parameter values were invalid: Type mismatch for key {name} "
                f"expected: {expected} actual: {type_of(value)}"
            )
    _check_sizes(key, item)


def check_key(schema: TableSchema, key: Item) -> None:
    """ValidationError unless this is exactly the table's key, in type and in names."""
    names = _typed_names(schema.key)
    fits = len(key) == len(names) and all(
        name in key and type_of(key[name]) == expected for name, expected in names
    )
    if not fits:
        raise ValidationError("The provided key element does not match the schema")
    _check_sizes(schema.key, key)


def check_index_keys(schema: TableSchema, item: Item) -> None:
    """ValidationError where an item's value cannot be an index's key: wrong type, or empty."""
    for index in schema.indexes:
        for name, expected in _typed_names(index.key):
            value = item.get(name)
            if value is None:
                continue
            if expected not in value:
                raise ValidationError(
                    "One or more parameter values were invalid: Type mismatch for Index Key "
                    f"{name} Expected: {expected} Actual: {type_of(value)} IndexName: {index.name}"
                )
            if value[expected] == "":
                raise ValidationError(
                    "One or more parameter values are not valid. A value specified for a secondary "
                    "index key is not supported. The AttributeValue for a key attribute cannot "
                    f"contain an empty string value. IndexName: {index.name}, IndexKey: {name}"
                )


def _typed_names(key: KeySchema) -> list[tuple[str, str | None]]:
    if key.range_name is None:
        return [(key.hash_name, key.hash_type)]
    return [(key.hash_name, key.hash_type), (key.range_name, key.range_type)]


def _check_sizes(key: KeySchema, item: Item) -> None:
    limits = ((key.hash_name, HASH_BYTES_MAX, "hash"), (key.range_name, RANGE_BYTES_MAX, "range"))
    for name, limit, role in limits:
        if name is None:
            continue
        [content] = item[name].values()
        if content == "":
            raise ValidationError(
                "One or more parameter values are not valid. The AttributeValue for a key "
                f"attribute cannot contain an empty string value. Key: {name}"
            )
        if len(content) * 4 > limit and _bytes_of(item[name]) > limit:
            raise ValidationError(
                f"One or more parameter values were invalid: Aggregated size of all {role} keys "
                f"has exceeded the size limit of {limit} bytes"
            )


def _bytes_of(value: Value) -> int:
    content = sort_value(value)
    if isinstance(content, str):
        return len(content.encode())
    return len(content) if isinstance(content, bytes) else 0

"""A table's keys, sparse indexes and TTL, read from the template that is deployed.

Source: Amazon DynamoDB API Reference, CreateTable; Developer Guide, "Using Global Secondary
Indexes in DynamoDB".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .errors import UnsupportedRequestError, ValidationError
from .values import Item

# A key in sortable form: hash value, then range value ("" where the table has no range key).
type Key = tuple[str | int, str | int]

HASH_BYTES_MAX = 2048
RANGE_BYTES_MAX = 1024


@dataclass(frozen=True, slots=True)
class KeySchema:
    """The key attributes of a table or an index; each has one type, S or N."""

    names: tuple[str, ...]
    types: tuple[str, ...]

    def key_of(self, item: Item) -> Key | None:
        """Return the sortable key, or None where a key attribute is missing."""
        parts: list[str | int] = []
        for name, kind in zip(self.names, self.types, strict=True):
            value = item.get(name)
            if value is None:
                return None
            parts.append(value["S"] if kind == "S" else int(value["N"]))
        return (parts[0], parts[1] if len(parts) > 1 else "")


@dataclass(frozen=True, slots=True)
class Index:
    """A global secondary index. Sparse: an item without all key attributes has no entry.

    Shape: `projected` are the names that an entry has, keys included; None means all.
    """

    name: str
    key: KeySchema
    projected: frozenset[str] | None

    def entry(self, item: Item) -> Item:
        """Return what the index stores of an item."""
        if self.projected is None:
            return item
        return {name: value for name, value in item.items() if name in self.projected}


@dataclass(frozen=True, slots=True)
class Schema:
    """A table as the template defines it; `ttl_attribute` is None where nothing expires."""

    name: str
    key: KeySchema
    indexes: dict[str, Index]
    ttl_attribute: str | None

    def exact_key(self, key: Item) -> Key:
        """Return the sortable key. Errors: ValidationError unless it is exactly the table's key."""
        if set(key) != set(self.key.names):
            raise ValidationError("The provided key element does not match the schema")
        return self.item_key(key)

    def item_key(self, item: Item) -> Key:
        """Return the sortable key of a whole item. Errors: ValidationError where it has none."""
        limits = (HASH_BYTES_MAX, RANGE_BYTES_MAX)
        for name, kind, limit in zip(self.key.names, self.key.types, limits, strict=False):
            content = item.get(name, {}).get(kind)
            if not content or len(content.encode()) > limit:
                raise ValidationError(f"The key {name} is missing, empty, too long or not {kind}")
        key = self.key.key_of(item)
        assert key is not None
        return key

    def check_index_keys(self, item: Item) -> None:
        """Errors: ValidationError where a value cannot be an index's key: wrong type, or empty."""
        for index in self.indexes.values():
            for name, kind in zip(index.key.names, index.key.types, strict=True):
                if name in item and not item[name].get(kind):
                    raise ValidationError(
                        f"{name} cannot be a key of index {index.name}: not {kind}"
                    )


def read_schema(definition: dict[str, Any]) -> Schema:
    """Return the schema of a CreateTable request, or of a template's table with its TableName."""
    types = {
        each["AttributeName"]: each["AttributeType"] for each in definition["AttributeDefinitions"]
    }
    if set(types.values()) - {"S", "N"}:
        raise UnsupportedRequestError(f"key attributes of these types: {types}")
    key = _read_key(definition, types)
    indexes = {
        each["IndexName"]: _read_index(each, key, types)
        for each in definition.get("GlobalSecondaryIndexes", ())
    }
    ttl = definition.get("TimeToLiveSpecification", {})
    return Schema(
        name=definition["TableName"],
        key=key,
        indexes=indexes,
        ttl_attribute=ttl["AttributeName"] if ttl.get("Enabled") else None,
    )


def _read_key(definition: dict[str, Any], types: dict[str, str]) -> KeySchema:
    names = {each["KeyType"]: each["AttributeName"] for each in definition["KeySchema"]}
    ordered = tuple(names[role] for role in ("HASH", "RANGE") if role in names)
    return KeySchema(ordered, tuple(types[name] for name in ordered))


def _read_index(definition: dict[str, Any], table_key: KeySchema, types: dict[str, str]) -> Index:
    key = _read_key(definition, types)
    projection = definition["Projection"]
    more = projection.get("NonKeyAttributes", ())
    is_all = projection["ProjectionType"] == "ALL"
    projected = None if is_all else frozenset((*table_key.names, *key.names, *more))
    return Index(definition["IndexName"], key, projected)

"""CreateTable and DescribeTable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .schema import TableSchema

if TYPE_CHECKING:
    from .engine import Engine

REGION = "us-east-1"
ACCOUNT = "123456789012"


def create_table(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    """CreateTable; the table is there at once."""
    engine.create_table(request)
    return {"TableDescription": _description(engine, request["TableName"])}


def describe_table(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    """DescribeTable."""
    return {"Table": _description(engine, request["TableName"])}


def _description(engine: Engine, name: str) -> dict[str, Any]:
    table = engine.table(name)
    schema: TableSchema = table.schema
    definition = schema.definition
    description: dict[str, Any] = {
        "TableName": name,
        "TableStatus": "ACTIVE",
        "TableArn": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}",
        "AttributeDefinitions": definition["AttributeDefinitions"],
        "KeySchema": definition["KeySchema"],
        "ItemCount": len(table.items),
        "TableSizeBytes": sum(stored.size for stored in table.items.values()),
    }
    indexes = definition.get("GlobalSecondaryIndexes")
    if indexes:
        description["GlobalSecondaryIndexes"] = [
            {key: index[key] for key in ("IndexName", "KeySchema", "Projection")}
            | {"IndexStatus": "ACTIVE"}
            for index in indexes
        ]
    if schema.stream_view_type is not None:
        description["StreamSpecification"] = {
            "StreamEnabled": True,
            "StreamViewType": schema.stream_view_type,
        }
    return description

"""The table that random sequences run on: keys, indexes and projections like those of payments."""

from __future__ import annotations

from typing import Any

from .expressions import INDEX_KEYS

TABLE: dict[str, Any] = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": kind}
        for name, kind in {"pk": "S", "sk": "S", **INDEX_KEYS}.items()
    ],
    "KeySchema": [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "open",
            "KeySchema": [
                {"AttributeName": "open", "KeyType": "HASH"},
                {"AttributeName": "due_at", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        },
        {
            "IndexName": "by_checkout",
            "KeySchema": [{"AttributeName": "checkout_request_id", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        },
        {
            "IndexName": "by_day",
            "KeySchema": [
                {"AttributeName": "day_shard", "KeyType": "HASH"},
                {"AttributeName": "created_at", "KeyType": "RANGE"},
            ],
            "Projection": {
                "ProjectionType": "INCLUDE",
                "NonKeyAttributes": ["status", "amount_kes"],
            },
        },
    ],
}
INDEX_HASHES = {"open": "open", "by_checkout": "checkout_request_id", "by_day": "day_shard"}
INDEX_RANGES = {"open": "due_at", "by_day": "created_at"}

"""Reads what a payment told other systems: its event items in the table, oldest first."""

from typing import Any

from local import aws

EVENTS_MAX = 100
SHOWN = (
    "type",
    "from_status",
    "status",
    "by",
    "occurred_at",
    "result_code",
    "receipt_number",
    "reason",
    "attention",
)


def read_events(endpoint_url: str, table_name: str, payment_id: str) -> list[dict[str, str]]:
    """Give the events of one payment; an unknown payment has none."""
    answer = aws.client("dynamodb", endpoint_url).query(
        TableName=table_name,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :event)",
        ExpressionAttributeValues={
            ":pk": {"S": f"PAY#{payment_id}"},
            ":event": {"S": "EVENT#"},
        },
        Limit=EVENTS_MAX,
    )
    return [_read_event(item) for item in answer["Items"]]


def _read_event(item: dict[str, Any]) -> dict[str, str]:
    return {name: str(next(iter(item[name].values()))) for name in SHOWN if name in item}

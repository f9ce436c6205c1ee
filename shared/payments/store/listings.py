"""Lists what is due, and payments by an EAT day, from indexes that may lag."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from payments.store.attributes import to_attribute
from payments.store.items import DAY_SHARDS, OPEN_INDEX_KEY, PAYMENT_PREFIX
from payments.store.table import Table

DUE_PAGE_SIZE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One payment as in the by_day index.

    Units: `day` in EAT as YYYY-MM-DD, `created_at` in UTC epoch seconds, KES.
    """

    day: str
    payment_id: str
    created_at: int
    public_status: str
    amount_kes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """The money of one payment as in the by_received index.

    Units: `day` of its first proof in EAT as YYYY-MM-DD, `received_at` in UTC epoch seconds; KES as
        reported, or as asked until M-Pesa names an amount.
    """

    day: str
    payment_id: str
    received_at: int
    public_status: str
    amount_kes: int


def list_due(table: Table, now: int) -> Iterator[dict[str, Any]]:
    """Yield the index entries of payments and receipts that are due, oldest first.

    Errors: StoreUnavailableError.
    """
    return table.query_pages(
        IndexName="open",
        KeyConditionExpression="#open = :open AND due_at <= :now",
        ExpressionAttributeNames={"#open": "open"},
        ExpressionAttributeValues={
            ":open": to_attribute(OPEN_INDEX_KEY),
            ":now": to_attribute(now),
        },
        Limit=DUE_PAGE_SIZE,
    )


def list_created(table: Table, days: Iterable[str]) -> Iterator[Listed]:
    """Yield the payments created on these EAT days, day by day. Errors: StoreUnavailableError."""
    for day, values in _list_days(table, days, index="by_day", key="day_shard"):
        yield Listed(
            day=day,
            payment_id=values["pk"].removeprefix(PAYMENT_PREFIX),
            created_at=values["created_at"],
            public_status=values["public_status"],
            amount_kes=values["amount_kes"],
        )


def list_received(table: Table, days: Iterable[str]) -> Iterator[Received]:
    """Yield the money first proven on these EAT days, day by day. Errors: StoreUnavailableError."""
    for day, values in _list_days(table, days, index="by_received", key="received_shard"):
        yield Received(
            day=day,
            payment_id=values["pk"].removeprefix(PAYMENT_PREFIX),
            received_at=values["received_at"],
            public_status=values["public_status"],
            amount_kes=values.get("paid_amount_kes") or values["amount_kes"],
        )


def _list_days(
    table: Table, days: Iterable[str], *, index: str, key: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    for day in days:
        for shard in range(DAY_SHARDS):
            pages = table.query_pages(
                IndexName=index,
                KeyConditionExpression=f"{key} = :{key}",
                ExpressionAttributeValues={f":{key}": to_attribute(f"{day}#{shard}")},
            )
            for values in pages:
                yield day, values

"""Lists payments by the EAT day of their creation, from an index that may lag."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from payments.store.attributes import to_attribute
from payments.store.items import DAY_SHARDS, PAYMENT_PREFIX
from payments.store.table import Table


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


def list_created(table: Table, days: Iterable[str]) -> Iterator[Listed]:
    """Yield the payments created on these EAT days, day by day. Errors: StoreUnavailableError."""
    for day in days:
        for shard in range(DAY_SHARDS):
            pages = table.query_pages(
                IndexName="by_day",
                KeyConditionExpression="day_shard = :day_shard",
                ExpressionAttributeValues={":day_shard": to_attribute(f"{day}#{shard}")},
            )
            for values in pages:
                yield Listed(
                    day=day,
                    payment_id=values["pk"].removeprefix(PAYMENT_PREFIX),
                    created_at=values["created_at"],
                    public_status=values["public_status"],
                    amount_kes=values["amount_kes"],
                )

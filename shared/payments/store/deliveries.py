"""What is known of each event's way to the booking system: one small item an event."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import batched
from typing import Any

from payments.protocol.delivery import Answer, Delivery
from payments.protocol.policy import DAY_SECONDS
from payments.store.attributes import Plain, to_attribute
from payments.store.expressions import Expression, update_action
from payments.store.items import delivery_key
from payments.store.table import Table

KEPT_SECONDS = 90 * DAY_SECONDS
"""How long a delivery is on record after its last try; the event itself is kept for ever."""
READ_AT_ONCE = 100
"""The most keys of one BatchGetItem."""


class DeliveryStore:
    """Reads and writes deliveries. Errors: StoreUnavailableError from every method."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def record(self, event: Mapping[str, Any], answer: Answer, *, try_id: str, now: int) -> None:
        """Count a try and keep its answer. The time of the first success never moves.

        Idempotent: a write whose reply was lost is not counted twice, by its `try_id`.
        """
        e = Expression()
        facts: dict[str, Plain] = {
            "type": event["type"],
            "payment_id": event.get("payment_id", ""),
            "occurred_at": event["occurred_at"],
            "last_try_id": try_id,
            "last_answer": answer.text,
            "last_tried_at": now,
            "purge_at": now + KEPT_SECONDS,
        }
        sets = [f"{e.name(name)} = {e.value(value)}" for name, value in facts.items()]
        tries = e.name("tries")
        sets.append(f"{tries} = if_not_exists({tries}, {e.value(0)}) + {e.value(1)}")
        if answer.is_taken:
            delivered = e.name("delivered_at")
            sets.append(f"{delivered} = if_not_exists({delivered}, {e.value(now)})")
        key = delivery_key(event["occurred_at"], event["dedupe_id"])
        last = e.name("last_try_id")
        is_new = f"attribute_not_exists({last}) OR {last} <> {e.value(try_id)}"
        self._table.update(
            update_action(self._table.name, key, e, sets=sets, removes=[], condition=is_new)
        )

    def of_days(self, days: Iterable[str]) -> Iterator[Delivery]:
        """Yield the deliveries of the events of these EAT days that were tried."""
        for day in days:
            pages = self._table.query_pages(
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": to_attribute(delivery_key(day, "")["pk"])},
            )
            yield from (_to_delivery(values) for values in pages)

    def of_events(self, events: Iterable[Mapping[str, Any]]) -> Iterator[Delivery]:
        """Yield the delivery of each event, in their order, also of those never tried."""
        for chunk in batched(events, READ_AT_ONCE, strict=False):
            keys = [delivery_key(event["occurred_at"], event["dedupe_id"]) for event in chunk]
            for event, values in zip(chunk, self._table.get_many(keys), strict=True):
                yield _to_delivery(values) if values else _untried(event)

    def events_of(self, owner: str) -> list[dict[str, Any]]:
        """Return the events of one partition key whole, as they went to the bus, oldest first."""
        pages = self._table.query_pages(
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
            ExpressionAttributeValues={
                ":pk": to_attribute(owner),
                ":prefix": to_attribute("EVENT#"),
            },
            ConsistentRead=True,
        )
        return [
            {name: value for name, value in values.items() if name not in ("pk", "sk")}
            for values in pages
        ]


def _untried(event: Mapping[str, Any]) -> Delivery:
    return Delivery(
        **{name: event[name] for name in ("dedupe_id", "type", "payment_id", "occurred_at")}
    )


def _to_delivery(values: Mapping[str, Any]) -> Delivery:
    known = {name: values[name] for name in Delivery.__dataclass_fields__ if name in values}
    return Delivery(dedupe_id=values["sk"], **known)

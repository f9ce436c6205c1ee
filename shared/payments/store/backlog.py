"""Payments that are open or wait for an operator now, from two sparse indexes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from payments.protocol.payment import PUBLIC_STATUS, PaymentStatus
from payments.store.attributes import to_attribute
from payments.store.items import OPEN_INDEX_KEY, PAYMENT_PREFIX, PERSON_INDEX_KEY, RECEIPT_PREFIX
from payments.store.table import Table

OPEN_WORD = PUBLIC_STATUS[PaymentStatus.PENDING]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenEntry:
    """An open payment as in its index. Units: UTC epoch seconds."""

    created_at: int
    due_at: int


class Backlog:
    """Reads two sparse indexes, which may lag. Errors: StoreUnavailableError from both methods."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def open_entries(self) -> Iterator[OpenEntry]:
        """Yield the payments that wait for Daraja, and not for an operator.

        The index also holds concluded ones that Daraja is asked about once more: not those.
        """
        for values in self._entries("open", OPEN_INDEX_KEY):
            is_payment = values["pk"].startswith(PAYMENT_PREFIX)
            if is_payment and values["public_status"] == OPEN_WORD and "person" not in values:
                yield OpenEntry(created_at=values["created_at"], due_at=values["due_at"])

    def needing_person(self) -> tuple[list[PaymentStatus], list[int]]:
        """Return the status of each payment that waits for an operator, and since when rows wait.

        Units: UTC epoch seconds at which an unclaimed receipt was seen.
        """
        statuses, seen_at = [], []
        for values in self._entries("person", PERSON_INDEX_KEY):
            if values["pk"].startswith(PAYMENT_PREFIX):
                statuses.append(PaymentStatus(values["status"]))
            else:
                seen_at.append(values["created_at"])
        return statuses, seen_at

    def waiting(self, limit: int | None = None) -> tuple[list[str], list[str]]:
        """Return the payments and the receipts that wait for a person, at most `limit` in all."""
        payments: list[str] = []
        receipts: list[str] = []
        for values in self._entries("person", PERSON_INDEX_KEY):
            if len(payments) + len(receipts) == limit:
                break
            pk = str(values["pk"])
            if pk.startswith(PAYMENT_PREFIX):
                payments.append(pk.removeprefix(PAYMENT_PREFIX))
            else:
                receipts.append(pk.removeprefix(RECEIPT_PREFIX))
        return payments, receipts

    def _entries(self, index: str, partition: str) -> Iterator[dict[str, Any]]:
        """Read an index whose partition key has its name: payments, and rows of receipts."""
        return self._table.query_pages(
            IndexName=index,
            KeyConditionExpression="#key = :partition",
            ExpressionAttributeNames={"#key": index},
            ExpressionAttributeValues={":partition": to_attribute(partition)},
        )

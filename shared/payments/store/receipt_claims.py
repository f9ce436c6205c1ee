"""Receipts that customers name for their payments: read by people, never by a decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from payments.protocol.policy import DAY_SECONDS
from payments.protocol.receipts import ReceiptRow
from payments.store.attributes import Plain, to_attribute, to_item
from payments.store.expressions import ABSENT, Expression, update_action
from payments.store.items import (
    CLAIM_INDEX_KEY,
    CLAIM_PREFIX,
    PAYMENT_PREFIX,
    payment_key,
    receipt_claim_key,
    user_key,
)
from payments.store.table import Committed, Table
from payments.values import eat_day

CLAIMS_A_PAYMENT_MAX = 3
CLAIMS_A_DAY_MAX = 10
"""The most of one client in one EAT day, over all its payments."""
KEPT_SECONDS = 90 * DAY_SECONDS


class Filed(StrEnum):
    """What became of a claim."""

    KEPT = "kept, now or before"
    PAYMENT_IS_FULL = "three others of this payment are kept"
    DAY_IS_FULL = "the client has filed ten today"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptClaim:
    """One receipt as the customer named it. Units: UTC epoch seconds."""

    payment_id: str
    receipt_number: str
    claimed_at: int


class ReceiptClaims:
    """Files and reads claims of one table. Errors: StoreUnavailableError from every method."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def file(
        self, payment_id: str, receipt_number: str, *, client_id: str, now: int, op_id: str
    ) -> Filed:
        """File a claim and count it, or do nothing; neither payment nor receipt row is read.

        Idempotent: a receipt that the payment's customer has named before is not counted again.
        """
        purge_at = now + KEPT_SECONDS
        item: dict[str, Plain | None] = {
            **receipt_claim_key(payment_id, receipt_number),
            "created_at": now,
            "person": CLAIM_INDEX_KEY,
            "purge_at": purge_at,
        }
        put = {"TableName": self._table.name, "Item": to_item(item), "ConditionExpression": ABSENT}
        of_payment = {"pk": payment_key(payment_id)["pk"], "sk": "CLAIMS"}
        of_client = {"pk": user_key(client_id)["pk"], "sk": f"CLAIMS#{eat_day(now)}"}
        actions = [
            {"Put": put},
            self._count(of_payment, CLAIMS_A_PAYMENT_MAX, purge_at),
            self._count(of_client, CLAIMS_A_DAY_MAX, now + 2 * DAY_SECONDS),
        ]
        outcome = self._table.transact(actions, op_id=op_id)
        if isinstance(outcome, Committed):
            return Filed.KEPT
        is_known, is_payment_full, _ = outcome.objected
        if is_known:
            return Filed.KEPT
        return Filed.PAYMENT_IS_FULL if is_payment_full else Filed.DAY_IS_FULL

    def of_payment(self, payment_id: str) -> list[ReceiptClaim]:
        """Return what the payment's customer named, oldest first."""
        pages = self._table.query_pages(
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
            ExpressionAttributeValues={
                ":pk": to_attribute(payment_key(payment_id)["pk"]),
                ":prefix": to_attribute(CLAIM_PREFIX),
            },
            ConsistentRead=True,
        )
        return sorted(map(_to_claim, pages), key=lambda claim: claim.claimed_at)

    def of_row(self, row: ReceiptRow) -> list[ReceiptClaim]:
        """Return who has named a receipt, oldest first (an index read: may lag).

        A customer learns the receipt by paying, so claims of more than a day earlier are not read.
        """
        since = max(0, (row.paid_at or 0) - DAY_SECONDS)
        pages = self._table.query_pages(
            IndexName="person",
            KeyConditionExpression="#person = :claim AND created_at >= :since",
            ExpressionAttributeNames={"#person": "person"},
            ExpressionAttributeValues={
                ":claim": to_attribute(CLAIM_INDEX_KEY),
                ":since": to_attribute(since),
            },
        )
        return [each for each in map(_to_claim, pages) if each.receipt_number == row.receipt_number]

    def _count(self, key: Mapping[str, str], limit: int, purge_at: int) -> dict[str, Any]:
        e = Expression()
        filed = e.name("filed")
        has_room = f"(attribute_not_exists({filed}) OR {filed} < {e.value(limit)})"
        sets = [
            f"{filed} = if_not_exists({filed}, {e.value(0)}) + {e.value(1)}",
            f"{e.name('purge_at')} = {e.value(purge_at)}",
        ]
        return {
            "Update": update_action(
                self._table.name, key, e, sets=sets, removes=[], condition=has_room
            )
        }


def _to_claim(values: Mapping[str, Any]) -> ReceiptClaim:
    return ReceiptClaim(
        payment_id=values["pk"].removeprefix(PAYMENT_PREFIX),
        receipt_number=values["sk"].removeprefix(CLAIM_PREFIX),
        claimed_at=values["created_at"],
    )

"""Confirmations from unlisted addresses, filed for a person where Pull cannot bring the money."""

import hashlib
import json
from dataclasses import asdict, dataclass

from payments.protocol.evidence import MoneySeen
from payments.protocol.policy import DAY_SECONDS
from payments.store.attributes import to_attribute, to_item
from payments.store.expressions import ABSENT, Expression, update_action
from payments.store.items import STATE
from payments.store.table import Committed, Table
from payments.values import eat_day

FILED_A_DAY_MAX = 100
KEPT_OUT = ("payer", "payer_hmac")
"""A payer is only on unclaimed rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledConfirmation:
    """One confirmation as filed. Units: UTC epoch seconds, KES; None where it was not whole."""

    received_at: int
    receipt_number: str
    amount_kes: int | None
    reference: str


class UnprovenMoney:
    """Files facts under `C2B#<day>`. Errors: StoreUnavailableError from every method."""

    def __init__(self, table: Table, *, kept_days: int) -> None:
        self._table = table
        self._kept_days = kept_days

    def file(self, money: MoneySeen, *, now: int, op_id: str) -> bool:
        """File the facts; False where they are filed already, or the day has a hundred."""
        day = f"C2B#{eat_day(now)}"
        values = asdict(money)
        for name in KEPT_OUT:
            del values[name]
        digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
        purge_at = now + self._kept_days * DAY_SECONDS
        name = self._table.name
        item = {
            "pk": day,
            "sk": f"EVIDENCE#{digest}",
            **values,
            "received_at": now,
            "purge_at": purge_at,
        }
        put = {"TableName": name, "Item": to_item(item), "ConditionExpression": ABSENT}
        actions: list[dict[str, object]] = [{"Update": self._count(day, purge_at)}, {"Put": put}]
        return isinstance(self._table.transact(actions, op_id=op_id), Committed)

    def of_last_days(self, days: int, *, now: int) -> list[FiledConfirmation]:
        """Return what was filed on these days, the latest day first; for the operator's command."""
        found = []
        for back in range(days):
            pages = self._table.query_pages(
                KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
                ExpressionAttributeValues={
                    ":pk": to_attribute(f"C2B#{eat_day(now - back * DAY_SECONDS)}"),
                    ":prefix": to_attribute("EVIDENCE#"),
                },
                ConsistentRead=True,
            )
            found += [
                FiledConfirmation(
                    received_at=values["received_at"],
                    receipt_number=values["receipt_number"],
                    amount_kes=values.get("amount_kes"),
                    reference=values.get("reference", ""),
                )
                for values in pages
            ]
        return found

    def _count(self, day: str, purge_at: int) -> dict[str, object]:
        e = Expression()
        filed = e.name("filed")
        has_room = f"(attribute_not_exists({filed}) OR {filed} < {e.value(FILED_A_DAY_MAX)})"
        sets = [
            f"{filed} = if_not_exists({filed}, {e.value(0)}) + {e.value(1)}",
            f"{e.name('purge_at')} = {e.value(purge_at)}",
        ]
        key = {"pk": day, "sk": STATE}
        return update_action(self._table.name, key, e, sets=sets, removes=[], condition=has_room)

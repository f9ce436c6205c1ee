"""Writes imported payments: each row one transaction that creates, and never overwrites."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from payments.store.attributes import to_item
from payments.store.expressions import ABSENT
from payments.store.items import (
    consultation_key,
    consultation_values,
    payment_key,
    payment_values,
    receipt_key,
)
from payments.store.table import Committed, Table

from tools.import_payments.rows import Imported, RowError, read_row


@dataclass(slots=True)
class Totals:
    """What a run did. Units: KES."""

    imported: int = 0
    present: int = 0
    amount_kes: dict[str, int] = field(default_factory=dict)
    count: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    def add(self, imported: Imported) -> None:
        """Count a row that is in the table now, whoever put it there."""
        word = imported.payment.public_status
        self.count[word] = self.count.get(word, 0) + 1
        self.amount_kes[word] = self.amount_kes.get(word, 0) + imported.payment.amount_kes


def import_rows(
    table: Table, rows: Iterable[Mapping[str, str]], *, now: int, writes: bool
) -> Totals:
    """Import every row that is in order; a refused row is named and changes nothing.

    Idempotent: a second run finds every payment present.
    """
    totals = Totals()
    for number, row in enumerate(rows, start=2):
        try:
            imported = read_row(row, now=now)
            is_new = _create(table, imported) if writes else _is_absent(table, imported)
        except RowError as error:
            totals.refused.append(f"line {number}: {error}")
            continue
        totals.imported += is_new
        totals.present += not is_new
        totals.add(imported)
    return totals


def _is_absent(table: Table, imported: Imported) -> bool:
    return table.get(payment_key(imported.payment.payment_id)) is None


def _create(table: Table, imported: Imported) -> bool:
    """Create the payment, its receipt's claim and its consultation, or find it present.

    Errors: RowError where the receipt or the consultation is another payment's.
    """
    payment = imported.payment
    actions = [_put(table, {**payment_key(payment.payment_id), **payment_values(payment)})]
    if payment.receipt_number is not None:
        claim = {**receipt_key(payment.receipt_number), "payment_id": payment.payment_id}
        actions.append(_put(table, claim))
    if imported.consultation is not None:
        key = consultation_key(imported.consultation.booking_id)
        actions.append(_put(table, {**key, **consultation_values(imported.consultation)}))
    outcome = table.transact(actions, op_id=secrets.token_hex(16))
    if isinstance(outcome, Committed):
        return True
    is_present, *others = outcome.objected
    if is_present:
        return False
    what = "receipt" if others and others[0] else "consultation"
    raise RowError(f"its {what} already belongs to another payment")


def _put(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Put": {
            "TableName": table.name,
            "Item": to_item(values),
            "ConditionExpression": ABSENT,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }

"""What is stored around a payment: its consultation, the phone guard and the receipt's row."""

from typing import Any

from payments.errors import StoreUnavailableError
from payments.protocol.evidence import Context
from payments.protocol.payment import Payment
from payments.protocol.receipts import ReceiptRow
from payments.store.items import consultation_key, phone_key, receipt_key, to_consultation
from payments.store.receipt_items import to_receipt_row
from payments.store.table import Table


def load_context(table: Table, payment: Payment, receipt_number: str | None) -> Context:
    """Read all three strongly, in one round trip. Errors: StoreUnavailableError."""
    keys = {"consultation": consultation_key(payment.booking_id)}
    if payment.phone_hmac is not None:
        keys["guard"] = phone_key(payment.phone_hmac)
    if receipt_number is not None:
        keys["row"] = receipt_key(receipt_number)
    found = dict(zip(keys, table.get_many(list(keys.values())), strict=True))
    consultation, guard, row = (found.get(name) for name in ("consultation", "guard", "row"))
    return Context(
        consultation=to_consultation(consultation) if consultation else None,
        phone_payment_id=guard.get("live_payment_id") if guard else None,
        receipt=read_row(row) if row else None,
    )


def read_row(values: dict[str, Any]) -> ReceiptRow:
    """Read a row. Errors: StoreUnavailableError for one that only newer code can judge.

    A callback that names such a receipt then waits in the queue, and is not lost.
    """
    try:
        return to_receipt_row(values)
    except (KeyError, TypeError, ValueError) as error:
        raise StoreUnavailableError("unreadable_receipt") from error

"""Receipt rows <-> items; docs/data-model.md describes them."""

from dataclasses import fields
from typing import Any

from payments.protocol.payment import Proof
from payments.protocol.receipts import ReceiptRow, RowState, SetAside
from payments.store.attributes import Plain
from payments.store.items import OPEN_INDEX_KEY, PERSON_INDEX_KEY, RECEIPT_PREFIX

_ATTRIBUTES = tuple(
    field.name for field in fields(ReceiptRow) if field.name not in {"receipt_number", "payer_hmac"}
)


def row_values(row: ReceiptRow) -> dict[str, Plain | None]:
    """Return every attribute of a row's item but its key.

    Shape: as `ReceiptRow`; the HMAC as bytes; `open` (while a look is due) and `person` serve the
        indexes, and only an unclaimed row is in them.
    """
    values: dict[str, Plain | None] = {name: getattr(row, name) for name in _ATTRIBUTES}
    values["payer_hmac"] = bytes.fromhex(row.payer_hmac) if row.payer_hmac else None
    is_unclaimed = row.state is RowState.UNCLAIMED
    values["open"] = OPEN_INDEX_KEY if is_unclaimed and row.due_at is not None else None
    values["person"] = PERSON_INDEX_KEY if is_unclaimed else None
    return values


def to_receipt_row(values: dict[str, Any]) -> ReceiptRow:
    """Read a row; unknown attributes are ignored."""
    known = {name: values[name] for name in _ATTRIBUTES if name in values}
    if "source" in known:
        known["source"] = Proof(known["source"])
    if "set_aside" in known:
        known["set_aside"] = SetAside(known["set_aside"])
    if "payer_hmac" in values:
        known["payer_hmac"] = values["payer_hmac"].hex()
    return ReceiptRow(receipt_number=values["pk"].removeprefix(RECEIPT_PREFIX), **known)

"""A placeholder until the ledger's branch is merged: every receipt is filed as unclaimed."""

from payments.ports import Actor
from payments.protocol.evidence import MoneySeen
from payments.usecases.services import Services


def record_money(services: Services, money: MoneySeen, *, actor: Actor) -> object:
    """File the receipt."""
    from payments.protocol.receipts import ReceiptRow
    from payments.store.attributes import to_item
    from payments.store.items import receipt_key
    from payments.store.receipt_items import row_values

    row = ReceiptRow(
        receipt_number=money.receipt_number,
        source=money.source,
        amount_kes=money.amount_kes,
        amount_text=money.amount_text,
        paid_at=money.paid_at,
        shortcode=money.shortcode,
        reference=money.reference,
        payer=money.payer,
        payer_hmac=money.payer_hmac,
        transaction_type=money.transaction_type or None,
        created_at=services.now(),
    )
    table = services.store._table
    item = to_item({**receipt_key(money.receipt_number), **row_values(row)})
    return table.put(
        {"TableName": table.name, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}
    )

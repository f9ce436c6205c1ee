"""Items of the receipt ledger are read and written back, and never read as what they are not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from payments.errors import ConflictError
from payments.protocol.evidence import MoneyReturned
from payments.protocol.matching import awaits_receipt
from payments.protocol.payment import Origin, Payment, PaymentStatus, Proof, Refund, RefundStep
from payments.protocol.receipts import ReceiptRow, RowState, SetAside
from payments.store.attributes import from_item, to_item
from payments.store.items import payment_key, payment_values, phone_key, receipt_key, to_payment
from payments.store.receipt_items import row_values, to_receipt_row

from .situations import CREATED_AT, PAYMENTS, decided, present

PAYBILL = Payment(
    payment_id="c" * 32,
    status=PaymentStatus.COMPLETED,
    version=1,
    op_ids=("0" * 12,),
    reserved_by="0" * 32,
    booking_id="1",
    client_id="7",
    amount_kes=1000,
    requested_reference="",
    transaction_desc="",
    created_at=CREATED_AT,
    origin=Origin.PAYBILL,
    holds_locks=False,
    proof=Proof.C2B,
    receipt_number="RECEIPT001",
    paid_amount_kes=1000,
    final_at=CREATED_AT,
    received_at=CREATED_AT,
)
REFUND = Refund(
    step=RefundStep.SENT,
    asked_by="sub-1",
    asked_at=CREATED_AT,
    why="Doctor ill",
    request_key="ab" * 8,
    approved_by="sub-2",
    sent_at=CREATED_AT + 60,
    attempt=2,
    refused="1",
    receipt_number="REFUND0001",
)
UNCLAIMED = ReceiptRow(
    receipt_number="RECEIPT001",
    source=Proof.C2B,
    amount_kes=1000,
    paid_at=CREATED_AT,
    shortcode="600000",
    reference="RENT7",
    payer="2547 ***** 149",
    transaction_type="Pay Bill",
    created_at=CREATED_AT,
    due_at=CREATED_AT + 60,
)
ROWS = {
    "written by an older version": ReceiptRow(receipt_number="RECEIPT001", payment_id="a" * 32),
    "bound": ReceiptRow(
        receipt_number="RECEIPT001", payment_id="a" * 32, source=Proof.PULL, amount_kes=1000
    ),
    "unclaimed": UNCLAIMED,
    "unclaimed, a full number": replace(UNCLAIMED, payer=None, payer_hmac="0f" * 16),
    "unclaimed, not whole, all looks done": replace(
        UNCLAIMED, amount_kes=None, amount_text="5.50", due_at=None
    ),
    "set aside": ReceiptRow(
        receipt_number="RECEIPT001",
        source=Proof.C2B,
        amount_kes=1000,
        set_aside=SetAside.SWEEP,
        set_aside_by="rule",
        set_aside_at=CREATED_AT,
    ),
}


def read_back(payment: Payment) -> Payment:
    stored = to_item({**payment_key(payment.payment_id), **payment_values(payment)})
    return to_payment(from_item(stored))


@pytest.mark.parametrize(
    "payment",
    [
        PAYBILL,
        *(
            replace(PAYMENTS["refund_due"], phone_hmac=None, refund=r)
            for r in (REFUND, Refund(attempt=1))
        ),
    ],
)
def test_a_payment_reads_back(payment: Payment) -> None:
    plain = replace(payment, op_ids=(), reserved_by="")
    assert replace(read_back(payment), op_ids=(), reserved_by="") == plain


def test_a_paybill_payment_stores_nothing_of_a_prompt() -> None:
    values = {name for name, value in payment_values(PAYBILL).items() if value is not None}
    assert not values & {"phone_number", "phone_hmac", "token_sha256", "prompt_until", "open"}
    assert not PAYBILL.may_have_open_prompt(CREATED_AT)


def test_a_paybill_payment_is_read_back_as_one_that_no_prompt_began() -> None:
    values = payment_values(replace(PAYBILL, receipt_number=None))
    item = to_item({**payment_key(PAYBILL.payment_id), **values}) | {"origin": {"S": "paybill"}}
    payment = to_payment(from_item(item))
    assert payment.origin is Origin.PAYBILL
    assert not awaits_receipt(payment)


def test_a_payment_without_a_prompt_names_no_phone_guard() -> None:
    with pytest.raises(ValueError, match="holds no phone"):
        phone_key(PAYBILL.phone_hmac)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_row_reads_back(row: ReceiptRow) -> None:
    stored: dict[str, Any] = {**receipt_key(row.receipt_number), **row_values(row)}
    assert to_receipt_row(from_item(to_item(stored))) == row
    assert ("person" in to_item(stored)) == (row.state is RowState.UNCLAIMED)
    assert ("open" in to_item(stored)) == (row.due_at is not None)


@pytest.mark.parametrize("step", [None, *RefundStep])
def test_money_is_marked_as_returned_unless_our_own_refund_is_under_way(
    step: RefundStep | None,
) -> None:
    payment = replace(PAYMENTS["refund_due"], refund=replace(REFUND, step=step))
    if step is RefundStep.SENT:
        with pytest.raises(ConflictError, match="sent to M-Pesa"):
            decided(payment, MoneyReturned(), age=0)
        return
    change = present(decided(payment, MoneyReturned(), age=0))
    assert change.after.status is PaymentStatus.REFUNDED
    assert change.after.refund == replace(REFUND, step=None)

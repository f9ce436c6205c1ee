"""A payment item stays under 1 KB at every step, so that a write of it is one unit.

Ids of 44 characters, Safaricom's usual descriptions and the longest of everything else are driven
through histories that leave as much behind on the item as can be.
"""

from __future__ import annotations

import base64
import hashlib
import random
from dataclasses import replace
from typing import Any

import pytest
from payments.errors import ConflictError
from payments.protocol.change import Change
from payments.protocol.consultation import Consultation
from payments.protocol.decide import decide
from payments.protocol.evidence import (
    BookingCancelled,
    CallbackResult,
    Context,
    Evidence,
    HintReceived,
    MoneyReturned,
    OddCallback,
    PushAccepted,
    PushUnclear,
    QueryAnswer,
    ReceiptFound,
    Resolution,
    ReviewResolved,
    TimePassed,
    Verdict,
)
from payments.protocol.payment import Payment, PaymentStatus, StkResult
from payments.protocol.policy import EVIDENCE_MAX, Policy
from payments.protocol.receipts import ReceiptRow
from payments.store.attributes import to_item
from payments.store.items import payment_key, payment_values, to_payment
from payments.store.writes import with_op_id
from payments.usecases.initiate import REQUESTED_REFERENCE_CHARACTERS
from payments.values import TRANSACTION_DESC_CHARACTERS

from tests.support.dynamodb import values as sizes

BYTES_MAX = 1023
BYTES_WITH_A_LATE_HINT_MAX = 1150
"""Only with ids of 44 characters and a hint that came after the verdict: one more write unit."""
ID_CHARACTERS = 44
POLICY = Policy()
NOW = 1_799_999_999
TEXT = "The service request is processed successfully."
"""Safaricom's longest usual description. A longer one adds what it exceeds this by."""
OWN_ID = "ws_CO_15012027105959123708374149"
MERCHANT_ID = "2654-4b64-97ff-b827b542881d3130"
LONGEST = Payment(
    payment_id="f" * 32,
    status=PaymentStatus.DISPATCHING,
    version=1,
    op_ids=("a" * 32,),
    reserved_by="a" * 32,
    booking_id="b" * ID_CHARACTERS,
    client_id="c" * ID_CHARACTERS,
    phone_number="254708374149",
    phone_hmac="d" * 32,
    amount_kes=249_999,
    account_reference="ABCD12345678",
    requested_reference="r" * REQUESTED_REFERENCE_CHARACTERS,
    transaction_desc="t" * TRANSACTION_DESC_CHARACTERS,
    secret_sha256="e" * 64,
    body_sha256="f" * 32,
    created_at=NOW,
    locked_until=NOW + 300,
    due_at=NOW + 25,
    hastened_at=NOW,
)

PAYABLE = Consultation(
    booking_id="b" * ID_CHARACTERS, client_id="c" * ID_CHARACTERS, price_kes=249_999
)


def size(payment: Payment) -> int:
    """Bytes of the stored item, as DynamoDB counts them."""
    values = {**payment_key(payment.payment_id), **payment_values(payment)}
    return sizes.item_size(sizes.check_item(_on_the_wire(to_item(values))))


def _on_the_wire(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _on_the_wire(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_on_the_wire(each) for each in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def said(code: str, number: int, *, amount: int = 249_999) -> StkResult:
    return StkResult(
        code=code,
        description=TEXT,
        checkout_request_id=OWN_ID,
        merchant_request_id=MERCHANT_ID,
        amount_kes=amount,
        receipt_number=f"RECEIPT{number:03}",
        transaction_at=NOW,
        digest=hashlib.sha256(f"{code} {number} {amount}".encode()).hexdigest(),
    )


def any_evidence(chance: random.Random) -> Evidence:
    number = chance.randrange(5)
    code = chance.choice(["0", "0", "1037", "SFC_IC0003", "unlisted12"])
    amount = chance.choice([249_999, 249_999, 199_999])
    verdict = chance.choice(list(Verdict))
    answer = {Verdict.PAID: "0", Verdict.REFUSED: "1032", Verdict.WAITING: "unlisted12"}
    options: list[Evidence] = [
        PushAccepted(checkout_request_id=OWN_ID, merchant_request_id=MERCHANT_ID),
        PushUnclear(description=TEXT),
        CallbackResult(result=said(code, number, amount=amount)),
        HintReceived(result=said(code, number, amount=amount)),
        OddCallback(digest=hashlib.sha256(str(chance.random()).encode()).hexdigest()),
        QueryAnswer(
            checkout_request_id=OWN_ID, verdict=verdict, code=answer[verdict], description=TEXT
        ),
        TimePassed(),
        BookingCancelled(),
        ReceiptFound(receipt_number="RECEIPT900", amount_kes=249_999, transaction_at=NOW),
        ReviewResolved(
            resolution=Resolution.REFUND_DUE, receipt_number="RECEIPT901", amount_kes=249_999
        ),
        MoneyReturned(),
    ]
    return chance.choice(options)


def history(seed: int) -> list[Payment]:
    """What one payment was, step by step, when one thing after another is learned of it."""
    chance = random.Random(seed)
    payment, now = LONGEST, NOW
    steps = [payment]
    for _ in range(30):
        now += chance.choice([1, 30, 300, 86_400])
        receipt = chance.choice(
            [None, None, ReceiptRow(receipt_number="RECEIPT001", payment_id="b" * 32)]
        )
        around = Context(
            consultation=chance.choice([None, PAYABLE]), phone_payment_id=None, receipt=receipt
        )
        try:
            change = decide(payment, any_evidence(chance), around, now=now, policy=POLICY)
        except ConflictError:
            continue
        if isinstance(change, Change):
            op_ids = with_op_id(payment, f"{chance.getrandbits(128):032x}")
            payment = replace(change.after, op_ids=op_ids)
            steps.append(payment)
    return steps


def test_no_step_of_any_history_reaches_one_kilobyte() -> None:
    largest, statuses = 0, set()
    for seed in range(400):
        for payment in history(seed):
            statuses.add(payment.status)
            largest = max(largest, size(payment))
            has_late_hint = payment.hint is not None and not payment.is_open
            allowed = BYTES_WITH_A_LATE_HINT_MAX if has_late_hint else BYTES_MAX
            assert size(payment) <= allowed, (seed, payment)
    assert statuses == set(PaymentStatus)
    assert largest > 900, "the histories do not fill the item"


@pytest.mark.parametrize("seed", range(0, 200, 10))
def test_what_is_stored_reads_back_but_for_what_is_filed_elsewhere(seed: int) -> None:
    for payment in history(seed):
        stored = to_payment({**payment_key(payment.payment_id), **payment_values(payment)})
        again = to_payment({**payment_key(stored.payment_id), **payment_values(stored)})
        assert again == stored
        assert replace(stored, op_ids=(), hint=None) == replace(payment, op_ids=(), hint=None)
        if payment.hint is not None:
            assert stored.hint is not None
            filed = replace(
                payment.hint.result, description="", merchant_request_id=None, digest=""
            )
            assert stored.hint.result == filed
            assert stored.hint.received_at == payment.hint.received_at


def test_the_heads_of_ten_bodies_take_thirty_bytes() -> None:
    heads = tuple(f"{number:06x}" for number in range(EVIDENCE_MAX))
    more = size(replace(LONGEST, evidence_heads=heads)) - size(LONGEST)
    assert more == 30 + len("evidence_heads")

"""The receipt that only a hint names: nobody gives that money to anything else, or it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from payments.errors import ConflictError
from payments.protocol.evidence import ReceiptFound
from payments.protocol.payment import PaymentStatus, Proof
from payments.protocol.receipts import SetAside
from payments.store.attributes import to_item
from payments.store.items import payment_key, payment_values
from payments.store.receipt_claims import ReceiptClaims
from payments.usecases.find_payments import find
from payments.usecases.money_desk import attach_to_booking, attach_to_payment, owe_back, set_aside
from payments.usecases.operate import operate_on_payment
from payments.usecases.propose_owner import propose_owners

from tests.functional.bank import PERSON, Bank
from tests.functional.faulty import HOUR, callback_body
from tests.functional.scene import Scene
from tests.support.aws import TABLE_NAME
from tests.support.lambdas import UNLISTED_IP

RECEIPT = "SKI7HINT01"
OTHER_PHONE = "254711111111"
S = PaymentStatus


@pytest.fixture
def bank(scene: Scene) -> Bank:
    return Bank(scene)


def hinted(scene: Scene, payment_id: str) -> None:
    """Safaricom reports the prompt's money from an address that is not listed yet."""
    prompt = scene.prompt_of(payment_id)
    body = callback_body(prompt.checkout_request_id, 0, receipt=RECEIPT)
    scene.post_callback(prompt.order.callback_url, body, source_ip=UNLISTED_IP)


def paid_late(scene: Scene) -> str:
    """A prompt failed by an authentic 1037; hours later its money moves, and only a hint tells."""
    payment_id = scene.pay("pays+callback_lost")
    scene.pass_time(30)
    scene.post(payment_id, 1037)
    assert scene.payment(payment_id).status is S.FAILED
    scene.pass_time(4 * HOUR)
    return payment_id


def asked(scene: Scene, payment_id: str) -> None:
    """Cleanup asks Daraja, which agrees with the hint."""
    scene.pass_time(120, cleans_up=True)
    assert scene.payment(payment_id).status is S.COMPLETED


def wanting(scene: Scene) -> str:
    """Another booking's payment that failed."""
    scene.register("2")
    payment_id = scene.pay("cancels", booking_id="2", phone=OTHER_PHONE)
    scene.pass_time(60)
    return payment_id


def attach_to_the_other(bank: Bank, other: str) -> None:
    shown = bank.services.store.get_payment(other)
    assert shown is not None
    attach_to_payment(
        bank.services,
        RECEIPT,
        other,
        shown_amount_kes=1000,
        shown_version=shown.version,
        actor=PERSON,
    )


def record_at_the_other(bank: Bank, other: str) -> None:
    shown = bank.services.store.get_payment(other)
    assert shown is not None
    operate_on_payment(
        bank.services,
        other,
        ReceiptFound(receipt_number=RECEIPT, amount_kes=1000),
        shown_version=shown.version,
        who="njeri",
        why="statement",
        request_id="1",
    )


def put_aside(bank: Bank, _: str) -> None:
    set_aside(bank.services, RECEIPT, SetAside.HANDLED_ELSEWHERE, actor=PERSON)


def give_back(bank: Bank, _: str) -> None:
    owe_back(bank.services, RECEIPT, shown_amount_kes=1000, actor=PERSON)


def attach_to_the_other_booking(bank: Bank, _: str) -> None:
    attach_to_booking(bank.services, RECEIPT, "2", shown_amount_kes=1000, actor=PERSON)


ACTS: dict[str, Callable[[Bank, str], None]] = {
    "attach to a payment": attach_to_the_other,
    "record a receipt": record_at_the_other,
    "attach to a booking": attach_to_the_other_booking,
    "owe back": give_back,
    "set aside": put_aside,
}


@pytest.mark.parametrize("is_asked", [False, True], ids=["before Daraja agrees", "after"])
@pytest.mark.parametrize("act", ACTS)
def test_money_that_a_hint_names_goes_to_its_payment_only(
    scene: Scene, bank: Bank, act: str, is_asked: bool
) -> None:
    """Pull files the receipt hours after the prompt, without a name or a payer."""
    payment_id, other = paid_late(scene), wanting(scene)
    hinted(scene, payment_id)
    bank.says(RECEIPT, payer=None)
    if is_asked:
        asked(scene, payment_id)
        assert scene.payment(payment_id).receipt_number == RECEIPT

    with pytest.raises(ConflictError, match=f"payment {payment_id}") as refused:
        ACTS[act](bank, other)

    assert refused.value.code == "attach_to_payment"
    assert bank.row(RECEIPT).payment_id is None
    assert scene.consultation("2")["status"] == "Pending"
    attach_to_the_other(bank, payment_id)
    assert scene.is_confirmed_by(payment_id)
    assert scene.payment(payment_id).bound_receipt == RECEIPT


def test_a_receipt_on_no_row_that_a_hint_names_is_not_recorded_elsewhere(
    scene: Scene, bank: Bank
) -> None:
    payment_id, other = paid_late(scene), wanting(scene)
    hinted(scene, payment_id)
    with pytest.raises(ConflictError, match=f"payment {payment_id}, .* record it there"):
        record_at_the_other(bank, other)
    record_at_the_other(bank, payment_id)
    assert bank.row(RECEIPT).payment_id == payment_id


def test_a_hint_that_a_witness_outweighs_keeps_nothing(scene: Scene, bank: Bank) -> None:
    """A forged hint names a stranger's receipt; the payment's own arrives."""
    payment_id, other = scene.pay("pays+callback_lost"), wanting(scene)
    hinted(scene, payment_id)
    bank.says(RECEIPT, payer=None)
    scene.post(payment_id, 0, receipt="SKI7OWN001")
    attach_to_the_other(bank, other)
    assert scene.payment(other).bound_receipt == RECEIPT


def test_a_hint_that_daraja_refutes_keeps_nothing(scene: Scene, bank: Bank) -> None:
    payment_id, other = scene.pay("cancels+callback_lost"), wanting(scene)
    hinted(scene, payment_id)
    bank.says(RECEIPT, payer=None)
    scene.pass_time(400, cleans_up=True)
    assert scene.payment(payment_id).attention == "hint_refuted"
    attach_to_the_other(bank, other)
    assert scene.payment(other).bound_receipt == RECEIPT


def test_an_account_that_names_the_payment_outweighs_anothers_hint(
    scene: Scene, bank: Bank
) -> None:
    """The payer typed the reference; a forger's hint must not keep the money from its payment."""
    forged, other = paid_late(scene), wanting(scene)
    hinted(scene, forged)
    bank.says(RECEIPT)
    [row] = [item for item in scene.items("RCPT#") if item["sk"] == "STATE"]
    scene.store_item({**row, "reference": scene.payment(other).account_reference})
    attach_to_the_other(bank, other)
    assert scene.payment(other).bound_receipt == RECEIPT


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        ("owe back", "receipt_bound_elsewhere"),
        ("attach to a payment", "receipt_bound_elsewhere"),
        ("set aside", "receipt_set_aside"),
    ],
)
def test_a_hint_of_money_that_is_booked_elsewhere_is_told(
    scene: Scene, bank: Bank, act: str, reason: str
) -> None:
    """A person was faster than Safaricom: both bookings have one debit, so a person looks."""
    payment_id, other = paid_late(scene), wanting(scene)
    bank.says(RECEIPT, payer=None)
    ACTS[act](bank, other)

    hinted(scene, payment_id)
    asked(scene, payment_id)

    assert scene.payment(payment_id).attention == reason
    assert "PaymentUnresolved" in scene.events(payment_id)


def test_a_hint_that_follows_the_query_is_told_as_well(scene: Scene, bank: Bank) -> None:
    """The query proved it and named no receipt; the hint then shows one that was set aside."""
    payment_id = scene.pay("pays+callback_lost")
    scene.pass_time(400, cleans_up=True)
    assert scene.payment(payment_id).status is S.COMPLETED
    bank.says(RECEIPT, payer="2547 ***** 999")
    put_aside(bank, "")

    hinted(scene, payment_id)
    scene.pass_time(120, cleans_up=True)

    assert scene.payment(payment_id).receipt_number == RECEIPT
    assert scene.payment(payment_id).attention == "receipt_set_aside"


@pytest.mark.parametrize("act", ["owe back", "set aside", "attach to a booking"])
def test_late_money_of_a_proven_prompt_is_not_given_away(
    scene: Scene, bank: Bank, act: str
) -> None:
    """M-Pesa debits ten minutes after the prompt began; only a query tells, and no receipt."""
    payment_id = scene.pay("pays+callback_lost+query_false_failure")
    scene.pass_time(400, cleans_up=True)
    assert scene.payment(payment_id).status is S.FAILED
    paid_at = int(scene.clock()) + 200
    other = wanting(scene)
    scene.pass_time(400)
    with_money = replace(
        scene.payment(payment_id),
        status=S.COMPLETED,
        proof=Proof.QUERY,
        received_at=paid_at + 30,
    )
    values = {**payment_key(payment_id), **payment_values(with_money)}
    scene.dynamodb.put_item(TableName=TABLE_NAME, Item=to_item(values))
    bank.says(RECEIPT, paid_at=paid_at)
    with pytest.raises(ConflictError, match=f"payment {payment_id}"):
        ACTS[act](bank, other)


def test_the_desk_finds_a_receipt_that_only_a_hint_named(scene: Scene, bank: Bank) -> None:
    payment_id = paid_late(scene)
    hinted(scene, payment_id)

    def nobody(_: str) -> list[str]:
        return []

    shown = find(bank.services, RECEIPT.lower(), of_phone=nobody)
    assert (shown.what, shown.receipt) == ("receipt", None)
    assert [payment.payment_id for payment in shown.payments] == [payment_id]
    bank.says(RECEIPT, payer=None)
    table = scene.function("cleanup").module.runtime.services.store._table
    proposed = propose_owners(bank.services, bank.row(RECEIPT), ReceiptClaims(table))
    assert [(each.reason, each.payment and each.payment.payment_id) for each in proposed] == [
        ("hint", payment_id)
    ]

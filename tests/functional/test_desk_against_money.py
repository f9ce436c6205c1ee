"""What one person alone may not do with money by hand: every act goes through the desk's routes."""

from __future__ import annotations

from typing import Any

import pytest
from payments.protocol.payment import Payment, PaymentStatus, Proof
from payments.protocol.policy import CANDIDATES_MAX, PROMPTS_COMPARED_MAX
from payments.store.attributes import to_item
from payments.store.items import payment_key, payment_values
from payments.usecases.propose_owner import PROPOSED_MAX
from payments.values import eat_day

from tests.functional.bank import Bank
from tests.functional.refunding import Refunding
from tests.functional.test_desk import Staff, scene, staff
from tests.functional.test_paybill import RECEIPT, body
from tests.functional.test_receipts_that_wait import by_query
from tests.support.aws import TABLE_NAME
from tests.support.world import Answer

__all__ = ["scene"]
S = PaymentStatus
OTHER_PHONE = "254711111111"


@pytest.fixture
def clerk(scene: Refunding) -> Staff:
    return staff(scene, "grace", "clerk")


def act_on_receipt(clerk: Staff, act: str, **more: Any) -> Answer:
    send = {"act": act, "reason": "the customer called", "shown_amount_kes": 1000, **more}
    return clerk("POST", "/api/desk/receipts/{receipt}/acts", receipt=RECEIPT, send=send)


@pytest.mark.parametrize("amount", ["100.00", "999.50"])
def test_a_clerk_cannot_pay_a_booking_with_less_than_mpesa_named(
    scene: Refunding, clerk: Staff, amount: str
) -> None:
    """M-Pesa names the receipt with its amount; a clerk types the price instead."""
    payment_id = scene.pay("cancels")
    scene.pass_time(60)
    scene.post_to_paybill(scene.c2b_url(), body(TransAmount=amount))
    before = scene.payment(payment_id)

    typed: dict[str, Any] = {"receipt_number": RECEIPT, "amount_kes": 1000}
    answer = clerk.act(payment_id, "record_receipt", **typed)

    assert (answer.status, answer.body["code"]) == (409, "amount_contradicted")
    assert scene.payment(payment_id) == before
    assert "payment_id" not in scene.receipt_rows()[RECEIPT]
    assert clerk.act(payment_id, "review_complete", **typed).status == 409
    assert scene.consultation()["status"] == "Pending"


@pytest.mark.parametrize(
    ("sent", "amount_kes", "amount_text"), [("100.00", 100, None), ("999.50", None, "999.50")]
)
def test_an_amount_with_cents_is_shown_as_mpesa_wrote_it(
    scene: Refunding, clerk: Staff, sent: str, amount_kes: int | None, amount_text: str | None
) -> None:
    scene.post_to_paybill(scene.c2b_url(), body(TransAmount=sent))
    shown = clerk("GET", "/api/desk/receipts/{receipt}", receipt=RECEIPT).body
    assert (shown["amount_kes"], shown["amount_text"]) == (amount_kes, amount_text)


def test_money_is_attached_only_to_a_payment_that_is_as_it_was_shown(
    scene: Refunding, clerk: Staff
) -> None:
    payment_id = scene.pay("cancels")
    shown = scene.payment(payment_id).version
    scene.pass_time(60)
    scene.post_to_paybill(scene.c2b_url(), body())
    before = scene.payment(payment_id)

    answer = act_on_receipt(clerk, "attach", payment_id=payment_id, version=shown)

    assert (answer.status, answer.body["code"]) == (409, "changed_meanwhile")
    assert scene.payment(payment_id) == before
    assert "payment_id" not in scene.receipt_rows()[RECEIPT]
    assert (
        act_on_receipt(clerk, "attach", payment_id=payment_id, version=before.version).status == 200
    )


@pytest.mark.parametrize("act", ["attach", "record_receipt", "review_complete"])
def test_the_money_of_a_proven_prompt_pays_no_other_payment(
    scene: Refunding, clerk: Staff, act: str
) -> None:
    """A query proved the prompt of booking 1; its receipt waits, and booking 2 wants it."""
    proven = by_query(scene)
    scene.register("2")
    wanting = scene.pay("cancels", booking_id="2", phone=OTHER_PHONE)
    scene.pass_time(60)
    if act == "review_complete":
        scene.post(wanting, 0, receipt=None)
        assert scene.payment(wanting).status is S.REVIEW
    paid_at = scene.payment(proven).created_at + 30
    Bank(scene).says(RECEIPT, paid_at=paid_at)
    before = scene.payment(wanting)

    if act == "attach":
        answer = act_on_receipt(clerk, "attach", payment_id=wanting, version=before.version)
    else:
        answer = clerk.act(wanting, act, receipt_number=RECEIPT, amount_kes=1000)

    assert answer.status == 409, answer.body
    assert scene.payment(wanting) == before
    assert scene.consultation("2")["status"] == "Pending"
    done = act_on_receipt(clerk, "attach", payment_id=proven, version=scene.payment(proven).version)
    assert (done.status, scene.payment(proven).bound_receipt) == (200, RECEIPT)


def test_however_many_others_paid_the_same_the_payers_prompt_is_proposed(
    scene: Refunding, clerk: Staff
) -> None:
    """A clinic's fixed fee: more prompts of one price at one time than the ladder compares."""
    first = scene.payment(scene.pay("cancels"))
    assert first.phone_number is not None
    store_others(scene, first, CANDIDATES_MAX + 10)
    Bank(scene).says(RECEIPT, paid_at=first.created_at + 30, payer=first.phone_number)

    shown = clerk("GET", "/api/desk/receipts/{receipt}", receipt=RECEIPT).body

    [proposal] = shown["proposals"]
    assert (proposal["why"], proposal["payment"]["payment_id"]) == (
        "prompt_and_payer",
        first.payment_id,
    )


def test_the_nearest_prompts_are_proposed_where_the_payer_is_not_known(
    scene: Refunding, clerk: Staff
) -> None:
    first = scene.payment(scene.pay("cancels"))
    store_others(scene, first, PROPOSED_MAX, receipt_number=None, created_at=first.created_at - 30)
    Bank(scene).says(RECEIPT, paid_at=first.created_at + 30, payer=None)

    shown = clerk("GET", "/api/desk/receipts/{receipt}", receipt=RECEIPT).body["proposals"]

    assert len(shown) == PROPOSED_MAX
    assert shown[0]["payment"]["payment_id"] == first.payment_id


def test_money_of_no_known_time_is_shown_and_proposes_no_prompt(
    scene: Refunding, clerk: Staff
) -> None:
    payment = scene.payment(scene.pay("cancels"))
    Bank(scene).says(RECEIPT, paid_at=None, payer=payment.phone_number)
    shown = clerk("GET", "/api/desk/receipts/{receipt}", receipt=RECEIPT)
    assert (shown.status, shown.body["proposals"]) == (200, [])


def store_others(scene: Refunding, first: Payment, count: int, **changes: Any) -> None:
    """Other payments of the same amount and time, each with a receipt of its own."""
    for number in range(count):
        identifier = f"{number:032x}"
        values = {**payment_values(first), **payment_key(identifier)}
        values |= {"receipt_number": f"R{number:09}", "proof": str(Proof.CALLBACK)}
        values |= {"day_shard": f"{eat_day(first.created_at)}#0", **changes}
        scene.dynamodb.put_item(TableName=TABLE_NAME, Item=to_item(values))


@pytest.mark.parametrize("act", ["attach", "owe_back"])
def test_however_many_others_paid_the_same_a_prompts_money_is_looked_for(
    scene: Refunding, clerk: Staff, act: str
) -> None:
    """More payments of one price at one time than the ladder compares: a clinic's fixed fee."""
    first = scene.payment(by_query(scene))
    store_others(scene, first, CANDIDATES_MAX + 10)
    scene.register("2")
    Bank(scene).says(RECEIPT, paid_at=first.created_at + 30)

    answer = act_on_receipt(clerk, act, **({"booking_id": "2"} if act == "attach" else {}))

    assert (answer.status, answer.body["code"]) == (409, "attach_to_payment")
    assert scene.consultation("2")["status"] == "Pending"
    assert "payment_id" not in scene.receipt_rows()[RECEIPT]


def test_where_too_many_paid_the_same_nothing_is_owed_back(scene: Refunding, clerk: Staff) -> None:
    first = scene.payment(by_query(scene))
    store_others(scene, first, PROMPTS_COMPARED_MAX)
    Bank(scene).says(RECEIPT, paid_at=first.created_at + 30)
    answer = act_on_receipt(clerk, "owe_back")
    assert (answer.status, answer.body["code"]) == (409, "too_many_to_compare")
    assert "payment_id" not in scene.receipt_rows()[RECEIPT]


def test_who_requests_in_the_booking_system_does_not_approve_at_the_desk(scene: Refunding) -> None:
    """One directory may sign both kinds of token: then one `sub` is one person."""
    payment_id = scene.owed()
    scene.request(payment_id, by="client:amina")
    amina, baraka = staff(scene, "amina", "approver"), staff(scene, "baraka", "approver")
    refused = amina.act(payment_id, "approve_refund")
    assert (refused.status, refused.body["code"]) == (409, "same_person")
    assert scene.reversals_sent() == {}
    assert baraka.act(payment_id, "approve_refund").status == 200


@pytest.mark.parametrize(
    "by",
    [
        "staff:grace",
        "staff:gone",
        "staff:nobody",
        "client:shop",
        "client:baraka",
        "operator:baraka",
        "operator:arn",
        "amina",
        "",
    ],
)
def test_the_function_that_sends_takes_the_word_of_an_approver_only(
    scene: Refunding, by: str
) -> None:
    """Cleanup and the shop's function may invoke it too; a name in the call is not yet a person."""
    payment_id = scene.owed()
    scene.request(payment_id)
    staff(scene, "grace", "clerk")
    staff(scene, "gone", "approver")
    values = {"pk": "STAFF#gone", "sk": "STATE", "name": "Gone", "role": "approver"}
    scene.store_item({**values, "is_active": False, "tokens_from": 0})

    assert scene.approve(payment_id, by=by) == "not_an_approver"

    assert scene.reversals_sent() == {}
    assert scene.refund(payment_id).step == "requested"

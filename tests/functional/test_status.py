"""Reading a payment: by its owner, without a write, and without asking Daraja more than once."""

from __future__ import annotations

import math
from collections import Counter

import pytest

from tests.functional.faulty import QUERY_PATH, WRITES
from tests.functional.scene import Scene
from tests.support.world import QUERY


def test_the_status_of_a_completed_payment_says_everything(scene: Scene) -> None:
    payment_id = scene.pay("pays")
    scene.pass_time(60)
    body = scene.status(payment_id).body
    payment = scene.payment(payment_id)
    assert {name: body[name] for name in ("status", "detail", "ResultCode", "currency")} == {
        "status": "completed",
        "detail": "completed",
        "ResultCode": "0",
        "currency": "KES",
    }
    assert body["mpesa_receipt_number"] == payment.receipt_number
    assert body["amount"] == 1000
    assert body["transaction_date"].endswith("+03:00")
    assert body["created_at"].endswith("+03:00")
    assert body["can_retry"] is False
    assert body["poll_after_seconds"] is None


def test_both_ids_and_the_legacy_route_give_one_answer(scene: Scene) -> None:
    payment_id = scene.pay("waits")
    checkout_request_id = scene.payment(payment_id).checkout_request_id
    expected = scene.status(payment_id).body
    assert scene.status(str(checkout_request_id)).body == expected
    for name in ("checkout_request_id", "CheckoutRequestID"):
        body = {name: checkout_request_id}
        answer = scene.call("status", "POST", QUERY, body=body, client_id="7")
        assert answer.body == expected


def test_only_the_owner_sees_a_payment_and_reading_it_as_another_asks_nobody(scene: Scene) -> None:
    payment_id = scene.pay("pays+callback_lost")
    scene.pass_time(200)
    scene.line.paths.clear()
    theirs = scene.status(payment_id, client_id="8")
    absent = scene.status("f" * 32, client_id="8")
    assert theirs.status == absent.status == 404
    assert theirs.body == absent.body
    assert scene.line.paths == []


def test_a_plain_poll_writes_nothing_and_reads_once(scene: Scene) -> None:
    payment_id = scene.pay("waits")
    scene.network.forget()
    for _ in range(10):
        assert scene.status(payment_id).status == 200
    assert scene.network.count(*WRITES) == 0
    assert scene.network.log == ["GetItem"] * 10


@pytest.mark.parametrize("scenario", ["pays", "cancels"])
def test_a_payment_that_has_ended_is_read_without_its_booking(scene: Scene, scenario: str) -> None:
    payment_id = scene.pay(scenario)
    scene.pass_time(60)
    scene.network.forget()
    assert scene.status(payment_id).body["status"] in ("completed", "failed")
    assert scene.network.log == ["GetItem"]


def test_a_payment_of_30_seconds_costs_16_polls_at_most_and_each_costs_little(scene: Scene) -> None:
    scene.engine.counts_units = True
    scene.daraja.set_next("waits")
    pin_at, is_entered, polls = scene.clock() + 26, False, 0
    body = scene.initiate().body
    payment_id = body["payment_id"]
    scene.line.paths.clear()
    while body["status"] == "pending":
        scene.pass_time(body["poll_after_seconds"])
        if scene.clock() >= pin_at and not is_entered:
            scene.enter_pin()
            is_entered = True
        before = Counter(scene.engine.units)
        is_due = (scene.payment(payment_id).due_at or math.inf) <= scene.clock()
        body = scene.status(payment_id).body
        polls += 1
        if not is_due:
            cost = Counter(scene.engine.units)
            cost.subtract(before)
            assert cost["write"] == 0
            assert cost["read"] <= 1.5
    assert (body["status"], scene.clock() - pin_at < 8) == ("completed", True)
    assert polls <= 16
    assert scene.line.paths.count(QUERY_PATH) <= 1, "the one that is due, whoever polls"


@pytest.mark.parametrize("pollers", [1, 100])
def test_any_number_of_pollers_asks_daraja_as_often_as_one(scene: Scene, pollers: int) -> None:
    """Every poller has a cold Lambda of its own; they poll every five seconds for two minutes."""
    payment_id = scene.pay("waits+query_never_final")
    instances = [scene.fresh_function("status") for _ in range(pollers)]
    scene.line.paths.clear()
    for _ in range(20):
        scene.pass_time(5, delivers=False)
        for instance in instances:
            scene._lambdas["status"] = instance
            assert scene.status(payment_id).status == 200
    assert scene.line.paths.count(QUERY_PATH) == 1


def test_the_gate_is_shared_by_all_payments(scene: Scene) -> None:
    identifiers = []
    for number in range(4):
        scene.register(f"b{number}")
        phone = f"25471111111{number}"
        scene.daraja.set_next("waits")
        identifiers.append(scene.initiate(f"b{number}", phone=phone).body["payment_id"])
    scene.pass_time(40, delivers=False)
    scene.line.paths.clear()
    for identifier in identifiers:
        scene.status(identifier)
    assert scene.line.paths.count(QUERY_PATH) == 1
    scene.pass_time(12, delivers=False)
    for identifier in identifiers:
        scene.status(identifier)
    assert scene.line.paths.count(QUERY_PATH) == 2


def test_a_retry_is_offered_at_once_only_when_the_prompt_is_proven_closed(scene: Scene) -> None:
    payment_id = scene.pay("cancels")
    scene.pass_time(60)
    body = scene.status(payment_id).body
    assert (body["status"], body["can_retry"]) == ("failed", True)
    assert scene.initiate().status == 200


def test_after_1037_a_retry_is_offered_from_the_time_that_is_named(scene: Scene) -> None:
    payment_id = scene.pay("waits")
    created_at = scene.payment(payment_id).created_at
    scene.post(payment_id, 1037)
    body = scene.status(payment_id).body
    assert body["can_retry"] is False
    assert body["can_retry_at"] > body["created_at"]
    scene.pass_time(created_at + 300 - scene.clock(), delivers=False)
    assert scene.status(payment_id).body["can_retry"] is True
    assert scene.initiate().status == 200


@pytest.mark.parametrize(("language", "word"), [("sw", "Tafadhali"), ("en", "Please"), ("", "Pl")])
def test_the_customer_is_spoken_to_in_their_language(
    scene: Scene, language: str, word: str
) -> None:
    payment_id = scene.pay("waits")
    message = scene.status(payment_id, language=language).body["customer_message"]
    assert message.startswith(word)


def test_paying_by_hand_is_offered_only_once_no_prompt_can_be_open(scene: Scene) -> None:
    payment_id = scene.pay("waits+query_never_final")
    scene.pass_time(30, delivers=False)
    assert scene.status(payment_id).body["manual_payment_details"] is None
    scene.post(payment_id, 1037)
    assert scene.status(payment_id).body["manual_payment_details"] is None
    scene.pass_time(300, delivers=False)
    body = scene.status(payment_id).body
    reference = scene.payment(payment_id).account_reference
    assert body["manual_payment_details"] == {
        "channel": "paybill",
        "number": "174379",
        "account_reference": reference,
        "amount": 1000,
    }
    for part in ("174379", reference, "KES 1,000", "Do not do both"):
        assert part in body["manual_payment"]


def test_the_prompts_time_counts_down_from_its_acceptance_and_ends_with_a_result(
    scene: Scene,
) -> None:
    def left(payment_id: str) -> tuple[object, object]:
        body = scene.status(payment_id).body
        return body["prompt_seconds_left"], body["masked_phone_number"]

    payment_id = scene.pay("waits")
    masked = "2547*****149"
    accepted_at = scene.payment(payment_id).accepted_at
    assert accepted_at is not None
    for age, expected in ((0, 60), (20, 40), (59, 1), (60, None), (200, None)):
        scene.pass_time(accepted_at + age - scene.clock(), delivers=False)
        assert left(payment_id) == (expected, masked), age
    scene.post(payment_id, 1032)
    assert left(payment_id) == (None, masked)


def test_who_has_paid_meanwhile_is_told_not_to_enter_the_pin(scene: Scene) -> None:
    first = scene.pay("waits+query_never_final")
    scene.pass_time(301, delivers=False)
    second = scene.pay("waits+query_never_final", phone="254711111111")
    scene.post(first, 0)
    scene.pass_time(30, delivers=False)
    body = scene.status(second).body
    assert "Do not enter your PIN" in body["customer_message"]
    assert body["manual_payment"] is None


@pytest.mark.parametrize("code", [0, 1032])
def test_nothing_the_query_says_before_its_time_is_believed(scene: Scene, code: int) -> None:
    scenario = "query_success_before_pin" if code == 0 else "query_cancelled_lie"
    payment_id = scene.pay(f"waits+{scenario}")
    scene.pass_time(40, delivers=False)
    assert scene.status(payment_id).body["status"] == "pending"
    assert scene.line.paths.count(QUERY_PATH) == 1

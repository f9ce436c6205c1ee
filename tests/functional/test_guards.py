"""Guards that money rests on, each at the place where a caller or Safaricom meets it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from payments.aws.adapters import RandomIds
from payments.protocol.payment import Payment, PaymentStatus
from payments.usecases.services import Services

from tests.functional.faulty import Execute, callback_url
from tests.functional.scene import Scene
from tests.support.aws import TABLE_NAME
from tests.support.lambdas import UNLISTED_IP, http_event
from tests.support.world import PHONE, STK_PUSH

EVERYTHING = frozenset({"GetItem", "BatchGetItem", "Query", "TransactWriteItems", "UpdateItem"})


def test_a_key_that_was_used_for_another_booking_does_not_answer_with_its_payment(
    scene: Scene,
) -> None:
    scene.register("2")
    first = scene.initiate("1", key="k1")
    again = scene.initiate("2", key="k1")
    assert first.status == 200
    assert (again.status, again.body["code"]) == (409, "idempotency_key_reused")
    assert len(scene.daraja.prompts()) == 1


def test_a_price_cannot_change_while_a_failed_payment_still_holds_the_lock(scene: Scene) -> None:
    payment_id = scene.pay("waits")
    scene.post(payment_id, 1037)
    assert scene.payment(payment_id).status is PaymentStatus.FAILED
    assert scene.register("1", price_kes=1200).status == 409
    assert scene.consultation()["price_kes"] == 1000
    scene.pass_time(300, delivers=False)
    assert scene.register("1", price_kes=1200).status == 200


def test_the_callback_base_is_the_configured_one_whatever_host_was_called(scene: Scene) -> None:
    body = {"phone_number": PHONE, "amount": 1000, "booking_id": "1"}
    event = http_event("POST", STK_PUSH, body=json.dumps(body), client_id="7", now=scene.clock())
    event["headers"]["host"] = "evil.example"
    event["requestContext"]["domainName"] = "evil.example"
    assert scene.answer(scene.function("stk_push").invoke(event)).status == 200
    assert callback_url(scene).startswith("https://pay.example.co.ke/")


def test_a_callback_secret_has_256_bits_and_none_comes_twice(scene: Scene) -> None:
    scene.pay("waits")
    token = callback_url(scene).rsplit("/", 1)[1]
    assert len(bytes.fromhex(token)) == 32
    tokens = {RandomIds().hex(64) for _ in range(1000)}
    assert len(tokens) == 1000
    assert all(len({token[at] for token in tokens}) == 16 for at in range(64))


def two_open(scene: Scene) -> tuple[Payment, Payment, Services]:
    """Two payments whose prompts are open, and the parts that decide about them."""
    scene.register("2")
    first = scene.payment(scene.pay("waits"))
    second = scene.payment(scene.pay("waits", booking_id="2", phone="254711111111"))
    return first, second, scene.function("cleanup").module.runtime.services


def test_two_takers_of_the_query_gate_at_once_get_one_slot(scene: Scene) -> None:
    first, second, services = two_open(scene)
    store, now = services.store, int(scene.clock())
    taken = [
        store.take_query_slot(payment, op_id=op_id * 32, due_at=now + 60, now=now)
        for payment, op_id in ((first, "a"), (second, "b"))
    ]
    assert [each is not None for each in taken] == [True, False]
    later = now + services.policy.query_spacing_seconds
    assert store.take_query_slot(second, op_id="c" * 32, due_at=later + 60, now=later) is not None


def test_the_old_route_hastens_a_payment_once_a_minute_and_one_slot_in_four(scene: Scene) -> None:
    first, second, services = two_open(scene)
    store, now = services.store, int(scene.clock())
    second = replace(second, due_at=now + 1000)
    spacing = services.policy.query_spacing_seconds
    assert store.hasten(first, op_id="a" * 32, now=now)
    assert not store.hasten(second, op_id="b" * 32, now=now + 4 * spacing - 1)
    moved = replace(scene.payment(first.payment_id), due_at=now + 1000)
    assert not store.hasten(moved, op_id="c" * 32, now=now + 59)
    assert store.hasten(second, op_id="d" * 32, now=now + 59)


def test_the_same_amount_within_two_minutes_is_refused_before_it_costs_a_prompt(
    scene: Scene,
) -> None:
    payment_id = scene.pay("waits")
    scene.pass_time(20, delivers=False)
    scene.post(payment_id, 17)
    body = scene.status(payment_id).body
    assert body["can_retry"] is False
    early = scene.initiate()
    assert (early.status, early.body["code"]) == (429, "too_many_prompts")
    assert early.body["retry_after_seconds"] == 100
    assert len(scene.daraja.prompts()) == 1
    scene.register("2")
    assert scene.initiate("2", phone="254711111111").status == 200, "another phone is free"
    scene.pass_time(100, delivers=False)
    assert scene.status(payment_id).body["can_retry"] is True
    assert scene.initiate().status == 200


def test_a_table_that_throttles_for_good_leaves_the_callback_time_for_its_queue(
    scene: Scene,
) -> None:
    payment_id = scene.pay("waits")
    scene.network.refuses = True
    started = scene.clock()
    assert scene.post(payment_id, 0) == 200
    assert len(scene.queue.messages) == 1
    # The last call may begin just before the budget ends, and be tried twice more by the SDK.
    assert scene.clock() - started < 3 + 4
    scene.network.refuses = False
    assert scene.redrive() == {"batchItemFailures": []}
    assert scene.is_confirmed_by(payment_id)


def test_a_late_table_is_not_asked_again(scene: Scene) -> None:
    payment_id = scene.pay("waits")
    asked: list[str] = []

    def slow(operation: str, request: dict[str, Any], execute: Execute) -> dict[str, Any]:
        asked.append(operation)
        scene.clock.sleep(2)
        return execute()

    for _ in range(20):
        scene.network.next(slow, on=EVERYTHING)
    assert scene.post(payment_id, 0) == 200
    assert len(asked) == 2, "the read, and one write that began in time"


def test_money_that_is_reported_for_a_failed_payment_invites_nobody_to_pay_again(
    scene: Scene,
) -> None:
    scene.daraja.configure(query_pending="being_processed")
    payment_id = scene.pay("waits+query_never_final")
    scene.post(payment_id, 1037)
    scene.post(payment_id, 0, source_ip=UNLISTED_IP)
    scene.pass_time(400, delivers=False)
    body = scene.status(payment_id).body
    assert body["status"] == "failed"
    assert "Do not pay again" in body["customer_message"]
    assert (body["can_retry"], body["actions"], body["manual_payment"]) == (
        False,
        ["check_again"],
        None,
    )
    assert body["poll_after_seconds"] is not None


def test_no_button_leads_to_a_second_prompt_while_one_may_be_open(scene: Scene) -> None:
    payment_id = scene.pay("waits")
    scene.post(payment_id, 1037)
    body = scene.status(payment_id).body
    assert (body["can_retry"], body["actions"]) == (False, [])
    scene.pass_time(300, delivers=False)
    body = scene.status(payment_id).body
    assert (body["can_retry"], body["actions"]) == (
        True,
        ["try_again", "other_number", "claim_receipt"],
    )


def test_a_charge_is_ruled_out_only_where_safaricom_closed_the_prompt(scene: Scene) -> None:
    busy = scene.pay("waits")
    scene.post(busy, 1001)
    assert "not charged" not in scene.status(busy).body["customer_message"]
    scene.pass_time(300, delivers=False)
    closed = scene.pay("waits")
    scene.post(closed, 2001)
    assert "You were not charged" in scene.status(closed).body["customer_message"]


class BrokenError(Exception):
    """A defect nobody thought of."""


def test_after_the_secret_is_proven_any_defect_ends_in_the_queue(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment_id = scene.pay("waits")
    module = scene.function("callback").module
    proper = module.record_result

    def break_down(*_: object, **__: object) -> None:
        raise BrokenError

    monkeypatch.setattr(module, "record_result", break_down)
    assert scene.post(payment_id, 0) == 200
    assert scene.payment(payment_id).status is PaymentStatus.PENDING
    [message] = scene.queue.messages
    event = {"Records": [{"messageId": "m1", "body": "{}"}, {**message, "messageId": "m2"}]}
    monkeypatch.setattr(module, "record_result", proper)
    answer = scene.function("callback").invoke(event)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    assert scene.is_confirmed_by(payment_id)


@pytest.mark.parametrize("defect", [{"status": {"S": "Odd"}}, {"status": {"N": "1"}}])
def test_a_consultation_that_cannot_be_read_loses_no_callback(
    scene: Scene, defect: dict[str, dict[str, str]]
) -> None:
    payment_id = scene.pay("waits")
    key = {"pk": {"S": "CONSULT#1"}, "sk": {"S": "STATE"}}
    stored = scene.dynamodb.get_item(TableName=TABLE_NAME, Key=key)["Item"]
    scene.dynamodb.put_item(TableName=TABLE_NAME, Item={**stored, **defect})
    assert scene.post(payment_id, 0) == 200
    assert len(scene.queue.messages) == 1
    scene.dynamodb.put_item(TableName=TABLE_NAME, Item=stored)
    assert scene.redrive() == {"batchItemFailures": []}
    assert scene.is_confirmed_by(payment_id)

"""The handlers and their own AWS clients against moto: a second opinion on every request."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.exceptions import EndpointConnectionError

from simulator.core import CallbackDelivery
from tests.functional.faulty import callback_body
from tests.functional.moto_world import MotoWorld, moto_world
from tests.world.lambdas import UNLISTED_IP, http_event

OTHER_PHONE = "254711222333"


@pytest.fixture
def world() -> Iterator[MotoWorld]:
    with moto_world() as made:
        assert made.register("1").status == 200
        yield made


def start(world: MotoWorld, scenario: object = "pays", **options: object) -> str:
    world.daraja.set_next(scenario)
    answer = world.initiate(**options)  # type: ignore[arg-type]
    assert answer.status in (200, 202), answer.body
    identifier: str = answer.body["payment_id"]
    return identifier


def test_a_payment_goes_from_unpaid_to_confirmed(world: MotoWorld) -> None:
    payment_id = start(world)
    assert world.consultation()["payment_status"] == "Pending"

    assert [answer.status for answer in world.pass_time(60)] == [200]

    assert world.payment(payment_id).status == "completed"
    stands = world.consultation()
    assert (stands["status"], stands["payment_status"]) == ("Confirmed", "Paid")
    assert stands["paid_payment_id"] == payment_id
    assert world.events(payment_id) == ["PaymentCompleted"]
    polled = world.status(world.payment(payment_id).checkout_request_id or "")
    assert polled.body["status"] == "completed"
    assert polled.body["mpesa_receipt_number"] == world.payment(payment_id).receipt_number


def test_a_cancelled_prompt_can_be_tried_again_at_once(world: MotoWorld) -> None:
    first = start(world, "cancels")
    world.pass_time(60)
    assert world.payment(first).status == "failed"
    assert world.consultation()["payment_status"] == "Failed"

    second = start(world)
    world.pass_time(60)

    assert world.payment(second).status == "completed"
    assert world.consultation()["paid_payment_id"] == second


def test_a_double_click_prompts_once(world: MotoWorld) -> None:
    first = world.initiate()
    again = world.initiate()
    assert again.body == first.body
    assert len(world.daraja.prompts()) == 1


def test_what_stands_in_the_way_is_read_from_the_refused_transaction(world: MotoWorld) -> None:
    assert world.initiate("nothing").body["error"] == "Consultation not found"
    assert world.initiate(client_id="8").status == 404
    assert world.initiate(amount=999).status == 400
    live = world.initiate()
    world.register("2", client_id="8")
    busy = world.initiate("2", client_id="8")
    assert (busy.status, busy.body["code"]) == (409, "phone_busy")
    other = world.initiate(phone=OTHER_PHONE)
    assert (other.status, other.body["payment_id"]) == (409, live.body["payment_id"])
    world.pass_time(60)
    paid = world.initiate()
    assert (paid.status, paid.body["error"]) == (409, "This consultation has already been paid for")


def test_the_same_callback_four_times_is_one_transition(world: MotoWorld) -> None:
    payment_id = start(world)
    [delivery] = _deliveries(world)
    posts = [world.post_callback(delivery.url, delivery.body).status for _ in range(4)]
    assert posts == [200] * 4
    assert world.events(payment_id) == ["PaymentCompleted"]


def test_a_hint_and_an_agreeing_query_complete(world: MotoWorld) -> None:
    payment_id = start(world)
    [delivery] = _deliveries(world)
    world.post_callback(delivery.url, delivery.body, source_ip=UNLISTED_IP)
    assert world.payment(payment_id).status == "pending"
    world.status(payment_id)
    payment = world.payment(payment_id)
    assert (payment.status, payment.proof) == ("completed", "hint")
    assert payment.receipt_number is not None


def test_a_lost_callback_is_found_by_the_cleanup(world: MotoWorld) -> None:
    payment_id = start(world)
    world.pass_time(180, delivers=False, cleans_up=True)
    payment = world.payment(payment_id)
    assert (payment.status, payment.proof) == ("completed", "query")
    assert payment.receipt_pending


def test_a_receipt_belongs_to_one_payment_only(world: MotoWorld) -> None:
    world.register("2", client_id="8")
    first = start(world, "ignores")
    second = start(world, "ignores", booking_id="2", client_id="8", phone=OTHER_PHONE)
    for payment_id in (first, second):
        prompt = next(p for p in world.daraja.prompts() if payment_id in p.order.callback_url)
        body = callback_body(prompt.checkout_request_id, 0, receipt="SAME000001")
        assert world.post_callback(prompt.order.callback_url, body).status == 200
    assert world.payment(first).status == "completed"
    assert world.payment(second).status == "review"
    assert world.payment(second).failure_reason == "receipt_bound_elsewhere"


def test_cancelling_a_confirmed_booking_owes_the_money_back(world: MotoWorld) -> None:
    payment_id = start(world)
    world.pass_time(60)
    assert world.register("1", status="Cancelled").body["status"] == "Cancelled"
    assert world.payment(payment_id).status == "refund_due"
    assert world.events(payment_id) == ["PaymentCompleted", "RefundDue"]


def test_a_callback_that_finds_no_table_waits_in_the_queue_and_is_redriven(
    world: MotoWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment_id = start(world)
    [delivery] = _deliveries(world)
    callback = world.function("callback").module
    client = callback.runtime._table._client

    def unreachable(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://dynamodb")

    with monkeypatch.context() as outage:
        outage.setattr(client, "get_item", unreachable)
        assert world.post_callback(delivery.url, delivery.body).status == 200
    assert world.payment(payment_id).status == "pending"

    answer = world.function("callback").invoke({"Records": world.queued()})

    assert answer == {"batchItemFailures": []}
    assert world.payment(payment_id).status == "completed"


def test_the_days_statistics_count_what_is_stored(world: MotoWorld) -> None:
    start(world)
    world.pass_time(60)
    route = "/api/payment/mpesa/statistics"
    event = http_event("GET", route, client_id="office", scopes="payments:read", now=world.clock())
    event["queryStringParameters"] = {"from": "2026-09-21", "to": "2026-09-21"}
    answer = world.answer(world.function("statistics").invoke(event))
    assert answer.body["totals"]["completed"] == {"count": 1, "amount_kes": 1000}


def _deliveries(world: MotoWorld) -> list[CallbackDelivery]:
    """Daraja's next callback, taken before it is posted."""
    for _ in range(120):
        world.clock.sleep(1)
        due = world.daraja.due_callbacks()
        if due:
            return list(due)
    raise AssertionError("Daraja never called back")

"""Payments through the deployed template, from the consultation to the event."""

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from local.client import Answer, ApiClient, SimulatorClient
from local.console import Console
from local.demo import Demo, retry_until
from local.state import StackState
from local.timeline import read_events
from tests.local.conftest import Customer

RESULT_SECONDS_MAX = 180.0
PHONE_SECONDS_MAX = 50.0


def answer_phone(simulator: SimulatorClient, phone_number: str, action: str) -> None:
    """Answer the prompt as soon as the phone shows it."""
    answer = retry_until(
        lambda: simulator.answer_phone(phone_number, action, "1234" if action == "pin" else None),
        lambda answer: answer.status == 200,
        PHONE_SECONDS_MAX,
    )
    assert answer.status == 200, answer.text


def wait_for_result(customer: Customer, payment_id: str) -> dict[str, Any]:
    """Wait for the end; a receipt follows, where the query was quicker than the callback."""

    def is_final(answer: Answer) -> bool:
        if answer.status != 200:
            return True
        is_paid = answer.body["status"] == "completed"
        has_receipt = answer.body["mpesa_receipt_number"] is not None
        return has_receipt if is_paid else answer.body["status"] != "pending"

    answer: Answer = retry_until(
        lambda: customer.api.read_status(payment_id), is_final, RESULT_SECONDS_MAX
    )
    assert answer.status == 200, answer.text
    body: dict[str, Any] = answer.body
    return body


def test_a_verbose_demo_prints_what_is_asked_and_answered(stack: StackState) -> None:
    """Two stories that wait for nothing; test_deploy_run.py plays all on a stack of its own."""
    told = io.StringIO()
    demo = Demo(Console(told), stack, is_verbose=True)
    demo.pay_at_once()
    demo.cancel_and_retry()
    assert '"payment_id": "' in told.getvalue()


def test_a_paid_consultation_is_confirmed_and_told_to_others_once(
    stack: StackState, customer: Customer, simulator: SimulatorClient
) -> None:
    booking_id = customer.book(1500)
    # A success that a query tells first gets its receipt by an event of its own.
    simulator.set_next("normal+query_never_final", customer.phone_number)
    assert customer.api.read_consultation(booking_id).body["payment_status"] == "Unpaid"
    initiated = customer.api.initiate(booking_id, customer.phone_number, 1500)
    assert initiated.status == 200
    assert customer.api.read_consultation(booking_id).body["payment_status"] == "Pending"
    answer_phone(simulator, customer.phone_number, "pin")
    paid = wait_for_result(customer, initiated.body["payment_id"])
    assert (paid["status"], paid["ResultCode"], paid["amount"]) == ("completed", "0", 1500)
    booked = customer.api.read_consultation(booking_id).body
    assert (booked["status"], booked["payment_status"]) == ("Confirmed", "Paid")
    events = read_events(stack.endpoint_url, stack.table_name, paid["payment_id"])
    assert [event["type"] for event in events] == ["PaymentCompleted"]
    assert events[0]["receipt_number"] == paid["mpesa_receipt_number"]


def test_a_payment_is_found_by_darajas_id_and_by_the_legacy_query(
    customer: Customer, simulator: SimulatorClient
) -> None:
    booking_id = customer.book()
    initiated = customer.api.initiate(booking_id, customer.phone_number, 1000).body
    answer_phone(simulator, customer.phone_number, "pin")
    paid = wait_for_result(customer, initiated["payment_id"])
    checkout_request_id = initiated["CheckoutRequestID"]
    assert customer.api.read_status(checkout_request_id).body == paid
    for field in ("checkout_request_id", "CheckoutRequestID"):
        path = "/api/payment/mpesa/stkpush/query"
        assert customer.api.call("POST", path, {field: checkout_request_id}).body == paid


def test_a_cancelled_prompt_leaves_the_booking_payable_at_once(
    customer: Customer, simulator: SimulatorClient
) -> None:
    booking_id = customer.book()
    first = customer.api.initiate(booking_id, customer.phone_number, 1000).body
    answer_phone(simulator, customer.phone_number, "cancel")
    assert wait_for_result(customer, first["payment_id"])["status"] == "failed"
    assert customer.api.read_consultation(booking_id).body["payment_status"] == "Failed"
    second = customer.api.initiate(booking_id, customer.phone_number, 1000)
    assert second.status == 200
    assert second.body["payment_id"] != first["payment_id"]
    answer_phone(simulator, customer.phone_number, "pin")
    assert wait_for_result(customer, second.body["payment_id"])["status"] == "completed"


def test_a_lost_callback_is_made_good_by_asking_daraja(
    customer: Customer, simulator: SimulatorClient
) -> None:
    booking_id = customer.book()
    simulator.set_next("pays+callback_lost", customer.phone_number)
    initiated = customer.api.initiate(booking_id, customer.phone_number, 1000).body
    paid = wait_for_result(customer, initiated["payment_id"])
    assert paid["status"] == "completed"
    assert customer.api.read_consultation(booking_id).body["payment_status"] == "Paid"


@pytest.mark.parametrize("key", [None, "one-key"])
def test_a_double_click_prompts_the_phone_once(
    customer: Customer, simulator: SimulatorClient, key: str | None
) -> None:
    booking_id = customer.book()
    with ThreadPoolExecutor(2) as pool:
        clicks = [
            pool.submit(customer.api.initiate, booking_id, customer.phone_number, 1000, key=key)
            for _ in range(2)
        ]
        answers = [click.result() for click in clicks]
    assert {answer.status for answer in answers} <= {200, 202}
    assert len({answer.body["payment_id"] for answer in answers}) == 1
    again = customer.api.initiate(booking_id, customer.phone_number, 1000, key=key)
    assert again.body["payment_id"] == answers[0].body["payment_id"]
    prompts = simulator.call("GET", "/prompts").body["prompts"]
    mine = [each for each in prompts if each["phone_number"] == customer.phone_number]
    assert len(mine) == 1
    answer_phone(simulator, customer.phone_number, "pin")
    assert wait_for_result(customer, again.body["payment_id"])["status"] == "completed"


def test_a_forged_address_does_not_make_a_callback_safaricoms(
    customer: Customer, simulator: SimulatorClient
) -> None:
    simulator.set_next("normal", customer.phone_number)
    booking_id = customer.book()
    initiated = customer.api.initiate(booking_id, customer.phone_number, 1000).body
    path = f"/api/payment/callback/{initiated['payment_id']}/{'0' * 64}"
    body = {"Body": {"stkCallback": {"ResultCode": 0}}}
    headers = {"X-Forwarded-For": "196.201.214.200"}
    assert customer.api.call("POST", path, body, headers=headers).status == 404
    assert customer.api.read_status(initiated["payment_id"]).body["status"] == "pending"
    answer_phone(simulator, customer.phone_number, "cancel")


def test_statistics_count_a_payment_from_its_completion(
    customer: Customer, simulator: SimulatorClient, booking_system: ApiClient
) -> None:
    # Paid around midnight in Nairobi, it would count for another day than asked for.
    today = datetime.now(timezone(timedelta(hours=3))).date()
    path = f"/api/payment/mpesa/statistics?from={today - timedelta(days=1)}&to={today}"
    before = booking_system.call("GET", path).body["totals"]["completed"]
    initiated = customer.api.initiate(customer.book(777), customer.phone_number, 777).body
    answer_phone(simulator, customer.phone_number, "pin")
    wait_for_result(customer, initiated["payment_id"])
    after = booking_system.call("GET", path).body["totals"]["completed"]
    assert after["count"] == before["count"] + 1
    assert after["amount_kes"] == before["amount_kes"] + 777
    table = booking_system.call("GET", path, headers={"Accept": "text/csv"})
    assert table.headers["Content-Type"].startswith("text/csv")
    assert table.text.startswith("day,status,count,amount_kes\r\n")

"""The booking system reads any payment, and every payment of a booking, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from payments.store.items import CONSULTATION_PAYMENT_SLOT, consultation_key

from tests.support.aws import TABLE_NAME
from tests.support.lambdas import http_event
from tests.support.world import PHONE, Answer, World

PAYMENT, PAYMENTS = "/api/payments/{payment_id}", "/api/payments"
HOUR = 3600


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    world.register()
    yield world
    world.close()


def read(world: World, payment_id: str) -> Answer:
    return world.call(
        "consultations",
        "GET",
        PAYMENT,
        path=f"/api/payments/{payment_id}",
        client_id="booking-system",
        scopes="payments:read",
    )


def listed(world: World, **query: str) -> Answer:
    event = http_event(
        "GET", PAYMENTS, client_id="booking-system", scopes="payments:read", now=world.clock()
    )
    event["queryStringParameters"] = query
    return world.answer(world.function("consultations").invoke(event))


def ids_of(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.body
    return [each["payment_id"] for each in answer.body["payments"]]


def try_in_vain(world: World, times: int) -> list[str]:
    """So many prompts, each cancelled by the customer; their ids, oldest first."""
    made = []
    for _ in range(times):
        answer = world.initiate()
        assert answer.status == 200, answer.body
        made.append(str(answer.body["payment_id"]))
        world.pass_time(2)
        world.answer_prompt("cancel")
        world.pass_time(HOUR)
    return made


@pytest.mark.parametrize("action", ["pin", "cancel", None])
def test_a_payment_is_shown_to_the_booking_system_as_to_its_customer(
    world: World, action: str | None
) -> None:
    payment_id = str(world.initiate().body["payment_id"])
    world.pass_time(2)
    if action is not None:
        world.answer_prompt(action, **({"pin": "1234"} if action == "pin" else {}))
        world.pass_time(10)
    shown = read(world, payment_id)
    assert (shown.status, shown.body) == (200, world.status(payment_id).body)
    assert listed(world, booking_id="1").body["payments"] == [shown.body]


def test_reading_asks_nothing_of_daraja_and_writes_nothing(world: World) -> None:
    payment_id = str(world.initiate().body["payment_id"])
    world.pass_time(HOUR, delivers=False)
    before, asked = world.items(""), len(world.daraja.journal.entries())
    assert read(world, payment_id).status == 200
    assert len(ids_of(listed(world, booking_id="1"))) == 1
    assert world.items("") == before
    assert len(world.daraja.journal.entries()) == asked


def test_an_open_payment_of_a_booking_that_another_has_paid_says_so(world: World) -> None:
    world.daraja.set_next("waits+query_never_final", msisdn=PHONE)
    first = str(world.initiate().body["payment_id"])
    world.pass_time(HOUR, delivers=False)
    second = str(world.initiate().body["payment_id"])
    world.pass_time(2)
    world.enter_pin()
    world.pass_time(10)
    assert world.payment(second).status == "completed"
    assert world.payment(first).is_open
    assert read(world, first).body == world.status(first).body
    assert "paid for already" in read(world, first).body["customer_message"]
    assert listed(world, booking_id="1").body["payments"][1] == read(world, first).body


def test_a_bookings_payments_are_listed_newest_first_page_by_page(world: World) -> None:
    made = try_in_vain(world, 5)
    newest_first = made[::-1]
    assert ids_of(listed(world, booking_id="1")) == newest_first
    page = listed(world, booking_id="1", limit="2")
    cursor = page.body["next_cursor"]
    assert ids_of(page) == newest_first[:2]
    [newer] = try_in_vain(world, 1)
    page = listed(world, booking_id="1", limit="2", cursor=cursor)
    assert ids_of(page) == newest_first[2:4], "a newer payment moves no page"
    page = listed(world, booking_id="1", limit="2", cursor=page.body["next_cursor"])
    assert (ids_of(page), page.body["next_cursor"]) == (newest_first[4:], None)
    assert ids_of(listed(world, booking_id="1", limit="1")) == [newer]
    assert listed(world, booking_id="1", limit="6").body["next_cursor"] is None


def test_a_replayed_request_adds_no_payment(world: World) -> None:
    first = world.initiate(key="a-key").body["payment_id"]
    assert world.initiate(key="a-key").body["payment_id"] == first
    assert world.initiate(key="another").status == 409
    assert ids_of(listed(world, booking_id="1")) == [first]


def test_a_booking_without_a_payment_has_an_empty_list(world: World) -> None:
    assert listed(world, booking_id="1").body == {"payments": [], "next_cursor": None}


def test_payments_from_before_there_was_a_list_are_named_by_the_consultation(world: World) -> None:
    [older] = try_in_vain(world, 1)
    paid = str(world.initiate().body["payment_id"])
    world.pass_time(2)
    world.enter_pin()
    world.pass_time(10)
    assert ids_of(listed(world, booking_id="1")) == [paid, older]
    forget_the_list(world)
    assert ids_of(listed(world, booking_id="1")) == [paid]


def forget_the_list(world: World) -> None:
    """The consultation as an older version left it."""
    slots = {f"#s{slot}": f"{CONSULTATION_PAYMENT_SLOT}{slot}" for slot in range(1, 11)}
    world.dynamodb.update_item(
        TableName=TABLE_NAME,
        Key={name: {"S": value} for name, value in consultation_key("1").items()},
        UpdateExpression="REMOVE " + ", ".join(slots),
        ExpressionAttributeNames=slots,
    )


def test_the_list_is_part_of_the_reservation(world: World) -> None:
    payment_id = str(world.initiate().body["payment_id"])
    [item] = world.items("CONSULT#1")
    assert item[f"{CONSULTATION_PAYMENT_SLOT}1"] == bytes.fromhex(payment_id)


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({}, 400, "invalid_booking_id"),
        ({"booking_id": "a b"}, 400, "invalid_booking_id"),
        ({"booking_id": "2"}, 404, "consultation_not_found"),
        ({"booking_id": "1", "limit": "0"}, 400, "invalid_limit"),
        ({"booking_id": "1", "limit": "11"}, 400, "invalid_limit"),
        ({"booking_id": "1", "limit": "two"}, 400, "invalid_limit"),
        ({"booking_id": "1", "limit": ""}, 400, "invalid_limit"),
        ({"booking_id": "1", "cursor": "x"}, 400, "invalid_cursor"),
        ({"booking_id": "1", "cursor": "0" * 32}, 400, "invalid_cursor"),
    ],
)
def test_what_cannot_be_listed_is_refused(
    world: World, query: dict[str, Any], status: int, code: str
) -> None:
    answer = listed(world, **query)
    assert (answer.status, answer.body["code"]) == (status, code)


@pytest.mark.parametrize(
    ("payment_id", "status", "code"),
    [("0" * 32, 404, "payment_not_found"), ("ws_CO_1", 404, "payment_not_found")],
)
def test_what_is_no_payment_is_refused(
    world: World, payment_id: str, status: int, code: str
) -> None:
    answer = read(world, payment_id)
    assert (answer.status, answer.body["code"]) == (status, code)

"""Every event that the outbox can hold fits the published schema, and carries all it promises."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from payments.protocol.change import EventType
from payments.protocol.evidence import AttentionCleared, MoneyReturned
from payments.usecases.money_desk import attach_to_booking, owe_back
from payments.usecases.operate import operate_on_payment
from payments.usecases.refunds import request_refund, withdraw_refund

from tests.functional.bank import PERSON, Bank
from tests.functional.refunding import send_refund, set_credential
from tests.support.aws import REPOSITORY
from tests.support.dynamodb.template import load_template
from tests.support.world import PHONE, World

SCHEMA = json.loads((REPOSITORY / "docs/schemas/payment-event-v1.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)
TWO_DAYS_SECONDS = 49 * 3600
WAY = {EventType.REFUND_REQUESTED, EventType.REFUND_WITHDRAWN, EventType.REFUND_SENT}


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    world.register()
    yield world
    world.close()


def pay(world: World, action: str = "pin") -> None:
    world.initiate()
    world.pass_time(2)
    world.answer_prompt(action, **({"pin": "1234"} if action == "pin" else {}))
    world.pass_time(10)


def operate(world: World, operation: AttentionCleared | MoneyReturned) -> None:
    [payment] = [item for item in world.items("PAY#") if item["sk"] == "STATE"]
    parts = world.function("cleanup").module.runtime.services
    account = {"who": "amina", "why": "settled", "request_id": "r1"}
    shown = int(payment["version"])
    operate_on_payment(parts, payment["pk"][4:], operation, shown_version=shown, **account)


def completed(world: World) -> None:
    pay(world)


def failed(world: World) -> None:
    pay(world, "cancel")


def review(world: World) -> None:
    world.daraja.set_next("callback_wrong_amount", msisdn=PHONE)
    pay(world)


def refund_due(world: World) -> None:
    pay(world)
    world.register(status="Cancelled")


def refunded(world: World) -> None:
    refund_due(world)
    operate(world, MoneyReturned())


def cancelled(world: World) -> None:
    world.daraja.set_next("push_hang_lost", msisdn=PHONE)
    world.initiate()
    world.pass_time(TWO_DAYS_SECONDS, delivers=False)
    world.clean_up()
    world.clean_up()


def looked_after(world: World) -> None:
    cancelled(world)
    operate(world, AttentionCleared())


def receipt_later(world: World) -> None:
    world.initiate()
    world.pass_time(2)
    world.enter_pin()
    world.pass_time(200, delivers=False)
    [delivery] = world.daraja.journal.entries(kind="callback_posted")
    world.clean_up()
    facts = delivery.facts
    world.post_callback(str(facts["url"]), str(facts["body"]))


def unclaimed(world: World) -> None:
    Bank(world).says("SKI7HAND01", reference="RENT7", paid_at=int(world.clock()) - 3600)


def attached(world: World) -> None:
    unclaimed(world)
    services = Bank(world).services
    attach_to_booking(services, "SKI7HAND01", "1", shown_amount_kes=1000, actor=PERSON)


def owed_back(world: World) -> None:
    unclaimed(world)
    owe_back(Bank(world).services, "SKI7HAND01", shown_amount_kes=1000, actor=PERSON)


def refund(world: World, result_code: str) -> None:
    """Requested, taken back, requested again, approved, and answered by M-Pesa."""
    refund_due(world)
    set_credential(world)
    services = world.function("refunds").module.runtime.services
    [payment] = [item for item in world.items("PAY#") if item["sk"] == "STATE"]
    payment_id = payment["pk"][4:]
    request_refund(services, payment_id, by="staff:a", why="ill", request_id="r1")
    withdraw_refund(services, payment_id, by="staff:a", why="ill", request_id="r1")
    world.daraja.set_next({"outcome_code": result_code}, api="reversal")
    send_refund(world, payment_id)
    world.pass_time(10)


def refund_sent(world: World) -> None:
    refund(world, "7777")


def refund_refused(world: World) -> None:
    refund(world, "1")


SITUATIONS: dict[Callable[[World], None], set[EventType]] = {
    completed: {EventType.COMPLETED},
    failed: {EventType.FAILED},
    review: {EventType.REVIEW},
    refund_due: {EventType.COMPLETED, EventType.REFUND_DUE},
    refunded: {EventType.COMPLETED, EventType.REFUND_DUE, EventType.REFUNDED},
    refund_sent: {EventType.COMPLETED, EventType.REFUND_DUE, *WAY},
    refund_refused: {EventType.COMPLETED, EventType.REFUND_DUE, *WAY, EventType.REFUND_REFUSED},
    cancelled: {EventType.CANCELLED, EventType.UNRESOLVED},
    looked_after: {EventType.CANCELLED, EventType.UNRESOLVED, EventType.ATTENTION_CLEARED},
    receipt_later: {EventType.COMPLETED, EventType.RECEIPT_ADDED},
    unclaimed: {EventType.MONEY_UNCLAIMED},
    attached: {EventType.MONEY_UNCLAIMED, EventType.MONEY_ATTACHED, EventType.COMPLETED},
    owed_back: {EventType.MONEY_UNCLAIMED, EventType.MONEY_ATTACHED, EventType.REFUND_DUE},
}


def details(world: World) -> list[dict[str, Any]]:
    """What the Pipe makes of the event items: its template's fields, and no other."""
    items = [item for item in world.items("") if item["sk"].startswith("EVENT#")]
    return [{name: item[name] for name in template_fields()} for item in items]


@cache
def template_fields() -> dict[str, str]:
    """Each field of the Pipe's template with the DynamoDB type it reads."""
    pipe = load_template(REPOSITORY / "template.yaml")["Resources"]["OutboxPipe"]
    text = pipe["Properties"]["TargetParameters"]["InputTemplate"]
    return {
        name: kind
        for name, source, kind in re.findall(
            r'"(\w+)": <\$\.dynamodb\.NewImage\.(\w+)\.([SN])>', text
        )
        if name == source
    }


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.__name__)
def test_events_fit_their_schema(world: World, situation: Callable[[World], None]) -> None:
    situation(world)
    events = details(world)
    assert {event["type"] for event in events} == SITUATIONS[situation]
    for event in events:
        VALIDATOR.validate(event)
        # DynamoDB's stream has numbers as text, and a Pipe may hand them on so.
        VALIDATOR.validate(event | {name: str(event[name]) for name in ("amount_kes",)})
        assert not re.search(r"254[17]\d{8}", json.dumps(event))
    ids = [event["dedupe_id"] for event in events]
    assert len(set(ids)) == len(ids)


def test_every_type_of_event_has_a_situation() -> None:
    assert set().union(*SITUATIONS.values()) == set(EventType)


def test_the_template_and_the_schema_name_the_same_fields() -> None:
    assert set(template_fields()) == set(SCHEMA["properties"]) == set(SCHEMA["required"])


@pytest.mark.parametrize(
    "change",
    [
        {"type": "PaymentVanished"},
        {"amount_kes": -1},
        {"amount_kes": "12.50"},
        {"dedupe_id": ""},
        {"occurred_at": "2026-11-23T12:00:00Z"},
        {"status": "paid"},
    ],
)
def test_the_schema_refuses_what_is_no_event(world: World, change: dict[str, object]) -> None:
    completed(world)
    [event] = details(world)
    assert VALIDATOR.is_valid(event)
    assert not VALIDATOR.is_valid(event | change)

"""What a payment costs in DynamoDB units, round trips and calls of Daraja, and never more.

Measured by ReturnConsumedCapacity on the in-memory engine, which counts as the Developer Guide
says, and on the emulator, which counts for itself. Run with `-s` to read the figures.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from payments.ports import Actor
from payments.protocol.evidence import MoneySeen
from payments.protocol.payment import Proof
from payments.protocol.rules import MoneyRules, PaybillAccount
from payments.usecases.record_money import MoneyOutcome, record_money
from payments.values import eat_day

from simulator.core.endpoints import OAUTH_PATH, QUERY_PATH
from tests.local.emulator_process import running_emulator
from tests.local.metering import Bill, Meter
from tests.local.races.faults import Calm
from tests.local.races.racing import RaceWorld, new_client
from tests.support.lambdas import http_event
from tests.support.network import Lines
from tests.support.world import STK_PUSH, World

WRITE_UNITS_MAX = 26
READ_UNITS_MAX = 2
RESERVE_UNITS = 11
ACCEPT_UNITS = 2
COMPLETE_UNITS_MAX = 13
SEEN_FIRST_UNITS_MAX = 28
HAND_UNITS_MAX = 10
FILED_UNITS_MAX = 6
DATA_MODEL = Path(__file__).parents[2] / "docs" / "data-model.md"
STATISTICS = "/api/payment/mpesa/statistics"


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_emulator(tmp_path_factory.mktemp("emulator")) as endpoint_url:
        yield endpoint_url


@pytest.fixture(params=["engine", "emulator"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "engine":
        world = World(network=Lines())
    else:
        endpoint_url = request.getfixturevalue("emulator")
        clients = [new_client(endpoint_url) for _ in range(2)]
        world = RaceWorld(clients, f"capacity-{secrets.token_hex(4)}", Calm())
    yield world
    world.close()


@pytest.fixture
def meter(world: World) -> Meter:
    """On the client that the handlers use."""
    return Meter(world.adapters.aws_client("dynamodb"))


@pytest.fixture
def warm(world: World, meter: Meter) -> World:
    """A world that has taken a payment before: its instances hold the token."""
    world.register("warm", client_id="warm")
    answer = world.initiate("warm", client_id="warm", phone="254710000001")
    assert answer.status == 200, answer.body
    world.status(answer.body["payment_id"], client_id="warm")
    world.register("1")
    return world


def let_pass(world: World, seconds: float) -> None:
    """Let time pass, and post the callbacks that fall due."""
    if isinstance(world, RaceWorld):
        world.skip(seconds)
    else:
        world.clock.sleep(seconds)


def pay(world: World) -> str:
    """One successful payment, its callback on time."""
    payment_id = str(world.initiate().body["payment_id"])
    let_pass(world, 2)
    world.enter_pin()
    let_pass(world, 5)
    deliveries = world.daraja.due_callbacks()
    assert [world.deliver(each).status for each in deliveries] == [200]
    return payment_id


def see(world: World, receipt: str, **more: Any) -> MoneyOutcome:
    """A confirmation of M-Pesa names a receipt."""
    services = world.function("cleanup").module.runtime.services
    by_booking = MoneyRules(paybill_account=PaybillAccount.BOOKING_ID)
    money = MoneySeen(
        **{
            "source": Proof.C2B,
            "receipt_number": receipt,
            "shortcode": "174379",
            "amount_kes": 1000,
            "paid_at": int(world.clock()),
            "payer": "2547 ***** 149",
            "transaction_type": "Pay Bill",
            **more,
        }
    )
    return record_money(
        replace(services, rules=by_booking), money, actor=Actor(by="c2b", request_id="1")
    )


def asked(world: World, path: str) -> int:
    """How often Daraja was called there."""
    return len(world.daraja.journal.entries(kind="request", path=path))


def show(what: str, bill: Bill) -> None:
    print(f"\n{what}: {bill}", end="")


def test_initiating_is_one_round_trip_before_daraja_and_one_after(
    warm: World, meter: Meter
) -> None:
    moments: list[str] = []
    warm.daraja.journal.subscribe(lambda entry: moments.append(str(entry.facts.get("path"))))
    with meter.billed() as bill:
        answer = warm.initiate()
    assert answer.status == 200
    show("reserve + accept", bill)
    assert bill.operations == ["TransactWriteItems", "UpdateItem"]
    assert bill.write_units == RESERVE_UNITS + ACCEPT_UNITS
    assert bill.read_units == 0
    assert asked(warm, OAUTH_PATH) == 1


def test_a_callback_is_two_round_trips(warm: World, meter: Meter) -> None:
    warm.initiate()
    let_pass(warm, 2)
    warm.enter_pin()
    let_pass(warm, 5)
    [delivery] = warm.daraja.due_callbacks()
    with meter.billed() as bill:
        assert warm.deliver(delivery).status == 200
    show("complete", bill)
    assert bill.operations == ["GetItem", "TransactWriteItems"]
    assert bill.write_units <= COMPLETE_UNITS_MAX
    assert bill.read_units == 1


def test_a_whole_payment_stays_within_its_budget(warm: World, meter: Meter) -> None:
    with meter.billed() as bill:
        payment_id = pay(warm)
    show("whole payment", bill)
    assert warm.payment(payment_id).status == "completed"
    assert bill.write_units <= WRITE_UNITS_MAX
    assert bill.read_units <= READ_UNITS_MAX
    assert asked(warm, QUERY_PATH) == 0


@pytest.mark.parametrize(
    ("index_factor", "sentence"),
    [
        (1, r"A successful payment costs (\d+) write units"),
        (2, r"doubles it, which makes (\d+) write\s+units"),
    ],
)
def test_both_counts_of_a_payment_stand_in_the_documents(index_factor: int, sentence: str) -> None:
    world = World(network=Lines())
    world.register("warm", client_id="warm")
    world.initiate("warm", client_id="warm", phone="254710000001")
    world.register("1")
    world.engine.index_factor = index_factor
    with Meter(world.adapters.aws_client("dynamodb")).billed() as bill:
        pay(world)
    world.close()
    [documented] = re.findall(sentence, DATA_MODEL.read_text(encoding="utf-8"))
    assert bill.write_units == int(documented)


def test_a_confirmation_after_the_callback_writes_nothing(warm: World, meter: Meter) -> None:
    receipt = str(warm.payment(pay(warm)).receipt_number)
    with meter.billed() as bill:
        assert see(warm, receipt) is MoneyOutcome.REPEAT
    assert (bill.operations, bill.write_units, bill.read_units) == (["GetItem"], 0, 1)


def test_a_confirmation_before_the_callback_stays_within_its_budget(
    warm: World, meter: Meter
) -> None:
    with meter.billed() as bill:
        payment_id = str(warm.initiate().body["payment_id"])
        let_pass(warm, 2)
        warm.enter_pin()
        let_pass(warm, 5)
        [delivery] = warm.daraja.due_callbacks()
        payment = warm.payment(payment_id)
        debit = warm.daraja.ledger.by_checkout(str(payment.checkout_request_id))
        assert debit is not None
        seen = see(warm, debit.receipt, reference=payment.account_reference)
        assert warm.deliver(delivery).status == 200
    show("confirmation, then callback", bill)
    assert seen is MoneyOutcome.BOUND
    assert not warm.payment(payment_id).holds_locks
    assert bill.write_units <= SEEN_FIRST_UNITS_MAX


def test_money_by_hand_and_money_that_waits_cost_little(warm: World, meter: Meter) -> None:
    with meter.billed() as by_hand:
        assert see(warm, "SKI7HAND01", reference="1") is MoneyOutcome.BOUND
    with meter.billed() as filed:
        assert see(warm, "SKI7HAND02") is MoneyOutcome.FILED
    show("paid by hand", by_hand)
    show("filed", filed)
    assert by_hand.write_units <= HAND_UNITS_MAX
    assert filed.write_units <= FILED_UNITS_MAX


def test_a_plain_poll_writes_nothing(warm: World, meter: Meter) -> None:
    answer = warm.initiate()
    with meter.billed() as by_payment_id:
        assert warm.status(answer.body["payment_id"]).body["status"] == "pending"
    with meter.billed() as by_checkout_id:
        assert warm.status(answer.body["CheckoutRequestID"]).body["status"] == "pending"
    show("poll by payment_id", by_payment_id)
    show("poll by CheckoutRequestID", by_checkout_id)
    assert by_payment_id.operations == ["GetItem"]
    assert by_checkout_id.operations == ["Query", "GetItem"]
    assert by_payment_id.write_units == by_checkout_id.write_units == 0


def test_a_hundred_polls_of_a_final_payment_are_a_hundred_reads(warm: World, meter: Meter) -> None:
    payment_id = pay(warm)
    with meter.billed() as bill:
        for _ in range(100):
            warm.status(payment_id)
    assert (bill.round_trips, bill.read_units, bill.write_units) == (100, 100, 0)


def test_a_lost_callback_costs_two_queries_in_five_minutes_however_many_poll(warm: World) -> None:
    payment_id = str(warm.initiate().body["payment_id"])
    let_pass(warm, 2)
    warm.enter_pin()
    for _ in range(298 // 5):
        let_pass(warm, 5)
        warm.daraja.due_callbacks()
        for _ in range(3):
            warm.status(payment_id)
    assert 1 <= asked(warm, QUERY_PATH) <= 2
    assert warm.payment(payment_id).status == "completed"


def test_the_token_is_fetched_once_a_lifetime_by_all_instances(world: World) -> None:
    for number in range(5):
        world.register(str(number))
        body = {"phone_number": f"25471000000{number}", "amount": 1000, "booking_id": number}
        event = http_event("POST", STK_PUSH, body=body, client_id="7", now=world.clock())
        assert world.fresh_function("stk_push").invoke(event)["statusCode"] == 200
    assert asked(world, OAUTH_PATH) == 1


def test_nothing_in_the_life_of_a_payment_scans(world: World, meter: Meter) -> None:
    with meter.billed() as bill:
        world.register()
        world.status(pay(world))
        world.consultation()
        world.clean_up()
        today = eat_day(int(world.clock()))
        event = http_event(
            "GET", STATISTICS, client_id="office", scopes="payments:read", now=world.clock()
        )
        event["queryStringParameters"] = {"from": today, "to": today}
        assert world.function("statistics").invoke(event)["statusCode"] == 200
    assert "Query" in bill.operations
    assert "Scan" not in bill.operations

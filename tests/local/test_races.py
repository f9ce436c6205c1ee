"""Fifty threads call the real handlers over one shared DynamoDB, in three kinds of weather.

Each race is run in calm, with a TransactionConflict on the first try of every transaction, and
with the reply to every write lost after its commit. What is asserted is the money: one prompt, one
transition, one event, one receipt claim, one payment behind a Confirmed booking; and that every
callback was acknowledged.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from simulator.core import CallbackDelivery
from simulator.core.endpoints import QUERY_PATH
from tests.local.emulator_process import running_emulator
from tests.local.races.faults import Calm, Conflicts, LostReplies
from tests.local.races.racing import THREADS, RaceWorld, new_client, statuses
from tests.support.world import PHONE, Answer

OTHER_PHONE = "254708374150"
LOCK_SECONDS = 300
QUERY_SUCCESS_SECONDS = 120
PAYMENTS_AT_ONCE = 12
WEATHER = {"calm": Calm, "transactions conflict": Conflicts, "replies are lost": LostReplies}


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_emulator(tmp_path_factory.mktemp("emulator")) as endpoint_url:
        yield endpoint_url


@pytest.fixture(scope="module")
def clients(emulator: str) -> list[Any]:
    """One for each racing thread; to make them takes longer than a race."""
    return [new_client(emulator) for _ in range(THREADS)]


@pytest.fixture(params=list(WEATHER.values()), ids=list(WEATHER))
def world(emulator: str, clients: list[Any], request: pytest.FixtureRequest) -> Iterator[RaceWorld]:
    # The client of the main thread is new: what a client may retry is limited for its lifetime.
    both = [new_client(emulator), new_client(emulator)]
    world = RaceWorld([*both, *clients], f"race-{secrets.token_hex(4)}", request.param())
    yield world
    world.close()
    # A fault that never struck would prove nothing.
    assert (world.wire_fault.count > 0) == (type(world.wire_fault) is not Calm)


def prompted(world: RaceWorld, booking_id: str = "1", phone: str = PHONE) -> str:
    """A payment whose prompt is open; its payment_id."""
    answer = world.initiate(booking_id, phone=phone)
    assert answer.status == 200, answer.body
    return str(answer.body["payment_id"])


def owed_callback(world: RaceWorld, phone: str = PHONE) -> CallbackDelivery:
    """The customer pays; the callback that Daraja then owes."""
    world.skip(2)
    world.enter_pin(phone=phone)
    world.skip(5)
    [delivery] = world.take_callbacks()
    return delivery


def posts(world: RaceWorld, delivery: CallbackDelivery, copies: int) -> list[partial[Answer]]:
    """So many posts of one callback, each still to be made."""
    url, body, source_ip = delivery.url, delivery.body, delivery.source_ip
    return [partial(world.post_callback, url, body, source_ip=source_ip) for _ in range(copies)]


def assert_confirmed_by(world: RaceWorld, payment_id: str, booking_id: str = "1") -> None:
    """One completed payment, one event of it, one receipt, and the booking is Confirmed by it."""
    consultation = world.consultation(booking_id)
    assert (consultation["status"], consultation["payment_status"]) == ("Confirmed", "Paid")
    assert consultation["paid_payment_id"] == payment_id
    assert consultation["active_payment_id"] is None
    assert world.payment(payment_id).status == "completed"
    assert Counter(world.events(payment_id))["PaymentCompleted"] == 1
    receipts = [claim for claim in world.items("RCPT#") if claim["payment_id"] == payment_id]
    assert [claim["pk"] for claim in receipts] == [
        f"RCPT#{world.payment(payment_id).receipt_number}"
    ]


def test_fifty_requests_under_one_key_prompt_the_phone_once(world: RaceWorld) -> None:
    world.register()
    answers: list[Answer] = world.race(*[partial(world.initiate, key="one-key")] * THREADS)
    assert statuses(answers) <= {200, 202}
    assert len({answer.body["payment_id"] for answer in answers}) == 1
    assert len(world.daraja.prompts()) == 1
    assert len([each for each in world.items("PAY#") if each["sk"] == "STATE"]) == 1


def test_fifty_requests_without_a_key_prompt_the_phone_once(world: RaceWorld) -> None:
    world.register()
    answers: list[Answer] = world.race(*[partial(world.initiate)] * THREADS)
    assert statuses(answers) <= {200, 202}
    assert len({answer.body["payment_id"] for answer in answers}) == 1
    assert len(world.daraja.prompts()) == 1


def test_two_users_cannot_both_prompt_one_phone(world: RaceWorld) -> None:
    world.register("1", client_id="7")
    world.register("2", client_id="8")
    mine = partial(world.initiate, "1", client_id="7")
    theirs = partial(world.initiate, "2", client_id="8")
    stranger = partial(world.initiate, "1", client_id="9")
    answers: list[Answer] = world.race(*[mine, theirs, stranger, mine, theirs] * (THREADS // 5))
    assert len(world.daraja.prompts()) == 1
    assert statuses(answers[2::5]) == {404}
    granted = {answer.body["payment_id"] for answer in answers if answer.status < 300}
    assert len(granted) == 1
    assert statuses(answers) <= {200, 202, 404, 409}


def test_fifty_cold_starts_fetch_one_token(world: RaceWorld) -> None:
    for number in range(THREADS):
        world.register(str(number), client_id=str(number))
    runners = [
        partial(world.initiate, str(number), client_id=str(number), phone=f"25471000{number:04d}")
        for number in range(THREADS)
    ]
    assert statuses(world.race(*runners)) == {200}
    assert len(world.daraja.prompts()) == THREADS
    [token] = world.items("TOKEN#")
    assert token["version"] == 1


def test_copies_of_a_callback_at_once_are_one_transition(world: RaceWorld) -> None:
    phones = [f"2547080000{number:02d}" for number in range(PAYMENTS_AT_ONCE)]
    paid: dict[str, str] = {}
    runners: list[partial[Answer]] = []
    for booking_id, phone in enumerate(phones):
        client_id = f"client-{booking_id}"
        world.register(str(booking_id), client_id=client_id)
        answer = world.initiate(booking_id, client_id=client_id, phone=phone)
        paid[str(booking_id)] = answer.body["payment_id"]
        runners += posts(world, owed_callback(world, phone), 2 + booking_id % 3 + 1)
    answers: list[Answer] = world.race(*runners)
    assert statuses(answers) == {200}
    assert not world.queue.messages
    for booking, payment_id in paid.items():
        assert_confirmed_by(world, payment_id, booking)
        assert world.events(payment_id) == ["PaymentCompleted"]


def test_callback_poll_and_cleanup_at_once_agree(world: RaceWorld) -> None:
    world.register()
    payment_id = prompted(world)
    delivery = owed_callback(world)
    world.skip(QUERY_SUCCESS_SECONDS)
    callbacks = posts(world, delivery, 4)
    polls = [partial(world.status, payment_id)] * (THREADS - 8)
    cleanups = [partial(world.clean_up)] * 4
    answers = world.race(*callbacks, *polls, *cleanups)
    assert statuses(answers[:4]) == {200}
    assert statuses(answers[4:-4]) == {200}
    assert {answer.body["status"] for answer in answers[4:-4]} <= {"pending", "completed"}
    assert all(report["poisoned"] == 0 for report in answers[-4:])
    assert not world.queue.messages
    assert_confirmed_by(world, payment_id)
    assert set(world.events(payment_id)) <= {"PaymentCompleted", "ReceiptAdded"}
    queries = world.daraja.journal.entries(kind="request", path=QUERY_PATH)
    assert len(queries) <= 1


def test_of_two_paid_payments_for_one_booking_one_confirms_and_one_is_owed_back(
    world: RaceWorld,
) -> None:
    world.register()
    first = prompted(world)
    first_callback = owed_callback(world)
    world.skip(LOCK_SECONDS)
    second = prompted(world, phone=OTHER_PHONE)
    assert first != second
    second_callback = owed_callback(world, OTHER_PHONE)
    answers = world.race(*posts(world, first_callback, 4), *posts(world, second_callback, 4))
    assert statuses(answers) == {200}
    found = {str(world.payment(payment_id).status): payment_id for payment_id in (first, second)}
    assert set(found) == {"completed", "refund_due"}
    assert_confirmed_by(world, found["completed"])
    assert world.events(found["refund_due"]) == ["RefundDue"]
    assert len(world.items("RCPT#")) == 2


def test_a_receipt_is_claimed_by_one_payment_only(world: RaceWorld) -> None:
    world.register("1", client_id="7")
    world.register("2", client_id="8")
    first = prompted(world, "1")
    first_callback = owed_callback(world)
    answer = world.initiate("2", client_id="8", phone=OTHER_PHONE)
    second = str(answer.body["payment_id"])
    second_callback = owed_callback(world, OTHER_PHONE)
    receipts = [each.receipt for each in world.daraja.ledger.debits.values()]
    forged = second_callback.body.replace(receipts[1].encode(), receipts[0].encode())
    ip = second_callback.source_ip
    forgeries = [partial(world.post_callback, second_callback.url, forged, source_ip=ip)] * 4
    answers = world.race(*posts(world, first_callback, 4), *forgeries)
    assert statuses(answers) == {200}
    found = {str(world.payment(payment_id).status): payment_id for payment_id in (first, second)}
    assert set(found) == {"completed", "review"}
    [claim] = world.items("RCPT#")
    assert (claim["pk"], claim["payment_id"]) == (f"RCPT#{receipts[0]}", found["completed"])
    assert world.events(found["review"]) == ["ReviewNeeded"]


def test_a_price_change_and_a_reservation_at_once_leave_one_price(world: RaceWorld) -> None:
    runners: list[partial[Answer]] = []
    for number in range(PAYMENTS_AT_ONCE):
        booking_id, phone, client_id = str(number), f"2547090000{number:02d}", f"client-{number}"
        world.register(booking_id, client_id=client_id)
        initiate = partial(world.initiate, booking_id, client_id=client_id, phone=phone)
        reprice = partial(world.register, booking_id, client_id=client_id, price_kes=1500)
        runners += [initiate, reprice, initiate, reprice]
    answers: list[Answer] = world.race(*runners)
    assert statuses(answers[0::4] + answers[2::4]) <= {200, 202, 400}
    assert statuses(answers[1::4] + answers[3::4]) <= {200, 409}
    prompts = Counter(prompt.order.msisdn for prompt in world.daraja.prompts())
    for number in range(PAYMENTS_AT_ONCE):
        consultation = world.consultation(str(number))
        is_reserved = consultation["active_payment_id"] is not None
        assert consultation["price_kes"] == (1000 if is_reserved else 1500)
        assert prompts[f"2547090000{number:02d}"] == int(is_reserved)


def test_a_cancelled_booking_and_its_money_at_once_owe_the_money_back(world: RaceWorld) -> None:
    world.register()
    payment_id = prompted(world)
    delivery = owed_callback(world)
    cancels = [partial(world.register, status="Cancelled")] * 4
    answers = world.race(*posts(world, delivery, 4), *cancels)
    assert statuses(answers) == {200}
    assert world.payment(payment_id).status == "refund_due"
    consultation = world.consultation()
    assert (consultation["status"], consultation["paid_payment_id"]) == ("Cancelled", None)
    events = Counter(world.events(payment_id))
    assert events["RefundDue"] == 1
    assert events.total() == 1 + events["PaymentCompleted"] <= 2

"""`hakika webhooks`: what was delivered when, and the same event once more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import requests
from payments.protocol.delivery import RETRY_SECONDS

from tests.functional.booking_system import DEAD_URL, QUEUE_URL, VISIBILITY_SECONDS, Town
from tests.functional.operator_desk import Desk
from tests.support.world import World

TRIES_SECONDS = sum(RETRY_SECONDS) + VISIBILITY_SECONDS


@pytest.fixture
def town() -> Iterator[Town]:
    world = World()
    world.register()
    yield Town(world)
    world.close()


@pytest.fixture
def desk(town: Town) -> Desk:
    """An operator of a deployment that sends webhooks; while they wait, the function runs."""

    def sleep(seconds: float) -> None:
        town.world.clock.sleep(seconds)
        town.deliver()

    town.world.adapters = replace(town.world.adapters, sleep=sleep)
    desk = Desk(town.world)
    desk.clients["sqs"] = town.sqs
    desk.outputs |= {"WebhookQueueUrl": QUEUE_URL, "WebhookDeadLettersUrl": DEAD_URL}
    return desk


def paid(town: Town) -> tuple[str, str]:
    """A payment and the id of its one event, which waits in the queue."""
    payment_id = town.pay()
    [dedupe_id] = town.carry()
    return payment_id, dedupe_id


def test_a_payments_deliveries_are_shown(desk: Desk, town: Town) -> None:
    payment_id, dedupe_id = paid(town)
    town.receiver.steps = [500]
    town.deliver()
    [tried] = desk.json("webhooks", "list", payment_id)
    assert (tried["dedupe_id"], tried["tries"], tried["last_answer"]) == (dedupe_id, 1, "500")
    assert tried["delivered_at"] is None
    town.deliver_for(60)
    [taken] = desk.json("webhooks", "list", payment_id)
    assert (taken["tries"], taken["last_answer"]) == (2, "204")
    assert taken["delivered_at"] == taken["last_tried_at"] > tried["last_tried_at"]
    assert dedupe_id in desk("webhooks", "list").out
    assert desk.json("webhooks", "list", "--undelivered") == []
    assert "No delivery" in desk("webhooks", "list", "--undelivered").out


def test_a_list_of_days_names_what_was_tried(desk: Desk, town: Town) -> None:
    _, dedupe_id = paid(town)
    town.receiver.steps = [500]
    town.deliver()
    [undelivered] = desk.json("webhooks", "list", "--undelivered")
    assert undelivered["dedupe_id"] == dedupe_id
    town.world.clock.sleep(3 * 86_400)
    assert desk.json("webhooks", "list") == []
    assert [each["dedupe_id"] for each in desk.json("webhooks", "list", "--since", "4d")] == [
        dedupe_id
    ]


@pytest.mark.parametrize("by", ["event", "payment", "beginning"])
def test_a_resend_is_the_same_event(desk: Desk, town: Town, by: str) -> None:
    payment_id, dedupe_id = paid(town)
    town.deliver()
    name = {"event": dedupe_id, "payment": payment_id, "beginning": payment_id[:8]}[by]
    assert desk.json("webhooks", "resend", name) == {"sent": [dedupe_id]}
    town.deliver()
    assert town.receiver.ids == [dedupe_id] * 2
    assert len({request.body for request in town.receiver.requests}) == 1


def test_dead_letters_go_back_to_the_queue(desk: Desk, town: Town) -> None:
    _, dedupe_id = paid(town)
    town.receiver.steps = [requests.ConnectionError("down")] * 20
    town.deliver_for(TRIES_SECONDS)
    assert len(town.sqs.dead) == 1
    assert desk.json("webhooks", "resend", "--dead-letters") == {"sent": [dedupe_id]}
    assert town.sqs.dead == []
    town.deliver()
    assert town.receiver.ids[-1] == dedupe_id
    assert desk.json("webhooks", "list", "--since", "7d")[0]["last_answer"] == "204"
    assert "empty" in desk("webhooks", "resend", "--dead-letters").out


def test_a_test_event_shows_the_receivers_answer(desk: Desk, town: Town) -> None:
    shown = desk.json("webhooks", "test")
    assert (shown["type"], shown["last_answer"]) == ("WebhookTest", "204")
    town.receiver.steps = [401]
    refused = desk("webhooks", "test")
    assert (refused.code, "answered 401" in refused.err) == (1, True)


def test_a_test_that_nobody_answers_ends(desk: Desk, town: Town) -> None:
    town.sqs.messages = []
    town.sqs.send_message = lambda **_: None  # type: ignore[method-assign]
    refused = desk("webhooks", "test")
    assert (refused.code, "was not reached yet" in refused.err) == (1, True)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("resend",), 2),
        (("resend", "x", "--dead-letters"), 2),
        (("resend", "PAY#" + "0" * 32 + "#EVENT#000003#PaymentCompleted"), 1),
        (("list", "0" * 32), 1),
    ],
)
def test_what_names_nothing_is_refused(desk: Desk, words: tuple[str, ...], code: int) -> None:
    assert desk("webhooks", *words).code == code


def test_a_deployment_without_webhooks_says_how_to_get_them(desk: Desk) -> None:
    del desk.outputs["WebhookQueueUrl"]
    for verb in ("list", "test", "resend --dead-letters"):
        refused = desk("webhooks", *verb.split())
        assert (refused.code, "WebhookUrl" in refused.err) == (1, True)

"""Every event reaches the booking system at least once, signed, under one id and with one body."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from payments.errors import NotFoundError, SettingsError
from payments.protocol.delivery import RETRY_SECONDS, TEST_TYPE, Answer
from payments.store.deliveries import KEPT_SECONDS
from payments.usecases.deliver_event import deliveries_of, resend_event, resend_payment, send_test

from tests.functional.booking_system import (
    OTHER_SECRET,
    QUEUE_URL,
    RECEIVES_MAX,
    SECRET,
    SECRET_ARN,
    URL,
    VARIABLES,
    VISIBILITY_SECONDS,
    Step,
    Town,
    is_signed_by,
)
from tests.functional.faulty import Network
from tests.functional.test_event_schema import SCHEMA
from tests.support.aws import REPOSITORY
from tests.support.dynamodb.template import load_template
from tests.support.lambdas import Lambda
from tests.support.network import Lines
from tests.support.world import World

HOUR, DAY = 3600, 86_400
PAID_BY_USE = {
    "AWS::Serverless::Function",
    *("AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "AWS::Events::Rule", "AWS::IAM::Role"),
    *("AWS::Logs::LogGroup", "AWS::SecretsManager::Secret", "AWS::CloudWatch::Alarm"),
}
"""Types without an hourly price; a secret and an alarm cost some cents a month each."""
SQS_WAIT_SECONDS_MAX, SQS_KEPT_SECONDS_MAX = 43_200, 1_209_600
TEMPLATE = load_template(REPOSITORY / "template.yaml")["Resources"]


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
def town(network: Network) -> Iterator[Town]:
    world = World(network=Lines(network))
    world.register()
    yield Town(world)
    world.close()


def event_of(request: requests.PreparedRequest) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(request.body or b"")
    return event


def test_an_event_is_a_signed_post_that_fits_the_schema_with_amounts_as_numbers(town: Town) -> None:
    payment_id = town.pay()
    [dedupe_id] = town.carry()
    town.deliver()
    [request] = town.receiver.requests
    event = event_of(request)
    Draft202012Validator(SCHEMA).validate(event)
    assert (request.method, request.url) == ("POST", URL)
    assert request.headers["webhook-id"] == event["dedupe_id"] == dedupe_id
    assert int(request.headers["webhook-timestamp"]) == int(town.world.clock())
    assert is_signed_by(SECRET, request)
    assert not is_signed_by(OTHER_SECRET, request)
    assert (event["type"], event["payment_id"]) == ("PaymentCompleted", payment_id)
    assert (event["amount_kes"], event["paid_amount_kes"]) == (1000, 1000)
    assert town.sqs.messages == []
    [stored] = town.stored()
    assert (stored["tries"], stored["last_answer"]) == (1, "204")
    assert stored["delivered_at"] == stored["last_tried_at"] == int(town.world.clock())
    assert stored["purge_at"] == stored["last_tried_at"] + KEPT_SECONDS


@pytest.mark.parametrize(
    ("step", "answer"),
    [
        (500, "500"),
        (404, "404"),
        (300, "300"),
        (301, "301"),
        (308, "308"),
        (requests.ReadTimeout("taken, and no answer"), "ReadTimeout"),
        (requests.ConnectTimeout("down"), "ConnectTimeout"),
        (requests.exceptions.SSLError("no certificate"), "SSLError"),
    ],
)
def test_whatever_is_no_success_is_tried_again_and_nothing_is_followed(
    town: Town, step: Step, answer: str
) -> None:
    town.pay()
    [dedupe_id] = town.carry()
    town.receiver.steps = [step, step]
    town.deliver()
    assert [(each["tries"], each["last_answer"]) for each in town.stored()] == [(1, answer)]
    assert "delivered_at" not in town.stored()[0]
    town.deliver_for(HOUR)
    assert town.receiver.ids == [dedupe_id] * 3
    assert {request.url for request in town.receiver.requests} == {URL}
    assert len({request.body for request in town.receiver.requests}) == 1
    timestamps = [request.headers["webhook-timestamp"] for request in town.receiver.requests]
    assert len(set(timestamps)) == 3, "each try is signed at its own time"
    assert town.sqs.messages == []
    assert town.stored()[0]["delivered_at"] < town.world.clock()


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_success_ends_the_tries(town: Town, status: int) -> None:
    town.pay()
    town.carry()
    town.receiver.steps = [status]
    town.deliver_for(DAY)
    assert len(town.receiver.requests) == 1


def test_a_receiver_that_stays_down_is_tried_for_three_days_with_growing_waits(town: Town) -> None:
    town.pay()
    town.carry()
    town.receiver.steps = [requests.ConnectionError("down")] * 100
    started = town.world.clock()
    town.deliver_for(3 * DAY)
    assert town.sqs.dead == [], "three days are not over"
    last_wait = town.sqs.waits[-1]
    town.deliver_for(last_wait + VISIBILITY_SECONDS)
    assert [message.receives for message in town.sqs.dead] == [RECEIVES_MAX]
    assert tuple(town.sqs.waits) == RETRY_SECONDS
    assert list(RETRY_SECONDS) == sorted(RETRY_SECONDS)
    assert town.world.clock() - started < SQS_KEPT_SECONDS_MAX - 10 * DAY
    assert town.stored()[0]["tries"] == RECEIVES_MAX


def test_the_queue_of_the_template_allows_these_tries(town: Town) -> None:
    queue = TEMPLATE["WebhookQueue"]["Properties"]
    function = TEMPLATE["WebhooksFunction"]["Properties"]
    assert sum(RETRY_SECONDS) >= 3 * DAY
    assert max(RETRY_SECONDS) <= SQS_WAIT_SECONDS_MAX
    assert queue["RedrivePolicy"]["maxReceiveCount"] == len(RETRY_SECONDS) + 1 == RECEIVES_MAX
    assert queue["VisibilityTimeout"] == 6 * function["Timeout"] == VISIBILITY_SECONDS
    assert queue["MessageRetentionPeriod"] == SQS_KEPT_SECONDS_MAX
    [mapping] = function["Events"].values()
    assert mapping["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_two_secrets_sign_while_one_is_being_replaced(town: Town) -> None:
    town.pay()
    secret = town.world.secrets.values[SECRET_ARN]
    secret |= {"WEBHOOK_SECRET": OTHER_SECRET, "WEBHOOK_SECRET_PREVIOUS": SECRET}
    town.carry()
    town.deliver()
    [request] = town.receiver.requests
    assert is_signed_by(SECRET, request)
    assert is_signed_by(OTHER_SECRET, request)


@pytest.mark.parametrize("secret", ["", "a", "no base64 !" * 6, "c2hvcnQ="])
def test_without_a_secret_nothing_is_sent_and_the_event_waits(town: Town, secret: str) -> None:
    town.world.secrets.values[SECRET_ARN]["WEBHOOK_SECRET"] = secret
    town.pay()
    [dedupe_id] = town.carry()
    town.deliver()
    assert town.receiver.requests == []
    assert [each["last_answer"] for each in town.stored()] == ["secrets_incomplete"]
    town.world.secrets.values[SECRET_ARN]["WEBHOOK_SECRET"] = SECRET
    town.deliver_for(HOUR)
    assert town.receiver.ids == [dedupe_id]


def test_what_a_try_cannot_note_is_not_sent_twice(town: Town, network: Network) -> None:
    def refuse(*_: object) -> dict[str, Any]:
        raise ConnectionError("the table is down")

    town.pay()
    town.carry()
    for _ in range(10):
        network.next(refuse, on=frozenset({"UpdateItem"}))
    town.deliver_for(DAY)
    assert len(town.receiver.requests) == 1


def test_a_record_whose_reply_was_lost_is_counted_once(town: Town) -> None:
    """DynamoDB has the write, its reply is lost, and the SDK sends the same write again."""
    town.pay()
    town.carry()
    town.deliver()
    event = event_of(town.receiver.requests[0])
    parts = town.function.module.runtime.webhooks
    [stored] = town.stored()
    parts.deliveries.record(event, Answer(status=500), try_id=stored["last_try_id"], now=0)
    assert town.stored() == [stored]


def test_a_message_that_cannot_be_postponed_comes_back_after_the_queues_own_time(
    town: Town,
) -> None:
    town.pay()
    [dedupe_id] = town.carry()
    town.receiver.steps, town.sqs.refuses_to_wait = [503], True
    town.deliver()
    town.deliver_for(VISIBILITY_SECONDS - 1)
    assert town.receiver.ids == [dedupe_id]
    town.deliver_for(2)
    assert town.receiver.ids == [dedupe_id] * 2


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"detail": null}', '{"detail": {"type": "X", "dedupe_id": "y"}}']
)
def test_a_message_that_is_no_event_is_kept_for_a_person_and_fails_no_other(
    town: Town, body: str
) -> None:
    town.sqs.send_message(QueueUrl=QUEUE_URL, MessageBody=body)
    town.pay()
    [dedupe_id] = town.carry()
    town.deliver_for(4 * DAY)
    assert town.receiver.ids == [dedupe_id]
    assert [message.body for message in town.sqs.dead] == [body]


def test_in_a_batch_each_event_is_for_itself(town: Town) -> None:
    town.pay()
    town.world.register(status="Cancelled")
    ids = town.carry()
    town.receiver.steps = [500, 204]
    records = [message.record() for message in town.sqs.received()]
    answer = town.function.invoke({"Records": records})
    assert answer == {"batchItemFailures": [{"itemIdentifier": "message-1"}]}
    assert town.receiver.ids == ids


def test_a_resend_is_the_same_event(town: Town) -> None:
    payment_id = town.pay()
    ids = town.carry()
    town.deliver()
    first_delivered_at = town.stored()[0]["delivered_at"]
    town.world.pass_time(DAY)
    parts = town.function.module.runtime.webhooks
    assert resend_payment(parts, payment_id) == ids
    town.deliver()
    first, second = town.receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    [stored] = town.stored()
    assert (stored["tries"], stored["delivered_at"]) == (2, first_delivered_at)
    with pytest.raises(NotFoundError):
        resend_event(parts, ids[0].replace("Completed", "Failed"))
    with pytest.raises(NotFoundError):
        resend_payment(parts, "0" * 32)


def test_a_payments_deliveries_name_every_event_also_those_never_tried(town: Town) -> None:
    payment_id = town.pay()
    town.carry()
    town.deliver()
    town.world.register(status="Cancelled")
    parts = town.function.module.runtime.webhooks
    paid, owed = deliveries_of(parts.deliveries, payment_id)
    assert (paid.type, paid.tries, paid.last_answer) == ("PaymentCompleted", 1, "204")
    assert (owed.type, owed.tries, owed.delivered_at) == ("RefundDue", 0, None)
    day = paid.occurred_at[:10]
    assert list(parts.deliveries.of_days([day])) == [paid]
    assert list(parts.deliveries.of_days(["2026-09-01"])) == []


def test_a_test_event_goes_the_way_of_every_event(town: Town) -> None:
    parts = town.function.module.runtime.webhooks
    event = send_test(parts)
    town.deliver()
    [request] = town.receiver.requests
    assert is_signed_by(SECRET, request)
    assert event_of(request) == event
    assert event["type"] == TEST_TYPE
    assert [each["tries"] for each in town.stored()] == [1]


def test_the_rule_hands_on_every_event_and_only_it_may(town: Town) -> None:
    pattern = TEMPLATE["WebhookRule"]["Properties"]["EventPattern"]
    pipe = TEMPLATE["OutboxPipe"]["Properties"]["TargetParameters"]
    source = pipe["EventBridgeEventBusParameters"]["Source"]
    town.pay()
    schemas = {each["schema"] for each in town.world.items("PAY#") if "schema" in each}
    assert pattern == {"source": [source], "detail": {"schema": sorted(schemas)}}
    [statement] = TEMPLATE["WebhookQueuesPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Condition"] == {
        "ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": "WebhookRule.Arn"}}
    }


def test_without_an_address_nothing_is_made() -> None:
    """Every resource of webhooks has the condition, so that no event costs a request more."""
    named = {name: each for name, each in TEMPLATE.items() if name.startswith("Webhook")}
    assert len(named) == 10
    assert {each.get("Condition") for each in named.values()} == {"SendsWebhooks"}
    assert {each["Type"] for each in named.values()} == PAID_BY_USE, "nothing runs all the time"


@pytest.mark.parametrize(
    "url",
    [
        "http://booking.example/hakika",
        "http://169.254.169.254/latest/meta-data",
        "https://user@booking.example/",
        "https://booking.example/#part",
        "ftp://booking.example/",
        "booking.example",
    ],
)
def test_an_address_that_is_not_safe_is_refused_when_the_function_starts(
    town: Town, url: str
) -> None:
    with pytest.raises(SettingsError, match="WEBHOOK_URL"):
        Lambda("webhooks", town.adapters(), {**VARIABLES, "WEBHOOK_URL": url})


def test_the_secret_that_the_template_makes_is_long_enough_for_the_standard() -> None:
    made = TEMPLATE["WebhookSecret"]["Properties"]["GenerateSecretString"]
    assert made["ExcludePunctuation"] is True, "letters and digits only are base64"
    assert 24 <= len(base64.b64decode("a" * made["PasswordLength"], validate=True)) <= 64

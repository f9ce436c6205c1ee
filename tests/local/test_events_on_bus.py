"""On the deployed stack: each final transition is one event on the bus; an alarm rings and ends.

The customers, Daraja and cleanup are the deployed ones. Only what takes a day or an operator is
written by the real service code from here, into the same table: the stream, the Pipe and the bus
cannot tell the difference.
"""

from __future__ import annotations

import json
import secrets
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from payments.aws.adapters import Adapters
from payments.ports import Actor
from payments.protocol.evidence import Evidence, MoneyReturned, QueryAnswer, Verdict
from payments.usecases.apply_evidence import apply_evidence
from payments.usecases.operate import operate_on_payment

from local import aws
from local.client import SimulatorClient
from local.settings import ROOT
from local.state import StackState
from tests.local.conftest import Customer
from tests.local.runbook_scene import NOBODY_SAYS_ANYTHING
from tests.support.lambdas import Lambda

SECONDS_MAX = 180.0
POLL_SECONDS = 0.2
DAY_SECONDS = 86_400
ALARM_PERIOD_SECONDS = 300
PAYS = "pays+query_never_final"
"""Every witness names the receipt: after a query it would be an event of its own."""
WRONG_AMOUNT = "pays+callback_wrong_amount+query_never_final+twin_off"
"""The callback is first, where Pull lists nothing meanwhile."""
SCHEMA = json.loads((ROOT / "docs/schemas/payment-event-v1.json").read_text())


def wait_until[T](look: Callable[[], T], is_there: Callable[[T], bool]) -> T:
    """Look again until it is there; at the end of patience give what was seen last."""
    deadline = time.monotonic() + SECONDS_MAX
    while not is_there(seen := look()) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return seen


def has_all(types: Collection[str]) -> Callable[[list[dict[str, Any]]], bool]:
    """Whether events of all these types are there."""
    return lambda events: set(types) <= {event["detail-type"] for event in events}


class Bus:
    """Everything that arrives on the stack's event bus while a test listens."""

    def __init__(self, stack: StackState) -> None:
        self._queues = aws.client("sqs", stack.endpoint_url)
        self._events = aws.client("events", stack.endpoint_url)
        self._name = f"listening-{secrets.token_hex(4)}"
        self._bus = stack.outputs["EventBusName"]
        self._heard: list[dict[str, Any]] = []
        self._url = self._queues.create_queue(QueueName=self._name)["QueueUrl"]
        found = self._queues.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        rule = {"Name": self._name, "EventBusName": self._bus}
        self._events.put_rule(**rule, EventPattern=json.dumps({"source": ["hakika.payments"]}))
        target = {"Id": "queue", "Arn": found["Attributes"]["QueueArn"]}
        self._events.put_targets(Rule=self._name, EventBusName=self._bus, Targets=[target])

    def close(self) -> None:
        """Stop listening, and leave nothing behind."""
        self._events.remove_targets(Rule=self._name, EventBusName=self._bus, Ids=["queue"])
        self._events.delete_rule(Name=self._name, EventBusName=self._bus)
        self._queues.delete_queue(QueueUrl=self._url)

    def heard_of(self, payment_id: str, *types: str) -> list[dict[str, Any]]:
        """A payment's events, once all of these types have arrived."""
        return wait_until(lambda: self.heard_now(payment_id), has_all(types))

    def heard_now(self, payment_id: str) -> list[dict[str, Any]]:
        """A payment's events so far."""
        answer = self._queues.receive_message(
            QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=1
        )
        for message in answer.get("Messages", []):
            self._heard.append(json.loads(message["Body"]))
            self._queues.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return [each for each in self._heard if each["detail"].get("payment_id") == payment_id]


@pytest.fixture
def bus(stack: StackState) -> Iterator[Bus]:
    bus = Bus(stack)
    yield bus
    bus.close()


def service_parts(stack: StackState, ahead_seconds: int = 0) -> Any:
    """The real service on the stack's table, its clock ahead of the stack's."""
    adapters = Adapters(
        clock=lambda: time.time() + ahead_seconds,
        aws_client=lambda service: aws.client(service, stack.endpoint_url),
    )
    return Lambda("cleanup", adapters, {"TABLE_NAME": stack.table_name}).module.runtime.services


def start(customer: Customer, simulator: SimulatorClient, scenario: str, booking_id: str) -> str:
    assert simulator.set_next(scenario, customer.phone_number).status == 200
    answer = customer.api.initiate(booking_id, customer.phone_number, 1000)
    assert answer.status == 200, answer.text
    return str(answer.body["payment_id"])


def assert_told_once(events: list[dict[str, Any]], *types: str) -> None:
    """These events, each under one dedupe id, each as the schema says."""
    ids: dict[str, set[str]] = {}
    for event in events:
        Draft202012Validator(SCHEMA).validate(event["detail"])
        assert event["source"] == "hakika.payments"
        assert event["detail-type"] == event["detail"]["type"]
        ids.setdefault(event["detail-type"], set()).add(event["detail"]["dedupe_id"])
    assert {name: len(each) for name, each in ids.items()} == Counter(types)


@pytest.mark.parametrize(
    ("scenario", "name"), [(PAYS, "PaymentCompleted"), ("cancels", "PaymentFailed")]
)
def test_a_result_is_one_event_on_the_bus(
    bus: Bus, customer: Customer, simulator: SimulatorClient, scenario: str, name: str
) -> None:
    payment_id = start(customer, simulator, scenario, customer.book())
    assert_told_once(bus.heard_of(payment_id, name), name)


def test_a_callback_that_another_witness_contradicts_is_a_review_and_a_call_for_a_person(
    bus: Bus, stack: StackState, customer: Customer, simulator: SimulatorClient
) -> None:
    with simulator.without_pull():  # Pull names the amount that was paid, only afterwards
        payment_id = start(customer, simulator, WRONG_AMOUNT, customer.book())
        bus.heard_of(payment_id, "ReviewNeeded")
    types = ("ReviewNeeded", "PaymentUnresolved")

    def clean_up_and_listen() -> list[dict[str, Any]]:
        clean_up(stack)
        return bus.heard_now(payment_id)

    assert_told_once(wait_until(clean_up_and_listen, has_all(types)), *types)


def test_a_refund_is_told_when_it_is_due_and_when_it_is_made(
    bus: Bus, stack: StackState, customer: Customer, simulator: SimulatorClient
) -> None:
    booking_id = customer.book()
    payment_id = start(customer, simulator, PAYS, booking_id)
    bus.heard_of(payment_id, "PaymentCompleted")
    parts = service_parts(stack)
    # The callback ends the locks, also where another witness completed the payment before it.
    wait_until(lambda: parts.store.get_payment(payment_id), lambda found: not found.holds_locks)
    customer.cancel(booking_id)
    bus.heard_of(payment_id, "RefundDue")
    shown = parts.store.get_payment(payment_id).version
    account = {"who": "amina", "why": "sent", "request_id": "r1"}
    operate_on_payment(parts, payment_id, MoneyReturned(), shown_version=shown, **account)
    events = bus.heard_of(payment_id, "PaymentRefunded")
    assert_told_once(events, "PaymentCompleted", "RefundDue", "PaymentRefunded")


def test_a_payment_given_up_is_told_with_its_call_for_a_person(
    bus: Bus, stack: StackState, customer: Customer, simulator: SimulatorClient
) -> None:
    payment_id = start(customer, simulator, NOBODY_SAYS_ANYTHING, customer.book())
    parts = service_parts(stack, ahead_seconds=DAY_SECONDS + 60)
    payment = parts.store.get_payment(payment_id)
    still_waiting: Evidence = QueryAnswer(
        checkout_request_id=payment.checkout_request_id, verdict=Verdict.WAITING
    )
    apply_evidence(parts, payment, still_waiting, actor=Actor(by="cleanup", request_id="r1"))
    types = ("PaymentCancelled", "PaymentUnresolved")
    assert_told_once(bus.heard_of(payment_id, *types), *types)


def clean_up(stack: StackState) -> str:
    """Run the deployed cleanup, as the schedule does each minute; its name."""
    function = stack.outputs["CleanupFunctionName"]
    aws.client("lambda", stack.endpoint_url).invoke(FunctionName=function)
    return function


def printed_gauge(stack: StackState, name: str) -> dict[str, Any] | None:
    """Run the deployed cleanup; the latest document of metrics with this gauge, once there is one.

    What a function prints may reach its log with its next run only.
    """
    function = clean_up(stack)
    logs = aws.client("logs", stack.endpoint_url).get_paginator("filter_log_events")
    lines = [
        line
        for page in logs.paginate(logGroupName=f"/aws/lambda/{function}")
        for event in page["events"]
        for line in event["message"].splitlines()
    ]
    documents = [json.loads(line) for line in lines if line.startswith('{"_aws"')]
    found = [each for each in documents if name in each]
    return max(found, key=lambda each: int(each["_aws"]["Timestamp"]), default=None)


def test_an_alarm_rings_for_a_payment_in_review_and_falls_silent_again(
    stack: StackState, customer: Customer, simulator: SimulatorClient
) -> None:
    """CloudWatch reads metrics out of log lines; the emulator does not, so that is done here."""
    with simulator.without_pull():
        start(customer, simulator, WRONG_AMOUNT, customer.book())
        document = wait_until(
            lambda: printed_gauge(stack, "ReviewOpen"),
            lambda found: found is not None and found["ReviewOpen"][-1] > 0,
        )
    assert document is not None
    [group] = document["_aws"]["CloudWatchMetrics"]
    dimensions = [{"Name": name, "Value": document[name]} for [name] in group["Dimensions"]]
    metrics = aws.client("cloudwatch", stack.endpoint_url)
    [alarm] = metrics.describe_alarms_for_metric(
        Namespace=group["Namespace"], MetricName="ReviewOpen", Dimensions=dimensions
    )["MetricAlarms"]

    def put(value: float, seconds_ago: float) -> str:
        at = datetime.fromtimestamp(time.time() - seconds_ago, UTC)
        datum = {"MetricName": "ReviewOpen", "Dimensions": dimensions, "Timestamp": at}
        datum |= {"Value": value, "Unit": "Count"}
        metrics.put_metric_data(Namespace=group["Namespace"], MetricData=[datum])
        [found] = metrics.describe_alarms(AlarmNames=[alarm["AlarmName"]])["MetricAlarms"]
        return str(found["StateValue"])

    # The value leaves the alarm's period soon after, so nobody waits five minutes for its end. A
    # slow machine may take longer to put it there: then it is put once more.
    gauge = document["ReviewOpen"][-1]
    rings = wait_until(lambda: put(gauge, ALARM_PERIOD_SECONDS - 4), lambda state: state == "ALARM")
    assert rings == "ALARM"
    assert wait_until(lambda: put(0, 0), lambda state: state == "OK") == "OK"


def test_no_event_was_left_in_the_dead_letters(stack: StackState) -> None:
    queues = aws.client("sqs", stack.endpoint_url)
    found = queues.get_queue_attributes(
        QueueUrl=stack.outputs["OutboxDeadLettersUrl"], AttributeNames=["All"]
    )
    assert found["Attributes"]["ApproximateNumberOfMessages"] == "0"

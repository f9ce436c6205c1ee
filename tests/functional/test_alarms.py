"""Every alarm rings in the situation it is meant for, and none on an ordinary day.

The handlers run, their printed metrics are read, and each alarm of the template is evaluated on
them minute by minute: so namespace, name, unit, dimensions, period, statistic and threshold are
all proven at once. What AWS itself measures is added by hand, under the names AWS documents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from payments.protocol.evidence import AttentionCleared, MoneyReturned, Resolution, ReviewResolved
from payments.store.instructions import Instruction
from payments.usecases.operate import operate_on_payment

from tests.functional import test_metrics
from tests.functional.booking_system import Town as WebhookTown
from tests.functional.cloudwatch import metrics_read, resolved, rings
from tests.functional.emf import Datum, Metrics, listen_to
from tests.functional.faulty import DAY, HOUR
from tests.functional.scene import Scene
from tests.functional.test_cleanup import poison
from tests.functional.test_token import void_the_token
from tests.support.aws import DARAJA_SECRET_ARN, REPOSITORY
from tests.support.dynamodb.template import load_template
from tests.support.world import Answer

TEMPLATE = load_template(REPOSITORY / "template.yaml")
ALARMS = {
    name: resource["Properties"]
    for name, resource in TEMPLATE["Resources"].items()
    if resource["Type"] == "AWS::CloudWatch::Alarm"
}
NAMESPACE = "Hakika"
SERVICE = [{"Name": "service", "Value": {"Ref": "AWS::StackName"}}]
MINUTE = 60
VISIBLE = "ApproximateNumberOfMessagesVisible"
MEASURED_BY_AWS = {
    ("AWS/Lambda", "Errors"): "FunctionName",
    ("AWS/Lambda", "Throttles"): "FunctionName",
    ("AWS/SQS", VISIBLE): "QueueName",
    ("AWS/ApiGateway", "5xx"): "ApiId",
    ("AWS/EventBridge/Pipes", "ExecutionFailed"): "PipeName",
    ("AWS/EventBridge/Pipes", "ExecutionTimeout"): "PipeName",
    ("AWS/EventBridge/Pipes", "EventCount"): "PipeName",
}
"""Names and dimensions as the services' own documentation has them, read on 2026-11-26."""


@dataclass
class Town:
    """A scene, the metrics it prints, and the states of all alarms, minute by minute."""

    scene: Scene
    metrics: Metrics
    ringing: set[str]
    rang: set[str]
    carried: float = 0

    def pay(self, number: int, scenario: str = "pays") -> str:
        """One more customer, another booking and phone."""
        self.scene.daraja.set_next(scenario)
        answer = self.initiate(number)
        assert answer.status in (200, 202), answer.body
        return str(answer.body["payment_id"])

    def initiate(self, number: int) -> Answer:
        """A customer asks for a prompt, with a booking and phone of their own."""
        booking_id, client_id = f"b{number}", f"c{number}"
        self.scene.register(booking_id, client_id=client_id)
        phone = f"2547111111{number:02d}"
        return self.scene.initiate(booking_id, client_id=client_id, phone=phone)

    def live(
        self, minutes: int, *, cleans_up: bool = True, delivers: bool = True, carries: bool = True
    ) -> None:
        """Let minutes pass; at the end of each, the cleanup runs and the alarms are evaluated."""
        for _ in range(minutes):
            self.scene.pass_time(MINUTE, delivers=delivers)
            if cleans_up:
                self.scene.clean_up()
            if carries and self.changes() > self.carried:
                self.carry()
            self.evaluate()

    def changes(self) -> float:
        """How many payments were completed, failed or cancelled."""
        sums = self.metrics.sums(service="hakika")
        return sum(sums.get(f"Payment{kind}", 0) for kind in ("Completed", "Failed", "Cancelled"))

    def carry(self) -> None:
        """The outbox carries what is new."""
        self.carried = self.changes()
        self.aws_measures("AWS/EventBridge/Pipes", "EventCount", {"Ref": "OutboxPipe"}, 1)

    def evaluate(self) -> None:
        """What CloudWatch does every minute."""
        now = self.scene.clock()
        self.ringing = {
            name
            for name, alarm in ALARMS.items()
            if rings(alarm, self.metrics.data, now, was=name in self.ringing)
        }
        self.rang |= self.ringing

    def aws_measures(self, namespace: str, name: str, resource: object, value: float) -> None:
        """A metric that no handler prints."""
        dimensions = {MEASURED_BY_AWS[namespace, name]: resolved(resource)}
        at = self.scene.clock()
        self.metrics.data.append(Datum(namespace, name, "Count", dimensions, value, at))

    def operate(self, operation: Any) -> None:
        """An operator decides about the one payment there is."""
        parts = self.scene.function("cleanup").module.runtime.services
        who = {"who": "amina", "why": "settled", "request_id": "r1"}
        payment = parts.store.get_payment(self.scene.only_payment())
        shown = payment.version
        operate_on_payment(parts, payment.payment_id, operation, shown_version=shown, **who)


@pytest.fixture
def town(scene: Scene) -> Town:
    """A deployment on which the cleanup has just run."""
    town = Town(scene, listen_to(scene), set(), set())
    scene.clean_up()
    return town


# -- the situations that alarms are for


type Situation = Callable[[Town], None]


def most_customers_fail(town: Town) -> None:
    for number in range(12):
        town.pay(number, "pays" if number % 3 == 0 else "wrong_pin")
    town.live(3)


def daraja_never_decides(town: Town) -> None:
    town.pay(0, "waits+query_never_final")
    town.live(9, delivers=False)


def the_table_refuses_a_callback(town: Town) -> None:
    town.pay(0)
    town.scene.network.refuses = True
    town.live(1, cleans_up=False)


def table_and_queue_refuse_a_callback(town: Town) -> None:
    town.scene.queue.is_down = True
    the_table_refuses_a_callback(town)


def aws_tells(namespace: str, name: str, resource: object, value: float = 1) -> Situation:
    """What AWS itself measures within a minute."""

    def happens(town: Town) -> None:
        town.aws_measures(namespace, name, resource, value)
        town.live(1)

    return happens


def happens_once(event: Callable[[Scene], object]) -> Situation:
    """An event of the deployment, and the minute after it."""

    def happens(town: Town) -> None:
        event(town.scene)
        town.live(1)

    return happens


def callbacks_do_not_arrive(town: Town) -> None:
    for number in range(6):
        town.pay(number, "pays+callback_lost")
    town.live(5)


def pushes_hang(town: Town) -> None:
    for number in range(3):
        town.pay(number, "push_hang_lost")
    town.live(1)


def a_wrong_amount_arrives(town: Town) -> None:
    town.scene.pay("pays+callback_wrong_amount")
    town.live(2)


def a_paid_booking_is_cancelled(town: Town) -> None:
    town.scene.pay("pays")
    town.live(1)
    town.scene.register(status="Cancelled")
    town.live(1)


def nobody_ever_answers(town: Town) -> None:
    town.scene.pay("push_hang_lost")
    town.scene.pass_time(2 * DAY + HOUR, delivers=False)
    town.live(3)


def pull_is_on(town: Town, **daraja_config: object) -> None:
    """Pull is on; three customers have paid, and their callbacks arrived."""
    town.scene.environment = {"PULL_TRANSACTIONS": "true"}
    town.scene.__dict__["_lambdas"].clear()
    town.scene.register_c2b()
    town.scene.daraja.configure(c2b_twin="off", **daraja_config)
    for number in range(3):
        town.pay(number)
    town.live(2)


def run_pull(town: Town, times: int) -> None:
    """So many runs, half an hour apart."""
    for _ in range(times):
        town.scene.pass_time(1800)
        town.scene.clean_up()
    town.evaluate()


def pull_never_ends(town: Town) -> None:
    pull_is_on(town)
    town.scene.line.is_down = True
    run_pull(town, 4)


def pull_is_not_provisioned(town: Town) -> None:
    pull_is_on(town, pull_is_provisioned=False)
    run_pull(town, 6)


def pull_lists_nothing_of_ours(town: Town) -> None:
    pull_is_on(town, pull_is_provisioned=False)
    run_pull(town, 49)
    town.pay(9)
    town.live(2)


def the_schedule_is_off(town: Town) -> None:
    town.live(6, cleans_up=False)


def a_payment_cannot_be_read(town: Town) -> None:
    payment_id = town.pay(0, "pays+callback_lost")
    poison(town.scene, payment_id)
    town.live(5)


def daraja_gives_no_token(town: Town) -> None:
    town.scene.line.is_down = True
    for number in range(5):
        assert town.initiate(number).status == 503
    town.live(1)


def daraja_fails_pushes(town: Town) -> None:
    for number in range(5):
        town.scene.daraja.set_next("push_busy")
        assert town.initiate(number).status == 502
    town.live(1)


def daraja_refuses_our_configuration(town: Town) -> None:
    town.scene.secrets.values[DARAJA_SECRET_ARN]["SAFARICOM_PASSKEY"] = "wrong"
    assert town.initiate(1).status == 502
    town.live(1)


def daraja_answers_no_question(town: Town) -> None:
    for number in range(5):
        town.pay(number, "waits")
    town.scene.line.is_down = True
    town.live(5, delivers=False)


def somebody_else_fetches_tokens(town: Town) -> None:
    town.pay(0)
    town.live(1)
    void_the_token(town.scene)
    town.pay(1)
    town.live(1)


def events_are_not_carried(town: Town) -> None:
    town.pay(0)
    town.live(8, carries=False)


def money_fits_no_payment(town: Town) -> None:
    test_metrics.confirmed(town.scene)
    town.live(14)
    assert "MoneyUnclaimedAlarm" not in town.ringing
    town.live(2)


def the_booking_system_is_down(town: Town, answer: int = 503) -> None:
    """One customer pays, and nobody takes the event for a quarter of an hour."""
    town.pay(0)
    town.scene.pass_time(MINUTE)
    booking_system = WebhookTown(town.scene)
    booking_system.receiver.steps = [answer] * 5
    booking_system.carry()
    booking_system.deliver_for(15 * MINUTE)
    town.evaluate()


def mpesa_refuses_the_initiator(town: Town) -> None:
    town.scene.function("cleanup").module.runtime.refunds.gates.stop(
        "2001", now=int(town.scene.clock())
    )
    town.live(1)


def password_of(days: int) -> Situation:
    """The initiator's password was set so long ago."""

    def ages(town: Town) -> None:
        set_at = int(town.scene.clock()) - days * DAY
        note = Instruction(at=set_at, by="me", reason="new", asked="initiator", request_id="r")
        gates = town.scene.function("cleanup").module.runtime.refunds.gates
        gates.note_credential(set_at, note, op_id="a" * 32)
        town.live(1)
        assert "InitiatorAgeingAlarm" in town.ringing
        assert ("InitiatorExpiringAlarm" in town.ringing) == (days >= 85)

    return ages


SITUATIONS: dict[str, tuple[Situation, ...]] = {
    "FailedShareHighAlarm": (most_customers_fail,),
    "PaymentsPendingAlarm": (daraja_never_decides,),
    "CallbackErrorsAlarm": (
        the_table_refuses_a_callback,
        table_and_queue_refuse_a_callback,
        aws_tells("AWS/Lambda", "Errors", {"Ref": "CallbackFunction"}),
        aws_tells("AWS/Lambda", "Throttles", {"Ref": "CallbackFunction"}),
    ),
    "NoCallbacksAlarm": (callbacks_do_not_arrive,),
    "C2BErrorsAlarm": (
        happens_once(test_metrics.c2b_queued),
        happens_once(test_metrics.c2b_failed),
        aws_tells("AWS/Lambda", "Errors", {"Ref": "PaybillFunction"}),
        aws_tells("AWS/Lambda", "Throttles", {"Ref": "PaybillFunction"}),
    ),
    "C2BUnknownShortcodeAlarm": (happens_once(test_metrics.c2b_of_another),),
    "C2BUnprovenAlarm": (
        happens_once(test_metrics.c2b_unlisted),
        happens_once(test_metrics.c2b_unreadable),
    ),
    "PullFailingAlarm": (pull_never_ends,),
    "PullNotProvisionedAlarm": (pull_is_not_provisioned,),
    "PullBlindAlarm": (pull_lists_nothing_of_ours,),
    "UnknownOutcomesAlarm": (pushes_hang,),
    "ReviewAlarm": (a_wrong_amount_arrives,),
    "RefundDueAlarm": (a_paid_booking_is_cancelled,),
    "RefundsStoppedAlarm": (mpesa_refuses_the_initiator,),
    "InitiatorAgeingAlarm": (password_of(75), password_of(84)),
    "InitiatorExpiringAlarm": (password_of(85),),
    "AttentionAlarm": (nobody_ever_answers,),
    "MoneyUnclaimedAlarm": (money_fits_no_payment,),
    "DeadLettersAlarm": (
        aws_tells("AWS/SQS", VISIBLE, {"Fn::GetAtt": "OutboxDeadLetters.QueueName"}),
    ),
    "CleanupNotRunningAlarm": (the_schedule_is_off,),
    "CleanupPoisonedAlarm": (a_payment_cannot_be_read,),
    "DarajaDownAlarm": (
        daraja_gives_no_token,
        daraja_fails_pushes,
        daraja_answers_no_question,
        daraja_refuses_our_configuration,
    ),
    "TokenFetchesAlarm": (somebody_else_fetches_tokens,),
    "ApiErrorsAlarm": (aws_tells("AWS/ApiGateway", "5xx", {"Ref": "HttpApi"}, 5),),
    "EventsStuckAlarm": (
        aws_tells("AWS/EventBridge/Pipes", "ExecutionFailed", {"Ref": "OutboxPipe"}),
    ),
    "EventsNotCarriedAlarm": (events_are_not_carried,),
    "WebhooksFailingAlarm": (the_booking_system_is_down,),
    "WebhookDeadLettersAlarm": (
        aws_tells("AWS/SQS", VISIBLE, {"Fn::GetAtt": "WebhookDeadLetters.QueueName"}),
    ),
}


@pytest.mark.parametrize(
    ("name", "situation"),
    [(name, each) for name, situations in SITUATIONS.items() for each in situations],
    ids=lambda each: getattr(each, "__name__", each),
)
def test_an_alarm_rings_in_its_situation(town: Town, name: str, situation: Situation) -> None:
    town.evaluate()
    assert name not in town.ringing
    situation(town)
    assert name in town.ringing
    read = {(each["Namespace"], each["MetricName"]) for each in metrics_read(ALARMS[name])}
    heard = {(datum.namespace, datum.name, datum.unit) for datum in town.metrics.data}
    emitted = {(namespace, metric) for namespace, metric, unit in heard if unit == "Count"}
    assert read & emitted or name == "CleanupNotRunningAlarm"


def test_only_a_gauge_is_read_without_filling_its_gaps() -> None:
    """Where values are sparse, CloudWatch judges by old ones: an alarm would ring late and long."""
    for name, alarm in ALARMS.items():
        if "MetricName" in alarm:
            assert alarm["TreatMissingData"] == "ignore", f"{name}: FILL in metric math"


def test_every_alarm_has_its_situation() -> None:
    assert set(ALARMS) == set(SITUATIONS)


def test_no_alarm_rings_on_an_ordinary_day(town: Town) -> None:
    """People pay, hesitate, cancel, mistype and walk away; Daraja is as it is."""
    town.scene.daraja.configure(query_pending="being_processed")
    habits = ["pays", "pays", "cancels", "pays", "wrong_pin", "pays", "ignores", "pays"]
    for number in range(16):
        identifier = town.pay(number, habits[number % len(habits)])
        town.live(1)
        town.scene.status(identifier, client_id=f"c{number}")
    town.live(43)
    town.pay(20)  # the token's 59 minutes are over: the second fetch within an hour
    town.evaluate()
    town.live(20)
    assert town.metrics.sums(service="hakika")["PaymentCompleted"] == 11
    assert town.metrics.sums(service="hakika")["TokenFetched"] == 2
    assert town.rang == set()


def test_pull_that_works_rings_nothing_for_two_days(town: Town) -> None:
    """A quiet night has runs that find nothing, and no payment."""
    pull_is_on(town)
    run_pull(town, 30)
    town.pay(8)
    town.live(2)
    run_pull(town, 66)
    pulled = {name for name in town.rang if name.startswith(("Pull", "C2B"))}
    assert pulled == set()


def test_a_rush_after_a_quiet_hour_is_no_alarm(town: Town) -> None:
    """Eight people are prompted at once; none has found the phone within half a minute."""
    for number in range(8):
        town.pay(number, "waits")
    town.scene.pass_time(30)
    town.evaluate()
    for number in range(8):
        town.scene.enter_pin(phone=f"2547111111{number:02d}")
    town.live(10)
    assert town.rang == set()


@pytest.mark.parametrize(
    ("name", "situation", "operation"),
    [
        ("ReviewAlarm", a_wrong_amount_arrives, ReviewResolved(resolution=Resolution.REFUND_DUE)),
        ("RefundDueAlarm", a_paid_booking_is_cancelled, MoneyReturned()),
        ("AttentionAlarm", nobody_ever_answers, AttentionCleared()),
    ],
)
def test_an_alarm_lasts_until_a_person_has_decided(
    town: Town, name: str, situation: Situation, operation: Any
) -> None:
    situation(town)
    town.live(30)
    assert name in town.ringing
    town.live(10, cleans_up=False)
    assert name in town.ringing, "no run of the cleanup is no sign that somebody decided"
    town.scene.clean_up()
    town.operate(operation)
    town.live(6)
    assert name not in town.ringing


@pytest.mark.parametrize("extra", [0, 2, 4])
@pytest.mark.parametrize(
    ("pause", "is_carried", "rings_by_then"), [(1, False, True), (9, False, True), (1, True, False)]
)
def test_a_stopped_pipe_rings_within_half_an_hour_of_the_first_lost_event(
    town: Town, extra: int, pause: int, is_carried: bool, rings_by_then: bool
) -> None:
    """One event is carried; then one customer pays, and nobody after them. How far CloudWatch looks
    back is not published, so it must not matter. A late event is no lost one."""
    town.pay(0)
    town.live(pause)
    town.pay(1)
    town.live(1, carries=False)
    lost_at = town.scene.clock()
    town.live(3, carries=False)
    town.live(26, carries=is_carried)
    alarm = ALARMS["EventsNotCarriedAlarm"]
    minutes = [lost_at + MINUTE * minute for minute in range(30)]
    rang = [rings(alarm, town.metrics.data, now, extra=extra) for now in minutes]
    assert any(rang) is rings_by_then


def test_a_booking_system_that_takes_events_rings_for_none(town: Town) -> None:
    the_booking_system_is_down(town, answer=200)
    assert "WebhooksFailingAlarm" not in town.rang
    assert town.metrics.sums(service="hakika")["WebhookDelivered"] == 1


def test_an_alarm_about_counts_falls_silent_by_itself(town: Town) -> None:
    callbacks_do_not_arrive(town)
    assert "NoCallbacksAlarm" in town.ringing
    town.live(16)
    assert "NoCallbacksAlarm" not in town.ringing


# -- the definitions


def read_by_alarms() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, alarm in ALARMS.items():
        for metric in metrics_read(alarm):
            yield name, dict(metric)


def test_alarms_read_our_metrics_under_the_dimension_we_print() -> None:
    variables = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    assert variables["POWERTOOLS_SERVICE_NAME"] == {"Ref": "AWS::StackName"}
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == NAMESPACE
    for name, metric in read_by_alarms():
        if metric["Namespace"] == NAMESPACE:
            assert metric["Dimensions"] == SERVICE, name


def test_alarms_read_the_metrics_of_aws_under_their_documented_dimension() -> None:
    resources = TEMPLATE["Resources"]
    for name, metric in read_by_alarms():
        if metric["Namespace"] != NAMESPACE:
            expected = MEASURED_BY_AWS[metric["Namespace"], metric["MetricName"]]
            [dimension] = metric["Dimensions"]
            assert dimension["Name"] == expected, name
            value = dimension["Value"]
            assert (
                value["Ref"] if "Ref" in value else value["Fn::GetAtt"].split(".")[0]
            ) in resources


def test_every_dead_letter_queue_has_the_alarm() -> None:
    queues = {
        metric["Dimensions"][0]["Value"]["Fn::GetAtt"].split(".")[0]
        for alarm in ("DeadLettersAlarm", "WebhookDeadLettersAlarm")
        for metric in metrics_read(ALARMS[alarm])
    }
    made = {name for name, each in TEMPLATE["Resources"].items() if "DeadLetters" in name}
    assert queues == {
        name for name in made if TEMPLATE["Resources"][name]["Type"].endswith("Queue")
    }


def test_every_alarm_tells_the_topic_when_it_begins_and_ends() -> None:
    topic = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    for name, alarm in ALARMS.items():
        assert alarm["AlarmActions"] == alarm["OKActions"] == topic, name


def test_every_alarm_names_a_section_of_the_runbook() -> None:
    runbook = (REPOSITORY / "docs" / "runbook.md").read_text(encoding="utf-8")
    _, _, alarms = runbook.partition("# When an alarm rings")
    headings = [line.lstrip("# ").strip() for line in alarms.splitlines() if line[:3] == "## "]
    slugs = {heading.lower().replace(" ", "-") for heading in headings}
    for name, alarm in ALARMS.items():
        says, _, anchor = alarm["AlarmDescription"].partition(" Runbook: docs/runbook.md#")
        assert says.endswith("."), name
        assert anchor in slugs, f"{name}: no section #{anchor}"
        assert f"](#{anchor})" in runbook, f"{name}: #{anchor} is not in the runbook's contents"

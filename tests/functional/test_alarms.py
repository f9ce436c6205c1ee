"""Every alarm reads a metric that the situation it is meant for really emits: name for name."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import pytest

from tests.simulation.dynamodb.faults import throttled
from tests.simulation.dynamodb.template import load_template
from tests.world import World
from tests.world.aws import DARAJA_SECRET_ARN, REPOSITORY
from tests.world.lambdas import ENVIRONMENT
from tests.world.world import PHONE

TEMPLATE = load_template(REPOSITORY / "template.yaml")
ALARMS = {
    name: resource["Properties"]
    for name, resource in TEMPLATE["Resources"].items()
    if resource["Type"] == "AWS::CloudWatch::Alarm"
}
NAMESPACE = "Hakika"
SERVICE = [{"Name": "service", "Value": {"Ref": "AWS::StackName"}}]


def own_metrics(alarm: dict[str, Any]) -> list[str]:
    """The names of our own metrics that an alarm reads, each with the dimensions we emit."""
    if "MetricName" in alarm:
        read = [alarm]
    else:
        read = [each["MetricStat"]["Metric"] for each in alarm["Metrics"] if "MetricStat" in each]
    ours = [each for each in read if each["Namespace"] == NAMESPACE]
    assert all(each["Dimensions"] == SERVICE for each in ours)
    return [each["MetricName"] for each in ours]


def emitted(output: str) -> dict[str, tuple[str, float]]:
    """The metrics in captured output: name -> (unit, sum), with the alarms' dimensions only."""
    sums: dict[str, tuple[str, float]] = {}
    for line in output.splitlines():
        if not line.startswith('{"_aws"'):
            continue
        document = json.loads(line)
        for group in document["_aws"]["CloudWatchMetrics"]:
            assert group["Namespace"] == NAMESPACE
            if group["Dimensions"] != [["service"]]:
                continue
            assert document["service"] == ENVIRONMENT["POWERTOOLS_SERVICE_NAME"]
            for metric in group["Metrics"]:
                value = document[metric["Name"]]
                added = sum(value) if isinstance(value, list) else value
                _, before = sums.get(metric["Name"], ("", 0.0))
                sums[metric["Name"]] = (metric["Unit"], before + added)
    return sums


class Switch:
    """Lets the table refuse from now on."""

    def __init__(self) -> None:
        self.refuses = False

    def __call__(
        self, operation: str, request: dict[str, Any], execute: Callable[[], dict[str, Any]]
    ) -> dict[str, Any]:
        if self.refuses:
            raise throttled(operation, request)
        return execute()


TABLE = Switch()


@pytest.fixture
def world() -> Iterator[World]:
    TABLE.refuses = False
    world = World(intercept=TABLE)
    world.register()
    yield world
    world.close()


def pay(world: World, action: str = "pin", **options: Any) -> str:
    answer = world.initiate()
    world.pass_time(2)
    world.answer_prompt(action, **({"pin": "1234"} if action == "pin" else {}), **options)
    world.pass_time(10)
    return str(answer.body["payment_id"])


def a_customer_cancels(world: World) -> None:
    pay(world, "cancel")


def a_customer_pays(world: World) -> None:
    pay(world)


def nobody_answers_and_daraja_is_down(world: World) -> None:
    world.initiate()
    world.pass_time(2)
    world.daraja.start_outage("bad_gateway", 7200)
    world.pass_time(1000, delivers=False, cleans_up=True)


def the_table_refuses_a_callback(world: World) -> None:
    world.initiate()
    world.pass_time(2)
    world.enter_pin()
    TABLE.refuses = True
    world.pass_time(10)


def table_and_queue_refuse_a_callback(world: World) -> None:
    world.queue.is_down = True
    the_table_refuses_a_callback(world)


def a_push_hangs(world: World) -> None:
    world.daraja.set_next("push_hang", msisdn=PHONE)
    world.initiate()


def a_wrong_amount_arrives(world: World) -> None:
    world.daraja.set_next("callback_wrong_amount", msisdn=PHONE)
    pay(world)


def money_arrives_for_a_cancelled_booking(world: World) -> None:
    world.initiate()
    world.pass_time(2)
    world.register(status="Cancelled")
    world.enter_pin()
    world.pass_time(10)


def a_day_passes_without_a_final_answer(world: World) -> None:
    world.daraja.set_next("push_hang_lost", msisdn=PHONE)
    world.initiate()
    world.pass_time(49 * 3600, delivers=False)
    world.clean_up()
    world.clean_up()


def cleanup_runs(world: World) -> None:
    world.clean_up()


def daraja_refuses_the_token(world: World) -> None:
    world.daraja.start_outage("bad_gateway", 600)
    assert world.initiate().status == 503


def no_secret_can_be_read(world: World) -> None:
    # Nothing listens on port 9, so Secrets Manager does not answer.
    variables = {
        "JWT_SECRET_ARN": DARAJA_SECRET_ARN,
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "POWERTOOLS_SERVICE_NAME": ENVIRONMENT["POWERTOOLS_SERVICE_NAME"],
    }
    header = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
    event = {"headers": {"authorization": f"Bearer {header}.e30.c2ln"}, "type": "REQUEST"}
    with patch.dict(os.environ, variables):
        world.fresh_function("authorizer").invoke(event)


SITUATIONS: dict[str, tuple[Callable[[World], None], set[str]]] = {
    "FailedShareHighAlarm": (a_customer_cancels, {"PaymentFailed"}),
    "PaymentsPendingAlarm": (nobody_answers_and_daraja_is_down, {"OpenOverFiveMinutes"}),
    "CallbackErrorsAlarm": (table_and_queue_refuse_a_callback, {"CallbackFailed"}),
    "NoCallbacksAlarm": (a_customer_pays, {"PushAccepted", "CallbackAccepted"}),
    "UnknownOutcomesAlarm": (a_push_hangs, {"PaymentUnknown"}),
    "ReviewAlarm": (a_wrong_amount_arrives, {"PaymentReview"}),
    "RefundDueAlarm": (money_arrives_for_a_cancelled_booking, {"PaymentRefundDue"}),
    "AttentionAlarm": (a_day_passes_without_a_final_answer, {"AttentionRaised"}),
    "CleanupNotRunningAlarm": (cleanup_runs, {"CleanupRun"}),
    "AuthorizerErrorsAlarm": (no_secret_can_be_read, {"AuthorizerUnavailable"}),
    "DarajaDownAlarm": (daraja_refuses_the_token, {"TokenFailed"}),
    "TokenFetchesAlarm": (a_customer_pays, {"TokenFetched"}),
}
READS_AWS_METRICS_ONLY = {"DeadLettersAlarm"}


@pytest.mark.parametrize("name", sorted(SITUATIONS))
def test_an_alarm_reads_what_its_situation_emits(
    name: str, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    provoke, expected = SITUATIONS[name]
    capsys.readouterr()
    provoke(world)
    metrics = emitted(capsys.readouterr().out)
    read = own_metrics(ALARMS[name])
    assert expected <= set(read), f"{name} does not read {expected - set(read)}"
    for metric in expected:
        unit, total = metrics[metric]
        assert unit == "Count"
        assert total > 0


def test_every_alarm_has_its_situation() -> None:
    assert set(ALARMS) == set(SITUATIONS) | READS_AWS_METRICS_ONLY


def test_every_metric_an_alarm_or_the_dashboard_reads_is_one_the_code_counts() -> None:
    source = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("shared/payments", "functions")
        for path in (REPOSITORY / folder).rglob("*.py")
    )
    kinds = {f"{kind}{what}" for kind in ("Push", "Query") for what in ("Latency", "Failed")}
    named = {metric for alarm in ALARMS.values() for metric in own_metrics(alarm)}
    body = TEMPLATE["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    for widget in json.loads(body)["widgets"]:
        for series in widget["properties"].get("metrics", []):
            named |= {series[1]} if len(series) > 1 and isinstance(series[1], str) else set()
    missing = {name for name in named - kinds if f'"{name}"' not in source}
    assert not missing


def test_functions_emit_under_the_dimension_that_alarms_read() -> None:
    variables = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    assert variables["POWERTOOLS_SERVICE_NAME"] == {"Ref": "AWS::StackName"}
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == NAMESPACE


def test_every_alarm_names_a_section_of_the_runbook() -> None:
    runbook = (REPOSITORY / "docs" / "runbook.md").read_text(encoding="utf-8")
    for name, alarm in ALARMS.items():
        _, _, anchor = alarm["AlarmDescription"].partition("docs/runbook.md#")
        has_heading = f"(#{anchor})" in runbook or f'id="{anchor}"' in runbook
        assert has_heading or _has_heading(runbook, anchor), name


def _has_heading(runbook: str, anchor: str) -> bool:
    headings = [line.lstrip("# ").strip() for line in runbook.splitlines() if line[:1] == "#"]
    slugs = {heading.lower().replace(" ", "-").replace("`", "") for heading in headings}
    return anchor in slugs

"""What template.yaml must say, where neither a handler nor the local stack would notice a change.

The local engine ignores most of it: queues never fill, functions never time out, nothing is lost.
"""

import re
from typing import Any

import pytest
from payments.protocol.policy import REMAINING_SECONDS_MIN

from tools.deploy.rules import broken_assertions
from tools.template import load_template

TEMPLATE = load_template()
DEFAULTS = {name: str(each.get("Default")) for name, each in TEMPLATE["Parameters"].items()}
HOUR, DAY = 3600, 86_400
SAFARICOM = {
    *(f"196.201.212.{each}" for each in (69, 74, 127, 129, 136, 138)),
    *(f"196.201.213.{each}" for each in (44, 114)),
    *(f"196.201.214.{each}" for each in (200, 206, 207, 208)),
}
"""Source: Safaricom's published callback addresses, read on 2026-11-23."""


def at(path: str) -> Any:
    """The value at `Resource.Property...`; an index of a list is a number."""
    name, *rest = path.split("/")
    value = TEMPLATE["Resources"][name]["Properties"]
    for key in rest:
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value


EXACT: dict[str, Any] = {
    # A queued callback that still fails must stay in the queue.
    "CallbackFunction/Events/Redrive/Properties/FunctionResponseTypes": ["ReportBatchItemFailures"],
    "PaybillFunction/Events/Redrive/Properties/FunctionResponseTypes": ["ReportBatchItemFailures"],
    "FallbackQueue/MessageRetentionPeriod": 14 * DAY,
    "MoneyQueue/MessageRetentionPeriod": 14 * DAY,
    "MoneyDeadLetters/MessageRetentionPeriod": 14 * DAY,
    "FallbackDeadLetters/MessageRetentionPeriod": 14 * DAY,
    "OutboxDeadLetters/MessageRetentionPeriod": 14 * DAY,
    "PaymentsTable/PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
    "PaymentsTable/StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
    "PaymentsTable/TimeToLiveSpecification": {"AttributeName": "purge_at", "Enabled": True},
    "CleanupFunction/Events/EveryMinute/Properties/ScheduleExpression": "rate(1 minute)",
    "CleanupFunction/Events/EveryMinute/Properties/FlexibleTimeWindow": {"Mode": "OFF"},
    "CleanupFunction/EventInvokeConfig": {
        "MaximumRetryAttempts": 0,
        "MaximumEventAgeInSeconds": 60,
        "DestinationConfig": {
            "OnFailure": {"Type": "SQS", "Destination": {"Fn::GetAtt": "CleanupDeadLetters.Arn"}}
        },
    },
    "OutboxPipe/SourceParameters/DynamoDBStreamParameters/StartingPosition": "TRIM_HORIZON",
    "OutboxPipe/SourceParameters/DynamoDBStreamParameters/OnPartialBatchItemFailure": (
        "AUTOMATIC_BISECT"
    ),
    "OutboxPipe/LogConfiguration": {
        "Level": "ERROR",
        "CloudwatchLogsLogDestination": {"LogGroupArn": {"Fn::GetAtt": "OutboxLogs.Arn"}},
    },
}
BETWEEN: dict[str, tuple[float, float]] = {
    # The send needs this much time left, and API Gateway gives up after 30 s.
    "StkPushFunction/Timeout": (REMAINING_SECONDS_MIN + 5, 29),
    # The table may refuse for several seconds before the callback goes into the queue.
    "CallbackFunction/Timeout": (10, 29),
    "PaybillFunction/Timeout": (10, 29),
    "CleanupFunction/Timeout": (55, 60),
    "FallbackQueue/VisibilityTimeout": (60, 300),
    "MoneyQueue/VisibilityTimeout": (60, 300),
    "CleanupDeadLetters/MessageRetentionPeriod": (900, DAY),
}


@pytest.mark.parametrize("path", EXACT)
def test_a_setting_is_exactly_this(path: str) -> None:
    assert at(path) == EXACT[path]


@pytest.mark.parametrize("path", BETWEEN)
def test_a_setting_lies_between_these(path: str) -> None:
    low, high = BETWEEN[path]
    assert low <= at(path) <= high


@pytest.mark.parametrize(
    ("queue_name", "function"), [("FallbackQueue", "Callback"), ("MoneyQueue", "Paybill")]
)
def test_an_outage_of_hours_needs_nobody_and_a_message_outlives_its_receives(
    queue_name: str, function: str
) -> None:
    queue = at(queue_name)
    hours = queue["RedrivePolicy"]["maxReceiveCount"] * queue["VisibilityTimeout"] / HOUR
    assert 4 <= hours < queue["MessageRetentionPeriod"] / HOUR
    least = 6 * at(f"{function}Function/Timeout")
    assert queue["VisibilityTimeout"] >= least, "AWS asks for six times"
    redrive = at(f"{function}Function/Events/Redrive/Properties")
    assert redrive["ScalingConfig"]["MaximumConcurrency"] == 2, "the rule on concurrency names it"


def test_callbacks_are_believed_from_safaricoms_twelve_addresses() -> None:
    assert set(DEFAULTS["CallbackSourceIps"].split(",")) == SAFARICOM
    assert len(SAFARICOM) == 12


STAFF = {"StaffIssuer": "https://a", "StaffJwksUrl": "https://a/k", "StaffClientId": "desk"}
PRODUCTION = {
    "Environment": "production",
    "SafaricomBase": "https://api.safaricom.co.ke",
    "SafaricomShortcode": "600988",
    "DeletionProtection": "true",
    "AllowedOrigins": "https://www.example.co.ke",
    "AlarmTopicArn": "arn:aws:sns:eu-west-1:123456789012:alarms",
    "CallbackFunctionUrl": "true",
}


RULE_CASES: list[tuple[dict[str, str], str | None]] = [
    ({"CallbackFunctionUrl": "true"}, None),
    ({"Environment": "local"}, None),
    (PRODUCTION, None),
    ({"CallbackUrlBase": "https://a.example"}, None),
    ({}, 'contains "exe"'),
    ({**PRODUCTION, "DomainName": "a.example", "CertificateArn": "arn:a"}, None),
    ({**PRODUCTION, "DomainName": "a.example", "HostedZoneId": "Z12345"}, None),
    ({**PRODUCTION, "DomainName": "a.example"}, "CertificateArn, or HostedZoneId"),
    ({**PRODUCTION, "JwksUrl": "https://a", "JwtIssuer": "i", "JwtAudience": "a"}, None),
    ({**PRODUCTION, "JwksUrl": "https://a", "JwtIssuer": "i"}, "JwtIssuer and JwtAudience"),
    ({**PRODUCTION, "JwksUrl": "https://a", "JwtAudience": "a"}, "JwtIssuer and JwtAudience"),
    ({**PRODUCTION, **STAFF}, None),
    *(({**PRODUCTION, name: STAFF[name]}, "are set together, or none is") for name in STAFF),
    ({**PRODUCTION, "SafaricomTransactionType": "CustomerBuyGoodsOnline"}, "SafaricomPartyB"),
    ({**PRODUCTION, "DeletionProtection": "false"}, "DeletionProtection=true"),
    ({**PRODUCTION, "SafaricomShortcode": "174379"}, "your own SafaricomShortcode"),
    ({**PRODUCTION, "AlarmTopicArn": ""}, "AlarmTopicArn"),
    ({**PRODUCTION, "AllowedOrigins": DEFAULTS["AllowedOrigins"]}, "AllowedOrigins"),
    (
        {"CallbackFunctionUrl": "true", "SafaricomBase": "https://api.safaricom.co.ke"},
        "DeletionProtection=true",
    ),
    ({**PRODUCTION, "CallbackReservedConcurrency": "0"}, "at least 2"),
    ({**PRODUCTION, "CallbackReservedConcurrency": "1"}, "at least 2"),
    ({**PRODUCTION, "CallbackReservedConcurrency": "2"}, None),
    ({**PRODUCTION, "PaybillReservedConcurrency": "0"}, "PaybillReservedConcurrency is -1"),
    ({**PRODUCTION, "PaybillReservedConcurrency": "1"}, "PaybillReservedConcurrency is -1"),
    ({**PRODUCTION, "PaybillReservedConcurrency": "2"}, None),
]


@pytest.mark.parametrize(("values", "broken"), RULE_CASES)
def test_a_rule_refuses_what_would_not_work(values: dict[str, str], broken: str | None) -> None:
    found = broken_assertions(TEMPLATE, {**DEFAULTS, **values})
    assert bool(found) is (broken is not None), found
    assert broken is None or broken in "; ".join(found)


def test_every_rule_can_refuse() -> None:
    """The table above breaks each assertion of the template at least once."""
    asserted = {
        each["AssertDescription"]
        for rule in TEMPLATE["Rules"].values()
        for each in rule["Assertions"]
    }
    broken = {
        each
        for values, _ in RULE_CASES
        for each in broken_assertions(TEMPLATE, {**DEFAULTS, **values})
    }
    assert broken == asserted


@pytest.mark.parametrize(
    ("parameter", "refused"),
    [
        ("CallbackUrlBase", "https://pay.executive.co.ke"),
        ("CallbackUrlBase", "https://pay.MPesa.example"),
        ("CallbackUrlBase", "http://pay.example"),
        ("DomainName", "query.example.co.ke"),
        ("CallbackSourceIps", "any"),
        ("SafaricomBase", "http://api.safaricom.co.ke"),
    ],
)
def test_a_pattern_refuses_what_would_not_work(parameter: str, refused: str) -> None:
    assert not re.search(TEMPLATE["Parameters"][parameter]["AllowedPattern"], refused)


def _named(value: Any) -> set[str]:
    """The resources that a part of the template refers to."""
    if isinstance(value, list):
        return set().union(*map(_named, value))
    if not isinstance(value, dict):
        return set()
    found = _named(list(value.values()))
    for key, given in value.items():
        if key in ("Ref", "Fn::GetAtt", "Fn::Sub"):
            text = str(given[0] if isinstance(given, list) else given)
            names = re.findall(r"\$\{([A-Za-z0-9]+)", text) if key == "Fn::Sub" else [text]
            found |= {name.partition(".")[0] for name in names}
    return found


def test_no_resource_waits_for_itself() -> None:
    """CloudFormation refuses a circle. An API waits for the functions behind its routes."""
    resources = TEMPLATE["Resources"]
    waits: dict[str, set[str]] = {}
    for name, resource in resources.items():
        properties = dict(resource.get("Properties", {}))
        events = properties.pop("Events", {}) if "Serverless" in resource["Type"] else {}
        waits.setdefault(name, set()).update(_named(properties) & resources.keys() - {name})
        for event in events.values():
            for api in _named(event["Properties"].get("ApiId", "")):
                waits.setdefault(api, set()).add(name)
    while free := {name for name, others in waits.items() if not others & waits.keys()}:
        for name in free:
            del waits[name]
    assert not waits, f"these wait for each other, or for those that do: {sorted(waits)}"

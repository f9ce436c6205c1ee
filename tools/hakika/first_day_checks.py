"""The questions of the first day: each says what it expects, and what AWS answered."""

import json
import secrets
from collections.abc import Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tools.hakika.deployment import Deployment
from tools.hakika.findings import Check, Health

if TYPE_CHECKING:
    from collections.abc import Iterator

EVENT_SECONDS_MAX = 60
WAIT_SECONDS = 5
CALL_SECONDS_MAX = 30
QUOTED_REASON = 'said "no"'
BY_HAND = (
    "Safaricom calls the callback address back (`doctor --push`: callback ok)",
    "each alarm's message arrives, with its link to the runbook",
    "EventsNotCarried rings within 30 minutes of a payment while the pipe is stopped",
    "CleanupNotRunning rings five to eight minutes after cleanup was throttled; no run is repeated",
    "a line taken out of samconfig.toml: make deploy shows old -> new, the doctor finds it good",
    "429 carries Access-Control-Allow-Origin",
    "money paid by hand is listed within a minute (`paybill register`, then `money list`)",
)


def _fill(deployment: Deployment) -> tuple[Health, str]:
    """Half of the alarms rest on FILL of a metric that was never sent."""
    client = deployment.client("cloudwatch")
    prefix = f"{deployment.name}-CallbackErrorsAlarm"
    alarms = client.describe_alarms(AlarmNamePrefix=prefix)["MetricAlarms"]
    queries = alarms[0].get("Metrics", []) if alarms else []
    if not queries:
        return Health.BAD, f"there is no alarm {prefix}... with queries"
    now = datetime.fromtimestamp(deployment.runtime.clock(), UTC)
    answer = client.get_metric_data(
        MetricDataQueries=[{**each, "ReturnData": "Expression" in each} for each in queries],
        StartTime=now - timedelta(hours=1),
        EndTime=now,
    )
    values = [value for result in answer["MetricDataResults"] for value in result["Values"]]
    said = f"FILL of metrics that were never sent gave {values or 'nothing'}; zeros are expected"
    return (Health.GOOD if values else Health.BAD), said


def _event(deployment: Deployment) -> tuple[Health, str]:
    """An empty text and a quote must survive the pipe's template."""
    payment_id = f"{0:024x}{secrets.token_hex(4)}"
    key = {"pk": {"S": f"PAY#{payment_id}"}, "sk": {"S": "EVENT#000000#FirstDay"}}
    sent = {
        "type": "FirstDay",
        "payment_id": payment_id,
        "receipt_number": "",
        "reason": QUOTED_REASON,
    }
    table, name = deployment.client("dynamodb"), deployment.outputs["TableName"]
    with _listening(deployment) as queue_url:
        table.put_item(TableName=name, Item=key | {each: {"S": sent[each]} for each in sent})
        try:
            detail = _receive(deployment, queue_url)
        finally:
            table.delete_item(TableName=name, Key=key)
    if detail is None:
        return Health.BAD, f"no event reached the bus within {EVENT_SECONDS_MAX} s"
    arrived = {each: detail.get(each) for each in sent}
    if arrived != sent:
        return Health.BAD, f"sent {sent}, arrived {arrived}"
    absent = detail.get("attention", "left out")
    return Health.GOOD, f"an empty text and a quote arrived as sent; an absent field is {absent!r}"


@contextmanager
def _listening(deployment: Deployment) -> "Iterator[str]":
    """A queue that hears the bus, gone afterwards."""
    queues, events = deployment.client("sqs"), deployment.client("events")
    name, bus = f"{deployment.name}-first-day", deployment.outputs["EventBusName"]
    url = queues.create_queue(QueueName=name)["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    policy = _policy(arn["QueueArn"])
    queues.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    pattern = json.dumps({"detail-type": ["FirstDay"]})
    events.put_rule(Name=name, EventBusName=bus, EventPattern=pattern)
    target = {"Id": "queue", "Arn": arn["QueueArn"]}
    events.put_targets(Rule=name, EventBusName=bus, Targets=[target])
    try:
        yield url
    finally:
        events.remove_targets(Rule=name, EventBusName=bus, Ids=["queue"])
        events.delete_rule(Name=name, EventBusName=bus)
        queues.delete_queue(QueueUrl=url)


def _policy(queue_arn: str) -> Mapping[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _receive(deployment: Deployment, queue_url: str) -> dict[str, Any] | None:
    for _ in range(EVENT_SECONDS_MAX // WAIT_SECONDS):
        answer = deployment.client("sqs").receive_message(
            QueueUrl=queue_url, WaitTimeSeconds=WAIT_SECONDS
        )
        for message in answer.get("Messages", []):
            detail: dict[str, Any] = json.loads(message["Body"])["detail"]
            return detail
    return None


def _cors(deployment: Deployment) -> tuple[Health, str]:
    """Without the header a browser sees a network error in place of the 401."""
    origin = deployment.parameters["AllowedOrigins"].split(",")[0]
    answer = deployment.api_session().get(
        f"{deployment.api_url}/api/payment/mpesa/status/{0:032x}",
        headers={"Origin": origin},
        timeout=CALL_SECONDS_MAX,
    )
    allowed = answer.headers.get("Access-Control-Allow-Origin")
    is_good = (answer.status_code, allowed) == (401, origin)
    said = f"without a token HTTP {answer.status_code}, Access-Control-Allow-Origin {allowed!r}"
    return (Health.GOOD if is_good else Health.BAD), f"{said}; 401 and {origin!r} are expected"


def _write_units(deployment: Deployment) -> tuple[Health, str]:
    """AWS's documents do not say how a transaction counts the write of an index."""
    table, name = deployment.client("dynamodb"), deployment.outputs["TableName"]
    probe = f"first-day-{secrets.token_hex(4)}"
    key = {"pk": {"S": probe}, "sk": {"S": "STATE"}}
    put = {"TableName": name, "Item": {**key, "checkout_request_id": {"S": probe}}}
    try:
        answer = table.transact_write_items(
            TransactItems=[{"Put": put}], ReturnConsumedCapacity="INDEXES"
        )
    finally:
        table.delete_item(TableName=name, Key=key)
    [used] = answer["ConsumedCapacity"]
    parts = {"table": used.get("Table", {}), **used.get("GlobalSecondaryIndexes", {})}
    counted = {part: units.get("CapacityUnits") for part, units in parts.items()}
    is_known = counted == {"table": 2.0, "by_checkout": 1.0}
    said = f"one item in a transaction counted {counted}; table 2, index 1 is what cost.py takes"
    return (Health.GOOD if is_known else Health.DOUBTFUL), said


CHECKS = (
    Check("FILL", _fill),
    Check("event", _event),
    Check("CORS", _cors),
    Check("write units", _write_units),
)

"""Checks, after each deployment, what the emulator is known to drop while it reports success.

A stack that passes here has its routes, CORS, TTL, enforced roles, and an outbox
that carries an event from the table to the bus. The checks also guard a new emulator version.
"""

import json
import time
from collections.abc import Callable
from typing import Any

import requests
from botocore.exceptions import ClientError

from local import aws
from local.deployment import Deployment
from local.errors import LocalStackError
from local.settings import ROOT, LocalSettings
from local.template import read_routes, read_template

EVENT_SECONDS_MAX = 90.0
ANSWER_SECONDS_MAX = 60.0
PROBE_PAYMENT = "0" * 32
ALLOWED_ORIGIN_PATH = "/api/payment/mpesa/stk-push"


def check_deployment(deployment: Deployment, settings: LocalSettings) -> None:
    """Pass only a deployment that has everything. Errors: LocalStackError names what is missing."""
    checks: list[Callable[[Deployment, LocalSettings], None]] = [
        check_routes,
        check_unknown_route,
        check_token_is_required,
        check_cors,
        check_time_to_live,
        check_cleanup_is_not_repeated,
        check_roles_are_enforced,
        check_outbox,
    ]
    for check in checks:
        check(deployment, settings)


def check_routes(deployment: Deployment, _settings: LocalSettings) -> None:
    """Every route of template.yaml is there, and no other."""
    gateway = aws.client("apigatewayv2", deployment.endpoint_url)
    items = gateway.get_routes(ApiId=deployment.outputs["ApiId"])["Items"]
    deployed = {each["RouteKey"] for each in items}
    promised = {route.key for route in read_routes(read_template(ROOT / "template.yaml"))}
    if deployed != promised:
        raise LocalStackError(f"routes differ from template.yaml: {sorted(promised ^ deployed)}")


def check_unknown_route(deployment: Deployment, _settings: LocalSettings) -> None:
    """A path without a route answers 404, as API Gateway does."""
    _expect(_call(deployment, "GET", "/api/nothing"), 404, "an unknown path")


def check_token_is_required(deployment: Deployment, _settings: LocalSettings) -> None:
    """Without a JWT a protected route answers 401."""
    _expect(_call(deployment, "POST", ALLOWED_ORIGIN_PATH), 401, "a call without a token")


def check_cors(deployment: Deployment, settings: LocalSettings) -> None:
    """A preflight passes from an allowed origin and from no other."""
    for origin, is_allowed in ((settings.gateway_url, True), ("https://evil.example", False)):
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        answer = _call(deployment, "OPTIONS", ALLOWED_ORIGIN_PATH, headers)
        echoed = answer.headers.get("Access-Control-Allow-Origin")
        if echoed != (origin if is_allowed else None):
            raise LocalStackError(f"CORS preflight from {origin} answered {echoed!r}")


def check_time_to_live(deployment: Deployment, _settings: LocalSettings) -> None:
    """The table purges by purge_at."""
    table = aws.client("dynamodb", deployment.endpoint_url)
    found = table.describe_time_to_live(TableName=deployment.outputs["TableName"])
    wanted = {"TimeToLiveStatus": "ENABLED", "AttributeName": "purge_at"}
    if found["TimeToLiveDescription"] != wanted:
        raise LocalStackError(f"TTL of the table is {found['TimeToLiveDescription']}")


def check_cleanup_is_not_repeated(deployment: Deployment, _settings: LocalSettings) -> None:
    """Lambda does not repeat a failed run of the cleanup, as it does by default."""
    name = deployment.outputs["CleanupFunctionName"]
    functions = aws.client("lambda", deployment.endpoint_url)
    found = functions.get_function_event_invoke_config(FunctionName=name, Qualifier="$LATEST")
    if found["MaximumRetryAttempts"] != 0:
        raise LocalStackError(f"{name} is repeated {found['MaximumRetryAttempts']} times")


def check_roles_are_enforced(deployment: Deployment, _settings: LocalSettings) -> None:
    """A caller whom IAM does not know is refused."""
    stranger = aws.client("dynamodb", deployment.endpoint_url, access_key="AKIASTRANGER00000000")
    try:
        stranger.list_tables()
    except ClientError:
        return
    raise LocalStackError("the emulator does not enforce IAM")


def check_outbox(deployment: Deployment, _settings: LocalSettings) -> None:
    """An event item put into the table arrives on the bus; everything made for this goes again."""
    queues = aws.client("sqs", deployment.endpoint_url)
    events = aws.client("events", deployment.endpoint_url)
    table = aws.client("dynamodb", deployment.endpoint_url)
    bus, table_name = deployment.outputs["EventBusName"], deployment.outputs["TableName"]
    queue_url = queues.create_queue(QueueName="hakika-outbox-check")["QueueUrl"]
    queue = queues.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
    rule = {"Name": "hakika-outbox-check", "EventBusName": bus}
    key = {"pk": {"S": f"PAY#{PROBE_PAYMENT}"}, "sk": {"S": "EVENT#000000#OutboxCheck"}}
    events.put_rule(**rule, EventPattern=json.dumps({"source": ["hakika.payments"]}))
    target = {"Id": "queue", "Arn": queue["Attributes"]["QueueArn"]}
    events.put_targets(Rule=rule["Name"], EventBusName=bus, Targets=[target])
    try:
        item = key | {"type": {"S": "OutboxCheck"}, "payment_id": {"S": PROBE_PAYMENT}}
        table.put_item(TableName=table_name, Item=item)
        event = _receive(queues, queue_url)
    finally:
        table.delete_item(TableName=table_name, Key=key)
        events.remove_targets(Rule=rule["Name"], EventBusName=bus, Ids=["queue"])
        events.delete_rule(**rule)
        queues.delete_queue(QueueUrl=queue_url)
    arrived = (event.get("detail-type"), event.get("detail", {}).get("payment_id"))
    if arrived != ("OutboxCheck", PROBE_PAYMENT):
        raise LocalStackError(f"no event of the table reached the bus ({event})")


def _receive(queues: Any, queue_url: str) -> dict[str, Any]:
    deadline = time.monotonic() + EVENT_SECONDS_MAX
    while time.monotonic() < deadline:
        answer = queues.receive_message(QueueUrl=queue_url, WaitTimeSeconds=1)
        for message in answer.get("Messages", []):
            event: dict[str, Any] = json.loads(message["Body"])
            return event
    return {}


def _call(
    deployment: Deployment, method: str, path: str, headers: dict[str, str] | None = None
) -> requests.Response:
    return requests.request(
        method,
        f"{deployment.endpoint_url}{path}",
        headers={"Host": deployment.api_host, **(headers or {})},
        timeout=ANSWER_SECONDS_MAX,
    )


def _expect(answer: requests.Response, status: int, what: str) -> None:
    if answer.status_code != status:
        raise LocalStackError(f"{what} answered {answer.status_code} instead of {status}")

"""Dead letters and the doctor: what the deployment itself may suffer from."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
import requests
from botocore.exceptions import ClientError
from payments.protocol.policy import DAY_SECONDS
from payments.store.instructions import Instruction

from tests.functional.operator_desk import Desk, start
from tests.support.aws import DARAJA_SECRET_ARN
from tests.support.lambdas import LISTED_IP, Lambda, http_event
from tests.support.world import World
from tools.deploy.parameters import explicit
from tools.hakika.deployment import Choice
from tools.samconfig import read_target
from tools.template import load_template

WHAT_TO_DO = re.compile(
    r"make [a-z]+|hakika [a-z]+ [a-z]+|docs/[a-z-]+\.md|samconfig\.toml|"
    r"ask AWS|Set the clock|Open the mail|\(DomainName\)"
)
"""A command, a place to read, or an act: a finding without one helps nobody."""
TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"
EXECUTE_API = "https://abc.execute-api.eu-west-1.amazonaws.com"
PRODUCTION = "https://api.safaricom.co.ke"
STOPPED = {"CurrentState": "STOPPED", "StateReason": "no permission"}
type Ailment = Callable[[Desk], None]


class FaultyTable:
    """DynamoDB that refuses while it is told to."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.is_down = True

    def __getattr__(self, name: str) -> Any:
        if self.is_down:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, name)
        return getattr(self._client, name)


@pytest.fixture
def desk(world: World) -> Desk:
    desk = Desk(world)
    desk.clients["scheduler"] = Scheduler()
    desk.clients["secretsmanager"] = SecretsWithTokens(world)
    desk.clients["dynamodb"] = DescribedTable(world.dynamodb)
    return desk


class Scheduler:
    state = "ENABLED"

    def get_schedule(self, *, Name: str) -> dict[str, str]:  # noqa: N803
        assert Name == "hakika-test-cleanup"
        return {"State": self.state, "ScheduleExpression": "rate(1 minute)"}


class Stack:
    """CloudFormation, Pipes and SNS of the sandbox as samconfig.toml describes it, and a topic."""

    def __init__(self) -> None:
        target = read_target("sandbox")
        self.parameters = explicit(load_template(), target.overrides)
        self.pipe = {"CurrentState": "RUNNING"}
        self.subscriptions = [f"{TOPIC}:1", "PendingConfirmation"]

    def describe_stacks(self, **_: str) -> dict[str, Any]:
        parameters = [
            {"ParameterKey": name, "ParameterValue": value}
            for name, value in self.parameters.items()
        ]
        return {"Stacks": [{"Parameters": parameters}]}

    def describe_pipe(self, *, Name: str) -> dict[str, str]:  # noqa: N803
        assert Name == "hakika-test-outbox"
        return self.pipe

    def list_subscriptions_by_topic(self, *, TopicArn: str) -> dict[str, Any]:  # noqa: N803
        assert TopicArn == TOPIC
        return {"Subscriptions": [{"SubscriptionArn": each} for each in self.subscriptions]}


class SecretsWithTokens:
    def __init__(self, world: World) -> None:
        self._world = world
        self.jwt: dict[str, str] = {"JWT_SECRET": "j" * 64, "JWT_SECRET_PREVIOUS": ""}

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:  # noqa: N803
        if SecretId == "jwt":
            return {"SecretString": json.dumps(self.jwt)}
        return self._world.secrets.get_secret_value(SecretId=SecretId)


class DescribedTable:
    """The world's table, and what describing it would say."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.indexes = ["open", "by_checkout", "by_day", "by_reference", "by_received", "person"]
        self.ttl = {"TimeToLiveStatus": "ENABLED", "AttributeName": "purge_at"}
        self.recovery = "ENABLED"
        self.has_stream = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def describe_table(self, **_: str) -> dict[str, Any]:
        return {
            "Table": {
                "TableStatus": "ACTIVE",
                "GlobalSecondaryIndexes": [{"IndexName": each} for each in self.indexes],
                "StreamSpecification": {"StreamEnabled": self.has_stream},
                "DeletionProtectionEnabled": False,
            }
        }

    def describe_time_to_live(self, **_: str) -> dict[str, Any]:
        return {"TimeToLiveDescription": self.ttl}

    def describe_continuous_backups(self, **_: str) -> dict[str, Any]:
        status = {"PointInTimeRecoveryStatus": self.recovery}
        return {"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": status}}


def examine(desk: Desk) -> dict[str, dict[str, str]]:
    answer = desk("doctor", "--json")
    found: dict[str, dict[str, str]] = {each["check"]: each for each in answer.json}
    is_bad = any(each["health"] == "bad" for each in found.values())
    assert answer.code == (1 if is_bad else 0)
    return found


def queue_lost_callback(world: World, desk: Desk) -> str:
    """A callback that DynamoDB refused, and that ended in the dead-letter queue."""
    payment_id = start(world)
    world.pass_time(3)
    world.enter_pin()
    world.clock.now += 20
    [delivery] = world.daraja.due_callbacks()
    down = FaultyTable(world.dynamodb)
    services = {"dynamodb": down, "sqs": world.sqs, "secretsmanager": world.secrets}
    adapters = replace(world.adapters, aws_client=services.__getitem__)
    event = http_event(
        "POST",
        "/api/payment/callback/{payment_id}/{token}",
        path=delivery.url.partition("example.co.ke")[2],
        body=delivery.body.decode(),
        source_ip=LISTED_IP,
    )
    assert Lambda("callback", adapters).invoke(event)["statusCode"] == 200
    [message] = world.queue.messages
    world.queue.messages.clear()
    desk.queues.add(message["body"])
    return payment_id


def test_dead_callbacks_are_listed_and_stay(world: World, desk: Desk) -> None:
    payment_id = queue_lost_callback(world, desk)
    desk.queues.add("not ours")
    listed = desk.json("callbacks", "list")
    assert [(each["payment_id"], each["is_ours"]) for each in listed] == [
        (payment_id, True),
        (None, False),
    ]
    assert "708374149" not in str(listed)
    assert len(desk.queues.dead) == 2
    assert desk.queues.hidden == set()


def test_dead_callbacks_are_replayed_and_complete_their_payment(world: World, desk: Desk) -> None:
    payment_id = queue_lost_callback(world, desk)
    desk.queues.add('{"version": 1}')
    assert desk.json("callbacks", "replay", "--yes") == {"replayed": 1, "left": 1}
    assert len(desk.queues.dead) == 1
    assert world.redrive() == {"batchItemFailures": []}
    assert world.payment(payment_id).status == "completed"


def test_a_replay_that_is_not_agreed_to_leaves_every_message(world: World, desk: Desk) -> None:
    queue_lost_callback(world, desk)
    assert desk("callbacks", "replay", says=["n"]).code == 1
    assert desk("callbacks", "replay").code == 2
    assert (len(desk.queues.dead), desk.queues.hidden, world.queue.messages) == (1, set(), [])


@pytest.fixture
def healthy(desk: Desk) -> Iterator[Desk]:
    """A deployment in which nothing is wrong."""
    desk.outputs["JwtSecretArn"] = "jwt"
    desk.outputs["OutboxDeadLettersUrl"] = "outbox"
    desk.outputs["CleanupDeadLettersUrl"] = "runs"
    desk.outputs["OutboxPipeName"] = "hakika-test-outbox"
    stack = Stack()
    desk.clients |= dict.fromkeys(("cloudformation", "pipes", "sns"), stack)
    target = replace(
        read_target("sandbox"),
        overrides=read_target("sandbox").overrides | {"AlarmTopicArn": TOPIC},
    )
    stack.parameters["AlarmTopicArn"] = TOPIC
    with patch("tools.hakika.stack_checks.target_of", {"hakika-test": target}.get):
        yield desk


def test_a_healthy_deployment_is_well_in_every_respect(healthy: Desk) -> None:
    found = examine(healthy)
    assert len(found) == 18
    assert {each["health"] for each in found.values()} == {"good"}, found


def test_no_secret_is_ever_shown(healthy: Desk, world: World) -> None:
    for secret in world.secrets.values.values():
        secret.update({name: f"secret {name}" for name, value in secret.items() if not value})
    answer = healthy("doctor")
    values = [value for secret in world.secrets.values.values() for value in secret.values()]
    told = [value for value in [*values, "j" * 64] if value and value in answer.out + answer.err]
    assert told == []


def environment(**values: str) -> Ailment:
    """Variables of the functions are these."""
    return lambda desk: desk.functions.environment.update(values)


def secret_of_daraja(**values: str) -> Ailment:
    return lambda desk: desk.world.secrets.values[DARAJA_SECRET_ARN].update(values)


def parameters(**values: str) -> Ailment:
    """Parameters of the stack are these."""
    return lambda desk: desk.clients["cloudformation"].parameters.update(values)


def service(name: str, **facts: object) -> Ailment:
    """One of AWS's services answers so."""
    return lambda desk: vars(desk.clients[name]).update(facts)


def api_url(url: str) -> Ailment:
    """The functions have no address of their own, and the stack has this one."""

    def ails(desk: Desk) -> None:
        desk.functions.environment["CALLBACK_URL_BASE"] = ""
        desk.api_url = url

    return ails


def credential_set(days: int) -> Ailment:
    """The initiator's password was set so long ago."""

    def ails(desk: Desk) -> None:
        now = int(desk.world.clock())
        note = Instruction(at=now, by="me", reason="new", asked="initiator", request_id="r")
        gates = desk._resolve(Choice()).runtime.refunds.gates
        gates.note_credential(now - days * DAY_SECONDS, note, op_id="a" * 32)

    return ails


def _short_jwt(desk: Desk) -> None:
    desk.clients["secretsmanager"].jwt["JWT_SECRET"] = "short"


def _callbacks_wait(desk: Desk) -> None:
    desk.queues.waiting = 3


def _few_executions(desk: Desk) -> None:
    desk.functions.concurrency = 10


def _no_index(desk: Desk) -> None:
    desk.clients["dynamodb"].indexes.remove("by_day")


def _behind(desk: Desk) -> None:
    start(desk.world, scenario="callback_lost")
    desk.world.clock.now += 400


def _dead_letters(desk: Desk) -> None:
    desk.queues.add("{}")


def _refunds_stopped(desk: Desk) -> None:
    gates = desk._resolve(Choice()).runtime.refunds.gates
    gates.stop("2001", now=int(desk.world.clock()))


def _access_denied(desk: Desk) -> None:
    desk.clients["dynamodb"] = FaultyTable(desk.clients["dynamodb"])


def test_a_password_of_74_days_is_no_ailment(healthy: Desk) -> None:
    credential_set(74)(healthy)
    found = examine(healthy)["initiator"]
    assert (found["health"], "16 days are left" in found["detail"]) == ("good", True)


def test_a_table_that_is_being_made_is_no_ailment(healthy: Desk) -> None:
    """AWS takes up to an hour to switch TTL on: the first deployment ends with ENABLING."""
    healthy.clients["dynamodb"].ttl["TimeToLiveStatus"] = "ENABLING"
    assert examine(healthy)["table"]["health"] == "good"


AILMENTS: dict[str, tuple[Ailment, str, str]] = {
    "no passkey": (secret_of_daraja(SAFARICOM_PASSKEY=""), "secrets", "bad"),
    "short JWT secret": (_short_jwt, "secrets", "bad"),
    "execute-api": (api_url(EXECUTE_API), "callback URL", "bad"),
    "plain http": (api_url("http://pay.example.co.ke"), "callback URL", "bad"),
    "another's base": (
        environment(CALLBACK_URL_BASE="https://example.com"),
        "callback URL",
        "doubtful",
    ),
    "odd address": (environment(CALLBACK_SOURCE_IPS="300.1.1.1"), "callback addresses", "bad"),
    "pipe stopped": (service("pipes", pipe=STOPPED), "outbox", "bad"),
    "pipe starting": (service("pipes", pipe={"CurrentState": "STARTING"}), "outbox", "doubtful"),
    "no topic": (parameters(AlarmTopicArn=""), "alarms", "doubtful"),
    "no topic in production": (
        parameters(AlarmTopicArn="", Environment="production"),
        "alarms",
        "bad",
    ),
    "nobody confirmed": (service("sns", subscriptions=["PendingConfirmation"]), "alarms", "bad"),
    "older parameters": (parameters(QuerySpacingSeconds="11"), "parameters", "doubtful"),
    "clock off": (service("sts", seconds_ahead=90), "clock", "doubtful"),
    "callbacks wait": (_callbacks_wait, "dead letters", "doubtful"),
    "everybody": (environment(CALLBACK_SOURCE_IPS="0.0.0.0/0"), "callback addresses", "bad"),
    "nobody": (environment(CALLBACK_SOURCE_IPS=""), "callback addresses", "bad"),
    "few executions": (_few_executions, "Lambda concurrency", "doubtful"),
    "Daraja refuses": (secret_of_daraja(SAFARICOM_CONSUMER_SECRET="wrong"), "Daraja", "bad"),
    "no index": (_no_index, "table", "bad"),
    "no TTL": (service("dynamodb", ttl={"TimeToLiveStatus": "DISABLED"}), "table", "bad"),
    "no stream": (service("dynamodb", has_stream=False), "table", "bad"),
    "no recovery": (service("dynamodb", recovery="DISABLED"), "recovery", "bad"),
    "unprotected production": (environment(SAFARICOM_BASE=PRODUCTION), "recovery", "bad"),
    "schedule off": (service("scheduler", state="DISABLED"), "schedule", "bad"),
    "behind": (_behind, "schedule", "bad"),
    "dead letters": (_dead_letters, "dead letters", "bad"),
    "password ages": (credential_set(75), "initiator", "doubtful"),
    "password ended": (credential_set(90), "initiator", "bad"),
    "refunds stopped": (_refunds_stopped, "initiator", "bad"),
    "access denied": (_access_denied, "table", "bad"),
}


@pytest.mark.parametrize(("ails", "check", "health"), AILMENTS.values(), ids=AILMENTS)
def test_each_ailment_is_found_by_its_check_which_says_what_to_do(
    healthy: Desk, ails: Ailment, check: str, health: str
) -> None:
    ails(healthy)
    found = examine(healthy)[check]
    assert found["health"] == health
    assert WHAT_TO_DO.search(found["detail"]), found["detail"]


class ApiSession(requests.Session):
    """The public API in front of the world's own handler; the person enters a PIN."""

    def __init__(self, world: World, *, enters_pin: bool = True) -> None:
        super().__init__()
        self._world = world
        self._enters_pin = enters_pin

    def post(self, url: str, **options: Any) -> Any:  # type: ignore[override]
        import jwt

        token = options["headers"]["Authorization"].removeprefix("Bearer ")
        claims = jwt.decode(token, "j" * 64, algorithms=["HS256"], options={"verify_exp": False})
        body = options["json"]
        answer = self._world.initiate(
            body["booking_id"],
            client_id=claims["sub"],
            phone=body["phone_number"],
            amount=body["amount"],
        )
        if self._enters_pin and answer.status == 200:
            self._world.pass_time(3)
            self._world.enter_pin()
            self._world.pass_time(20)
        response = requests.Response()
        response.status_code = answer.status
        response._content = json.dumps(answer.body).encode()
        return response


def test_a_shilling_proves_the_whole_way(healthy: Desk, world: World) -> None:
    healthy.api_session = lambda: ApiSession(world)
    answer = healthy("doctor", "--push", "0708374149", "--yes", "--json")
    assert answer.code == 0, answer.err
    proof = {each["check"]: each for each in answer.json}["callback"]
    assert proof["health"] == "good"
    assert "receipt" in proof["detail"]
    assert "708374149" not in answer.out


def test_a_shilling_that_is_not_paid_proves_nothing(healthy: Desk, world: World) -> None:
    healthy.api_session = lambda: ApiSession(world, enters_pin=False)
    answer = healthy("doctor", "--push", "-", says=["0708374149", "y"])
    assert answer.code == 1
    assert "no verdict in time" in answer.out


def test_no_shilling_is_taken_by_a_deployment_that_is_not_fit(healthy: Desk) -> None:
    secret_of_daraja(SAFARICOM_PASSKEY="")(healthy)
    answer = healthy("doctor", "--push", "0708374149", "--yes")
    assert answer.code == 1
    assert healthy.world.items("PAY#") == []

"""An operator before the in-process deployment: types a line, reads the answer."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from typing import Any

import requests

from tests.support.aws import (
    DARAJA_SECRET_ARN,
    INITIATOR_SECRET_ARN,
    MONEY_QUEUE_URL,
    PAYBILL_SECRET_ARN,
    PEPPER_SECRET_ARN,
    QUEUE_URL,
    REFUNDS_FUNCTION,
    TABLE_NAME,
)
from tests.support.lambdas import DOMAIN, ENVIRONMENT
from tests.support.world import World
from tools.hakika.app import run
from tools.hakika.deployment import Choice, Deployment
from tools.hakika.person import Person

type Said = str | Callable[[], object]
ACCOUNT = ("--who", "njeri", "--why", "checked on the statement", "--yes")
DEAD_LETTERS_URL = "https://sqs.eu-west-1.amazonaws.com/000000000000/dead"
DEAD_MONEY_URL = "https://sqs.eu-west-1.amazonaws.com/000000000000/dead-money"
OPERATOR_ARN = "arn:aws:sts::000000000000:assumed-role/Operators/njeri"


@dataclass
class Answer:
    """What the command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Functions:
    """The Lambda service: configurations, and the cleanup function of the world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.environment = dict(ENVIRONMENT)
        self.failure: str | None = None
        self.concurrency = 1000

    def get_account_settings(self) -> dict[str, Any]:
        return {"AccountLimit": {"UnreservedConcurrentExecutions": self.concurrency}}

    def get_function_configuration(self, *, FunctionName: str) -> dict[str, Any]:  # noqa: N803
        assert FunctionName.startswith("hakika-test-")
        return {"Environment": {"Variables": {**self.environment, **self._world.environment}}}

    def invoke(
        self,
        *,
        FunctionName: str,  # noqa: N803
        Payload: bytes,  # noqa: N803
        InvocationType: str = "RequestResponse",  # noqa: N803
    ) -> dict[str, Any]:
        if FunctionName == REFUNDS_FUNCTION:
            return self._world.invoker.invoke(
                FunctionName=FunctionName, InvocationType=InvocationType, Payload=Payload
            )
        assert (FunctionName, Payload) == ("hakika-test-cleanup", b"{}")
        if self.failure is not None:
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(self.failure.encode())}
        report = self._world.clean_up()
        return {"Payload": io.BytesIO(json.dumps(report).encode())}


@dataclass
class Identity:
    """The STS service; its answers carry AWS's time."""

    world: World
    seconds_ahead: float = 0

    def get_caller_identity(self) -> dict[str, Any]:
        date = formatdate(self.world.clock() + self.seconds_ahead, usegmt=True)
        return {"Arn": OPERATOR_ARN, "ResponseMetadata": {"HTTPHeaders": {"date": date}}}


@dataclass
class Queues:
    """SQS: the world's fallback queue, and a dead-letter queue with hidden messages."""

    world: World
    dead: list[dict[str, str]] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)
    dead_money: list[dict[str, str]] = field(default_factory=list)
    waiting: int = 0

    def add(self, body: str) -> None:
        number = str(len(self.dead) + 1)
        self.dead.append({"MessageId": f"dead-{number}", "ReceiptHandle": number, "Body": body})

    def send_message(self, **message: str) -> dict[str, str]:
        return self.world.sqs.send_message(**message)

    def receive_message(self, *, QueueUrl: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        if QueueUrl == DEAD_MONEY_URL:
            return self._receive_money()
        assert QueueUrl == DEAD_LETTERS_URL
        found = [each for each in self.dead if each["ReceiptHandle"] not in self.hidden]
        self.hidden |= {each["ReceiptHandle"] for each in found}
        return {"Messages": found} if found else {}

    def _receive_money(self) -> dict[str, Any]:
        found, self.dead_money = self.dead_money, []
        messages = [
            {"MessageId": each["messageId"], "ReceiptHandle": "money", "Body": each["body"]}
            for each in found
        ]
        return {"Messages": messages} if messages else {}

    def get_queue_attributes(self, *, QueueUrl: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        count = {DEAD_LETTERS_URL: len(self.dead), QUEUE_URL: self.waiting}.get(QueueUrl, 0)
        return {"Attributes": {"ApproximateNumberOfMessages": str(count)}}

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> None:  # noqa: N803
        assert QueueUrl == (DEAD_MONEY_URL if ReceiptHandle == "money" else DEAD_LETTERS_URL)
        self.dead = [each for each in self.dead if each["ReceiptHandle"] != ReceiptHandle]

    def change_message_visibility(
        self,
        *,
        QueueUrl: str,  # noqa: N803
        ReceiptHandle: str,  # noqa: N803
        VisibilityTimeout: int,  # noqa: N803
    ) -> None:
        assert (QueueUrl, VisibilityTimeout) == (DEAD_LETTERS_URL, 0)
        self.hidden.discard(ReceiptHandle)


class Desk:
    """An operator; `says` answers the questions in order, None means that nobody is there."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.functions = Functions(world)
        self.queues = Queues(world)
        self.clients: dict[str, Any] = {
            "lambda": self.functions,
            "sts": Identity(world),
            "sqs": self.queues,
        }
        self.choices: list[Choice] = []
        self.api_url = "https://pay.example.co.ke"
        self.api_session: Callable[[], requests.Session] = requests.Session
        self.outputs = {
            "CleanupFunctionName": "hakika-test-cleanup",
            "TableName": TABLE_NAME,
            "DarajaSecretArn": DARAJA_SECRET_ARN,
            "PepperSecretArn": PEPPER_SECRET_ARN,
            "InitiatorSecretArn": INITIATOR_SECRET_ARN,
            "FallbackQueueUrl": QUEUE_URL,
            "FallbackDeadLettersUrl": DEAD_LETTERS_URL,
            "MoneyQueueUrl": MONEY_QUEUE_URL,
            "MoneyDeadLettersUrl": DEAD_MONEY_URL,
            "PaybillSecretArn": PAYBILL_SECRET_ARN,
            "PaybillAddress": f"https://{DOMAIN}/",
        }
        self.is_at_terminal = False

    def __call__(self, *arguments: str, says: Sequence[Said] | None = None) -> Answer:
        """Type one line. Idempotent: each line is a fresh process.

        What can be called instead of an answer happens while its question is open; then "y".
        """
        out, err = (Terminal() if self.is_at_terminal else io.StringIO() for _ in range(2))
        code = run(arguments, resolve=self._resolve, out=out, err=err, person=_person(says, err))
        return Answer(code=code, out=out.getvalue(), err=err.getvalue())

    def json(self, *arguments: str) -> Any:
        """Type one line with --json that must succeed."""
        answer = self(*arguments, "--json")
        assert answer.code == 0, answer.err
        return answer.json

    def _resolve(self, choice: Choice) -> Deployment:
        self.choices.append(choice)
        known = self.world.adapters.aws_client
        adapters = replace(
            self.world.adapters,
            aws_client=lambda service: self.clients.get(service) or known(service),
        )
        return Deployment(
            name="hakika-test",
            region="eu-west-1",
            is_local=False,
            api_url=self.api_url,
            api_session=self.api_session,
            outputs=self.outputs,
            adapters=adapters,
        )


def _person(says: Sequence[Said] | None, err: io.StringIO) -> Person:
    waiting = list(says or [])

    def answered() -> str:
        said = waiting.pop(0)
        if isinstance(said, str):
            return said
        said()
        return "y"

    def ask(question: str, default: str | None) -> str:
        err.write(f"{question} [{default}]\n")
        return answered() or default or ""

    def confirm(question: str) -> bool:
        err.write(f"{question}\n")
        return answered() == "y"

    return Person(
        is_there=says is not None,
        ask=ask,
        confirm=confirm,
        ask_secretly=lambda question: ask(question, None),
    )


def start(world: World, booking_id: str = "1", *, scenario: str | None = None) -> str:
    """A customer begins to pay; the payment's id."""
    world.register(booking_id)
    if scenario is not None:
        world.daraja.set_next(scenario)
    answer = world.initiate(booking_id)
    assert answer.status in (200, 202), answer.body
    payment_id: str = answer.body["payment_id"]
    return payment_id


def pay(world: World, booking_id: str = "1", *, scenario: str | None = None) -> str:
    """A customer pays; the payment's id."""
    payment_id = start(world, booking_id, scenario=scenario)
    world.pass_time(3)
    world.enter_pin()
    world.pass_time(20)
    return payment_id


def in_review(world: World, *, scenario: str = "callback_wrong_amount") -> str:
    payment_id = pay(world, scenario=scenario)
    assert world.payment(payment_id).status == "review"
    return payment_id

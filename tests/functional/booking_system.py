"""The booking system as our webhooks reach it, and the queue between the bus and it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import requests
from payments.daraja.client import new_session
from requests.adapters import BaseAdapter
from standardwebhooks import Webhook

from tests.functional.test_event_schema import details
from tests.support.lambdas import Lambda
from tests.support.world import World

URL = "https://booking.example/hakika?from=bus"
QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/000000000000/webhooks"
DEAD_URL = "https://sqs.eu-west-1.amazonaws.com/000000000000/dead-webhooks"
SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:webhook"
SECRET, OTHER_SECRET = "b" * 64, "c" * 64
VARIABLES = {"WEBHOOK_URL": URL, "WEBHOOK_SECRET_ARN": SECRET_ARN, "WEBHOOK_QUEUE_URL": QUEUE_URL}
VISIBILITY_SECONDS, RECEIVES_MAX = 180, 20
type Step = int | Exception


class Unread:
    """The body of an answer: whoever reads it fails."""

    def read(self, *_: object, **__: object) -> bytes:
        raise AssertionError("the body of a receiver's answer was read")

    def close(self) -> None:
        """Nothing is open."""

    def release_conn(self) -> None:
        """Nothing is open."""


class Receiver(BaseAdapter):
    """Takes each request, and answers with the next step: a status, or no answer at all."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[requests.PreparedRequest] = []
        self.steps: list[Step] = []

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        """Take one request, as a server does that may fail after it has taken it."""
        assert sum(options["timeout"]) == 10
        self.requests.append(request)
        step = self.steps.pop(0) if self.steps else 204
        if isinstance(step, Exception):
            raise step
        response = requests.Response()
        response.request, response.url, response.status_code = request, request.url or "", step
        response.headers["Location"] = "http://169.254.169.254/latest/meta-data"
        response.raw = Unread()
        return response

    def close(self) -> None:
        """Nothing is open."""

    @property
    def ids(self) -> list[str]:
        """The webhook-id of each request."""
        return [str(request.headers["webhook-id"]) for request in self.requests]


def is_signed_by(secret: str, request: requests.PreparedRequest) -> bool:
    """Whether one of the request's signatures is that of a secret."""
    from datetime import UTC, datetime

    at = datetime.fromtimestamp(int(request.headers["webhook-timestamp"]), UTC)
    body = bytes(request.body or b"").decode()  # type: ignore[arg-type]
    expected = Webhook(secret).sign(str(request.headers["webhook-id"]), at, body)
    return expected in str(request.headers["webhook-signature"]).split(" ")


@dataclass
class Message:
    """One message of the queue."""

    number: int
    body: str
    visible_at: float
    receives: int = 0

    def record(self) -> dict[str, Any]:
        """The message as Lambda gets it."""
        return {
            "messageId": f"message-{self.number}",
            "receiptHandle": f"{self.number}:{self.receives}",
            "body": self.body,
            "attributes": {"ApproximateReceiveCount": str(self.receives)},
        }


@dataclass
class WebhookSqs:
    """SQS as far as this queue goes: visibility, receives, and dead letters after the last."""

    clock: Callable[[], float]
    messages: list[Message] = field(default_factory=list)
    dead: list[Message] = field(default_factory=list)
    hidden: list[Message] = field(default_factory=list)
    waits: list[int] = field(default_factory=list)
    sent: int = 0
    refuses_to_wait: bool = False

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> None:  # noqa: N803
        assert QueueUrl == QUEUE_URL
        self.sent += 1
        self.messages.append(Message(self.sent, MessageBody, self.clock()))

    def change_message_visibility(
        self,
        *,
        QueueUrl: str,  # noqa: N803
        ReceiptHandle: str,  # noqa: N803
        VisibilityTimeout: int,  # noqa: N803
    ) -> None:
        assert QueueUrl == QUEUE_URL
        if self.refuses_to_wait:
            raise ConnectionError("SQS is down")
        assert 0 <= VisibilityTimeout <= 43_200
        [message] = [
            each for each in self.messages if each.record()["receiptHandle"] == ReceiptHandle
        ]
        message.visible_at = self.clock() + VisibilityTimeout
        self.waits.append(VisibilityTimeout)

    def receive_message(self, *, QueueUrl: str, **_: object) -> dict[str, Any]:  # noqa: N803
        assert QueueUrl == DEAD_URL
        found, self.hidden = [each for each in self.dead if each not in self.hidden], self.dead[:]
        return {"Messages": [_as_received(each) for each in found]}

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> None:  # noqa: N803
        assert QueueUrl == DEAD_URL
        self.dead = [each for each in self.dead if str(each.number) != ReceiptHandle]

    def received(self) -> Iterator[Message]:
        """Give each visible message once; one that was received too often is a dead letter."""
        for message in [each for each in self.messages if each.visible_at <= self.clock()]:
            if message.receives >= RECEIVES_MAX:
                self.messages.remove(message)
                self.dead.append(message)
                continue
            message.receives += 1
            message.visible_at = self.clock() + VISIBILITY_SECONDS
            yield message


def _as_received(message: Message) -> dict[str, str]:
    number = str(message.number)
    return {"MessageId": number, "ReceiptHandle": number, "Body": message.body}


class Town:
    """A deployment that sends webhooks, and its booking system."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.receiver = Receiver()
        self.sqs = WebhookSqs(world.clock)
        world.secrets.values[SECRET_ARN] = {"WEBHOOK_SECRET": SECRET, "WEBHOOK_SECRET_PREVIOUS": ""}
        self._carried: set[str] = set()
        self.function = self._fresh_function()

    def adapters(self) -> Any:
        """The world's, with the network and the queue of webhooks."""
        made = self.world.adapters

        def client(service: str) -> Any:
            return self.sqs if service == "sqs" else made.aws_client(service)

        return replace(made, aws_client=client, http_session=self._session)

    def _fresh_function(self) -> Lambda:
        """A cold start, as the world makes its functions: whoever watches those, watches this."""
        before = self.world.adapters, self.world.environment
        self.world.adapters, self.world.environment = self.adapters(), {**before[1], **VARIABLES}
        made = self.world.fresh_function("webhooks")
        self.world.adapters, self.world.environment = before
        return made

    def _session(self) -> requests.Session:
        session = new_session()
        session.mount("https://", self.receiver)
        session.mount("http://", self.receiver)
        return session

    def carry(self) -> list[str]:
        """The pipe, the bus and its rule: each new event becomes a message; gives their ids."""
        new = [each for each in details(self.world) if each["dedupe_id"] not in self._carried]
        for detail in new:
            as_text = {name: str(value) for name, value in detail.items()}
            body = json.dumps({"detail-type": detail["type"], "detail": as_text})
            self.sqs.send_message(QueueUrl=QUEUE_URL, MessageBody=body)
        ids = [str(each["dedupe_id"]) for each in new]
        self._carried |= set(ids)
        return ids

    def deliver(self) -> None:
        """The function gets each message that is visible now, one at a time."""
        for message in self.sqs.received():
            answer = self.function.invoke({"Records": [message.record()]})
            failed = [each["itemIdentifier"] for each in answer["batchItemFailures"]]
            assert failed in ([], [f"message-{message.number}"])
            if not failed:
                self.sqs.messages.remove(message)

    def deliver_for(self, seconds: float) -> None:
        """Let time pass, from one visible message to the next."""
        until = self.world.clock() + seconds
        while self.sqs.messages:
            at = min(message.visible_at for message in self.sqs.messages)
            if at > until:
                break
            self.world.clock.now = max(self.world.clock.now, at)
            self.deliver()
        self.world.clock.now = until

    def pay(self) -> str:
        """A customer pays; gives the payment's id."""
        answer = self.world.initiate()
        self.world.pass_time(2)
        self.world.enter_pin()
        self.world.pass_time(10)
        return str(answer.body["payment_id"])

    def stored(self) -> list[dict[str, Any]]:
        """Every delivery on record."""
        return self.world.items("DELIVERY#")

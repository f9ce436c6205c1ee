"""AWS as the handlers see it: DynamoDB in memory; secrets and a queue as plain objects."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from simulator.core.config import SANDBOX_PASSKEY, Config
from tests.support.dynamodb import Engine, table_from_template

REPOSITORY = Path(__file__).parents[2]
TABLE_NAME = "payments-under-test"
DARAJA_SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:daraja"
PEPPER_SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:pepper"
INITIATOR_SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:initiator"
RESULT_KEY_SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:result-key"
REFUNDS_FUNCTION = "hakika-test-refunds"
PAYBILL_SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:paybill"
C2B_TOKEN = "c2b0" * 16
"""The token in the C2B addresses of the deployment under test."""
JWT_SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:jwt"
STAFF_SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:staff"
STAFF_SECRET = "staff-secret-under-test-0123456789abcdef"
JWT_SECRET = "jwt-secret-under-test-0123456789abcdef"
SECRETS = {
    JWT_SECRET_ARN: {"JWT_SECRET": JWT_SECRET},
    DARAJA_SECRET_ARN: {
        "SAFARICOM_CONSUMER_KEY": Config().apps[0].consumer_key,
        "SAFARICOM_CONSUMER_SECRET": Config().apps[0].consumer_secret,
        "SAFARICOM_PASSKEY": SANDBOX_PASSKEY,
    },
    PEPPER_SECRET_ARN: {"PHONE_PEPPER": "pepper-under-test"},
    INITIATOR_SECRET_ARN: {"INITIATOR_NAME": "", "SECURITY_CREDENTIAL": ""},
    RESULT_KEY_SECRET_ARN: {"RESULT_KEY": "result-key-under-test", "RESULT_KEYS_OLD": ""},
    STAFF_SECRET_ARN: {"JWT_SECRET": STAFF_SECRET, "JWT_SECRET_PREVIOUS": ""},
    PAYBILL_SECRET_ARN: {"C2B_TOKEN_SHA256": sha256(C2B_TOKEN.encode()).hexdigest()},
}
QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/000000000000/fallback"
MONEY_QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/000000000000/money"


@cache
def table_definition() -> dict[str, Any]:
    """The table of the template that is deployed."""
    return table_from_template(REPOSITORY / "template.yaml", table_name=TABLE_NAME)


class SecretsManager:
    """Secrets as the deployment keeps them; values may be changed under the reader."""

    def __init__(self, values: Mapping[str, Mapping[str, str]]) -> None:
        self.values = {arn: dict(content) for arn, content in values.items()}
        self.read_arns: list[str] = []

    @property
    def reads(self) -> int:
        """How many times a secret was read."""
        return len(self.read_arns)

    def put_secret_value(self, *, SecretId: str, SecretString: str) -> None:  # noqa: N803
        """Replace a value."""
        self.values[SecretId] = json.loads(SecretString)

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:  # noqa: N803 -- AWS's name
        """Answer as Secrets Manager does."""
        self.read_arns.append(SecretId)
        return {"SecretString": json.dumps(self.values[SecretId])}


def in_turn(calls: Sequence[Callable[[], None]]) -> None:
    """Calls that production makes at once, one after the other: a test has one thread."""
    for call in calls:
        call()


class Queue:
    """One queue: messages wait until they are redriven."""

    def __init__(self) -> None:
        self.messages: list[dict[str, str]] = []
        self.sent = 0
        self.is_down = False

    def take(self, body: str) -> dict[str, str]:
        """Keep a message, or refuse as a queue that is down does."""
        if self.is_down:
            raise ConnectionError("the queue is down")
        self.sent += 1
        message_id = f"message-{self.sent}"
        self.messages.append({"messageId": message_id, "body": body})
        return {"MessageId": message_id}


class Queues:
    """SQS: the fallback queue, and the money queue."""

    def __init__(self, fallback: Queue, money: Queue) -> None:
        self._queues = {QUEUE_URL: fallback, MONEY_QUEUE_URL: money}

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> dict[str, str]:  # noqa: N803
        """Hand a message to its queue."""
        return self._queues[QueueUrl].take(MessageBody)


type EngineOf = Callable[[Callable[[], float]], Engine]


def plain_engine(clock: Callable[[], float]) -> Engine:
    """An engine that only answers."""
    return Engine(clock=clock)


def new_engine(clock: Callable[[], float], engine_of: EngineOf = plain_engine) -> Engine:
    """An empty table with the deployed schema."""
    engine = engine_of(clock)
    engine.create_table(table_definition())
    return engine

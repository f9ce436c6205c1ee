"""The product's own AWS clients, unmodified, against moto: one thread, table as in the template."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import boto3
from moto import mock_aws
from payments.aws.runtime import new_aws_client
from payments.store.attributes import from_item

from tests.simulation.dynamodb import table_from_template
from tests.world import World
from tests.world.aws import REPOSITORY, TABLE_NAME

REGION = "eu-west-1"


class MotoWorld(World):
    """A world whose DynamoDB, SQS and Secrets Manager are moto's; time stays virtual.

    moto is atomic only by luck of timing and ignores ClientRequestToken: races and lost replies
    are for the emulator and the simulation, here it is a second opinion on every request's form.
    """

    def __init__(self) -> None:
        super().__init__(seed=5)
        self.close()
        self.dynamodb = boto3.client("dynamodb", region_name=REGION)
        self._create_table()
        self.sqs = boto3.client("sqs", region_name=REGION)
        self.queue_url = self.sqs.create_queue(QueueName="fallback")["QueueUrl"]
        self.environment = {"FALLBACK_QUEUE_URL": self.queue_url, **self._create_secrets()}
        self.adapters = replace(self.adapters, aws_client=new_aws_client)

    def _create_table(self) -> None:
        definition = table_from_template(REPOSITORY / "template.yaml", table_name=TABLE_NAME)
        wanted = {
            name: each for name, each in definition.items() if name != "TimeToLiveSpecification"
        }
        wanted["StreamSpecification"] = {"StreamEnabled": True, **definition["StreamSpecification"]}
        self.dynamodb.create_table(**wanted)

    def _create_secrets(self) -> dict[str, str]:
        client = boto3.client("secretsmanager", region_name=REGION)
        names = ("DARAJA_SECRET_ARN", "PEPPER_SECRET_ARN")
        return {
            variable: client.create_secret(Name=variable, SecretString=json.dumps(values))["ARN"]
            for variable, values in zip(names, self.secrets.values.values(), strict=True)
        }

    def items(self, prefix: str) -> list[dict[str, Any]]:
        """The stored items whose pk starts so; the test may scan, the product may not."""
        found = self.dynamodb.scan(TableName=TABLE_NAME)["Items"]
        plain = [from_item(item) for item in found]
        return [values for values in plain if values["pk"].startswith(prefix)]

    def queued(self) -> list[dict[str, str]]:
        """The records that SQS would hand to the callback function."""
        messages = self.sqs.receive_message(QueueUrl=self.queue_url).get("Messages", [])
        return [{"messageId": each["MessageId"], "body": each["Body"]} for each in messages]


@contextmanager
def moto_world() -> Iterator[MotoWorld]:
    """A deployment on moto; no credentials but moto's, whatever this machine has."""
    keys = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
    }
    with patch.dict("os.environ", keys), mock_aws():
        yield MotoWorld()

"""The operator's policy is enough for `hakika`, and for nothing that `hakika` does not do."""

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local import aws
from local.settings import ROOT
from tests.local.operator_desk import ACCOUNT, in_review, scene
from tests.local.runbook_scene import Scene
from tools.iam import Person, documents, operator_actions

__all__ = ["scene"]
NAME = "hakika-operator"


@pytest.fixture
def access_key(scene: Scene) -> Iterator[dict[str, str]]:
    """A person who may do what the policy says."""
    iam = scene.client("iam")
    [policy] = documents(operator_actions(), scene.stack_name, Person.OPERATOR)
    iam.create_user(UserName=NAME)
    iam.put_user_policy(UserName=NAME, PolicyName=NAME, PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=NAME)["AccessKey"]
    yield {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    iam.delete_access_key(UserName=NAME, AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName=NAME, PolicyName=NAME)
    iam.delete_user(UserName=NAME)


def test_the_policy_is_enough_for_every_kind_of_verb(
    scene: Scene, access_key: dict[str, str]
) -> None:
    payment_id = in_review(scene)
    scene.empty_dead_letters()
    lines: list[tuple[str, ...]] = [
        ("payment", "show", payment_id),
        ("payment", "list", "--since", "1d"),
        ("consultation", "show", scene.payment(payment_id).booking_id),
        ("review", "resolve", payment_id, "refund-due", *ACCOUNT),
        ("refund", "mark", payment_id, *ACCOUNT),
        ("reconcile", "now"),
        ("callbacks", "list"),
        ("stats",),
        ("doctor",),
    ]
    environment = {**aws.environment(os.environ, scene.stack.endpoint_url), **access_key}
    for line in lines:
        done = subprocess.run(
            [str(ROOT / "bin" / "hakika"), "--stack", scene.stack_name, *line],
            capture_output=True,
            text=True,
            env={**environment, "AWS_REGION": scene.stack.region},
            stdin=subprocess.DEVNULL,
            timeout=300,
        )
        said = done.stdout + done.stderr
        assert "not authorized" not in said, line
        assert done.returncode == 0 or line == ("doctor",), said


def test_the_policy_opens_no_other_door(scene: Scene, access_key: dict[str, str]) -> None:
    table: Any = boto3.client(
        "dynamodb",
        endpoint_url=scene.stack.endpoint_url,
        region_name=scene.stack.region,
        aws_access_key_id=access_key["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=access_key["AWS_SECRET_ACCESS_KEY"],
    )
    name = scene.stack.table_name
    with pytest.raises(ClientError, match="AccessDenied"):
        table.scan(TableName=name, Limit=1)
    with pytest.raises(ClientError, match="AccessDenied"):
        table.delete_table(TableName=name)
    with pytest.raises(ClientError, match="AccessDenied"):
        table.get_item(TableName="another", Key={"pk": {"S": "x"}})

"""The policies grant what the code calls, on this deployment's own resources."""

import json
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tools.iam import (
    POLICY_CHARACTERS_MAX,
    Person,
    calls_in,
    deployer_actions,
    document,
    documents,
    operator_actions,
    resource_types,
)
from tools.template import load_template

STACK = "hakika-production"
OPERATOR_NEVER = {
    *("dynamodb:Scan", "dynamodb:DeleteTable", "dynamodb:UpdateTable", "lambda:UpdateFunctionCode"),
    *("secretsmanager:UpdateSecret", "iam:PassRole", "sqs:PurgeQueue"),
}
DEPLOYER_NEVER = {f"dynamodb:{name}" for name in ("GetItem", "PutItem", "Query", "Scan")}


def test_every_call_of_a_file_is_found(tmp_path: Path) -> None:
    file = tmp_path / "verb.py"
    file.write_text('def act(d, dynamodb): d.client("pipes").stop_pipe(); dynamodb.get_item()')
    assert calls_in([file]) == {"pipes:StopPipe", "dynamodb:GetItem"}


def test_the_operator_may_do_what_hakika_calls_and_no_more() -> None:
    actions = operator_actions()
    assert {"lambda:InvokeFunction", "dynamodb:ConditionCheckItem", "pipes:DescribePipe"} < actions
    assert not actions & OPERATOR_NEVER
    assert not [each for each in actions if "*" in each]
    assert len(actions) < 30


@cache
def statements(person: Person) -> list[dict[str, Any]]:
    """What the person's policies say."""
    actions = operator_actions() if person is Person.OPERATOR else deployer_actions()
    made: list[dict[str, Any]] = document(actions, STACK, person)["Statement"]
    return made


def may(person: Person, action: str, arn: str) -> bool:
    """Whether the person's policies allow an action on a resource."""
    return any(
        action in statement["Action"] and fnmatch(arn, resource)
        for statement in statements(person)
        for resource in statement["Resource"]
    )


SECRETS = [
    name
    for name, each in load_template()["Resources"].items()
    if each["Type"] == "AWS::SecretsManager::Secret"
]
STORED = {
    Person.OPERATOR: {"PaybillSecret", "InitiatorSecret"},
    Person.DEPLOYER: {"DarajaSecret", "JwtSecret", "PepperSecret"},
}
"""The secrets that a command of the person writes: `hakika`, and tools/store_secrets.py."""
READ_BY_OPERATOR = {f"{name}Secret" for name in ("Daraja", "Jwt", "Paybill", "Pepper", "Webhook")}


@pytest.mark.parametrize("name", SECRETS)
def test_each_secret_is_made_stored_and_read_by_who_needs_it(name: str) -> None:
    """AWS names a secret after its logical id, without the stack."""
    arn = f"arn:aws:secretsmanager:eu-west-1:123456789012:secret:{name}-aBcD1234-x1Y2z3"
    for action in ("CreateSecret", "UpdateSecret", "TagResource", "DeleteSecret"):
        assert may(Person.DEPLOYER, f"secretsmanager:{action}", arn), action
        assert not may(Person.OPERATOR, f"secretsmanager:{action}", arn), action
    for person, names in STORED.items():
        assert may(person, "secretsmanager:PutSecretValue", arn) is (name in names), person
    assert may(Person.OPERATOR, "secretsmanager:GetSecretValue", arn) is (name in READ_BY_OPERATOR)


@pytest.mark.parametrize("name", ["cleanup", "refunds", "desk", "callback", "stk-push"])
def test_the_operator_invokes_the_two_functions_that_hakika_invokes(name: str) -> None:
    arn = f"arn:aws:lambda:eu-west-1:123456789012:function:{STACK}-{name}"
    is_invoked = name in {"cleanup", "refunds"}
    assert may(Person.OPERATOR, "lambda:InvokeFunction", arn) is is_invoked
    assert may(Person.OPERATOR, "lambda:GetFunctionConfiguration", arn)


@pytest.mark.parametrize("action", ["DeleteStack", "DescribeStackResources", "DescribeStackEvents"])
def test_the_deployer_may_type_what_a_refused_deployment_prints(action: str) -> None:
    stack = f"arn:aws:cloudformation:eu-west-1:123456789012:stack/{STACK}/1"
    assert may(Person.DEPLOYER, f"cloudformation:{action}", stack)
    assert not may(Person.DEPLOYER, f"cloudformation:{action}", stack.replace(STACK, "shop"))


def test_the_operator_writes_the_c2b_digests_and_the_initiator_and_no_other_secret() -> None:
    own = statements(Person.OPERATOR)
    writing = [each for each in own if "secretsmanager:PutSecretValue" in each["Action"]]
    secrets = "arn:aws:secretsmanager:*:*:secret:"
    assert writing == [
        {
            "Effect": "Allow",
            "Action": ["secretsmanager:PutSecretValue"],
            "Resource": [f"{secrets}*PaybillSecret-*", f"{secrets}*InitiatorSecret-*"],
        }
    ]
    reading = [each for each in own if "secretsmanager:GetSecretValue" in each["Action"]]
    assert "Initiator" not in str(reading)


def test_the_deployer_may_make_every_type_and_touches_no_payment() -> None:
    actions = deployer_actions()
    services = {action.partition(":")[0] for action in actions}
    assert len(resource_types()) > 20
    assert {"dynamodb", "pipes", "scheduler", "acm", "route53", "cloudformation", "s3"} < services
    assert {"dynamodb:UpdateTable", "cloudformation:UpdateTerminationProtection"} < actions
    assert not actions & DEPLOYER_NEVER


def test_what_could_hurt_another_system_is_limited_to_this_stack() -> None:
    harmful = ("dynamodb", "secretsmanager", "iam", "lambda", "sqs")
    harmless = ("List", "Get", "CreateEventSourceMapping", "CreateServiceLinkedRole")
    for person in Person:
        on_everything = {
            tuple(action.split(":"))
            for statement in statements(person)
            for action in statement["Action"]
            if "*" in statement["Resource"]
        }
        assert [
            (service, name)
            for service, name in on_everything
            if service in harmful and not name.startswith(harmless)
        ] == []


def test_each_document_fits_into_a_managed_policy_and_none_is_lost() -> None:
    made = documents(deployer_actions(), STACK, Person.DEPLOYER)
    assert all(
        len(json.dumps(each, separators=(",", ":"))) <= POLICY_CHARACTERS_MAX for each in made
    )
    granted = {each for page in made for part in page["Statement"] for each in part["Action"]}
    assert granted == deployer_actions()

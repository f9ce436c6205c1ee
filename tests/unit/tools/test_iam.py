"""The policies grant what the code calls, on this deployment's own resources."""

import json
from pathlib import Path

from tools.iam import (
    POLICY_CHARACTERS_MAX,
    calls_in,
    deployer_actions,
    document,
    documents,
    operator_actions,
    resource_types,
)

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


def test_the_operator_writes_the_c2b_digests_and_the_initiator_and_no_other_secret() -> None:
    statements = document(operator_actions(), STACK)["Statement"]
    writing = [each for each in statements if "secretsmanager:PutSecretValue" in each["Action"]]
    secrets = "arn:aws:secretsmanager:*:*:secret:"
    assert writing == [
        {
            "Effect": "Allow",
            "Action": ["secretsmanager:PutSecretValue"],
            "Resource": [f"{secrets}*PaybillSecret-*", f"{secrets}*InitiatorSecret-*"],
        }
    ]
    reading = [each for each in statements if "secretsmanager:GetSecretValue" in each["Action"]]
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
    for actions in (operator_actions(), deployer_actions()):
        on_everything = {
            tuple(action.split(":"))
            for statement in document(actions, STACK)["Statement"]
            for action in statement["Action"]
            if "*" in statement["Resource"]
        }
        assert [
            (service, name)
            for service, name in on_everything
            if service in harmful and not name.startswith(harmless)
        ] == []


def test_each_document_fits_into_a_managed_policy_and_none_is_lost() -> None:
    made = documents(deployer_actions(), STACK)
    assert all(
        len(json.dumps(each, separators=(",", ":"))) <= POLICY_CHARACTERS_MAX for each in made
    )
    granted = {each for page in made for part in page["Statement"] for each in part["Action"]}
    assert granted == deployer_actions()

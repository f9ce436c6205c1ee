"""`make deploy`: explicit parameters, and what is refused before anything is built."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from tools.deploy.__main__ import plan, refuse_other_regions, show_changes
from tools.deploy.errors import DeployError
from tools.deploy.parameters import as_overrides, changes, explicit
from tools.deploy.stack import Stack, read_stack, refuse_unusable
from tools.samconfig import Target, read_target
from tools.template import load_template

TEMPLATE = load_template()
ROOT = Path(__file__).resolve().parents[3]
ACCOUNT = "123456789012"
PRODUCTION = {
    **read_target("production").overrides,
    "SafaricomShortcode": "600988",
    "CallbackFunctionUrl": "true",
    "AllowedOrigins": "https://www.example.co.ke",
    "AlarmTopicArn": f"arn:aws:sns:eu-west-1:{ACCOUNT}:alarms",
}


def target(**overrides: str) -> Target:
    return Target(
        environment="production",
        stack="hakika-production",
        region="eu-west-1",
        overrides={**PRODUCTION, **overrides},
    )


@pytest.mark.parametrize("environment", ["local", "sandbox", "production"])
def test_every_parameter_is_given_with_the_overrides_of_samconfig(environment: str) -> None:
    overrides = read_target(environment).overrides
    given = explicit(TEMPLATE, overrides)
    assert set(given) == set(TEMPLATE["Parameters"])
    assert given["QuerySpacingSeconds"] == overrides.get("QuerySpacingSeconds", "12")
    assert given["JwksUrl"] == ""
    assert 'JwksUrl=""' in as_overrides(given)


def test_a_value_survives_sams_quoting_or_is_refused() -> None:
    assert as_overrides({"JwtAudience": 'a "b" c'}) == ['JwtAudience="a \\"b\\" c"']
    for value in ("a\\b", "a\nb"):
        with pytest.raises(DeployError, match="JwtAudience"):
            as_overrides({"JwtAudience": value})


def test_changes_are_shown_old_to_new() -> None:
    stack = Stack(
        "UPDATE_COMPLETE", {"Same": "1", "CallbackUrlBase": "https://a.example", "Gone": "x"}
    )
    wanted = {"Same": "1", "CallbackUrlBase": "", "New": "2"}
    assert [each.name for each in changes(stack.parameters, wanted)] == [
        "CallbackUrlBase",
        "Gone",
        "New",
    ]
    console = Console(record=True, width=120)
    show_changes(console, stack, wanted)
    assert "CallbackUrlBase: 'https://a.example' -> ''" in console.export_text()


def test_production_as_documented_is_not_refused() -> None:
    assert plan(target())["Environment"] == "production"


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        ({"CallbackFunctionUrl": "false"}, 'contains "exe"'),
        ({"Enviroment": "production"}, "no such"),
        *(
            ({name: f"arn:aws:{rest}"}, f"{name} is of us-east-1")
            for name, rest in (
                ("AlarmTopicArn", f"sns:us-east-1:{ACCOUNT}:alarms"),
                ("CertificateArn", f"acm:us-east-1:{ACCOUNT}:certificate/a"),
                ("TableKmsKeyArn", f"kms:us-east-1:{ACCOUNT}:key/a"),
            )
        ),
    ],
)
def test_what_would_not_work_is_refused_before_the_build(
    overrides: dict[str, str], sentence: str
) -> None:
    with pytest.raises(DeployError, match=sentence):
        plan(target(**overrides))


def test_make_deploys_to_no_other_environment() -> None:
    done = subprocess.run(
        ["make", "deploy", "ENV=prod"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert 'ENV is sandbox or production, not "prod"' in done.stderr


def test_a_sandbox_is_not_asked_for_what_production_needs() -> None:
    assert plan(read_target("sandbox"))["AlarmTopicArn"] == ""


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_a_shell_of_another_region_is_refused(name: str) -> None:
    refuse_other_regions({name: "eu-west-1"}, target())
    refuse_other_regions({"AWS_REGION": ""}, target())
    with pytest.raises(DeployError, match=f"export {name}=eu-west-1"):
        refuse_other_regions({name: "us-east-1"}, target())


@pytest.mark.parametrize(
    ("status", "command"),
    [
        (None, None),
        ("REVIEW_IN_PROGRESS", None),
        ("CREATE_COMPLETE", None),
        ("UPDATE_ROLLBACK_COMPLETE", None),
        ("ROLLBACK_COMPLETE", "delete-stack --region eu-west-1 --stack-name hakika-production"),
        ("ROLLBACK_FAILED", "delete-stack"),
        ("DELETE_FAILED", "look before you delete"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
        ("UPDATE_IN_PROGRESS", "somebody deploys it now"),
    ],
)
def test_a_stack_that_cannot_be_deployed_to_is_refused_with_the_commands(
    status: str | None, command: str | None
) -> None:
    stack = Stack(status)
    if command is None:
        refuse_unusable(stack, target())
    else:
        with pytest.raises(DeployError, match=command):
            refuse_unusable(stack, target())


def test_nobody_is_told_to_delete_a_stack_that_may_hold_payments() -> None:
    with pytest.raises(DeployError) as refused:
        refuse_unusable(Stack("DELETE_FAILED"), target())
    assert "delete-stack" not in str(refused.value)
    assert "holds no payments" not in str(refused.value)


class CloudFormation:
    """Refuses to describe any stack."""

    def __init__(self, message: str) -> None:
        self._error = {"Error": {"Code": "ValidationError", "Message": message}}

    def describe_stacks(self, **_: str) -> dict[str, Any]:
        raise ClientError(self._error, "DescribeStacks")  # type: ignore[arg-type, unused-ignore]


def test_only_a_stack_that_does_not_exist_is_no_stack() -> None:
    assert not read_stack(CloudFormation("Stack with id x does not exist"), "x").exists
    with pytest.raises(ClientError):
        read_stack(CloudFormation("no permission"), "x")

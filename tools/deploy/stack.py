"""What AWS says of a stack before and after a deployment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from tools.deploy.errors import DeployError
from tools.samconfig import Target

MADE_NOTHING = "REVIEW_IN_PROGRESS"
DELETE_FIRST = ("CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED")


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack; status None where there is none."""

    status: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def exists(self) -> bool:
        """Whether anything of it was ever made."""
        return self.status not in (None, MADE_NOTHING)


def read_stack(cloudformation: Any, name: str) -> Stack:
    """Return what is deployed under this name. Errors: ClientError where AWS refuses."""
    try:
        [found] = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if "does not exist" in error.response["Error"].get("Message", ""):
            return Stack()
        raise
    parameters = {each["ParameterKey"]: each["ParameterValue"] for each in found["Parameters"]}
    outputs = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}
    return Stack(found["StackStatus"], parameters, outputs)


def refuse_unusable(stack: Stack, target: Target) -> None:
    """Pass only a stack that can be deployed to. Errors: DeployError has the commands."""
    status = stack.status or ""
    where = f"--region {target.region} --stack-name {target.stack}"
    if status in DELETE_FIRST:
        raise DeployError(
            f"{target.stack} is {status}: AWS deploys to it only after it was deleted. Its first "
            "deployment failed, so it holds no payments. Read why, delete it, deploy again:\n"
            f"  aws cloudformation describe-stack-events {where}\n"
            f"  aws cloudformation delete-stack {where}\n"
            f"  aws cloudformation wait stack-delete-complete {where}"
        )
    if status == "DELETE_FAILED":
        raise DeployError(
            f"{target.stack} is {status}: somebody began to delete it, and AWS deploys to it no "
            "more. Its table may still be there, with every payment: look before you delete "
            "anything. What is left, and why:\n"
            f"  aws cloudformation describe-stack-resources {where}\n"
            f"  aws cloudformation describe-stack-events {where}\n"
            "To go on with its table: docs/runbook.md, Restore, step 3. To delete all of it: "
            "docs/deploy.md, Afterwards"
        )
    if status == "UPDATE_ROLLBACK_FAILED":
        raise DeployError(
            f"{target.stack} is {status}: put right what its events name, then\n"
            f"  aws cloudformation continue-update-rollback {where}"
        )
    if status.endswith("_IN_PROGRESS") and status != MADE_NOTHING:
        raise DeployError(f"{target.stack} is {status}: somebody deploys it now. Wait for the end")

"""Which deployment is meant, and the payment layer composed for it.

Everything is read from what is deployed (the stack's outputs, its functions' own environment), so
that the command decides with the same times and limits as the functions do.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import requests
from payments.aws.adapters import Adapters
from payments.aws.runtime import Runtime
from payments.aws.settings import Settings, read_settings

from tools.hakika.errors import DeploymentError
from tools.hakika.notes import Notes
from tools.samconfig import region_of

ROOT = Path(__file__).resolve().parents[2]
LOCAL_FILE = ROOT / ".local" / "stack.json"
READ_TIMEOUT_SECONDS = 70
"""Longer than a run of the cleanup function, which `reconcile now` waits for."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What the command line says about the deployment; None where it says nothing."""

    stack: str | None = None
    profile: str | None = None
    region: str | None = None
    is_local: bool = False
    local_file: Path = LOCAL_FILE


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One deployment and how to reach its parts."""

    name: str
    region: str
    is_local: bool
    api_url: str
    outputs: Mapping[str, str]
    adapters: Adapters
    notes: Notes = field(default_factory=Notes)
    api_session: Callable[[], requests.Session] = requests.Session

    @cached_property
    def runtime(self) -> Runtime:
        """The payment layer, composed as the functions compose it. Errors: SettingsError."""
        return Runtime(self.settings, self.adapters, observer=self.notes)

    @cached_property
    def settings(self) -> Settings:
        """The settings of the deployed cleanup function, and what other functions know besides."""
        return read_settings(
            {
                **self.environment("cleanup"),
                "PEPPER_SECRET_ARN": self.outputs.get("PepperSecretArn", ""),
                "FALLBACK_QUEUE_URL": self.outputs.get("FallbackQueueUrl", ""),
                "WEBHOOK_QUEUE_URL": self.outputs.get("WebhookQueueUrl", ""),
                "MONEY_QUEUE_URL": self.outputs.get("MoneyQueueUrl", ""),
                "PAYBILL_SECRET_ARN": self.outputs.get("PaybillSecretArn", ""),
            }
        )

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        """The parameters that the stack was deployed with. Errors: ClientError."""
        [stack] = self.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
        return {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}

    def client(self, service: str) -> Any:
        """A client of one AWS service."""
        return self.adapters.aws_client(service)

    def function_name(self, function: str) -> str:
        """The deployed name of `cleanup`, `stk-push`, `callback`, ..."""
        return f"{self.name}-{function}"

    def environment(self, function: str) -> Mapping[str, str]:
        """What the template told a function; never a secret, those are read at run time."""
        found = self.client("lambda").get_function_configuration(
            FunctionName=self.function_name(function)
        )
        variables: Mapping[str, str] = found.get("Environment", {}).get("Variables", {})
        return variables

    def default_person(self) -> str | None:
        """Who the credentials say is there; on the local stack, who is logged in."""
        if self.is_local:
            return os.environ.get("USER") or os.environ.get("LOGNAME")
        arn = self.identity().removeprefix("operator:")
        return arn.rpartition(":")[2].removeprefix("assumed-role/").removeprefix("user/")

    def identity(self) -> str:
        """Who acts, as a refund keeps it: the credentials' ARN. A typed name is only a note."""
        if self.is_local:
            return f"operator:local/{os.environ.get('USER') or os.environ.get('LOGNAME') or ''}"
        return f"operator:{self.client('sts').get_caller_identity()['Arn']}"


def resolve(choice: Choice) -> Deployment:
    """Return the deployment: --local, else --stack, else the local stack that is running.

    Errors: DeploymentError.
    """
    if choice.is_local and choice.stack:
        raise DeploymentError("--local and --stack name two deployments: give one of them")
    stack = choice.stack or os.environ.get("HAKIKA_STACK")
    if stack and not choice.is_local:
        return _on_aws(choice, stack)
    running = _running_locally(choice.local_file)
    if running is not None:
        return running
    if choice.is_local:
        raise DeploymentError(
            f"No local stack is running ({choice.local_file}): start it, make run"
        )
    raise DeploymentError(
        "Which deployment? Give --stack NAME (with --profile and --region), for example "
        "--stack hakika-production, or start a local one with: make run"
    )


def _running_locally(file: Path) -> Deployment | None:
    from local import aws
    from local.moved_clock import stack_clock
    from local.state import read_running

    state = read_running(file)
    if state is None:
        return None
    endpoint_url = state.endpoint_url
    return Deployment(
        name=_stack_name(state.outputs),
        region=state.region,
        is_local=True,
        api_url=state.api_url,
        outputs=state.outputs,
        adapters=Adapters(
            clock=stack_clock(file.resolve().parent),
            aws_client=lambda service: aws.client(service, endpoint_url),
        ),
    )


def _on_aws(choice: Choice, stack: str) -> Deployment:
    import boto3
    from botocore.exceptions import ClientError, ProfileNotFound

    try:
        region = choice.region or region_of(stack)
        session = boto3.Session(profile_name=choice.profile, region_name=region)
    except ProfileNotFound as error:
        raise DeploymentError(f"AWS profile {choice.profile} is not configured") from error
    if session.region_name is None:
        raise DeploymentError("Which AWS region? Give --region, for example --region eu-west-1")
    new_client = _client_maker(session)
    try:
        described = new_client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        raise DeploymentError(
            f"Stack {stack} cannot be read in {session.region_name}: "
            f"{error.response['Error']['Message']}"
        ) from error
    outputs = {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])}
    if "CleanupFunctionName" not in outputs:
        raise DeploymentError(f"Stack {stack} is none of Hakika's: it has no CleanupFunctionName")
    return Deployment(
        name=_stack_name(outputs),
        region=session.region_name,
        is_local=False,
        api_url=outputs["ApiUrl"],
        outputs=outputs,
        adapters=Adapters(aws_client=new_client),
    )


def _client_maker(session: Any) -> Callable[[str], Any]:
    from botocore.config import Config

    config = Config(
        connect_timeout=5,
        read_timeout=READ_TIMEOUT_SECONDS,
        retries={"mode": "standard", "total_max_attempts": 3},
    )
    return lambda service: session.client(service, config=config)


def _stack_name(outputs: Mapping[str, str]) -> str:
    return outputs["CleanupFunctionName"].removesuffix("-cleanup")

"""The steps of `make deploy`: check, build, run. Each reads samconfig.toml and template anew."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.text import Text

from tools.deploy.errors import DeployError
from tools.deploy.indexes import Step, keep_indexes, plan_steps, wait_until_active
from tools.deploy.parameters import as_overrides, changes, explicit, refuse_foreign_arns
from tools.deploy.releases import read_deployed, refuse_to_skip
from tools.deploy.rules import refuse_broken_rules
from tools.deploy.stack import Stack, read_stack, refuse_unusable
from tools.samconfig import SAMCONFIG, Target, read_target
from tools.template import TEMPLATE, as_json, load_template

ROOT = Path(__file__).resolve().parents[2]
SAM = str(ROOT / ".venvs" / "build" / "bin" / "sam")
BUILT = ROOT / ".aws-sam" / "build" / "template.yaml"
REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
Environment = Annotated[str, typer.Option("--env", help="sandbox or production")]
Samconfig = Annotated[Path, typer.Option(help="Another samconfig.toml, for tests")]


def plan(target: Target) -> dict[str, str]:
    """Return every parameter of a deployment. Errors: DeployError where it would not work."""
    template = load_template()
    parameters = explicit(template, target.overrides)
    refuse_foreign_arns(parameters, target.region)
    refuse_broken_rules(template, parameters)
    return parameters


def refuse_other_regions(environ: Mapping[str, str], target: Target) -> None:
    """Pass only a shell whose `aws` commands go where the stack is. Errors: DeployError."""
    for name in REGION_VARIABLES:
        if environ.get(name, target.region) not in ("", target.region):
            raise DeployError(
                f"{name} is {environ[name]}, but samconfig.toml deploys {target.stack} to "
                f"{target.region}. Your `aws` commands would go elsewhere: "
                f"export {name}={target.region}"
            )


def identify(session: Any) -> str:
    """Return who deploys, and where to. Errors: DeployError where nobody is logged in."""
    try:
        who = session.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        raise DeployError(
            f"AWS does not know you ({error}). Log in (aws sso login), and name the profile: "
            "export AWS_PROFILE=NAME"
        ) from error
    return f"account {who['Account']}, as {who['Arn']}, region {session.region_name}"


def show_changes(console: Console, stack: Stack, parameters: Mapping[str, str]) -> None:
    """Print what the deployment does to the parameters, old -> new."""
    if not stack.exists:
        console.print(f"A new stack with {len(parameters)} parameters.")
        return
    moves = changes(stack.parameters, parameters)
    console.print(f"Parameters that change: {len(moves) or 'none'}")
    for each in moves:
        old, new = ("(none)" if value is None else repr(value) for value in (each.old, each.new))
        console.print(Text(f"  {each.name}: {old} -> {new}"))


@app.command()
def check(environment: Environment, samconfig: Samconfig = SAMCONFIG) -> None:
    """Refuse, before anything is built, what could not be deployed."""
    target = read_target(environment, samconfig)
    plan(target)
    refuse_other_regions(os.environ, target)
    session = boto3.Session(region_name=target.region)
    Console().print(f"Deploying {target.stack}: {identify(session)}", highlight=False)
    cloudformation = session.client("cloudformation")
    stack = read_stack(cloudformation, target.stack)
    refuse_unusable(stack, target)
    deployed = read_deployed(cloudformation, stack, target.stack)
    refuse_to_skip(stack, deployed, load_template(), target)


@app.command()
def build(environment: Environment, samconfig: Samconfig = SAMCONFIG) -> None:
    """Build for the processor that is deployed, and slim the layer."""
    processor = plan(read_target(environment, samconfig))["Arch"]
    _run([SAM, "build", "--parallel", "--parameter-overrides", f"Arch={processor}"])
    _run([sys.executable, "-m", "tools.slim_layer", str(BUILT.parent)])


@app.command()
def run(
    environment: Environment,
    samconfig: Samconfig = SAMCONFIG,
    template: Annotated[Path, typer.Option(help="The built template")] = BUILT,
) -> None:
    """Show what changes, then deploy; sam asks first where samconfig.toml confirms change sets."""
    target = read_target(environment, samconfig)
    parameters = plan(target)
    session = boto3.Session(region_name=target.region)
    cloudformation = session.client("cloudformation")
    stack = read_stack(cloudformation, target.stack)
    deployed, wanted = read_deployed(cloudformation, stack, target.stack), load_template(template)
    refuse_to_skip(stack, deployed, wanted, target)
    config = ["--config-file", str(samconfig), "--config-env", environment]
    console = Console(soft_wrap=True)
    _deploy_steps(console, session, stack, plan_steps(deployed, wanted), config)
    show_changes(console, stack, parameters)
    _deploy(template, parameters, config)
    now = read_stack(cloudformation, target.stack)
    if not now.exists or changes(now.parameters, parameters):
        raise DeployError(f"Nothing was deployed: {target.stack} is as it was before")


@app.command("keep-indexes")
def keep(
    into: Annotated[Path, typer.Option(help="template.yaml of the earlier release")],
) -> None:
    """Write this release's indexes into an earlier release's template, before going back to it."""
    older, newer = into.read_text(encoding="utf-8"), TEMPLATE.read_text(encoding="utf-8")
    into.write_text(keep_indexes(older, newer), encoding="utf-8")


def _deploy_steps(
    console: Console, session: Any, stack: Stack, steps: list[Step], config: list[str]
) -> None:
    """Deploy what runs already with one index more, until one is left for the release itself."""
    if not steps:
        return
    console.print(
        f"AWS adds one index in one update, so this takes {len(steps) + 1} deployments. "
        "The first add an index to what runs now; the last is this release."
    )
    for number, step in enumerate(steps, 1):
        console.print(f"Deployment {number} of {len(steps) + 1}: the index {step.index}")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "template.json"
            file.write_text(as_json(step.template), encoding="utf-8")
            _deploy(file, stack.parameters, config)
        dynamodb = session.client("dynamodb")
        wait_until_active(dynamodb, stack.outputs["TableName"], step.index, sleep=time.sleep)
    console.print(f"Deployment {len(steps) + 1} of {len(steps) + 1}: this release")


def _deploy(template: Path, parameters: Mapping[str, str], config: list[str]) -> None:
    overrides = ["--parameter-overrides", *as_overrides(parameters)]
    _run([SAM, "deploy", *config, "--template-file", str(template), *overrides])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, check=False)  # noqa: S603 - our own commands
    if done.returncode:
        raise typer.Exit(done.returncode)


def main() -> None:
    """Carry out one step; exit code 1 with a sentence where it is refused."""
    try:
        app()
    except (DeployError, ClientError, BotoCoreError) as error:
        print(f"Not deployed: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()

"""`make deploy`: a stack whose table refuses to be deleted refuses it as a whole.

DynamoDB's own protection keeps the table, but CloudFormation would meet it only after it has
deleted the functions and the API. Termination protection refuses before anything is touched.
"""

from typing import Annotated, Any

import boto3
import typer
from rich.console import Console

from tools.samconfig import region_of


def protect(cloudformation: Any, stack: str) -> bool:
    """Turn termination protection on where the stack protects its table; say whether it does.

    Idempotent. It is never turned off here: that is a person's decision (docs/deploy.md).
    """
    [description] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    parameters = {
        each["ParameterKey"]: each["ParameterValue"] for each in description["Parameters"]
    }
    is_protected: bool = parameters["DeletionProtection"] == "true"
    if is_protected:
        cloudformation.update_termination_protection(
            StackName=stack, EnableTerminationProtection=True
        )
    return is_protected


def main(
    stack: Annotated[str, typer.Option(help="The deployed stack, for example hakika-sandbox")],
    region: Annotated[
        str | None, typer.Option(envvar="AWS_REGION", help="AWS region; else samconfig.toml's")
    ] = None,
    profile: Annotated[str | None, typer.Option(help="AWS profile")] = None,
) -> None:
    """Protect a stack against deletion where its parameter DeletionProtection is true."""
    session = boto3.Session(profile_name=profile, region_name=region or region_of(stack))
    if protect(session.client("cloudformation"), stack):
        Console().print(f"{stack} is protected against deletion, the whole stack and its table.")


if __name__ == "__main__":
    typer.run(main)

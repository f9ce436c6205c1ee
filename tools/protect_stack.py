"""`make deploy`: where the parameter DeletionProtection is true, neither table nor stack can go.

The template leaves the table open, so that a first deployment that fails can roll back: AWS cannot
delete a protected table, and a stack that cannot roll back cannot be deployed to. Termination
protection refuses before CloudFormation deletes the functions and the API.
"""

from typing import Annotated, Any

import boto3
import typer
from rich.console import Console

from tools.deploy.stack import read_stack
from tools.samconfig import region_of


def protect(cloudformation: Any, dynamodb: Any, stack: str) -> bool:
    """Protect table and stack where the parameter asks for it; return whether it does.

    Idempotent. Neither is ever switched off here: that is a person's decision (docs/deploy.md).
    """
    deployed = read_stack(cloudformation, stack)
    if deployed.parameters["DeletionProtection"] != "true":
        return False
    table = deployed.outputs["TableName"]
    described = dynamodb.describe_table(TableName=table)["Table"]
    if not described.get("DeletionProtectionEnabled"):
        dynamodb.update_table(TableName=table, DeletionProtectionEnabled=True)
    cloudformation.update_termination_protection(StackName=stack, EnableTerminationProtection=True)
    return True


def main(
    stack: Annotated[str, typer.Option(help="The deployed stack, for example hakika-sandbox")],
    region: Annotated[
        str | None, typer.Option(envvar="AWS_REGION", help="AWS region; else samconfig.toml's")
    ] = None,
    profile: Annotated[str | None, typer.Option(help="AWS profile")] = None,
) -> None:
    """Protect a stack against deletion where its parameter DeletionProtection is true."""
    session = boto3.Session(profile_name=profile, region_name=region or region_of(stack))
    if protect(session.client("cloudformation"), session.client("dynamodb"), stack):
        Console().print(f"{stack} is protected against deletion, the whole stack and its table.")


if __name__ == "__main__":
    typer.run(main)

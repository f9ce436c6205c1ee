"""`make secrets ENV=sandbox`: stores a deployment's secrets without showing them to anybody.

Daraja's credentials are asked for without echo (so they reach neither screen nor shell history)
and tried against Daraja's OAuth before they are stored. The JWT secret and the phone pepper are
generated where they are not set; a JWT secret can be rotated with the old one still accepted.
"""

import json
import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import boto3
import requests
import typer
from botocore.exceptions import ClientError
from rich.console import Console

from tools.samconfig import region_of

OAUTH_PATH = "/oauth/v1/generate"
OAUTH_TIMEOUT_SECONDS = (5, 15)
JWT_SECRET_BYTES = 48
PEPPER_BYTES = 32
DARAJA_NAMES = {
    "SAFARICOM_CONSUMER_KEY": "Consumer key",
    "SAFARICOM_CONSUMER_SECRET": "Consumer secret",
    "SAFARICOM_PASSKEY": "Passkey (Lipa na M-Pesa Online)",
}


class SecretsError(Exception):
    """One sentence that says what to do; never the text of a secret."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where a deployment keeps its secrets, and which Daraja it talks to."""

    daraja_arn: str
    jwt_arn: str
    pepper_arn: str
    base_url: str


def read_places(cloudformation: Any, stack: str) -> Places:
    """Read a stack's outputs and parameters. Errors: SecretsError."""
    try:
        [description] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        raise SecretsError(f"There is no stack {stack}: deploy it first") from error
    outputs = {each["OutputKey"]: each["OutputValue"] for each in description["Outputs"]}
    parameters = {
        each["ParameterKey"]: each["ParameterValue"] for each in description["Parameters"]
    }
    return Places(
        daraja_arn=outputs["DarajaSecretArn"],
        jwt_arn=outputs["JwtSecretArn"],
        pepper_arn=outputs["PepperSecretArn"],
        base_url=parameters["SafaricomBase"],
    )


def try_credentials(
    values: Mapping[str, str], base_url: str, *, get: Callable[..., requests.Response]
) -> None:
    """Ask Daraja for a token. Errors: SecretsError where it refuses or does not answer."""
    try:
        response = get(
            base_url.rstrip("/") + OAUTH_PATH,
            params={"grant_type": "client_credentials"},
            auth=(values["SAFARICOM_CONSUMER_KEY"], values["SAFARICOM_CONSUMER_SECRET"]),
            timeout=OAUTH_TIMEOUT_SECONDS,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        raise SecretsError(f"Daraja at {base_url} does not answer: nothing was stored") from error
    if response.status_code != 200 or "access_token" not in _json(response):
        raise SecretsError(
            f"Daraja refuses these credentials (HTTP {response.status_code}): nothing was stored. "
            "Keys work in one environment only; is the app's key for this one?"
        )


def is_stored(client: Any, places: Places) -> bool:
    """Whether every one of Daraja's credentials has a value."""
    values = _read(client, places.daraja_arn)
    return all(values.get(name) for name in DARAJA_NAMES)


def store_daraja(client: Any, places: Places, values: Mapping[str, str]) -> None:
    """Replace Daraja's credentials; functions see them within five minutes."""
    client.put_secret_value(SecretId=places.daraja_arn, SecretString=json.dumps(dict(values)))


def rotate_jwt(client: Any, places: Places) -> None:
    """Make a new JWT secret; the present one stays accepted as the previous."""
    present = _read(client, places.jwt_arn).get("JWT_SECRET", "")
    values = {
        "JWT_SECRET": secrets.token_urlsafe(JWT_SECRET_BYTES),
        "JWT_SECRET_PREVIOUS": present,
    }
    client.put_secret_value(SecretId=places.jwt_arn, SecretString=json.dumps(values))


def ensure_generated(client: Any, places: Places) -> list[str]:
    """Generate what is missing, and say what was. The pepper is never replaced."""
    made = []
    wanted = (
        (places.jwt_arn, "JWT_SECRET", JWT_SECRET_BYTES),
        (places.pepper_arn, "PHONE_PEPPER", PEPPER_BYTES),
    )
    for arn, name, size in wanted:
        values = _read(client, arn)
        if values.get(name):
            continue
        values[name] = secrets.token_urlsafe(size)
        client.put_secret_value(SecretId=arn, SecretString=json.dumps(values))
        made.append(name)
    return made


def _read(client: Any, arn: str) -> dict[str, str]:
    try:
        text = client.get_secret_value(SecretId=arn)["SecretString"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return {}
        raise
    values: dict[str, str] = json.loads(text)
    return values


def _json(response: requests.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return {}


def main(
    stack: Annotated[str, typer.Option(help="The deployed stack, for example hakika-sandbox")],
    region: Annotated[
        str | None, typer.Option(envvar="AWS_REGION", help="AWS region; else samconfig.toml's")
    ] = None,
    profile: Annotated[str | None, typer.Option(help="AWS profile")] = None,
    endpoint: Annotated[str | None, typer.Option(help="For the local stack's emulator")] = None,
    if_missing: Annotated[
        bool, typer.Option(help="Ask only where no credentials are stored yet, and only a person")
    ] = False,
    rotate_jwt_secret: Annotated[
        bool, typer.Option(help="Only make a new JWT secret; the old one stays accepted")
    ] = False,
) -> None:
    """Store a deployment's secrets; nothing is ever printed or put into shell history."""
    console = Console()
    session = boto3.Session(profile_name=profile, region_name=region or region_of(stack))
    client = session.client("secretsmanager", endpoint_url=endpoint)
    try:
        places = read_places(session.client("cloudformation", endpoint_url=endpoint), stack)
        if rotate_jwt_secret:
            rotate_jwt(client, places)
            console.print("A new JWT secret is stored; the one before is accepted beside it.")
            return
        if if_missing and is_stored(client, places):
            return
        if if_missing and not sys.stdin.isatty():
            console.print(f"Daraja's credentials are not stored yet: make secrets, for {stack}")
            return
        values = {
            name: typer.prompt(prompt, hide_input=True).strip()
            for name, prompt in DARAJA_NAMES.items()
        }
        try_credentials(values, places.base_url, get=requests.get)
        store_daraja(client, places, values)
        made = ensure_generated(client, places)
    except SecretsError as error:
        console.print(str(error), style="red", highlight=False)
        raise typer.Exit(1) from error
    console.print("Daraja accepted the credentials, and they are stored.")
    if made:
        console.print(f"Generated: {', '.join(made)}")


if __name__ == "__main__":
    typer.run(main)

"""The accepted tokens of the C2B addresses, as the operator reads and changes them.

The secret also holds the address that was last registered, as Safaricom has no call that shows it.
"""

import json

from payments.aws.c2b_tokens import TOKENS

from tools.hakika.deployment import Deployment

ADDRESS = "C2B_REGISTERED_AT"


def read_digests(deployment: Deployment) -> list[str]:
    """Return the SHA-256 of each accepted token, the newest last."""
    return _read(deployment).get(TOKENS, "").split()


def read_registered_address(deployment: Deployment) -> str:
    """Return the base that was last registered; empty where none was, or its record is older."""
    return _read(deployment).get(ADDRESS, "")


def write_digests(
    deployment: Deployment, digests: list[str], *, address: str | None = None
) -> None:
    """Replace the accepted tokens; functions see it within five minutes, a new token at once.

    The recorded address stays unless another one is given.
    """
    values = _read(deployment) | {TOKENS: " ".join(digests)}
    if address is not None:
        values[ADDRESS] = address
    deployment.client("secretsmanager").put_secret_value(
        SecretId=deployment.outputs["PaybillSecretArn"], SecretString=json.dumps(values)
    )


def _read(deployment: Deployment) -> dict[str, str]:
    client = deployment.client("secretsmanager")
    stored = client.get_secret_value(SecretId=deployment.outputs["PaybillSecretArn"])
    return {name: str(value) for name, value in json.loads(stored["SecretString"]).items()}

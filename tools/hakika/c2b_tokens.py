"""The accepted tokens of the C2B addresses, as the operator reads and changes them."""

import json

from payments.aws.c2b_tokens import TOKENS

from tools.hakika.deployment import Deployment


def read_digests(deployment: Deployment) -> list[str]:
    """Return the SHA-256 of each accepted token, the newest last."""
    client = deployment.client("secretsmanager")
    stored = client.get_secret_value(SecretId=deployment.outputs["PaybillSecretArn"])
    return str(json.loads(stored["SecretString"]).get(TOKENS, "")).split()


def write_digests(deployment: Deployment, digests: list[str]) -> None:
    """Replace the accepted tokens; functions see it within five minutes, a new token at once."""
    deployment.client("secretsmanager").put_secret_value(
        SecretId=deployment.outputs["PaybillSecretArn"],
        SecretString=json.dumps({TOKENS: " ".join(digests)}),
    )

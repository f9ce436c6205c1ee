"""The secrets and tokens of the local stack: put, read and made, never printed but on purpose."""

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jwt

from local import aws
from local.deployment import Deployment
from local.settings import LocalSettings
from simulator.core.config import DEFAULT_APPS, DEFAULT_MERCHANTS

DAY_SECONDS = 86_400
TOKEN_NAME = re.compile(r"\bTOKEN:(?P<subject>[\w-]+)(?::(?P<scope>[\w:]+))?")
BOOKING_SCOPES = ("consultations:write", "payments:read", "refunds:request")


def put_secrets(deployment: Deployment, settings: LocalSettings) -> None:
    """Store Daraja's credentials, and what else .env gives: JWT secret, pepper, webhook secret.

    Idempotent: the same settings store the same values. Otherwise the generated ones stay.
    """
    secrets = aws.client("secretsmanager", deployment.endpoint_url)
    _put(secrets, deployment.outputs["DarajaSecretArn"], daraja_credentials(settings))
    jwt_secret = settings.values.get("JWT_SECRET")
    if jwt_secret:
        previous = settings.values.get("JWT_SECRET_PREVIOUS", "")
        value = {"JWT_SECRET": jwt_secret, "JWT_SECRET_PREVIOUS": previous}
        _put(secrets, deployment.outputs["JwtSecretArn"], value)
    webhook_secret = settings.values.get("WEBHOOK_SECRET")
    if webhook_secret and "WebhookSecretArn" in deployment.outputs:
        value = {"WEBHOOK_SECRET": webhook_secret, "WEBHOOK_SECRET_PREVIOUS": ""}
        _put(secrets, deployment.outputs["WebhookSecretArn"], value)
    pepper = settings.values.get("PHONE_PEPPER")
    if pepper:
        _put(secrets, deployment.outputs["PepperSecretArn"], {"PHONE_PEPPER": pepper})


def daraja_credentials(settings: LocalSettings) -> dict[str, str]:
    """Give the sandbox's credentials from .env, or those that the simulator knows."""
    names = ("SAFARICOM_CONSUMER_KEY", "SAFARICOM_CONSUMER_SECRET", "SAFARICOM_PASSKEY")
    if settings.uses_sandbox:
        return {name: settings.values[name] for name in names}
    app, merchant = DEFAULT_APPS[0], DEFAULT_MERCHANTS[0]
    return dict(zip(names, (app.consumer_key, app.consumer_secret, merchant.passkey), strict=True))


def read_jwt_secret(endpoint_url: str, outputs: Mapping[str, str]) -> str:
    """Read the secret that signs the stack's tokens."""
    secrets = aws.client("secretsmanager", endpoint_url)
    stored = secrets.get_secret_value(SecretId=outputs["JwtSecretArn"])["SecretString"]
    return str(json.loads(stored)["JWT_SECRET"])


def make_token(
    secret: str,
    subject: str,
    *,
    scopes: Sequence[str] = (),
    lifetime_seconds: int = DAY_SECONDS,
    clock: Callable[[], float] = time.time,
    **claims: object,
) -> str:
    """Sign a JWT for this subject, as the booking system's login would."""
    issued_at = int(clock())
    payload: dict[str, object] = {
        "sub": subject,
        "iat": issued_at,
        "exp": issued_at + lifetime_seconds,
        **claims,
    }
    if scopes:
        payload["scope"] = " ".join(scopes)
    return jwt.encode(payload, secret, algorithm="HS256")


def with_tokens(text: str, secret: str, *, clock: Callable[[], float] = time.time) -> str:
    """Put a token wherever the text names one: `TOKEN:subject` or `TOKEN:subject:scope`.

    The events of `events/` name their tokens so, because no token is committed.
    """
    return TOKEN_NAME.sub(
        lambda found: make_token(
            secret, found["subject"], scopes=(found["scope"] or "").split(), clock=clock
        ),
        text,
    )


def _put(secrets: Any, arn: str, value: Mapping[str, str]) -> None:
    secrets.put_secret_value(SecretId=arn, SecretString=json.dumps(value))

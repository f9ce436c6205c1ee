"""The careful peer's authorizer: PyJWT without cryptography, a low-level client, no logger."""

import json
import os
from typing import Any

import boto3
import jwt

secrets = boto3.client("secretsmanager")
kept: dict[str, str] = {}


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Lambda entry point: who asks, or no."""
    if not kept:
        found = secrets.get_secret_value(SecretId=os.environ["JWT_SECRET_ARN"])
        kept.update(json.loads(found["SecretString"]))
    token = event["headers"].get("authorization", "").removeprefix("Bearer ")
    try:
        claims = jwt.decode(token, kept["JWT_SECRET"], algorithms=["HS256"])
    except jwt.PyJWTError:
        return {"isAuthorized": False}
    return {"isAuthorized": True, "context": {"sub": claims["sub"]}}

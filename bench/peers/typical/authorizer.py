"""The typical peer's authorizer: PyJWT with its crypto extra, as tutorials install it."""

import json
import os
from typing import Any

import boto3
import jwt
from aws_lambda_powertools import Logger

logger = Logger()
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
        logger.info("refused")
        return {"isAuthorized": False}
    return {"isAuthorized": True, "context": {"sub": claims["sub"]}}

"""What the careful peer's three functions share: clients, answers, and Daraja."""

import base64
import json
import os
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics
from botocore.config import Config

PAYMENTS = os.environ["PEER_PAYMENTS"]
CONSULTATIONS = os.environ["PEER_CONSULTATIONS"]
BASE = os.environ["SAFARICOM_BASE"]
EAT = timedelta(hours=3)
logger = Logger()
metrics = Metrics()
dynamodb = boto3.client(
    "dynamodb", config=Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard"})
)
kept: dict[str, Any] = {"token": "", "token_until": 0.0, "secret": {}, "secret_until": 0.0}


def answer(status: int, body: dict[str, Any]) -> dict[str, Any]:
    """An HTTP API answer."""
    headers = {"Content-Type": "application/json"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(body)}


def client_of(event: dict[str, Any]) -> str:
    """Who asks, as the authorizer found."""
    return str(event["requestContext"]["authorizer"]["lambda"]["sub"])


def credentials() -> dict[str, str]:
    """The Daraja app's secrets, kept five minutes."""
    if time.time() >= kept["secret_until"]:
        secrets = boto3.client("secretsmanager")
        found = secrets.get_secret_value(SecretId=os.environ["DARAJA_SECRET_ARN"])
        kept.update(secret=json.loads(found["SecretString"]), secret_until=time.time() + 300)
    secret: dict[str, str] = kept["secret"]
    return secret


def signed() -> dict[str, str]:
    """The fields that prove who asks."""
    code = os.environ["SAFARICOM_SHORTCODE"]
    stamp = (datetime.now(UTC) + EAT).strftime("%Y%m%d%H%M%S")
    text = f"{code}{credentials()['SAFARICOM_PASSKEY']}{stamp}".encode()
    password = base64.b64encode(text).decode()
    return {"BusinessShortCode": code, "Password": password, "Timestamp": stamp}


def call_daraja(session: Any, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Post to Daraja on a kept connection and read its answer."""
    if time.time() >= kept["token_until"]:
        secret = credentials()
        found = session.get(
            f"{BASE}/oauth/v1/generate?grant_type=client_credentials",
            auth=(secret["SAFARICOM_CONSUMER_KEY"], secret["SAFARICOM_CONSUMER_SECRET"]),
            timeout=10,
        )
        found.raise_for_status()
        lives = int(found.json()["expires_in"]) - 60
        kept.update(token=found.json()["access_token"], token_until=time.time() + lives)
    headers = {"Authorization": f"Bearer {kept['token']}"}
    result: dict[str, Any] = session.post(
        f"{BASE}{path}", json=body, headers=headers, timeout=20
    ).json()
    return result

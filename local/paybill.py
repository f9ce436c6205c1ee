"""Registers the local stack's C2B addresses and its Pull with the simulator.

As `hakika paybill register` and `hakika pull register` do it with Safaricom.
"""

import hashlib
import json
import secrets

import requests

from local import aws
from local.credentials import daraja_credentials
from local.deployment import Deployment
from local.errors import LocalStackError
from local.settings import LocalSettings
from simulator.core.config import DEFAULT_MERCHANTS

NOMINATED_NUMBER = "254708374149"
ANSWER_SECONDS_MAX = 60.0
OAUTH_PATH = "/oauth/v1/generate"


def register_paybill(deployment: Deployment, settings: LocalSettings) -> None:
    """Register both, with a token made for this run. Errors: LocalStackError."""
    token = secrets.token_hex(32)
    digest = hashlib.sha256(token.encode()).hexdigest()
    aws.client("secretsmanager", deployment.endpoint_url).put_secret_value(
        SecretId=deployment.outputs["PaybillSecretArn"],
        SecretString=json.dumps({"C2B_TOKEN_SHA256": digest}),
    )
    shortcode = shortcode_of(settings)
    base = settings.callback_url_base
    session = _authorised(settings)
    _post(
        session,
        f"{settings.simulator_url}/mpesa/c2b/v2/registerurl",
        {
            "ShortCode": shortcode,
            "ResponseType": "Completed",
            "ConfirmationURL": f"{base}/api/c2b/{token}/confirmation",
            "ValidationURL": f"{base}/api/c2b/{token}/validation",
        },
    )
    _post(
        session,
        f"{settings.simulator_url}/pulltransactions/v1/register",
        {
            "ShortCode": shortcode,
            "RequestType": "Pull",
            "NominatedNumber": NOMINATED_NUMBER,
            "CallBackURL": f"{base}/api/pull",
        },
    )


def shortcode_of(settings: LocalSettings) -> str:
    """Give the shortcode of .env, unless the simulator does not know it."""
    known = [merchant.shortcode for merchant in DEFAULT_MERCHANTS]
    chosen = settings.values.get("SAFARICOM_SHORTCODE", "")
    return chosen if chosen in known else known[0]


def _authorised(settings: LocalSettings) -> requests.Session:
    """A session with an OAuth token; the functions fetch their own later, which ends this one."""
    credentials = daraja_credentials(settings)
    key = (credentials["SAFARICOM_CONSUMER_KEY"], credentials["SAFARICOM_CONSUMER_SECRET"])
    answer = requests.get(
        settings.simulator_url + OAUTH_PATH,
        params={"grant_type": "client_credentials"},
        auth=key,
        timeout=ANSWER_SECONDS_MAX,
    )
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return session


def _post(session: requests.Session, url: str, body: dict[str, str]) -> None:
    answer = session.post(url, json=body, timeout=ANSWER_SECONDS_MAX)
    if not answer.ok:
        raise LocalStackError(f"{url} answered {answer.status_code}: {answer.text[:300]}")

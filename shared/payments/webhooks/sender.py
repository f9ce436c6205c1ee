"""Sends one event as a signed HTTPS POST, by the Standard Webhooks specification.

Source: the specification in github.com/standard-webhooks/standard-webhooks, read 2026-11.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import requests
from standardwebhooks import Webhook

from payments.errors import UnavailableError
from payments.ports import Clock
from payments.protocol.delivery import Answer

TIMEOUT_SECONDS = (3, 7)
"""To connect, and to the answer's first line: ten seconds in all."""
KEY_PREFIX = "whsec_"
SECRET_BYTES_MIN = 24
"""What the specification asks for at least."""


class WebhookSender:
    """Posts events to one address. `secrets` gives the signing secrets, the newest first."""

    def __init__(
        self,
        session: requests.Session,
        *,
        url: str,
        secrets: Callable[[], Sequence[str]],
        clock: Clock,
    ) -> None:
        self._session = session
        self._url = url
        self._secrets = secrets
        self._clock = clock

    def send(self, event: Mapping[str, Any]) -> Answer:
        """Post the event once and return the receiver's answer; its body is never read.

        The address is a parameter of the deployment. A redirect is not followed, so no receiver can
        send us on to another address. Errors: UnavailableError where no secret can sign.
        """
        body = event_body(event)
        signed_at = datetime.fromtimestamp(int(self._clock()), UTC)
        headers = signed_headers(
            event["dedupe_id"], body, secrets=self._secrets(), signed_at=signed_at
        )
        request = requests.Request("POST", self._url, data=body.encode(), headers=headers).prepare()
        try:
            # Not session.post: it reads the body of a redirect, also of one that it may not follow.
            adapter = self._session.get_adapter(self._url)
            with adapter.send(request, timeout=TIMEOUT_SECONDS, stream=True) as response:
                return Answer(status=response.status_code)
        except requests.RequestException as error:
            return Answer(cause=type(error).__name__)
        finally:
            self._session.close()


def event_body(event: Mapping[str, Any]) -> str:
    """Return the body: one text for one event, however often and by whatever way it is sent."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def signed_headers(
    webhook_id: str, body: str, *, secrets: Sequence[str], signed_at: datetime
) -> dict[str, str]:
    """Return the headers, with one signature for each secret, so that a secret can be replaced."""
    keys = [Webhook(secret_bytes(secret)) for secret in secrets]
    signatures = [key.sign(webhook_id, signed_at, body) for key in keys]
    return {
        "Connection": "close",
        "Content-Type": "application/json",
        "User-Agent": "Hakika",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(signed_at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def secret_bytes(secret: str) -> bytes:
    """Return the key of a secret, base64 with or without `whsec_`. Errors: UnavailableError."""
    try:
        key = base64.b64decode(secret.removeprefix(KEY_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) < SECRET_BYTES_MIN:
        raise UnavailableError("The secret of webhooks cannot be used", code="secrets_incomplete")
    return key

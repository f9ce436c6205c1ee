"""Stores callbacks in SQS when DynamoDB refuses them; the callback function reads them back."""

import json
from typing import Any

from payments.daraja.wire import MalformedCallbackError, parse_callback
from payments.errors import StoreUnavailableError
from payments.usecases.record_callback import CallbackPost

MESSAGE_VERSION = 1


class FallbackQueue:
    """Stores callbacks in SQS; a message holds the SHA-256 of the secret, never the secret."""

    def __init__(self, client: Any, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def enqueue(self, post: CallbackPost) -> None:
        """Make the facts durable. Errors: StoreUnavailableError where SQS refuses too."""
        message = {
            "version": MESSAGE_VERSION,
            "payment_id": post.payment_id,
            "token_sha256": post.secret_sha256,
            "is_listed": post.is_listed,
            "body": post.body,
        }
        try:
            self._client.send_message(QueueUrl=self._queue_url, MessageBody=json.dumps(message))
        except Exception as error:
            raise StoreUnavailableError(type(error).__name__) from error


def read_post(message_body: str) -> CallbackPost:
    """Read a message back. Errors: ValueError, KeyError where it is not one of ours."""
    message = json.loads(message_body)
    if not isinstance(message, dict):
        raise ValueError("not an object")
    return new_post(
        payment_id=str(message["payment_id"]),
        secret_sha256=str(message["token_sha256"]),
        is_listed=message["is_listed"] is True,
        body=str(message["body"]),
    )


def new_post(*, payment_id: str, secret_sha256: str, is_listed: bool, body: str) -> CallbackPost:
    """Return the callback with its facts parsed, None where the body cannot be parsed."""
    try:
        result = parse_callback(body.encode())
    except MalformedCallbackError:
        result = None
    return CallbackPost(
        payment_id=payment_id,
        secret_sha256=secret_sha256,
        is_listed=is_listed,
        result=result,
        body=body,
    )

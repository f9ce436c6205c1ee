"""Stores C2B confirmations in SQS where they cannot be booked; the paybill function redrives them.

A message has the facts and whether Safaricom's address sent them. It holds no name, no full number
and no token. Where the token could not be checked yet, it has the token's SHA-256.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from payments.errors import StoreUnavailableError
from payments.protocol.evidence import MoneySeen
from payments.protocol.payment import Proof
from payments.usecases.receive_confirmation import Confirmation

MESSAGE_VERSION = 1


class MoneyQueue:
    """Stores confirmations. Errors: StoreUnavailableError where SQS refuses too."""

    def __init__(self, client: Any, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def enqueue(self, confirmation: Confirmation) -> None:
        """Make the facts durable."""
        message = {
            "version": MESSAGE_VERSION,
            "unproven_token": confirmation.unproven_token,
            "is_listed": confirmation.is_listed,
            "money": asdict(confirmation.money),
        }
        self.send(message)

    def send(self, message: Mapping[str, Any]) -> None:
        """Make the facts of a message durable."""
        try:
            self._client.send_message(QueueUrl=self._queue_url, MessageBody=json.dumps(message))
        except Exception as error:
            raise StoreUnavailableError(type(error).__name__) from error


def read_confirmation_message(message_body: str) -> Confirmation:
    """Read a message back. Errors: ValueError, KeyError, TypeError where it is not one of ours."""
    message = json.loads(message_body)
    if not isinstance(message, dict) or not isinstance(message["money"], dict):
        raise ValueError("not an object")
    money, token = dict(message["money"]), message["unproven_token"]
    return Confirmation(
        unproven_token=None if token is None else str(token),
        is_listed=message["is_listed"] is True,
        money=MoneySeen(**{**money, "source": Proof(money["source"])}),
    )

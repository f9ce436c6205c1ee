"""The way of events to the booking system: their SQS queue, and the parts that send them."""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from payments.errors import StoreUnavailableError
from payments.protocol.delivery import require_event
from payments.store.deliveries import DeliveryStore
from payments.store.table import Table
from payments.usecases.deliver_event import Webhooks
from payments.webhooks.sender import WebhookSender

if TYPE_CHECKING:
    from payments.aws.adapters import Adapters
    from payments.aws.runtime import Runtime

type ReadSecret = Callable[[str, tuple[str, ...]], Mapping[str, str]]
"""Returns the values of a secret that has these names. Errors: UnavailableError."""

SECRETS = ("WEBHOOK_SECRET", "WEBHOOK_SECRET_PREVIOUS")
"""Both sign each event, so that a receiver can change from one to the other at any time."""


class WebhookQueue:
    """Puts events into the queue as the bus does, and makes a failed one wait."""

    def __init__(self, client: Any, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def put(self, event: Mapping[str, Any]) -> None:
        """Have an event delivered. Errors: StoreUnavailableError."""
        message = json.dumps({"detail-type": event["type"], "detail": event})
        try:
            self._client.send_message(QueueUrl=self._queue_url, MessageBody=message)
        except Exception as error:
            raise StoreUnavailableError(type(error).__name__) from error

    def try_again_in(self, receipt_handle: str, seconds: int) -> None:
        """Hide a message, which is then received again. Errors: StoreUnavailableError.

        Units: seconds, at most 12 hours.
        """
        try:
            self._client.change_message_visibility(
                QueueUrl=self._queue_url,
                ReceiptHandle=receipt_handle,
                VisibilityTimeout=seconds,
            )
        except Exception as error:
            raise StoreUnavailableError(type(error).__name__) from error


def read_event(message_body: str) -> Mapping[str, Any]:
    """Return the event of a message: the detail of what EventBridge put there. Errors: ValueError.

    Numbers may be text; the event has them as numbers (`require_event`).
    """
    message = json.loads(message_body)
    return require_event(message.get("detail") if isinstance(message, dict) else None)


def new_webhooks(
    runtime: "Runtime", adapters: "Adapters", table: Table, read_secret: ReadSecret
) -> Webhooks:
    """Compose the parts, without network: the secrets are read when an event is signed."""
    settings = runtime.settings

    def secrets() -> list[str]:
        values = read_secret(settings.webhook_secret_arn, SECRETS[:1])
        return [values[name] for name in SECRETS if values.get(name)]

    sender = WebhookSender(
        adapters.http_session(), url=settings.webhook_url, secrets=secrets, clock=adapters.clock
    )
    return Webhooks(
        send=sender.send,
        deliveries=DeliveryStore(table),
        queue=WebhookQueue(adapters.aws_client("sqs"), settings.webhook_queue_url),
        clock=adapters.clock,
        ids=adapters.ids,
        observer=runtime.services.observer,
    )

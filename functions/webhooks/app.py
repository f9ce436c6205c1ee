"""Delivers payment events from their queue to the booking system's address (WebhookUrl)."""

from typing import Any

from payments.aws.runtime import prepare
from payments.aws.webhooks import read_event
from payments.protocol.delivery import retry_after_seconds
from payments.usecases.deliver_event import deliver

runtime = prepare()
webhooks = runtime.webhooks  # built in Lambda's init phase


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Deliver each event of the batch; what is not taken stays in the queue and waits."""
    failed = []
    for record in event["Records"]:
        if not _is_delivered(record):
            failed.append({"itemIdentifier": record["messageId"]})
            _postpone(record)
    runtime.observer.flush()
    return {"batchItemFailures": failed}


def _is_delivered(record: dict[str, Any]) -> bool:
    try_id = f"{record['messageId']}:{_tries(record)}"
    try:
        return deliver(webhooks, read_event(record["body"]), try_id=try_id).is_taken
    except Exception as error:  # one bad message must not fail the rest of its batch
        runtime.observer.counted("WebhookFailed")
        runtime.observer.noted("webhook not delivered", cause=type(error).__name__)
        return False


def _postpone(record: dict[str, Any]) -> None:
    """Make the message wait; without a wait of its own it comes back after the queue's."""
    seconds = retry_after_seconds(_tries(record))
    if seconds is None:
        return
    try:
        webhooks.queue.try_again_in(record["receiptHandle"], seconds)
    except Exception as error:
        runtime.observer.noted("webhook not postponed", cause=type(error).__name__)


def _tries(record: dict[str, Any]) -> int:
    return int(record["attributes"]["ApproximateReceiveCount"])

"""Delivers events to the booking system, and shows what became of each delivery."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from payments.errors import NotFoundError, PaymentError
from payments.ports import Clock, Ids, Observer
from payments.protocol.delivery import TEST_TYPE, Answer, Delivery
from payments.store.deliveries import DeliveryStore
from payments.store.events import EVENT_SCHEMA
from payments.values import eat_iso


class EventQueue(Protocol):
    """The queue from which events are delivered. Errors: StoreUnavailableError."""

    def put(self, event: Mapping[str, Any]) -> None:
        """Have an event delivered, as the bus does."""

    def try_again_in(self, receipt_handle: str, seconds: int) -> None:
        """Hide a message that was received, until it is received again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhooks:
    """The parts of one deployment that carry events to its booking system."""

    send: Callable[[Mapping[str, Any]], Answer]
    deliveries: DeliveryStore
    queue: EventQueue
    clock: Clock
    ids: Ids
    observer: Observer


def deliver(webhooks: Webhooks, event: Mapping[str, Any], *, try_id: str) -> Answer:
    """Send an event once, count it and keep the answer; `try_id` names this try.

    A record that cannot be written is no reason to send an event again.
    """
    try:
        answer = webhooks.send(event)
    except PaymentError as error:  # no secret to sign with
        answer = Answer(cause=error.code)
    webhooks.observer.counted("WebhookDelivered" if answer.is_taken else "WebhookFailed")
    if not answer.is_taken:
        webhooks.observer.noted(
            "webhook not delivered", dedupe_id=event["dedupe_id"], answer=answer.text
        )
    try:
        webhooks.deliveries.record(event, answer, try_id=try_id, now=int(webhooks.clock()))
    except Exception as error:
        webhooks.observer.noted("delivery not recorded", cause=type(error).__name__)
    return answer


def deliveries_of(deliveries: DeliveryStore, payment_id: str) -> Sequence[Delivery]:
    """Return the delivery of each event of a payment, oldest first; untried ones have no try."""
    return list(deliveries.of_events(deliveries.events_of(payment_id)))


def resend(webhooks: Webhooks, payment_id: str, dedupe_id: str | None = None) -> Sequence[str]:
    """Queue a payment's events once more, all or one, unchanged; return their ids.

    Errors: NotFoundError where the payment has no such event; StoreUnavailableError.
    """
    events = [
        event
        for event in webhooks.deliveries.events_of(payment_id)
        if dedupe_id in (None, event["dedupe_id"])
    ]
    if not events:
        raise NotFoundError("The payment has no such event", code="event_not_found")
    return _queued(webhooks, events)


def send_test(webhooks: Webhooks) -> Mapping[str, Any]:
    """Queue an event about no payment, which a receiver takes and ignores, and return it."""
    event = {
        "type": TEST_TYPE,
        "schema": EVENT_SCHEMA,
        "dedupe_id": f"TEST#{webhooks.ids.hex(32)}",
        "payment_id": "",
        "booking_id": "",
        "occurred_at": eat_iso(int(webhooks.clock())) or "",
    }
    _queued(webhooks, [event])
    return event


def _queued(webhooks: Webhooks, events: Iterable[Mapping[str, Any]]) -> Sequence[str]:
    ids = []
    for event in events:
        webhooks.queue.put(event)
        ids.append(str(event["dedupe_id"]))
    return ids

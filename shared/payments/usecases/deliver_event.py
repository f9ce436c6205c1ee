"""Delivers events to the booking system, and shows what became of each delivery."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from payments.errors import NotFoundError, PaymentError
from payments.ports import Clock, Ids, Observer
from payments.protocol.delivery import TEST_TYPE, Answer, Delivery
from payments.store.deliveries import DeliveryStore
from payments.store.events import EVENT_SCHEMA
from payments.store.items import payment_key
from payments.values import eat_iso

EVENT_MARK = "#EVENT#"
"""What divides a `dedupe_id` into the item that it is about and the event itself."""


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
    return list(deliveries.of_events(deliveries.events_of(payment_key(payment_id)["pk"])))


def resend_payment(webhooks: Webhooks, payment_id: str) -> Sequence[str]:
    """Queue all events of a payment once more, unchanged; return their ids.

    Errors: NotFoundError where it has none; StoreUnavailableError.
    """
    return _queued(webhooks, webhooks.deliveries.events_of(payment_key(payment_id)["pk"]))


def resend_event(webhooks: Webhooks, dedupe_id: str) -> Sequence[str]:
    """Queue one event once more, unchanged; return its id.

    Errors: NotFoundError where there is no such event; StoreUnavailableError.
    """
    owner, _, _ = dedupe_id.partition(EVENT_MARK)
    events = webhooks.deliveries.events_of(owner)
    return _queued(webhooks, [each for each in events if each["dedupe_id"] == dedupe_id])


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


def _queued(webhooks: Webhooks, events: Sequence[Mapping[str, Any]]) -> Sequence[str]:
    if not events:
        raise NotFoundError("There is no such event", code="event_not_found")
    for event in events:
        webhooks.queue.put(event)
    return [str(event["dedupe_id"]) for event in events]

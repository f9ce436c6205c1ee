"""Deliveries of events to the booking system: when one is sent again, and what is known of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

RETRY_SECONDS = (5, 30, 120, 600, 1_800, 3_600, 10_800, *(21_600,) * 12)
"""The wait after each try that failed: growing to six hours, together a little over three days.

SQS keeps the wait: at most 12 hours for one, and 14 days for a message. One try more than waits is
`maxReceiveCount` of the queue in template.yaml; after it the event is a dead letter.
"""
TAKEN = range(200, 300)
"""The HTTP statuses by which a receiver says that it has the event."""
TEST_TYPE = "WebhookTest"
"""An event about no payment, which an operator sends to try the receiver."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of one try: the HTTP status, or None and why there was no answer."""

    status: int | None = None
    cause: str = ""

    @property
    def is_taken(self) -> bool:
        """Whether the receiver has the event; a redirect is not followed, so it is a failure."""
        return self.status in TAKEN

    @property
    def text(self) -> str:
        """The status or the cause, as it is stored and shown."""
        return self.cause if self.status is None else str(self.status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event's way to the booking system; `tries` is 0 where none is on record.

    Units: UTC epoch seconds; `delivered_at` is the first time that the receiver took it.
    """

    dedupe_id: str
    type: str
    payment_id: str
    occurred_at: str
    tries: int = 0
    last_answer: str = ""
    last_tried_at: int | None = None
    delivered_at: int | None = None


def retry_after_seconds(tries: int) -> int | None:
    """Return the wait after this many tries failed, None after the last."""
    return RETRY_SECONDS[tries - 1] if 1 <= tries <= len(RETRY_SECONDS) else None


def require_event(detail: object) -> Mapping[str, Any]:
    """Return an event that can be delivered. Errors: ValueError where it names no type, id or time.

    Amounts may be text, as the Pipe hands them on; the booking system always gets numbers. So every
    delivery of an event has the same facts, whichever way it came.
    """
    if not isinstance(detail, Mapping):
        raise ValueError("the event is not an object")
    for name in ("type", "dedupe_id", "occurred_at"):
        if not isinstance(detail.get(name), str) or not detail[name]:
            raise ValueError(f"the event has no {name}")
    return {name: int(value) if name.endswith("_kes") else value for name, value in detail.items()}

"""The callbacks to be posted: when each is due, which one is out, and what it was answered."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from simulator.core.errors import UnknownDeliveryError

OnAnswer = Callable[[int | None, bytes, float], None]
"""Takes the status (None: no answer in time), the body, and when that was."""

CALLBACK_HEADERS = {"Content-Type": "application/json;charset=UTF-8"}


def callback_headers(shortcode: str) -> dict[str, str]:
    """The headers of an STK callback, as seen in the sandbox in September 2026."""
    return {**CALLBACK_HEADERS, "Businessshortcode": shortcode}


@dataclass(frozen=True, slots=True)
class CallbackDelivery:
    """One post to make. Units: `at` UTC epoch seconds; `attempt` counts from 1.

    Shape: `slow_seconds` asks for the body to be sent that slowly; `timeout_seconds` is how long
    Daraja waits for the answer; `on_answer` decides something by it, as C2B validation does.
    """

    id: str
    checkout_request_id: str
    url: str
    body: bytes
    source_ip: str
    at: float
    phone: str = ""
    attempt: int = 1
    attempts_max: int = 1
    slow_seconds: float = 0.0
    timeout_seconds: float = 5.0
    headers: dict[str, str] = field(default_factory=lambda: dict(CALLBACK_HEADERS))
    on_answer: OnAnswer | None = field(default=None, compare=False, repr=False)


class CallbackBoard:
    """Deliveries ordered by their time; each is handed out once."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, int, CallbackDelivery]] = []
        self._out: dict[str, CallbackDelivery] = {}
        self._sequence = 0

    def schedule(self, delivery: CallbackDelivery) -> None:
        """Puts a delivery up for its time."""
        self._sequence += 1
        heapq.heappush(self._waiting, (delivery.at, self._sequence, delivery))

    def next_at(self) -> float | None:
        """When the next delivery is due."""
        return self._waiting[0][0] if self._waiting else None

    def take_due(self, now: float) -> list[CallbackDelivery]:
        """The deliveries whose time has come; they now await their answer."""
        due = []
        while self._waiting and self._waiting[0][0] <= now:
            delivery = heapq.heappop(self._waiting)[2]
            self._out[delivery.id] = delivery
            due.append(delivery)
        return due

    def answered(self, delivery_id: str, *, is_accepted: bool, retry_at: float) -> CallbackDelivery:
        """Takes a delivery off; puts it up again where it failed and tries are left.

        Errors: UnknownDeliveryError where none with that id is out.
        """
        delivery = self._out.pop(delivery_id, None)
        if delivery is None:
            raise UnknownDeliveryError(f"no callback {delivery_id} is waiting for an answer")
        if not is_accepted and delivery.attempt < delivery.attempts_max:
            number = delivery.attempt + 1
            base = delivery_id.rsplit(".", 1)[0]
            self.schedule(replace(delivery, id=f"{base}.{number}", at=retry_at, attempt=number))
        return delivery

    @property
    def outstanding(self) -> int:
        """How many deliveries were handed out and not answered yet."""
        return len(self._out)

    def __len__(self) -> int:
        return len(self._waiting)

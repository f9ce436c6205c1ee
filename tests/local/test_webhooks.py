"""On a stack of its own, whose clock is moved: no event is lost, whatever the receiver does."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from payments.protocol.delivery import Delivery, retry_after_seconds
from standardwebhooks import Webhook

from local import aws
from local.clock import move_clock
from local.moved_clock import clock_file, read_ahead_seconds, stack_clock
from local.processes import answers
from tests.local.webhook_stack import SECRET, WebhookStack, wait_until, webhook_stack

HOUR = 3600
HELD_SECONDS_MAX = 60.0


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[WebhookStack]:
    """A stack whose time nobody else uses."""
    with webhook_stack(tmp_path / "stack") as made:
        yield made


@dataclass
class BookingSystem:
    """Takes every request; of some bookings it answers 500 at first, or holds its answer back."""

    failures: dict[str, int] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    bodies: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    forged: list[str] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, headers: dict[str, str], body: str) -> int:
        """Note one request, then give the status of its answer."""
        at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        signature = Webhook(SECRET).sign(headers["webhook-id"], at, body)
        booking_id = json.loads(body)["booking_id"]
        with self.lock:
            if headers["webhook-signature"] != signature:
                self.forged.append(body)
            self.bodies[headers["webhook-id"]].append(body)
            fails = self.failures.get(booking_id, 0) > 0
            self.failures[booking_id] = self.failures.get(booking_id, 0) - 1
            holds = booking_id in self.held
            self.held.discard(booking_id)
        if holds:
            self.is_over.wait(HELD_SECONDS_MAX)
        return 500 if fails else 204

    def taken_of(self, payment_id: str) -> dict[str, list[str]]:
        """The bodies about a payment, by webhook-id."""
        with self.lock:
            found = {each: list(bodies) for each, bodies in self.bodies.items()}
        return {each: bodies for each, bodies in found.items() if payment_id in each}


@contextmanager
def listening(system: BookingSystem, port: int) -> Iterator[None]:
    """Serve the booking system on its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status = system.take({k.lower(): v for k, v in self.headers.items()}, body)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        system.is_over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def advance(stack: WebhookStack, seconds: float) -> None:
    """Move the whole stack's clock."""
    before = read_ahead_seconds(clock_file(stack.folder))
    move_clock(stack.folder, stack.state, seconds)
    assert read_ahead_seconds(clock_file(stack.folder)) == pytest.approx(before + seconds)


def pay(stack: WebhookStack, booking_id: str | None = None) -> str:
    """Take a payment, and wait for its event."""
    payment_id, _ = stack.pay(booking_id)
    wait_until(lambda: stack.deliveries(payment_id), bool)
    return payment_id


def wait_for_delivery(stack: WebhookStack, payment_id: str) -> Sequence[Delivery]:
    """Let the time to each next try pass, until each event of a payment is taken.

    No more passes, however long a try takes: an event that three days did not deliver is given up.
    """
    clock = stack_clock(stack.folder)

    def look() -> Sequence[Delivery]:
        found = stack.deliveries(payment_id)
        seconds = max((_next_try_at(each) - clock() for each in found), default=0.0)
        if seconds > 0:
            advance(stack, seconds)
        return found

    return wait_until(look, lambda seen: seen and all(each.delivered_at for each in seen))


def _next_try_at(delivery: Delivery) -> float:
    """When an event is sent again, at the latest; 0 where it is on its way or taken."""
    wait_seconds = retry_after_seconds(delivery.tries)
    if delivery.delivered_at or delivery.last_tried_at is None or wait_seconds is None:
        return 0.0
    return delivery.last_tried_at + wait_seconds + 1.0


def test_down_for_an_hour_or_failing_or_silent_a_receiver_gets_every_event_under_one_id(
    stack: WebhookStack,
) -> None:
    assert not answers(stack.port)
    early = pay(stack)
    wait_until(lambda: stack.deliveries(early), lambda seen: seen and seen[0].tries >= 2)
    advance(stack, HOUR)
    down = wait_until(lambda: stack.deliveries(early), lambda seen: seen[0].tries >= 3)
    assert (down[0].delivered_at, down[0].last_answer) == (None, "ConnectionError")
    system = BookingSystem()
    with listening(system, stack.port):
        system.failures["fails-twice"], system.held = 2, {"holds-its-answer"}
        failing, silent = (pay(stack, each) for each in ("fails-twice", "holds-its-answer"))
        delivered = {each: wait_for_delivery(stack, each) for each in (silent, failing, early)}
    assert delivered[failing][0].tries >= 3
    assert delivered[silent][0].tries >= 2
    for payment_id, deliveries in delivered.items():
        assert [each.type for each in deliveries] == ["PaymentCompleted"]
        taken = system.taken_of(payment_id)
        assert set(taken) == {each.dedupe_id for each in deliveries}
        assert all(len(set(bodies)) == 1 for bodies in taken.values())
    assert len(system.taken_of(silent)[delivered[silent][0].dedupe_id]) >= 2
    assert len(system.taken_of(failing)[delivered[failing][0].dedupe_id]) >= 3
    assert system.forged == []
    assert dead_letters(stack) == "0"


def dead_letters(stack: WebhookStack) -> str:
    queues = aws.client("sqs", stack.state.endpoint_url)
    found = queues.get_queue_attributes(
        QueueUrl=stack.state.outputs["WebhookDeadLettersUrl"], AttributeNames=["All"]
    )
    return str(found["Attributes"]["ApproximateNumberOfMessages"])

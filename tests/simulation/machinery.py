"""What AWS and Daraja do by themselves: post callbacks, run the schedule, redrive, pass on."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from simulator.core import CallbackDelivery
from tests.support.aws import TABLE_NAME, Queue
from tests.support.lambdas import LISTED_IP, http_event
from tests.support.world import CALLBACK, CONFIRMATION, RESULT

from .faults import FaultKind
from .plan import START

if TYPE_CHECKING:
    from .world import SimulatedWorld

MINUTE = 60.0
PULLS_ON_SECONDS = 5400.0
VISIBILITY_SECONDS = 60.0
RECEIVES_MAX = 5
DELAY_SECONDS_MAX = 30_000.0


@dataclass(frozen=True, slots=True)
class _Post:
    """Who takes a post of Daraja's, and what it may change from an unlisted address."""

    kind: str
    function: str
    route: str
    weak_authority: str


_POSTS = {
    "/api/c2b/": _Post("confirmation", "paybill", CONFIRMATION, "none"),
    "/api/result/reversal/": _Post("result", "paybill", RESULT, "looks"),
    "/api/result/": _Post("result", "paybill", RESULT, "none"),
}
_CALLBACK_POST = _Post("callback", "callback", CALLBACK, "hint")


def kind_of(delivery: CallbackDelivery) -> _Post:
    """Which post it is, by its address."""
    return next((post for part, post in _POSTS.items() if part in delivery.url), _CALLBACK_POST)


def event_of(delivery: CallbackDelivery) -> dict[str, Any]:
    """The event that API Gateway makes of a post."""
    return http_event(
        "POST",
        kind_of(delivery).route,
        path=urlsplit(delivery.url).path,
        body=delivery.body.decode(errors="replace"),
        source_ip=delivery.source_ip,
    )


@dataclass(slots=True, eq=False)
class _Line:
    """One queue and the function that its messages are handed to."""

    queue: Queue
    function: str
    name: str
    is_redriving: bool = False
    receives: dict[str, int] = field(default_factory=dict)
    dead_letters: list[dict[str, str]] = field(default_factory=list)


class Machinery:
    """The actors that nobody asks."""

    def __init__(self, world: SimulatedWorld) -> None:
        self._world = world
        self._cleanup_at: float | None = None
        self._last_run_at = 0.0
        self._lines = (
            _Line(world.queue, "callback", "redrive"),
            _Line(world.money_queue, "paybill", "money redrive"),
        )
        self._piped = 0
        self._pipe_tries = 0
        self._is_piping = False
        self.bus: list[str] = []
        world.posts = self.post

    # Daraja's callbacks

    def post(self, delivery: CallbackDelivery) -> None:
        """Post a callback, unless the network has other plans."""
        if "/api/c2b/" in delivery.url:
            self._post(f"c2b {delivery.id}", delivery, "machine c2b")
            return
        if "/api/result/" in delivery.url:
            self._post(f"result {delivery.id}", delivery, "machine result")
            return
        prompt = self._world.daraja.world.prompts.get(delivery.checkout_request_id)
        number = f"{prompt.order.msisdn[-2:]}.{prompt.push_number}" if prompt else "extra"
        self._post(
            f"callback {number}.{delivery.id.partition('.')[2]}", delivery, "machine callback"
        )

    def _post(self, name: str, delivery: CallbackDelivery, what: str) -> None:
        fault = self._world.machine_fault(name, what)
        kind = fault.kind if fault else None
        if kind is FaultKind.LOST:
            self._answered(delivery, None)
            return
        self._post_once(name, delivery, 0.0, is_answered=kind is not FaultKind.DELAYED)
        if fault is not None and kind is FaultKind.DUPLICATED:
            self._post_once(f"{name}+", delivery, fault.seconds * 2, is_answered=False)

    def _post_once(
        self, name: str, delivery: CallbackDelivery, after: float, *, is_answered: bool
    ) -> None:
        post = kind_of(delivery)
        event = event_of(delivery)

        def finished(answer: Any) -> None:
            self._world.watch.answered_to(post.function, answer)
            self._world.watch.post_answered(post.kind, delivery, answer)
            if is_answered:
                self._answered(delivery, answer["statusCode"] if answer else None)

        if not is_answered and after == 0.0:
            after = DELAY_SECONDS_MAX
            self._answered(delivery, None)
        authority = "full" if delivery.source_ip in _listed(self._world) else post.weak_authority
        if authority == "full" and post.kind == "result":
            self._world.scheduler.at(
                self._world.clock.now + after, lambda: self._world.watch.refunds.told(delivery)
            )
        self._world.start(name, post.function, event, finished, authority=authority, after=after)

    def _answered(self, delivery: CallbackDelivery, status: int | None) -> None:
        self._world.daraja.callback_answered(delivery.id, status)

    # The schedule

    def wake(self) -> None:
        """See what there is to do: the schedule's next useful run, the queue, the stream."""
        self._schedule()
        for line in self._lines:
            self._redrive(line)
        self._pipe()

    def _schedule(self) -> None:
        due_at = self._next_due_at()
        if due_at is None:
            return
        minute = math.ceil(max(due_at, self._world.clock.now) / MINUTE) * MINUTE
        minute = max(minute, self._last_run_at + MINUTE)
        if self._cleanup_at == minute:
            return
        self._cleanup_at = minute
        self._world.scheduler.at(minute, lambda: self._run_schedule(minute))

    def _next_due_at(self) -> float | None:
        """When a payment, a receipt or Pull is due; Pull until hours after the last money."""
        world = self._world
        due_at: float | None = world.watch.view.next_due_at()
        if not world.plan.pulls:
            return due_at
        last = max((each.at for each in world.daraja.ledger.debits.values()), default=0.0)
        ends_at = max(last, START + world.plan.heal_at) + PULLS_ON_SECONDS
        pull_at = max(world.watch.view.pull_at, world.clock.now)
        if pull_at > ends_at:
            return due_at
        return pull_at if due_at is None else min(due_at, pull_at)

    def _run_schedule(self, minute: float) -> None:
        if self._cleanup_at != minute:
            return
        self._cleanup_at = None
        self._last_run_at = minute
        name = f"cleanup {int((minute - START) // 60)}"
        fault = self._world.machine_fault(name, "machine schedule")
        if fault is not None and fault.kind is FaultKind.SKIPPED:
            return
        self._clean_up(name, 0.0)
        if fault is not None:
            self._clean_up(f"{name}+", fault.seconds * 3)

    def _clean_up(self, name: str, after: float) -> None:
        def finished(answer: Any) -> None:
            if answer:
                self._world.watch.cleanup_answered(actor, answer)

        actor = self._world.start(name, "cleanup", {}, finished, after=after)

    # The queues of what could not be written

    def _redrive(self, line: _Line) -> None:
        if line.is_redriving or not line.queue.messages:
            return
        line.is_redriving = True
        first = line.queue.messages[0]["messageId"]
        after = 1.0 if first not in line.receives else VISIBILITY_SECONDS
        self._world.scheduler.at(self._world.clock.now + after, lambda: self._receive(line))

    def _receive(self, line: _Line) -> None:
        records = list(line.queue.messages)
        for record in records:
            line.receives[record["messageId"]] = line.receives.get(record["messageId"], 0) + 1
        first = records[0]["messageId"]
        name = f"{line.name} {first} {line.receives[first]}"
        fault = self._world.machine_fault(name, "machine redrive")

        def finished(answer: Any) -> None:
            line.is_redriving = False
            self._received(line, records, answer)

        event = {"Records": records}
        self._world.start(name, line.function, event, finished)
        if fault is not None:
            again = f"{name}+"
            self._world.start(again, line.function, event, lambda _: None, after=fault.seconds)

    def _received(self, line: _Line, records: list[dict[str, str]], answer: Any) -> None:
        """What was not done stays; what was received too often goes to the dead letters."""
        failed = (
            {each["itemIdentifier"] for each in answer["batchItemFailures"]} if answer else None
        )
        for record in records:
            message_id = record["messageId"]
            if failed is not None and message_id not in failed:
                line.queue.messages.remove(record)
                self._world.note("message redriven")
            elif line.receives[message_id] >= RECEIVES_MAX:
                line.queue.messages.remove(record)
                line.dead_letters.append(record)
                self._world.note("message dead")

    def replay_dead_letters(self) -> None:
        """What the operator's `callbacks replay` does."""
        for line in self._lines:
            for record in line.dead_letters:
                line.receives.pop(record["messageId"], None)
                line.queue.messages.append(record)
            line.dead_letters.clear()

    # The outbox

    def _pipe(self) -> None:
        if self._is_piping or len(self._world.engine.changes(TABLE_NAME)) == self._piped:
            return
        self._is_piping = True
        self._world.scheduler.at(self._world.clock.now + 0.3, self._put_events)

    def _put_events(self) -> None:
        """Read from the checkpoint on, put, and move it: at least once, in order."""
        self._is_piping = False
        batch = self._world.engine.changes(TABLE_NAME)[self._piped :]
        events = [
            each.new["dedupe_id"]["S"]
            for each in batch
            if each.old is None and each.new and each.new["sk"]["S"].startswith("EVENT#")
        ]
        if events:
            self._pipe_tries += 1
            self._world.coverage.calls["events PutEvents"] += 1
            fault = self._world.machine_fault(f"pipe {self._pipe_tries}", "events PutEvents")
            if fault is not None and fault.kind is FaultKind.REFUSED:
                return
            if set(events) & set(self.bus):
                self._world.note("event redelivered")
            self.bus += events
            if fault is not None:
                return
        self._piped += len(batch)


def _listed(world: SimulatedWorld) -> tuple[str, ...]:
    return (LISTED_IP, *world.daraja.config.callback_sources)

"""What AWS and Daraja do by themselves: post callbacks, run the schedule, redrive, pass on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from simulator.core import CallbackDelivery
from tests.support.aws import TABLE_NAME
from tests.support.lambdas import LISTED_IP, http_event
from tests.support.world import CALLBACK

from .faults import FaultKind

if TYPE_CHECKING:
    from .world import SimulatedWorld

MINUTE = 60.0
VISIBILITY_SECONDS = 60.0
RECEIVES_MAX = 5
DELAY_SECONDS_MAX = 30_000.0


class Machinery:
    """The actors that nobody asks."""

    def __init__(self, world: SimulatedWorld) -> None:
        self._world = world
        self._cleanup_at: float | None = None
        self._last_run_at = 0.0
        self._is_redriving = False
        self._receives: dict[str, int] = {}
        self._piped = 0
        self._pipe_tries = 0
        self._is_piping = False
        self.bus: list[str] = []
        world.posts = self.post

    # Daraja's callbacks

    def post(self, delivery: CallbackDelivery) -> None:
        """Post a callback, unless the network has other plans."""
        prompt = self._world.daraja.world.prompts.get(delivery.checkout_request_id)
        number = f"{prompt.order.msisdn[-2:]}.{prompt.push_number}" if prompt else "extra"
        name = f"callback {number}.{delivery.id.partition('.')[2]}"
        fault = self._world.machine_fault(name, "machine callback")
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
        event = http_event(
            "POST",
            CALLBACK,
            path=urlsplit(delivery.url).path,
            body=delivery.body.decode(errors="replace"),
            source_ip=delivery.source_ip,
        )

        def finished(answer: Any) -> None:
            self._world.watch.answered_to("callback", answer)
            self._world.watch.callback_answered(delivery, answer)
            if is_answered:
                self._answered(delivery, answer["statusCode"] if answer else None)

        if not is_answered and after == 0.0:
            after = DELAY_SECONDS_MAX
            self._answered(delivery, None)
        authority = "full" if delivery.source_ip in _listed(self._world) else "hint"
        self._world.start(name, "callback", event, finished, authority=authority, after=after)

    def _answered(self, delivery: CallbackDelivery, status: int | None) -> None:
        self._world.daraja.callback_answered(delivery.id, status)

    # The schedule

    def wake(self) -> None:
        """See what there is to do: the schedule's next useful run, the queue, the stream."""
        self._schedule()
        self._redrive()
        self._pipe()

    def _schedule(self) -> None:
        due_at = self._world.watch.view.next_due_at()
        if due_at is None:
            return
        minute = math.ceil(max(due_at, self._world.clock.now) / MINUTE) * MINUTE
        minute = max(minute, self._last_run_at + MINUTE)
        if self._cleanup_at == minute:
            return
        self._cleanup_at = minute
        self._world.scheduler.at(minute, lambda: self._run_schedule(minute))

    def _run_schedule(self, minute: float) -> None:
        if self._cleanup_at != minute:
            return
        self._cleanup_at = None
        self._last_run_at = minute
        name = f"cleanup {int((minute - 1_790_000_000) // 60)}"
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

    # The fallback queue

    def _redrive(self) -> None:
        if self._is_redriving or not self._world.queue.messages:
            return
        self._is_redriving = True
        first = self._world.queue.messages[0]["messageId"]
        after = 1.0 if first not in self._receives else VISIBILITY_SECONDS
        self._world.scheduler.at(self._world.clock.now + after, self._receive)

    def _receive(self) -> None:
        records = list(self._world.queue.messages)
        for record in records:
            count = self._receives.get(record["messageId"], 0) + 1
            self._receives[record["messageId"]] = count
        first = records[0]["messageId"]
        name = f"redrive {first} {self._receives[first]}"
        fault = self._world.machine_fault(name, "machine redrive")

        def finished(answer: Any) -> None:
            self._is_redriving = False
            self._received(records, answer)

        self._world.start(name, "callback", {"Records": records}, finished)
        if fault is not None:
            self._world.start(
                f"{name}+", "callback", {"Records": records}, lambda _: None, after=fault.seconds
            )

    def _received(self, records: list[dict[str, Any]], answer: Any) -> None:
        """What was not done stays; what was received too often goes to the dead letters."""
        failed = (
            {each["itemIdentifier"] for each in answer["batchItemFailures"]} if answer else None
        )
        for record in records:
            message_id = record["messageId"]
            if failed is not None and message_id not in failed:
                self._world.queue.messages.remove(record)
                self._world.note("message redriven")
            elif self._receives[message_id] >= RECEIVES_MAX:
                self._world.queue.messages.remove(record)
                self._world.dead_letters.append(record)
                self._world.note("message dead")

    def replay_dead_letters(self) -> None:
        """What the operator's `callbacks replay` does."""
        for record in self._world.dead_letters:
            self._receives.pop(record["messageId"], None)
            self._world.queue.messages.append(record)
        self._world.dead_letters.clear()

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

    @property
    def is_idle(self) -> bool:
        """Whether nothing of it is under way."""
        return not (self._is_redriving or self._is_piping or self._cleanup_at)


def _listed(world: SimulatedWorld) -> tuple[str, ...]:
    return (LISTED_IP, *world.daraja.config.callback_sources)

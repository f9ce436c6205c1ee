"""Plays a batch: chaos with kills, heal, rest, and the audit."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from simulator.core.errors import SettingError
from tests.simulation.machinery import event_of, kind_of
from tests.simulation.people import initiation_event, registration_event, status_event
from tests.simulation.plan import START
from tests.support.aws import Queue

from .engine import create_table
from .judge import judge
from .script import HEAL_AT, Batch, Doing
from .stage import STEPS_MAX, Stage, StuckError

MINUTE = 60.0
LOST_SHARE, TWICE_SHARE, TWO_RUNS_SHARE = 0.1, 0.3, 0.25
BESIDE_CALLBACK = (("poll", 0.4), ("cleanup", 0.15), ("cancel", 0.1))
"""What begins at the very moment at which a callback arrives."""
RETRY_SHARE, RETRIES_MAX, RETRY_SECONDS = 0.6, 2, (0.0, 3.0, 61.0, 301.0)
REDRIVE_SECONDS = 5.0


@dataclass(slots=True)
class Played:
    """What became of one batch."""

    histories: int
    kills: int
    invocations: int
    payments: int
    statuses: Counter[str]
    notes: Counter[str]
    violation: str | None


class _Driver(Stage):
    """The people and the machines of one batch."""

    def __init__(self, batch: Batch, client: Any, workers_client: Any, table: str) -> None:
        super().__init__(batch, client, workers_client, table)
        self._last_run_at = self._runs_at = 0.0
        self._redriving: set[int] = set()
        self._by_booking = {each.booking: each for each in batch.doings if each.do == "register"}
        self._payments: dict[str, tuple[str, Doing]] = {}
        for phone, days in batch.plan.scenarios.items():
            self.daraja.phone(phone).next_scenarios.extend(days)
        for doing in batch.doings:
            self.at(START + doing.at, lambda doing=doing: self._do(doing))  # type: ignore[misc]

    def play(self) -> None:
        """Chaos, heal, rest. Errors: StuckError."""
        self._go_on(until=START + HEAL_AT)
        self.is_healed = True
        self._go_on(until=math.inf)

    def _go_on(self, until: float) -> None:
        for _ in range(STEPS_MAX):
            self._wake()
            following = self.next_at()
            if following is None or following > until:
                if until < math.inf:
                    self.clock.now = max(self.clock.now, until)
                return
            self.step()
        raise StuckError("the batch takes too many steps")

    # People

    def _do(self, doing: Doing) -> None:
        match doing.do:
            case "register":
                self._register(doing)
            case "initiate":
                self._initiate(doing, RETRIES_MAX)
            case "pay_by_hand":
                self._pay_by_hand(doing)
            case other:
                raise AssertionError(other)

    def _pay_by_hand(self, doing: Doing) -> None:
        try:
            self.daraja.pay_by_hand(
                doing.phone,
                number=self.plan.shortcode,
                is_till=False,
                amount_kes=doing.price,
                account=self._reference(doing.booking),
            )
        except SettingError:
            self.note("by hand: the phone is off")

    def _reference(self, booking: str) -> str:
        """What a person types: the reference of the booking's payment, where there is one."""
        for prompt in self.daraja.prompts():
            payment_id = urlsplit(prompt.order.callback_url).path.split("/")[-2]
            payment = self.watch.stored_payment(payment_id)
            if payment is not None and payment["booking_id"] == booking:
                return str(payment["account_reference"])
        return "RENT7"

    def _register(self, doing: Doing, tries: int = 3) -> None:
        event = registration_event(asdict(doing), now=self.clock.now)

        def finished(answer: Any) -> None:
            if tries and (answer is None or answer["statusCode"] >= 500):
                self.at(self.clock.now, lambda: self._register(doing, tries - 1))

        self.start("consultations", event, finished)

    def _initiate(self, doing: Doing, retries: int) -> None:
        event = initiation_event({**asdict(doing), "amount": doing.price}, now=self.clock.now)

        def finished(answer: Any) -> None:
            went_wrong = answer is None or answer["statusCode"] not in (200, 202)
            if went_wrong and retries and self.chance.random() < RETRY_SHARE:
                after = self.chance.choice(RETRY_SECONDS)
                self.at(self.clock.now + after, lambda: self._initiate(doing, retries - 1))

        self.start("stk_push", event, finished)

    # Machines

    def post(self, delivery: Any) -> None:
        """Post a callback; in chaos it is lost, comes twice at once, and meets others."""
        if not self.is_healed and self.chance.random() < LOST_SHARE:
            self.daraja.callback_answered(delivery.id, None)
            return
        post = kind_of(delivery)
        event = event_of(delivery)

        def finished(answer: Any) -> None:
            self.watch.acknowledged_post(post.kind, delivery, answer)
            self.daraja.callback_answered(delivery.id, answer["statusCode"] if answer else None)

        self.start(post.function, event, finished)
        if self.is_healed:
            return
        if self.chance.random() < TWICE_SHARE:
            self.start(post.function, event)
        if post.kind == "callback":
            self._meet(urlsplit(delivery.url).path.split("/")[-2])

    def _meet(self, payment_id: str) -> None:
        payment = self.watch.stored_payment(payment_id)
        if payment is None:
            return
        for what, share in BESIDE_CALLBACK:
            if self.chance.random() >= share:
                continue
            if what == "cleanup":
                self.start("cleanup", {})
            elif what == "poll":
                client_id, now = payment["client_id"], self.clock.now
                self.start("status", status_event(payment_id, client_id, now=now))
            else:
                self._register(replace(self._by_booking[payment["booking_id"]], state="Cancelled"))

    def _wake(self) -> None:
        for number, (queue, function) in enumerate(
            ((self.queue, "callback"), (self.money_queue, "paybill"))
        ):
            if queue.messages and number not in self._redriving:
                self._redriving.add(number)
                self.at(
                    self.clock.now + REDRIVE_SECONDS,
                    lambda n=number, q=queue, f=function: self._redrive(n, q, f),  # type: ignore[misc]
                )
        due_at = self._next_due_at()
        if due_at is None:
            return
        minute = math.ceil(max(due_at, self.clock.now) / MINUTE) * MINUTE
        minute = max(minute, self._last_run_at + MINUTE)
        if self._runs_at != minute:
            self._runs_at = minute
            self.at(minute, lambda: self._clean_up(minute))

    def _next_due_at(self) -> float | None:
        found = self.client.query(
            TableName=self.table,
            IndexName="open",
            KeyConditionExpression="#open = :open",
            ExpressionAttributeNames={"#open": "open"},
            ExpressionAttributeValues={":open": {"S": "OPEN"}},
            Limit=1,
        )["Items"]
        return float(found[0]["due_at"]["N"]) if found else None

    def _clean_up(self, minute: float) -> None:
        if self._runs_at != minute:
            return
        self._last_run_at, self._runs_at = minute, 0.0
        self.start("cleanup", {})
        if not self.is_healed and self.chance.random() < TWO_RUNS_SHARE:
            self.start("cleanup", {})

    def _redrive(self, number: int, queue: Queue, function: str) -> None:
        records = list(queue.messages)

        def finished(answer: Any) -> None:
            self._redriving.discard(number)
            if answer is None:
                return
            failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
            for record in records:
                if record["messageId"] not in failed:
                    queue.messages.remove(record)

        self.start(function, {"Records": records}, finished)


def play_batch(batch: Batch, client: Any, workers_client: Any) -> Played:
    """Play a batch in a table of its own, and judge it."""
    table = f"second-opinion-{batch.plan.seed}"
    create_table(client, table)
    stage = _Driver(batch, client, workers_client, table)
    try:
        try:
            stage.play()
            violation = judge(stage)
        except StuckError as error:
            violation = f"I5: {error}"
        payments = stage.watch.view.payments
        return Played(
            histories=batch.histories,
            kills=stage.pool.kills,
            invocations=stage.invocations,
            payments=len(payments),
            statuses=Counter(each["status"] for each in payments.values()),
            notes=stage.notes,
            violation=violation,
        )
    finally:
        stage.close()
        client.delete_table(TableName=table)

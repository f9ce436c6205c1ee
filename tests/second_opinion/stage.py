"""One batch: people, Daraja and queues in this process, the handlers in others.

Time is virtual, and moves on only when no process computes: what begins at one moment really runs
at once. Daraja, the queues and the clock are the simulator's; only the table is AWS's engine.
"""

from __future__ import annotations

import heapq
import itertools
import json
import multiprocessing
import os
import random
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from types import SimpleNamespace
from typing import Any

from simulator.core import Daraja, HttpAnswer, HttpRequest, Transport
from simulator.core.config import Config
from simulator.core.oauth import TokenState
from tests.simulation.network import PATIENCE
from tests.simulation.plan import START
from tests.support.aws import C2B_TOKEN, MONEY_QUEUE_URL, SECRETS, TABLE_NAME, Queue, SecretsManager
from tests.support.lambdas import DOMAIN

from .judge import TableWatch, scan
from .pool import Pool, Worker
from .script import Batch
from .worker import INVOKE, serve

PROCESSES = 6
KILLED_SHARE, KILLED_AT_PUSH_SHARE = 0.25, 0.06
FIRST_GUESS_SECONDS, GUESS_KEEPS = 0.03, 0.8
"""How long a call is expected to take, until some have been timed; each new time counts a fifth."""
STEPS_MAX = 20_000


class StuckError(Exception):
    """A batch does not come to rest."""


class SharedClock:
    """UTC epoch seconds that every process reads, and only the parent moves."""

    def __init__(self) -> None:
        self._seconds: Any = multiprocessing.RawValue("d", START)

    def __call__(self) -> float:
        return float(self._seconds.value)

    @property
    def now(self) -> float:
        """The present."""
        return self()

    @now.setter
    def now(self, seconds: float) -> None:
        self._seconds.value = seconds


@dataclass(slots=True, eq=False)
class Call:
    """One invocation. Units: `began` in seconds of time.monotonic()."""

    function: str
    event: dict[str, Any]
    finished: Callable[[Any], None]
    began: float = 0.0


class Stage:
    """What the audit reads, and what people and machines act on."""

    def __init__(self, batch: Batch, client: Any, workers_client: Any, table: str) -> None:
        self.plan, self.clock = batch.plan, SharedClock()
        self.client, self.table = client, table
        self.chance = random.Random(f"second opinion {batch.plan.seed} machines")
        self.queue, self.money_queue = Queue(), Queue()
        self.secrets = SecretsManager(SECRETS)
        url = f"https://{DOMAIN}/api/c2b/{C2B_TOKEN}/confirmation"
        config = Config(journal_max=0).changed(
            {"query_per_minute": None, **batch.plan.daraja, "c2b_confirmation_url": url}
        )
        self.daraja = Daraja(clock=self.clock, seed=batch.plan.seed, config=config)
        self.notes: Counter[str] = Counter()
        self.watch = TableWatch(self)
        self.is_healed = False
        self.invocations = 0
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 -- closed by close()
        variables = {"TABLE_NAME": table, "QUERY_SPACING_SECONDS": "1"}
        life = partial(
            serve,
            client=workers_client,
            clock=self.clock,
            variables=variables,
            log=self._log.fileno(),
        )
        self.pool = Pool(PROCESSES, life)
        self._waiting: deque[Call] = deque()
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._takes: dict[str, float] = {}

    # What the audit reads besides

    @property
    def engine(self) -> Stage:
        """The audit reads the table as it reads the simulation's."""
        return self

    def items(self, _table: str = TABLE_NAME) -> list[dict[str, Any]]:
        """Every item, as DynamoDB has it."""
        return scan(self.client, self.table)

    @property
    def output(self) -> str:
        """Every line that some process logged."""
        self._log.flush()
        return os.pread(self._log.fileno(), os.fstat(self._log.fileno()).st_size, 0).decode()

    @property
    def scheduler(self) -> Any:
        """Nobody is the current actor: many run at once."""
        return SimpleNamespace(current=None)

    @property
    def met_trouble(self) -> bool:
        """Processes are killed all the time."""
        return True

    def note(self, outcome: str) -> None:
        """Count something that happened."""
        self.notes[outcome] += 1

    def close(self) -> None:
        """End the processes, and drop what they logged."""
        self.pool.close()
        self._log.close()

    # Time

    def at(self, when: float, happening: Callable[[], None]) -> None:
        """Let something happen at its time."""
        heapq.heappush(self._heap, (max(when, self.clock.now), next(self._order), happening))

    def start(
        self, function: str, event: dict[str, Any], finished: Callable[[Any], None] | None = None
    ) -> None:
        """Let a function be invoked now; `finished` gets its answer, None where it was killed."""
        self._waiting.append(Call(function, event, finished or (lambda _: None)))

    def next_at(self) -> float | None:
        """When the next thing happens, once every process has done what it can."""
        moments = (self._heap[0][0] if self._heap else None, self.daraja.next_event_at())
        return min((each for each in moments if each is not None), default=None)

    def step(self) -> None:
        """Let the next moment's happenings begin, all of them at once, and wait for their end."""
        when = self.next_at()
        assert when is not None
        self.clock.now = max(self.clock.now, when)
        while self._heap and self._heap[0][0] <= self.clock.now:
            heapq.heappop(self._heap)[2]()
        for delivery in self.daraja.due_callbacks():
            self.post(delivery)
        self.settle()

    def post(self, delivery: Any) -> None:
        """Post one of Daraja's callbacks; whoever drives the batch says how."""
        raise NotImplementedError

    # Processes

    def settle(self) -> None:
        """Go on until every process is idle, or waits for time to pass."""
        while True:
            while self._waiting and (worker := self.pool.idle()) is not None:
                self._dispatch(worker, self._waiting.popleft())
            busy = [each for each in self.pool.workers if each.is_busy]
            if not busy:
                return
            dies_at = min((e.dies_at for e in busy if e.dies_at is not None), default=None)
            timeout = None if dies_at is None else max(0.0, dies_at - time.monotonic())
            for worker, message in self.pool.messages(timeout):
                self._hear(worker, message)
            now = time.monotonic()
            for worker in [e for e in busy if e.is_busy and e.dies_at is not None]:
                if worker.dies_at is not None and worker.dies_at <= now:
                    self._kill(worker, "at a random moment")

    def _dispatch(self, worker: Worker, call: Call) -> None:
        call.began = time.monotonic()
        self.invocations += 1
        dies_at = None
        if not self.is_healed and self.chance.random() < KILLED_SHARE:
            takes = self._takes.get(call.function, FIRST_GUESS_SECONDS)
            dies_at = call.began + takes * self.chance.random()
        self.pool.begin(worker, call, (INVOKE, call.function, call.event), dies_at=dies_at)

    def _hear(self, worker: Worker, message: Any) -> None:
        match message:
            case "done", answer:
                self._done(worker, answer)
            case "raised", why:
                self.note(f"{worker.call.function} raised {why.partition(':')[0]}")
                self._done(worker, None)
            case "asks", "sleep", (seconds,):
                self._answer_later(worker, None, seconds)
            case "asks", "queue", (url, body):
                queue = self.money_queue if url == MONEY_QUEUE_URL else self.queue
                self.note("queued")
                self.pool.answer(worker, queue.take(body))
            case "asks", "daraja", (request,):
                self._ask_daraja(worker, request)
            case _:
                raise AssertionError(message)

    def _done(self, worker: Worker, answer: Any) -> None:
        call, worker.call, worker.dies_at = worker.call, None, None
        took = time.monotonic() - call.began
        guess = self._takes.get(call.function, took)
        self._takes[call.function] = GUESS_KEEPS * guess + (1 - GUESS_KEEPS) * took
        self.watch.answered_to(call.function, answer)
        call.finished(answer)

    def _kill(self, worker: Worker, when: str) -> None:
        call = self.pool.kill(worker)
        self.note(f"killed {when}: {call.function}")
        call.finished(None)

    def _answer_later(self, worker: Worker, value: Any, seconds: float) -> None:
        call = worker.call
        worker.is_blocked = True

        def wake() -> None:
            if worker.call is call and worker in self.pool.workers:
                self.pool.answer(worker, value)

        self.at(self.clock.now + seconds, wake)

    # Daraja

    def _ask_daraja(self, worker: Worker, request: HttpRequest) -> None:
        operation, patience = PATIENCE[request.path]
        dies = not self.is_healed and operation == "push"
        drawn = self.chance.random() if dies else 1.0
        if drawn < KILLED_AT_PUSH_SHARE / 2:
            self._kill(worker, "before the push")
            return
        if operation == "push":
            self._watch_push(request)
        answer = self.daraja.handle(request)
        if drawn < KILLED_AT_PUSH_SHARE:
            self._kill(worker, "after the push")
            return
        if operation == "query":
            self.watch.query_answered(None, json.loads(request.body)["CheckoutRequestID"], answer)
        self._answer(worker, answer, patience)

    def _watch_push(self, request: HttpRequest) -> None:
        if self.daraja.world.tokens.state(request, self.clock.now) is TokenState.GOOD:
            self.watch.push_arrives(json.loads(request.body), self.clock.now)

    def _answer(self, worker: Worker, answer: HttpAnswer, patience: float) -> None:
        """What the caller sees of an answer, and when."""
        if answer.callbacks_first:
            for delivery in self.daraja.due_callbacks():
                self.post(delivery)
            answer = replace(answer, callbacks_first=False, delay_seconds=0.5)
        if answer.transport is Transport.HANG or answer.delay_seconds >= patience:
            self._answer_later(worker, replace(answer, transport=Transport.HANG), patience)
        elif answer.delay_seconds:
            self._answer_later(worker, answer, answer.delay_seconds)
        else:
            self.pool.answer(worker, answer)

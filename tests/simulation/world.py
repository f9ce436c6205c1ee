"""The whole product on one virtual clock: handlers, table, queue, secrets, Daraja, network."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

from botocore.exceptions import BotoCoreError
from payments.aws.adapters import Adapters

from simulator.core import CallbackDelivery, Daraja, HttpAnswer, HttpRequest
from simulator.core.config import Config
from simulator.core.oauth import TokenState
from tests.support.aws import (
    C2B_TOKEN,
    MONEY_QUEUE_URL,
    SECRETS,
    TABLE_NAME,
    EngineOf,
    Queue,
    SecretsManager,
    in_turn,
    new_engine,
    plain_engine,
)
from tests.support.clock import VirtualClock
from tests.support.daraja import new_session
from tests.support.dynamodb import attach, new_client, use_virtual_time
from tests.support.lambdas import DOMAIN, TIMEOUT_SECONDS, Lambda, environment

from .coverage import Coverage
from .decisions import HEARD, heard
from .faults import Fault, FaultKind, Faults
from .invariants.watch import Watch
from .network import Network
from .plan import START, Plan
from .rollout import Releases, absent
from .scheduler import Actor, Choose, CrashError, Scheduler


class SdkError(BotoCoreError):
    """No answer from SQS or Secrets Manager."""

    fmt = "{reason}"

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


class _Current:
    """Which world the process's one boto3 client talks to."""

    world: SimulatedWorld


class _Engine:
    """Passes requests on to the current world's engine."""

    def execute(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        return _Current.world.engine.execute(operation, request)


@cache
def _client() -> tuple[Any, Callable[[], None]]:
    """One real boto3 client for all histories, and how to fill its retry quota again."""
    client = new_client(validate=False)
    attach(
        client,
        _Engine(),  # type: ignore[arg-type]
        lambda *request: _Current.world.network.dynamodb(*request),
    )
    refill = use_virtual_time(
        client,
        sleep=lambda seconds: _Current.world.scheduler.pause(seconds),
        random=lambda: _Current.world.jitter.random(),
    )
    return client, refill


class SimulatedWorld:
    """One history's world; `invoke` is the only door to the product."""

    def __init__(
        self,
        plan: Plan,
        *,
        choose: Callable[[SimulatedWorld], Choose] | None = None,
        traces: bool = False,
        engine_of: EngineOf = plain_engine,
    ) -> None:
        self.plan = plan
        self.clock = VirtualClock(START)
        self.coverage = Coverage()
        self.lines: list[str] | None = [] if traces else None
        self.sites: list[tuple[str, int, str]] = []
        self.jitter = random.Random(plan.seed)
        self._keeps_learned = choose is not None
        self.scheduler = Scheduler(self.clock, plan.seed, choose=choose(self) if choose else None)
        kinds = frozenset(FaultKind(kind) for kind in plan.kinds)
        self.faults = Faults(
            plan.seed,
            rate=plan.fault_rate,
            kinds=kinds,
            given=plan.faults,
            aimed_rate=plan.aimed_rate,
        )
        self.network = Network(self)
        self.engine = new_engine(self.clock, engine_of)
        self.queue, self.money_queue = Queue(), Queue()
        self.secrets = SecretsManager(SECRETS)
        config = Config(journal_max=0).changed({"query_per_minute": None, **plan.daraja})
        if plan.hears_c2b:
            url = f"https://{DOMAIN}/api/c2b/{C2B_TOKEN}/confirmation"
            config = config.changed({"c2b_confirmation_url": url})
        self.daraja = Daraja(clock=self.clock, seed=plan.seed, config=config)
        if plan.pulls:
            self.daraja.world.pull.add(plan.shortcode)
        self.daraja.journal.subscribe(self._journal)
        self.store_down_until = 0.0
        self.posts: Callable[[CallbackDelivery], None] = lambda _: None
        self.watch = Watch(self)
        self._pools: dict[tuple[str, str], list[Lambda]] = {}
        self.releases = Releases(self) if plan.rollout else None
        self._adapters = self._new_adapters()
        self._output = io.StringIO()

    def _new_adapters(self) -> Adapters:
        client, refill = _client()
        refill()
        services = {
            "dynamodb": client,
            "sqs": _Sqs(self),
            "secretsmanager": _Secrets(self),
            "lambda": _Lambdas(self),
        }
        return Adapters(
            clock=self.clock,
            sleep=self.scheduler.pause,
            ids=_ActorIds(self),
            jitter=self.jitter,
            aws_client=services.__getitem__,
            http_session=lambda: new_session(self.daraja, self.network.daraja),
            at_once=in_turn,
        )

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return self.clock.now - START

    @property
    def met_trouble(self) -> bool:
        """Whether anything beyond the actors' own faults may have got in the way."""
        return bool(self.faults.fired) or self.store_down_until > 0.0

    @property
    def store_is_down(self) -> bool:
        """Whether DynamoDB refuses everything."""
        return self.clock.now < self.store_down_until

    @contextmanager
    def running(self) -> Iterator[None]:
        """Make this the current world, its output caught; leave nothing behind."""
        _Current.world = self
        original, sys.stdout = sys.stdout, self._output
        handlers = logging.getLogger("hakika").handlers
        streams = [(each, each.stream) for each in handlers if hasattr(each, "stream")]
        for handler, _ in streams:
            handler.stream = self._output
        try:
            with environment(self.plan.environment), heard(self.scheduler):
                self.note(HEARD)
                yield
        finally:
            self.scheduler.close()
            sys.stdout = original
            for handler, _ in streams:
                handler.stream = original

    @property
    def output(self) -> str:
        """Every log line and metric so far."""
        return self._output.getvalue()

    # Lambda

    def start(
        self,
        name: str,
        function: str,
        event: Mapping[str, Any],
        finished: Callable[[Any], None],
        *,
        authority: str = "full",
        after: float = 0.0,
    ) -> Actor:
        """Let a Lambda be invoked; `finished` gets its answer, None where it died."""
        actor = self.actor(name, function, event, finished, authority=authority)
        self.scheduler.spawn(actor, after=after)
        return actor

    def start_watched(
        self,
        name: str,
        function: str,
        event: Mapping[str, Any],
        finished: Callable[[Any], None] = lambda _: None,
        *,
        authority: str = "full",
        after: float = 0.0,
    ) -> None:
        """The same for a person, whose answer is judged first."""

        def done(answer: Any) -> None:
            self.watch.answered_to(function, answer)
            finished(answer)

        self.start(name, function, event, done, authority=authority, after=after)

    def actor(
        self,
        name: str,
        function: str,
        event: Mapping[str, Any],
        finished: Callable[[Any], None] = lambda _: None,
        *,
        authority: str = "full",
    ) -> Actor:
        """One invocation of a Lambda that has not begun."""
        actor = Actor(
            name=name,
            function=function,
            run=lambda: self._invoke(actor, event),
            finished=finished,
            authority=authority,
            learned=[] if self._keeps_learned else None,
        )
        return actor

    def _invoke(self, actor: Actor, event: Mapping[str, Any]) -> Any:
        """Run a warm instance, or a fresh one; one that dies is not used again."""
        actor.deadline = self.clock.now + TIMEOUT_SECONDS.get(actor.function, 10)
        releases, release = self.releases, ""
        if releases is not None:
            if releases.is_absent(actor.function) and "Records" not in event:
                self.note(f"no such function: {actor.function}")
                return absent(event)
            release = actor.release = releases.of(actor)
            self.note(f"invocations: {release}")
        pool = self._pools.setdefault((actor.function, release), [])
        instance = pool.pop() if pool else self.fresh_instance(actor.function, release)
        try:
            answer = instance.invoke(event)
        except CrashError as crash:
            self.trace(f"{actor.name}: -- {crash}")
            raise
        except Exception as error:
            self.watch.handler_raised(actor, error)
            return None
        actor.deadline = None
        pool.append(instance)
        return answer

    def fresh_instance(self, function: str, release: str = "") -> Lambda:
        """A cold start, of one of two releases where there are two."""
        if self.releases is not None and release:
            return self.releases.cold_start(release, function, self._adapters)
        return Lambda(function, self._adapters, self.plan.environment)

    def forget_instances(self) -> None:
        """Every warm instance that is idle loses its memory."""
        self._pools.clear()

    def new_terminal(self) -> Any:
        """What one of the operator's commands is composed of: a process of its own."""
        return self.fresh_instance("cleanup").module.runtime

    def fingerprint(self) -> bytes:
        """What everything from here on depends on: the table, the clock, what actors have seen."""
        state = (
            self.clock.now,
            self.scheduler.waiting(),
            list(self.engine.items(TABLE_NAME)),
            self.queue.messages,
            self.money_queue.messages,
            list(self.daraja.ledger.debits),
        )
        return hashlib.sha256(repr(state).encode()).digest()

    # What the network tells

    def trace(self, line: str) -> None:
        """Write a line of the readable trace."""
        if self.lines is not None:
            self.lines.append(f"{self.elapsed:10.3f}  {line}")

    def note(self, outcome: str) -> None:
        """Count something that happened."""
        self.coverage.outcomes[outcome] += 1

    def machine_fault(self, name: str, what: str) -> Fault | None:
        """What strikes one of AWS's or Daraja's own doings."""
        self.sites.append((name, 0, what))
        fault = self.faults.strike(name, 0, what)
        if fault is not None:
            self.coverage.faults[f"{fault.kind} @ {what}"] += 1
            self.trace(f"{name}: {fault.kind}")
        return fault

    def watch_arrival(self, operation: str, request: HttpRequest, sent_at: float) -> None:
        """A push, a reversal or a question about a receipt arrives at Daraja."""
        state = self.daraja.world.tokens.state(request, self.clock.now)
        if state is not TokenState.GOOD:
            return
        body, actor = json.loads(request.body), self.scheduler.current
        match operation:
            case "push":
                self.watch.push_arrives(body, sent_at)
            case "reversal":
                self.watch.reversal_arrives(body, sent_at)
            case "status" if actor is not None and actor.name.endswith("ask_status"):
                self.watch.refunds.status_asked(body["TransactionID"])

    def observe_query(self, request: HttpRequest, answer: HttpAnswer) -> None:
        """An answer to a query reaches who asked."""
        body = json.loads(request.body)
        self.watch.query_answered(self.scheduler.current, body["CheckoutRequestID"], answer)

    def post_due_callbacks(self) -> None:
        """Hand Daraja's due callbacks to whoever posts them."""
        for delivery in self.daraja.due_callbacks():
            self.posts(delivery)

    def _journal(self, entry: Any) -> None:
        if entry.kind == "result":
            self.watch.provider_result(entry.at, entry.facts)
        if self.lines is not None and entry.kind in ("result", "money", "prompt"):
            facts = {key: value for key, value in entry.facts.items() if key != "shortcode"}
            self.lines.append(f"{entry.at - START:10.3f}  Daraja {entry.kind} {facts}")


class _ActorIds:
    """Ids that do not depend on who else minted some before."""

    def __init__(self, world: SimulatedWorld) -> None:
        self._world = world
        self._minted: Counter[str] = Counter()

    def hex(self, characters: int) -> str:
        """The next id of the running actor."""
        actor = self._world.scheduler.current
        name = actor.name if actor else ""
        self._minted[name] += 1
        text = f"{self._world.plan.seed} {name} {self._minted[name]}"
        return hashlib.sha256(text.encode()).hexdigest()[:characters]


class _Sqs:
    def __init__(self, world: SimulatedWorld) -> None:
        self._world = world

    def send_message(self, **message: str) -> Any:
        is_money = message["QueueUrl"] == MONEY_QUEUE_URL
        queue = self._world.money_queue if is_money else self._world.queue

        def send() -> Any:
            self._world.note("confirmation queued" if is_money else "callback queued")
            return queue.take(message["MessageBody"])

        return self._world.network.other("sqs SendMessage", send, SdkError)


class _Secrets:
    def __init__(self, world: SimulatedWorld) -> None:
        self._world = world

    def get_secret_value(self, **request: str) -> Any:
        return self._world.network.other(
            "secrets GetSecretValue",
            lambda: self._world.secrets.get_secret_value(**request),
            SdkError,
        )


class _Lambdas:
    """The Lambda service, as far as functions and people invoke the refund function by it."""

    def __init__(self, world: SimulatedWorld) -> None:
        self._world = world
        self._invoked = 0

    def invoke(self, **request: Any) -> dict[str, Any]:
        call = json.loads(request["Payload"])
        is_event = request["InvocationType"] == "Event"
        effect = partial(self._later if is_event else self._at_once, call)
        answer: dict[str, Any] = self._world.network.other("lambda Invoke", effect, SdkError)
        return answer

    def _at_once(self, call: dict[str, Any]) -> dict[str, Any]:
        world = self._world
        answer = world.scheduler.answer_of(world.actor(self._name(call), "refunds", call))
        if answer is None:
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(b"{}")}
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}

    def _later(self, call: dict[str, Any]) -> dict[str, Any]:
        """Lambda takes an event down; now and then it runs twice, or dies with its instance."""
        world, name = self._world, self._name(call)
        fault = world.machine_fault(name, "machine event")
        if fault is None or fault.kind is not FaultKind.LOST:
            world.start(name, "refunds", call, lambda _: None, after=0.1)
        if fault is not None and fault.kind is FaultKind.DUPLICATED:
            world.start(f"{name}+", "refunds", call, lambda _: None, after=fault.seconds)
        return {"StatusCode": 202}

    def _name(self, call: dict[str, Any]) -> str:
        self._invoked += 1
        return f"refunds {self._invoked} {call['act']}"

"""Every network call of every actor passes here: it gives way, meets its fault, has its effect."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from zlib import crc32

import requests
from payments.daraja.initiator_wire import BALANCE_PATH, REVERSAL_PATH, STATUS_PATH
from payments.daraja.money_client import PULL_PATH
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError

from simulator.core import HttpAnswer, HttpRequest, Transport
from simulator.core.endpoints import OAUTH_PATH, PUSH_PATH, QUERY_PATH
from simulator.core.http import daraja_error, firewall_page
from tests.support.dynamodb.errors import DynamoDBError, UnsupportedRequestError
from tests.support.dynamodb.faults import (
    could_not_connect,
    internal_server_error,
    reply_lost,
    reply_timed_out,
    throttled,
    transaction_conflict,
    transaction_in_progress,
)

from .decisions import WRITES
from .faults import Fault, FaultKind
from .scheduler import Actor, CrashError

if TYPE_CHECKING:
    from .world import SimulatedWorld

STALL_SECONDS_MAX = 28.0
LATE_EFFECT_SECONDS_MAX = 20.0
DYNAMODB_READ_SECONDS = 2.0
PATIENCE = {
    OAUTH_PATH: ("token", 5.0),
    PUSH_PATH: ("push", 18.0),
    QUERY_PATH: ("query", 8.0),
    PULL_PATH: ("pull", 8.0),
    REVERSAL_PATH: ("reversal", 18.0),
    STATUS_PATH: ("status", 10.0),
    BALANCE_PATH: ("balance", 10.0),
}
"""What a path is for, and how long the product waits for its answer."""
WATCHED = frozenset({"push", "reversal", "status"})

type Execute = Callable[[], dict[str, Any]]


class Network:
    """Stands between the actors and DynamoDB, Daraja, SQS and Secrets Manager."""

    def __init__(self, world: SimulatedWorld) -> None:
        self._world = world
        self.hash = 0

    # DynamoDB

    def dynamodb(self, operation: str, request: dict[str, Any], execute: Execute) -> dict[str, Any]:
        """One request to DynamoDB, as botocore's HTTP layer would see it go."""
        actor = self._world.scheduler.current
        if actor is None:
            return execute()
        what = f"dynamodb {operation}"
        site = f"{actor.function}: {operation} {_subject(operation, request)}"
        fault = self._enter(actor, what, site)
        if self._world.store_is_down:
            raise could_not_connect() if actor.calls % 2 else throttled(operation, request)
        if fault is None:
            return self._executed(actor, operation, request, execute)
        return self._failing(actor, operation, request, execute, fault)

    def _executed(
        self, actor: Actor, operation: str, request: dict[str, Any], execute: Execute
    ) -> dict[str, Any]:
        try:
            answer = execute()
        except DynamoDBError as error:
            actor.learn(error.body())
            self._world.watch.store_refused(operation, request, error)
            raise
        except UnsupportedRequestError as error:
            self._world.watch.request_unsupported(operation, error)
            raise
        finally:
            self._world.engine.lag = 0
        actor.learn(answer)
        return answer

    def _failing(
        self, actor: Actor, operation: str, request: dict[str, Any], execute: Execute, fault: Fault
    ) -> dict[str, Any]:
        match fault.kind:
            case FaultKind.REFUSED:
                raise could_not_connect()
            case FaultKind.THROTTLED:
                raise throttled(operation, request)
            case FaultKind.CONFLICT:
                raise transaction_conflict(operation, request)
            case FaultKind.IN_PROGRESS:
                raise transaction_in_progress()
            case FaultKind.SERVER_ERROR:
                raise internal_server_error()
            case FaultKind.SERVER_ERROR_AFTER:
                _swallowed(execute)
                raise internal_server_error()
            case FaultKind.REPLY_LOST:
                _swallowed(execute)
                raise self._silence(fault)
            case FaultKind.LATE_EFFECT:
                later = self._world.clock.now + LATE_EFFECT_SECONDS_MAX * fault.seconds
                self._world.scheduler.at(later, lambda: self._late(actor, execute))
                raise self._silence(fault)
            case FaultKind.STALE_READ:
                self._world.engine.lag = 1 + int(fault.seconds * 12)
            case _:
                self._caller_fails(
                    actor, fault, lambda: self._executed(actor, operation, request, execute)
                )
        return self._executed(actor, operation, request, execute)

    def _silence(self, fault: Fault) -> Exception:
        if fault.seconds < 0.5:
            return reply_lost()
        self._world.scheduler.pause(DYNAMODB_READ_SECONDS)
        return reply_timed_out()

    def _late(self, actor: Actor, execute: Execute) -> None:
        self._world.scheduler.last = actor
        _swallowed(execute)

    # Daraja

    def daraja(
        self, request: HttpRequest, handle: Callable[[HttpRequest], HttpAnswer]
    ) -> HttpAnswer:
        """One request to Daraja, as `requests` would see it go."""
        actor = self._world.scheduler.current
        operation, patience = PATIENCE[request.path]
        if actor is None:
            return handle(request)
        sent_at = self._world.clock.now
        fault = self._enter(actor, f"daraja {operation}", f"{actor.function}: {operation}")

        def arrive() -> HttpAnswer:
            if operation in WATCHED:
                self._world.watch_arrival(operation, request, sent_at)
            return handle(request)

        if fault is None:
            return self._answered(arrive(), patience, operation, request)
        return self._daraja_failing(actor, fault, arrive, patience, operation, request)

    def _daraja_failing(
        self,
        actor: Actor,
        fault: Fault,
        arrive: Callable[[], HttpAnswer],
        patience: float,
        operation: str,
        request: HttpRequest,
    ) -> HttpAnswer:
        match fault.kind:
            case FaultKind.REFUSED:
                raise _not_connected()
            case FaultKind.THROTTLED:
                return daraja_error(429, "429.001", "Too many requests", "throttled")
            case FaultKind.SERVER_ERROR:
                return daraja_error(500, "500.003.1001", "Internal Server Error", "broken")
            case FaultKind.REPLY_LOST:
                arrive()
                if fault.seconds < 0.5:
                    raise requests.exceptions.ConnectionError("Connection aborted.")
                self._world.scheduler.pause(patience)
                raise requests.exceptions.ReadTimeout("no answer")
            case FaultKind.GARBLED:
                arrive()
                return firewall_page(403, "garbled")
            case FaultKind.TOKEN_REVOKED:
                self._world.daraja.revoke_tokens()
            case _:
                self._caller_fails(
                    actor, fault, lambda: self._answered(arrive(), patience, operation, request)
                )
        return self._answered(arrive(), patience, operation, request)

    def _answered(
        self, answer: HttpAnswer, patience: float, operation: str, request: HttpRequest
    ) -> HttpAnswer:
        """What the caller sees of an answer, and when."""
        if answer.callbacks_first:
            self._world.post_due_callbacks()
            self._world.scheduler.pause(0.5)
        if answer.transport is Transport.HANG or answer.delay_seconds >= patience:
            self._world.scheduler.pause(patience)
            raise requests.exceptions.ReadTimeout("no answer")
        if answer.delay_seconds:
            self._world.scheduler.pause(answer.delay_seconds)
        if answer.transport is Transport.RESET:
            raise requests.exceptions.ConnectionError("Connection aborted.")
        if operation == "query":
            self._world.observe_query(request, answer)
        if operation == "pull":
            self._world.watch.pull_answered(answer)
        if self._world.scheduler.current is not None:
            self._world.scheduler.current.learn([answer.status, answer.body.decode()])
        return answer

    # Everything else

    def other(self, what: str, effect: Callable[[], Any], lost: type[Exception]) -> Any:
        """One call to SQS or Secrets Manager; `lost` is what the SDK raises."""
        actor = self._world.scheduler.current
        if actor is None:
            return effect()
        fault = self._enter(actor, what, f"{actor.function}: {what.split()[1]}")
        if fault is None:
            return effect()
        if fault.kind is FaultKind.REFUSED:
            raise lost("could not connect")
        if fault.kind is FaultKind.REPLY_LOST:
            effect()
            raise lost("no answer")
        self._caller_fails(actor, fault, effect)
        return effect()

    def _caller_fails(self, actor: Actor, fault: Fault, effect: Callable[[], Any]) -> None:
        """The caller itself stops: for good, or long enough for the world to move on."""
        match fault.kind:
            case FaultKind.CRASH_BEFORE:
                raise CrashError("crashed")
            case FaultKind.CRASH_AFTER:
                try:
                    effect()
                except Exception:
                    self._world.note("a crash hid an error")
                raise CrashError("crashed")
            case FaultKind.FROZEN:
                self._world.scheduler.pause(4 * 3600.0)
            case FaultKind.STALLED:
                self._world.scheduler.pause(STALL_SECONDS_MAX * fault.seconds)
            case _:
                raise AssertionError(fault)

    def _enter(self, actor: Actor, what: str, site: str) -> Fault | None:
        """Count the call, give way, and see what strikes."""
        actor.calls += 1
        world = self._world
        world.coverage.calls[what] += 1
        world.scheduler.give_way()
        world.sites.append((actor.name, actor.calls, what))
        moment = f"{world.clock.now:.3f} {actor.name} {actor.calls} {site}"
        self.hash = crc32(moment.encode(), self.hash)
        fault = self._fault(actor, what)
        world.trace(f"{actor.name}: {site}" + (f"  << {fault.kind}" if fault else ""))
        if fault is not None:
            actor.faults += 1
            world.coverage.faults[f"{fault.kind} @ {site}"] += 1
        if "decision" in actor.notes:
            self._note_decision(actor.notes["decision"], what, fault)
        return fault

    def _note_decision(self, decision: str, what: str, fault: Fault | None) -> None:
        """Count a try to write a decision, and what struck it."""
        service, operation = what.split()
        if service == "dynamodb" and operation in WRITES:
            self._world.coverage.decisions[f"{decision} | {operation}"] += 1
            if fault is not None:
                self._world.coverage.struck[f"{fault.kind} @ {decision}"] += 1

    def _fault(self, actor: Actor, what: str) -> Fault | None:
        """A fault that goes on, or a new one."""
        service = what.split()[0]
        if actor.streak is not None:
            fault, left = actor.streak
            goes_on = left > 0 and service == actor.notes.get("streak_service")
            actor.streak = (fault, left - 1) if left > 1 else None
            if goes_on and fault.kind in _GOES_ON:
                return Fault(actor.name, actor.calls, fault.kind, 1, fault.seconds)
        decides = "decision" in actor.notes
        struck = self._world.faults.strike(actor.name, actor.calls, what, decides=decides)
        if struck is not None and struck.times > 1:
            actor.streak = (struck, struck.times - 1)
            actor.notes["streak_service"] = service
        return struck


_GOES_ON = frozenset(
    {
        FaultKind.REFUSED,
        FaultKind.REPLY_LOST,
        FaultKind.SERVER_ERROR,
        FaultKind.SERVER_ERROR_AFTER,
        FaultKind.THROTTLED,
        FaultKind.CONFLICT,
    }
)


def _subject(operation: str, request: dict[str, Any]) -> str:
    """What a request is about, in the words of the table's keys."""
    if operation == "TransactWriteItems":
        kinds = [_key_kind(next(iter(each.values()))) for each in request["TransactItems"]]
        verb = next(iter(request["TransactItems"][0]))
        return f"{verb} {'+'.join(sorted(set(kinds)))}"
    if operation == "Query":
        return str(request.get("IndexName", "table"))
    if operation == "BatchGetItem":
        return "surroundings"
    return _key_kind(request)


def _key_kind(action: dict[str, Any]) -> str:
    key = action.get("Key") or action["Item"]
    kind: str = key["pk"]["S"].partition("#")[0]
    if kind == "PAY" and not key["sk"]["S"].startswith("STATE"):
        return str(key["sk"]["S"].partition("#")[0])
    return kind


def _swallowed(execute: Execute) -> None:
    """Carry out a request whose answer nobody will see."""
    try:
        execute()
    except DynamoDBError as error:
        if error.code == "ValidationException":
            raise AssertionError(json.dumps(error.body())) from error


def _not_connected() -> requests.exceptions.RequestException:
    """As requests raises it: the reason hidden in urllib3's own error."""
    reason = ConnectTimeoutError("connect timeout=3")
    cause = MaxRetryError(None, "/", reason)  # type: ignore[arg-type]
    return requests.exceptions.ConnectTimeout(cause)

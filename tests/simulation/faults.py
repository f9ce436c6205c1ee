"""What can go wrong at a network call, where it applies, and when the seed says that it does."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from simulator.core.chance import unit


class FaultKind(StrEnum):
    """One way to fail; the effect is what the other side did."""

    REFUSED = "refused"  # no byte left: no effect
    REPLY_LOST = "reply_lost"  # effect, then silence or a broken connection
    LATE_EFFECT = "late_effect"  # silence first, the effect seconds later
    SERVER_ERROR = "server_error"  # 500 without effect
    SERVER_ERROR_AFTER = "server_error_after"  # 500, and the effect all the same
    THROTTLED = "throttled"
    CONFLICT = "conflict"  # TransactionConflict
    IN_PROGRESS = "in_progress"  # TransactionInProgress
    CRASH_BEFORE = "crash_before"  # the caller dies, no effect
    CRASH_AFTER = "crash_after"  # the caller dies after the effect
    STALLED = "stalled"  # the caller stands still for seconds, then goes on
    FROZEN = "frozen"  # the caller stands still until Lambda ends it
    STALE_READ = "stale_read"  # an index that lags
    GARBLED = "garbled"  # effect, and an answer nobody can read
    TOKEN_REVOKED = "token_revoked"  # the provider forgot our OAuth token
    LOST = "lost"  # a callback that never comes
    DUPLICATED = "duplicated"  # a callback, a message or a run of the schedule that comes twice
    DELAYED = "delayed"  # a callback that comes hours later
    SKIPPED = "skipped"  # a run of the schedule that does not come


_K = FaultKind
_CALLER = (_K.CRASH_BEFORE, _K.CRASH_AFTER, _K.STALLED, _K.FROZEN)
_DYNAMODB = (_K.REFUSED, _K.REPLY_LOST, _K.SERVER_ERROR, _K.THROTTLED, *_CALLER)
_WRITE = (*_DYNAMODB, _K.LATE_EFFECT, _K.SERVER_ERROR_AFTER, _K.CONFLICT)
_DARAJA = (
    _K.REFUSED,
    _K.REPLY_LOST,
    _K.SERVER_ERROR,
    _K.THROTTLED,
    _K.GARBLED,
    _K.TOKEN_REVOKED,
    *_CALLER,
)
APPLICABLE: dict[str, tuple[FaultKind, ...]] = {
    "dynamodb GetItem": _DYNAMODB,
    "dynamodb BatchGetItem": _DYNAMODB,
    "dynamodb Query": (*_DYNAMODB, _K.STALE_READ),
    "dynamodb UpdateItem": _WRITE,
    "dynamodb PutItem": _WRITE,
    "dynamodb TransactWriteItems": (*_WRITE, _K.IN_PROGRESS),
    "daraja token": (*_DARAJA[:5], *_CALLER),
    "daraja push": _DARAJA,
    "daraja query": _DARAJA,
    "daraja pull": _DARAJA,
    "daraja reversal": _DARAJA,
    "daraja status": _DARAJA,
    "daraja balance": _DARAJA,
    "lambda Invoke": (_K.REFUSED, _K.REPLY_LOST, *_CALLER),
    "sqs SendMessage": (_K.REFUSED, _K.REPLY_LOST, *_CALLER),
    "secrets GetSecretValue": (_K.REFUSED, *_CALLER),
    "events PutEvents": (_K.REFUSED, _K.REPLY_LOST),
    "machine callback": (_K.LOST, _K.DUPLICATED, _K.DELAYED),
    "machine c2b": (_K.LOST, _K.DUPLICATED, _K.DELAYED),
    "machine result": (_K.LOST, _K.DUPLICATED, _K.DELAYED),
    "machine event": (_K.LOST, _K.DUPLICATED),
    "machine schedule": (_K.SKIPPED, _K.DUPLICATED),
    "machine redrive": (_K.DUPLICATED,),
}
"""Which faults a kind of call can meet; a call of an actor, or a machine's doing."""
REPEATS = (1, 1, 1, 3, 12)
"""How many calls in a row: 3 outlast the SDK's own tries, 12 the store's loop too."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: at an actor's n-th call, and at as many calls after it as `times` says."""

    actor: str
    call: int
    kind: FaultKind
    times: int = 1
    seconds: float = 0.0

    def document(self) -> list[Any]:
        """The fault, ready for JSON."""
        return [self.actor, self.call, str(self.kind), self.times, self.seconds]


def fault_from(document: list[Any]) -> Fault:
    """The fault that `document` wrote."""
    actor, call, kind, times, seconds = document
    return Fault(actor, call, FaultKind(kind), times, seconds)


class Faults:
    """Says which fault strikes a call: by chance from the seed, or exactly those given."""

    def __init__(
        self,
        seed: int,
        *,
        rate: float,
        kinds: frozenset[FaultKind],
        given: tuple[Fault, ...] | None,
        aimed_rate: float = 0.0,
    ) -> None:
        self.fired: list[Fault] = []
        self.is_healed = False
        self._seed = seed
        self._rate = rate
        self._aimed_rate = aimed_rate
        self._kinds = kinds
        self._given = None if given is None else {(each.actor, each.call): each for each in given}

    def strike(self, actor: str, call: int, what: str, *, decides: bool = False) -> Fault | None:
        """The fault of this call, taken down; None where it goes well.

        `decides` where the call writes a decision.
        """
        if self.is_healed:
            return None
        fault = self._drawn(actor, call, what, decides=decides)
        if fault is not None and fault.kind in APPLICABLE.get(what, ()):
            self.fired.append(fault)
            return fault
        return None

    def _drawn(self, actor: str, call: int, what: str, *, decides: bool) -> Fault | None:
        if self._given is not None:
            return self._given.get((actor, call))
        drawn = unit(self._seed, "fault", actor, call)
        rate = self._rate * (4 if what.startswith("machine") else 1)
        if what == "dynamodb TransactWriteItems" and actor.endswith(" approve"):
            rate *= 3  # the one write that money on its way back depends on
        if decides:
            rate = max(rate, self._aimed_rate)
        if drawn >= rate:
            return None
        kinds = [kind for kind in APPLICABLE.get(what, ()) if kind in self._kinds]
        if not kinds:
            return None
        kind = kinds[int(drawn / rate * len(kinds))]
        times = REPEATS[int(unit(self._seed, "times", actor, call) * len(REPEATS))]
        return Fault(actor, call, kind, times, unit(self._seed, "seconds", actor, call))

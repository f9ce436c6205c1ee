"""Exhaustive runs: every call of the reference flows with every fault, and every interleaving."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

from .faults import APPLICABLE, Fault, FaultKind
from .history import Outcome, play
from .network import _GOES_ON
from .plan import Plan
from .scheduler import Choose
from .world import SimulatedWorld

PHONE, OTHER_PHONE = "254722000101", "254722000102"
SECONDS = (0.1, 0.9)
TIMELESS = frozenset(FaultKind) - {
    FaultKind.REPLY_LOST,
    FaultKind.LATE_EFFECT,
    FaultKind.STALLED,
    FaultKind.STALE_READ,
    FaultKind.DUPLICATED,
}
"""Faults that are the same whatever their seconds."""
OUTLASTS_EVERY_RETRY = 12
LINED_UP_AT = 160.0
"""A moment at which the schedule fires: the callback and the poll are made to come at it too."""


def _register(at: float = 0.0, *, state: str = "Pending", price: int = 1000) -> dict[str, Any]:
    return {
        "at": at,
        "name": f"register-{at:.0f}",
        "do": "register",
        "booking": "1",
        "client": "client-1",
        "price": price,
        "state": state,
    }


def _initiate(at: float, *, polls: int = 0, retries: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "at": at,
        "name": f"initiate-{at:.2f}",
        "do": "initiate",
        "booking": "1",
        "client": "client-1",
        "phone": PHONE,
        "amount": 1000,
        "key": None,
        "polls": polls,
        "retries": retries,
        **more,
    }


def _staff(at: float, act: str, who: str) -> dict[str, Any]:
    return {"at": at, "name": f"{act}-{at:.0f}", "do": "refund", "act": act, "who": who, "nth": 0}


def _flow(
    *agenda: dict[str, Any], days: list[dict[str, Any]], heal_at: float = 900.0, **more: Any
) -> Plan:
    return Plan(
        seed=8,
        agenda=tuple(agenda),
        scenarios={PHONE: days, OTHER_PHONE: [{"person": "pays"}]},
        heal_at=heal_at,
        faults=(),
        **more,
    )


BY_HAND = {"do": "pay_by_hand", "phone": PHONE, "booking": "1", "nth": 0, "amount_off": 0}
PAYS = {"person": "pays", "person_seconds": 8.0}
NO_CALLBACK = {**PAYS, "callback": "never"}
FLOWS: dict[str, Plan] = {
    "paid": _flow(_register(), _initiate(1, polls=2), days=[PAYS]),
    "callback lost": _flow(_register(), _initiate(1, polls=4), days=[NO_CALLBACK]),
    "hint": _flow(_register(), _initiate(1, polls=2), days=[{**PAYS, "callback_is_listed": False}]),
    "cancelled, tried again": _flow(
        _register(), _initiate(1, polls=2, retries=2), days=[{**PAYS, "person": "cancels"}, PAYS]
    ),
    "push unanswered": _flow(_register(), _initiate(1), days=[{**PAYS, "push_answer": "hang"}]),
    "push refused": _flow(
        _register(), _initiate(1, retries=1), days=[{**PAYS, "push_answer": "busy"}, PAYS]
    ),
    "callback first": _flow(
        _register(), _initiate(1), days=[{**PAYS, "callback": "before_answer"}]
    ),
    "wrong amount": _flow(
        _register(),
        _initiate(1),
        {"at": 300.0, "name": "operate-1", "do": "operate"},
        days=[{**PAYS, "body_faults": ["wrong_amount"]}],
    ),
    "booking cancelled meanwhile": _flow(
        _register(), _initiate(1), _register(7, state="Cancelled"), days=[PAYS]
    ),
    "confirmed booking cancelled": _flow(
        _register(), _initiate(1), _register(60, state="Cancelled"), days=[PAYS]
    ),
    "1037, then paid": _flow(
        _register(),
        _initiate(1, polls=3, retries=2),
        days=[{**PAYS, "reversed_after_seconds": 150.0}, PAYS],
    ),
    "two paid": _flow(
        _register(),
        _initiate(1, polls=1),
        _initiate(320, phone=OTHER_PHONE),
        days=[{**PAYS, "reversed_after_seconds": 400.0}],
    ),
    "re-priced, then paid": _flow(
        _register(),
        _initiate(1),
        _register(400, price=1005),
        days=[{**PAYS, "reversed_after_seconds": 600.0}],
    ),
    "double click": _flow(_register(), _initiate(1), _initiate(1.05), days=[PAYS]),
    "store down at the callback": _flow(
        _register(),
        _initiate(1),
        {"at": 10.0, "name": "store_down-1", "do": "store_down", "seconds": 40.0},
        days=[PAYS],
    ),
    "refunded": _flow(
        _staff(0.5, "renew", "right"),
        _register(),
        _initiate(1),
        _register(60, state="Cancelled"),
        _staff(70, "request", "chebet"),
        _staff(110, "approve", "baraka"),
        days=[PAYS],
        initiator={"reversal": [{}]},
    ),
    "paid by hand": _flow(
        _register(),
        {**BY_HAND, "at": 5.0, "name": "by-hand-1", "types": "booking"},
        {**BY_HAND, "at": 8.0, "name": "by-hand-2", "types": "wrong"},
        {"at": 300.0, "name": "operate-1", "do": "operate"},
        days=[PAYS],
        hears_c2b=True,
        environment={"PAYBILL_ACCOUNT": "booking_id", "PULL_TRANSACTIONS": "true"},
    ),
}
"""The protocol's ways through, each without any fault of its own."""


def single_faults(flow: str, *, one_in: int = 1) -> Iterator[tuple[str, Fault]]:
    """What a call of a flow does, and a fault that can meet it: every fault, or one in so many.

    Counted are the faults of one kind at one operation, over all flows: each has its first.
    """
    met: Counter[tuple[str, FaultKind]] = Counter()
    for each in FLOWS:
        for what, fault in _faults_of(each):
            if each == flow and met[what, fault.kind] % one_in == 0:
                yield what, fault
            met[what, fault.kind] += 1


@cache
def _faults_of(flow: str) -> tuple[tuple[str, Fault], ...]:
    """Every call of a flow with every fault that can meet it, once and for long."""
    return tuple(
        (what, fault)
        for actor, call, what in play(FLOWS[flow]).sites
        for kind in APPLICABLE.get(what, ())
        for fault in _faults_at(actor, call, kind)
    )


def _faults_at(actor: str, call: int, kind: FaultKind) -> Iterator[Fault]:
    for seconds in SECONDS[-1:] if kind in TIMELESS else SECONDS:
        yield Fault(actor, call, kind, 1, seconds)
    if kind in _GOES_ON:
        yield Fault(actor, call, kind, OUTLASTS_EVERY_RETRY, SECONDS[1])


def lined_up(day: dict[str, Any]) -> Plan:
    """One payment whose callback, poll and scheduled look begin at the same moment."""
    shown, person, settled = 1.0, 8.0, 1.0
    started = 1.0
    callback_seconds = LINED_UP_AT - (started + shown + person + settled)
    if day["person"] == "cancels":
        callback_seconds += settled
    first = {"at": started, "name": "initiate", "do": "initiate"}
    return Plan(
        seed=8,
        agenda=(
            _register(),
            {**_initiate(started), **first},
            {"at": LINED_UP_AT, "name": "poll", "do": "poll_first"},
        ),
        scenarios={
            PHONE: [{**day, "person_seconds": person, "callback_seconds": callback_seconds}]
        },
        heal_at=LINED_UP_AT + 200,
        faults=(),
    )


LINED_UP: dict[str, dict[str, Any]] = {
    "success": {"person": "pays"},
    "refusal": {"person": "cancels"},
    "hint": {"person": "pays", "callback_is_listed": False},
}


class _KnownError(Exception):
    """What follows from here has been played already."""


class _Order:
    """One way through the choices: a prefix that is given, then always the first."""

    def __init__(self, prefix: list[int], known: set[bytes]) -> None:
        self.taken: list[tuple[int, int]] = []
        self._prefix = prefix
        self._known = known

    def of(self, world: SimulatedWorld) -> Choose:
        """Choose for this world. Errors: _KnownError where its state was met before."""

        def choose(names: list[str]) -> int:
            place = len(self.taken)
            if place >= len(self._prefix):
                self._meet(world.fingerprint())
            index = self._prefix[place] if place < len(self._prefix) else 0
            self.taken.append((index, len(names)))
            return index

        return choose

    def _meet(self, fingerprint: bytes) -> None:
        if fingerprint in self._known:
            raise _KnownError
        self._known.add(fingerprint)


def interleavings(plan: Plan, *, at_most: int) -> Iterator[Outcome | None]:
    """Every order in which the actors' calls can follow each other, depth first.

    An order that meets a state from which all has been played (the same table, clock and
    knowledge of every actor) is not played again to its end: None.
    """
    prefix: list[int] = []
    known: set[bytes] = set()
    for _ in range(at_most):
        order = _Order(prefix, known)
        try:
            yield play(plan, choose=order.of)
        except _KnownError:
            yield None
        taken = order.taken
        while taken and taken[-1][0] + 1 >= taken[-1][1]:
            taken.pop()
        if not taken:
            return
        index, _ = taken.pop()
        prefix = [each for each, _ in taken] + [index + 1]

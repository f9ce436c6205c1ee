"""A run reads the query gate once, however many due payments find it closed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from payments.usecases.reconcile import QueryGate


class Store:
    """Counts how often the gate is read."""

    def __init__(self, next_at: int) -> None:
        self.next_at = next_at
        self.reads = 0

    def next_query_at(self) -> int:
        self.reads += 1
        return self.next_at


def test_a_closed_gate_is_read_once_and_again_when_it_can_be_open() -> None:
    moment, store, slept = [100], Store(next_at=112), list[float]()
    services: Any = SimpleNamespace(store=store, now=lambda: moment[0], sleep=slept.append)
    gate = QueryGate(services, may_wait=lambda: 25.0)
    assert [gate.opens() for _ in range(100)] == [False] * 100
    assert store.reads == 1

    moment[0] = 112
    assert gate.opens()
    assert (store.reads, slept) == (2, [])


def test_a_run_with_time_left_waits_for_the_gate() -> None:
    slept = list[float]()
    services: Any = SimpleNamespace(store=Store(next_at=112), now=lambda: 100, sleep=slept.append)
    assert QueryGate(services, may_wait=lambda: 60.0).opens()
    assert slept == [12]
    assert not QueryGate(services).opens()

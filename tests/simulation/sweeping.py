"""Runs the exhaustive sweeps on several processes, and says what they found."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from typing import Any

from .coverage import Coverage
from .history import play
from .sweeps import FLOWS, LINED_UP, interleavings, lined_up, single_faults

INTERLEAVINGS_MAX = 20_000


def sweep_all(*, jobs: int) -> dict[str, Any]:
    """Every call of every reference flow, with every fault that can meet it."""
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        flows = dict(zip(FLOWS, pool.imap(sweep_flow, FLOWS, chunksize=1), strict=True))
    violations = [each for flow in flows.values() for each in flow["violations"]]
    return {
        "holds": not violations,
        "histories": sum(flow["histories"] for flow in flows.values()),
        "violations": violations,
        "flows": {
            name: {k: flow[k] for k in ("sites", "histories")} for name, flow in flows.items()
        },
    }


def sweep_flow(flow: str, *, one_in: int = 1) -> dict[str, Any]:
    """One flow with each of its single faults, or with one in so many."""
    coverage, histories, violations = Coverage(), 0, []
    for _, fault in single_faults(flow, one_in=one_in):
        outcome = play(replace(FLOWS[flow], faults=(fault,)))
        histories += 1
        coverage.merge(outcome.coverage)
        if outcome.violation is not None:
            violations.append([flow, fault.document(), str(outcome.violation)])
    return {
        "sites": len(play(FLOWS[flow]).sites),
        "histories": histories,
        "violations": violations,
        "faults": dict(coverage.faults),
    }


def interleave_all(*, jobs: int, at_most: int = INTERLEAVINGS_MAX) -> dict[str, Any]:
    """Every order of callback, poll and scheduled look on one payment, for each kind of result."""
    work = [(name, at_most) for name in LINED_UP]
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        found = dict(zip(LINED_UP, pool.starmap(interleave, work, chunksize=1), strict=True))
    return {
        "holds": not any(e["violations"] or not e["is_complete"] for e in found.values()),
        "orders": sum(each["orders"] for each in found.values()),
        "found": found,
    }


def interleave(name: str, at_most: int) -> dict[str, Any]:
    """One kind of result, in every order; `joined` are those that met a state known already."""
    orders, joined, violations = 0, 0, []
    for outcome in interleavings(lined_up(LINED_UP[name]), at_most=at_most):
        orders += 1
        if outcome is None:
            joined += 1
        elif outcome.violation is not None:
            violations.append(str(outcome.violation))
    return {
        "orders": orders,
        "joined": joined,
        "is_complete": orders < at_most,
        "violations": violations[:10],
    }

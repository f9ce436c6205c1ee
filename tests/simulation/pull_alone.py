"""Pull alone: all callbacks, queries and confirmations are lost; when money is on file (I17)."""

from __future__ import annotations

import multiprocessing
import random
from typing import Any

from simulator.core import pull

from .by_hand import draw_pull
from .history import play_in
from .plan import Plan
from .world import SimulatedWorld

FIRST_SEED, HISTORIES = 9_000_001, 100
HOURS_SECONDS = 3 * 3600.0
RUN_SECONDS = 1800.0
LIMIT_MINUTES = {"all runs finish": 35, "one run fails": 65}
PHONES = ("254722000301", "254722000302", "254722000303")


def draw_silent(seed: int, *, fails_once: bool) -> Plan:
    """Three hours in which customers pay by prompt and by hand, and only Pull tells."""
    chance = random.Random(f"silent {seed}")
    agenda: list[dict[str, Any]] = []

    def add(at: float, do: str, **facts: Any) -> None:
        agenda.append({"at": round(at, 3), "name": f"{do}-{len(agenda)}", "do": do, **facts})

    add(0.0, "provider_down", how="reset", seconds=HOURS_SECONDS, endpoints=["query"])
    for number, phone in enumerate(PHONES):
        booking, client = str(number + 1), f"client-{number}"
        add(0.0, "register", booking=booking, client=client, price=1000, state="Pending")
        facts = {"booking": booking, "client": client, "phone": phone, "amount": 1000, "key": None}
        add(chance.random() * 5400, "initiate", **facts, polls=0, retries=0)
        types = chance.choice(("reference", "booking", "blank", "wrong"))
        by_hand = {"phone": phone, "booking": booking, "types": types, "nth": number}
        add(chance.random() * 5400, "pay_by_hand", **by_hand, amount_off=chance.choice((0, 0, 1)))
    if fails_once:
        run_at = 60.0 + RUN_SECONDS * chance.randint(1, 3)
        how = chance.choice(("html", "reset", "hang"))
        add(run_at - 20, "provider_down", how=how, seconds=150.0, endpoints=["pull"])
    days = [{"person": "pays", "person_seconds": 5.0, "callback": "never"}] * 3
    return Plan(
        seed=seed,
        agenda=tuple(sorted(agenda, key=lambda item: (item["at"], item["name"]))),
        scenarios={phone: list(days) for phone in PHONES},
        daraja=draw_pull(chance),
        heal_at=HOURS_SECONDS,
        faults=(),
        environment={
            "PULL_TRANSACTIONS": "true",
            "PAYBILL_ACCOUNT": chance.choice(("off", "booking_id")),
        },
    )


def measure(given: tuple[int, bool]) -> dict[str, Any]:
    """The longest wait of one history's money, from Pull's first listing to its row. In seconds."""
    seed, fails_once = given
    plan = draw_silent(seed, fails_once=fails_once)
    world = SimulatedWorld(plan)
    violation = play_in(world)
    waits = [
        _wait(world, receipt, debit.at) for receipt, debit in world.daraja.ledger.debits.items()
    ]
    return {
        "violation": str(violation) if violation else None,
        "receipts": len(waits),
        "longest": max(waits, default=0.0),
    }


def _wait(world: SimulatedWorld, receipt: str, paid_at: float) -> float:
    listed_at = paid_at + pull._delay_seconds(world.daraja.world, receipt)
    return world.watch.filed_at.get(receipt, float("inf")) - listed_at


def measure_all(*, jobs: int) -> dict[str, Any]:
    """Both kinds of history; it holds where every receipt was on file in time."""
    found: dict[str, Any] = {}
    for kind, limit in LIMIT_MINUTES.items():
        fails_once = kind == "one run fails"
        first = FIRST_SEED + HISTORIES * fails_once
        work = [(seed, fails_once) for seed in range(first, first + HISTORIES)]
        with multiprocessing.get_context("spawn").Pool(jobs) as pool:
            each = pool.map(measure, work, chunksize=10)
        longest = max(one["longest"] for one in each) / 60
        violations = [one["violation"] for one in each if one["violation"]]
        found[kind] = {
            "histories": len(each),
            "first_seed": first,
            "receipts": sum(one["receipts"] for one in each),
            "longest_minutes": round(longest, 1),
            "limit_minutes": limit,
            "violations": violations,
            "holds": longest <= limit and not violations,
        }
    return {"holds": all(one["holds"] for one in found.values()), **found}

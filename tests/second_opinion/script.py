"""Short histories, each about one booking, drawn from their seeds and played many at once."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from tests.simulation.plan import Plan
from tests.simulation.scenarios import scenario

HEAL_AT = 900.0
BEGIN_WITHIN_SECONDS = 120.0
PRICES_KES = (1, 150, 1000)
DAYS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """Something that a person does. Shape: `do` is register, initiate or pay_by_hand."""

    at: float
    do: str
    booking: str
    client: str
    phone: str
    price: int
    key: str | None = None
    state: str = "Pending"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Histories that share one table and one Daraja. `plan` is what the audit reads of them."""

    plan: Plan
    doings: tuple[Doing, ...]
    histories: int


def draw_batch(first_seed: int, histories: int) -> Batch:
    """The histories of so many seeds."""
    chance = random.Random(f"second opinion {first_seed}")
    doings: list[Doing] = []
    scenarios: dict[str, list[dict[str, Any]]] = {}
    for seed in range(first_seed, first_seed + histories):
        _draw(random.Random(f"second opinion {seed} alone"), seed, doings, scenarios)
    daraja = {
        "prompt_seconds": chance.choice((25.0, 60.0, 120.0)),
        "show_seconds": chance.choice((0.2, 1.0, 5.0)),
        "settle_seconds": chance.choice((0.1, 1.0)),
        "query_pending": chance.choice(("4999", "being_processed", "mixed")),
        "callback_attempts": chance.choice((1, 3)),
        "c2b_twin": chance.choice(("off", "before", "after")),
        "c2b_seconds": chance.choice((0.1, 0.5, 3.0)),
    }
    plan = Plan(
        seed=first_seed,
        agenda=(),
        scenarios=scenarios,
        daraja=daraja,
        heal_at=HEAL_AT,
        hears_c2b=True,
    )
    ordered = sorted(doings, key=lambda each: (each.at, each.booking, each.do))
    return Batch(plan=plan, doings=tuple(ordered), histories=histories)


def _draw(
    chance: random.Random,
    seed: int,
    doings: list[Doing],
    scenarios: dict[str, list[dict[str, Any]]],
) -> None:
    """One booking that several people race for."""
    booking, client, price = f"s-{seed}", f"client-{seed}", chance.choice(PRICES_KES)
    phones = [f"2547{seed % 5_000_000 * 2 + number:08d}" for number in range(2)]
    for phone in phones:
        scenarios[phone] = [scenario(chance) for _ in range(DAYS)]

    def add(at: float, do: str, **more: Any) -> None:
        facts = {"client": client, "phone": phones[0], "price": price, **more}
        doings.append(Doing(at=round(at, 3), do=do, booking=booking, **facts))

    add(0.0, "register")
    begins = 1.0 + int(chance.random() * BEGIN_WITHIN_SECONDS)
    for _ in range(chance.choice((1, 2, 2, 3, 4))):
        key = chance.choice((None, "key-1", "key-1", "key-2"))
        phone = chance.choice((phones[0], phones[0], phones[1]))
        add(begins, "initiate", key=key, phone=phone)
    if chance.random() < 0.3:
        add(begins + chance.choice((62.0, 181.0, 302.0)), "initiate", phone=phones[1])
    if chance.random() < 0.25:
        add(begins + chance.choice((0.0, 5.0, 60.0, 310.0)), "register", state="Cancelled")
    if chance.random() < 0.2:
        add(begins + chance.choice((2.0, 30.0, 320.0)), "pay_by_hand")

"""What a history consists of, before any order is chosen: all of it drawn from one seed.

A plan is plain data, so that it can be shrunk, kept as JSON, and played again.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .by_hand import SHORTCODE, draw_money
from .faults import Fault, FaultKind, fault_from
from .refunding import draw_refunds
from .scenarios import scenario

REGRESSIONS = Path(__file__).parent / "regressions"
START = 1_790_000_000.0
"""When every history begins. UTC epoch seconds."""
MINUTE = 60.0
HOUR = 3600.0
PRICES_KES = (1, 150, 1000, 2500)
BOMBER = "bomber"
REPRICED_SHARE = 0.04
REOPENED_SHARE = 0.03
SILENT_SHARE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One history's script.

    Shape: `agenda` are the people's doings in order of time, each a dict with `at`, `name` and
    `do`; `scenarios` maps a phone to the days its pushes will have; `faults` None means: by
    chance at `fault_rate` among `kinds`; `hears_c2b` where M-Pesa posts confirmations too;
    `environment` are the functions' variables that differ from the usual; `initiator` maps each
    API of the initiator's to the days that its calls will have, empty where there is none;
    `rollout` says from when on which share of the calls meets the earlier release; `aimed_rate` is
    how often a fault strikes the write of a decision, where that is more often.
    Units: seconds from the start; KES.
    """

    seed: int
    agenda: tuple[dict[str, Any], ...]
    scenarios: dict[str, list[dict[str, Any]]]
    daraja: dict[str, Any] = field(default_factory=dict)
    heal_at: float = 600.0
    fault_rate: float = 0.0
    kinds: tuple[str, ...] = ()
    faults: tuple[Fault, ...] | None = None
    hears_c2b: bool = False
    environment: dict[str, str] = field(default_factory=dict)
    initiator: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    rollout: tuple[tuple[float, float], ...] = ()
    aimed_rate: float = 0.0

    @property
    def refunds(self) -> bool:
        """Whether there is an initiator, so that refunds can be sent."""
        return bool(self.initiator)

    @property
    def shortcode(self) -> str:
        """Which of M-Pesa's merchants this deployment is."""
        return self.environment.get("SAFARICOM_SHORTCODE", SHORTCODE)

    @property
    def pulls(self) -> bool:
        """Whether cleanup asks Pull."""
        return self.environment.get("PULL_TRANSACTIONS") == "true"

    def document(self) -> dict[str, Any]:
        """The plan, ready for JSON."""
        shown = asdict(self)
        shown["faults"] = None if self.faults is None else [each.document() for each in self.faults]
        return shown


def plan_from(document: dict[str, Any]) -> Plan:
    """The plan that `document` wrote; a kept one also says what it broke."""
    document = {name: value for name, value in document.items() if name != "broke"}
    faults = document["faults"]
    return Plan(
        **{
            **document,
            "agenda": tuple(document["agenda"]),
            "kinds": tuple(document["kinds"]),
            "rollout": tuple((at, share) for at, share in document.get("rollout", ())),
            "faults": None if faults is None else tuple(fault_from(each) for each in faults),
        }
    )


def kept_plans() -> Iterator[Plan]:
    """The histories that once broke the product, and are played for ever."""
    for path in sorted(REGRESSIONS.glob("*.json")):
        yield plan_from(json.loads(path.read_text(encoding="utf-8")))


def draw_plan(seed: int) -> Plan:
    """A whole history from one seed."""
    chance = random.Random(f"plan {seed}")
    heal_at = chance.choices((8 * MINUTE, 22 * MINUTE, 2 * HOUR, 27 * HOUR), (50, 40, 8, 2))[0]
    is_silent = chance.random() < SILENT_SHARE
    if is_silent:
        heal_at = chance.choice((22 * MINUTE, 22 * MINUTE, 2 * HOUR, 27 * HOUR))
    phones = [f"2547{seed % 90 + 10:02d}00010{number}" for number in range(2)]
    daraja = _daraja(chance)
    agenda = _Agenda(chance, phones, heal_at).draw()
    scenarios = {phone: [scenario(chance) for _ in range(8)] for phone in phones}
    if chance.random() < REPRICED_SHARE:
        _reprice_before_late_money(chance, agenda, scenarios[phones[0]])
    if chance.random() < REOPENED_SHARE:
        _reopen_as_late_money_comes(chance, agenda, scenarios, daraja)
    if is_silent:
        _fall_silent(chance, agenda, scenarios, heal_at)
    money = draw_money(seed, agenda, scenarios)
    refunds = draw_refunds(seed, agenda, scenarios, heal_at)
    heal_at = refunds.pop("heal_at", heal_at)
    daraja |= money.pop("daraja", {}) | refunds.pop("daraja", {})
    all_kinds = [str(kind) for kind in FaultKind]
    kinds = chance.sample(all_kinds, chance.randint(3, len(all_kinds)))
    return Plan(
        seed=seed,
        agenda=tuple(sorted(agenda, key=lambda item: (item["at"], item["name"]))),
        scenarios=scenarios,
        daraja=daraja,
        heal_at=heal_at,
        fault_rate=chance.choice((0.0, 0.05, 0.1, 0.1, 0.2, 0.3)),
        kinds=tuple(kinds),
        **money,
        **refunds,
    )


def _reprice_before_late_money(
    chance: random.Random, agenda: list[dict[str, Any]], days: list[dict[str, Any]]
) -> None:
    """A payment fails openly, the booking gets another price, and then the money arrives."""
    first = next(item for item in agenda if item["do"] == "register")
    at = 310.0 + chance.random() * 100
    later = {**first, "at": at, "name": "register-late", "price": first["price"] + 5}
    agenda.append(later)
    days[0] = {
        "person": "pays",
        "reversed_after_seconds": 450.0 + chance.random() * 500,
        "reversed_code": "1037",
        "callback_is_listed": chance.random() < 0.7,
    }


def _reopen_as_late_money_comes(
    chance: random.Random,
    agenda: list[dict[str, Any]],
    scenarios: dict[str, list[dict[str, Any]]],
    daraja: dict[str, Any],
) -> None:
    """A payment fails openly; its booking is cancelled and opened again while the money comes."""
    push = next(item for item in agenda if item["do"] == "initiate")
    booking = next(
        item for item in agenda if item["do"] == "register" and item["booking"] == push["booking"]
    )
    after = 310.0 + chance.random() * 300
    scenarios[push["phone"]][0] = {
        "person": "pays",
        "person_seconds": 3.0,
        "reversed_after_seconds": after,
        "reversed_code": "1037",
        "callback_seconds": 2.0,
    }
    seen_at = push["at"] + daraja["show_seconds"] + 3.0 + daraja["settle_seconds"]
    told_at = seen_at + after + 2.0
    for number in range(20):
        agenda.append(
            {
                **booking,
                "at": round(told_at + number * 0.06 + chance.random() * 0.04, 3),
                "name": f"register-again-{number}",
                "state": "Cancelled" if number % 2 == 0 else "Pending",
            }
        )


def _fall_silent(
    chance: random.Random,
    agenda: list[dict[str, Any]],
    scenarios: dict[str, list[dict[str, Any]]],
    heal_at: float,
) -> None:
    """No callback comes, and Daraja answers no query until all heals."""
    for days in scenarios.values():
        for day in days:
            day["callback"] = "never"
    first = min(item["at"] for item in agenda if item["do"] == "initiate")
    how = chance.choice(("html", "reset", "busy", "internal_error"))
    agenda.append(silence(round(first + 2.0, 3), how, heal_at))


def silence(at: float, how: str, seconds: float) -> dict[str, Any]:
    """Daraja answers no query."""
    when = {"at": at, "name": "silence", "do": "provider_down"}
    return {**when, "how": how, "seconds": seconds, "endpoints": ["query"]}


def _daraja(chance: random.Random) -> dict[str, Any]:
    return {
        "prompt_seconds": chance.choice((25.0, 60.0, 60.0, 120.0, 175.0)),
        "show_seconds": chance.choice((0.2, 1.0, 5.0, 20.0)),
        "settle_seconds": chance.choice((0.1, 1.0, 4.0)),
        "query_pending": chance.choice(("4999", "being_processed", "mixed")),
        "query_per_minute": chance.choice((None, None, 5)),
        "callback_attempts": chance.choice((1, 1, 3)),
        "token_seconds": chance.choice((3599.0, 3599.0, 200.0)),
    }


class _Agenda:
    """Draws who does what and when."""

    def __init__(self, chance: random.Random, phones: list[str], heal_at: float) -> None:
        self._chance = chance
        self._phones = phones
        self._heal_at = heal_at
        self._items: list[dict[str, Any]] = []
        self._bookings = {
            str(number): (f"client-{chance.randint(1, 2)}", chance.choice(PRICES_KES))
            for number in range(1, chance.choice((1, 1, 2)) + 1)
        }

    def draw(self) -> list[dict[str, Any]]:
        """The agenda, in no order."""
        for booking_id, (client_id, price_kes) in self._bookings.items():
            self._register(0.0, booking_id, client_id, price_kes)
        for _ in range(self._chance.choice((1, 1, 1, 2, 2, 3))):
            self._customer()
        for draw, probability in (
            (self._double_click, 0.25),
            (self._booking_system, 0.25),
            (self._attacker, 0.3),
            (self._operator, 0.35),
            (self._outage, 0.25),
            (self._bomber, 0.02),
            (self._instances_die, 0.1),
        ):
            if self._chance.random() < probability:
                draw()
        return self._items

    def _add(self, at: float, do: str, **facts: Any) -> dict[str, Any]:
        item = {"at": round(at, 3), "name": f"{do}-{len(self._items)}", "do": do, **facts}
        self._items.append(item)
        return item

    def _register(
        self, at: float, booking: str, client: str, price: int, state: str = "Pending"
    ) -> None:
        self._add(at, "register", booking=booking, client=client, price=price, state=state)

    def _moment(self) -> float:
        """Mostly soon, sometimes when something is about to lapse."""
        drawn = self._chance.random()
        if drawn < 0.4:
            return 1.0 + self._chance.random() * 5
        if drawn < 0.7:
            return 1.0 + self._chance.random() * 120
        if drawn < 0.9:
            return 1.0 + self._chance.random() * 420
        return 1.0 + self._chance.random() * min(self._heal_at, 3 * HOUR)

    def _customer(self) -> None:
        booking_id = self._chance.choice(list(self._bookings))
        client_id, price_kes = self._bookings[booking_id]
        if self._chance.random() < 0.06:
            client_id = "client-3"
        if self._chance.random() < 0.06:
            price_kes += 1
        self._add(
            self._moment(),
            "initiate",
            booking=booking_id,
            client=client_id,
            phone=self._chance.choice(self._phones[: self._chance.choice((1, 2))]),
            amount=price_kes,
            key=self._chance.choice((None, None, f"key-{self._chance.randint(1, 2)}")),
            polls=self._chance.choice((0, 0, 1, 2, 3)),
            retries=self._chance.choice((0, 0, 0, 1, 2)),
        )

    def _double_click(self) -> None:
        first = self._chance.choice([item for item in self._items if item["do"] == "initiate"])
        facts = {name: first[name] for name in first if name not in ("at", "name", "do")}
        for _ in range(self._chance.choice((1, 1, 2))):
            self._add(first["at"] + self._chance.random() * 0.3, "initiate", **facts)

    def _booking_system(self) -> None:
        booking_id = self._chance.choice(list(self._bookings))
        client_id, price_kes = self._bookings[booking_id]
        for _ in range(self._chance.choice((1, 1, 2))):
            changes = self._chance.choice(
                ("Cancelled", "Cancelled", "Pending", *("price", "client") * 2)
            )
            is_late = self._chance.random() < 0.4
            self._register(
                305.0 + self._chance.random() * 300 if is_late else self._moment(),
                booking_id,
                "client-4" if changes == "client" else client_id,
                price_kes + 5 if changes == "price" else price_kes,
                "Pending" if changes in ("price", "client") else changes,
            )

    def _attacker(self) -> None:
        for _ in range(self._chance.choice((1, 2))):
            self._add(
                self._moment(),
                "attack",
                how=self._chance.choice(
                    (
                        "wrong_token",
                        "old_route",
                        "probe",
                        "replay",
                        "leaked_token",
                        "odd_body",
                        "wrong_id",
                    )
                ),
                nth=self._chance.randint(0, 2),
            )

    def _operator(self) -> None:
        for _ in range(self._chance.choice((1, 2))):
            self._add(60.0 + self._chance.random() * self._heal_at, "operate")

    def _outage(self) -> None:
        at = self._moment()
        if self._chance.random() < 0.4:
            self._add(at, "store_down", seconds=self._chance.choice((2.0, 10.0, 60.0, 200.0)))
            return
        self._add(
            at,
            "provider_down",
            how=self._chance.choice(("html", "reset", "hang", "busy", "internal_error")),
            seconds=self._chance.choice((20.0, 200.0, self._heal_at)),
            endpoints=self._chance.choice(
                (["oauth"], ["push"], ["query"], ["query"], ["oauth", "push", "query"])
            ),
        )

    def _bomber(self) -> None:
        """Many accounts bomb one phone, or one account bombs many phones."""
        is_one_account = self._chance.random() < 0.4
        count, spacing = self._chance.choice(((6, 45.0), (13, 305.0)))
        if is_one_account:
            count, spacing = 7, 20.0
        for number in range(count):
            booking_id = f"bomb-{number}"
            client_id = BOMBER if is_one_account else f"{BOMBER}-{number}"
            phone = f"2547990001{number:02d}" if is_one_account else self._phones[0]
            self._register(0.0, booking_id, client_id, 1)
            self._add(
                2.0 + number * spacing,
                "initiate",
                booking=booking_id,
                client=client_id,
                phone=phone,
                amount=1,
                key=None,
                polls=0,
                retries=0,
            )

    def _instances_die(self) -> None:
        self._add(self._moment(), "instances_die")

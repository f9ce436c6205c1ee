"""What the protocol cannot survive, each as a knob of the world: off by default, shown here on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .history import play
from .plan import Plan
from .sweeps import OTHER_PHONE, PHONE, _initiate, _register


@dataclass(frozen=True, slots=True)
class Knob:
    """One thing turned on; `breaks` is the invariant that then fails."""

    name: str
    what_happens: str
    breaks: str
    plan: Plan


def _plan(*agenda: dict[str, Any], day: dict[str, Any], daraja: dict[str, Any]) -> Plan:
    days = {PHONE: [{"person_seconds": 5.0, **day}], OTHER_PHONE: [{"person": "pays"}]}
    return Plan(seed=8, agenda=agenda, scenarios=days, daraja=daraja, heal_at=90_000.0, faults=())


KNOBS = (
    Knob(
        "the query says 0 before the PIN, later than QuerySuccessSeconds",
        "The payment completes and the consultation is Confirmed; then the customer lets the "
        "prompt run out: confirmed without paying.",
        "I2",
        _plan(
            _register(),
            _initiate(1.0, polls=4),
            day={"person": "ignores", "query": "success_before_pin", "callback": "never"},
            daraja={"prompt_seconds": 175.0},
        ),
    ),
    Knob(
        "the query says failed for ever about a paid payment, and no callback ever comes",
        "The payment stays failed, although the customer paid; only M-Pesa's statement tells.",
        "I2",
        _plan(
            _register(),
            _initiate(1.0),
            day={"person": "pays", "query": "false_failure", "callback": "never"},
            daraja={},
        ),
    ),
    Knob(
        "a prompt stays open longer than L",
        "The locks lapse while the first prompt can still be paid, and a second one opens for the "
        "same booking on another phone: the customer may pay twice, and the second is refunded.",
        "I1",
        _plan(
            _register(),
            _initiate(1.0),
            _initiate(330.0, phone=OTHER_PHONE),
            day={"person": "ignores", "callback": "never"},
            daraja={"prompt_seconds": 900.0},
        ),
    ),
    Knob(
        "a callback token leaks while the query says 0 before the PIN",
        "A forged hint and an agreeing query are full evidence: confirmed before the money moved.",
        "I2",
        _plan(
            _register(),
            _initiate(1.0, polls=2),
            {"at": 20.0, "name": "attack", "do": "attack", "how": "leaked_token_early", "nth": 0},
            day={"person": "ignores", "query": "success_before_pin", "callback": "never"},
            daraja={},
        ),
    ),
)


def turn_all() -> dict[str, Any]:
    """Turn each knob on by itself, and show what breaks; it holds where that was foretold."""
    table = []
    for knob in KNOBS:
        violation = play(knob.plan).violation
        table.append(
            {
                "knob": knob.name,
                "what_happens": knob.what_happens,
                "foretold": knob.breaks,
                "broke": violation.invariant if violation else None,
                "says": str(violation) if violation else "",
            }
        )
    return {"holds": all(row["foretold"] == row["broke"] for row in table), "table": table}

"""Refunds in a history: how M-Pesa's days go, who asks, who approves, and what goes wrong."""

from __future__ import annotations

import random
from typing import Any

REFUNDS_SHARE = 0.45
WRONG_PASSWORD_SHARE = 0.08
CANCELLED_SHARE = 0.8
PLAIN_SHARE = 0.6
"""So many phones pay plainly at first: only money that arrived can go back."""
TROUBLED_SHARE, TROUBLED_SECONDS_MAX = 0.7, 4 * 3600.0
"""So often faults go on while the money goes back."""
RENEWED_SHARE, REQUESTED_SHARE = 0.25, 0.85
MAKERS = ("amina", "amina", "baraka", "chebet", "booking-system")
CHECKERS = ("baraka", "baraka", "amina", "chebet", "dalmas")
"""Two may request and approve; chebet may only request; dalmas may only look."""
AFTER_CANCEL_SECONDS = (1.0, 20.0, 90.0, 400.0)
BETWEEN_SECONDS = (0.2, 2.0, 31.0, 200.0, 900.0)
ASK_SECONDS = (8.0, 8.0, 20.0, 60.0, 200.0, 600.0)
ROUND_SECONDS = (60.0, 240.0, 1500.0, 5000.0, 90_000.0)
BESIDE = (
    *("approve", "approve", "withdraw", "reject", "mark", "portal", "forge", "ask", "request"),
    *("lock", "renew", "settle", "settle", "settle"),
)
"""What somebody does at about the moment of an approval."""
ACKS = ("hang", "reset", "internal_error", "html", "html_503", "bad_gateway", "busy")
MORE_ACKS = ("spike_arrest", "quota", "refused")
RESULT_SECONDS = (0.1, 20.0, 121.0, 700.0, 8000.0, 60_000.0)
CODES = ("1", "1", "1", "11", "2001", "8006", "R000002", "18", "17", "26", "7777", "100000000")
FAULTS = (
    *("string_code", "single_parameter", "reference_list", "repeated_key", "missing_parameters"),
    *("wrong_amount", "wrong_receipt", "malformed"),
)
EXECUTED = {"outcome_code": "1", "outcome_is_executed": True, "second_code": "0"}
"""M-Pesa refuses, sends the money back all the same, and says so later."""
SETTLED_AFTER, EXECUTED_AT_LAST = 95_000.0, 150_000.0
"""After a day a person settles a refund that was not executed, and gives the money back by hand."""
STATUSES = ("Completed", "Completed", "Cancelled", "Declined", "Expired")


def draw_refunds(
    seed: int,
    agenda: list[dict[str, Any]],
    scenarios: dict[str, list[dict[str, Any]]],
    heal_at: float,
) -> dict[str, Any]:
    """Add cancellations and the staff's doings to the agenda; the plan's fields about refunds.

    It draws from a chance of its own, so the rest of the plan is the seed's whatever it draws.
    """
    chance = random.Random(f"refunds {seed}")
    if chance.random() >= REFUNDS_SHARE:
        return {}
    is_wrong = chance.random() < WRONG_PASSWORD_SHARE
    _add(agenda, 0.0, "refund", act="renew", who="wrong" if is_wrong else "right")
    for days in scenarios.values():
        if chance.random() < PLAIN_SHARE:
            days[0] = _paying_day(chance, days[0])
    began = _cancel(chance, agenda)
    at = began + chance.choice(AFTER_CANCEL_SECONDS)
    for _ in range(chance.choice((1, 2, 2, 3))):
        at = _round(chance, agenda, at) + chance.choice(ROUND_SECONDS) * (0.5 + chance.random())
    for _ in range(chance.choice((1, 1, 2, 3))):
        push = chance.choice([item for item in agenda if item["do"] == "initiate"])
        soon = push["at"] + chance.choice(ASK_SECONDS) * (0.5 + chance.random())
        _add(agenda, soon, "refund", act="ask", who="amina", nth=chance.randint(0, 3))
        if chance.random() < 0.7:
            _add(agenda, soon + chance.choice((4.0, 15.0, 60.0, 200.0)), "operate")
        if chance.random() < 0.3:
            how, later = "leaked_token", soon + chance.choice((40.0, 150.0, 600.0))
            _add(agenda, later, "attack", how=how, nth=chance.randint(0, 2))
    if is_wrong:
        _add(agenda, min(at, heal_at + 3600), "refund", act="renew", who="right")
    if chance.random() < TROUBLED_SHARE:
        heal_at = max(heal_at, min(at, TROUBLED_SECONDS_MAX))
    executed_after, repeats, is_shown, reversals = _reversal_days(chance, agenda, began)
    return {
        "heal_at": heal_at,
        "initiator": {
            "reversal": reversals,
            "status": [_status_day(chance) for _ in range(12)],
            "balance": [_balance_day(chance) for _ in range(6)],
        },
        "daraja": {
            "initiator_seconds": executed_after,
            "queue_timeout_seconds": chance.choice((5.0, 30.0)),
            "reversal_repeats": repeats,
            "reversed_is_shown": is_shown,
            "wrong_password_code": chance.choice(("2001", "18")),
            "unknown_receipt_code": chance.choice(("2032", "25", "SFC_IC0003")),
        },
    }


def _reversal_days(
    chance: random.Random, agenda: list[dict[str, Any]], began: float
) -> tuple[float, bool, bool, list[dict[str, Any]]]:
    """How each reversal goes; when, whether results come twice, and whether a status shows it."""
    repeats = chance.random() < 0.1
    reversals = [_reversal_day(chance, repeats=repeats) for _ in range(6)]
    is_shown = chance.random() < 0.8
    executed_after = chance.choice((0.2, 2.0, 2.0, 30.0, 300.0))
    drawn = chance.random()
    if drawn < 0.08:
        reversals[:2] = _late_refusal(chance)
    elif drawn < 0.11 and not repeats:
        reversals[:1] = [{**EXECUTED, "second_seconds": chance.choice((200.0, 900.0))}]
        _add(agenda, began + chance.choice((60.0, 300.0)), "refund", act="mark", who="amina")
    elif drawn < 0.14 and not repeats:
        executed_after = EXECUTED_AT_LAST
        for act, after in (("settle", 0.0), ("mark", 200.0)):
            _add(agenda, began + SETTLED_AFTER + after, "refund", act=act, who="baraka")
    elif drawn < 0.22 and not repeats:
        is_shown = False  # only the late result tells that the first attempt was carried out
        reversals[:1] = [{**EXECUTED, "outcome_seconds": 0.1, "second_seconds": 2500.0}]
    return executed_after, repeats, is_shown, reversals


def _add(agenda: list[dict[str, Any]], at: float, do: str, **facts: Any) -> None:
    name = f"{do}-r{len(agenda)}"
    agenda.append({"at": round(at, 3), "name": name, "do": do, **facts})


def _cancel(chance: random.Random, agenda: list[dict[str, Any]]) -> float:
    """Most bookings are cancelled some minutes after somebody asked to pay; when the first was."""
    first = 600.0
    for booking in [item for item in agenda if item["do"] == "register" and item["at"] == 0.0]:
        pushes = [
            e["at"] for e in agenda if e["do"] == "initiate" and e["booking"] == booking["booking"]
        ]
        if not pushes or chance.random() >= CANCELLED_SHARE:
            continue
        at = min(pushes) + chance.choice((40.0, 130.0, 330.0, 700.0)) * (0.5 + chance.random())
        facts = {key: booking[key] for key in ("booking", "client", "price")}
        _add(agenda, at, "register", **facts, state="Cancelled")
        first = min(first, at)
    return first


def _round(chance: random.Random, agenda: list[dict[str, Any]], at: float) -> float:
    """Somebody requests, somebody approves, and somebody does something else meanwhile."""
    if chance.random() < RENEWED_SHARE:
        _add(agenda, max(1.0, at - 310.0), "refund", act="renew", who="right")
    if chance.random() < REQUESTED_SHARE:
        _add(agenda, at, "refund", act="request", who=chance.choice(MAKERS))
    at += chance.choice(BETWEEN_SECONDS) * (0.5 + chance.random())
    _add(agenda, at, "refund", act="approve", who=chance.choice(CHECKERS))
    for _ in range(chance.choice((0, 1, 1, 2))):
        beside = at + chance.choice((0.05, 0.2, 1.0, 35.0, 300.0)) * (chance.random() - 0.3)
        _add(
            agenda,
            max(1.0, beside),
            "refund",
            act=chance.choice(BESIDE),
            who=chance.choice(CHECKERS),
            nth=chance.randint(0, 5),
        )
    return at


def _paying_day(chance: random.Random, day: dict[str, Any]) -> dict[str, Any]:
    """The customer pays at once; the callback often comes after other witnesses, or never."""
    kept = {name: fact for name, fact in day.items() if name.startswith("twin")}
    paying = {"person": "pays", "person_seconds": chance.choice((0.5, 3.0, 20.0)), **kept}
    drawn = chance.random()
    if drawn < 0.25:
        paying["callback"] = "never"
    elif drawn < 0.7:
        paying["callback_seconds"] = chance.choice((20.0, 60.0, 200.0, 200.0, 1000.0, 2500.0))
    return {**paying, "callback_is_listed": chance.random() < 0.75}


def _reversal_day(chance: random.Random, *, repeats: bool) -> dict[str, Any]:
    """M-Pesa that executes what it refused, or after the portal, once more is beyond R4."""
    day = _ask_day(chance, acks=0.25)
    drawn = chance.random()
    if drawn < 0.25:
        day["outcome_code"] = chance.choice(CODES)
        if chance.random() < 0.25:
            day |= {"second_code": day["outcome_code"]}
        elif chance.random() < 0.25 and not repeats:
            day |= {**EXECUTED, "outcome_code": day["outcome_code"]}
    elif drawn < 0.3:
        day["second_code"] = chance.choice(("1", "17", "2001"))
    elif drawn < 0.36 and not repeats:
        day["reversed_on_portal"] = True
    elif drawn < 0.42:
        day["settled_to_bank"] = True
    if "second_code" in day:
        day["second_seconds"] = chance.choice((2.0, 45.0, 400.0, 4000.0))
    if chance.random() < 0.1:
        day["queue_timeout"] = True
    return day


def _late_refusal(chance: random.Random) -> list[dict[str, Any]]:
    """An attempt is refused, and refused once more while the next one is under way."""
    after = chance.choice((150.0, 400.0, 1500.0))
    first = {"outcome_code": "1", "outcome_seconds": 0.1}
    return [
        {**first, "second_code": "1", "second_seconds": after},
        {"outcome_seconds": chance.choice((700.0, 8000.0))},
    ]


def _status_day(chance: random.Random) -> dict[str, Any]:
    day = _ask_day(chance, acks=0.15)
    if day.get("outcome_faults") == ["wrong_amount"]:
        del day["outcome_faults"]  # a witness that lies about the amount is believed, as it must be
    if chance.random() < 0.15:
        day["transaction_status"] = chance.choice(STATUSES)
    elif chance.random() < 0.04:
        day["outcome_code"] = chance.choice(("26", "2032", "8006"))
    return day


def _balance_day(chance: random.Random) -> dict[str, Any]:
    day = _ask_day(chance, acks=0.15)
    if chance.random() < 0.04:
        day["outcome_code"] = chance.choice(("21", "26", "2001"))
    return day


def _ask_day(chance: random.Random, *, acks: float) -> dict[str, Any]:
    """One call's acknowledgement and result."""
    day: dict[str, Any] = {}
    if chance.random() < acks:
        day["ack"] = chance.choice((*ACKS, *MORE_ACKS))
        day["ack_reaches_mpesa"] = chance.random() < 0.7
    elif chance.random() < 0.1:
        day["ack_delay_seconds"] = chance.choice((1.0, 6.0, 17.0))
    drawn = chance.random()
    if drawn < 0.15:
        day["outcome"] = "never"
    elif drawn < 0.23:
        day["outcome"] = "before_answer"
    elif drawn < 0.5:
        day["outcome_seconds"] = chance.choice(RESULT_SECONDS)
    if chance.random() < 0.15:
        day["outcome_copies"] = chance.randint(2, 3)
    if chance.random() < 0.12:
        day["outcome_is_listed"] = False
    if chance.random() < 0.12:
        day["outcome_faults"] = [chance.choice(FAULTS)]
    return day

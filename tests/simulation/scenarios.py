"""How the day of one push goes at the provider, drawn within what the protocol survives."""

from __future__ import annotations

import random
from typing import Any

FORCED_CODES = ("1", "17", "26", "1001", "9999", "31415")
OPEN_ENDED_CODES = ("1037", "1036", "9999", "1001")
"""Failures that do not prove the prompt closed: money may follow them."""
BODY_FAULTS = (
    "wrong_amount",
    "wrong_amount",
    "fractional_amount",
    "missing_amount",
    "missing_amount",
    "reused_receipt",
    "reused_receipt",
    "reused_receipt",
    "missing_receipt",
    "string_code",
    "string_date",
    "masked_phone",
    "missing_metadata",
    "empty_items",
    "malformed",
    "shuffled",
    "desc_prefix",
)
BEFORE_PIN_SECONDS = 75.0
"""The query may say 0 this long before the PIN: QuerySuccessSeconds is more than that away."""
LATE_SECONDS_MAX = 70_000.0
"""Later than a day after the prompt, nobody asks again: see the knobs."""


def scenario(chance: random.Random) -> dict[str, Any]:
    """One day, as the simulator's scenario fields."""
    fields: dict[str, Any] = {"person": _person(chance)}
    _phone(chance, fields)
    _answer(chance, fields)
    _callback(chance, fields)
    _query(chance, fields)
    return fields


def _person(chance: random.Random) -> str:
    return chance.choices(("pays", "cancels", "ignores", "wrong_pin"), (74, 9, 9, 8))[0]


def _phone(chance: random.Random, fields: dict[str, Any]) -> None:
    fields["person_seconds"] = round(chance.choice((0.5, 3.0, 8.0, 20.0, 55.0, 170.0)), 1)
    drawn = chance.random()
    if drawn < 0.04:
        fields["prompt_is_lost"] = True
    elif drawn < 0.10:
        fields["result_code"] = chance.choice(FORCED_CODES)
    elif drawn < 0.18:
        fields["reversed_after_seconds"] = chance.choice((3.0, 30.0, 150.0, 2000.0, 50_000.0))
        fields["reversed_code"] = chance.choice(OPEN_ENDED_CODES)


def _answer(chance: random.Random, fields: dict[str, Any]) -> None:
    if chance.random() < 0.12:
        fields["push_answer"] = chance.choice(
            ("hang", "reset", "internal_error", "html", "bad_gateway", "busy", "quota", "refused")
        )
        fields["push_reaches_mpesa"] = chance.random() < 0.7
    elif chance.random() < 0.1:
        fields["push_delay_seconds"] = chance.choice((1.0, 6.0, 17.0))


def _callback(chance: random.Random, fields: dict[str, Any]) -> None:
    drawn = chance.random()
    if drawn < 0.13:
        fields["callback"] = "never"
    elif drawn < 0.22:
        fields["callback"] = "before_answer"
    elif drawn < 0.36:
        fields["callback_seconds"] = chance.choice(
            (20.0, 26.0, 60.0, 121.0, 400.0, 8000.0, 60_000.0)
        )
    if chance.random() < 0.15:
        fields["callback_copies"] = chance.randint(2, 4)
    if chance.random() < 0.15:
        fields["callback_is_listed"] = False
    if chance.random() < 0.2:
        fields["body_faults"] = [chance.choice(BODY_FAULTS)]


def _query(chance: random.Random, fields: dict[str, Any]) -> None:
    drawn = chance.random()
    if drawn < 0.08:
        fields["query"] = "false_failure"
        fields["query_lie_code"] = chance.choice(OPEN_ENDED_CODES)
        fields["query_lie_seconds"] = chance.choice((40.0, 200.0, 1000.0, LATE_SECONDS_MAX))
    elif drawn < 0.14:
        fields["query"] = "success_before_pin"
        fields["query_lie_seconds"] = BEFORE_PIN_SECONDS
    elif drawn < 0.17:
        fields["query"] = "unknown_id"
        fields["query_lie_seconds"] = chance.choice((90.0, 1000.0, 1000.0, 1000.0, None))
    elif drawn < 0.20:
        fields["query"] = "never_final"
        fields["query_lie_seconds"] = chance.choice(
            (90.0, 400.0, 2000.0, 5000.0, 5000.0, 5000.0, 5000.0, None)
        )

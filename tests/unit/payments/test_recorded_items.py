"""Items that the first version (48b370e) wrote are read, and written back byte for byte."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from payments.store.attributes import from_item, to_item
from payments.store.items import (
    consultation_key,
    consultation_values,
    payment_key,
    payment_values,
    receipt_key,
    to_consultation,
    to_payment,
    to_phone_guard,
)

RECORDED = Path(__file__).parents[2] / "payloads" / "items"
type Item = dict[str, Any]


def recorded(kind: str) -> list[Item]:
    """Each set of attributes that was seen, once."""
    lines = (RECORDED / f"{kind}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line, object_hook=_bytes) for line in lines]


def _bytes(found: dict[str, Any]) -> Any:
    return {"B": base64.b64decode(found["B"])} if set(found) == {"B"} else found


@pytest.mark.parametrize("item", recorded("pay_state"), ids=lambda item: item["status"]["S"])
def test_a_payment_is_read_and_written_back_as_it_was(item: Item) -> None:
    payment = to_payment(from_item(item))
    stored = {**payment_key(payment.payment_id), **payment_values(payment)}
    assert to_item(stored) == item


@pytest.mark.parametrize("item", recorded("consult_state"))
def test_a_consultation_is_read_and_written_back_as_it_was(item: Item) -> None:
    consultation = to_consultation(from_item(item))
    stored = {**consultation_key(consultation.booking_id), **consultation_values(consultation)}
    assert to_item(stored) == item


def test_a_phone_guard_and_a_receipt_are_read() -> None:
    for guard in recorded("phone_state"):
        assert to_phone_guard(from_item(guard)).prompted_at[0] == int(guard["p1"]["N"])
    for claim in recorded("rcpt_state"):
        values = from_item(claim)
        assert receipt_key(values["pk"].removeprefix("RCPT#")) == {
            "pk": values["pk"],
            "sk": "STATE",
        }


def test_a_phone_guard_has_the_ten_last_prompts_latest_first() -> None:
    stored = {f"p{slot}": 1_790_000_000 - slot for slot in range(1, 11)}
    last_ten = tuple(range(1_789_999_999, 1_789_999_989, -1))
    assert to_phone_guard(stored).prompted_at == last_ten
    assert to_phone_guard({}).prompted_at == (0,) * 10


def test_what_was_recorded_has_the_rarer_attributes_too() -> None:
    items = recorded("pay_state")
    assert {item["status"]["S"] for item in items} >= {"dispatching", "pending", "completed"}
    names = {name for item in items for name in item}
    assert {"hint", "attention", "receipt_number", "prompt_until", "evidence_heads"} <= names

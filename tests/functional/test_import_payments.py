"""Importing the earlier integration's payments, and importing them again."""

from __future__ import annotations

import random

import pytest
from payments.store.table import Table

from tests.support.aws import TABLE_NAME
from tests.support.world import START, World
from tools.import_payments import COLUMNS, import_rows, payment_id_of

ROWS = 2_000
STATUSES = ("completed", "completed", "failed", "cancelled", "pending")


def table_of(world: World) -> Table:
    return Table(
        world.dynamodb,
        TABLE_NAME,
        sleep=world.clock.sleep,
        jitter=random.Random(1),
        clock=world.clock,
    )


def row(number: int, **changes: str) -> dict[str, str]:
    status = STATUSES[number % len(STATUSES)]
    is_paid = status == "completed"
    values = {
        "id": str(number),
        "user_id": str(number % 500),
        "consultation_id": f"old-{number}",
        "phone_number": f"07{number:08d}",
        "amount": f"{500 + number % 7}.00",
        "status": status,
        "checkout_request_id": f"ws_CO_01012026120000{number % 1000:03d}7{number:08d}",
        "merchant_request_id": f"29115-{number}-1",
        "mpesa_receipt_number": f"SAB{number:07d}" if is_paid else "",
        "result_code": "0" if is_paid else "1032",
        "result_desc": "",
        "created_at": "2026-01-01T12:00:00",
        "transaction_date": "2026-01-01T12:00:20+03:00" if is_paid else "",
    }
    return {column: {**values, **changes}[column] for column in COLUMNS}


def test_rows_imported_twice_change_nothing_the_second_time(world: World) -> None:
    rows = [row(number) for number in range(ROWS)]
    first = import_rows(table_of(world), rows, now=int(START), writes=True)
    items = sorted(map(repr, world.engine.items(TABLE_NAME)))
    second = import_rows(table_of(world), rows, now=int(START) + 999, writes=True)
    assert (first.imported, first.present, first.refused) == (ROWS, 0, [])
    assert (second.imported, second.present, second.refused) == (0, ROWS, [])
    assert second.amount_kes == first.amount_kes
    assert sorted(map(repr, world.engine.items(TABLE_NAME))) == items
    expected = sum(500 + n % 7 for n in range(ROWS) if STATUSES[n % 5] == "completed")
    assert first.amount_kes["completed"] == expected


def test_a_rehearsal_writes_nothing(world: World) -> None:
    totals = import_rows(table_of(world), [row(1)], now=int(START), writes=False)
    assert totals.imported == 1
    assert list(world.engine.items(TABLE_NAME)) == []


def test_an_imported_payment_is_its_owners_and_its_consultation_is_confirmed(world: World) -> None:
    import_rows(table_of(world), [row(1)], now=int(START), writes=True)
    answer = world.status(payment_id_of("1"), client_id="1")
    assert answer.body["status"] == "completed"
    assert answer.body["mpesa_receipt_number"] == "SAB0000001"
    assert world.status(payment_id_of("1"), client_id="2").status == 404
    assert world.consultation("old-1")["status"] == "Confirmed"
    again = world.initiate("old-1", client_id="1", amount=501)
    assert (again.status, again.body["code"]) == (409, "already_paid")


def test_an_imported_pending_payment_is_asked_about(world: World) -> None:
    import_rows(table_of(world), [row(4)], now=int(START), writes=True)
    assert world.clean_up()["looked_at"] == 1


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"status": "odd"}, "status"),
        ({"amount": "1.50"}, "amount"),
        ({"phone_number": "12345"}, "phone_number"),
        ({"mpesa_receipt_number": ""}, "mpesa_receipt_number"),
        ({"created_at": "yesterday"}, "created_at"),
        ({"status": "pending", "checkout_request_id": ""}, "checkout_request_id"),
        ({"consultation_id": "../x"}, "consultation_id"),
    ],
)
def test_a_row_that_is_not_in_order_is_named_and_changes_nothing(
    world: World, changes: dict[str, str], word: str
) -> None:
    totals = import_rows(table_of(world), [row(1, **changes)], now=int(START), writes=True)
    [sentence] = totals.refused
    assert "line 2" in sentence
    assert word in sentence
    assert list(world.engine.items(TABLE_NAME)) == []


def test_a_receipt_that_another_payment_has_is_refused(world: World) -> None:
    rows = [row(1), row(6, mpesa_receipt_number="SAB0000001")]
    totals = import_rows(table_of(world), rows, now=int(START), writes=True)
    assert totals.imported == 1
    assert "receipt already belongs to another payment" in totals.refused[0]

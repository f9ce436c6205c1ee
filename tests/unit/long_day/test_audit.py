"""The audit of the long day sees each difference between the statement and the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulator.server.documents import debit_document
from tests.long_day.audit import Debits, compare
from tests.second_opinion.judge import view_of
from tests.simulation.invariants.view import View
from tests.support.aws import TABLE_NAME
from tests.support.world import World


@pytest.fixture
def day() -> tuple[View, Debits]:
    """One booking, paid by prompt."""
    world = World(seed=3)
    world.register("1")
    world.daraja.set_next("pays")
    assert world.initiate("1").status == 200
    world.pass_time(400)
    world.close()
    debits = {each.receipt: debit_document(each) for each in world.daraja.ledger.debits.values()}
    return view_of(world.engine.items(TABLE_NAME)), debits


def lose_the_payment(view: View, debits: Debits) -> None:
    view.payments.clear()
    view.receipts.clear()
    view.rows.clear()


def leave_it_open(view: View, debits: Debits) -> None:
    [payment] = view.payments.values()
    payment["status"] = "pending"


def take_less(view: View, debits: Debits) -> None:
    [debit] = debits.values()
    debit["amount"] -= 1


@pytest.mark.parametrize(
    ("breaks", "change"),
    [
        ("I2", lambda _, debits: debits.clear()),
        ("I2", lose_the_payment),
        ("I5", leave_it_open),
        ("I3", take_less),
        ("I7", lambda view, _: view.events.clear()),
        ("I15", lambda view, _: view.receipts.clear()),
    ],
)
def test_each_difference_is_named(
    day: tuple[View, Debits], breaks: str, change: Callable[[View, Any], None]
) -> None:
    view, debits = day
    assert compare(view, debits) == []
    change(view, debits)
    assert breaks in {found.partition(":")[0] for found in compare(view, debits)}

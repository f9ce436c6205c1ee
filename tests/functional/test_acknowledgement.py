"""A 2xx to a callback means that its facts are durable: in the table, or in the queue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.dynamodb.faults import throttled
from tests.support.network import Lines
from tests.support.world import World


class Table:
    """Lets the table refuse from now on."""

    def __init__(self) -> None:
        self.refuses = False

    def __call__(
        self, operation: str, request: dict[str, Any], execute: Callable[[], dict[str, Any]]
    ) -> dict[str, Any]:
        if self.refuses:
            raise throttled(operation, request)
        return execute()


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def world(table: Table) -> Iterator[World]:
    """A payment is made; its callback is on its way."""
    world = World(network=Lines(table))
    world.register()
    world.initiate()
    world.pass_time(2)
    world.enter_pin()
    yield world
    world.close()


def only_payment(world: World) -> str:
    [state] = [item for item in world.items("PAY#") if item["sk"] == "STATE"]
    return str(state["pk"].removeprefix("PAY#"))


def test_what_is_acknowledged_while_the_table_refuses_is_applied_by_the_redrive(
    world: World, table: Table
) -> None:
    table.refuses = True
    [answer] = world.pass_time(10)
    assert answer.status == 200
    assert world.redrive()["batchItemFailures"]
    table.refuses = False
    assert world.redrive() == {"batchItemFailures": []}
    payment = world.payment(only_payment(world))
    assert (payment.status, payment.paid_amount_kes) == ("completed", 1000)
    assert payment.receipt_number is not None
    assert world.consultation()["status"] == "Confirmed"


def test_what_neither_table_nor_queue_will_keep_is_not_acknowledged(
    world: World, table: Table
) -> None:
    table.refuses = True
    world.queue.is_down = True
    [answer] = world.pass_time(10)
    assert answer.status >= 500
    assert world.queue.messages == []


@pytest.mark.parametrize(
    ("variable", "value", "status"),
    [
        ("SAFARICOM_BASE", "", "completed"),
        ("SAFARICOM_SHORTCODE", "till", "completed"),
        ("SAFARICOM_TRANSACTION_TYPE", "nonsense", "completed"),
        ("SAFARICOM_PARTY_B", "x", "completed"),
        ("CALLBACK_URL_BASE", "http://plain.example", "completed"),
        ("MAX_AMOUNT_KES", "250001", "completed"),
        ("EVIDENCE_DAYS", "many", "completed"),
        # Nobody is Safaricom then: a hint is kept, and Daraja is asked.
        ("CALLBACK_SOURCE_IPS", "300.1.1.1", "pending"),
        ("CALLBACK_SOURCE_IPS", "0.0.0.0/0", "pending"),
    ],
)
def test_no_error_of_configuration_keeps_a_callback_from_being_stored(
    world: World, variable: str, value: str, status: str
) -> None:
    world.environment = {variable: value}
    [answer] = world.pass_time(10)
    assert answer.status == 200
    payment = world.payment(only_payment(world))
    assert payment.status == status
    assert payment.receipt_number or payment.hint

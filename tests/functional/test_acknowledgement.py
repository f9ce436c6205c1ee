"""A 2xx to a callback means that its facts are durable: in the table, or in the queue."""

from __future__ import annotations

import pytest

from tests.functional.scene import Scene


@pytest.fixture
def scene(scene: Scene) -> Scene:
    """A payment is made; its callback is on its way."""
    scene.initiate()
    scene.pass_time(2)
    scene.enter_pin()
    return scene


def test_what_is_acknowledged_while_the_table_refuses_is_applied_by_the_redrive(
    scene: Scene,
) -> None:
    scene.network.refuses = True
    [answer] = scene.pass_time(10)
    assert answer.status == 200
    assert scene.redrive()["batchItemFailures"]
    scene.network.refuses = False
    assert scene.redrive() == {"batchItemFailures": []}
    payment = scene.payment(scene.only_payment())
    assert (payment.status, payment.paid_amount_kes) == ("completed", 1000)
    assert payment.receipt_number is not None
    assert scene.consultation()["status"] == "Confirmed"


def test_what_neither_table_nor_queue_will_keep_is_not_acknowledged(scene: Scene) -> None:
    scene.network.refuses = True
    scene.queue.is_down = True
    [answer] = scene.pass_time(10)
    assert answer.status >= 500
    assert scene.queue.messages == []


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
    scene: Scene, variable: str, value: str, status: str
) -> None:
    scene.environment = {variable: value}
    [answer] = scene.pass_time(10)
    assert answer.status == 200
    payment = scene.payment(scene.only_payment())
    assert payment.status == status
    assert payment.receipt_number or payment.hint

"""A receipt row that waits for a payment hides nothing and loses nothing."""

from __future__ import annotations

from payments.protocol.payment import PaymentStatus
from payments.store.attributes import to_item
from payments.store.items import receipt_key
from payments.store.receipt_items import row_values

from tests.functional.scene import Scene
from tests.support.aws import TABLE_NAME
from tests.unit.payments.test_newer_items import UNCLAIMED


def file_row(scene: Scene) -> str:
    """Put an unclaimed row that is due, as a newer release leaves it behind."""
    key = receipt_key(UNCLAIMED.receipt_number)
    item = to_item({**key, **row_values(UNCLAIMED)})
    scene.engine.execute("PutItem", {"TableName": TABLE_NAME, "Item": item})
    return UNCLAIMED.receipt_number


def test_a_callback_that_names_an_unclaimed_row_waits_in_the_queue(scene: Scene) -> None:
    receipt = file_row(scene)
    payment_id = scene.pay("ignores")

    assert scene.post(payment_id, 0, receipt=receipt) == 200

    assert len(scene.queue.messages) == 1, "acknowledged, so it must be kept"
    assert scene.payment(payment_id).status is PaymentStatus.PENDING
    scene.redrive()
    assert len(scene.queue.messages) == 1, "it stays there until newer code can read the row"


def test_a_row_that_is_due_disturbs_no_cleanup(scene: Scene) -> None:
    file_row(scene)
    scene.pay("ignores")
    scene.pass_time(61, delivers=False)

    report = scene.clean_up()

    assert (report["looked_at"], report["poisoned"]) == (1, 0)

"""A receipt row that waits for a payment hides nothing and loses nothing."""

from __future__ import annotations

from payments.store.items import receipt_key
from payments.store.receipt_items import row_values

from tests.functional.scene import Scene
from tests.unit.payments.test_newer_items import UNCLAIMED


def test_a_row_that_is_due_disturbs_no_cleanup(scene: Scene) -> None:
    scene.store_item({**receipt_key(UNCLAIMED.receipt_number), **row_values(UNCLAIMED)})
    scene.pay("ignores")
    scene.pass_time(61, delivers=False)

    report = scene.clean_up()

    assert (report["looked_at"], report["poisoned"]) == (1, 0)

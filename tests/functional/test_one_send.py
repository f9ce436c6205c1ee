"""Nothing is sent later than the locks were reckoned for, however much time the Lambda has left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.network import Lines
from tests.support.world import World


@pytest.mark.parametrize(("seconds", "is_sent"), [(4, True), (6, False)])
def test_a_push_that_would_leave_too_late_is_not_sent(seconds: int, is_sent: bool) -> None:
    def slow(
        operation: str, _request: dict[str, Any], execute: Callable[[], dict[str, Any]]
    ) -> dict[str, Any]:
        if operation == "TransactWriteItems" and world.clock.now == started_at:
            world.clock.sleep(seconds)
        return execute()

    world = World(network=Lines(slow), environment={"SEND_WITHIN_SECONDS": "5"})
    world.register()
    started_at = world.clock.now
    answer = world.initiate()
    assert answer.status == (200 if is_sent else 502)
    assert len(world.daraja.prompts()) == int(is_sent)
    # What was not sent holds nothing.
    assert (world.consultation()["active_payment_id"] is not None) == is_sent
    world.close()

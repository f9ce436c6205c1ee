"""What each operation of the path of money costs in DynamoDB: calls, read units and write units.

These are the units that docs/performance.md measures at the wire. More of them cost every payment.
"""

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tests.functional.refunding import CHECKER, MAKER, Refunding
from tests.functional.test_paybill import body
from tests.support.world import World

MOST = {
    "push, with a token at hand": (2, 0.0, 13.0),
    "callback": (2, 1.0, 13.0),
    "duplicate of it": (1, 1.0, 0.0),
    "confirmation of the same money": (1, 1.0, 0.0),
    "confirmation of other money": (2, 1.0, 6.0),
    "poll": (2, 1.5, 0.0),
}
"""Calls, read units and write units of one operation, at most."""


@pytest.fixture
def world() -> Iterator[World]:
    made = World(seed=5)
    made.engine.counts_units = True
    yield made
    made.close()


def spent(world: World, work: Callable[[], object]) -> tuple[int, float, float]:
    """Calls, read units and write units of some work."""
    units, calls = Counter(world.engine.units), sum(world.engine.calls.values())
    work()
    made = Counter(world.engine.units)
    made.subtract(units)
    return sum(world.engine.calls.values()) - calls, made["read"], made["write"]


def test_no_operation_costs_more_than_it_did(world: World) -> None:
    world.register("0", client_id="9")
    world.initiate("0", client_id="9", phone="254708374150")  # the token is fetched
    world.register("1")
    costs: dict[str, tuple[int, float, float]] = {}
    world.daraja.set_next("waits")
    costs["push, with a token at hand"] = spent(world, lambda: world.initiate("1"))
    [payment] = [v for v in world.items("PAY#") if v.get("booking_id") == "1"]
    identifier = payment["checkout_request_id"]
    costs["poll"] = spent(world, lambda: world.status(identifier))
    world.pass_time(3)
    world.daraja.answer_prompt(identifier, "pin", pin="1234")
    world.clock.now += 30
    [paid] = [
        each for each in world.daraja.due_callbacks() if each.checkout_request_id == identifier
    ]
    costs["callback"] = spent(world, lambda: world.post_callback(paid.url, paid.body))
    costs["duplicate of it"] = spent(world, lambda: world.post_callback(paid.url, paid.body))
    receipt = str(world.payment(payment["pk"].removeprefix("PAY#")).receipt_number)
    url = world.c2b_url()
    seen, other = body(TransID=receipt), body()
    costs["confirmation of the same money"] = spent(world, lambda: world.post_to_paybill(url, seen))
    costs["confirmation of other money"] = spent(world, lambda: world.post_to_paybill(url, other))
    assert costs == MOST


def test_a_refund_costs_what_the_pages_say() -> None:
    """The check of the gate counts as a write here: AWS's pages do not say that it does not."""
    scene = Refunding()
    scene.engine.counts_units = True
    payment_id = scene.owed()
    works: dict[str, Callable[[], object]] = {
        "requested": lambda: scene.request(payment_id, by=MAKER),
        "balance": lambda: scene.pass_time(10),
        "sent": lambda: scene.approve(payment_id, by=CHECKER),
        "refunded": lambda: scene.pass_time(10),
    }
    costs = {name: spent(scene, work)[2] for name, work in works.items()}
    assert scene.payment(payment_id).status == "refunded"
    assert costs == {"requested": 4 + 2, "balance": 1, "sent": 7, "refunded": 6}
    scene.close()

"""Whether cleanup and statistics read more as the table grows, and whether pollers cost queries.

On the in-memory engine and virtual time: 100 payments of today, open or settled, among ever more
settled payments of other days.
"""

from typing import Any

from payments.values import eat_day

from tests.support.aws import TABLE_NAME
from tests.support.lambdas import http_event
from tests.support.network import Lines
from tests.support.world import World

OPEN = 100
SIZES = (1_000, 10_000, 100_000, 200_000)
STATISTICS = "/api/payment/mpesa/statistics"
POLL_EVERY_SECONDS = 5
POLL_FOR_SECONDS = 300
DAY = 86_400


def growth(sizes: tuple[int, ...]) -> dict[str, dict[int, dict[str, float]]]:
    """Items and read units of one cleanup and one day's statistics, by size of the table."""
    found: dict[str, dict[int, dict[str, float]]] = {"cleanup": {}, "statistics": {}}
    for size in sizes:
        world = filled_world(size)
        found["statistics"][size] = counted(world, lambda w=world: read_statistics(w))
        found["cleanup"][size] = counted(world, world.clean_up)
        world.close()
    return found


def filled_world(size: int) -> World:
    """A table of that many payments: 100 of today and still open, all others settled long ago."""
    world = World()
    started = int(world.clock())
    world.register("template")
    payment_id = world.initiate("template").body["payment_id"]
    world.pass_time(60)
    settled = stored(world, payment_id)
    world.clock.now = started + 40 * DAY
    for number in range(OPEN):
        world.register(f"open-{number}", client_id=f"client-{number}")
        phone = f"2547{40_000_000 + number}"
        world.initiate(f"open-{number}", client_id=f"client-{number}", phone=phone)
    for number in range(size - OPEN - 1):
        add_settled(world, settled, number, started + (number % 30) * DAY)
    world.pass_time(200, delivers=False)
    return world


def stored(world: World, payment_id: str) -> dict[str, Any]:
    """A payment's item as the wire knows it."""
    key = {"pk": {"S": f"PAY#{payment_id}"}, "sk": {"S": "STATE"}}
    request = {"TableName": TABLE_NAME, "Key": key, "ConsistentRead": True}
    item: dict[str, Any] = world.engine.execute("GetItem", request)["Item"]
    return item


def add_settled(world: World, settled: dict[str, Any], number: int, created_at: int) -> None:
    """One more settled payment of an earlier day."""
    shard = settled["day_shard"]["S"].partition("#")[2]
    changed = {
        "pk": {"S": f"PAY#{number:032x}"},
        "checkout_request_id": {"S": f"ws_CO_{number:032d}"},
        "account_reference": {"S": f"OTHER{number:06d}"},
        "created_at": {"N": str(created_at)},
        "day_shard": {"S": f"{eat_day(created_at)}#{shard}"},
    }
    world.engine.execute("PutItem", {"TableName": TABLE_NAME, "Item": settled | changed})


def read_statistics(world: World) -> None:
    """Today's figures, as the API gives them."""
    today = eat_day(int(world.clock()))
    event = http_event(
        "GET", STATISTICS, client_id="operator", scopes="payments:read", now=world.clock()
    )
    event["queryStringParameters"] = {"from": today, "to": today}
    answer = world.answer(world.function("statistics").invoke(event))
    assert answer.status == 200, answer
    assert str(OPEN) in str(answer.body), answer


def counted(world: World, work: Any) -> dict[str, float]:
    """Items looked at, read units and calls of one run."""
    execute = world.engine.execute
    world.engine.counts_units = True
    items = 0

    def counting(operation: str, request: dict[str, Any]) -> dict[str, Any]:
        nonlocal items
        answer = execute(operation, request)
        items += answer.get("ScannedCount", 0) + len(answer.get("Responses") or ())
        items += "Item" in answer
        return answer

    units, calls = world.engine.units["read"], sum(world.engine.calls.values())
    world.engine.execute = counting  # type: ignore[method-assign]
    work()
    return {
        "items_read": items,
        "read_units": world.engine.units["read"] - units,
        "calls": sum(world.engine.calls.values()) - calls,
    }


def queries_with(pollers: int) -> int:
    """Queries to Daraja about one payment whose callback is lost, polled for five minutes."""
    asked = 0

    def wire(request: Any, handle: Any) -> Any:
        nonlocal asked
        asked += request.path.endswith("/query")
        return handle(request)

    world = World(network=Lines(daraja=wire))
    world.register("1")
    identifier = world.initiate("1").body["CheckoutRequestID"]
    for _ in range(POLL_FOR_SECONDS // POLL_EVERY_SECONDS):
        world.pass_time(POLL_EVERY_SECONDS, delivers=False)
        for _ in range(pollers):
            assert world.status(identifier).status == 200
    world.close()
    return asked

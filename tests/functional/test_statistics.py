"""Statistics against a recount of the table by brute force."""

from __future__ import annotations

import csv
import io
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from payments.values import eat_day

from tests.functional.faulty import (
    HOUR,
    CrashError,
    Rule,
    callback_body,
    crash_after,
    crash_before,
    lose,
    refuse,
)
from tests.functional.scene import Scene
from tests.support.dynamodb.faults import reply_lost, throttled
from tests.support.lambdas import UNLISTED_IP, http_event

ROUTE = "/api/payment/mpesa/statistics"
EAT_OFFSET = timedelta(hours=3)
WORDS = {
    "dispatching": "pending",
    "unknown": "pending",
    "pending": "pending",
    "review": "pending",
    "completed": "completed",
    "failed": "failed",
    "refund_due": "failed",
    "refunded": "failed",
    "cancelled": "cancelled",
}
"""What a frontend reads for each status, as the protocol says: spelled out a second time here."""
COUNTED = ("pending", "completed", "failed", "cancelled", "received")
SCENARIOS = ("pays", "cancels", "pays+callback_wrong_amount", "waits", "ignores", "push_busy")


def ask(
    scene: Scene,
    first: str | None,
    last: str | None,
    *,
    scopes: str = "payments:read",
    accept: str = "application/json",
) -> dict[str, Any]:
    """The handler's raw response."""
    event = http_event(
        "GET",
        ROUTE,
        client_id="reader",
        scopes=scopes,
        headers={"Accept": accept},
        now=scene.clock(),
    )
    asked = {"from": first, "to": last}
    event["queryStringParameters"] = {name: day for name, day in asked.items() if day is not None}
    return scene.function("statistics").invoke(event)


def played(scene: Scene) -> None:
    """Three days of payments of all kinds."""
    chance = random.Random(4)
    for number in range(40):
        scene.register(f"b{number}", client_id=f"c{number}", price_kes=100 + number)
        scene.daraja.set_next(chance.choice(SCENARIOS))
        scene.initiate(
            f"b{number}",
            client_id=f"c{number}",
            phone=f"2547111111{number:02d}",
            amount=100 + number,
        )
        scene.pass_time(chance.uniform(0, 3.6 * HOUR))


def troubled(scene: Scene) -> None:
    """Three days on which functions crash, replies are lost, people and Safaricom repeat."""
    chance = random.Random(8)
    troubles: list[Rule] = [crash_before, crash_after, lose(reply_lost), refuse(throttled)]
    scenarios = (*SCENARIOS, "pays+callback_three_times", "cancels+callback_twice", "push_hang")
    for number in range(60):
        client = {"client_id": f"c{number}"}
        wish: dict[str, Any] = {
            **client,
            "phone": f"2547111111{number:02d}",
            "amount": 200 + number,
        }
        scene.register(f"b{number}", price_kes=200 + number, **client)
        scene.daraja.set_next(chance.choice(scenarios))
        with trouble(scene, chance, troubles):
            scene.initiate(f"b{number}", **wish)
        scene.initiate(f"b{number}", **wish)
        with trouble(scene, chance, troubles):
            scene.pass_time(60, cleans_up=True)
        scene.pass_time(chance.uniform(0, 2.4 * HOUR))
        scene.clean_up()
        scene.redrive()


@contextmanager
def trouble(scene: Scene, chance: random.Random, troubles: list[Rule]) -> Iterator[None]:
    """One of the next writes goes wrong; the function may be gone in the middle of its work."""
    scene.network.next(chance.choice(troubles), skip=chance.randrange(3))
    with suppress(CrashError):
        yield
    scene.network.rules.clear()


def recount(scene: Scene) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]]:
    """Counts and KES by day and public status, and received, read from every item of the table."""
    counts: Counter[tuple[str, str]] = Counter()
    amounts: Counter[tuple[str, str]] = Counter()
    for item in scene.items("PAY#"):
        if item["sk"] == "STATE":
            found = {(day_of(item["created_at"]), WORDS[item["status"]]): item["amount_kes"]}
            if "received_at" in item:
                came_kes = item.get("paid_amount_kes", item["amount_kes"])
                found[day_of(item["received_at"]), "received"] = came_kes
            counts.update(found.keys())
            amounts.update(found)
    return counts, amounts


def day_of(at: int) -> str:
    return (datetime.fromtimestamp(at, UTC) + EAT_OFFSET).strftime("%Y-%m-%d")


def created(counts: Counter[tuple[str, str]]) -> int:
    return sum(count for (_, name), count in counts.items() if name != "received")


def assert_is_the_recount(
    body: dict[str, Any], counts: Counter[tuple[str, str]], amounts: Counter[tuple[str, str]]
) -> None:
    """Every day and word, also those of which there is nothing; and the totals."""
    assert {day for day, _ in counts} <= {day["day"] for day in body["days"]}
    for day, word in product(body["days"], COUNTED):
        key = (day["day"], word)
        assert day[word] == {"count": counts[key], "amount_kes": amounts[key]}
    for word, total in body["totals"].items():
        assert total["count"] == sum(n for (_, each), n in counts.items() if each == word)
        assert total["amount_kes"] == sum(n for (_, each), n in amounts.items() if each == word)


def test_a_troubled_time_is_counted_as_it_ended(scene: Scene) -> None:
    first = eat_day(int(scene.clock()))
    troubled(scene)
    last = eat_day(int(scene.clock()))
    counts, amounts = recount(scene)
    stored = [item["status"] for item in scene.items("PAY#") if item["sk"] == "STATE"]
    assert len(stored) == created(counts)
    assert {"completed", "failed", "unknown", "review"} <= set(stored)
    assert len({day for day, _ in counts}) >= 3

    assert_is_the_recount(json.loads(ask(scene, first, last)["body"]), counts, amounts)


def test_json_and_csv_equal_a_recount(scene: Scene) -> None:
    first = eat_day(int(scene.clock()))
    played(scene)
    last = eat_day(int(scene.clock()))
    counts, amounts = recount(scene)
    assert created(counts) == 40
    assert len({day for day, _ in counts}) >= 3
    assert len({status for _, status in counts}) >= 3

    body = json.loads(ask(scene, first, last)["body"])
    assert_is_the_recount(body, counts, amounts)

    response = ask(scene, first, last, accept="text/csv")
    assert response["headers"]["Content-Type"].startswith("text/csv")
    lines = list(csv.DictReader(io.StringIO(response["body"])))
    assert len(lines) == 5 * len(body["days"])
    for line in lines:
        key = (line["day"], line["status"])
        assert (int(line["count"]), int(line["amount_kes"])) == (counts[key], amounts[key])


def test_a_payment_counts_on_the_day_it_began_in_nairobi(scene: Scene) -> None:
    """21:30 UTC is half past midnight in Nairobi."""
    midnight = int(scene.clock()) // 86_400 * 86_400 + 86_400 + 21 * HOUR
    scene.clock.now = midnight - 1
    payment_id = scene.pay("waits")
    day = eat_day(midnight - 1)
    assert scene.payment(payment_id).created_at < midnight
    assert json.loads(ask(scene, day, day)["body"])["totals"]["pending"]["count"] == 1
    next_day = eat_day(midnight)
    assert next_day > day
    assert json.loads(ask(scene, next_day, next_day)["body"])["totals"]["pending"]["count"] == 0


def called_back_with(amount_kes: int) -> Callable[[Scene], None]:
    return lambda scene: check(scene.post(scene.pay("waits"), 0, amount=amount_kes))


def check(status: int) -> None:
    assert status == 200


def queried(scene: Scene) -> None:
    scene.pay("pays+callback_lost")
    scene.pass_time(200, cleans_up=True)


def queried_then_told_of_less(scene: Scene) -> None:
    queried(scene)
    check(scene.post(scene.only_payment(), 0, amount=900))


def owed_back(scene: Scene) -> None:
    payment_id = scene.pay("waits")
    scene.register(status="Cancelled")
    check(scene.post(payment_id, 0))


def cancelled_on_the_phone(scene: Scene) -> None:
    check(scene.post(scene.pay("waits"), 1032))


def paid_after_all(scene: Scene) -> None:
    cancelled_on_the_phone(scene)
    check(scene.post(scene.only_payment(), 0))


def only_hinted(scene: Scene) -> None:
    url = scene.prompt_of(scene.pay("waits+query_never_final")).order.callback_url
    body = callback_body(scene.daraja.prompts()[-1].checkout_request_id, 0)
    scene.post_callback(url, body, source_ip=UNLISTED_IP)


@pytest.mark.parametrize(
    ("settle", "received"),
    [
        (called_back_with(1000), (1, 1000)),
        (called_back_with(990), (1, 990)),
        (queried, (1, 1000)),
        (queried_then_told_of_less, (1, 900)),
        (owed_back, (1, 1000)),
        (paid_after_all, (1, 1000)),
        (cancelled_on_the_phone, (0, 0)),
        (only_hinted, (0, 0)),
    ],
)
def test_money_counts_as_it_was_reported(
    scene: Scene, settle: Callable[[Scene], None], received: tuple[int, int]
) -> None:
    settle(scene)
    day = eat_day(int(scene.clock()))
    body = json.loads(ask(scene, day, day)["body"])
    assert body["totals"]["received"] == {"count": received[0], "amount_kes": received[1]}
    assert body["days"][0]["received"] == body["totals"]["received"]
    csv_line = f"{day},received,{received[0]},{received[1]}"
    assert csv_line in ask(scene, day, day, accept="text/csv")["body"].splitlines()


def test_money_counts_on_the_day_it_came_in_nairobi(scene: Scene) -> None:
    midnight = int(scene.clock()) // 86_400 * 86_400 + 86_400 + 21 * HOUR
    scene.clock.now = midnight - 1
    payment_id = scene.pay("waits")
    scene.clock.now = midnight
    check(scene.post(payment_id, 0))
    evening, morning = eat_day(midnight - 1), eat_day(midnight)
    before, after = json.loads(ask(scene, evening, morning)["body"])["days"]
    assert (before["completed"]["count"], before["received"]["count"]) == (1, 0)
    assert (after["completed"]["count"], after["received"]["count"]) == (0, 1)


@pytest.mark.parametrize("scopes", ["", "consultations:write", "payments:reader"])
def test_reading_them_needs_the_scope(scene: Scene, scopes: str) -> None:
    assert ask(scene, "2026-11-01", "2026-11-02", scopes=scopes)["statusCode"] == 403


@pytest.mark.parametrize(
    ("first", "last", "status"),
    [
        ("2026-01-01", "2026-04-02", 200),
        ("2026-01-01", "2026-04-03", 400),
        ("2026-01-02", "2026-01-01", 400),
        ("2026-02-30", "2026-03-01", 400),
        ("20260101", "20260102", 400),
        (None, "2026-01-01", 400),
        ("2026-01-01", None, 400),
    ],
)
def test_92_days_at_most_may_be_asked_for(
    scene: Scene, first: str | None, last: str | None, status: int
) -> None:
    assert ask(scene, first, last)["statusCode"] == status

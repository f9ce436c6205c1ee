"""`hakika upgrade`: payments of the first release get the time of their money, once."""

from __future__ import annotations

from typing import Any

import pytest
from payments.store.attributes import from_item, to_item
from payments.store.items import receipt_key, to_payment
from payments.usecases.upgrade_payments import upgrade_payments

from tests.functional.operator_desk import Desk
from tests.support.aws import TABLE_NAME
from tests.support.world import World
from tests.unit.payments.test_recorded_items import recorded
from tools.hakika.deployment import Choice

DAY = "2026-09-21"
WITH_MONEY = {"completed", "refund_due", "refunded", "review"}
PAID = [from_item(item) for item in recorded("pay_state") if item["status"]["S"] == "completed"]
OWED = [from_item(item) for item in recorded("pay_state") if item["status"]["S"] == "refund_due"]
FAILED = [from_item(item) for item in recorded("pay_state") if item["status"]["S"] == "failed"]


def store(world: World, values: dict[str, Any]) -> None:
    world.dynamodb.put_item(TableName=TABLE_NAME, Item=to_item(values))


def stored(world: World, pk: str) -> dict[str, Any]:
    [found] = [item for item in world.items(pk) if item["sk"] == "STATE"]
    return found


def upgrade(desk: Desk) -> Any:
    return desk.json("upgrade", "--from", DAY, "--yes")


@pytest.mark.parametrize("item", recorded("pay_state"), ids=lambda item: item["status"]["S"])
def test_each_recorded_payment_gets_its_time_once_and_nothing_else(
    world: World, desk: Desk, item: dict[str, Any]
) -> None:
    before = from_item(item)
    store(world, before)
    has_money = before["status"] in WITH_MONEY

    first = upgrade(desk)
    after = stored(world, before["pk"])
    second = upgrade(desk)

    assert (first["looked_at"], first["written"]) == (1, int(has_money))
    assert (second["written"], second["had_it"]) == (0, int(has_money))
    assert stored(world, before["pk"]) == after
    changed = {name for name in after if after[name] != before.get(name)}
    if not has_money:
        assert after == before
        return
    assert changed == {"received_at", "received_shard", "version", "op_ids"}
    assert after["received_at"] == before.get("transaction_at", before["final_at"])
    assert after["received_shard"] == before["day_shard"]
    assert before.keys() <= after.keys()


@pytest.mark.parametrize("shard", [None, "2026-01-01#0"], ids=["absent", "of another time"])
def test_money_that_the_release_in_between_timed_comes_into_the_index_once(
    world: World, desk: Desk, shard: str | None
) -> None:
    """0.1.1 writes the time and not the key; it also leaves the key of a time that it replaced."""
    item = {**PAID[0], "received_at": PAID[0]["transaction_at"]}
    store(world, item if shard is None else {**item, "received_shard": shard})
    first, second = upgrade(desk), upgrade(desk)
    assert [(each["written"], each["indexed"], each["had_it"]) for each in (first, second)] == [
        (0, 1, 0),
        (0, 0, 1),
    ]
    assert stored(world, item["pk"]) == {**item, "received_shard": item["day_shard"]}


def test_a_key_is_not_written_for_a_time_that_is_no_longer_the_payments(
    world: World, desk: Desk
) -> None:
    item = {**PAID[0], "received_at": PAID[0]["transaction_at"]}
    store(world, {**item, "received_at": item["received_at"] + 86_400})
    assert not desk._resolve(Choice()).runtime.history.store_received_shard(to_payment(item))
    assert "received_shard" not in stored(world, item["pk"])


def test_a_payment_that_somebody_changed_meanwhile_is_read_anew(
    world: World, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = desk._resolve(Choice()).runtime
    outdated = to_payment(dict(PAID[0]))
    monkeypatch.setattr(runtime.history, "get_payments", lambda ids: [outdated for _ in ids])
    newer = {**PAID[0], "version": PAID[0]["version"] + 1, "attention": "seen"}
    store(world, newer)

    done = upgrade_payments(runtime.services, runtime.history, [DAY])

    after = stored(world, newer["pk"])
    assert (done.written, done.unwritten) == (1, [])
    assert (after["version"], after["attention"]) == (newer["version"] + 1, "seen")
    assert after["received_at"] == newer["transaction_at"]


def test_second_receipts_of_the_first_release_are_listed_and_strangers_are_not(
    world: World, desk: Desk
) -> None:
    ended = FAILED[0]
    payment_id = ended["pk"].removeprefix("PAY#")
    event = from_item(recorded("pay_event")[0])
    names = {"SECOND1": payment_id, "STRANGER1": "0" * 32, "GONE1": None}
    store(world, ended)
    for number, (receipt, owner) in enumerate(names.items()):
        sk = f"EVENT#{number:06d}#PaymentUnresolved"
        store(world, {**event, "pk": ended["pk"], "sk": sk, "receipt_number": receipt})
        if owner is not None:
            store(world, {**receipt_key(receipt), "payment_id": owner})

    for done in (upgrade(desk), upgrade(desk)):
        assert done["second_receipts"] == [
            {"receipt_number": "SECOND1", "payment_id": payment_id, "own_receipt": None}
        ]
    shown = desk("upgrade", "--from", DAY, "--yes").out
    assert "Compare with the statement" in shown
    assert "SECOND1" in shown


def test_nothing_is_written_without_consent_or_a_day(world: World, desk: Desk) -> None:
    store(world, PAID[0])
    assert desk("upgrade", "--from", DAY).code == 2
    assert desk("upgrade", "--from", "21.9.2026", "--yes").code == 2
    assert stored(world, PAID[0]["pk"]) == PAID[0]


@pytest.mark.parametrize(
    ("age", "due_in", "attention"), [(300, 300, None), (90_000, None, "refund_unresolved")]
)
def test_a_sent_refund_that_the_release_in_between_forgot_is_asked_about_again(
    world: World, desk: Desk, age: int, due_in: int | None, attention: str | None
) -> None:
    """0.1.1 knows no look at a refund: its cleanup takes what is due off the schedule."""
    now = int(world.clock())
    refund = {"step": "sent", "asked_by": "staff:a", "approved_by": "staff:b", "attempt": 1}
    item = {**OWED[-1], "refund": {**refund, "sent_at": now - age}}
    store(world, item)
    done = [upgrade(desk)["looks"] for _ in range(2)]
    after = stored(world, item["pk"])
    assert done == [1, 0]
    assert after.get("due_at") == (None if due_in is None else now + due_in)
    assert (after.get("attention"), after["refund"]) == (attention, item["refund"])

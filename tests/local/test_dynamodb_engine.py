"""The simulation's DynamoDB against the local emulator: 10,000 random sequences, no surprise.

Both run the same requests through the same boto3 code. Where the emulator differs from the
service's documentation, the documentation wins and `KNOWN_EMULATOR_DIFFERENCES` says so.

By default a fixed share runs; DYNAMODB_SEQUENCES=10000 runs them all, DYNAMODB_SEED another set.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.simulation.dynamodb import Engine, attach, lighten
from tests.simulation.dynamodb.differential.known_differences import (
    KNOWN_EMULATOR_DIFFERENCES,
    KnownDifference,
    canonical_numbers,
    explanation,
)
from tests.simulation.dynamodb.differential.outcomes import outcome_of, same
from tests.simulation.dynamodb.differential.sequences import Request, sequence
from tests.simulation.dynamodb.differential.tables import TABLE

ROOT = Path(__file__).resolve().parents[2]
EMULATOR_PYTHON = ROOT / ".venvs" / "emulator" / "bin" / "python"
PORT = 9700
START_SECONDS_MAX = 30.0

SEQUENCES_DEFAULT = 1500
SEED_DEFAULT = 20260101
# A table is compared as a whole and left behind after this many, so that scans stay short.
SEQUENCES_PER_TABLE = 500


def _client(**options: Any) -> Any:
    client = boto3.client(
        "dynamodb",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"mode": "standard", "total_max_attempts": 1}),
        **options,
    )
    lighten(client)
    return client


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client of an emulator of our own, stopped afterwards."""
    assert EMULATOR_PYTHON.exists(), f"{EMULATOR_PYTHON} is missing: run `make setup` first"
    folder = tmp_path_factory.mktemp("emulator")
    settings = {
        "GATEWAY_PORT": str(PORT),
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
    }
    with (folder / "emulator.log").open("wb") as log:
        process = subprocess.Popen(
            [EMULATOR_PYTHON, "-m", "ministack"],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), **settings},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_for_port(process, folder / "emulator.log")
            yield _client(endpoint_url=f"http://127.0.0.1:{PORT}")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=START_SECONDS_MAX)


def _wait_for_port(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the emulator stopped:\n{log.read_text()}"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", PORT)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"the emulator did not start:\n{log.read_text()}")


@pytest.fixture
def engine() -> Any:
    """A client of the engine."""
    client = _client()
    attach(client, Engine(clock=time.time))
    return client


def test_random_sequences_do_the_same_on_the_engine_and_on_the_emulator(
    engine: Any, emulator: Any
) -> None:
    count = int(os.environ.get("DYNAMODB_SEQUENCES", SEQUENCES_DEFAULT))
    seed = int(os.environ.get("DYNAMODB_SEED", SEED_DEFAULT))
    seen: Counter[str] = Counter()
    for first in range(0, count, SEQUENCES_PER_TABLE):
        table = f"differential-{seed}-{first}"
        for client in (engine, emulator):
            client.create_table(TableName=table, **TABLE)
        numbers = range(first, min(first + SEQUENCES_PER_TABLE, count))
        diverged = {n for n in numbers if not _agree(engine, emulator, seed, n, table, seen)}
        for index in (None, *(index["IndexName"] for index in TABLE["GlobalSecondaryIndexes"])):
            contents = [_contents(client, table, index, diverged) for client in (engine, emulator)]
            assert contents[0] == contents[1], f"{table} {index or 'items'} differ"
            assert contents[0]
    print(f"\n{count} sequences, seed {seed}:", *sorted(seen.items()), sep="\n  ")
    # The comparison would be empty if hardly any request succeeded, or none were refused.
    assert seen["outcome ok"] > 2 * count
    for error in (
        "ConditionalCheckFailedException",
        "TransactionCanceledException",
        "ValidationException",
        "IdempotentParameterMismatchException",
    ):
        assert seen[f"outcome {error}"] > 0


@pytest.mark.parametrize("difference", KNOWN_EMULATOR_DIFFERENCES, ids=lambda each: each.name)
def test_the_emulator_still_differs_from_the_documentation_where_the_table_says(
    difference: KnownDifference, engine: Any, emulator: Any
) -> None:
    table = f"known-{KNOWN_EMULATOR_DIFFERENCES.index(difference)}"
    for client in (engine, emulator):
        client.create_table(TableName=table, **TABLE)
    for method, parameters in difference.example:
        request = Request(method, _with_table(parameters, table))
        ours, theirs = outcome_of(engine, request), outcome_of(emulator, request)
    assert not same(ours, theirs)
    assert explanation(request, ours, theirs) is difference


def _agree(
    engine: Any, emulator: Any, seed: int, number: int, table: str, seen: Counter[str]
) -> bool:
    """Whether both stores still agree after a sequence; fails on an unexplained difference."""
    for request in sequence(seed, number, table):
        ours, theirs = outcome_of(engine, request), outcome_of(emulator, request)
        seen["requests"] += 1
        seen[f"outcome {ours.get('error', 'ok')}"] += 1
        if same(ours, theirs):
            continue
        difference = explanation(request, ours, theirs)
        assert difference is not None, (
            f"seed {seed}, sequence {number}\n{request}\nengine:   {ours}\nemulator: {theirs}"
        )
        seen[f"explained: {difference.name}"] += 1
        if not difference.keeps_state:
            return False
    return True


def _contents(
    client: Any, table: str, index: str | None, diverged: set[int]
) -> list[dict[str, Any]]:
    """Everything in the table or an index, but for the sequences that a difference cut short."""
    parameters = {"TableName": table} | ({} if index is None else {"IndexName": index})
    items: list[dict[str, Any]] = []
    for page in client.get_paginator("scan").paginate(**parameters):
        items += page["Items"]
    kept = [item for item in items if int(item["pk"]["S"].rpartition("#")[2]) not in diverged]
    ordered = [canonical_numbers({k: _members_sorted(v) for k, v in i.items()}) for i in kept]
    return sorted(ordered, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))


def _members_sorted(value: dict[str, Any]) -> dict[str, Any]:
    [(kind, content)] = value.items()
    return {kind: sorted(content)} if kind in ("SS", "NS", "BS") else value


def _with_table(parameters: dict[str, Any], table: str) -> dict[str, Any]:
    """An example's parameters with the table's name where it belongs."""
    if "TransactItems" not in parameters:
        return {"TableName": table, **parameters}
    entries = [
        {kind: {"TableName": table, **part} for kind, part in entry.items()}
        for entry in parameters["TransactItems"]
    ]
    return {**parameters, "TransactItems": entries}

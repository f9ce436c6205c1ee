"""The engine and the emulator give the same answers to the product's own recorded requests."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.local.dynamodb_answers import recordings, replay
from tests.local.emulator_process import running_emulator

SEEDS = range(1, 13)


def test_the_emulator_answers_the_products_requests_as_the_engine_did(tmp_path: Path) -> None:
    seen: Counter[str] = Counter()
    with running_emulator(tmp_path) as endpoint_url:
        differences = [
            difference
            for name, recording in recordings(SEEDS)
            for difference in replay(endpoint_url, name, recording, seen)
        ]
    assert differences == []
    # A comparison without these would prove little.
    for wanted in (
        "TransactWriteItems done",
        "TransactWriteItems TransactionCanceledException",
        "UpdateItem ConditionalCheckFailedException",
        "BatchGetItem done",
        "Query done",
    ):
        assert seen[wanted] > 0, seen

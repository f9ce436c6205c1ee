"""`make second-opinion`: short histories with kills on AWS's own engine; writes docs/proof.json.

Each batch is written down as it ends, a later run goes on from there, and no seed is played twice.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.simulation.page import write_page
from tests.simulation.proof import read_proof, write_proof
from tests.simulation.written import commit

from .batch import Played, play_batch
from .engine import FOLDER, EngineMissingError, find_jar, new_client, running_engine
from .script import draw_batch
from .worker import warm_up

PART = "second_opinion"
FIRST_SEED, BATCH = 40_000_001, 20
HISTORIES, KILLS_MIN = 2_000, 1_000
READER_SECONDS = 60


def main() -> int:
    """Play until there are as many histories as asked for; 0 where all hold."""
    parser = argparse.ArgumentParser(prog="make second-opinion", description=__doc__)
    parser.add_argument("--histories", type=int, default=HISTORIES, help="so many in all")
    parser.add_argument("--engine", type=Path, default=FOLDER, help="npm's folder with the engine")
    given = parser.parse_args()
    try:
        jar = find_jar(given.engine)
        with contextlib.redirect_stdout(io.StringIO()):
            warm_up()
        with running_engine(jar) as endpoint_url:
            _play(endpoint_url, given.histories, jar.parent.name)
    except EngineMissingError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    write_page()
    return 0 if read_proof()[PART]["holds"] else 1


def _play(endpoint_url: str, histories: int, engine: str) -> None:
    reader = new_client(endpoint_url, read_timeout_seconds=READER_SECONDS)
    workers_client = new_client(endpoint_url)
    found: dict[str, Any] = read_proof().get(PART, {})
    first = next_seed(found)
    run: dict[str, Any] = {"commit": commit(), "first_seed": first, "histories": 0, "kills": 0}
    runs = [*found.get("runs", []), run]
    while found.get("histories", 0) < histories:
        began = time.monotonic()
        played = play_batch(draw_batch(first + run["histories"], BATCH), reader, workers_client)
        run["histories"] += played.histories
        run["kills"] += played.kills
        seconds = time.monotonic() - began
        found = {**added(found, played, seconds, first_seed=first), "runs": runs, "engine": engine}
        write_proof({**read_proof(), PART: found})
        sys.stderr.write(
            f"{datetime.now(UTC):%H:%M:%S}  {found['histories']:>5} histories  {found['kills']:>5} "
            f"kills  {found['invocations']:>6} calls  {len(found['violations'])} violations\n"
        )


def next_seed(found: dict[str, Any]) -> int:
    """The first seed that no run has played; a batch that was under way counts as played."""
    ends = [run["first_seed"] + run["histories"] + BATCH for run in found.get("runs", ())]
    return int(max([FIRST_SEED, *ends]))


def added(
    found: dict[str, Any], played: Played, seconds: float, *, first_seed: int
) -> dict[str, Any]:
    """The figures so far and one batch more. Errors stay: a violation is never taken back."""
    violations = list(found.get("violations", ()))
    if played.violation is not None:
        violations.append([first_seed, played.violation])
    total = {
        name: found.get(name, 0) + getattr(played, name)
        for name in ("histories", "kills", "invocations", "payments")
    }
    counts = {
        name: dict(sorted((Counter(found.get(name, {})) + getattr(played, name)).items()))
        for name in ("statuses", "notes")
    }
    enough = total["kills"] >= KILLS_MIN or total["histories"] < HISTORIES
    return {
        **total,
        **counts,
        "violations": violations,
        "holds": not violations and enough,
        "seconds": round(found.get("seconds", 0) + seconds),
        "finished": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    }


if __name__ == "__main__":
    raise SystemExit(main())

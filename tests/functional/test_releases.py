"""Items of 0.1.1 go on under this release, and this release's go on under 0.1.1."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.earlier import unpack
from tools.deploy.releases import BRIDGE_COMMIT

ROOT = Path(__file__).resolve().parents[2]
PLAY = """
import json, sys
from pathlib import Path
from tests.functional.faulty import callback_body
from tests.support.aws import TABLE_NAME
from tests.support.world import World

part, file = sys.argv[1], Path(sys.argv[2])
world = World(seed=5)
if part == "write":
    for booking, scenario in (("1", "pays"), ("2", "cancels"), ("3", "ignores")):
        world.register(booking)
        world.daraja.set_next(scenario)
        answer = world.initiate(booking)
        assert answer.status in (200, 202), answer.body
        if booking != "3":
            world.pass_time(400)
    prompt = world.daraja.prompts()[-1]
    url, checkout = prompt.order.callback_url, prompt.checkout_request_id
    items = list(world.engine.items(TABLE_NAME))
    said = {"items": items, "now": world.clock(), "url": url, "checkout": checkout}
    file.write_text(json.dumps(said))
else:
    said = json.loads(file.read_text())
    for item in said["items"]:
        world.engine.execute("PutItem", {"TableName": TABLE_NAME, "Item": item})
    world.pass_time(said["now"] - world.clock() + 5)
    posted = world.post_callback(said["url"], callback_body(said["checkout"], 0))
    world.clean_up()
    states = [each for each in world.items("PAY#") if each["sk"] == "STATE"]
    bookings = [each for each in world.items("CONSULT#") if each["sk"] == "STATE"]
    print(json.dumps({
        "posted": posted.status,
        "payments": {each["booking_id"]: each["status"] for each in states},
        "indexed": sum("received_shard" in each for each in states),
        "bookings": {each["pk"][8:]: each["status"] for each in bookings},
    }))
"""


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree of 0.1.1, from the repository's history."""
    folder = tmp_path_factory.mktemp("earlier")
    unpack(BRIDGE_COMMIT, folder)
    return folder


def play(tree: Path, part: str, file: Path) -> Any:
    """Run a part with a release's own code, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", PLAY, part, str(file)],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": f"{tree / 'shared'}:{tree}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-900:]
    return json.loads(done.stdout.splitlines()[-1]) if part == "go_on" else None


@pytest.mark.parametrize("is_upgrade", [True, False], ids=["upgrade", "rollback"])
def test_a_callback_in_flight_completes_what_the_other_release_began(
    earlier: Path, tmp_path: Path, is_upgrade: bool
) -> None:
    writer, reader = (earlier, ROOT) if is_upgrade else (ROOT, earlier)
    file = tmp_path / "items.json"
    play(writer, "write", file)
    found = play(reader, "go_on", file)
    assert found["posted"] == 200
    assert found["payments"] == {"1": "completed", "2": "failed", "3": "completed"}
    assert found["bookings"] == {"1": "Confirmed", "2": "Pending", "3": "Confirmed"}
    assert found["indexed"] == 1, "0.1.1 writes no key of the index by_received"

"""An operator before the local stack: types `hakika` as a script does, and reads the answer."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local.client import SimulatorClient
from local.settings import ROOT
from local.state import StackState, write_state
from tests.local.conftest import Customer
from tests.local.runbook_scene import Scene

WHY = "seen on the statement"
ACCOUNT = ("--who", "njeri", "--why", WHY, "--yes")


@pytest.fixture
def scene(
    stack: StackState, customer: Customer, simulator: SimulatorClient, tmp_path: Path
) -> Scene:
    write_state(tmp_path / "stack.json", stack)
    return Scene(stack=stack, customer=customer, simulator=simulator, folder=tmp_path)


def hakika(scene: Scene, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as an operator's script would: nobody is there to be asked."""
    command = [str(ROOT / "bin" / "hakika"), "--local-file", str(scene.folder / "stack.json")]
    return subprocess.run(
        [*command, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=90
    )


def answer(scene: Scene, *arguments: str) -> Any:
    done = hakika(scene, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def in_review(scene: Scene) -> str:
    payment_id = scene.pay("pays+callback_wrong_amount")
    scene.wait(payment_id, "review")
    return payment_id

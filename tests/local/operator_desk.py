"""An operator before the local stack: types `hakika` as a script does, and reads the answer."""

import io
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local.client import SimulatorClient
from local.state import StackState, write_state
from tests.local.conftest import Customer
from tests.local.runbook_scene import Scene
from tools.hakika.app import run
from tools.hakika.person import Person

WHY = "seen on the statement"
ACCOUNT = ("--who", "njeri", "--why", WHY, "--yes")


def _nobody_answers(*_: object) -> Any:
    raise AssertionError("a script was asked a question")


NOBODY = Person(
    is_there=False, ask=_nobody_answers, confirm=_nobody_answers, ask_secretly=_nobody_answers
)


@pytest.fixture
def scene(
    stack: StackState, customer: Customer, simulator: SimulatorClient, tmp_path: Path
) -> Scene:
    write_state(tmp_path / "stack.json", stack)
    return Scene(stack=stack, customer=customer, simulator=simulator, folder=tmp_path)


def hakika(scene: Scene, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as an operator's script would: nobody is there to be asked.

    It runs in this process. The runbook's tests start bin/hakika itself, at a terminal.
    """
    out, err = io.StringIO(), io.StringIO()
    line = ["--local-file", str(scene.folder / "stack.json"), *arguments]
    code = run(line, out=out, err=err, person=NOBODY)
    return subprocess.CompletedProcess(line, code, out.getvalue(), err.getvalue())


def answer(scene: Scene, *arguments: str) -> Any:
    done = hakika(scene, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def in_review(scene: Scene) -> str:
    return scene.pay_other_amount()

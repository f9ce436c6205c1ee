"""The one local stack of a test process: the one that runs with the same build, or a new one.

Each worker of `pytest -n` has a stack of its own: some tests take Safaricom down.

Another folder's conftest gets the same stack by `from tests.local.stack_fixture import stack`.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.build import digest_inputs
from local.console import Console
from local.processes import find_free_ports
from local.settings import ROOT, port_arguments, read_settings
from local.stack import running_stack
from local.state import StackState, read_running

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
TEST_FOLDER = ROOT / ".local" / f"test{WORKER}"
LOCK = ROOT / ".local" / "test.lock"
ARGUMENTS = ("--daraja", "simulator", "--folder", str(TEST_FOLDER))


@pytest.fixture(scope="session")
def stack() -> Iterator[StackState]:
    """Give the running stack; it is stopped at the end only where it was started here."""
    with acquired_stack() as state:
        yield state


@contextmanager
def acquired_stack() -> Iterator[StackState]:
    """Reuse the stack of `make run` or of another test process, else start one for the tests."""
    TEST_FOLDER.mkdir(parents=True, exist_ok=True)
    with LOCK.open("w") as lock, (TEST_FOLDER / "users").open("w") as users:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = _find_usable(*(() if WORKER else (ROOT / ".local",)), TEST_FOLDER)
        if found is not None:
            fcntl.flock(users, fcntl.LOCK_SH)
            fcntl.flock(lock, fcntl.LOCK_UN)
            yield found
            return
        arguments = [*ARGUMENTS, *port_arguments(find_free_ports(3))]
        settings = read_settings(arguments, _environment())
        with running_stack(Console(), settings) as (state, _):
            fcntl.flock(lock, fcntl.LOCK_UN)
            yield state
            # Another test process may still use what was started here.
            fcntl.flock(users, fcntl.LOCK_EX)


def _find_usable(*folders: Path) -> StackState | None:
    """A stack counts only with the code as it is now, and with the simulator."""
    wanted = digest_inputs(ROOT)
    for folder in folders:
        state = read_running(folder / "stack.json")
        if state is not None and state.build_digest == wanted and state.simulator_url:
            return state
    return None


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("SAFARICOM_")}

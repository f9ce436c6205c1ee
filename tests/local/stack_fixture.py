"""The local stack of a test process: the one that `make run` started, or one of its own.

Each worker of `pytest -n` has a stack of its own: some tests take Safaricom down. When the tests
are over, all that the stack's functions logged is scanned for leaks and crashes.

Only tests/conftest.py imports the fixture: two that import it would start two stacks.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from local.build import digest_inputs
from local.console import Console
from local.processes import find_free_ports, is_alive
from local.settings import ROOT, port_arguments, read_settings
from local.stack import running_stack
from local.state import StackState, read_running
from tests.local.api_client import Api
from tests.local.stack_logs import faults_in_logs

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
TESTS = ROOT / ".local" / "tests"


@pytest.fixture(scope="session")
def stack() -> Iterator[StackState]:
    """Give the stack; its log must be clean when its tests are over."""
    with acquired_stack() as state:
        yield state
        assert faults_in_logs(Api(state)) == []


@contextmanager
def acquired_stack() -> Iterator[StackState]:
    """Use the stack of `make run` where it has this very build, else start one for the tests.

    Workers of `pytest -n` never share one.
    """
    found = None if WORKER else read_running(ROOT / ".local" / "stack.json")
    if found is not None and found.simulator_url and found.build_digest == digest_inputs(ROOT):
        yield found
        return
    _forget_ended_processes()
    arguments = ["--daraja", "simulator", "--folder", str(TESTS / f"{os.getpid()}")]
    settings = read_settings([*arguments, *port_arguments(find_free_ports(3))], _environment())
    with running_stack(Console(), settings) as (state, _):
        yield state


def _forget_ended_processes() -> None:
    """Remove the logs of earlier test processes."""
    for folder in TESTS.glob("[0-9]*"):
        if not is_alive(int(folder.name)):
            shutil.rmtree(folder, ignore_errors=True)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("SAFARICOM_")}

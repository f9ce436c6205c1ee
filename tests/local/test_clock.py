"""`hakika clock` on a stack of its own: everything lives a day later, and still works."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from local.client import ApiClient, SimulatorClient
from local.console import Console
from local.processes import find_free_ports
from local.seed import CONSULTATIONS
from local.settings import ROOT, port_arguments, read_settings
from local.stack import running_stack
from local.state import StackState, read_running

WAIT_SECONDS_MAX = 300.0
LATE, SILENT = "pays+callback_hours_late+query_never_final", "callback_lost+query_never_final"
PHONES = ("254711000001", "254711000002", "254711000003")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """The folder of a running stack whose time nobody else uses."""
    environment = {n: v for n, v in os.environ.items() if not n.startswith("SAFARICOM_")}
    arguments = ["--daraja", "simulator", "--folder", str(tmp_path / "stack")]
    ports = port_arguments(find_free_ports(3))
    with running_stack(Console(), read_settings([*arguments, *ports], environment)):
        yield tmp_path / "stack"


def running(folder: Path) -> StackState:
    """The stack as its file describes it now."""
    state = read_running(folder / "stack.json")
    assert state is not None
    return state


def pay(state: StackState, number: int, scenario: str) -> str:
    """Starts a payment of a demo consultation; gives its id."""
    assert state.simulator_url is not None
    SimulatorClient(state.simulator_url).set_next(scenario, PHONES[number])
    consultation = CONSULTATIONS[number]
    answer = ApiClient(state.api_url, state.customer_token).initiate(
        consultation.booking_id, PHONES[number], consultation.price_kes
    )
    assert answer.status in (200, 201, 202), answer.text
    return str(answer.body["payment_id"])


def wait_for(what: Callable[[], object], wanted: object) -> None:
    """Looks again until it is so, or fails with what it is."""
    ends_at = time.monotonic() + WAIT_SECONDS_MAX
    while (found := what()) != wanted:
        assert time.monotonic() < ends_at, found
        time.sleep(0.5)


def hakika_clock(folder: Path, *words: str) -> str:
    """What `hakika clock` prints, run as people run it."""
    file = str(folder / "stack.json")
    command = [str(ROOT / "bin" / "hakika"), "--local-file", file, "clock", *words]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_day_and_an_hour_pass_for_all_of_the_stack(folder: Path) -> None:
    state = running(folder)
    late, silent = pay(state, 0, LATE), pay(state, 1, SILENT)
    told = hakika_clock(folder, "advance", "25h")
    fresh = running(folder)
    assert fresh.customer_token != state.customer_token
    assert fresh.customer_token in told
    assert f"TOKEN={fresh.customer_token}" in (folder / "env.sh").read_text()
    api = ApiClient(fresh.api_url, fresh.customer_token)
    wait_for(lambda: api.read_status(late).body["status"], "completed")  # the simulator's callback
    wait_for(lambda: api.read_status(silent).body["status"], "cancelled")  # the schedule's cleanup
    third = pay(fresh, 2, "pays")
    wait_for(lambda: api.read_status(third).body["status"], "completed")
    first, last = (api.read_status(each).body["created_at"] for each in (late, third))
    passed = datetime.fromisoformat(last) - datetime.fromisoformat(first)  # by the functions
    assert timedelta(hours=25) <= passed < timedelta(hours=26)
    assert "1 day, 1:00:00 ahead" in hakika_clock(folder, "show")

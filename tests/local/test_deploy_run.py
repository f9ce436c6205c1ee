"""`make run` itself: its screen, `make curl`, `make demo`, and what is left after Ctrl-C."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from local.client import SimulatorClient
from local.processes import answers, find_free_ports, is_alive
from local.settings import ROOT, port_arguments
from local.state import read_running

LAST_LINE = "Ctrl-C stops everything."
SECONDS_MAX = 180
PAYBILL = {
    "SAFARICOM_SHORTCODE": "174379",
    "SAFARICOM_TRANSACTION_TYPE": "CustomerPayBillOnline",
    "SAFARICOM_PARTY_B": "174379",
}
TILL = {
    "SAFARICOM_SHORTCODE": "7654321",  # its store number
    "SAFARICOM_TRANSACTION_TYPE": "CustomerBuyGoodsOnline",
    "SAFARICOM_PARTY_B": "5123456",
}


@dataclass
class RunningStack:
    """A `make run` that has reached its screen."""

    process: subprocess.Popen[str]
    screen: str
    folder: Path
    ports: list[int]
    merchant: dict[str, str]

    def money_received(self) -> dict[str, int]:
        """KES by shortcode. Daraja refuses a till or paybill that is asked as the other."""
        state = read_running(self.folder / "stack.json")
        assert state is not None
        assert state.simulator_url is not None
        received: dict[str, int] = (
            SimulatorClient(state.simulator_url).call("GET", "/ledger").body["merchants"]
        )
        return received

    def run_module(self, name: str, **variables: str) -> str:
        """What `make curl` or `make demo` prints for this stack."""
        done = subprocess.run(
            [sys.executable, "-m", name, "--folder", str(self.folder)],
            cwd=ROOT,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            timeout=5 * SECONDS_MAX,  # the whole demo takes minutes
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def pids(self) -> set[int]:
        """Every process of the stack: the three servers, and the functions' workers."""
        servers = set(json.loads((self.folder / "stack.json").read_text())["pids"].values())
        assert len(servers) == len(self.ports)
        workers = {
            int(status.parent.name)
            for status in Path("/proc").glob("[0-9]*/environ")
            if str(self.folder).encode() in read_bytes(status)
        }
        return servers | workers


def read_bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


@pytest.fixture
def running(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[RunningStack]:
    merchant: dict[str, str] = request.param
    ports = find_free_ports(3)
    command = [sys.executable, "-m", "local.stack", "--folder", str(tmp_path)]
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("SAFARICOM_")
    }
    with subprocess.Popen(
        [*command, *port_arguments(ports), "--daraja", "simulator"],
        cwd=ROOT,
        env=environment | merchant,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        screen = ""
        for line in process.stdout:
            screen += line
            if LAST_LINE in line:
                break
        assert LAST_LINE in screen, screen
        try:
            yield RunningStack(process, screen, tmp_path, ports, merchant)
        finally:
            process.kill()


def type_printed_commands(running: RunningStack) -> None:
    """Run what `make curl` prints: a payment of this stack's merchant, confirmed."""
    done = subprocess.run(
        ["/bin/sh", "-c", running.run_module("local.curl")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    answers_printed = [json.loads(line) for line in done.stdout.splitlines()]
    registered, initiated, _, status, consultation = answers_printed
    assert registered["payment_status"] == "Unpaid"
    assert initiated["success"] is True
    assert status["status"] == "completed"
    assert (consultation["status"], consultation["payment_status"]) == ("Confirmed", "Paid")
    assert running.money_received() == {running.merchant["SAFARICOM_SHORTCODE"]: 1500}


def waits_for_a_person(told: str) -> None:
    """The demo ends at the desk: its link signs in, and what needs a person is there."""
    [(site, code)] = re.findall(r"(http://\S+)/desk#([0-9a-f]{64})", told)
    desk = f"{site}/api/desk"
    session = requests.post(f"{desk}/sessions", json={"code": code}, timeout=SECONDS_MAX).json()
    headers = {"Authorization": f"Bearer {session['token']}"}
    found = requests.get(f"{desk}/waiting", headers=headers, timeout=SECONDS_MAX).json()
    assert [each["why"] for each in found["payments"]] == ["amount_differs", "refund_requested"]
    assert [each["typed_account"] for each in found["receipts"]] == ["RENT7"]
    refund = f"{desk}/payments/{found['payments'][1]['payment_id']}"
    acts = requests.get(refund, headers=headers, timeout=SECONDS_MAX).json()["acts"]
    assert "approve_refund" in [each["act"] for each in acts]


@pytest.mark.parametrize("running", [TILL], ids=["till"], indirect=True)
def test_the_printed_commands_work_as_printed_and_a_kill_leaves_nothing(
    running: RunningStack,
) -> None:
    type_printed_commands(running)
    # Even a kill leaves nothing: every server notices that its parent is gone.
    pids = running.pids()
    running.process.kill()
    deadline = time.monotonic() + SECONDS_MAX
    while any(map(answers, running.ports)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [port for port in running.ports if answers(port)]
    while any(map(is_alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [pid for pid in pids if is_alive(pid)]


@pytest.mark.parametrize("running", [PAYBILL], ids=["paybill"], indirect=True)
def test_the_screen_is_short_and_true_and_ctrl_c_stops_everything(running: RunningStack) -> None:
    type_printed_commands(running)
    screen = running.screen.partition("Hakika is running")[2]
    assert len(screen.splitlines()) <= 15
    addresses = re.findall(r"http://\S+", screen)
    assert len(addresses) == 6
    for address in addresses:
        assert requests.get(address, timeout=SECONDS_MAX).ok, address
    assert set(re.findall(r"make [a-z]+", screen)) == {"make demo", "make curl", "make desk"}
    assert running.run_module("local.desk").count("/desk#") == 2
    told = running.run_module("local.demo")
    assert "paid: KES 1,500, receipt" in told
    assert "the stack's clock is advanced" in told
    assert "{" not in told, "a body without VERBOSE=1"
    waits_for_a_person(told)
    pids = running.pids()
    running.process.send_signal(signal.SIGINT)
    rest, _ = running.process.communicate(timeout=SECONDS_MAX)
    assert running.process.returncode == 0, rest
    assert "Nothing is left running" in rest
    assert not [port for port in running.ports if answers(port)]
    assert not [pid for pid in pids if is_alive(pid)]
    assert not (running.folder / "stack.json").exists()
    assert not (running.folder / "functions").exists()
    assert not re.search(r"Traceback", rest)

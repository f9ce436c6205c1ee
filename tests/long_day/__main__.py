"""`python -m tests.long_day --minutes 60`: the deployed local stack under people and bad days.

Real HTTP through the gateway, the simulated Safaricom, every function in its own processes. They
are killed, and the emulator is paused. Then all heals, the stack's clock moves on for days, and
the statement is compared with the table. Adds its figures to docs/proof.json.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from local import aws, credentials
from local.client import SimulatorClient
from local.clock import move_clock
from local.console import Console
from local.processes import find_free_ports
from local.settings import ROOT, LocalSettings, port_arguments, read_settings
from local.stack import running_stack
from local.state import StackState
from tests.local.api_client import Api
from tests.local.stack_logs import faults_in_logs
from tests.second_opinion.judge import scan, view_of
from tests.simulation.invariants.view import OPEN, View
from tests.simulation.page import write_page
from tests.simulation.proof import read_proof, write_proof
from tests.simulation.written import commit

from .audit import Debits, compare
from .people import Crowd
from .trouble import Trouble

PART = "long_day"
PEOPLE, MONTH_SECONDS = 6, 30 * 86_400
STEPS_SECONDS = (330, 900, 3600, 7 * 3600, 18 * 3600, 25 * 3600, 3600, 3600)
"""How the clock moves on after the heal: past every lock, every query, and both expiries."""
RUNS_A_STEP, SETTLE_SECONDS = 6, 3.0


def main() -> int:
    """Run the day; 0 where the audit finds nothing."""
    parser = argparse.ArgumentParser(prog="python -m tests.long_day", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    folder = ROOT / ".local" / "long-day"
    arguments = ["--daraja", "simulator", "--folder", str(folder)]
    own = {name: each for name, each in os.environ.items() if not name.startswith("SAFARICOM_")}
    settings = read_settings([*arguments, *port_arguments(find_free_ports(3))], own)
    with running_stack(Console(), settings) as (stack, children):
        run = _play(stack, settings, children.pids()["emulator"], given)
    found: dict[str, Any] = read_proof().get(PART, {})
    runs = [*found.get("runs", ()), run]
    holds = not any(each["violations"] for each in runs)
    write_proof({**read_proof(), PART: {"runs": runs, "holds": holds}})
    write_page()
    sys.stdout.write(f"{run}\n")
    return 1 if run["violations"] else 0


def _play(
    stack: StackState, settings: LocalSettings, emulator: int, given: argparse.Namespace
) -> dict[str, Any]:
    secret = credentials.read_jwt_secret(stack.endpoint_url, stack.outputs)
    make = partial(credentials.make_token, secret, lifetime_seconds=MONTH_SECONDS)
    crowd = Crowd(stack, make, given.seed, PEOPLE)
    trouble = Trouble(emulator, settings.folder / "functions", given.seed)
    try:
        time.sleep(given.minutes * 60)
    finally:
        crowd.go_home()
        trouble.end()
    _heal(stack, settings.folder)
    view, debits = view_of(_items(stack)), _debits(stack)
    faults = faults_in_logs(Api(stack))
    leaks = [each for each in faults if not each.startswith("a crash")]
    return {
        "commit": commit(),
        "finished": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "minutes": given.minutes,
        "seed": given.seed,
        "kills": trouble.kills,
        "pauses": trouble.pauses,
        "requests": sum(crowd.seen.values()),
        "seen": dict(sorted(crowd.seen.items())),
        "payments": len(view.payments),
        "statuses": _statuses(view),
        "debits": len(debits),
        "debited_kes": sum(each["amount"] for each in debits.values()),
        "crashes_logged": len(faults) - len(leaks),
        "violations": [*compare(view, debits), *leaks][:50],
    }


def _heal(stack: StackState, folder: Path) -> None:
    """Let time pass and the schedule run until no payment is open."""
    for seconds in STEPS_SECONDS:
        move_clock(folder, stack, seconds)
        for _ in range(RUNS_A_STEP):
            time.sleep(SETTLE_SECONDS)
            _client(stack, "lambda").invoke(
                FunctionName=stack.outputs["CleanupFunctionName"], Payload=b"{}"
            )
    if any(each["status"] in OPEN for each in view_of(_items(stack)).payments.values()):
        time.sleep(SETTLE_SECONDS)


def _items(stack: StackState) -> list[dict[str, Any]]:
    return scan(_client(stack, "dynamodb"), stack.table_name)


def _debits(stack: StackState) -> Debits:
    assert stack.simulator_url is not None
    answer = SimulatorClient(stack.simulator_url).call("GET", "/ledger")
    assert answer.status == 200, answer.text
    return {each["receipt"]: each for each in answer.body["debits"]}


def _statuses(view: View) -> dict[str, int]:
    return dict(sorted(Counter(each["status"] for each in view.payments.values()).items()))


def _client(stack: StackState, service: str) -> Any:
    return aws.client(service, stack.endpoint_url)


if __name__ == "__main__":
    raise SystemExit(main())

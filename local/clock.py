"""Moves the time of the running local stack forward, all of it together; `hakika clock` does it.

The simulator, the schedule, the queues and the functions are ahead of real time by one amount. It
works with `make run` only: AWS has no such clock, and the product has no setting for it.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from local import credentials, screen, seed, state
from local.client import SimulatorClient
from local.errors import LocalStackError
from local.moved_clock import clock_file, write_ahead_seconds
from local.settings import STATE_FILE
from local.state import StackState


def move_clock(folder: Path, stack: StackState, seconds: float) -> None:
    """Move the simulator, then everything that follows the clock file, by the same amount.

    Errors: LocalStackError; nothing moved then.
    """
    if stack.simulator_url is None:
        raise LocalStackError("Safaricom's sandbox keeps its own time. Use the simulator.")
    if seconds < 0:
        raise LocalStackError("The clock moves forward only. A new `make run` starts at real time.")
    simulator = SimulatorClient(stack.simulator_url)
    answer = simulator.call("POST", "/clock", {"advance_seconds": seconds})
    if answer.status != 200:
        raise LocalStackError(f"The simulator answered {answer.status}: {answer.text[:200]}")
    write_ahead_seconds(clock_file(folder), float(answer.body["ahead_seconds"]))


def renew_tokens(folder: Path, stack: StackState, clock: Callable[[], float]) -> StackState:
    """Sign new demo tokens by the present time, and write them wherever the old ones were."""
    secret = credentials.read_jwt_secret(stack.endpoint_url, stack.outputs)
    scopes = credentials.BOOKING_SCOPES
    fresh = replace(
        stack,
        customer_token=credentials.make_token(secret, stack.customer_id, clock=clock),
        booking_token=credentials.make_token(secret, "booking-system", scopes=scopes, clock=clock),
    )
    state.write_state(folder / STATE_FILE, fresh)
    screen.write_shell_file(folder / screen.SHELL_FILE, fresh)
    (folder / "config.json").write_text(json.dumps(seed.demo_config(fresh), indent=2))
    return fresh

"""`hakika clock`: moves the time of the running local stack forward, all of it together.

The simulator, the schedule, the queues and the functions are ahead of real time by one amount. It
works with `make run` only: AWS has no such clock, and the product has no setting for it.
"""

import argparse
import json
import re
import sys
import time
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from local import credentials, screen, seed, state
from local.client import SimulatorClient
from local.console import Console
from local.errors import LocalStackError
from local.moved_clock import clock_file, follow_clock, read_ahead_seconds, write_ahead_seconds
from local.settings import ROOT
from local.state import StackState

EAT = timezone(timedelta(hours=3), "EAT")
UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_SPAN = re.compile(r"([0-9]{1,6})([smhd])")
_MOMENT = "%Y-%m-%d %H:%M"


def main(arguments: list[str]) -> int:
    """Run the command; 1 with a sentence where it cannot, 2 where it is written wrongly."""
    console = Console()
    given = _parser().parse_args(arguments)
    folder = Path(given.folder).resolve()
    try:
        stack = state.read_running(folder / "stack.json")
        if stack is None:
            raise LocalStackError("no local stack is running. Start one with: make run")
        follow_clock(str(clock_file(folder)))
        if given.verb != "show":
            move_clock(folder, stack, _seconds_forward(given))
            _show_tokens(console, renew_tokens(folder, stack))
        _show_time(console, read_ahead_seconds(clock_file(folder)))
    except LocalStackError as error:
        console.say(f"Cannot do that: {error}")
        return 1
    return 0


def move_clock(folder: Path, stack: StackState, seconds: float) -> None:
    """Move the simulator, then everything that follows the clock file, by the same amount.

    Errors: LocalStackError; nothing moved then.
    """
    if stack.simulator_url is None:
        raise LocalStackError("Safaricom's sandbox keeps its own time. Use the simulator.")
    if seconds < 0:
        raise LocalStackError("the clock moves forward only. A new `make run` starts at real time.")
    simulator = SimulatorClient(stack.simulator_url)
    answer = simulator.call("POST", "/clock", {"advance_seconds": seconds})
    if answer.status != 200:
        raise LocalStackError(f"the simulator answered {answer.status}: {answer.text[:200]}")
    write_ahead_seconds(clock_file(folder), float(answer.body["ahead_seconds"]))


def renew_tokens(folder: Path, stack: StackState) -> StackState:
    """Sign new demo tokens by the present time, and write them wherever the old ones were."""
    secret = credentials.read_jwt_secret(stack.endpoint_url, stack.outputs)
    scopes = credentials.BOOKING_SCOPES
    fresh = replace(
        stack,
        customer_token=credentials.make_token(secret, stack.customer_id),
        booking_token=credentials.make_token(secret, "booking-system", scopes=scopes),
    )
    state.write_state(folder / "stack.json", fresh)
    screen.write_shell_file(folder / "env.sh", fresh)
    (folder / "config.json").write_text(json.dumps(seed.demo_config(fresh), indent=2))
    return fresh


def _seconds_forward(given: argparse.Namespace) -> float:
    if given.verb == "to":
        return float(given.moment.timestamp()) - time.time()
    return float(given.span)


def _span(text: str) -> int:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"write {text!r} as 90m, 6h or 2d")
    return int(found[1]) * UNIT_SECONDS[found[2]]


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text, _MOMENT).replace(tzinfo=EAT)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"write {text!r} as 2026-11-29 08:00") from error


def _show_time(console: Console, ahead_seconds: float) -> None:
    now = datetime.fromtimestamp(time.time(), EAT)
    ahead = timedelta(seconds=round(ahead_seconds))
    console.say(f"The local stack's time is {now:%A %d %B %Y, %H:%M} in Nairobi, {ahead} ahead.")


def _show_tokens(console: Console, stack: StackState) -> None:
    console.say("Fresh tokens for a day; `. .local/env.sh` reads them, the demo window on reload:")
    console.say(f"  {stack.customer_id}: {stack.customer_token}")
    console.say(f"  booking-system: {stack.booking_token}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hakika clock", description="Moves the local stack's time forward (make run only)."
    )
    parser.add_argument("--folder", default=ROOT / ".local", help="where the stack keeps its files")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("show", help="what time it is")
    verbs.add_parser("advance", help="by so much").add_argument("span", type=_span, metavar="6h")
    to = verbs.add_parser("to", help="to a moment in Nairobi")
    to.add_argument("moment", type=_moment, metavar="'2026-11-29 08:00'")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

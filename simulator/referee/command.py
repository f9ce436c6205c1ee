"""`python -m simulator referee`: plays every play against a backend and prints the score."""

import argparse
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from simulator.referee.adapter import Adapter, AdapterError, Context, load_adapter
from simulator.referee.control import Control
from simulator.referee.plays import PLAYS, Play
from simulator.referee.report import document, is_kept, losses_text, score_table
from simulator.referee.stage import Played, Stage, Times

START_SECONDS_MAX = 20.0
# Short prompts; nothing of Daraja that would hide a backend's own fault, or slow the plays down.
SETTINGS: dict[str, object] = {
    "prompt_seconds": 8.0,
    "same_amount_seconds": 0.0,
    "query_per_minute": None,
    "hang_seconds": 12.0,
}


def main(arguments: Sequence[str]) -> int:
    """Plays; 0 where every rule was kept, 1 where not, 2 where it could not be played."""
    given = _parser().parse_args(arguments)
    try:
        adapter = load_adapter(given.adapter)
        plays = _chosen(given.only)
        with _simulator(given) as url:
            played = referee(
                adapter, plays, simulator_url=url, push_url=given.push_url,
                at_once=given.at_once, times=Times(given.dwell, given.patience),
            )  # fmt: skip
    except (AdapterError, OSError, ValueError) as error:
        print(f"referee: {error}", file=sys.stderr)
        return 2
    if given.report:
        report = json.dumps(document(played, given.subject or adapter.name), indent=1)
        given.report.write_text(f"{report}\n", encoding="utf-8")
    print(score_table(played))
    lost = losses_text(played)
    if lost:
        print(f"\n{lost}")
    return 0 if all(is_kept(each) for each in played) else 1


def referee(
    adapter: Adapter,
    plays: Sequence[Play],
    *,
    simulator_url: str,
    push_url: str,
    at_once: int = 8,
    times: Times | None = None,
    say: Callable[[str], None] = print,
) -> list[Played]:
    """Plays all plays against a running simulator and the backend behind the adapter.

    Errors: OSError where the simulator does not answer.
    """
    control = Control(simulator_url)
    before = control.change_settings(SETTINGS)
    stage = Stage(control, adapter, push_url, phones(), times or Times())

    def perform(play: Play) -> Played:
        played = stage.perform(play)
        say(f"{'kept' if is_kept(played) else 'LOST'}  {play.name}")
        return played

    adapter.start(Context(simulator_url, push_url))
    try:
        with ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(perform, plays))
    finally:
        adapter.stop()
        control.change_settings(before)


def phones() -> Callable[[], str]:
    """Numbers that no other run uses: 2547, then the time, counted up."""
    lock = threading.Lock()
    start = int(time.time() * 10) % 80_000_000 + 10_000_000
    numbers = iter(range(start, start + 10_000))

    def new_phone() -> str:
        with lock:
            return f"2547{next(numbers)}"

    return new_phone


@contextmanager
def _simulator(given: argparse.Namespace) -> Iterator[str]:
    """The address of the simulator; one of our own where none was given."""
    if given.simulator:
        yield given.simulator
        return
    url = f"http://127.0.0.1:{given.port}"
    command = [
        *(sys.executable, "-m", "simulator", "--short-times", "--port", str(given.port)),
        *("--callback-header", "X-Forwarded-For: {source_ip}"),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
    try:
        _wait_for(url)
        yield url
    finally:
        process.terminate()
        process.wait()


def _wait_for(url: str) -> None:
    started = time.monotonic()
    while True:
        try:
            Control(url).call("GET", "/health")
        except OSError:
            if time.monotonic() - started > START_SECONDS_MAX:
                raise
            time.sleep(0.2)
        else:
            return


def _chosen(only: Sequence[str]) -> list[Play]:
    chosen = [each for each in PLAYS if not only or any(word in each.name for word in only)]
    if not chosen:
        raise AdapterError(f"no play's name contains {' or '.join(only)}")
    return chosen


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulator referee",
        description="Says which money rules an STK backend keeps. The ledger decides.",
    )
    parser.add_argument("--push-url", required=True, help="where the backend is asked to charge")
    parser.add_argument(
        "--adapter", type=Path, required=True, help="Python file: charge(order), verdict(order)"
    )
    parser.add_argument("--simulator", help="a running simulator that the backend uses")
    parser.add_argument(
        "--port", type=int, default=9600, help="where to start one otherwise (%(default)s)"
    )
    parser.add_argument("--only", action="append", default=[], help="plays with this in the name")
    parser.add_argument("--at-once", type=int, default=8, help="plays at once (%(default)s)")
    parser.add_argument("--dwell", type=float, default=16.0, help="seconds each play lasts")
    parser.add_argument(
        "--patience", type=float, default=45.0, help="seconds until it must be right"
    )
    parser.add_argument("--subject", help="name and version of the backend, for the report")
    parser.add_argument("--report", type=Path, help="write the whole report here, as JSON")
    return parser

"""`make test`: every check and every test at the same time, with one line for each as it ends.

The tests against the stack mostly wait. Everything else runs beside them at a lower priority, so
that it fills the processor and never slows a test that watches a clock. A failure does not keep
the rest from running.
"""

import argparse
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local.console import Console

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / ".local" / "test-logs"
STACK_FOLDERS = ("tests/browser", "tests/local")
LONG_FILES = (
    "tests/local/test_upgrade.py",
    "tests/browser/test_demo_window.py",
    "tests/local/test_runbook.py",
    "tests/local/test_schemathesis.py",
    "tests/local/test_webhooks.py",
    "tests/local/test_deploy_run.py",
    "tests/local/test_deploy.py",
    "tests/local/test_webhook_receivers.py",
    "tests/local/test_clock.py",
    "tests/local/test_referee.py",
)
"""They take minutes or start a stack of their own: begun last, one would run alone at the end."""
# One process runs all tests of a file: they share what takes long to start.
BY_FILE = ("--dist", "loadfile", "--no-loadscope-reorder")
BY_TEST = ("--dist", "worksteal")
PATIENTLY = ("nice", "-n", "10")
POLL_SECONDS = 0.2
PROGRESS_SECONDS = 30.0
_PERCENT = re.compile(r"\[ *(\d+)%\]")


@dataclass(frozen=True)
class Job:
    """One command of `make test`, and how many of its last lines are shown where it passes."""

    name: str
    command: tuple[str, ...]
    lines_shown: int = 1

    def log(self, folder: Path) -> Path:
        """Give the file that takes the output."""
        return folder / f"{self.name.replace(' ', '-')}.log"


@dataclass
class Running:
    """A job that was started."""

    job: Job
    process: subprocess.Popen[bytes]
    log: Path
    started: float

    def progress(self) -> str:
        """Say how far it is, where it prints percentages."""
        found = _PERCENT.findall(self.log.read_text(errors="replace"))
        return f"{self.job.name} {found[-1]} %" if found else self.job.name


def main(arguments: list[str]) -> int:
    """Run everything; 1 where anything fails."""
    parser = argparse.ArgumentParser(prog="make test")
    parser.add_argument(
        "--parallel",
        type=int,
        default=2,
        help="processes for the tests without a stack; those against it get three more",
    )
    parser.add_argument("--order", type=int, help="shuffle the files of tests by this seed")
    given = parser.parse_args(arguments)
    return run(jobs(given.parallel, given.order), Console(), LOGS)


def jobs(parallel: int, order: int | None = None) -> tuple[Job, ...]:
    """Give what `make test` runs, with so many processes for the tests without a stack.

    `order` shuffles the files of tests by that seed; without it the long ones come first.
    """
    with_stack, without = stack_files(), other_files()
    if order is not None:
        chance = random.Random(order)  # noqa: S311 - an order of files, no secret
        chance.shuffle(with_stack)
        chance.shuffle(without)
    return (
        Job(
            "tests against the stack",
            # They mostly wait, and three more processes use that time.
            pytest_command(*with_stack, *BY_FILE, parallel=parallel + 3),
        ),
        Job(
            "tests without a stack",
            (*PATIENTLY, *pytest_command(*without, *BY_TEST, parallel=parallel)),
        ),
        Job("static checks", (*PATIENTLY, sys.executable, "-m", "local.checks"), lines_shown=40),
        Job("tests in JavaScript", (*PATIENTLY, sys.executable, "-m", "local.web_tests"), 8),
    )


def stack_files() -> list[str]:
    """Give every file of tests against the stack, the long ones first."""
    found = [
        str(path.relative_to(ROOT))
        for folder in STACK_FOLDERS
        for path in sorted((ROOT / folder).glob("test_*.py"))
    ]
    return [*LONG_FILES, *(name for name in found if name not in LONG_FILES)]


def other_files() -> list[str]:
    """Give every file of tests that need no stack."""
    found = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py"))
    return [name for name in found if not name.startswith(STACK_FOLDERS)]


def pytest_command(*arguments: str, parallel: int) -> tuple[str, ...]:
    """Give the command that runs tests in so many processes."""
    return (sys.executable, "-m", "pytest", *arguments, "-n", str(parallel))


def run(all_jobs: Sequence[Job], console: Console, logs: Path) -> int:
    """Run the jobs at the same time; 1 where any fails. Ctrl-C stops every one of them."""
    logs.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    running = [_start(job, logs) for job in all_jobs]
    failed = []
    try:
        report_at = started + PROGRESS_SECONDS
        while running:
            time.sleep(POLL_SECONDS)
            for each in [each for each in running if each.process.poll() is not None]:
                running.remove(each)
                failed += [] if _report(console, each) else [each.job.name]
            if running and time.monotonic() >= report_at:
                console.say(f"  … {', '.join(each.progress() for each in running)}")
                report_at += PROGRESS_SECONDS
    finally:
        _stop(running)
    seconds = time.monotonic() - started
    outcome = f"failed: {', '.join(failed)}" if failed else "every check and every test passed"
    console.say(console.paint(f"{outcome} ({seconds:.0f} s)", "red" if failed else "green"))
    return 1 if failed else 0


def _start(job: Job, logs: Path) -> Running:
    log = job.log(logs)
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own commands
            job.command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    return Running(job, process, log, time.monotonic())


def _report(console: Console, ended: Running) -> bool:
    """Show a failure's whole output, else its last lines; True where it passed."""
    passed = ended.process.returncode == 0
    mark = console.paint("ok", "green") if passed else console.paint("FAILED", "red")
    console.say(f"  {mark} {ended.job.name} ({time.monotonic() - ended.started:.0f} s)")
    lines = ended.log.read_text(errors="replace").rstrip().splitlines()
    console.say("\n".join(lines[-ended.job.lines_shown :] if passed else lines))
    return passed


def _stop(running: Sequence[Running]) -> None:
    for each in running:
        each.process.terminate()
    for each in running:
        each.process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

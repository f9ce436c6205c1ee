"""`make check`: every static check, all of them even if one fails, with one line each."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from local.console import Console

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
BUILD_BIN = ROOT / ".venvs" / "build" / "bin"
CHECKOV = ROOT / ".venvs" / "checkov" / "bin" / "checkov"
CHECKOV_QUIETLY = ("--skip-download", "--compact", "--quiet")
PRODUCT_FOLDERS = ("functions", "shared/payments", "tools", "local", "simulator")
AT_ONCE = 2


@dataclass(frozen=True)
class Check:
    """One check: what it is called and the command that passes or fails.

    `is_heard` shows what it says even where it passes: it may not have been able to look.
    """

    name: str
    command: tuple[str, ...]
    is_heard: bool = False


@dataclass(frozen=True)
class Outcome:
    """What one check said. Units: `seconds` of wall clock."""

    check: Check
    passed: bool
    output: str
    seconds: float


CHECKS = (
    Check("mypy", (str(BIN / "mypy"), ".")),
    Check("template (sam validate --lint)", (str(BUILD_BIN / "sam"), "validate", "--lint")),
    Check(
        "template (cfn-lint and serverless rules)",
        (str(BUILD_BIN / "cfn-lint"), "-t", "template.yaml", "-a", "cfn_lint_serverless.rules"),
    ),
    Check("format (ruff)", (str(BIN / "ruff"), "format", "--check", ".")),
    Check("lint (ruff)", (str(BIN / "ruff"), "check", ".")),
    Check("import rules (import-linter)", (str(BIN / "lint-imports"), "--no-cache")),
    Check(
        "requirements pinned as written",
        (sys.executable, "-m", "local.requirements", "check"),
    ),
    Check(
        "security of the code (bandit)",
        (str(BIN / "bandit"), "-q", "-ll", "-r", *PRODUCT_FOLDERS),
    ),
    Check(
        "security of the template (checkov)",
        (str(CHECKOV), "-f", "template.yaml", "--framework", "cloudformation", *CHECKOV_QUIETLY),
    ),
    Check("no secret committed", (str(BIN / "python"), "tools/check_secrets.py")),
    Check(
        "known weaknesses of dependencies",
        (str(BIN / "python"), "tools/check_audit.py"),
        is_heard=True,
    ),
)


def main() -> int:
    """Run every check; 1 where any fails."""
    console = Console()
    environment = {
        **os.environ,
        "AWS_DEFAULT_REGION": "us-east-1",
        "SAM_CLI_TELEMETRY": "0",
        "PYTHONPATH": "shared",
    }
    failed = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for outcome in pool.map(lambda check: run(check, environment), CHECKS):
            _show(console, outcome)
            failed += not outcome.passed
    if failed:
        console.say(console.paint(f"{failed} of {len(CHECKS)} checks failed", "red"))
    return 1 if failed else 0


def run(check: Check, environment: Mapping[str, str]) -> Outcome:
    """Run one check from the root of the repository."""
    started = time.monotonic()
    done = subprocess.run(  # noqa: S603 - our own commands
        check.command,
        cwd=ROOT,
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Outcome(check, done.returncode == 0, done.stdout, time.monotonic() - started)


def _show(console: Console, outcome: Outcome) -> None:
    mark = console.paint("ok", "green") if outcome.passed else console.paint("FAILED", "red")
    console.say(f"  {mark} {outcome.check.name} ({outcome.seconds:.1f} s)")
    if outcome.check.is_heard or not outcome.passed:
        console.say(outcome.output.rstrip())


if __name__ == "__main__":
    sys.exit(main())

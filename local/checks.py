"""`make check`: every static check, all of them even if one fails, with one line each.

A check that could not look (no network for the list of known weaknesses) is shown as such. It
neither passes nor fails.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from local.console import Console

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
BUILD_BIN = ROOT / ".venvs" / "build" / "bin"
PRODUCT_FOLDERS = ("functions", "shared/payments", "tools", "local", "simulator")
# pip-audit takes one version of a package at a time; dev holds what the functions pin as well.
PINNED = ("dev", "build", "emulator", "node", "uv")
AUDIT = ("--strict", "--disable-pip", "--require-hashes", "--progress-spinner", "off")
NO_ADVISORIES = re.compile(
    r"\A(?!.*Found \d+ known ).*"
    r"(could not be audited|ConnectionError|Could not connect|timed out|ServiceError)",
    re.DOTALL,
)
"""What pip-audit prints where the service with the advisories did not answer."""
# Tests hold made-up passwords by the hundred, so only detectors of one exact form look at them.
TEST_FOLDERS = ("tests", "bench")
GUESSING = ("Base64HighEntropyString", "HexHighEntropyString", "KeywordDetector")
# Hashes of packages are random by nature, pictures are not text.
NOT_SCANNED = (":!*requirements*.txt", ":!requirements/*.txt", ":!*.png", ":!*-lock.json")
AT_ONCE = 2


class Verdict(StrEnum):
    """What became of a check."""

    PASSED = "ok"
    FAILED = "FAILED"
    COULD_NOT_LOOK = "COULD NOT LOOK"


COLOURS = {Verdict.PASSED: "green", Verdict.FAILED: "red", Verdict.COULD_NOT_LOOK: "yellow"}


@dataclass(frozen=True)
class Check:
    """One check: what it is called and the command that passes or fails.

    `silence` finds the words with which a failing command tells that it could not look.
    `files` are git's names for the files that the command is given.
    """

    name: str
    command: tuple[str, ...]
    silence: re.Pattern[str] | None = None
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What one check said. Units: `seconds` of wall clock."""

    check: Check
    verdict: Verdict
    output: str
    seconds: float


SECRETS = (
    Check(
        "no secret committed",
        (str(BIN / "detect-secrets-hook"), "--no-verify", "--baseline", ".secrets.baseline"),
        files=(*(f":!{folder}" for folder in TEST_FOLDERS), *NOT_SCANNED),
    ),
    Check(
        "no secret committed (tests)",
        (
            str(BIN / "detect-secrets-hook"),
            "--no-verify",
            *(word for name in GUESSING for word in ("--disable-plugin", name)),
        ),
        files=(*TEST_FOLDERS, *NOT_SCANNED),
    ),
)
WEAKNESSES = tuple(
    Check(
        f"known weaknesses of dependencies ({name})",
        (str(BIN / "pip-audit"), *AUDIT, "--requirement", f"requirements/{name}.txt"),
        silence=NO_ADVISORIES,
    )
    for name in PINNED
)
CHECKS = (
    Check("mypy", (str(BIN / "mypy"), ".")),
    # `sam validate --lint` is cfn-lint too, with fewer rules.
    Check(
        "template (cfn-lint and serverless rules)",
        (
            *(str(BUILD_BIN / "cfn-lint"), "-t", "template.yaml"),
            *("--append-rules", "cfn_lint_serverless.rules", "--include-checks", "I"),
            *("--regions", "us-east-1", "eu-west-1"),
        ),
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
    *SECRETS,
    *WEAKNESSES,
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
            failed += outcome.verdict is Verdict.FAILED
    if failed:
        console.say(console.paint(f"{failed} of {len(CHECKS)} checks failed", "red"))
    return 1 if failed else 0


def run(check: Check, environment: Mapping[str, str]) -> Outcome:
    """Run one check from the root of the repository."""
    started = time.monotonic()
    done = subprocess.run(  # noqa: S603 - our own commands
        [*check.command, *committed_files(check.files)],
        cwd=ROOT,
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    verdict = judge(check, done.returncode, done.stdout)
    return Outcome(check, verdict, done.stdout, time.monotonic() - started)


def judge(check: Check, exit_code: int, output: str) -> Verdict:
    """Return what a command's exit code and output mean."""
    if exit_code == 0:
        return Verdict.PASSED
    if check.silence is not None and check.silence.search(output):
        return Verdict.COULD_NOT_LOOK
    return Verdict.FAILED


def committed_files(names: tuple[str, ...]) -> list[str]:
    """Return the files git knows by these names, with those that are about to be committed."""
    if not names:
        return []
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *names]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    return [name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


def _show(console: Console, outcome: Outcome) -> None:
    verdict = outcome.verdict
    mark = console.paint(verdict.value, COLOURS[verdict])
    console.say(f"  {mark} {outcome.check.name} ({outcome.seconds:.1f} s)")
    match verdict:
        case Verdict.PASSED:
            pass
        case Verdict.FAILED:
            console.say(outcome.output.rstrip())
        case Verdict.COULD_NOT_LOOK:
            console.say(f"    {outcome.output.strip().splitlines()[-1][:200]}")


if __name__ == "__main__":
    sys.exit(main())

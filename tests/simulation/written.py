"""What every run of a proof writes: its progress, and the commit that it ran on."""

import subprocess
import sys
from datetime import UTC, datetime

from .page import REPOSITORY


def commit() -> str:
    """Which source is run."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def say(line: str) -> None:
    """Print a line of progress with its time."""
    sys.stderr.write(f"{datetime.now(UTC):%H:%M:%S}  {line}\n")
    sys.stderr.flush()

"""A clock file that moves the time of a process which follows it, and of no other.

The product knows nothing of it: the local emulator's function starter makes a process follow the
file before the product's code is loaded. Nothing of this is deployed.
"""

import time
from collections.abc import Callable
from pathlib import Path

FILE_NAME = "clock"


def clock_file(folder: Path) -> Path:
    """Where the stack that keeps its files in this folder has its clock."""
    return folder / FILE_NAME


def read_ahead_seconds(file: Path) -> float:
    """How far the clock is ahead of real time; 0 where nobody moved it."""
    try:
        return float(file.read_text())
    except FileNotFoundError:
        return 0.0


def write_ahead_seconds(file: Path, seconds: float) -> None:
    """Move the clock of every process that follows the file, at once."""
    draft = file.with_suffix(".new")
    draft.write_text(str(seconds))
    draft.replace(file)


def stack_clock(folder: Path) -> Callable[[], float]:
    """The present of the stack that keeps its files in this folder. Units: UTC epoch seconds."""
    return lambda: time.time() + read_ahead_seconds(clock_file(folder))


def follow_clock(path: str) -> None:
    """Make this process's time.time() as far ahead of real time as the file says.

    Its own imports are on purpose: the text of this function also begins every function's process.
    """
    import os
    import time

    real_seconds = time.time
    last: list[object] = [None, 0.0]

    def moved_seconds() -> float:
        try:
            found = os.stat(path)  # noqa: PTH116 - asked with every look at the clock
        except OSError:
            return real_seconds()
        stamp = (found.st_ino, found.st_mtime_ns)
        if stamp != last[0]:
            with open(path) as file:  # noqa: PTH123
                last[:] = [stamp, float(file.read())]
        return real_seconds() + float(str(last[1]))

    time.time = moved_seconds
    time.time_ns = lambda: int(moved_seconds() * 1e9)

"""Moves the time of the emulator and of the functions it starts; AWS has nothing like it."""

import inspect
import os
from pathlib import Path

from local.moved_clock import follow_clock

CLOCK_FILE = "HAKIKA_CLOCK_FILE"


def follow_the_stacks_clock() -> None:
    """The schedule, queues, TTL and every Python function follow the stack's clock file.

    The file's name reaches a function as text of its starter, not as a variable: no setting of the
    product moves its time.
    """
    path = os.environ.pop(CLOCK_FILE, None)
    if path is None:
        return
    from ministack.core import lambda_runtime

    detect = lambda_runtime._detect_runtime_binary

    def detect_with_clock(runtime: str) -> tuple[str, str]:
        binary, script = detect(runtime)
        return binary, (starter(Path(path)) + script) if runtime.startswith("python") else script

    lambda_runtime._detect_runtime_binary = detect_with_clock
    follow_clock(path)


def starter(file: Path) -> str:
    """The first lines of a function's process."""
    return f"{inspect.getsource(follow_clock)}\n\nfollow_clock({str(file)!r})\n"

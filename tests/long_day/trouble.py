"""What happens to the machines: function processes are killed, the emulator is paused."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

KILL_EVERY_SECONDS, PAUSE_EVERY_SECONDS = 15.0, 45.0
"""More kills would leave no function alive: with one process the emulator gives up the others."""
PAUSE_SECONDS_MAX = 6.0
POLL_SECONDS = 0.1


class Trouble:
    """Kills and pauses at random moments until it ends. `group` is the emulator's process group."""

    def __init__(self, group: int, functions: Path, seed: int) -> None:
        self.kills = self.pauses = 0
        self._group, self._functions = group, str(functions)
        self._chance = random.Random(f"trouble {seed}")
        self._ends = threading.Event()
        self._threads = [
            threading.Thread(target=each) for each in (self._kill_now_and_then, self._pause)
        ]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """No more of it; whoever was paused goes on."""
        self._ends.set()
        for thread in self._threads:
            thread.join()

    def _kill_now_and_then(self) -> None:
        while not self._ends.wait(KILL_EVERY_SECONDS * 2 * self._chance.random()):
            found = [pid for pid, line in processes_of(self._group) if self._functions in line]
            if found:
                with suppress(ProcessLookupError):
                    os.kill(self._chance.choice(found), signal.SIGKILL)
                    self.kills += 1

    def _pause(self) -> None:
        """Stop the emulator alone, so that the functions wait for their table and queues."""
        while not self._ends.wait(PAUSE_EVERY_SECONDS * (0.5 + self._chance.random())):
            own = [pid for pid, line in processes_of(self._group) if self._is_emulator(line)]
            for number in (signal.SIGSTOP, signal.SIGCONT):
                for pid in own:
                    with suppress(ProcessLookupError):
                        os.kill(pid, number)
                if number == signal.SIGSTOP:
                    self.pauses += bool(own)
                    self._ends.wait(PAUSE_SECONDS_MAX * self._chance.random())

    def _is_emulator(self, line: str) -> bool:
        return "local.emulator" in line and self._functions not in line


def processes_of(group: int) -> Iterator[tuple[int, str]]:
    """The processes of a group with their command lines (Linux)."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.getpgid(int(folder.name)) == group:
                yield int(folder.name), (folder / "cmdline").read_text().replace("\0", " ")

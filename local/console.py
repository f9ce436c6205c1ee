"""What the local stack says while it works: one line a step, colours only on a terminal."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

_COLOURS = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


class Console:
    """Prints steps and notes; never asks anything."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._has_colours = self._stream.isatty()

    def paint(self, text: str, colour: str) -> str:
        """Colour the text on a terminal, leave it alone elsewhere."""
        return f"\033[{_COLOURS[colour]}m{text}\033[0m" if self._has_colours else text

    def say(self, text: str = "") -> None:
        """Print a line at once, also into a pipe."""
        print(text, file=self._stream, flush=True)

    def warn(self, text: str) -> None:
        """Print a line that wants to be read."""
        self.say(f"  {self.paint('!', 'yellow')} {text}")

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Announce a step, then say how long it took; a failure leaves the announcement."""
        print(f"  {self.paint('·', 'cyan')} {text} ...", end="", file=self._stream, flush=True)
        started = time.monotonic()
        try:
            yield
        except BaseException:
            self.say(f" {self.paint('failed', 'red')}")
            raise
        self.say(f" {self.paint(f'{time.monotonic() - started:.1f} s', 'dim')}")

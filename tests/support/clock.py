"""Virtual time, identifiers and chance from one seed."""

from __future__ import annotations

import random


class VirtualClock:
    """UTC epoch seconds that pass only when told to."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let that many seconds pass."""
        self.now += seconds


class SeededIds:
    """Identifiers that the same seed gives again."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def hex(self, characters: int) -> str:
        """Return that many lower-case hex characters."""
        return f"{self._chance.getrandbits(4 * characters):0{characters}x}"

"""A clock that people can move forward, never back: what happened stays in the past."""

from collections.abc import Callable
from math import isfinite

from simulator.core.errors import SettingError

YEAR_SECONDS = 366 * 86_400.0


class MovableClock:
    """Real time, or any other clock, ahead by an offset. Units: UTC epoch seconds."""

    def __init__(self, base: Callable[[], float]) -> None:
        self._base = base
        self._ahead_seconds = 0.0

    def __call__(self) -> float:
        return self._base() + self._ahead_seconds

    @property
    def ahead_seconds(self) -> float:
        """How far it is ahead of the base."""
        return self._ahead_seconds

    def advance(self, seconds: float) -> float:
        """Moves it forward; gives the new present. Errors: SettingError; nothing moves then."""
        if not isfinite(seconds) or not 0 <= seconds <= YEAR_SECONDS:
            raise SettingError("a clock moves forward, by at most a year at a time")
        self._ahead_seconds += seconds
        return self()

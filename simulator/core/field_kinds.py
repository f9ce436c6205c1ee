"""What the fields of a scenario may hold. Each kind converts a value or raises.

Errors: TypeError and ValueError say what the value must be.
"""

from collections.abc import Callable
from enum import StrEnum


def word(kind: type[StrEnum]) -> Callable[[object], StrEnum]:
    """One of an enum's words."""

    def convert(value: object) -> StrEnum:
        if not isinstance(value, str) or value not in tuple(kind):
            raise ValueError(f"it must be one of {', '.join(kind)}")
        return kind(value)

    return convert


def seconds(value: object) -> float:
    """A number of seconds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
        raise ValueError("it must be a number of seconds, 0 or more")
    return float(value)


def count(value: object) -> int:
    """A whole number from 1 to 20."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 20:
        raise ValueError("it must be a whole number from 1 to 20")
    return value


def flag(value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise TypeError("it must be true or false")
    return value


def text(value: object) -> str:
    """Text; a number is taken as text."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError("it must be text")
    return str(value)


def optional[T](convert: Callable[[object], T]) -> Callable[[object], T | None]:
    """The same kind, or null."""
    return lambda value: None if value is None else convert(value)

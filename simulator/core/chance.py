"""Chance without state: every draw is a hash of the seed and of what is being decided.

Thread order, the number of other phones and what was drawn before cannot change a draw.
"""

from hashlib import blake2b

_SPAN = float(1 << 64)


def unit(seed: int, *parts: object) -> float:
    """A number in [0, 1), always the same for the same seed and parts."""
    return int.from_bytes(_digest(seed, parts)[:8]) / _SPAN


def between(low: float, high: float, seed: int, *parts: object) -> float:
    """A number in [low, high), always the same for the same seed and parts."""
    if high <= low:
        return low
    return low + (high - low) * unit(seed, *parts)


def hexadecimal(digits: int, seed: int, *parts: object) -> str:
    """Up to 32 lower-case hex digits, always the same for the same seed and parts."""
    return _digest(seed, parts).hex()[:digits]


def _digest(seed: int, parts: tuple[object, ...]) -> bytes:
    return blake2b(repr((seed, *parts)).encode(), digest_size=16).digest()

"""Numbers as DynamoDB keeps them: 38 decimal digits, 1E-130 to 9.99..E+125, no floats.

Source: Amazon DynamoDB Developer Guide, "Supported data types" (Number) and "Item sizes".
"""

from __future__ import annotations

import re
from decimal import Context, Decimal, Inexact, Overflow
from functools import lru_cache

from .errors import ValidationError

DIGITS_MAX = 38
EXPONENT_MAX = 125
EXPONENT_MIN = -130

_PLAIN_INTEGER = re.compile(r"-?[1-9][0-9]{0,37}|0")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,18})?")
# Wide enough that the sum of any two legal numbers is exact; the result is checked afterwards.
_EXACT = Context(prec=2 * (EXPONENT_MAX - EXPONENT_MIN + DIGITS_MAX), traps=[Inexact, Overflow])


@lru_cache(maxsize=16384)
def canonical_number(text: str) -> str:
    """The one text form under which a number is stored: plain digits, no needless zeros.

    Errors: ValidationError for what is no number, out of range, or over 38 significant digits.
    """
    if _PLAIN_INTEGER.fullmatch(text):
        return text
    if not _NUMBER.fullmatch(text):
        raise ValidationError(f"The parameter cannot be converted to a numeric value: {text}")
    return canonical_decimal(_EXACT.create_decimal(text))


def canonical_decimal(number: Decimal) -> str:
    """The stored text form of an exact decimal, after the range and precision checks."""
    if not number:
        return "0"
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    figures = "".join(map(str, digits)).lstrip("0")
    trimmed = figures.rstrip("0")
    exponent += len(figures) - len(trimmed)
    leading = exponent + len(trimmed) - 1
    if leading > EXPONENT_MAX:
        raise ValidationError(
            "Number overflow. Attempting to store a number with magnitude larger than supported "
            "range"
        )
    if leading < EXPONENT_MIN:
        raise ValidationError(
            "Number underflow. Attempting to store a number with magnitude smaller than "
            "supported range"
        )
    if len(trimmed) > DIGITS_MAX:
        raise ValidationError("Attempting to store more than 38 significant digits in a Number")
    return ("-" if sign else "") + _plain(trimmed, exponent)


def add(left: str, right: str) -> str:
    """The exact sum of two stored numbers; an error where it does not fit."""
    return canonical_decimal(_EXACT.add(Decimal(left), Decimal(right)))


def subtract(left: str, right: str) -> str:
    """The exact difference of two stored numbers; an error where it does not fit."""
    return canonical_decimal(_EXACT.subtract(Decimal(left), Decimal(right)))


@lru_cache(maxsize=16384)
def number_size(text: str) -> int:
    """Bytes of a stored number: about one per two significant digits, plus one.

    Pairs are aligned on the decimal point and a minus sign costs one byte, as observed on the
    service; the guide says "approximately" and promises no more.
    """
    digits = text.lstrip("-")
    whole, _, fraction = digits.partition(".")
    if len(whole) % 2:
        whole = "0" + whole
    if len(fraction) % 2:
        fraction += "0"
    pairs = whole + fraction
    first, last = 0, len(pairs)
    while first < last and pairs[first : first + 2] == "00":
        first += 2
    while last > first and pairs[last - 2 : last] == "00":
        last -= 2
    return 1 + (last - first) // 2 + text.startswith("-")


def _plain(figures: str, exponent: int) -> str:
    """Digits with a decimal point in the right place and no exponent."""
    if exponent >= 0:
        return figures + "0" * exponent
    point = len(figures) + exponent
    if point > 0:
        return f"{figures[:point]}.{figures[point:]}"
    return "0." + "0" * -point + figures

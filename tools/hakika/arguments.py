"""What people type: options anywhere on the line, days, times, amounts and references."""

import re
from collections.abc import Sequence
from datetime import datetime

from payments.protocol.statement_lines import read_time
from payments.usecases.compare_statement import days_between
from payments.usecases.count_payments import DAYS_MAX
from payments.values import CROCKFORD, EAT, eat_day, normalise_receipt, plain_reference, typed_kes

from tools.hakika.errors import UsageError

WITH_VALUE = ("--stack", "--profile", "--region", "--local-file")
FLAGS = ("--local", "--json", "--reveal-phone")
_AGO = re.compile(r"(\d{1,4})([mhd])\Z", re.ASCII)
_AGO_SECONDS = {"m": 60, "h": 3600, "d": 86_400}
_TAIL_CHARACTERS = 8


def hoist(arguments: Sequence[str]) -> list[str]:
    """Move the options that every verb shares to the front, where the root command reads them."""
    front: list[str] = []
    rest: list[str] = []
    waiting = list(arguments)
    while waiting:
        argument = waiting.pop(0)
        name = argument.partition("=")[0]
        if argument == "--":
            rest += [argument, *waiting]
            break
        if argument in FLAGS or (name in WITH_VALUE and "=" in argument):
            front.append(argument)
        elif argument in WITH_VALUE:
            front += [argument, *waiting[:1]]
            del waiting[:1]
        else:
            rest.append(argument)
    return front + rest


def parse_since(text: str, *, now: int) -> int:
    """Return the moment meant by 90m, 12h, 7d, today or YYYY-MM-DD (EAT), in UTC epoch seconds.

    Errors: UsageError.
    """
    ago = _AGO.match(text)
    if ago is not None:
        start = now - int(ago.group(1)) * _AGO_SECONDS[ago.group(2)]
    else:
        start = _midnight(eat_day(now) if text == "today" else text, "--since")
    if start > now:
        raise UsageError("--since lies in the future")
    if len(days_between(start, now)) > DAYS_MAX:
        raise UsageError(f"--since may go back {DAYS_MAX} days at most")
    return start


def day_span(first: str, last: str) -> tuple[int, int]:
    """Return the first and the last second of these EAT days. Errors: UsageError."""
    start = _midnight(first, "--from")
    end = _midnight(last, "--to") + 86_399
    if end < start:
        raise UsageError("--from lies after --to")
    if len(days_between(start, end)) > DAYS_MAX:
        raise UsageError(f"--from and --to may span {DAYS_MAX} days at most")
    return start, end


def parse_moment(text: str) -> int:
    """Read an EAT time as M-Pesa's statement has it. Errors: UsageError."""
    try:
        return read_time(text)
    except ValueError as error:
        raise UsageError(
            f"--at {text!r} is no time: write it as 2026-11-23 14:05:09, in Kenyan time"
        ) from error


def parse_receipt(text: str) -> str:
    """Return a receipt number as M-Pesa writes it. Errors: UsageError."""
    receipt = normalise_receipt(text)
    if receipt is None:
        raise UsageError(f"{text!r} is no receipt: it has 8 to 16 letters and digits (SFF6XYZ123)")
    return receipt


def parse_amount(text: str, *, maximum_kes: int) -> int:
    """Read whole KES (1000, 1,000 or 1,000.00). Errors: UsageError."""
    amount_kes = typed_kes(text)
    if amount_kes is None or not 1 <= amount_kes <= maximum_kes:
        raise UsageError(f"--amount {text!r}: whole shillings from 1 to {maximum_kes:,} are meant")
    return amount_kes


def reference_tail(text: str) -> tuple[str, str]:
    """Return a reference's own 8 characters, and the 10 hex digits its payment id begins with.

    Errors: UsageError. Source: payments.values.account_reference.
    """
    compact = plain_reference(text)
    tail = compact[-_TAIL_CHARACTERS:].translate(str.maketrans("OIL", "011"))
    if len(compact) not in range(_TAIL_CHARACTERS, 13) or not set(tail) <= set(CROCKFORD):
        raise UsageError(
            f"{text!r} is no reference of ours: its last 8 characters name the payment, "
            "as in CONS7M2K9QXA"
        )
    bits = 0
    for character in tail:
        bits = bits << 5 | CROCKFORD.index(character)
    return tail, f"{bits:010x}"


def _midnight(day: str, option: str) -> int:
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", day, re.ASCII):
            raise ValueError
        return int(datetime.fromisoformat(day).replace(tzinfo=EAT).timestamp())
    except ValueError as error:
        raise UsageError(
            f"{option} {day!r} is no day: write it as 2026-11-23"
            + (", or 90m, 12h, 7d, today" if option == "--since" else "")
        ) from error

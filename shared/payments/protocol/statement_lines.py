"""What an M-Pesa organisation statement says, line by line. Pure.

Source: the columns are those that public samples and readers of the portal's export agree on
(looked up 2026-11-26); Safaricom publishes no layout. Times are day-first or year-first, the sign
of Withdrawn differs, and the account is in A/C No. or only in Details ("... Acc. CONS7M2K9QXA").
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from payments.values import EAT, normalise_receipt, plain_reference, typed_kes

_ACCOUNT = re.compile(r"\bAcc\.\s*(\S+)\s*\Z", re.IGNORECASE)
_CHARGE = re.compile(r"\bcharges?\b", re.IGNORECASE)
_MOVED = re.compile(r"complet|success|revers", re.IGNORECASE)
_NOT_MOVED = re.compile(
    r"fail|declin|cancel|expir|pend|reject|initiat|author|abort|unsuccess|incomplet|not ",
    re.IGNORECASE,
)

_TIME = re.compile(
    r"(\d{4}|\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{1,2})[ T]+"
    r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.0+)?)?(?:\s*([ap])\.?m\.?)?",
    re.ASCII | re.IGNORECASE,
)
_NOON = 12
_YEAR_DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a statement in which money came in or went out.

    Units: KES, negative where it went out (what we are charged has cents: cut off); UTC epoch
    seconds. `linked` is the receipt that a reversal or refund refers to, "" where there is none;
    `is_reversed` where the line's own status is Reversed; `is_charge` where it is M-Pesa's fee.
    """

    number: int
    receipt_number: str
    completed_at: int
    amount_kes: int
    account: str
    linked: str
    is_reversed: bool = False
    is_charge: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What was read; `unreadable` names the lines that could not be, and why."""

    lines: Sequence[Line]
    unreadable: Sequence[str]

    @property
    def incoming(self) -> list[Line]:
        """The money that came in."""
        return [line for line in self.lines if line.amount_kes > 0]

    @property
    def returned_kes(self) -> Mapping[str, int]:
        """How much of each receipt's money went back; fees are not counted.

        Withdrawals that name the receipt are summed up. Where there is none, the status Reversed
        of the receipt's own line means its whole amount.
        """
        withdrawn: Counter[str] = Counter()
        paid_in = {line.receipt_number for line in self.incoming}
        back = {
            (line.receipt_number, line.linked, line.amount_kes, line.completed_at)
            for line in self.lines
            if line.amount_kes < 0
            and not line.is_charge
            # A refund that was itself reversed came back to us.
            and not (line.is_reversed and line.receipt_number not in paid_in)
        }
        for receipt, linked, amount_kes, _ in back:
            withdrawn[linked or receipt] -= amount_kes
        reversed_kes = {
            line.receipt_number: line.amount_kes for line in self.incoming if line.is_reversed
        }
        return {**reversed_kes, **withdrawn}

    @property
    def span(self) -> tuple[int, int]:
        """The first and the last completion time."""
        times = [line.completed_at for line in self.lines]
        return min(times), max(times)


def read_lines(numbered: Iterable[tuple[int, Mapping[str, str]]]) -> Statement:
    """Return the lines in which money moved, and name each line that cannot be read.

    Shape: a line's number, and its cells by name: receipt, completed, status, paid_in, withdrawn,
        linked, account, reason, details; a cell that is missing is empty.
    """
    lines: list[Line] = []
    unreadable: list[str] = []
    for number, cells in numbered:
        if not cells.get("receipt"):
            continue
        try:
            if _moved_money(cells.get("status", "")):
                lines.append(_read_line(number, cells))
        except ValueError as error:
            unreadable.append(f"line {number}: {error}")
    lines, repeated = _merge_repeats(lines)
    return Statement(lines=lines, unreadable=unreadable + repeated)


def read_kes(text: str) -> int:
    """Read 1,000.00, "KES 1,000" or an empty cell (0). Errors: ValueError for cents or words."""
    amount_kes = typed_kes(text) if text.strip() else 0
    if amount_kes is None:
        raise ValueError(f"{text!r} is no whole amount of shillings")
    return amount_kes


def read_time(text: str) -> int:
    """Read an EAT time, year first or day first, of 24 or twice 12 hours.

    Units: UTC epoch seconds. Errors: ValueError.
    """
    match = _TIME.fullmatch(text.strip())
    if match is None or (len(match[1]) == _YEAR_DIGITS) == (len(match[4]) == _YEAR_DIGITS):
        raise ValueError(f"{text!r} is no completion time (DD-MM-YYYY HH:MM:SS)")
    year, day = (match[1], match[4]) if len(match[1]) == _YEAR_DIGITS else (match[4], match[1])
    hour = int(match[5])
    if match[8]:
        if not 1 <= hour <= _NOON:
            raise ValueError(f"{text!r}: there is no hour {hour} in a day of twice 12")
        hour = hour % _NOON + (_NOON if match[8] in "pP" else 0)
    moment = datetime(
        *(int(year), int(match[3]), int(day)),
        *(hour, int(match[6]), int(match[7] or 0)),
        tzinfo=EAT,
    )
    return int(moment.timestamp())


def _read_line(number: int, cells: Mapping[str, str]) -> Line:
    receipt = normalise_receipt(cells["receipt"])
    if receipt is None:
        raise ValueError(f"{cells['receipt']!r} is no receipt")
    paid_in = read_kes(cells.get("paid_in", ""))
    withdrawn = cells.get("withdrawn", "")
    return Line(
        number=number,
        receipt_number=receipt,
        completed_at=read_time(cells.get("completed", "")),
        amount_kes=paid_in or -abs(read_kes(re.sub(r"\.\d\d?\Z", "", withdrawn))),
        account=_read_account(cells),
        linked=plain_reference(cells.get("linked", "")),
        is_reversed=cells.get("status", "").lower().startswith("revers"),
        is_charge=bool(_CHARGE.search(cells.get("reason") or cells.get("details", ""))),
    )


def _merge_repeats(lines: Sequence[Line]) -> tuple[list[Line], list[str]]:
    """Keep one line for each receipt that was paid in, and name each duplicate line.

    One receipt listed as Completed and again as Reversed is one payment that was reversed.
    """
    first: dict[str, int] = {}
    kept: list[Line] = []
    repeated: list[str] = []
    for line in lines:
        at = first.get(line.receipt_number) if line.amount_kes > 0 else None
        if line.amount_kes > 0 and at is None:
            first[line.receipt_number] = len(kept)
        if at is None:
            kept.append(line)
        elif kept[at].is_reversed != line.is_reversed and kept[at].amount_kes == line.amount_kes:
            kept[at] = replace(kept[at], is_reversed=True)
        else:
            repeated.append(f"line {line.number}: {line.receipt_number} stands there twice")
    return kept, repeated


def _read_account(cells: Mapping[str, str]) -> str:
    """Return the account that was paid to, letters and digits only."""
    named = _ACCOUNT.search(cells.get("details", ""))
    account = cells.get("account") or (named.group(1) if named else "")
    return plain_reference(account)


def _moved_money(status: str) -> bool:
    """Whether money moved: Reversed means that it did, and went back.

    Errors: ValueError for a status that is not known.
    """
    if _NOT_MOVED.search(status):
        return False
    if status and not _MOVED.match(status):
        raise ValueError(f"the status {status!r} is not known")
    return True

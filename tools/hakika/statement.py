"""Reads an M-Pesa organisation statement, as the organisation portal exports it in CSV.

Source: the column names are those that public descriptions and samples of the portal's export
agree on; nobody documents the format. So the reader is tolerant: lines before the heading, other
spellings, other separators, extra columns and an empty amount are all taken as they come.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from payments.values import EAT, RECEIPT_NUMBER

from tools.hakika.errors import UsageError

BYTES_MAX = 20_000_000
HEADING_WITHIN_LINES = 40
ENCODINGS = ("utf-8-sig", "cp1252")
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "receipt": ("receiptno", "receiptnumber", "receipt", "mpesareceiptnumber", "transactionid"),
    "completed": ("completiontime", "completedtime", "transactiontime", "completiondate"),
    "status": ("transactionstatus", "status"),
    "paid_in": ("paidin", "credit", "amountpaidin"),
    "withdrawn": ("withdrawn", "debit", "paidout", "withdrawal"),
    "linked": ("linkedtransactionid", "linkedtransaction"),
    "account": ("acno", "accountno", "accountnumber", "account"),
    "reason": ("reasontype", "transactiontype", "type"),
}
_NEEDED = ("receipt", "completed", "paid_in")
_TIME_FORMS = (
    "%d-%m-%Y %H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%d-%m-%Y %H:%M",
    "%d/%m/%Y %H:%M",
    "%Y-%m-%d %H:%M",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One completed line of a statement in which money came in or went out.

    Units: KES, negative where it went out; UTC epoch seconds. `linked` is the receipt that a
    reversal or refund refers to, "" where there is none.
    """

    number: int
    receipt_number: str
    completed_at: int
    amount_kes: int
    account: str
    linked: str


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
    def span(self) -> tuple[int, int]:
        """The first and the last completion time."""
        times = [line.completed_at for line in self.lines]
        return min(times), max(times)


def read_statement(content: bytes) -> Statement:
    """Return the completed lines. Errors: UsageError where this is no statement."""
    if len(content) > BYTES_MAX:
        raise UsageError(f"The statement is over {BYTES_MAX // 1_000_000} MB: export fewer days")
    if content[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        raise UsageError("This is an Excel workbook: save it as CSV first")
    rows = list(enumerate(_rows(_decode(content)), start=1))
    heading_at, columns = _find_heading([row for _, row in rows])
    lines, unreadable = [], []
    for number, row in rows[heading_at + 1 :]:
        cells = {name: row[at].strip() for name, at in columns.items() if at < len(row)}
        if not cells.get("receipt") or not _is_completed(cells.get("status", "Completed")):
            continue
        try:
            lines.append(_read_line(number, cells))
        except ValueError as error:
            unreadable.append(f"line {number}: {error}")
    if not lines:
        raise UsageError("No completed line in this statement" + _first(unreadable))
    return Statement(lines=lines, unreadable=unreadable)


def read_kes(text: str) -> int:
    """Read 1,000.00, "KES 1,000" or an empty cell (0). Errors: ValueError for cents or words."""
    compact = re.sub(r"(?i)(kes|ksh\.?|,|\s)", "", text)
    if not compact:
        return 0
    match = re.fullmatch(r"([+-]?)(\d{1,12})(?:\.(\d{1,2}))?", compact, re.ASCII)
    if match is None or (match.group(3) or "0").strip("0"):
        raise ValueError(f"{text!r} is no whole amount of shillings")
    return int(match.group(1) + match.group(2))


def _read_line(number: int, cells: Mapping[str, str]) -> Line:
    receipt = cells["receipt"].upper()
    if not RECEIPT_NUMBER.match(receipt):
        raise ValueError(f"{cells['receipt']!r} is no receipt")
    paid_in = read_kes(cells.get("paid_in", ""))
    withdrawn = read_kes(cells.get("withdrawn", ""))
    return Line(
        number=number,
        receipt_number=receipt,
        completed_at=_read_time(cells.get("completed", "")),
        amount_kes=paid_in if paid_in else -abs(withdrawn),
        account=re.sub(r"[^A-Z0-9]", "", cells.get("account", "").upper()),
        linked=cells.get("linked", "").upper(),
    )


def _read_time(text: str) -> int:
    for form in _TIME_FORMS:
        try:
            return int(datetime.strptime(text, form).replace(tzinfo=EAT).timestamp())
        except ValueError:
            continue
    raise ValueError(f"{text!r} is no completion time (DD-MM-YYYY HH:MM:SS)")


def _decode(content: bytes) -> str:
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UsageError("The statement is no text: export it as CSV")


def _rows(text: str) -> Iterable[list[str]]:
    """Split by the separator that the heading uses."""
    heading = next((line for line in text.splitlines() if "receipt" in line.lower()), text[:1000])
    separator = max(",;\t", key=heading.count)
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator)


def _find_heading(rows: Sequence[Sequence[str]]) -> tuple[int, dict[str, int]]:
    """Return where the heading stands and which column is which. Errors: UsageError."""
    for at, row in enumerate(rows[:HEADING_WITHIN_LINES]):
        words = [re.sub(r"[^a-z]", "", cell.lower()) for cell in row]
        columns = {
            name: words.index(word)
            for name, spellings in _COLUMNS.items()
            for word in [next((each for each in spellings if each in words), None)]
            if word is not None
        }
        if all(name in columns for name in _NEEDED):
            return at, columns
    raise UsageError(
        "This is no M-Pesa organisation statement: no line has the columns Receipt No., "
        "Completion Time and Paid In. Export it as CSV from the organisation portal"
    )


def _is_completed(status: str) -> bool:
    return status.strip().lower() in ("completed", "complete", "success", "successful", "")


def _first(unreadable: Sequence[str]) -> str:
    return f" ({unreadable[0]})" if unreadable else ""

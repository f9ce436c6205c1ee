"""Reads an M-Pesa organisation statement, as the organisation portal exports it in CSV.

Source: the columns are those that public samples and readers of the portal's export agree on
(looked up 2026-11-26); Safaricom publishes no layout. They differ in the lines above the heading,
day-first or year-first times, the sign of Withdrawn, and whether the account is in A/C No. or
only in Details ("... Acc. CONS7M2K9QXA"). So the reader takes all of these as they come.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from payments.values import normalise_receipt, plain_reference, typed_kes

from tools.hakika.arguments import read_time
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
    "details": ("details", "description", "particulars"),
}
_NEEDED = ("receipt", "completed", "paid_in")
_ACCOUNT = re.compile(r"\bAcc\.\s*(\S+)\s*\Z", re.IGNORECASE)
_CHARGE = re.compile(r"\bcharges?\b", re.IGNORECASE)
_MOVED = re.compile(r"complet|success|revers", re.IGNORECASE)
_NOT_MOVED = re.compile(
    r"fail|declin|cancel|expir|pend|reject|initiat|author|abort|unsuccess|incomplet|not ",
    re.IGNORECASE,
)


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


def read_statement(content: bytes) -> Statement:
    """Return the completed lines. Errors: UsageError where this is no statement."""
    if len(content) > BYTES_MAX:
        raise UsageError(f"The statement is over {BYTES_MAX // 1_000_000} MB: export fewer days")
    if content[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        raise UsageError("This is an Excel workbook: save it as CSV first")
    rows = _split(_decode(content))
    heading_at, columns = _find_heading([row for _, row in rows])
    lines: list[Line] = []
    unreadable: list[str] = []
    for number, row in rows[heading_at + 1 :]:
        cells = {name: row[at].strip() for name, at in columns.items() if at < len(row)}
        if not cells.get("receipt"):
            continue
        try:
            if _moved_money(cells.get("status", "")):
                lines.append(_read_line(number, cells))
        except ValueError as error:
            unreadable.append(f"line {number}: {error}")
    lines, repeated = _merge_repeats(lines)
    unreadable += repeated
    if not lines:
        raise UsageError("No completed line in this statement" + _first(unreadable))
    return Statement(lines=lines, unreadable=unreadable)


def read_kes(text: str) -> int:
    """Read 1,000.00, "KES 1,000" or an empty cell (0). Errors: ValueError for cents or words."""
    amount_kes = typed_kes(text) if text.strip() else 0
    if amount_kes is None:
        raise ValueError(f"{text!r} is no whole amount of shillings")
    return amount_kes


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


def _decode(content: bytes) -> str:
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UsageError("The statement is no text: export it as CSV")


def _split(text: str) -> list[tuple[int, list[str]]]:
    """Split into numbered rows, by the separator that the heading uses. Errors: UsageError."""
    heading = next((line for line in text.splitlines() if "receipt" in line.lower()), text[:1000])
    separator = max(",;\t", key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        return list(enumerate(reader, start=1))
    except csv.Error as error:
        raise UsageError(
            f"The statement cannot be read after line {reader.line_num}: {error}. "
            "Is a quotation mark missing there?"
        ) from error


def _find_heading(rows: Sequence[Sequence[str]]) -> tuple[int, dict[str, int]]:
    """Return the line of the heading and the position of each column. Errors: UsageError."""
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


def _moved_money(status: str) -> bool:
    """Whether money moved: Reversed means that it did, and went back.

    Errors: ValueError for a status that is not known.
    """
    if _NOT_MOVED.search(status):
        return False
    if status and not _MOVED.match(status):
        raise ValueError(f"the status {status!r} is not known")
    return True


def _first(unreadable: Sequence[str]) -> str:
    return f" ({unreadable[0]})" if unreadable else ""

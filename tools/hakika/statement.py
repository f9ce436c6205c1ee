"""Reads an M-Pesa organisation statement, as the organisation portal exports it in CSV.

Source: the columns are those that public samples and readers of the portal's export agree on
(looked up 2026-11-26); Safaricom publishes no layout. They differ in the lines above the
heading and in the separator. What a line means is read by `payments.protocol.statement_lines`.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence

from payments.protocol.statement_lines import Statement, read_lines

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


def read_statement(content: bytes) -> Statement:
    """Return the completed lines. Errors: UsageError where this is no statement."""
    if len(content) > BYTES_MAX:
        raise UsageError(f"The statement is over {BYTES_MAX // 1_000_000} MB: export fewer days")
    if content[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        raise UsageError("This is an Excel workbook: save it as CSV first")
    rows = _split(_decode(content))
    heading_at, columns = _find_heading([row for _, row in rows])
    statement = read_lines(
        (number, {name: row[at].strip() for name, at in columns.items() if at < len(row)})
        for number, row in rows[heading_at + 1 :]
    )
    if not statement.lines:
        raise UsageError("No completed line in this statement" + _first(statement.unreadable))
    return statement


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


def _first(unreadable: Sequence[str]) -> str:
    return f" ({unreadable[0]})" if unreadable else ""

"""One page of M-Pesa's statement as the desk's page sends it, and the answer: nothing is stored.

The page drops every name and sends the cells of 60 lines at a time, because a body has a limit.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from payments.errors import InvalidRequestError
from payments.http.desk_answers import payment_line
from payments.protocol.statement_lines import Statement, read_lines, read_time
from payments.protocol.statement_match import Match, Verdict
from payments.values import eat_iso

CELLS = ("receipt", "completed", "status", "paid_in", "withdrawn", "linked", "account", "reason")
LINES_MAX = 100
CELL_CHARACTERS_MAX = 64


def read_page(body: Mapping[str, Any]) -> tuple[Statement, int | None]:
    """Return the lines of a page, and the time of the line before it.

    Shape: `lines` is a list of [line number, cell, ...] in the order of CELLS; `previous` is the
        completion time of the last line of the page before, absent in the first.
    Errors: InvalidRequestError.
    """
    lines, previous = body.get("lines"), body.get("previous")
    if not isinstance(lines, list) or not 1 <= len(lines) <= LINES_MAX:
        raise InvalidRequestError(f"Send 1 to {LINES_MAX} lines", code="invalid_lines")
    try:
        reaches_to = read_time(_cell(previous)) if previous is not None else None
        return read_lines([_line(line) for line in lines]), reaches_to
    except ValueError as error:
        raise InvalidRequestError("A line cannot be read", code="invalid_lines") from error


def statement_answer(matches: list[Match], statement: Statement) -> dict[str, Any]:
    """Return what both sides say, line by line, and what cannot be read. Units: KES."""
    counts = Counter(match.verdict for match in matches)
    return {
        "counts": {str(verdict): counts[verdict] for verdict in Verdict},
        "unreadable": list(statement.unreadable),
        "matches": [_match(match) for match in matches],
    }


def _line(line: object) -> tuple[int, dict[str, str]]:
    if not isinstance(line, list) or len(line) != 1 + len(CELLS):
        raise ValueError("a line has a number and eight cells")
    number, *cells = line
    if isinstance(number, bool) or not isinstance(number, int):
        raise ValueError("a line has a number")
    return number, dict(zip(CELLS, map(_cell, cells), strict=True))


def _cell(value: object) -> str:
    if not isinstance(value, str) or len(value) > CELL_CHARACTERS_MAX:
        raise ValueError("a cell is a short text")
    return value.strip()


def _match(match: Match) -> dict[str, Any]:
    line, payment = match.line, match.payment
    return {
        "verdict": str(match.verdict),
        "is_certain": match.is_certain,
        "receipt_number": line.receipt_number if line else payment and payment.receipt_number,
        "completed_at": eat_iso(line.completed_at) if line else None,
        "amount_kes": match.amount_kes,
        "returned_kes": match.returned_kes,
        "account": line.account if line else None,
        "payment": payment_line(payment) if payment and match.needs_a_look else None,
        "payment_id": payment.payment_id if payment else None,
        "step": str(match.step) if match.step else None,
    }

"""`hakika stats` and `hakika export`: counts per day, and what accounting matches with M-Pesa."""

import csv
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import IO, Annotated

import typer
from payments.http.answers import statistics_answer, statistics_csv
from payments.protocol.payment import Payment
from payments.usecases.compare_statement import days_between, money_received
from payments.usecases.count_payments import RECEIVED, STATUSES, Statistics, Tally, count_payments
from payments.usecases.upgrade_payments import first_proof_at
from payments.values import eat_day
from rich.console import Console

from tools.hakika import screen
from tools.hakika.arguments import day_span
from tools.hakika.errors import UsageError
from tools.hakika.session import Session

COLUMNS = (
    "receipt_number",
    "completed_at",
    "amount_kes",
    "account_reference",
    "status",
    "booking_id",
    "payment_id",
)
First = Annotated[
    str | None, typer.Option("--from", metavar="DAY", help="First day (EAT), as 2026-11-17.")
]
Last = Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last day; else today.")]


def stats(
    context: typer.Context,
    first: First = None,
    last: Last = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Answer in CSV.")] = False,
) -> None:
    """Count payments per day of creation and public status, and the shillings that came in.

    Money counts on the day of its first proof, as M-Pesa reported it. The last 7 days.
    """
    session: Session = context.obj
    start, end = _span(session, first, last, days_back=6)
    statistics = count_payments(session.parts, days_between(start, end))
    if as_csv:
        session.out.file.write(statistics_csv(statistics).replace("\r\n", "\n"))
        return
    session.answer(statistics_answer(statistics), lambda console: _show(console, statistics))


def export(
    context: typer.Context,
    first: First = None,
    last: Last = None,
    file: Annotated[
        str, typer.Option("--csv", metavar="FILE", help="Where to write; - is the terminal.")
    ] = "-",
) -> None:
    """Export the money that came in on these days, for matching with M-Pesa's statement.

    One line per receipt: receipt, completion time (EAT), amount, reference, status, booking,
    payment. A receipt that still trails is empty. No phone number. Yesterday, if no day is given.
    """
    session: Session = context.obj
    is_day_given = first is not None or last is not None
    start, end = _span(session, first, last, days_back=0, ends_yesterday=not is_day_given)
    found = money_received(session.runtime.history, start=start, end=end)
    if file != "-":
        with open_for_writing(file) as output:
            write_rows(output, COLUMNS, map(_row, found))
        total = sum(payment.paid_amount_kes or payment.amount_kes for payment in found)
        session.tell(f"{len(found)} receipts, KES {total:,}, in {file}")
    if session.is_json:
        session.answer([_row(payment) for payment in found], lambda _: None)
    elif file == "-":
        write_rows(session.out.file, COLUMNS, map(_row, found))


def open_for_writing(file: str) -> IO[str]:
    """Open a file for CSV. Errors: UsageError."""
    try:
        return Path(file).open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error


def write_rows(output: IO[str], columns: Sequence[str], rows: Iterable[dict[str, object]]) -> None:
    """Write CSV with a heading."""
    writer = csv.DictWriter(output, fieldnames=columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _row(payment: Payment) -> dict[str, object]:
    return {
        "receipt_number": payment.receipt_number or "",
        "completed_at": screen.clock_text(
            payment.transaction_at or first_proof_at(payment), has_year=True
        ),
        "amount_kes": payment.paid_amount_kes or payment.amount_kes,
        "account_reference": payment.account_reference or "",
        "status": str(payment.status),
        "booking_id": payment.booking_id,
        "payment_id": payment.payment_id,
    }


def _span(
    session: Session,
    first: str | None,
    last: str | None,
    *,
    days_back: int,
    ends_yesterday: bool = False,
) -> tuple[int, int]:
    """Fill in the days that were not given. Errors: UsageError."""
    today = date.fromisoformat(eat_day(session.now()))
    end = last or (today - timedelta(days=int(ends_yesterday))).isoformat()
    start = first
    if start is None:
        _, end_of_last = day_span(end, end)
        start = (date.fromisoformat(eat_day(end_of_last)) - timedelta(days=days_back)).isoformat()
    return day_span(start, end)


def _show(console: Console, statistics: Statistics) -> None:
    table = screen.new_table("Day", *STATUSES, "KES received", right=(*STATUSES, "KES received"))
    for day, tallies in statistics.days.items():
        counts = [_count(tallies[status]) for status in STATUSES]
        table.add_row(day, *counts, screen.kes(tallies[RECEIVED].amount_kes))
    table.add_section()
    totals = statistics.totals
    table.add_row(
        "all",
        *(_count(totals[status]) for status in STATUSES),
        screen.kes(totals[RECEIVED].amount_kes),
        style="bold",
    )
    console.print(table)


def _count(tally: Tally) -> str:
    return str(tally.count) if tally.count else "-"

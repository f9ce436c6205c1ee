"""`hakika reconcile-statement`: the statement against the table; changes nothing."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from payments.errors import InvalidRequestError
from payments.protocol.statement_lines import Statement
from payments.protocol.statement_match import Match, Verdict
from payments.usecases.compare_statement import compare_statement
from payments.usecases.upgrade_payments import first_proof_at
from rich.console import Console
from rich.markup import escape
from rich.text import Text

from tools.hakika import screen
from tools.hakika.errors import UsageError
from tools.hakika.matching import command
from tools.hakika.numbers import open_for_writing, write_rows
from tools.hakika.session import Session
from tools.hakika.statement import read_statement

ACCOUNT_CHARACTERS_SHOWN = 12
"""As long as a reference of ours; the CSV has it whole."""
COLUMNS = (
    "verdict",
    "is_certain",
    "receipt_number",
    "completed_at",
    "amount_kes",
    "returned_kes",
    "account",
    "payment_id",
    "payment_status",
    "payment_amount_kes",
    "booking_id",
    "account_reference",
    "proposal",
)
WORDS = {
    Verdict.BOTH: ("here and there", "green"),
    Verdict.RETURNED: ("here and there, sent back", "blue"),
    Verdict.PARTLY_RETURNED: ("here and there, partly sent back", "bold yellow"),
    Verdict.AMOUNT_DIFFERS: ("amount differs", "bold yellow"),
    Verdict.ONLY_THERE: ("only on the statement", "bold yellow"),
    Verdict.ONLY_HERE: ("only here", "bold red"),
}


def reconcile_statement(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE.csv", help="Export of the organisation portal.")
    ],
    report: Annotated[
        str | None, typer.Option("--csv", metavar="FILE", help="Write the report there as CSV.")
    ] = None,
) -> None:
    """Match an M-Pesa organisation statement with our payments; changes nothing.

    What is only on the statement is looked up by our reference, else by amount and time, and a
    record-receipt is proposed. What is only here should not be: look at it. Money that went back is
    summed up per receipt; `refund mark` is proposed only where all of it did.
    """
    session: Session = context.obj
    statement = _read(file)
    matches = _match(session, statement)
    if report is not None:
        with open_for_writing(report) as output:
            write_rows(output, COLUMNS, map(_row, matches))
    counts = Counter(match.verdict for match in matches)
    document = {
        "counts": {verdict.value: counts[verdict] for verdict in Verdict},
        "unreadable": list(statement.unreadable),
        "matches": [_row(match) for match in matches],
    }
    session.answer(document, lambda console: _show(console, matches, statement))
    if report is not None:
        session.tell(f"{len(matches)} lines in {report}")


def _read(file: Path) -> Statement:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    return read_statement(content)


def _match(session: Session, statement: Statement) -> list[Match]:
    try:
        return compare_statement(session.runtime.history, statement)
    except InvalidRequestError as error:
        raise UsageError(error.sentence) from error


def _row(match: Match) -> dict[str, Any]:
    line, payment = match.line, match.payment
    return {
        "verdict": match.verdict.value,
        "is_certain": match.is_certain,
        "receipt_number": line.receipt_number if line else (payment and payment.receipt_number),
        "completed_at": screen.clock_text(line.completed_at, has_year=True) if line else None,
        "amount_kes": line.amount_kes if line else None,
        "returned_kes": match.returned_kes,
        "account": line.account if line else None,
        "payment_id": payment.payment_id if payment else None,
        "payment_status": str(payment.status) if payment else None,
        "payment_amount_kes": payment.amount_kes if payment else None,
        "booking_id": payment.booking_id if payment else None,
        "account_reference": payment.account_reference if payment else None,
        "proposal": command(match),
    }


def _show(console: Console, matches: Sequence[Match], statement: Statement) -> None:
    for verdict, (words, style) in WORDS.items():
        found = [match for match in matches if match.verdict is verdict]
        total = sum(match.amount_kes for match in found)
        console.print(
            Text.assemble((f"{words}: ", style if found else "dim"), f"{len(found)}, KES {total:,}")
        )
        _show_matches(console, [match for match in found if match.needs_a_look])
    for text in statement.unreadable:
        console.print(screen.plain(f"not read: {text}"), style="yellow")


def _show_matches(console: Console, matches: Sequence[Match]) -> None:
    """Print what needs a look as a table, and below it what can be typed, in the same order."""
    if not matches:
        return
    table = screen.new_table(
        "Receipt", "Completed (EAT)", "KES", "Account", "Payment", right=("KES",)
    )
    for column in table.columns[:-1]:
        column.no_wrap = True
    for match in matches:
        line, payment = match.line, match.payment
        receipt = (
            line.receipt_number if line else (payment and payment.receipt_number) or "none yet"
        )
        at = line.completed_at if line else first_proof_at(payment) if payment else None
        table.add_row(
            screen.plain(receipt),
            screen.clock_text(at, has_year=True),
            screen.kes(match.amount_kes),
            screen.plain(line.account[:ACCOUNT_CHARACTERS_SHOWN] if line else ""),
            _payment_text(match),
        )
    console.print(table)
    for proposal in filter(None, map(command, matches)):
        console.print(f"  [bold]{escape(proposal)}[/bold]", soft_wrap=True)
    console.print()


def _payment_text(match: Match) -> Text:
    payment = match.payment
    if payment is None:
        return Text("none of ours fits")
    sure = "" if match.is_certain else "perhaps "
    return screen.plain(f"{sure}booking {payment.booking_id}, {payment.status}")

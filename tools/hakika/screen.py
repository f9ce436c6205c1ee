"""How things look on a terminal: colours by meaning, tables that fit 80 columns."""

from collections.abc import Sequence
from datetime import datetime
from typing import TextIO

from payments.protocol.payment import Payment, PaymentStatus
from payments.values import EAT
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from tools.hakika.views import PROOF_WORDS, Moment, payment_view, phone_text

PIPE_COLUMNS = 160
"""How wide lines are where nobody looks: nothing is cut in a pipe or a file."""
FOLDED_COLUMNS_MIN = 8
"""A long booking id is folded: it never costs a payment id its digits."""
SHORT_ID_CHARACTERS = 10
"""As much of a payment id as a list shows where there is no room for the whole."""
_UNBOUNDED = 10_000
_MORE = ("Receipt", "Phone", "Reference")
_TO_THE_MINUTE = 12
STYLES = {
    PaymentStatus.DISPATCHING: "cyan",
    PaymentStatus.UNKNOWN: "yellow",
    PaymentStatus.PENDING: "cyan",
    PaymentStatus.FAILED: "red",
    PaymentStatus.CANCELLED: "red",
    PaymentStatus.REVIEW: "bold yellow",
    PaymentStatus.COMPLETED: "green",
    PaymentStatus.REFUND_DUE: "bold yellow",
    PaymentStatus.REFUNDED: "blue",
}


def new_console(stream: TextIO) -> Console:
    """Return a console that colours only a terminal."""
    is_terminal = stream.isatty()
    return Console(file=stream, highlight=False, width=None if is_terminal else PIPE_COLUMNS)


def new_table(*headings: str, right: Sequence[str] = ()) -> Table:
    """Return an empty table; the named columns are set flush right."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    for heading in headings:
        table.add_column(heading, justify="right" if heading in right else "left")
    return table


def status_text(status: PaymentStatus) -> Text:
    """Return a status in its colour."""
    return Text(str(status), style=STYLES[status])


def clock_text(epoch_seconds: int | None, *, has_year: bool = False) -> str:
    """Return a moment in Kenyan time."""
    if epoch_seconds is None:
        return ""
    form = "%Y-%m-%d %H:%M:%S" if has_year else "%d %b %H:%M:%S"
    return datetime.fromtimestamp(epoch_seconds, EAT).strftime(form)


def kes(amount_kes: int | None) -> str:
    """Return an amount as people write it."""
    return "" if amount_kes is None else f"{amount_kes:,}"


def plain(text: str) -> Text:
    """Return text from outside as it is, without markup and without what steers a terminal."""
    return Text(
        "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
    )


def show_facts(console: Console, facts: Sequence[tuple[str, str | Text]]) -> None:
    """Print names and values in two columns, leaving out what is empty."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in facts:
        if value:
            grid.add_row(name, value if isinstance(value, Text) else plain(value))
    console.print(grid)


def show_payment(
    console: Console,
    payment: Payment,
    moments: Sequence[Moment],
    *,
    why: str,
    steps: Sequence[str],
    reveals_phone: bool,
) -> None:
    """Print one payment: what it is, what happened, what can be done."""
    heading = Text.assemble(
        ("Payment ", "bold"), (payment.payment_id, "bold"), "  ", status_text(payment.status)
    )
    console.print(heading)
    console.print()
    show_facts(console, [("why", why), *_facts(payment, reveals_phone=reveals_phone)])
    console.print()
    show_timeline(console, moments)
    show_steps(console, steps)


def show_timeline(console: Console, moments: Sequence[Moment]) -> None:
    """Print what happened, Kenyan time; what lies ahead is dim."""
    table = new_table("When (EAT)", "What", "By", "Detail")
    table.columns[0].no_wrap = table.columns[1].no_wrap = True
    table.columns[3].overflow = "fold"
    for moment in moments:
        style = "dim" if moment.is_ahead else None
        cells = [clock_text(moment.at), moment.what, moment.by, moment.detail]
        table.add_row(*(plain(cell) for cell in cells), style=style)
    console.print(table)


def show_steps(console: Console, steps: Sequence[str]) -> None:
    """Print advice, and commands so that they can be copied whole."""
    for step in steps:
        if step.startswith("hakika "):
            console.print(f"  [bold]{escape(step)}[/bold]", soft_wrap=True)
        else:
            console.print(escape(step))


def show_payments(
    console: Console, payments: Sequence[Payment], *, reveals_phone: bool, searched: str = ""
) -> None:
    """Print a list, newest first, with the column that was searched in.

    Where the terminal has no room for everything, payment ids are cut to their first characters,
    which every verb takes; then columns that were not searched in are left out.
    """
    if not payments:
        console.print("No payment.")
        return
    more = [name for name in dict.fromkeys((searched, *_MORE)) if name in _MORE_FACTS]
    choices = [(True, more), *((False, more[:count]) for count in range(len(more), -1, -1))]
    tables = [
        _payments_table(payments, shown, reveals_phone=reveals_phone, has_whole_ids=is_whole)
        for is_whole, shown in choices
        if searched in ("", *shown) or searched not in _MORE_FACTS
    ]
    anywhere = console.options.update(width=_UNBOUNDED)
    fitting = (
        each for each in tables if console.measure(each, options=anywhere).minimum <= console.width
    )
    console.print(next(fitting, tables[-1]))
    noun = "payment" if len(payments) == 1 else "payments"
    marked = ", ! needs attention" if any(payment.attention for payment in payments) else ""
    console.print(f"{len(payments)} {noun}{marked}", style="dim")


_MORE_FACTS = {
    "Receipt": "receipt_number",
    "Phone": "phone_number",
    "Reference": "account_reference",
    "CheckoutRequestID": "checkout_request_id",
}
"""Columns beside the usual ones, and the fact of a payment's view in each."""
_FOLDED = ("Booking", "CheckoutRequestID")


def _payments_table(
    payments: Sequence[Payment], more: Sequence[str], *, reveals_phone: bool, has_whole_ids: bool
) -> Table:
    table = new_table("When (EAT)", "Payment", "Status", "KES", "Booking", *more, right=("KES",))
    for column in table.columns:
        is_folded = column.header in _FOLDED
        column.no_wrap = not is_folded
        if is_folded:
            column.overflow, column.min_width = "fold", FOLDED_COLUMNS_MIN
    for payment in payments:
        facts = payment_view(payment, reveals_phone=reveals_phone)
        status = status_text(payment.status)
        if payment.attention:
            status.append(" !", style="bold yellow")
        table.add_row(
            clock_text(payment.created_at)[:_TO_THE_MINUTE],
            payment.payment_id if has_whole_ids else payment.payment_id[:SHORT_ID_CHARACTERS],
            status,
            kes(payment.amount_kes),
            Text(payment.booking_id),
            *(plain(facts[_MORE_FACTS[name]] or "") for name in more),
        )
    return table


def _facts(payment: Payment, *, reveals_phone: bool) -> list[tuple[str, str | Text]]:
    asked = f"KES {kes(payment.amount_kes)}"
    paid = payment.paid_amount_kes
    if paid is not None and paid != payment.amount_kes:
        asked += f" asked, KES {kes(paid)} paid"
    why = [payment.failure_reason or "", payment.result_desc or ""]
    code = f"{payment.result_code}: " if payment.result_code else ""
    trailing = "not known yet; it follows" if payment.receipt_pending else ""
    return [
        ("attention", Text(payment.attention or "", style="bold yellow")),
        ("booking", payment.booking_id),
        ("client", payment.client_id),
        ("phone", phone_text(payment, reveals_phone=reveals_phone) or "none"),
        ("amount", asked),
        ("receipt", payment.receipt_number or trailing),
        ("reference", payment.account_reference or ""),
        ("result", code + "; ".join(part for part in why if part)),
        ("rests on", PROOF_WORDS[payment.proof] if payment.proof else ""),
        ("created", clock_text(payment.created_at, has_year=True)),
    ]

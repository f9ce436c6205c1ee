"""`hakika payment`: show, find, list."""

from typing import Annotated

import typer
from payments.protocol.payment import Payment
from rich.console import Console

from tools.hakika import finding, screen
from tools.hakika.arguments import parse_since
from tools.hakika.errors import RefusedError, UsageError
from tools.hakika.money_view import claim_view
from tools.hakika.session import Session
from tools.hakika.verdicts import review_steps
from tools.hakika.views import callback_body, next_steps, payment_view, timeline, why_a_person

NAMES = "Its payment_id or the beginning of it, its CheckoutRequestID or its receipt."
SINCE = "How far back to look: 90m, 12h, 7d, today or a day (92 days at most)."

app = typer.Typer(help="Find payments and see what happened to them.", no_args_is_help=True)

PaymentName = Annotated[str, typer.Argument(metavar="PAYMENT", help=NAMES, show_default=False)]


@app.command()
def show(context: typer.Context, payment: PaymentName) -> None:
    """Show one payment: its facts, its timeline with evidence, and what can be done.

    With --reveal-phone the callbacks that were kept as evidence are shown whole.
    """
    session: Session = context.obj
    found = finding.locate(session, payment)
    events = session.runtime.history.get_events(found.payment_id)
    callbacks = session.runtime.history.get_filed_callbacks(found.payment_id)
    claims = session.runtime.claims.of_payment(found.payment_id)
    moments = timeline(found, events, callbacks, claims)
    why = why_a_person(found, events, session.parts.store.get_consultation(found.booking_id))
    document = {
        **payment_view(found, reveals_phone=session.reveals_phone),
        "why": why or None,
        "claims": [claim_view(claim) for claim in claims],
        "timeline": [
            {
                "at": screen.clock_text(moment.at, has_year=True),
                "what": moment.what,
                "by": moment.by,
                "detail": moment.detail,
                "is_ahead": moment.is_ahead,
            }
            for moment in moments
        ],
    }
    if session.reveals_phone:
        document["callbacks_kept"] = [callback_body(callback) for callback in callbacks]

    def display(console: Console) -> None:
        screen.show_payment(
            console,
            found,
            moments,
            why=why,
            steps=next_steps(found, review_steps(session, found)),
            reveals_phone=session.reveals_phone,
        )
        if session.reveals_phone:
            for callback in callbacks:
                console.print(f"Callback kept, sha256 {callback.digest[:8]}:", style="dim")
                console.print(screen.plain(callback.body), soft_wrap=True)

    session.answer(document, display)


@app.command()
def find(
    context: typer.Context,
    text: Annotated[
        str | None,
        typer.Argument(
            metavar="TEXT",
            show_default=False,
            help="Any of those below, or a payment id; - asks for it without showing it.",
        ),
    ] = None,
    receipt: Annotated[
        str | None, typer.Option(metavar="R", help="M-Pesa's receipt, as in the customer's SMS.")
    ] = None,
    checkout_id: Annotated[
        str | None, typer.Option(metavar="ID", help="Daraja's CheckoutRequestID.")
    ] = None,
    phone: Annotated[
        str | None,
        typer.Option(metavar="PHONE", help="The number that was prompted; - asks for it."),
    ] = None,
    booking: Annotated[str | None, typer.Option(metavar="B", help="The booking_id.")] = None,
    reference: Annotated[
        str | None, typer.Option(metavar="A", help="Account number on M-Pesa's statement.")
    ] = None,
    since: Annotated[
        str, typer.Option(metavar="WHEN", help=f"For phone, booking and reference. {SINCE}")
    ] = "7d",
) -> None:
    """Find payments by receipt, CheckoutRequestID, phone, booking, reference or payment id.

    TEXT may be any of them: what it is is found out. An option says it.
    """
    session: Session = context.obj
    given = {
        "Receipt": receipt,
        "CheckoutRequestID": checkout_id,
        "Phone": phone,
        "Booking": booking,
        "Reference": reference,
        "": text,
    }
    named = [(column, each) for column, each in given.items() if each is not None]
    if len(named) != 1:
        raise UsageError(
            "Give what you look for, or one of --receipt, --checkout-id, --phone, --booking, "
            "--reference"
        )
    [(column, wanted)] = named
    if wanted == "-":
        wanted = session.person.ask_secretly("Phone number" if column else "What")
    start = parse_since(since, now=session.now())
    if column:
        found = finding.READINGS_BY_COLUMN[column].find(session, wanted, start)
    else:
        reading, found = finding.search(session, wanted, since=start)
        column = reading.column if reading else ""
        if reading is not None:
            session.tell(f"Found by its {reading.what}.")
    if not found:
        is_dated = column not in ("Receipt", "CheckoutRequestID")
        looked = f" since {screen.clock_text(start)}; try --since" if is_dated else ""
        raise RefusedError(f"No payment found{looked}")
    _answer_list(session, found, column)


@app.command(name="list")
def list_(
    context: typer.Context,
    status: Annotated[
        str | None,
        typer.Option(
            metavar="S",
            help="dispatching, unknown, pending, failed, cancelled, review, completed, "
            "refund_due or refunded.",
        ),
    ] = None,
    attention: Annotated[
        bool,
        typer.Option("--attention", help="Only what waits for a person: attention or review."),
    ] = False,
    since: Annotated[str, typer.Option(metavar="WHEN", help=SINCE)] = "1d",
) -> None:
    """List payments by the moment they were created, newest first."""
    session: Session = context.obj
    start = parse_since(since, now=session.now())
    found = finding.list_payments(session, since=start, status=status, needs_person=attention)
    _answer_list(session, found)


def _answer_list(session: Session, found: list[Payment], searched: str = "") -> None:
    views = [payment_view(each, reveals_phone=session.reveals_phone) for each in found]
    session.answer(
        views,
        lambda console: screen.show_payments(
            console, found, reveals_phone=session.reveals_phone, searched=searched
        ),
    )
    if len(found) == 1 and not session.is_json:
        session.tell(f"More: hakika payment show {found[0].payment_id}")

"""`hakika payment`: show, find, list."""

from typing import Annotated

import typer
from payments.protocol.payment import Payment
from payments.values import normalise_booking_id
from rich.console import Console

from tools.hakika import finding, screen
from tools.hakika.arguments import parse_since
from tools.hakika.errors import RefusedError, UsageError
from tools.hakika.session import Session
from tools.hakika.views import callback_body, payment_view, timeline

NAMES = "Its payment_id, CheckoutRequestID or receipt."
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
    moments = timeline(found, events, callbacks)
    document = {
        **payment_view(found, reveals_phone=session.reveals_phone),
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
        screen.show_payment(console, found, moments, reveals_phone=session.reveals_phone)
        if session.reveals_phone:
            for callback in callbacks:
                console.print(f"Callback kept, sha256 {callback.digest[:8]}:", style="dim")
                console.print(screen.plain(callback.body), soft_wrap=True)

    session.answer(document, display)


@app.command()
def find(
    context: typer.Context,
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
    """Find payments by one of: receipt, CheckoutRequestID, phone, booking, reference."""
    session: Session = context.obj
    given = [each for each in (receipt, checkout_id, phone, booking, reference) if each is not None]
    if len(given) != 1:
        raise UsageError("Give one of --receipt, --checkout-id, --phone, --booking, --reference")
    start = parse_since(since, now=session.now())
    if receipt is not None:
        found = finding.by_receipt(session, receipt)
    elif checkout_id is not None:
        found = finding.by_checkout_id(session, checkout_id)
    elif phone is not None:
        number = session.person.ask_secretly("Phone number") if phone == "-" else phone
        found = finding.by_phone(session, number, since=start)
    elif booking is not None:
        found = finding.by_booking(session, normalise_booking_id(booking), since=start)
    else:
        found = finding.by_reference(session, reference or "", since=start)
    if not found:
        looked = "" if receipt or checkout_id else f" since {screen.clock_text(start)}; try --since"
        raise RefusedError(f"No payment found{looked}")
    _answer_list(session, found)


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


def _answer_list(session: Session, found: list[Payment]) -> None:
    views = [payment_view(each, reveals_phone=session.reveals_phone) for each in found]
    session.answer(
        views,
        lambda console: screen.show_payments(console, found, reveals_phone=session.reveals_phone),
    )
    if len(found) == 1 and not session.is_json:
        session.tell(f"More: hakika payment show {found[0].payment_id}")

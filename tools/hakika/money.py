"""`hakika money`: receipts that wait for a payment or a person, and what a person does with them.

Each act is carried out on the receipt as it was shown, or not at all, with who and why.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated

import typer
from payments.errors import ConflictError
from payments.ports import Actor
from payments.protocol.payment import Payment
from payments.protocol.receipts import ReceiptRow, RowState, SetAside
from payments.usecases.apply_evidence import CHANGED
from payments.usecases.compare_statement import days_between
from payments.usecases.money_desk import (
    attach_to_booking,
    attach_to_payment,
    owe_back,
    reopen,
    set_aside,
)
from payments.usecases.propose_owner import propose_owners
from payments.values import eat_iso
from rich.console import Console

from tools.hakika import ask_receipt, finding, screen
from tools.hakika.arguments import parse_receipt, parse_since
from tools.hakika.decisions import Who, Why, Yes, new_request_id
from tools.hakika.errors import ChangedError, RefusedError, UsageError
from tools.hakika.first_witness import first_witnesses, sentence
from tools.hakika.money_view import amount_text, claim_view, next_steps, proposal_view, receipt_view
from tools.hakika.person import require_consent, take_account
from tools.hakika.session import Session
from tools.hakika.views import payment_view

ReceiptName = Annotated[str, typer.Argument(metavar="R", help="The M-Pesa receipt.")]

app = typer.Typer(help="Money without a payment.", no_args_is_help=True)
app.command("ask")(ask_receipt.ask)


@app.command("list")
def list_waiting(context: typer.Context) -> None:
    """List the receipts that wait for a payment or a person, oldest first."""
    session: Session = context.obj
    rows = _waiting(session)

    def show(console: Console) -> None:
        if not rows:
            console.print("No money waits: every receipt is booked or set aside.")
            return
        table = screen.new_table("Receipt", "KES", "Paid", "Typed account", "Waits since")
        for row in rows:
            table.add_row(
                row.receipt_number,
                amount_text(row),
                screen.clock_text(row.paid_at),
                screen.plain(row.reference or "-"),
                screen.clock_text(row.created_at),
            )
        console.print(table)
        screen.show_steps(console, ["hakika money show R"])

    session.answer([receipt_view(row) for row in rows], show)


@app.command()
def show(context: typer.Context, receipt: ReceiptName) -> None:
    """Show one receipt: where it is booked, or what it may belong to."""
    session: Session = context.obj
    row = _row(session, receipt)
    waits = row.state is RowState.UNCLAIMED
    proposals = propose_owners(session.parts, row, session.runtime.claims) if waits else []
    claims = session.runtime.claims.of_row(row)
    asked = session.runtime.history.get_receipt_instructions(row.receipt_number)
    document = {
        **receipt_view(row),
        "proposals": [proposal_view(proposal) for proposal in proposals],
        "claims": [claim_view(claim) for claim in claims],
        "instructions": [
            {"by": each.by, "asked": each.asked, "why": each.reason} for each in asked
        ],
    }

    def display(console: Console) -> None:
        facts = [
            (name.replace("_", " "), str(value or "")) for name, value in receipt_view(row).items()
        ]
        facts += [("claimed by", f"the customer of {each.payment_id}") for each in claims]
        facts += [("asked", f"{each.asked}, by {each.by}: {each.reason}") for each in asked]
        screen.show_facts(console, facts)
        screen.show_steps(console, next_steps(row, proposals))

    session.answer(document, display)


@app.command()
def attach(
    context: typer.Context,
    receipt: ReceiptName,
    payment: Annotated[str | None, typer.Option(metavar="P", help="The payment it paid.")] = None,
    booking: Annotated[str | None, typer.Option(metavar="B", help="The booking it pays.")] = None,
    who: Who = None,
    why: Why = None,
    yes: Yes = False,
) -> None:
    """Book a receipt that waits: on a payment, or on a booking that can still be paid."""
    session: Session = context.obj
    if (payment is None) == (booking is None):
        raise UsageError("Name one of --payment and --booking")
    row = _row(session, receipt)
    if payment is not None:
        found = finding.locate(session, payment)
        effect = f"the money of payment {found.payment_id} ({found.status})"
        version, payment_id = found.version, found.payment_id

        def act(actor: Actor) -> Payment:
            return attach_to_payment(
                session.parts,
                row.receipt_number,
                payment_id,
                shown_amount_kes=_whole(row),
                shown_version=version,
                actor=actor,
            )

    else:
        effect, booking_id = f"booking {booking} Confirmed, by this receipt", str(booking)

        def act(actor: Actor) -> Payment:
            return attach_to_booking(
                session.parts,
                row.receipt_number,
                booking_id,
                shown_amount_kes=_whole(row),
                actor=actor,
            )

    after = _change(session, row, effect, act, who=who, why=why, yes=yes)
    _answer_payment(session, after)


@app.command("owe-back")
def owe_back_command(
    context: typer.Context, receipt: ReceiptName, who: Who = None, why: Why = None, yes: Yes = False
) -> None:
    """Owe the money of a receipt back to whoever paid it; a refund then returns it."""
    session: Session = context.obj
    row = _row(session, receipt)

    def act(actor: Actor) -> Payment:
        return owe_back(
            session.parts, row.receipt_number, shown_amount_kes=_whole(row), actor=actor
        )

    _answer_payment(session, _change(session, row, "refund_due", act, who=who, why=why, yes=yes))


@app.command("set-aside")
def set_aside_command(
    context: typer.Context,
    receipt: ReceiptName,
    reason: Annotated[
        str,
        typer.Argument(metavar="REASON", help="One of: " + ", ".join(map(str, SetAside)) + "."),
    ],
    who: Who = None,
    why: Why = None,
    yes: Yes = False,
) -> None:
    """Say that a receipt is not to be booked here; no machine undoes it."""
    session: Session = context.obj
    if reason not in set(SetAside):
        raise UsageError(f"{reason!r}: one of {', '.join(SetAside)} is meant")
    row = _row(session, receipt)

    def act(actor: Actor) -> ReceiptRow:
        return set_aside(session.parts, row.receipt_number, SetAside(reason), actor=actor)

    after = _change(session, row, f"set aside: {reason}", act, who=who, why=why, yes=yes)
    _answer_row(session, after)


@app.command("reopen")
def reopen_command(
    context: typer.Context, receipt: ReceiptName, who: Who = None, why: Why = None, yes: Yes = False
) -> None:
    """Let a receipt that was set aside wait again."""
    session: Session = context.obj
    row = _row(session, receipt)

    def act(actor: Actor) -> ReceiptRow:
        return reopen(session.parts, row.receipt_number, actor=actor)

    _answer_row(session, _change(session, row, "it waits again", act, who=who, why=why, yes=yes))


@app.command()
def check(
    context: typer.Context,
    since: Annotated[
        str, typer.Option(metavar="SPAN", help="How far back, such as 24h or 7d.")
    ] = "24h",
) -> None:
    """Compare payments with the receipts behind them: each names the other, or it is a finding.

    It also counts, per day, which witness named the money first, and the money that waits.
    """
    session: Session = context.obj
    now = session.now()
    days = days_between(parse_since(since, now=now), now)
    history = session.runtime.history
    ids = [listed.payment_id for listed in history.list_created(days)]
    payments = list(history.get_payments(ids))
    bound = [str(each.bound_receipt) for each in payments if each.bound_receipt is not None]
    rows = session.parts.ledger.get_rows(bound)
    findings = list(_findings(payments, rows))
    witnesses = first_witnesses(payments, rows)
    waiting = _waiting(session)
    document = {
        "payments": len(payments),
        "findings": findings,
        "unclaimed": len(waiting),
        "unclaimed_kes": sum(row.amount_kes or 0 for row in waiting),
        "oldest_unclaimed_at": eat_iso(
            min((row.created_at or now for row in waiting), default=None)
        ),
        "first_witness": witnesses,
    }

    def show(console: Console) -> None:
        console.print(f"{len(payments)} payments compared with their receipts.")
        for finding_text in findings:
            console.print(screen.plain(finding_text))
        if not findings:
            console.print("Each receipt is booked on the payment that names it.")
        for each in witnesses:
            console.print(sentence(each))
        if waiting:
            total = document["unclaimed_kes"]
            console.print(
                f"{len(waiting)} receipts wait, KES {total:,} in all, the oldest since "
                f"{document['oldest_unclaimed_at']}."
            )
            screen.show_steps(console, ["hakika money list"])

    session.answer(document, show)


def _findings(payments: Iterable[Payment], rows: Mapping[str, ReceiptRow]) -> Iterable[str]:
    """Yield what disagrees. Each sentence says which payment and which receipt."""
    bound = {each.bound_receipt: each for each in payments if each.bound_receipt is not None}
    for number, payment in bound.items():
        row = rows.get(str(number))
        owner = row.payment_id if row else None
        if owner != payment.payment_id:
            booked = f"booked on payment {owner}" if owner else "not booked on any payment"
            yield f"Payment {payment.payment_id} names receipt {number}, which is {booked}."


def _change[T](
    session: Session,
    row: ReceiptRow,
    effect: str,
    act: Callable[[Actor], T],
    *,
    who: str | None,
    why: str | None,
    yes: bool,
) -> T:
    """Show what will be true, take account and consent, then act on what was shown."""
    account = take_account(
        session.person, who=who, why=why, default_who=session.deployment.default_person
    )
    if session.person.is_asked(consent_given=yes):
        screen.show_facts(
            session.err,
            [
                ("receipt", row.receipt_number),
                ("amount", amount_text(row)),
                ("now", str(row.state).replace("_", " ")),
                ("then", effect),
                ("by", f"{account.who}: {account.why}"),
            ],
        )
    require_consent(session.person, is_given=yes)
    actor = Actor(
        by=f"operator:{account.who}", reason=account.why, request_id=new_request_id(session)
    )
    try:
        return act(actor)
    except ConflictError as error:
        if error.code != CHANGED:
            raise
        raise ChangedError(
            f"Nothing was changed: {error}. See: hakika money show {row.receipt_number}"
        ) from error


def _waiting(session: Session) -> list[ReceiptRow]:
    ledger = session.parts.ledger
    rows = ledger.get_rows(ledger.unclaimed_receipts()).values()
    waiting = [row for row in rows if row.state is RowState.UNCLAIMED]
    return sorted(waiting, key=lambda row: row.created_at or 0)


def _row(session: Session, text: str) -> ReceiptRow:
    number = parse_receipt(text)
    row = session.parts.ledger.get_row(number)
    if row is None:
        raise RefusedError(f"No witness has named {number}. Ask M-Pesa: hakika money ask {number}")
    return row


def _whole(row: ReceiptRow) -> int:
    if row.amount_kes is None:
        raise RefusedError(
            f"The amount of {row.receipt_number} is not known as whole shillings: record it for "
            "its payment, or set it aside and settle it on M-Pesa's portal"
        )
    return row.amount_kes


def _answer_row(session: Session, row: ReceiptRow) -> None:
    text = str(row.state).replace("_", " ")
    session.answer(
        receipt_view(row), lambda console: console.print(f"{row.receipt_number}: {text}")
    )


def _answer_payment(session: Session, payment: Payment) -> None:
    def show(console: Console) -> None:
        console.print("Payment", payment.payment_id, "is", screen.status_text(payment.status))

    session.answer(payment_view(payment, reveals_phone=session.reveals_phone), show)

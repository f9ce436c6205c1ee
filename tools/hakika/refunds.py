"""`hakika refund`: request, withdraw, settle, resume, show, mark.

A refund is approved by another person, signed in at the desk: never here, where one set of
credentials could be both. Who acts is the AWS identity; a typed name is kept beside the reason.
"""

from collections.abc import Callable
from typing import Annotated, Any

import typer
from payments.http.refund_answers import refund_answer
from payments.protocol.evidence import MoneyReturned
from payments.protocol.payment import Payment
from payments.protocol.refund_evidence import (
    RefundEvidence,
    RefundGate,
    RefundRequested,
    RefundSettled,
    RefundWithdrawn,
)
from payments.protocol.reversal_codes import refusal_words
from payments.usecases.apply_refund import require_possible
from payments.usecases.refunds import request_refund, resume_refunds, settle_refund, withdraw_refund
from payments.values import eat_iso
from rich.console import Console

from tools.hakika import finding, screen
from tools.hakika.arguments import parse_receipt
from tools.hakika.decisions import Who, Why, Yes, change_shown, new_request_id, operate
from tools.hakika.errors import UsageError
from tools.hakika.payments import PaymentName
from tools.hakika.person import Account, require_consent, take_account
from tools.hakika.session import Session

app = typer.Typer(help="Return owed money, by two persons.", no_args_is_help=True)
SETTLED = {"reversed": True, "not-reversed": False}


@app.command()
def request(
    context: typer.Context, payment: PaymentName, who: Who = None, why: Why = None, yes: Yes = False
) -> None:
    """Request that owed money goes back; another person approves it at the desk."""
    session: Session = context.obj
    by = session.deployment.identity()

    def act(before: Payment, account: Account) -> Payment:
        return request_refund(
            session.parts,
            before.payment_id,
            by=by,
            why=_with_name(account),
            request_id=new_request_id(session),
            shown_version=before.version,
        )

    evidence = RefundRequested(by=by, why="")
    _change(session, payment, evidence, "refund requested", act, who=who, why=why, yes=yes)


@app.command()
def withdraw(
    context: typer.Context, payment: PaymentName, who: Who = None, why: Why = None, yes: Yes = False
) -> None:
    """Take a request back before it was approved; nothing has been sent."""
    session: Session = context.obj

    def act(before: Payment, account: Account) -> Payment:
        return withdraw_refund(
            session.parts,
            before.payment_id,
            by=session.deployment.identity(),
            why=_with_name(account),
            request_id=new_request_id(session),
            shown_version=before.version,
        )

    _change(session, payment, RefundWithdrawn(), "no request", act, who=who, why=why, yes=yes)


@app.command()
def settle(
    context: typer.Context,
    payment: PaymentName,
    verdict: Annotated[
        str,
        typer.Argument(
            metavar="VERDICT",
            show_default=False,
            help="reversed: M-Pesa's statement has the reversal. not-reversed: it has none.",
        ),
    ],
    receipt: Annotated[
        str | None, typer.Option(metavar="R", help="The reversal's receipt on the statement.")
    ] = None,
    who: Who = None,
    why: Why = None,
    yes: Yes = False,
) -> None:
    """End a refund that M-Pesa did not answer for in 24 hours, by M-Pesa's statement."""
    session: Session = context.obj
    if verdict not in SETTLED:
        raise UsageError(f"{verdict!r}: one of {', '.join(SETTLED)} is meant")
    evidence = RefundSettled(
        was_reversed=SETTLED[verdict], receipt_number=parse_receipt(receipt) if receipt else None
    )

    def act(before: Payment, account: Account) -> Payment:
        return settle_refund(
            session.parts,
            before.payment_id,
            was_reversed=evidence.was_reversed,
            receipt_number=evidence.receipt_number,
            by=session.deployment.identity(),
            why=_with_name(account),
            request_id=new_request_id(session),
            shown_version=before.version,
        )

    effect = "refunded" if evidence.was_reversed else "refund_due; it can be requested again"
    _change(session, payment, evidence, effect, act, who=who, why=why, yes=yes)


@app.command()
def resume(context: typer.Context, who: Who = None, why: Why = None, yes: Yes = False) -> None:
    """Let refunds run again, once the reason that stopped them is mended."""
    session: Session = context.obj
    account = take_account(
        session.person, who=who, why=why, default_who=session.deployment.default_person
    )
    gate = session.runtime.refunds.gates.read()
    if session.person.is_asked(consent_given=yes):
        screen.show_facts(
            session.err, [("stopped by", _stopped_text(gate)), ("then", "refunds can be sent")]
        )
    require_consent(session.person, is_given=yes)
    resume_refunds(
        session.parts,
        by=session.deployment.identity(),
        why=_with_name(account),
        request_id=new_request_id(session),
    )
    _show_gate(session)


@app.command()
def show(
    context: typer.Context,
    payment: Annotated[
        str | None, typer.Argument(metavar="PAYMENT", help="One payment.", show_default=False)
    ] = None,
) -> None:
    """Show how far a refund is; without a payment, whether refunds run at all."""
    session: Session = context.obj
    if payment is None:
        _show_gate(session)
        return
    found = finding.locate(session, payment)
    document = {**refund_answer(found), **_people(found)}
    session.answer(
        document,
        lambda console: screen.show_facts(
            console,
            [(name, "" if value is None else str(value)) for name, value in document.items()],
        ),
    )


@app.command()
def mark(
    context: typer.Context,
    payment: PaymentName,
    who: Who = None,
    why: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Why; name the refund's own receipt.")
    ] = None,
    yes: Yes = False,
) -> None:
    """Mark a refund_due payment as refunded, once the money has been sent back.

    This moves no money: it says that somebody did, on the M-Pesa portal.
    """
    session: Session = context.obj
    operate(session, payment, MoneyReturned(), "refunded", who=who, why=why, yes=yes)


def _change(
    session: Session,
    name: str,
    evidence: RefundEvidence,
    effect: str,
    act: Callable[[Payment, Account], Payment],
    *,
    who: str | None,
    why: str | None,
    yes: bool,
) -> None:
    before = finding.locate(session, name)
    require_possible(session.parts, before, evidence)
    change_shown(session, before, effect, act, who=who, why=why, yes=yes)


def _with_name(account: Account) -> str:
    """Return the reason with the typed name, which is no identity."""
    return f"{account.why} (typed: {account.who})"


def _people(payment: Payment) -> dict[str, str | None]:
    refund = payment.refund
    return {
        "requested_by": refund.asked_by if refund else None,
        "approved_by": refund.approved_by if refund else None,
        "attention": payment.attention,
    }


def _show_gate(session: Session) -> None:
    gate = session.runtime.refunds.gates.read()
    document: dict[str, Any] = {
        "configured": gate.credential_at is not None,
        "stopped": gate.stopped,
        "stopped_at": eat_iso(gate.stopped_at),
        "balance_kes": gate.balance_kes,
        "balance_at": eat_iso(gate.balance_at),
    }

    def display(console: Console) -> None:
        balance = "" if gate.balance_kes is None else f"KES {gate.balance_kes:,}, as of "
        manual = "no initiator is configured, so refunds are manual: hakika initiator set"
        runs = "run" if gate.stopped is None else f"stopped: {_stopped_text(gate)}"
        screen.show_facts(
            console,
            [
                ("refunds", runs if gate.credential_at is not None else manual),
                ("balance", balance + screen.clock_text(gate.balance_at)),
            ],
        )

    session.answer(document, display)


def _stopped_text(gate: RefundGate) -> str:
    return f"{gate.stopped}: {refusal_words(gate.stopped)}" if gate.stopped else "nothing"

"""What changes money's state: reconcile, review, record-receipt, attention.

Every one goes through payments.usecases.operate: the same transition table and the same
conditional writes as everything else, with who and why in its event.
"""

import json
from collections.abc import Callable
from typing import Annotated, Any

import typer
from payments.errors import ConflictError
from payments.ports import Actor
from payments.protocol.evidence import (
    AttentionCleared,
    Operation,
    ReceiptFound,
    ReviewResolved,
)
from payments.protocol.payment import Payment
from payments.usecases.apply_evidence import CHANGED
from payments.usecases.operate import (
    ask_about_payment,
    operate_on_payment,
    preview_operation,
)
from rich.console import Console
from rich.text import Text

from tools.hakika import finding, screen
from tools.hakika.arguments import parse_amount, parse_moment, parse_receipt
from tools.hakika.errors import ChangedError, RefusedError, UsageError
from tools.hakika.payments import PaymentName
from tools.hakika.person import Account, require_consent, take_account
from tools.hakika.session import Session
from tools.hakika.verdicts import VERDICTS, review_steps
from tools.hakika.views import (
    next_steps,
    payment_view,
    phone_text,
    what_changed,
    why_a_person,
)

ASK_SECONDS_MAX = 60
Who = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Who decides; else your AWS identity, or you are asked."),
]
Why = Annotated[
    str | None, typer.Option(metavar="TEXT", help="Why, else you are asked; kept in the history.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Agree at once instead of being asked.")]
Receipt = Annotated[str | None, typer.Option(metavar="R", help="Receipt on M-Pesa's statement.")]
Amount = Annotated[str | None, typer.Option(metavar="KES", help="Amount on M-Pesa's statement.")]

reconcile_app = typer.Typer(help="Ask Daraja now.", no_args_is_help=True)
review_app = typer.Typer(help="Decide about money that does not match.", no_args_is_help=True)
attention_app = typer.Typer(help="Say that somebody has looked.", no_args_is_help=True)


@reconcile_app.callback()
@review_app.callback()
@attention_app.callback()
def _group() -> None:
    """Keep the verb's own name even where a group has only one."""


@reconcile_app.command("now")
def reconcile_now(
    context: typer.Context,
    payment: Annotated[
        str | None,
        typer.Argument(
            metavar="PAYMENT", help="One payment; else all that are due.", show_default=False
        ),
    ] = None,
) -> None:
    """Ask Daraja about one payment, or run the cleanup for all that are due.

    The answer counts only where it would have counted anyway: this hurries, it decides nothing.
    """
    session: Session = context.obj
    if payment is None:
        _run_cleanup(session)
        return
    before = finding.locate(session, payment)
    if not before.may_yet_be_paid and before.hint is None:
        session.tell("Its money is settled: Daraja has nothing to add.")
        _answer_change(session, before, before)
        return
    who = session.deployment.default_person() or "operator"
    deadline = session.runtime.clock() + ASK_SECONDS_MAX
    after = ask_about_payment(
        session.parts,
        before.payment_id,
        actor=Actor(by=f"operator:{who}", request_id=new_request_id(session)),
        remaining_seconds=lambda: deadline - session.runtime.clock(),
    )
    _answer_change(session, before, after)


@review_app.command("resolve")
def review_resolve(
    context: typer.Context,
    payment: PaymentName,
    verdict: Annotated[
        str,
        typer.Argument(
            metavar="VERDICT",
            show_default=False,
            help="complete: it is the price, confirm. refund-due: the money is owed back. "
            "bogus: no money came.",
        ),
    ],
    receipt: Receipt = None,
    amount: Amount = None,
    who: Who = None,
    why: Why = None,
    yes: Yes = False,
) -> None:
    """Settle a payment in review, after a look at M-Pesa's statement.

    Receipt and amount are needed only where the payment does not know them.
    """
    session: Session = context.obj
    if verdict not in VERDICTS:
        raise UsageError(f"{verdict!r}: one of {', '.join(VERDICTS)} is meant")
    operation = ReviewResolved(
        resolution=VERDICTS[verdict],
        receipt_number=parse_receipt(receipt) if receipt else None,
        amount_kes=_amount(session, amount) if amount else None,
    )
    effects = {
        "complete": "completed; the consultation is Confirmed by it",
        "refund-due": "refund_due; the consultation is free to be paid again",
        "bogus": "failed; its receipt is given up, the consultation is free again",
    }
    operate(session, payment, operation, effects[verdict], who=who, why=why, yes=yes)


def record_receipt(
    context: typer.Context,
    payment: PaymentName,
    receipt: Annotated[str, typer.Option(metavar="R", help="Receipt on M-Pesa's statement.")],
    amount: Annotated[str, typer.Option(metavar="KES", help="Amount on M-Pesa's statement.")],
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help='Completion time there: "2026-11-23 14:05:09" (EAT).'),
    ] = None,
    who: Who = None,
    why: Why = None,
    yes: Yes = False,
) -> None:
    """Record money found on M-Pesa's statement that no callback and no query ever told of.

    The payment goes to review; `review resolve` then settles it.
    """
    session: Session = context.obj
    operation = ReceiptFound(
        receipt_number=parse_receipt(receipt),
        amount_kes=_amount(session, amount),
        transaction_at=parse_moment(at) if at else None,
    )
    effect = f"review, with receipt {operation.receipt_number}, KES {operation.amount_kes:,}"
    operate(session, payment, operation, effect, who=who, why=why, yes=yes)


@attention_app.command("clear")
def attention_clear(
    context: typer.Context, payment: PaymentName, who: Who = None, why: Why = None, yes: Yes = False
) -> None:
    """Say that what needed a person has been looked into; the status stays as it is."""
    session: Session = context.obj
    found = finding.locate(session, payment)
    if found.attention is None:
        raise RefusedError(f"Payment {found.payment_id} needs no attention")
    operate(session, payment, AttentionCleared(), "no attention", who=who, why=why, yes=yes)


def operate(
    session: Session,
    name: str,
    operation: Operation,
    effect: str,
    *,
    who: str | None,
    why: str | None,
    yes: bool,
) -> None:
    """Refuse what cannot be, show what will change, take account and consent, then do it.

    It is done to the version that was shown, or not at all. Errors: ChangedError.
    """
    before = finding.locate(session, name)
    preview_operation(session.parts, before, operation)

    def act(shown: Payment, account: Account) -> Payment:
        return operate_on_payment(
            session.parts,
            shown.payment_id,
            operation,
            shown_version=shown.version,
            who=account.who,
            why=account.why,
            request_id=new_request_id(session),
        )

    change_shown(session, before, effect, act, who=who, why=why, yes=yes)


def change_shown(
    session: Session,
    before: Payment,
    effect: str,
    act: Callable[[Payment, Account], Payment],
    *,
    who: str | None,
    why: str | None,
    yes: bool,
) -> None:
    """Show what will change, take account and consent, then act on what was shown, or not at all.

    Errors: ChangedError.
    """
    account = take_account(
        session.person, who=who, why=why, default_who=session.deployment.default_person
    )
    if session.person.is_asked(consent_given=yes):
        _show_plan(session, before, effect, account)
    require_consent(session.person, is_given=yes)
    try:
        after = act(before, account)
    except ConflictError as error:
        if error.code != CHANGED:
            raise
        now = finding.locate(session, before.payment_id)
        views = (payment_view(each, reveals_phone=False) for each in (before, now))
        raise ChangedError(
            f"Nothing was changed: the payment has changed meanwhile ({what_changed(*views)}). "
            f"See: hakika payment show {before.payment_id}"
        ) from error
    _answer_change(session, before, after)


def _show_plan(session: Session, payment: Payment, effect: str, account: Account) -> None:
    paid = f", KES {payment.paid_amount_kes:,} paid" if payment.paid_amount_kes else ""
    status = str(payment.status)
    told = payment.attention or payment.failure_reason
    events = session.runtime.history.get_events(payment.payment_id)
    booking = session.parts.store.get_consultation(payment.booking_id)
    screen.show_facts(
        session.err,
        [
            ("payment", payment.payment_id),
            ("booking", f"{payment.booking_id}, {phone_text(payment, reveals_phone=False)}"),
            ("amount", f"KES {payment.amount_kes:,} asked{paid}"),
            ("now", f"{status} ({told})" if told else status),
            ("why", why_a_person(payment, events, booking)),
            ("then", Text(effect, style="bold")),
            ("by", f"{account.who}: {account.why}"),
        ],
    )


def _answer_change(session: Session, before: Payment, after: Payment) -> None:
    def display(console: Console) -> None:
        if after.status is before.status:
            console.print("Still", screen.status_text(after.status), end=". ")
            console.print(screen.plain(after.result_desc or ""))
        else:
            console.print(screen.status_text(before.status), "->", screen.status_text(after.status))
        screen.show_steps(console, next_steps(after, review_steps(session, after)))

    session.answer(payment_view(after, reveals_phone=session.reveals_phone), display)


def _run_cleanup(session: Session) -> None:
    """Invoke the deployed function: its own role and secrets do the work."""
    name = session.deployment.function_name("cleanup")
    answer = session.deployment.client("lambda").invoke(FunctionName=name, Payload=b"{}")
    content = answer["Payload"].read()
    if answer.get("FunctionError"):
        raise RefusedError(f"{name} failed: {content.decode(errors='replace')[:300]}")
    report: dict[str, Any] = json.loads(content)

    def display(console: Console) -> None:
        console.print(
            f"Looked at {report['looked_at']} due payments: {report['settled']} settled, "
            f"{report['poisoned']} could not be read."
        )

    session.answer(report, display)


def _amount(session: Session, text: str) -> int:
    return parse_amount(text, maximum_kes=max(250_000, session.parts.policy.max_amount_kes))


def new_request_id(session: Session) -> str:
    """Return the id by which the history names one run of this command."""
    new_hex: Callable[[int], str] = session.parts.ids.hex
    return f"hakika-{new_hex(16)}"

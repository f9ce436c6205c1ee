"""`hakika upgrade`: fills in what payments of earlier releases lack (docs/upgrade.md)."""

from dataclasses import asdict
from typing import Annotated

import typer
from payments.usecases.compare_statement import days_between
from payments.usecases.upgrade_payments import Upgraded, restore_looks, upgrade_payments
from payments.values import eat_day
from rich.console import Console

from tools.hakika import screen
from tools.hakika.arguments import day_span
from tools.hakika.decisions import Yes
from tools.hakika.person import require_consent
from tools.hakika.session import Session


def upgrade(
    context: typer.Context,
    first: Annotated[
        str,
        typer.Option("--from", metavar="DAY", help="Day of the first payment (EAT): 2026-11-17."),
    ],
    yes: Yes = False,
) -> None:
    """Write when their money was proven into payments of earlier releases; list second receipts.

    Puts refunds that were sent on the schedule again. Running it twice changes nothing more.
    """
    session: Session = context.obj
    start, _ = day_span(first, first)
    days = days_between(start, session.now())
    session.tell(f"Payments created from {first} to {eat_day(session.now())}: {len(days)} days")
    require_consent(session.person, is_given=yes)
    runtime = session.runtime
    done = upgrade_payments(session.parts, runtime.history, days)
    actor = runtime.actor("upgrade", request_id="upgrade")
    done.looks = restore_looks(session.parts, runtime.history, runtime.backlog, actor=actor)
    session.answer(asdict(done), lambda console: _show(console, done))


def _show(console: Console, done: Upgraded) -> None:
    console.print(
        f"{done.looked_at} payments: {done.written} written, {done.indexed} added to by_received, "
        f"{done.had_it} had both already, {done.without_money} without money."
    )
    console.print(f"{done.looks} refunds that were sent are asked about again.")
    for payment_id in done.unwritten:
        console.print(f"Not written, others kept changing it: {payment_id}. Run this again.")
    if not done.second_receipts:
        return
    console.print("Bound to a payment that shows another receipt. Compare with the statement:")
    table = screen.new_table("Receipt", "Payment", "Its receipt")
    for each in done.second_receipts:
        table.add_row(each.receipt_number, each.payment_id, each.own_receipt or "none")
    console.print(table)

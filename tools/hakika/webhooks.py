"""`hakika webhooks`: what became of each event on its way to the booking system, and once more."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer
from payments.protocol.delivery import Delivery
from payments.usecases.compare_statement import days_between
from payments.usecases.deliver_event import (
    EVENT_MARK,
    Webhooks,
    deliveries_of,
    resend_event,
    resend_payment,
    send_test,
)
from payments.values import eat_iso
from rich.console import Console

from tools.hakika import finding, screen
from tools.hakika.arguments import parse_since
from tools.hakika.dead_letters import DeadLetters
from tools.hakika.errors import RefusedError, UsageError
from tools.hakika.payments import SINCE
from tools.hakika.session import Session

WAIT_SECONDS_MAX = 60
"""How long `test` waits for the first answer."""

app = typer.Typer(help="Events on their way to the booking system.", no_args_is_help=True)


@app.command("list")
def list_(
    context: typer.Context,
    payment: Annotated[
        str | None,
        typer.Argument(metavar="PAYMENT", show_default=False, help="Only this payment's events."),
    ] = None,
    since: Annotated[str, typer.Option(metavar="WHEN", help=SINCE)] = "1d",
    undelivered: Annotated[
        bool, typer.Option("--undelivered", help="Only events that nobody has taken yet.")
    ] = False,
) -> None:
    """List deliveries, oldest event first: delivered at, tries, last answer.

    A payment's list names all of its events. A list of days names those that were tried.
    """
    session: Session = context.obj
    store = _webhooks(session).deliveries
    if payment is not None:
        found = list(deliveries_of(store, finding.locate(session, payment).payment_id))
    else:
        now = session.now()
        days = days_between(parse_since(since, now=now), now)
        found = sorted(store.of_days(days), key=lambda each: (each.occurred_at, each.dedupe_id))
    shown = [each for each in found if not (undelivered and each.delivered_at)]
    session.answer([_view(each) for each in shown], lambda console: _show(console, shown))


@app.command("resend")
def resend_(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="EVENT|PAYMENT", show_default=False, help="An event's id, or a payment."
        ),
    ] = None,
    dead_letters: Annotated[
        bool,
        typer.Option("--dead-letters", help="Every event that was not taken for three days."),
    ] = False,
) -> None:
    """Send events once more: the same ids, the same bodies. The receiver drops what it has."""
    session: Session = context.obj
    if (name is not None) == dead_letters:
        raise UsageError("Give an event, a payment, or --dead-letters")
    webhooks = _webhooks(session)
    if name is None:
        sent: Sequence[str] = _revive(session)
    else:
        sent = (
            resend_event(webhooks, name)
            if EVENT_MARK in name
            else resend_payment(webhooks, finding.locate(session, name).payment_id)
        )
    session.answer({"sent": list(sent)}, lambda console: _show_sent(console, sent))


@app.command("test")
def test_(context: typer.Context) -> None:
    """Send a test event, wait for the receiver's answer, and show it."""
    session: Session = context.obj
    webhooks = _webhooks(session)
    event = send_test(webhooks)
    for _ in range(WAIT_SECONDS_MAX):
        [delivery] = webhooks.deliveries.of_events([event])
        if delivery.tries:
            break
        session.parts.sleep(1)
    if not delivery.delivered_at:
        said = f"answered {delivery.last_answer}" if delivery.tries else "was not reached yet"
        raise RefusedError(f"The booking system {said}. The test event is tried again.")
    session.answer(_view(delivery), lambda console: _show(console, [delivery]))


def _webhooks(session: Session) -> Webhooks:
    """The deployment's webhooks. Errors: RefusedError where it sends none."""
    if not session.deployment.outputs.get("WebhookQueueUrl"):
        raise RefusedError(
            f"{session.deployment.name} sends no webhooks: deploy it with WebhookUrl "
            "(docs/webhooks.md)"
        )
    return session.runtime.webhooks


def _revive(session: Session) -> list[str]:
    """Move every dead letter back to its queue; the tries of three days begin again."""
    outputs = session.deployment.outputs
    queue = DeadLetters(
        session, url=outputs["WebhookDeadLettersUrl"], source_url=outputs["WebhookQueueUrl"]
    )
    letters = list(queue.receive())
    for letter in letters:
        queue.move(text=letter["Body"], handle=letter["ReceiptHandle"])
    return [_id_of(letter["Body"]) for letter in letters]


def _id_of(text: str) -> str:
    found = re.search(r'"dedupe_id": ?"([A-Za-z0-9#_-]+)"', text)
    return found[1] if found else "none of ours"


def _view(delivery: Delivery) -> dict[str, Any]:
    return {
        **asdict(delivery),
        "last_tried_at": eat_iso(delivery.last_tried_at),
        "delivered_at": eat_iso(delivery.delivered_at),
    }


def _show(console: Console, deliveries: Sequence[Delivery]) -> None:
    if not deliveries:
        console.print("No delivery.")
        return
    table = screen.new_table(
        "Delivered (EAT)", "Tries", "Last answer", "Last try", "Event", right=("Tries",)
    )
    for each in deliveries:
        cells = (
            screen.clock_text(each.delivered_at) or "not yet",
            str(each.tries),
            each.last_answer,
            screen.clock_text(each.last_tried_at),
            each.dedupe_id,
        )
        table.add_row(*(screen.plain(cell) for cell in cells))
    table.columns[4].overflow = "fold"
    console.print(table)
    waiting = sum(each.delivered_at is None for each in deliveries)
    console.print(f"{len(deliveries)} events, {waiting} not delivered", style="dim")


def _show_sent(console: Console, sent: Sequence[str]) -> None:
    console.print(f"{len(sent)} sent once more." if sent else "The dead-letter queue is empty.")
    for dedupe_id in sent:
        console.print(screen.plain(f"  {dedupe_id}"), soft_wrap=True)

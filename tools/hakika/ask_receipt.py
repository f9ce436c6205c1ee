"""`hakika money ask`: what M-Pesa itself says about a receipt, by Transaction Status."""

from dataclasses import asdict
from typing import Annotated

import typer
from payments.store.refund_gate import Ask
from payments.values import eat_iso

from tools.hakika import screen
from tools.hakika.arguments import parse_receipt
from tools.hakika.errors import RefusedError
from tools.hakika.session import Session

ANSWER_SECONDS_MAX = 20
LOOK_SECONDS = 2


def ask(
    context: typer.Context,
    receipt: Annotated[str, typer.Argument(metavar="R", help="A receipt that a customer quotes.")],
) -> None:
    """Ask M-Pesa about a receipt, and wait a little for its answer.

    Money on our shortcode is booked by the answer as by any other witness. Staff may ask 20 times
    in an hour; the answer is kept for two days.
    """
    session: Session = context.obj
    number = parse_receipt(receipt)
    by = session.deployment.identity()
    session.parts.refunds().function.ask_receipt(number, by=by)
    _answer(session, _wait(session, number))


def _wait(session: Session, receipt_number: str) -> Ask:
    """Return the question, with the answer where it came in time. Errors: RefusedError."""
    gates = session.runtime.refunds.gates
    deadline = session.now() + ANSWER_SECONDS_MAX
    while True:
        asked = gates.get_ask(receipt_number)
        if asked is None:
            raise RefusedError("The question was not kept: ask again")
        if asked.answer is not None or session.now() >= deadline:
            return asked
        session.parts.sleep(LOOK_SECONDS)


def _answer(session: Session, asked: Ask) -> None:
    document = {**asdict(asked), "asked_at": eat_iso(asked.asked_at)}
    said = asked.answer or "no answer yet; ask again to read it"
    session.answer(
        document,
        lambda console: screen.show_facts(
            console, [("receipt", asked.receipt_number), ("M-Pesa says", said)]
        ),
    )

"""`hakika callbacks`: what ended in the dead-letter queue, and back to the fallback queue with it.

The callback function then applies each message as it would have at first: replaying twice is
harmless, and a message that is none of ours stays where it is.
"""

from dataclasses import dataclass
from typing import Any

import typer
from payments.aws.fallback_queue import read_post
from payments.usecases.record_callback import CallbackPost
from rich.console import Console

from tools.hakika import screen
from tools.hakika.dead_letters import DeadLetters
from tools.hakika.decisions import Yes
from tools.hakika.person import require_consent
from tools.hakika.session import Session

app = typer.Typer(help="Callbacks that could not be stored.", no_args_is_help=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """One message; `post` is None where it is none of ours."""

    message_id: str
    handle: str
    text: str
    post: CallbackPost | None


@app.command("list")
def list_(context: typer.Context) -> None:
    """List the callbacks in the dead-letter queue; they stay there."""
    session: Session = context.obj
    queue = _dead_letters(session)
    letters = [_read(message) for message in queue.receive()]
    queue.give_back([letter.handle for letter in letters])
    session.answer([_view(letter) for letter in letters], lambda console: _show(console, letters))


@app.command()
def replay(context: typer.Context, yes: Yes = False) -> None:
    """Move callbacks from the dead-letter queue to the fallback queue, to be applied again.

    First mend what made them fail (usually: the table refused writes).
    """
    session: Session = context.obj
    queue = _dead_letters(session)
    letters = [_read(message) for message in queue.receive()]
    ours = [letter for letter in letters if letter.post is not None]
    odd = [letter for letter in letters if letter.post is None]
    try:
        if ours:
            if session.person.is_asked(consent_given=yes):
                _show(session.err, letters)
            require_consent(session.person, is_given=yes)
    except Exception:
        queue.give_back([letter.handle for letter in letters])
        raise
    for letter in ours:
        queue.move(text=letter.text, handle=letter.handle)
    queue.give_back([letter.handle for letter in odd])
    document = {"replayed": len(ours), "left": len(odd)}

    def display(console: Console) -> None:
        noun = "callback" if len(ours) == 1 else "callbacks"
        console.print(f"{len(ours)} {noun} replayed.")
        if odd:
            console.print(f"{len(odd)} left: they are none of ours. Read them on the SQS console.")

    session.answer(document, display)


def _dead_letters(session: Session) -> DeadLetters:
    return DeadLetters(
        session,
        url=session.deployment.outputs["FallbackDeadLettersUrl"],
        source_url=session.runtime.settings.fallback_queue_url,
    )


def _read(message: dict[str, Any]) -> DeadLetter:
    try:
        post = read_post(message["Body"])
    except (ValueError, KeyError, TypeError, AttributeError):
        post = None
    return DeadLetter(
        message_id=message["MessageId"],
        handle=message["ReceiptHandle"],
        text=message["Body"],
        post=post,
    )


def _view(letter: DeadLetter) -> dict[str, Any]:
    post = letter.post
    facts = post.result if post else None
    return {
        "message_id": letter.message_id,
        "is_ours": post is not None,
        "payment_id": post.payment_id if post else None,
        "is_from_listed_address": post.is_listed if post else None,
        "result_code": facts.code if facts else None,
        "receipt_number": facts.receipt_number if facts else None,
        "amount_kes": facts.amount_kes if facts else None,
    }


def _show(console: Console, letters: list[DeadLetter]) -> None:
    if not letters:
        console.print("The dead-letter queue is empty.")
        return
    table = screen.new_table("Payment", "Code", "Receipt", "KES", right=("KES",))
    for letter in letters:
        view = _view(letter)
        table.add_row(
            screen.plain(view["payment_id"] or "none of ours"),
            view["result_code"] or "",
            view["receipt_number"] or "",
            screen.kes(view["amount_kes"]),
        )
    console.print(table)

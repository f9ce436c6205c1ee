"""`hakika callbacks`: what ended in the dead-letter queues, and back to their queues with it.

Callbacks and C2B confirmations each have a queue. Their function then applies each message as it
would have at first: replaying twice is harmless, and a message that is none of ours stays.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import typer
from payments.aws.fallback_queue import read_post
from payments.aws.money_queue import read_confirmation_message
from payments.usecases.receive_confirmation import Confirmation
from payments.usecases.record_callback import CallbackPost
from rich.console import Console

from tools.hakika import screen
from tools.hakika.dead_letters import DeadLetters
from tools.hakika.decisions import Yes
from tools.hakika.person import require_consent
from tools.hakika.session import Session

app = typer.Typer(help="Callbacks and confirmations that were not stored.", no_args_is_help=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """One queue and its dead letters, by their outputs of the stack, and how a message is read."""

    output: str
    dead_output: str
    read: Callable[[str], CallbackPost | Confirmation]


QUEUES = (
    Queue(output="FallbackQueueUrl", dead_output="FallbackDeadLettersUrl", read=read_post),
    Queue(
        output="MoneyQueueUrl", dead_output="MoneyDeadLettersUrl", read=read_confirmation_message
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """One message; `post` is None where it is none of ours."""

    queue: Queue
    message_id: str
    handle: str
    text: str
    post: CallbackPost | Confirmation | None


@app.command("list")
def list_(context: typer.Context) -> None:
    """List what is in the dead-letter queues; it stays there."""
    session: Session = context.obj
    letters = list(_receive(session))
    _give_back(session, letters)
    session.answer([_view(letter) for letter in letters], lambda console: _show(console, letters))


@app.command()
def replay(context: typer.Context, yes: Yes = False) -> None:
    """Move what is in the dead-letter queues back to its queue, to be applied again.

    First mend what made them fail (usually: the table refused writes).
    """
    session: Session = context.obj
    letters = list(_receive(session))
    ours = [letter for letter in letters if letter.post is not None]
    odd = [letter for letter in letters if letter.post is None]
    try:
        if ours:
            if session.person.is_asked(consent_given=yes):
                _show(session.err, letters)
            require_consent(session.person, is_given=yes)
    except Exception:
        _give_back(session, letters)
        raise
    for letter in ours:
        _move(session, letter)
    _give_back(session, odd)
    document = {"replayed": len(ours), "left": len(odd)}

    def display(console: Console) -> None:
        noun = "message" if len(ours) == 1 else "messages"
        console.print(f"{len(ours)} {noun} replayed.")
        if odd:
            console.print(f"{len(odd)} left: they are none of ours. Read them on the SQS console.")

    session.answer(document, display)


def _receive(session: Session) -> Iterator[DeadLetter]:
    """Yield every message once; each stays hidden until it is moved or given back."""
    for queue in QUEUES:
        for message in _dead_letters(session, queue).receive():
            yield _read(queue, message)


def _dead_letters(session: Session, queue: Queue) -> DeadLetters:
    outputs = session.deployment.outputs
    return DeadLetters(session, url=outputs[queue.dead_output], source_url=outputs[queue.output])


def _read(queue: Queue, message: dict[str, Any]) -> DeadLetter:
    post: CallbackPost | Confirmation | None
    try:
        post = queue.read(message["Body"])
    except (ValueError, KeyError, TypeError, AttributeError):
        post = None
    return DeadLetter(
        queue=queue,
        message_id=message["MessageId"],
        handle=message["ReceiptHandle"],
        text=message["Body"],
        post=post,
    )


def _move(session: Session, letter: DeadLetter) -> None:
    _dead_letters(session, letter.queue).move(text=letter.text, handle=letter.handle)


def _give_back(session: Session, letters: list[DeadLetter]) -> None:
    for letter in letters:
        _dead_letters(session, letter.queue).give_back([letter.handle])


def _view(letter: DeadLetter) -> dict[str, Any]:
    post = letter.post
    if isinstance(post, Confirmation):
        return {
            "message_id": letter.message_id,
            "is_ours": True,
            "payment_id": None,
            "is_from_listed_address": post.is_listed,
            "result_code": None,
            "receipt_number": post.money.receipt_number,
            "amount_kes": post.money.amount_kes,
        }
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
        console.print("The dead-letter queues are empty.")
        return
    table = screen.new_table("Payment", "Code", "Receipt", "KES", right=("KES",))
    for letter in letters:
        view = _view(letter)
        table.add_row(
            screen.plain(view["payment_id"] or _kind(letter)),
            view["result_code"] or "",
            view["receipt_number"] or "",
            screen.kes(view["amount_kes"]),
        )
    console.print(table)


def _kind(letter: DeadLetter) -> str:
    return "none of ours" if letter.post is None else "confirmation"

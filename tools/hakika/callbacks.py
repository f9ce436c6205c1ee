"""`hakika callbacks`: what ended in the dead-letter queue, and back to the fallback queue with it.

The callback function then applies each message as it would have at first: replaying twice is
harmless, and a message that is none of ours stays where it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import typer
from payments.aws.fallback_queue import read_post
from payments.usecases.record_callback import CallbackPost
from rich.console import Console

from tools.hakika import screen
from tools.hakika.decisions import Yes
from tools.hakika.person import require_consent
from tools.hakika.session import Session

RECEIVES_MAX = 100
AT_ONCE = 10
HIDDEN_SECONDS = 120
"""How long a message that was looked at is hidden from other readers, unless it is given back."""

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
    letters = list(_receive(session))
    _give_back(session, letters)
    session.answer([_view(letter) for letter in letters], lambda console: _show(console, letters))


@app.command()
def replay(context: typer.Context, yes: Yes = False) -> None:
    """Move callbacks from the dead-letter queue to the fallback queue, to be applied again.

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
        noun = "callback" if len(ours) == 1 else "callbacks"
        console.print(f"{len(ours)} {noun} replayed.")
        if odd:
            console.print(f"{len(odd)} left: they are none of ours. Read them on the SQS console.")

    session.answer(document, display)


def _receive(session: Session) -> Iterator[DeadLetter]:
    """Yield every message once; each stays hidden until it is moved or given back."""
    queue = session.deployment.client("sqs")
    seen: set[str] = set()
    for _ in range(RECEIVES_MAX):
        answer = queue.receive_message(
            QueueUrl=_dead_letters_url(session),
            MaxNumberOfMessages=AT_ONCE,
            VisibilityTimeout=HIDDEN_SECONDS,
            WaitTimeSeconds=1,
        )
        messages = answer.get("Messages", [])
        if not messages:
            return
        for message in messages:
            if message["MessageId"] not in seen:
                seen.add(message["MessageId"])
                yield _read(message)


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


def _move(session: Session, letter: DeadLetter) -> None:
    """Send first, delete then: a crash between leaves a copy, which is harmless."""
    queue = session.deployment.client("sqs")
    queue.send_message(
        QueueUrl=session.runtime.settings.fallback_queue_url, MessageBody=letter.text
    )
    queue.delete_message(QueueUrl=_dead_letters_url(session), ReceiptHandle=letter.handle)


def _give_back(session: Session, letters: list[DeadLetter]) -> None:
    queue = session.deployment.client("sqs")
    for letter in letters:
        queue.change_message_visibility(
            QueueUrl=_dead_letters_url(session), ReceiptHandle=letter.handle, VisibilityTimeout=0
        )


def _dead_letters_url(session: Session) -> str:
    return session.deployment.outputs["FallbackDeadLettersUrl"]


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

"""`hakika clock`: moves the local stack's time forward. It knows no other deployment."""

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from payments.values import eat_iso
from rich.console import Console

from tools.hakika.arguments import parse_moment
from tools.hakika.errors import DeploymentError, RefusedError, UsageError
from tools.hakika.session import Session

if TYPE_CHECKING:
    from local.state import StackState

UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_SPAN = re.compile(r"([0-9]{1,6})([smhd])")

app = typer.Typer(help="The local stack's time (make run only).", no_args_is_help=True)


@app.command("show")
def show(context: typer.Context) -> None:
    """What time it is in the local stack."""
    folder, _ = _running(context.obj)
    _answer(context.obj, folder, {})


@app.command("advance")
def advance(
    context: typer.Context, span: Annotated[str, typer.Argument(help="Such as 90m, 6h or 2d.")]
) -> None:
    """Move the local stack's time forward by so much."""
    found = _SPAN.fullmatch(span)
    if found is None:
        raise UsageError(f"write {span!r} as 90m, 6h or 2d")
    _move(context.obj, int(found[1]) * UNIT_SECONDS[found[2]])


@app.command("to")
def to(
    context: typer.Context,
    moment: Annotated[str, typer.Argument(help="In Nairobi, such as '2026-11-29 08:00'.")],
) -> None:
    """Move the local stack's time forward to a moment."""
    from local.moved_clock import stack_clock

    folder, _ = _running(context.obj)
    _move(context.obj, parse_moment(moment) - stack_clock(folder)())


def _move(session: Session, seconds: float) -> None:
    from local.clock import move_clock, renew_tokens
    from local.errors import LocalStackError
    from local.moved_clock import stack_clock

    folder, stack = _running(session)
    try:
        move_clock(folder, stack, seconds)
        fresh = renew_tokens(folder, stack, stack_clock(folder))
    except LocalStackError as error:
        raise RefusedError(str(error)) from error
    tokens = {stack.customer_id: fresh.customer_token, "booking-system": fresh.booking_token}
    _answer(session, folder, tokens)


def _running(session: Session) -> tuple[Path, "StackState"]:
    from local.state import read_running

    file = session.choice.local_file
    stack = read_running(file)
    if session.choice.stack is not None or stack is None:
        raise DeploymentError("Only a running local stack has a clock: start it, make run")
    return file.resolve().parent, stack


def _answer(session: Session, folder: Path, tokens: dict[str, str]) -> None:
    from local.moved_clock import clock_file, read_ahead_seconds, stack_clock

    now, ahead = int(stack_clock(folder)()), round(read_ahead_seconds(clock_file(folder)))

    def show_it(out: Console) -> None:
        out.print(f"It is {eat_iso(now)} in the local stack, {timedelta(seconds=ahead)} ahead.")
        for subject, token in tokens.items():
            out.print(f"A fresh token of {subject}, for a day:")
            print(token, file=out.file)

    session.answer({"now": eat_iso(now), "ahead_seconds": ahead, "tokens": tokens}, show_it)

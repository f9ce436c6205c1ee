"""The command's root: shared options, the verbs, and what each error means for the exit code."""

import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
from payments.errors import InvalidRequestError, PaymentError, SettingsError, UnavailableError
from rich.console import Console
from rich.text import Text
from typer.core import TyperGroup

from tools.hakika import (
    callbacks,
    consultations,
    decisions,
    doctor,
    first_day,
    initiator,
    local_clock,
    money,
    numbers,
    paybill,
    payments,
    pull,
    refunds,
    staff,
    statement_command,
    upgrade,
    webhooks,
)
from tools.hakika.arguments import hoist
from tools.hakika.deployment import LOCAL_FILE, Choice, Deployment, resolve
from tools.hakika.errors import BAD_USAGE, OK, REFUSED, HakikaError
from tools.hakika.person import Person
from tools.hakika.screen import new_console
from tools.hakika.session import Session

HELP = """Find a payment, see what happened to it, and put it right.

Times are Kenyan (EAT), amounts are whole shillings, phone numbers are masked. Which deployment:
--stack NAME (with --profile and --region), or the local stack of `make run` where one runs.
These options may stand anywhere on the line. What to do when: docs/runbook.md.

Exit codes: 0 done, 1 refused or not found, 2 bad usage.
"""

VERBS = (
    *("payment", "consultation", "reconcile", "review", "record-receipt", "money", "refund"),
    *("attention", "callbacks", "webhooks", "stats", "export", "reconcile-statement"),
    *("staff", "paybill", "pull", "initiator", "doctor", "first-day", "upgrade"),
)


class _InOrder(TyperGroup):
    """Lists the verbs as a person needs them: find, mend, count."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        return list(VERBS)


app = typer.Typer(
    cls=_InOrder,
    name="hakika",
    help=HELP,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_FIND, _MEND, _BOOKS, _DEPLOYMENT = "Find and see", "Put right", "Books", "The deployment"
app.add_typer(payments.app, name="payment", rich_help_panel=_FIND)
app.add_typer(consultations.app, name="consultation", rich_help_panel=_FIND)
app.add_typer(decisions.reconcile_app, name="reconcile", rich_help_panel=_MEND)
app.add_typer(decisions.review_app, name="review", rich_help_panel=_MEND)
app.command("record-receipt", rich_help_panel=_MEND)(decisions.record_receipt)
app.add_typer(money.app, name="money", rich_help_panel=_MEND)
app.add_typer(refunds.app, name="refund", rich_help_panel=_MEND)
app.add_typer(decisions.attention_app, name="attention", rich_help_panel=_MEND)
app.add_typer(callbacks.app, name="callbacks", rich_help_panel=_MEND)
app.add_typer(webhooks.app, name="webhooks", rich_help_panel=_MEND)
app.command("stats", rich_help_panel=_BOOKS)(numbers.stats)
app.command("export", rich_help_panel=_BOOKS)(numbers.export)
app.command("reconcile-statement", rich_help_panel=_BOOKS)(statement_command.reconcile_statement)
app.add_typer(staff.app, name="staff", rich_help_panel=_DEPLOYMENT)
app.add_typer(paybill.app, name="paybill", rich_help_panel=_DEPLOYMENT)
app.add_typer(pull.app, name="pull", rich_help_panel=_DEPLOYMENT)
app.add_typer(initiator.app, name="initiator", rich_help_panel=_DEPLOYMENT)
app.command("doctor", rich_help_panel=_DEPLOYMENT)(doctor.doctor)
app.command("first-day", rich_help_panel=_DEPLOYMENT)(first_day.first_day)
app.command("upgrade", rich_help_panel=_DEPLOYMENT)(upgrade.upgrade)
# For people who develop; the list of an operator's verbs does not show it.
app.add_typer(local_clock.app, name="clock", hidden=True)


@app.callback()
def root(
    context: typer.Context,
    stack: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="CloudFormation stack on AWS; else $HAKIKA_STACK."),
    ] = None,
    profile: Annotated[
        str | None, typer.Option(metavar="P", help="AWS profile, as the AWS CLI knows it.")
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(metavar="R", envvar="AWS_REGION", help="AWS region; else samconfig.toml's."),
    ] = None,
    local: Annotated[
        bool, typer.Option("--local", help="The stack that `make run` runs on this machine.")
    ] = False,
    local_file: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            envvar="HAKIKA_LOCAL_FILE",
            help="Description of the local stack.",
            show_default=".local/stack.json",
        ),
    ] = LOCAL_FILE,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
    reveal_phone: Annotated[
        bool, typer.Option("--reveal-phone", help="Show phone numbers and Daraja's ids whole.")
    ] = False,
) -> None:
    """Take over the shared options."""
    session: Session = context.obj
    session.choose(
        stack=stack, profile=profile, region=region, is_local=local, local_file=local_file
    )
    session.is_json = as_json
    session.reveals_phone = reveal_phone


def run(
    arguments: Sequence[str],
    *,
    resolve: Callable[[Choice], Deployment] = resolve,
    out: TextIO | None = None,
    err: TextIO | None = None,
    person: Person | None = None,
) -> int:
    """Carry out one command line and return its exit code."""
    session = Session(
        resolve=resolve,
        out=new_console(out or sys.stdout),
        err=new_console(err or sys.stderr),
        person=person or person_at_terminal(),
    )
    hoisted = hoist(arguments)
    # Known before the line is read: a line that cannot be read is answered in JSON too.
    session.is_json = "--json" in hoisted[: hoisted.index("--") if "--" in hoisted else None]
    try:
        command = typer.main.get_command(app)
        command.main(hoisted, prog_name="hakika", obj=session, standalone_mode=False)
    except typer.Exit as error:
        return int(error.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        session.err.print("Stopped. Nothing was changed.")
        return REFUSED
    except typer.TyperException as error:
        said = getattr(error, "format_message", error.__str__)()
        if not said and not session.is_json:
            return BAD_USAGE  # no verb was given, and the help was printed
        said = said or "Give a verb"
        return _complain(session, said, "bad_usage", BAD_USAGE, _hint(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except Exception as error:
        known = explain(error)
        if known is None:
            raise
        return _complain(session, *known)
    return OK


def explain(error: Exception) -> tuple[str, str, int] | None:
    """Return sentence, code and exit code of an error that is somebody's to mend; else None."""
    match error:
        case HakikaError():
            return str(error), error.code, error.exit_code
        case InvalidRequestError():
            return error.sentence, error.code, BAD_USAGE
        case SettingsError():
            return f"The deployment is configured wrongly: {error.sentence}", error.code, REFUSED
        case UnavailableError():
            cause = getattr(error, "cause", "")
            said = f"{error.sentence} ({cause})" if cause else error.sentence
            return said, error.code, REFUSED
        case PaymentError():
            return error.sentence, error.code, REFUSED
        case NoCredentialsError():
            return "No AWS credentials: log in, or name a --profile", "no_credentials", BAD_USAGE
        case ClientError():
            told = error.response.get("Error", {})
            operation = error.operation_name
            said = f"AWS refused {operation}: {told.get('Message') or told.get('Code')}"
            return said, "aws_refused", REFUSED
        case BotoCoreError():
            return f"AWS does not answer: {error}", "aws_unreachable", REFUSED
        case _:
            return None


def person_at_terminal() -> Person:
    """Whoever sits at this process's terminal; questions go beside the answer, to stderr."""
    return Person(
        is_there=sys.stdin.isatty() and sys.stderr.isatty(),
        ask=lambda question, default: str(typer.prompt(question, default=default, err=True)),
        confirm=lambda question: typer.confirm(question, default=False, err=True),
        ask_secretly=lambda question: str(typer.prompt(question, hide_input=True, err=True)),
    )


def _complain(session: Session, said: str, code: str, exit_code: int, hint: str = "") -> int:
    if session.is_json:
        document: dict[str, Any] = {"success": False, "error": said, "code": code}
        print(json.dumps(document, ensure_ascii=False), file=session.err.file)
        return exit_code
    _print_error(session.err, said, hint)
    for line in _notes(session):
        session.err.print(Text(f"  {line}"), style="dim")
    return exit_code


def _print_error(console: Console, said: str, hint: str) -> None:
    console.print(Text.assemble(("Cannot do that: ", "bold red"), said))
    if hint:
        console.print(Text(hint), style="dim")


def _hint(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    return f"See: {context.command_path} --help" if context is not None else ""


def _notes(session: Session) -> list[str]:
    """What the payment layer noted on the way, where a deployment was reached at all."""
    deployment = session.__dict__.get("deployment")
    return deployment.notes.lines if isinstance(deployment, Deployment) else []

"""`hakika doctor`: is this deployment fit to take money?"""

from typing import Annotated

import typer
from payments.values import normalise_phone
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tools.hakika import screen
from tools.hakika.checks import CHECKS
from tools.hakika.decisions import Yes
from tools.hakika.errors import RefusedError
from tools.hakika.findings import Finding, Health, run_check
from tools.hakika.person import require_consent
from tools.hakika.session import Session

MARKS = {
    Health.GOOD: ("ok", "green"),
    Health.DOUBTFUL: ("look", "bold yellow"),
    Health.BAD: ("BAD", "bold red"),
}


def doctor(
    context: typer.Context,
    push: Annotated[
        str | None,
        typer.Option(
            metavar="PHONE",
            help="Also take KES 1 from this phone, end to end; - asks for the number.",
        ),
    ] = None,
    yes: Yes = False,
) -> None:
    """Check secrets, callback URL, concurrency, Daraja, table, schedule and queues.

    Changes nothing. With --push a payment of KES 1 goes through the public API,
    Daraja, a real phone and the callback; the shilling is real money in production.
    """
    session: Session = context.obj
    findings = [run_check(check, session.deployment) for check in CHECKS]
    if push is not None:
        if not session.is_json:
            _show(session.out, findings)
        _require_fitness(findings)
        number = session.person.ask_secretly("Phone number") if push == "-" else push
        msisdn = normalise_phone(number)
        session.tell("A prompt of KES 1 goes to that phone; enter the PIN within a minute.")
        require_consent(session.person, is_given=yes)
        # Imported where it is needed: signing tokens loads much that no other verb uses.
        from tools.hakika.push_proof import prove_by_push

        proof = prove_by_push(session, msisdn)
        findings = [*findings, *proof] if session.is_json else proof
    document = [
        {"check": each.check, "health": each.health.value, "detail": each.detail}
        for each in findings
    ]
    session.answer(document, lambda console: _show(console, findings))
    bad = sum(each.health is Health.BAD for each in findings)
    if bad:
        raise RefusedError(f"{bad} of {len(findings)} checks failed: docs/runbook.md says more")


def _require_fitness(findings: list[Finding]) -> None:
    if any(each.health is Health.BAD for each in findings):
        raise RefusedError("No push: mend first what is BAD above")


def _show(console: Console, findings: list[Finding]) -> None:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for each in findings:
        word, style = MARKS[each.health]
        grid.add_row(Text(word, style=style), each.check, screen.plain(each.detail))
    console.print(grid)

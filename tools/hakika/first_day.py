"""`hakika first-day`: what only a real AWS account can answer, asked once, written to a report."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tools.hakika.decisions import Yes
from tools.hakika.errors import RefusedError
from tools.hakika.findings import Finding, run_check
from tools.hakika.first_day_checks import BY_HAND, CHECKS
from tools.hakika.person import require_consent
from tools.hakika.session import Session

REPORT = Path("first-day.txt")


def first_day(
    context: typer.Context,
    report: Annotated[Path, typer.Option(help="Where the report is written.")] = REPORT,
    yes: Yes = False,
) -> None:
    """Ask AWS what its documentation does not say, in a new sandbox deployment.

    Makes a queue and a rule for a moment, writes two items that no payment uses, and deletes all of
    them. Never in production. The report holds no phone number and no secret: send it back.
    """
    session: Session = context.obj
    deployment = session.deployment
    if deployment.parameters.get("Environment") == "production":
        raise RefusedError("This is for a sandbox deployment: production holds real payments")
    session.tell("This writes two items, a queue and a rule, and deletes them again.")
    require_consent(session.person, is_given=yes)
    findings = [run_check(check, deployment) for check in CHECKS]
    report.write_text(_page(findings), encoding="utf-8")
    document = [
        {"check": each.check, "health": each.health.value, "detail": each.detail}
        for each in findings
    ]

    def show(console: Console) -> None:
        for each in findings:
            console.print(f"{each.health.value:9} {each.check}: {each.detail}", markup=False)
        console.print(f"Written to {report}. By hand: docs/first-day-on-aws.md", markup=False)

    session.answer(document, show)


def _page(findings: list[Finding]) -> str:
    asked = "\n".join(
        f"| {each.check} | {each.health.value} | {_cell(each.detail)} |" for each in findings
    )
    by_hand = "\n".join(f"| {each} | | |" for each in BY_HAND)
    return (
        "# First day on AWS\n\n| asked | found | detail |\n|---|---|---|\n"
        f"{asked}\n\n"
        "Fill in what you did by hand (docs/first-day-on-aws.md), then send this file back.\n\n"
        f"| by hand | as expected? | what you saw |\n|---|---|---|\n{by_hand}\n"
    )


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")

"""`hakika pull`: registers the shortcode for Pull once, and shows what Pull has covered."""

from typing import Annotated

import typer
from payments.aws.money_calls import new_money_client, new_pull_gate
from payments.values import eat_iso, normalise_phone
from rich.console import Console

from tools.hakika import screen
from tools.hakika.decisions import Yes
from tools.hakika.errors import RefusedError
from tools.hakika.money_checks import address_refusal, paybill_address
from tools.hakika.person import require_consent
from tools.hakika.session import Session

app = typer.Typer(help="Safaricom's list of the money that arrived.", no_args_is_help=True)


@app.command()
def register(
    context: typer.Context,
    number: Annotated[
        str,
        typer.Option(
            metavar="PHONE",
            help="The nominated number of the organisation's KYC; - asks for it.",
        ),
    ],
    yes: Yes = False,
) -> None:
    """Register the shortcode for Pull, once. A second time changes nothing."""
    session: Session = context.obj
    deployment = session.deployment
    # Safaricom asks for an address and posts nothing to it.
    url = f"{paybill_address(deployment)}/api/pull"
    refusal = address_refusal(url)
    if refusal is not None:
        raise RefusedError(refusal)
    typed = session.person.ask_secretly("Nominated number") if number == "-" else number
    msisdn = normalise_phone(typed)
    require_consent(session.person, is_given=yes)
    client = new_money_client(deployment.runtime)
    done = client.register_pull(nominated_number=msisdn, callback_url=url)
    if not done.is_accepted:
        raise RefusedError(f"Safaricom refuses: {done.says}")
    is_on = deployment.settings.rules.is_pulled
    follows = "Cleanup pulls from now on." if is_on else "Next: deploy PullTransactions=true."
    session.answer(
        {"says": done.says, "is_switched_on": is_on},
        lambda console: console.print(f"Safaricom says: {done.says}. {follows}", markup=False),
    )


@app.command()
def show(context: typer.Context) -> None:
    """Show when Pull ran, which time it covers, and what it has shown."""
    session: Session = context.obj
    state = new_pull_gate(session.runtime).read()
    is_on = session.deployment.settings.rules.is_pulled
    document = {
        "is_switched_on": is_on,
        "first_run_at": state.since,
        "next_run_at": state.next_at or None,
        "complete_from": state.complete_from,
        "complete_until": state.complete_until,
        "clock": state.clock,
        "known_receipt_at": state.hit_at,
        "swept_at": state.swept_at,
    }

    def display(console: Console) -> None:
        screen.show_facts(
            console,
            [
                ("switched on", "yes" if is_on else "no: PullTransactions=false"),
                ("next run", eat_iso(state.next_at or None) or ""),
                ("covers from", eat_iso(state.complete_from) or "nothing yet"),
                ("covers until", eat_iso(state.complete_until) or "nothing yet"),
                ("its clock", state.clock or "not calibrated"),
                ("last run with a known receipt", eat_iso(state.hit_at) or "none yet"),
                ("last sweep of 47 hours", eat_iso(state.swept_at) or "none yet"),
            ],
        )

    session.answer(document, display)

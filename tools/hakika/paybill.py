"""`hakika paybill`: registers the C2B addresses with Safaricom, and shows what is accepted."""

import secrets
from enum import StrEnum
from typing import Annotated

import typer
from payments.aws.money_calls import new_money_client, new_unproven_money
from payments.daraja.money_client import Registration
from payments.errors import ProviderUnavailableError
from payments.values import sha256_hex
from rich.console import Console

from tools.hakika import screen
from tools.hakika.c2b_tokens import read_digests, write_digests
from tools.hakika.decisions import Yes
from tools.hakika.deployment import Deployment
from tools.hakika.errors import RefusedError
from tools.hakika.money_checks import address_refusal, paybill_address
from tools.hakika.person import require_consent
from tools.hakika.session import Session

TOKEN_BYTES = 32
HEAD_CHARACTERS = 8
NOT_TOLD = "Safaricom has no call that tells which addresses are registered."
HINTS = (
    (
        "already registered",
        "Delete the URLs on the portal first (Self Services, URL Management: two operators "
        "confirm), then register again. Until then the earlier addresses go on counting",
    ),
    ("duplicate notification", "An aggregator holds this shortcode: ask Safaricom to release it"),
    ("apiproduct", "The app has the product of the other version: try --version v1 or v2"),
)

app = typer.Typer(help="The addresses that M-Pesa confirms money to (C2B).", no_args_is_help=True)


class Version(StrEnum):
    """The product of the Daraja app: they differ in the payer's number only."""

    V1 = "v1"
    V2 = "v2"


@app.command()
def register(
    context: typer.Context,
    version: Annotated[
        Version, typer.Option(help="The C2B product of the Daraja app.")
    ] = Version.V2,
    refuse_unanswered: Annotated[
        bool,
        typer.Option(help="M-Pesa refuses a payment whose validation we do not answer in time."),
    ] = False,
    yes: Yes = False,
) -> None:
    """Register confirmation and validation address with a new token.

    In production Safaricom takes them once. Earlier tokens go on counting.
    """
    session: Session = context.obj
    deployment = session.deployment
    base = paybill_address(deployment)
    refusal = address_refusal(base)
    if refusal is not None:
        raise RefusedError(refusal)
    session.tell(f"Safaricom will confirm each payment to {base}/api/c2b/...")
    require_consent(session.person, is_given=yes)
    before = read_digests(deployment)
    token = secrets.token_hex(TOKEN_BYTES)
    # First the token: a confirmation may come as soon as Safaricom knows the address.
    write_digests(deployment, [*before, sha256_hex(token)])
    response_type = "Cancelled" if refuse_unanswered else "Completed"
    registration = _register(deployment, f"{base}/api/c2b/{token}", version, response_type)
    if not registration.is_accepted:
        write_digests(deployment, before)
        raise RefusedError(_explained(registration.says))
    write_digests(deployment, [*before, sha256_hex(token)], address=base)
    document = {"address": base, "version": str(version), "says": registration.says}
    session.answer(
        document, lambda console: console.print(f"Registered at {base}, version {version}.")
    )


def _register(
    deployment: Deployment, address: str, version: Version, response_type: str
) -> Registration:
    """Register both addresses. Errors: RefusedError where the outcome is not known."""
    try:
        return new_money_client(deployment.runtime).register_urls(
            version=version,
            confirmation_url=f"{address}/confirmation",
            validation_url=f"{address}/validation",
            response_type=response_type,
        )
    except ProviderUnavailableError as error:
        raise RefusedError(
            f"Safaricom gave no clear answer ({error.cause}): the addresses may be registered, and "
            "their token counts. Try again; if they are registered already, all is well"
        ) from error


def _explained(says: str) -> str:
    hint = next((hint for words, hint in HINTS if words in says.lower()), "")
    said = f"Safaricom refuses: {says}"
    return f"{said}. {hint}" if hint else said


@app.command()
def show(context: typer.Context) -> None:
    """Show the address, the accepted tokens and unproven confirmations of a week."""
    session: Session = context.obj
    base = paybill_address(session.deployment)
    heads = [digest[:HEAD_CHARACTERS] for digest in read_digests(session.deployment)]
    filed = new_unproven_money(session.runtime).of_last_days(7, now=session.now())
    document = {
        "address": base,
        "tokens_sha256_begin": heads,
        "unproven": [
            {
                "received_at": each.received_at,
                "receipt_number": each.receipt_number,
                "amount_kes": each.amount_kes,
                "reference": each.reference,
            }
            for each in filed
        ],
    }

    def display(console: Console) -> None:
        console.print(f"{base}/api/c2b/..., accepted tokens: {', '.join(heads) or 'none'}")
        console.print(NOT_TOLD, style="dim")
        if not filed:
            return
        console.print("From unlisted addresses, not booked. Compare with the statement:")
        table = screen.new_table("Received", "Receipt", "KES", "Account", right=("KES",))
        for each in filed:
            table.add_row(
                screen.clock_text(each.received_at),
                each.receipt_number,
                screen.kes(each.amount_kes),
                screen.plain(each.reference),
            )
        console.print(table)

    session.answer(document, display)


@app.command("drop-old-tokens")
def drop_old_tokens(context: typer.Context, yes: Yes = False) -> None:
    """Accept only the newest token: after a leak, once the new addresses are registered."""
    session: Session = context.obj
    digests = read_digests(session.deployment)
    dropped = len(digests[:-1])
    session.tell(f"Confirmations to {dropped} earlier addresses will be refused, for good.")
    require_consent(session.person, is_given=yes)
    if dropped:
        write_digests(session.deployment, digests[-1:])
    session.answer(
        {"dropped": dropped},
        lambda console: console.print(f"{dropped} dropped; functions know within five minutes."),
    )

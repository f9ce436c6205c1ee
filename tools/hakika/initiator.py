"""`hakika initiator`: the API operator who sends refunds; set its password, see how old it is.

The password is asked for without echo and encrypted at once. Only the ciphertext is stored, in a
secret of its own that the refund function alone may read.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from payments.daraja.initiator import INITIATOR_NAME, SECURITY_CREDENTIAL
from payments.protocol.policy import CREDENTIAL_DAYS, DAY_SECONDS
from payments.store.instructions import Instruction
from payments.values import eat_iso
from rich.console import Console

from tools.hakika import screen
from tools.hakika.decisions import Who, Why, Yes
from tools.hakika.errors import RefusedError, UsageError
from tools.hakika.person import require_consent, take_account
from tools.hakika.session import Session

app = typer.Typer(help="The API operator that sends refunds.", no_args_is_help=True)
NAME_CHARACTERS_MAX = 64


@app.command(name="set")
def set_(
    context: typer.Context,
    certificate: Annotated[
        Path,
        typer.Option(metavar="FILE", help="The certificate of this M-Pesa environment (.cer)."),
    ],
    name: Annotated[
        str, typer.Option(metavar="NAME", help="The API operator's name on M-Pesa's portal.")
    ],
    who: Who = None,
    why: Why = None,
    yes: Yes = False,
) -> None:
    """Encrypt the operator's password and store the result; refunds can then be sent.

    The password is typed without echo, and is stored nowhere. M-Pesa ends it after 90 days.
    """
    # No other command waits for cryptography to load.
    from tools.credential import CredentialError, encrypt, read_certificate

    session: Session = context.obj
    if not session.person.is_there:
        raise UsageError("The password is typed by a person: run this at a terminal")
    if not name.isprintable() or not 1 <= len(name) <= NAME_CHARACTERS_MAX:
        raise UsageError(f"--name must be 1 to {NAME_CHARACTERS_MAX} printable characters")
    try:
        read = read_certificate(certificate)
        if read.is_simulators and not session.deployment.is_local:
            raise CredentialError(
                "This is the simulator's certificate, whose key everybody has: take M-Pesa's own"
            )
        account = take_account(
            session.person, who=who, why=why, default_who=session.deployment.default_person
        )
        credential = encrypt(session.person.ask_secretly(f"Password of {name}"), read)
    except CredentialError as error:
        raise RefusedError(str(error)) from error
    require_consent(session.person, is_given=yes)
    instruction = Instruction(
        at=session.now(),
        by=session.deployment.identity(),
        reason=f"{account.why} (typed: {account.who})",
        asked=f"initiator {name}, certificate {read.fingerprint[:16]}",
        request_id=f"hakika-{session.parts.ids.hex(16)}",
    )
    _store(session, name, credential, read.fingerprint, instruction.at)
    session.runtime.refunds.gates.note_credential(
        instruction.at, instruction, op_id=session.parts.ids.hex(32)
    )
    _answer(session)


@app.command()
def show(context: typer.Context) -> None:
    """Show how old the credential is, whether refunds run, and who changed either."""
    _answer(context.obj)


def _store(session: Session, name: str, credential: str, fingerprint: str, at: int) -> None:
    """Replace the secret: the ciphertext, its date and the certificate's fingerprint."""
    values = {
        INITIATOR_NAME: name,
        SECURITY_CREDENTIAL: credential,
        "CERTIFICATE_SHA256": fingerprint,
        "SET_AT": str(at),
    }
    session.deployment.client("secretsmanager").put_secret_value(
        SecretId=session.deployment.outputs["InitiatorSecretArn"], SecretString=json.dumps(values)
    )


def _answer(session: Session) -> None:
    gates = session.runtime.refunds.gates
    gate, instructions = gates.read(), gates.get_instructions()
    age = (
        None if gate.credential_at is None else (session.now() - gate.credential_at) // DAY_SECONDS
    )
    document: dict[str, Any] = {
        "set_at": eat_iso(gate.credential_at),
        "age_days": age,
        "stopped": gate.stopped,
        "stopped_at": eat_iso(gate.stopped_at),
        "balance_kes": gate.balance_kes,
        "balance_at": eat_iso(gate.balance_at),
        "instructions": [{**asdict(each), "at": eat_iso(each.at)} for each in instructions],
    }

    def display(console: Console) -> None:
        left = "" if age is None else f", {max(0, CREDENTIAL_DAYS - age)} days left"
        balance = "" if gate.balance_kes is None else f"KES {gate.balance_kes:,} at "
        screen.show_facts(
            console,
            [
                ("credential", f"{age} days old{left}" if age is not None else "not set"),
                ("refunds", f"stopped by {gate.stopped}" if gate.stopped else "not stopped"),
                ("balance", balance + screen.clock_text(gate.balance_at)),
                *(
                    (screen.clock_text(each.at), f"{each.by}: {each.asked} ({each.reason})")
                    for each in instructions
                ),
            ],
        )

    session.answer(document, display)

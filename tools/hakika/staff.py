"""`hakika staff`: who may use the desk. Each change has who and why, and ends earlier sessions."""

from typing import Annotated

import typer
from payments.ports import Actor
from payments.protocol.staff import Role, Staff
from payments.store.staff import StaffRegister
from payments.usecases.staff import StaffDesk, new_link, put_staff, remove_staff
from rich.console import Console

from tools.hakika import screen
from tools.hakika.decisions import Who, Why, Yes, new_request_id
from tools.hakika.errors import UsageError
from tools.hakika.person import require_consent, take_account
from tools.hakika.session import Session

app = typer.Typer(help="Who may use the desk.", no_args_is_help=True)
Sub = Annotated[str, typer.Argument(metavar="SUB", help="The person's short name, such as grace.")]


@app.command("list")
def list_staff(context: typer.Context) -> None:
    """List everybody who may use the desk, or might once."""
    session: Session = context.obj
    everybody = list(_desk(session).register.listed())

    def show(console: Console) -> None:
        if not everybody:
            console.print("Nobody may use the desk.")
            screen.show_steps(console, ["hakika staff add SUB --name NAME --role clerk"])
            return
        table = screen.new_table("Person", "Name", "Role", "Since")
        for staff in everybody:
            role = str(staff.role) if staff.is_active else "removed"
            table.add_row(
                staff.sub, screen.plain(staff.name), role, screen.clock_text(staff.tokens_from)
            )
        console.print(table)

    session.answer([_view(staff) for staff in everybody], show)


@app.command()
def add(
    context: typer.Context,
    sub: Sub,
    name: Annotated[str, typer.Option(metavar="NAME", help="As the desk greets the person.")],
    role: Annotated[str, typer.Option(metavar="ROLE", help=f"One of {', '.join(Role)}.")],
    who: Who = None,
    why: Why = None,
    yes: Yes = False,
) -> None:
    """Add a person, or change name and role."""
    session: Session = context.obj
    if role not in set(Role):
        raise UsageError(f"{role!r}: one of {', '.join(Role)} is meant")
    actor = _actor(session, f"{sub} becomes {role}", who=who, why=why, yes=yes)
    staff = put_staff(_desk(session), sub, name=name, role=Role(role), is_active=True, actor=actor)
    session.answer(_view(staff), lambda console: console.print(f"{sub} is {role} now."))


@app.command()
def remove(
    context: typer.Context, sub: Sub, who: Who = None, why: Why = None, yes: Yes = False
) -> None:
    """End a person's access at once."""
    session: Session = context.obj
    actor = _actor(session, f"{sub} is out at the next request", who=who, why=why, yes=yes)
    staff = remove_staff(_desk(session), sub, actor=actor)
    session.answer(_view(staff), lambda console: console.print(f"{sub} is out."))


@app.command()
def link(
    context: typer.Context, sub: Sub, who: Who = None, why: Why = None, yes: Yes = False
) -> None:
    """Print a link that signs a person in: once, within 15 minutes. Earlier sessions end."""
    session: Session = context.obj
    actor = _actor(session, f"{sub} gets a link", who=who, why=why, yes=yes)
    code = new_link(_desk(session), sub, actor=actor)
    address = f"{session.deployment.api_url.rstrip('/')}/desk#{code}"
    session.answer({"link": address}, lambda console: console.print(address, soft_wrap=True))


def _desk(session: Session) -> StaffDesk:
    return StaffDesk(services=session.parts, register=StaffRegister(session.runtime.table))


def _actor(session: Session, effect: str, *, who: str | None, why: str | None, yes: bool) -> Actor:
    account = take_account(
        session.person, who=who, why=why, default_who=session.deployment.default_person
    )
    if session.person.is_asked(consent_given=yes):
        screen.show_facts(session.err, [("then", effect), ("by", f"{account.who}: {account.why}")])
    require_consent(session.person, is_given=yes)
    return Actor(
        by=f"operator:{account.who}", reason=account.why, request_id=new_request_id(session)
    )


def _view(staff: Staff) -> dict[str, object]:
    return {
        "sub": staff.sub,
        "name": staff.name,
        "role": str(staff.role),
        "is_active": staff.is_active,
    }

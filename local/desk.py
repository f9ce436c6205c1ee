"""`make desk`: fresh links that sign two demo people in at the desk of the running stack.

Each link works once, within 15 minutes. A new one ends the person's earlier session.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local.client import ApiClient
from local.console import Console
from local.errors import LocalStackError
from local.settings import ROOT, read_settings


@dataclass(frozen=True, kw_only=True)
class DeskPerson:
    """A demo member of staff. Shape: `role` is clerk or approver."""

    sub: str
    name: str
    role: str


CLERK = DeskPerson(sub="grace", name="Grace", role="clerk")
APPROVER = DeskPerson(sub="amina", name="Amina", role="approver")


@dataclass(frozen=True, kw_only=True)
class Link:
    """A link to the desk and the person whom it signs in."""

    address: str
    name: str
    role: str


def new_links(state_file: Path, people: Sequence[DeskPerson] = (CLERK, APPROVER)) -> list[Link]:
    """Add these people through the operator's own use cases, and give each a fresh link.

    Errors: LocalStackError where no stack runs.
    """
    # The payment layer lies in shared/; whatever imports it is imported after this line.
    sys.path.insert(0, str(ROOT / "shared"))
    from payments.ports import Actor
    from payments.protocol.staff import Role
    from payments.store.staff import StaffRegister
    from payments.usecases.staff import StaffDesk, new_link, put_staff

    from tools.hakika.deployment import Choice, resolve
    from tools.hakika.errors import DeploymentError

    try:
        deployment = resolve(Choice(is_local=True, local_file=state_file))
    except DeploymentError as error:
        raise LocalStackError(str(error)) from error
    runtime = deployment.runtime
    desk = StaffDesk(services=runtime.services, register=StaffRegister(runtime.table))
    actor = Actor(by=deployment.identity(), reason="a demo person", request_id="local")
    links = []
    for each in people:
        role = Role(each.role)
        put_staff(desk, each.sub, name=each.name, role=role, is_active=True, actor=actor)
        code = new_link(desk, each.sub, actor=actor)
        address = f"{deployment.api_url}/desk#{code}"
        links.append(Link(address=address, name=each.name, role=each.role))
    return links


def sign_in(state_file: Path, api_url: str, person: DeskPerson) -> ApiClient:
    """Return the desk's API with the person's own session.

    Errors: LocalStackError where no stack runs, or the desk does not admit the person.
    """
    [link] = new_links(state_file, [person])
    code = link.address.partition("#")[2]
    answer = ApiClient(api_url, None).call("POST", "/api/desk/sessions", {"code": code})
    if answer.status != 200:
        raise LocalStackError(f"the desk did not admit {person.name}: HTTP {answer.status}")
    return ApiClient(api_url, answer.body["token"])


def main(arguments: list[str] | None = None) -> int:
    """Print a link for each demo person; 1 with a sentence where no stack runs."""
    try:
        settings = read_settings(sys.argv[1:] if arguments is None else arguments, os.environ)
        links = new_links(settings.state_file)
    except LocalStackError as error:
        print(f"Cannot go on: {error}", file=sys.stderr)
        return 1
    for link in links:
        Console().say(f"{link.address}  {link.name}, {link.role}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

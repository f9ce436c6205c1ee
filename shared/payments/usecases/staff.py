"""Who may use the desk: added, removed and given links by the operator; read at each act."""

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from payments.errors import InvalidRequestError, NotFoundError, UnauthenticatedError
from payments.ports import Actor
from payments.protocol.staff import Role, Staff
from payments.store.instructions import Instruction
from payments.usecases.services import Services

if TYPE_CHECKING:
    from payments.store.staff import StaffRegister

CODE_BYTES = 64
"""Hex characters of a link's code: 256 bits."""
_SUB = re.compile(r"[A-Za-z0-9._@|-]{1,64}\Z", re.ASCII)
_CODE = re.compile(r"[0-9a-f]{64}\Z", re.ASCII)
NAME_CHARACTERS_MAX = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffDesk:
    """What the acts about staff need."""

    services: Services
    register: "StaffRegister"


def put_staff(
    desk: StaffDesk, sub: str, *, name: str, role: Role, is_active: bool, actor: Actor
) -> Staff:
    """Add a member of staff, or change name and role; earlier sessions end. Only the operator may.

    Errors: InvalidRequestError; StoreUnavailableError.
    """
    if not _SUB.match(sub):
        raise InvalidRequestError(
            "A member of staff is named by 1 to 64 of A-Z a-z 0-9 . _ @ | -", code="invalid_sub"
        )
    cleaned = " ".join(name.split())[:NAME_CHARACTERS_MAX]
    if not cleaned.isprintable() or not cleaned:
        raise InvalidRequestError("Give the person's name", code="invalid_name")
    now = desk.services.now()
    staff = Staff(sub=sub, name=cleaned, role=role, is_active=is_active, tokens_from=now)
    verb = f"role {role}" if is_active else "removed"
    desk.register.put(staff, _instruction(desk, f"{sub}: {verb}", actor))
    return staff


def remove_staff(desk: StaffDesk, sub: str, *, actor: Actor) -> Staff:
    """End a person's access at once, sessions included. Errors: NotFoundError."""
    staff = _known(desk, sub)
    return put_staff(desk, sub, name=staff.name, role=staff.role, is_active=False, actor=actor)


def new_link(desk: StaffDesk, sub: str, *, actor: Actor) -> str:
    """Return the code of a link that works once, within 15 minutes; earlier sessions end.

    Errors: NotFoundError where nobody active is meant.
    """
    staff, now = _known(desk, sub), desk.services.now()
    if not desk.register.end_sessions(staff, _instruction(desk, f"{sub}: link", actor), now=now):
        raise NotFoundError("Not a member of staff any more", code="staff_not_found")
    code = desk.services.ids.hex(CODE_BYTES)
    desk.register.put_link(_digest(code), sub, now=now)
    return code


def spend_link(desk: StaffDesk, code: str) -> Staff:
    """Return whose link it is; it works no second time, and not after a newer one was made.

    Errors: NotFoundError.
    """
    is_code = _CODE.match(code) is not None
    link = desk.register.spend_link(_digest(code), now=desk.services.now()) if is_code else None
    staff = desk.register.get(link.sub) if link is not None else None
    if staff is None or link is None or not staff.admits(link.made_at):
        raise NotFoundError("This link does not work any more", code="link_spent")
    return staff


def spend_account(desk: StaffDesk, id_token: str, sub: str) -> Staff:
    """Return the member of staff whose account proved itself; the proof works no second time.

    The operator's list alone says who is staff: the issuer only says who somebody is.
    Errors: NotFoundError.
    """
    staff = desk.register.get(sub)
    if staff is None or not staff.is_active:
        raise NotFoundError("Your account is not on the list of staff", code="account_unknown")
    if not desk.register.use_once(_digest(id_token), sub, now=desk.services.now()):
        raise NotFoundError("This sign-in was used already", code="link_spent")
    return staff


def staff_of(desk: StaffDesk, sub: str, *, issued_at: float | None) -> Staff:
    """Return the person of a session as stored now. Errors: UnauthenticatedError once it ended."""
    staff = desk.register.get(sub)
    if staff is None or not staff.admits(issued_at):
        raise UnauthenticatedError
    return staff


def _known(desk: StaffDesk, sub: str) -> Staff:
    staff = desk.register.get(sub)
    if staff is None:
        raise NotFoundError("Not a member of staff", code="staff_not_found")
    return staff


def _instruction(desk: StaffDesk, asked: str, actor: Actor) -> Instruction:
    return Instruction(
        at=desk.services.now(),
        by=actor.by,
        reason=actor.reason,
        asked=asked,
        request_id=actor.request_id,
    )


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()

"""PURE. Who works at the desk, and what each role may do. Source: docs/security.md, the desk."""

from dataclasses import dataclass
from enum import StrEnum

from payments.errors import ForbiddenError


class Role(StrEnum):
    """What a member of staff may do; each role may do what the one before it may."""

    VIEWER = "viewer"
    CLERK = "clerk"
    APPROVER = "approver"


_RANK = {role: rank for rank, role in enumerate(Role)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """One member of staff as stored.

    Units: UTC epoch seconds. A session that began before `tokens_from` has ended.
    """

    sub: str
    name: str
    role: Role
    is_active: bool
    tokens_from: int

    def may_act_as(self, role: Role) -> bool:
        """Whether the person may do now what this role may."""
        return self.is_active and _RANK[self.role] >= _RANK[role]

    def require(self, role: Role) -> None:
        """Refuse an act that needs a higher role. Errors: ForbiddenError."""
        if not self.may_act_as(role):
            raise ForbiddenError

    def admits(self, issued_at: float | None) -> bool:
        """Whether a session that began then still counts."""
        return self.is_active and issued_at is not None and issued_at >= self.tokens_from

"""Members of staff, and the links by which they sign in: each link works once."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from payments.protocol.policy import DAY_SECONDS
from payments.protocol.staff import Role, Staff
from payments.store.attributes import Plain, to_item
from payments.store.expressions import ABSENT, EXISTS, Expression, update_action
from payments.store.instructions import Instruction, store_instruction
from payments.store.table import Committed, Table

STAFF_LIST = "STAFF"
"""The one partition that lists everybody, so that no read is a Scan."""
LINK_SECONDS = 900


def staff_key(sub: str) -> dict[str, str]:
    """Key of a member of staff. Only the operator may write here."""
    return {"pk": f"STAFF#{sub}", "sk": "STATE"}


def link_key(code_sha256: str) -> dict[str, str]:
    """Key of a link's code; the code itself is stored nowhere."""
    return {"pk": f"DESKLINK#{code_sha256}", "sk": "STATE"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SpentLink:
    """A link that was just used. Units: UTC epoch seconds."""

    sub: str
    made_at: int


class StaffRegister:
    """Rows of staff in the one table. Errors: StoreUnavailableError from every method."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, sub: str) -> Staff | None:
        """Read strongly."""
        values = self._table.get(staff_key(sub))
        return _to_staff(values) if values else None

    def listed(self) -> Iterator[Staff]:
        """Yield everybody who was ever added, from the register's own list."""
        values = self._table.get({"pk": STAFF_LIST, "sk": "STATE"}) or {}
        for sub in sorted(values.get("subs", ())):
            found = self.get(str(sub))
            if found is not None:
                yield found

    def put(self, staff: Staff, instruction: Instruction) -> None:
        """Write a member of staff, with who ordered it and why. Idempotent."""
        key = staff_key(staff.sub)
        store_instruction(self._table, key["pk"], instruction)
        self._table.put(
            {
                "TableName": self._table.name,
                "Item": to_item(
                    {
                        **key,
                        "name": staff.name,
                        "role": str(staff.role),
                        "is_active": staff.is_active,
                        "tokens_from": staff.tokens_from,
                    }
                ),
            }
        )
        listed = self._table.get({"pk": STAFF_LIST, "sk": "STATE"}) or {}
        subs: list[Plain] = [*sorted({*map(str, listed.get("subs", ())), staff.sub})]
        self._table.put(
            {
                "TableName": self._table.name,
                "Item": to_item({"pk": STAFF_LIST, "sk": "STATE", "subs": subs}),
            }
        )

    def end_sessions(self, staff: Staff, instruction: Instruction, *, now: int) -> bool:
        """End earlier sessions; False where the person was removed since it was read."""
        key = staff_key(staff.sub)
        store_instruction(self._table, key["pk"], instruction)
        e = Expression()
        sets = [f"{e.name('tokens_from')} = {e.value(now)}"]
        condition = f"{EXISTS} AND {e.name('is_active')} = {e.value(True)}"
        action = update_action(self._table.name, key, e, sets=sets, removes=[], condition=condition)
        return isinstance(self._table.update(action), Committed)

    def put_link(self, code_sha256: str, sub: str, *, now: int) -> None:
        """Write a link's code. Units: UTC epoch seconds."""
        expires_at = now + LINK_SECONDS
        values: dict[str, Plain | None] = {
            **link_key(code_sha256),
            "sub": sub,
            "expires_at": expires_at,
            "purge_at": expires_at + DAY_SECONDS,
        }
        self._table.put(
            {"TableName": self._table.name, "Item": to_item(values), "ConditionExpression": ABSENT}
        )

    def use_once(self, proof_sha256: str, sub: str, *, now: int) -> bool:
        """Write that a proof of sign-in was used; False where it was used before."""
        e = Expression()
        values: dict[str, Plain] = {
            "sub": sub,
            "spent_at": now,
            "expires_at": now,
            "purge_at": now + DAY_SECONDS,
        }
        sets = [f"{e.name(name)} = {e.value(value)}" for name, value in values.items()]
        key = link_key(proof_sha256)
        action = update_action(self._table.name, key, e, sets=sets, removes=[], condition=ABSENT)
        return isinstance(self._table.update(action), Committed)

    def spend_link(self, code_sha256: str, *, now: int) -> SpentLink | None:
        """Return whose link it is and end it; None where it is unknown, spent or too old."""
        key = link_key(code_sha256)
        values = self._table.get(key)
        if values is None or "spent_at" in values or int(values["expires_at"]) <= now:
            return None
        e = Expression()
        sets = [f"{e.name('spent_at')} = {e.value(now)}"]
        condition = f"{EXISTS} AND attribute_not_exists({e.name('spent_at')})"
        action = update_action(self._table.name, key, e, sets=sets, removes=[], condition=condition)
        if not isinstance(self._table.update(action), Committed):
            return None
        return SpentLink(sub=str(values["sub"]), made_at=int(values["expires_at"]) - LINK_SECONDS)


def _to_staff(values: dict[str, Any]) -> Staff:
    return Staff(
        sub=str(values["pk"]).removeprefix("STAFF#"),
        name=str(values["name"]),
        role=Role(values["role"]),
        is_active=bool(values["is_active"]),
        tokens_from=int(values["tokens_from"]),
    )

"""What a person ordered about a consultation or a receipt, stored before it is carried out."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from payments.store.attributes import to_item
from payments.store.expressions import ABSENT
from payments.store.table import Table

INSTRUCTION_PREFIX = "INSTRUCTION#"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """A person's request, who made it and why.

    Units: UTC epoch seconds.
    """

    at: int
    by: str
    reason: str
    asked: str
    request_id: str


def store_instruction(table: Table, pk: str, instruction: Instruction) -> None:
    """Store a request beside the item it is about. Idempotent."""
    sk = f"{INSTRUCTION_PREFIX}{instruction.at:010d}#{instruction.request_id}"
    item = to_item({"pk": pk, "sk": sk, **asdict(instruction)})
    table.put({"TableName": table.name, "Item": item, "ConditionExpression": ABSENT})


def to_instruction(values: Mapping[str, Any]) -> Instruction:
    """Read a request."""
    text = {name: str(values[name]) for name in ("by", "reason", "asked", "request_id")}
    return Instruction(at=int(values["at"]), **text)

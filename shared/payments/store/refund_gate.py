"""The refund gate, which all refunds of a shortcode pass, and staff's questions about receipts."""

from dataclasses import asdict, dataclass, fields
from typing import Any

from payments.protocol.policy import ASK_KEPT_SECONDS, ASKS_PER_HOUR, HOUR_SECONDS
from payments.protocol.refund_evidence import RefundGate
from payments.store.attributes import Plain, to_attribute, to_item
from payments.store.expressions import EXISTS, Expression, update_action
from payments.store.instructions import Instruction
from payments.store.items import STATE
from payments.store.refund_writes import refund_gate_key, stop_update
from payments.store.table import Committed, Table

_FIELDS = ("next_at", "stopped", "stopped_at", "balance_kes", "balance_at", "credential_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One question of staff about a receipt, and M-Pesa's answer once it came.

    Units: UTC epoch seconds.
    """

    receipt_number: str
    asked_by: str
    asked_at: int
    answer: str | None = None


def ask_key(receipt_number: str) -> dict[str, str]:
    """Key of a question about a receipt."""
    return {"pk": f"ASK#{receipt_number}", "sk": STATE}


class RefundGates:
    """One shortcode's refund gate. Errors: StoreUnavailableError from every call."""

    def __init__(self, table: Table, shortcode: str) -> None:
        self._table = table
        self._key = refund_gate_key(shortcode)

    def read(self) -> RefundGate:
        """Read strongly; a gate that nobody has written to is open, without an initiator."""
        values = self._table.get(self._key) or {}
        known = {name: values[name] for name in _FIELDS if name in values}
        return RefundGate(**known, asked=tuple(values.get("asked", ())))

    def stop(self, code: str, *, now: int) -> None:
        """Stop all refunds until a person resumes them."""
        self._table.update(stop_update(self._table.name, self._key, code, now))

    def resume(self, seen: RefundGate, instruction: Instruction, *, op_id: str) -> bool:
        """Let refunds run again and store who ordered it and why; False where it is not as seen."""
        e = Expression()
        is_as_seen = (
            f"{e.name('stopped')} = {e.value(seen.stopped or '')} AND "
            f"{e.name('stopped_at')} = {e.value(seen.stopped_at or 0)}"
        )
        update = update_action(
            self._table.name,
            self._key,
            e,
            sets=[],
            removes=[e.name("stopped"), e.name("stopped_at")],
            condition=f"{EXISTS} AND {is_as_seen}",
        )
        outcome = self._table.transact([{"Update": update}, self._keep(instruction)], op_id=op_id)
        return isinstance(outcome, Committed)

    def note_credential(self, at: int, instruction: Instruction, *, op_id: str) -> None:
        """Record when the initiator's credential was set, with who set it; never the credential."""
        e = Expression()
        update = {
            "TableName": self._table.name,
            "Key": to_item(self._key),
            "UpdateExpression": f"SET {e.name('credential_at')} = {e.value(at)}",
            **e.parts(),
        }
        self._table.transact([{"Update": update}, self._keep(instruction)], op_id=op_id)

    def note_balance(self, balance_kes: int, *, now: int) -> None:
        """Record the last Account Balance answer. Units: KES."""
        e = Expression()
        sets = (
            f"{e.name('balance_kes')} = {e.value(balance_kes)}, "
            f"{e.name('balance_at')} = {e.value(now)}"
        )
        action = {
            "TableName": self._table.name,
            "Key": to_item(self._key),
            "UpdateExpression": f"SET {sets}",
            **e.parts(),
        }
        self._table.update(action)

    def take_ask(self, seen: RefundGate, ask: Ask, *, op_id: str) -> bool:
        """Count a question of staff and keep it; False where the hour is full, or is not as seen.

        So all staff together put at most twenty questions in an hour.
        """
        since = ask.asked_at - HOUR_SECONDS
        if len([at for at in seen.asked if at > since]) >= ASKS_PER_HOUR:
            return False
        e = Expression()
        asked = e.name("asked")
        before: list[Plain] = [*seen.asked]
        is_as_seen = (
            f"{asked} = {e.value(before)}" if seen.asked else f"attribute_not_exists({asked})"
        )
        register: list[Plain] = [ask.asked_at, *before][:ASKS_PER_HOUR]
        update = update_action(
            self._table.name,
            self._key,
            e,
            sets=[f"{asked} = {e.value(register)}"],
            removes=[],
            condition=is_as_seen,
        )
        values: dict[str, Plain | None] = {
            **ask_key(ask.receipt_number),
            "asked_by": ask.asked_by,
            "asked_at": ask.asked_at,
            "purge_at": ask.asked_at + ASK_KEPT_SECONDS,
        }
        put = {"TableName": self._table.name, "Item": to_item(values)}
        outcome = self._table.transact([{"Update": update}, {"Put": put}], op_id=op_id)
        return isinstance(outcome, Committed)

    def get_ask(self, receipt_number: str) -> Ask | None:
        """Read a question strongly."""
        values = self._table.get(ask_key(receipt_number))
        if values is None:
            return None
        return Ask(
            receipt_number=receipt_number,
            asked_by=values["asked_by"],
            asked_at=values["asked_at"],
            answer=values.get("answer"),
        )

    def answer_ask(self, receipt_number: str, answer: str) -> None:
        """Keep M-Pesa's answer where staff asked; nothing where nobody did."""
        e = Expression()
        sets = [f"{e.name('answer')} = {e.value(answer)}"]
        self._table.update(
            update_action(
                self._table.name,
                ask_key(receipt_number),
                e,
                sets=sets,
                removes=[],
                condition=EXISTS,
            )
        )

    def get_instructions(self) -> list[Instruction]:
        """Return what people ordered about refunds, oldest first."""
        found = self._table.query_pages(
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
            ExpressionAttributeValues={
                ":pk": to_attribute(self._key["pk"]),
                ":prefix": to_attribute("INSTRUCTION#"),
            },
            ConsistentRead=True,
        )
        names = [field.name for field in fields(Instruction)]
        return [Instruction(**{name: values[name] for name in names}) for values in found]

    def _keep(self, instruction: Instruction) -> dict[str, dict[str, Any]]:
        """Return the Put of what a person ordered about the gate, and why."""
        key = {
            "pk": self._key["pk"],
            "sk": f"INSTRUCTION#{instruction.at:010d}#{instruction.request_id}",
        }
        item = to_item({**key, **asdict(instruction)})
        return {"Put": {"TableName": self._table.name, "Item": item}}

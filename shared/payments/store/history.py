"""What an operator reads: a payment's events and evidence, and payments found without a Scan.

And what an operator ordered about a consultation, which has no events of its own; and the time of
older payments' money.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import batched
from typing import Any

from payments.protocol.payment import Payment
from payments.store.attributes import to_attribute
from payments.store.expressions import Expression, update_action
from payments.store.instructions import (
    INSTRUCTION_PREFIX,
    Instruction,
    store_instruction,
    to_instruction,
)
from payments.store.items import (
    PhoneGuard,
    consultation_key,
    payment_key,
    payment_values,
    phone_key,
    receipt_key,
    to_payment,
    to_phone_guard,
)
from payments.store.listings import Listed, list_created
from payments.store.table import Committed, Table
from payments.store.writes import payment_update, with_op_id

READ_AT_ONCE = 100
"""The most keys of one BatchGetItem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event of a payment, as in its outbox item.

    Shape: "" and 0 where a fact is not known. Units: KES; ISO 8601 +03:00.
    """

    version: int
    type: str
    occurred_at: str
    status: str
    from_status: str
    by: str
    reason: str
    evidence: str
    result_code: str
    receipt_number: str
    paid_amount_kes: int
    attention: str
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledCallback:
    """A callback's body, filed for an operator; it may hold a phone number.

    Units: UTC epoch seconds.
    """

    digest: str
    received_at: int
    body: str


class PaymentHistory:
    """Reads; stores instructions and times of money. Errors: StoreUnavailableError from each."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get_events(self, payment_id: str) -> list[Event]:
        """Return a payment's events, oldest first, read strongly."""
        found = self._belonging(payment_key(payment_id)["pk"], "EVENT#")
        return [_to_event(values) for values in found]

    def get_filed_callbacks(self, payment_id: str) -> list[FiledCallback]:
        """Return the callbacks filed as evidence, oldest first, read strongly."""
        found = [
            FiledCallback(
                digest=values["sk"].removeprefix("EVIDENCE#"),
                received_at=values["received_at"],
                body=values["body"],
            )
            for values in self._belonging(payment_key(payment_id)["pk"], "EVIDENCE#")
        ]
        return sorted(found, key=lambda callback: callback.received_at)

    def list_created(self, days: Iterable[str]) -> Iterator[Listed]:
        """Yield the payments created on these EAT days (an index read: may lag)."""
        return list_created(self._table, days)

    def get_payments(self, payment_ids: Iterable[str]) -> Iterator[Payment]:
        """Yield the payments that exist, read strongly, a hundred in a round trip."""
        for ids in batched(payment_ids, READ_AT_ONCE, strict=False):
            for values in self._table.get_many([payment_key(payment_id) for payment_id in ids]):
                if values is not None:
                    yield to_payment(values)

    def get_receipt_owners(self, receipt_numbers: Sequence[str]) -> Mapping[str, str]:
        """Return the payment id of every receipt that is bound, read strongly."""
        owners = {}
        for numbers in batched(dict.fromkeys(receipt_numbers), READ_AT_ONCE, strict=False):
            claims = self._table.get_many([receipt_key(number) for number in numbers])
            for number, values in zip(numbers, claims, strict=True):
                if values is not None and "payment_id" in values:
                    owners[number] = str(values["payment_id"])
        return owners

    def store_received_at(self, payment: Payment, received_at: int, *, op_id: str) -> bool:
        """Write when a payment's money was first proven; False where somebody wrote since the read.

        Also where our own reply was lost: read the payment again, it then has its time.
        """
        after = replace(
            payment,
            received_at=received_at,
            version=payment.version + 1,
            op_ids=with_op_id(payment, op_id),
        )
        outcome = self._table.update(payment_update(self._table.name, payment, after))
        return isinstance(outcome, Committed)

    def store_received_shard(self, payment: Payment) -> bool:
        """Write the key of the index by_received that goes with the payment's `received_at`.

        Release 0.1.1 writes the time without the key. False where the key is there, or the time
        has changed. No new version: nothing but the time decides the key.
        """
        values = payment_values(payment)
        at, wanted = values["received_at"], values["received_shard"]
        assert at is not None
        assert wanted is not None
        e = Expression()
        shard, value = e.name("received_shard"), e.value(wanted)
        same_time = f"{e.name('received_at')} = {e.value(at)}"
        action = update_action(
            self._table.name,
            payment_key(payment.payment_id),
            e,
            sets=[f"{shard} = {value}"],
            removes=[],
            condition=f"{same_time} AND (attribute_not_exists({shard}) OR {shard} <> {value})",
        )
        return isinstance(self._table.update(action), Committed)

    def get_phone_guard(self, phone_hmac: str) -> PhoneGuard | None:
        """Return the payment that holds a phone, and its last prompt times; read strongly."""
        values = self._table.get(phone_key(phone_hmac))
        return to_phone_guard(values) if values else None

    def store_instruction(self, booking_id: str, instruction: Instruction) -> None:
        """Store an operator's request and reason with the consultation. Idempotent."""
        store_instruction(self._table, consultation_key(booking_id)["pk"], instruction)

    def get_instructions(self, booking_id: str) -> list[Instruction]:
        """Return the operators' requests about a consultation, oldest first."""
        found = self._belonging(consultation_key(booking_id)["pk"], INSTRUCTION_PREFIX)
        return [to_instruction(values) for values in found]

    def get_receipt_instructions(self, receipt_number: str) -> list[Instruction]:
        """Return people's requests about a receipt, oldest first."""
        found = self._belonging(receipt_key(receipt_number)["pk"], INSTRUCTION_PREFIX)
        return [to_instruction(values) for values in found]

    def _belonging(self, pk: str, prefix: str) -> Iterator[dict[str, Any]]:
        return self._table.query_pages(
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
            ExpressionAttributeValues={
                ":pk": to_attribute(pk),
                ":prefix": to_attribute(prefix),
            },
            ConsistentRead=True,
        )


def _to_event(values: Mapping[str, object]) -> Event:
    text = {
        name: str(values.get(name, ""))
        for name in Event.__dataclass_fields__
        if name not in {"version", "paid_amount_kes"}
    }
    return Event(
        version=int(str(values["sk"]).split("#")[1]),
        paid_amount_kes=int(str(values.get("paid_amount_kes", 0))),
        **text,
    )

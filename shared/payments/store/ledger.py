"""The receipt ledger in the table: rows, payments made for them, and the reads of matching."""

from collections.abc import Callable, Iterable, Iterator
from itertools import batched
from typing import TYPE_CHECKING, Any

from payments.errors import StoreUnavailableError
from payments.ports import Actor, Clock
from payments.protocol.change import EventType
from payments.protocol.payment import Payment
from payments.protocol.policy import CANDIDATES_MAX, UNCLAIMED_READ_MAX
from payments.protocol.receipts import ReceiptRow, RowState
from payments.store.attributes import to_attribute, to_item
from payments.store.context import read_row
from payments.store.events import opening_event_put
from payments.store.expressions import ABSENT
from payments.store.items import (
    DAY_SHARDS,
    PAYMENT_PREFIX,
    PERSON_INDEX_KEY,
    RECEIPT_PREFIX,
    hinted_key,
    op_id_head,
    payment_key,
    payment_values,
    pull_key,
    receipt_key,
    to_payment,
)
from payments.store.listings import list_due
from payments.store.row_writes import (
    claim_receipt,
    file_row,
    postpone_look,
    replace_amount,
    rewrite_row,
    row_event_put,
)
from payments.store.table import Committed, Table
from payments.store.writes import confirm_by_hand
from payments.values import eat_days

if TYPE_CHECKING:
    from payments.protocol.opening import Opening
    from payments.store.instructions import Instruction

READ_AT_ONCE = 100
"""The most keys of one BatchGetItem."""
REFERENCE_HITS_MAX = 3


class ReceiptLedger:
    """Receipt rows of one table. Errors: StoreUnavailableError from every method."""

    def __init__(self, table: Table, *, shortcode: str, clock: Clock) -> None:
        self._table = table
        self._shortcode = shortcode
        self._clock = clock

    def get_row(self, receipt_number: str) -> ReceiptRow | None:
        """Read one row strongly."""
        values = self._table.get(receipt_key(receipt_number))
        return read_row(values) if values else None

    def get_rows(self, receipt_numbers: Iterable[str]) -> dict[str, ReceiptRow]:
        """Read the rows that exist, strongly, a hundred in a round trip."""
        rows: dict[str, ReceiptRow] = {}
        for numbers in batched(dict.fromkeys(receipt_numbers), READ_AT_ONCE, strict=False):
            found = self._table.get_many([receipt_key(number) for number in numbers])
            rows |= {row.receipt_number: row for row in map(read_row, filter(None, found))}
        return rows

    def payments_by_hint(self, receipt_number: str) -> list[Payment]:
        """Return the payments of which a hint names this receipt, and no witness another."""
        named = self.payments_ever_hinted(receipt_number)
        return [payment for payment in named if payment.shows(receipt_number)]

    def payments_ever_hinted(self, receipt_number: str) -> list[Payment]:
        """Return the payments for which a hint once named this receipt.

        Read strongly, the notes and the payments.
        """
        notes = self._table.query_pages(
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": to_attribute(hinted_key(receipt_number, "")["pk"])},
            ConsistentRead=True,
        )
        return self._payments(payment_key(note["sk"])["pk"] for note in notes)

    def file(self, row: ReceiptRow, *, actor: Actor, op_id: str) -> bool:
        """Write the row of a receipt that nobody has named; False where somebody has.

        An unclaimed row has its event in the same write. A row that the rule sets aside has none.
        Idempotent: a write whose reply was lost leaves a row, which the caller then reads.
        """
        actions = [{"Put": file_row(self._table.name, row)}]
        if row.state is RowState.UNCLAIMED:
            actions.append(self._event(row, EventType.MONEY_UNCLAIMED, actor))
        return isinstance(self._table.transact(actions, op_id=op_id), Committed)

    def open_payment(self, opening: "Opening", *, actor: Actor, op_id: str) -> bool:
        """Write a paybill payment with its receipt and booking; False where a condition failed.

        Idempotent: a write whose reply was lost is recognised by its op_id on the payment.
        """
        name, payment, now = self._table.name, opening.payment, int(self._clock())
        values = {**payment_key(payment.payment_id), **payment_values(payment)}
        put = {
            "TableName": name,
            "Item": to_item(values),
            "ConditionExpression": ABSENT,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        claim = claim_receipt(
            name, payment.payment_id, opening.claim, own_shortcode=self._shortcode
        )
        actions: list[dict[str, Any]] = [{"Put": put}, {"Update": claim}]
        if opening.confirms:
            actions.append({"Update": confirm_by_hand(name, payment)})
        actions += [
            {"Put": opening_event_put(name, payment, event, actor=actor, now=now)}
            for event in opening.events
        ]
        outcome = self._table.transact(actions, op_id=op_id)
        if isinstance(outcome, Committed):
            return True
        stored = outcome.stored[0]
        return stored is not None and op_id_head(op_id) in stored.get("op_ids", ())

    def postpone(self, row: ReceiptRow, due_at: int | None) -> bool:
        """Move a row's next look; False where the row has changed since it was read."""
        action = postpone_look(self._table.name, row, due_at)
        return isinstance(self._table.update(action), Committed)

    def doubt_amount(self, row: ReceiptRow, doubted: ReceiptRow, *, op_id: str) -> bool:
        """Replace a row's amount by both that were named; False where the row has changed."""
        action = {"Update": replace_amount(self._table.name, row, doubted)}
        return isinstance(self._table.transact([action], op_id=op_id), Committed)

    def set_aside(self, row: ReceiptRow, aside: ReceiptRow, *, op_id: str) -> bool:
        """Write a row that waits as set aside; False where it has changed."""
        action = {"Put": rewrite_row(self._table.name, row, aside)}
        return isinstance(self._table.transact([action], op_id=op_id), Committed)

    def reopen(self, row: ReceiptRow, waiting: ReceiptRow, *, actor: Actor, op_id: str) -> bool:
        """Write a row that was set aside as waiting again; False where it has changed."""
        actions = [
            {"Put": rewrite_row(self._table.name, row, waiting)},
            self._event(waiting, EventType.MONEY_UNCLAIMED, actor),
        ]
        return isinstance(self._table.transact(actions, op_id=op_id), Committed)

    def store_instruction(self, receipt_number: str, instruction: "Instruction") -> None:
        """Store a person's request and reason with the receipt. Idempotent."""
        # Only a person's act needs it: a callback starts without it.
        from payments.store.instructions import store_instruction

        store_instruction(self._table, receipt_key(receipt_number)["pk"], instruction)

    def due_receipts(self, now: int) -> Iterator[str]:
        """Yield the receipts whose unclaimed row is due for a look (an index read: may lag)."""
        return _receipts_in(list_due(self._table, now))

    def unclaimed_receipts(self) -> Iterator[str]:
        """Yield the receipts that wait, oldest first (an index read: may lag)."""
        pages = self._table.query_pages(
            IndexName="person",
            KeyConditionExpression="#person = :person",
            ExpressionAttributeNames={"#person": "person"},
            ExpressionAttributeValues={":person": to_attribute(PERSON_INDEX_KEY)},
        )
        return _receipts_in(pages)

    def unclaimed_rows(self) -> list[ReceiptRow] | None:
        """Return the unclaimed rows, read strongly; None where they are too many to compare."""
        numbers: list[str] = []
        for number in self.unclaimed_receipts():
            if len(numbers) == UNCLAIMED_READ_MAX:
                return None
            numbers.append(number)
        rows = self.get_rows(numbers).values()
        return [row for row in rows if row.state is RowState.UNCLAIMED]

    def waiting_rows(self) -> list[ReceiptRow]:
        """Return every unclaimed row, read strongly behind an index that may lag."""
        rows = self.get_rows(self.unclaimed_receipts()).values()
        return [row for row in rows if row.state is RowState.UNCLAIMED]

    def payments_by_reference(self, account_reference: str) -> list[Payment]:
        """Return the payments with an account reference, read strongly behind their index."""
        found = self._table.query(
            IndexName="by_reference",
            KeyConditionExpression="account_reference = :reference",
            ExpressionAttributeValues={":reference": to_attribute(account_reference)},
            Limit=REFERENCE_HITS_MAX,
        )
        return self._payments(values["pk"] for values in found)

    def payments_created(
        self, *, first: int, last: int, is_of: Callable[[int], bool], most: int = CANDIDATES_MAX
    ) -> list[Payment] | None:
        """Return the payments of such amounts that were created then; None where more than `most`.

        Units: UTC epoch seconds, both included; KES.
        """
        keys: list[str] = []
        for day in eat_days(first, last):
            for shard in range(DAY_SHARDS):
                for values in self._created_since(f"{day}#{shard}", first):
                    if values["created_at"] > last:
                        break
                    if is_of(values["amount_kes"]):
                        keys.append(values["pk"])
                    if len(keys) > most:
                        return None
        return self._payments(keys)

    def pull_coverage(self) -> tuple[int, int] | None:
        """Return the unbroken time that Pull has covered. Units: UTC epoch seconds."""
        values = self._table.get(pull_key(self._shortcode)) or {}
        if "complete_from" not in values or "complete_until" not in values:
            return None
        return values["complete_from"], values["complete_until"]

    def _created_since(self, day_shard: str, first: int) -> Iterator[dict[str, Any]]:
        return self._table.query_pages(
            IndexName="by_day",
            KeyConditionExpression="day_shard = :day_shard AND created_at >= :first",
            ExpressionAttributeValues={
                ":day_shard": to_attribute(day_shard),
                ":first": to_attribute(first),
            },
        )

    def _payments(self, keys: Iterable[str]) -> list[Payment]:
        ids = [key.removeprefix(PAYMENT_PREFIX) for key in keys if key.startswith(PAYMENT_PREFIX)]
        try:
            return [
                to_payment(values)
                for part in batched(ids, READ_AT_ONCE, strict=False)
                for values in self._table.get_many([payment_key(payment_id) for payment_id in part])
                if values is not None
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise StoreUnavailableError("unreadable_payment") from error

    def _event(self, row: ReceiptRow, event_type: EventType, actor: Actor) -> dict[str, Any]:
        now = int(self._clock())
        return {"Put": row_event_put(self._table.name, row, event_type, actor=actor, now=now)}


def _receipts_in(pages: Iterable[dict[str, Any]]) -> Iterator[str]:
    for values in pages:
        if values["pk"].startswith(RECEIPT_PREFIX):
            yield values["pk"].removeprefix(RECEIPT_PREFIX)

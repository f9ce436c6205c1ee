"""The payment store: each method is one read or one atomic write of docs/data-model.md."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from payments.errors import StoreUnavailableError
from payments.ports import Actor, Clock
from payments.protocol.change import Change, EventType
from payments.protocol.consultation import BookingStatus, Consultation
from payments.protocol.evidence import Context
from payments.protocol.payment import Payment
from payments.protocol.policy import (
    HASTEN_SHARE,
    HASTEN_SPACING_SECONDS,
    Policy,
)
from payments.store.attributes import to_attribute, to_item
from payments.store.context import load_context
from payments.store.events import event_put, evidence_put
from payments.store.expressions import ABSENT, EXISTS, Expression, update_action
from payments.store.items import (
    PAYMENT_PREFIX,
    consultation_key,
    consultation_values,
    gate_key,
    op_id_head,
    payment_key,
    payment_values,
    to_consultation,
    to_payment,
)
from payments.store.listings import Listed, Received, list_created, list_due, list_received
from payments.store.refund_writes import gate_action
from payments.store.row_writes import (
    claim_receipt,
    file_row,
    note_hint,
    release_receipt,
    row_event_put,
)
from payments.store.table import Committed, ConditionFailed, Table
from payments.store.writes import (
    consultation_action,
    free_phone,
    payment_update,
    reserve_consultation,
    reserve_phone,
    reserve_user,
    with_op_id,
)

if TYPE_CHECKING:
    from payments.store.reservation import NotReserved, Reserved


class PaymentStore:
    """One table's payments and consultations. Errors: StoreUnavailableError from every call."""

    def __init__(self, table: Table, *, policy: Policy, shortcode: str, clock: Clock) -> None:
        self._table = table
        self._policy = policy
        self._gate_key = gate_key(shortcode)
        self._shortcode = shortcode
        self._clock = clock

    def get_payment(self, payment_id: str) -> Payment | None:
        """Read strongly."""
        values = self._table.get(payment_key(payment_id))
        try:
            return to_payment(values) if values else None
        except (KeyError, TypeError, ValueError) as error:
            # A callback about it then waits in the queue, and the rest of a batch continues.
            raise StoreUnavailableError("unreadable_payment") from error

    def get_payments(self, payment_ids: Sequence[str]) -> list[Payment]:
        """Read up to a hundred strongly, in one round trip, in their order; absent ones left out.

        Errors: StoreUnavailableError, also where one cannot be read.
        """
        keys = [payment_key(payment_id) for payment_id in payment_ids]
        found = self._table.get_many(keys) if keys else []
        try:
            return [to_payment(values) for values in found if values is not None]
        except (KeyError, TypeError, ValueError) as error:
            raise StoreUnavailableError("unreadable_payment") from error

    def find_by_checkout_id(self, checkout_request_id: str) -> tuple[str, ...]:
        """Return the ids of the payments that have it; the index may lag."""
        found = self._table.query(
            IndexName="by_checkout",
            KeyConditionExpression="checkout_request_id = :id",
            ExpressionAttributeValues={":id": to_attribute(checkout_request_id)},
            Limit=2,
        )
        return tuple(values["pk"].removeprefix(PAYMENT_PREFIX) for values in found)

    def load_context(self, payment: Payment, receipt_number: str | None) -> Context:
        """Read consultation, phone guard and receipt row strongly, in one round trip."""
        return load_context(self._table, payment, receipt_number)

    def reserve(self, payment: Payment) -> "Reserved | NotReserved":
        """Write the payment before the push, with booking, phone and user in one transaction.

        Idempotent: a reservation whose reply was lost is recognised by `reserved_by`.
        """
        # Only stk_push reserves: a callback starts without it.
        from payments.store.reservation import Reserved, read_refusal

        name = self._table.name
        values = {**payment_key(payment.payment_id), **payment_values(payment)}
        actions = [
            {
                "Put": {
                    "TableName": name,
                    "Item": to_item(values),
                    "ConditionExpression": ABSENT,
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                }
            },
            {"Update": reserve_consultation(name, payment)},
            {"Update": reserve_phone(name, payment, self._policy)},
            {"Update": reserve_user(name, payment, self._policy)},
        ]
        outcome = self._table.transact(actions, op_id=payment.reserved_by)
        if isinstance(outcome, Committed):
            return Reserved()
        return read_refusal(outcome, payment)

    def apply(self, change: Change, *, op_id: str, actor: Actor, body: str | None = None) -> bool:
        """Write a change completely or not at all; False where a condition failed.

        Idempotent: a change whose reply was lost is recognised by its op_id on the payment.
        """
        actions = self._actions(change, op_id=op_id, actor=actor, body=body)
        if len(actions) == 1:
            outcome = self._table.update(actions[0]["Update"])
        else:
            outcome = self._table.transact(actions, op_id=op_id)
        return isinstance(outcome, Committed) or _is_own_win(outcome, op_id)

    def _actions(
        self, change: Change, *, op_id: str, actor: Actor, body: str | None
    ) -> list[dict[str, Any]]:
        """Return the actions of a change; the payment always comes first."""
        name, now = self._table.name, int(self._clock())
        before = change.before
        after = _stamped(change, op_id)
        actions: list[dict[str, Any]] = [{"Update": payment_update(name, before, after)}]
        if change.consultation is not None:
            actions.append(consultation_action(name, change, change.consultation))
        if change.refund_gate is not None:
            actions.append(gate_action(name, self._shortcode, change.refund_gate, now=now))
        if change.frees_phone:
            actions.append({"Update": free_phone(name, before, free_at=change.phone_free_at)})
        if change.claim is not None:
            claim = claim_receipt(
                name, before.payment_id, change.claim, own_shortcode=self._shortcode
            )
            actions.append({"Update": claim})
        actions += note_hint(name, before, after)
        if change.files is not None:
            event = row_event_put(
                name, change.files, EventType.MONEY_UNCLAIMED, actor=actor, now=now
            )
            actions += [{"Put": file_row(name, change.files)}, {"Put": event}]
        if change.releases_receipt is not None:
            release = release_receipt(name, before.payment_id, change.releases_receipt)
            actions.append({"Delete": release})
        for event_type in change.events:
            actions.append({"Put": event_put(name, change, event_type, actor=actor, now=now)})
        if change.evidence_digest and body is not None:
            days = self._policy.evidence_days
            actions.append({"Put": evidence_put(name, change, body, now=now, kept_days=days)})
        return actions

    def take_query_slot(
        self, payment: Payment, *, op_id: str, due_at: int, now: int
    ) -> Payment | None:
        """Move the payment's `due_at` and the shared gate in one write; None where either is taken.

        So at most one query is in flight per payment, and all Lambdas together keep the spacing.
        """
        moved = _moved(payment, op_id, due_at=due_at, hastened_at=payment.hastened_at)
        actions = [
            {"Update": payment_update(self._table.name, payment, moved)},
            {"Update": self._gate(now, "next_at", self._policy.query_spacing_seconds)},
        ]
        outcome = self._table.transact(actions, op_id=op_id)
        is_ours = isinstance(outcome, Committed) or _is_own_win(outcome, op_id)
        return moved if is_ours else None

    def next_query_at(self) -> int:
        """Return when the shared gate opens next."""
        values = self._table.get(self._gate_key)
        return int(values.get("next_at", 0)) if values else 0

    def hasten(self, payment: Payment, *, op_id: str, now: int) -> bool:
        """Bring an unproven payment's query forward: once a minute, one query slot in four."""
        last = payment.hastened_at
        is_recent = last is not None and now < last + HASTEN_SPACING_SECONDS
        is_due_anyway = payment.due_at is not None and payment.due_at <= now
        can_ask = payment.may_yet_be_paid and payment.checkout_id_to_ask is not None
        if not can_ask or is_recent or is_due_anyway:
            return False
        moved = _moved(payment, op_id, due_at=now, hastened_at=now)
        spacing = HASTEN_SHARE * self._policy.query_spacing_seconds
        actions = [
            {"Update": payment_update(self._table.name, payment, moved)},
            {"Update": self._gate(now, "next_hasten_at", spacing)},
        ]
        outcome = self._table.transact(actions, op_id=op_id)
        return isinstance(outcome, Committed) or _is_own_win(outcome, op_id)

    def _gate(self, now: int, name: str, spacing_seconds: int) -> dict[str, Any]:
        """Take the gate; the next query may pass after the spacing."""
        e = Expression()
        opens = e.name(name)
        is_open = f"(attribute_not_exists({opens}) OR {opens} <= {e.value(now)})"
        sets = [f"{opens} = {e.value(now + spacing_seconds)}"]
        return update_action(
            self._table.name, self._gate_key, e, sets=sets, removes=[], condition=is_open
        )

    def due_payment_ids(self, now: int) -> Iterable[str]:
        """Yield due payments, oldest first, from the sparse index only; rows are skipped."""
        for values in list_due(self._table, now):
            if values["pk"].startswith(PAYMENT_PREFIX):
                yield values["pk"].removeprefix(PAYMENT_PREFIX)

    def list_created(self, days: Iterable[str]) -> Iterator[Listed]:
        """Yield the payments created on these EAT days (an index read: may lag)."""
        return list_created(self._table, days)

    def list_received(self, days: Iterable[str]) -> Iterator[Received]:
        """Yield the money first proven on these EAT days (an index read: may lag)."""
        return list_received(self._table, days)

    def get_consultation(
        self, booking_id: str, *, may_be_stale: bool = False
    ) -> Consultation | None:
        """Read strongly, unless a stale answer does no harm."""
        values = self._table.get(consultation_key(booking_id), may_be_stale=may_be_stale)
        return to_consultation(values) if values else None

    def create_consultation(self, consultation: Consultation) -> bool:
        """Create it; False where it exists."""
        key = consultation_key(consultation.booking_id)
        e = Expression()
        sets = [
            f"{e.name(name)} = {e.value(value)}"
            for name, value in consultation_values(consultation).items()
            if value is not None
        ]
        action = update_action(self._table.name, key, e, sets=sets, removes=[], condition=ABSENT)
        return isinstance(self._table.update(action), Committed)

    def revise_consultation(
        self, before: Consultation, *, client_id: str, price_kes: int, status: BookingStatus
    ) -> bool:
        """Change client, price and status only, provided nobody wrote since it was read."""
        e = Expression()
        unchanged = f"{e.name('version')} = {e.value(before.version)}"
        sets = [
            f"{e.name('client_id')} = {e.value(client_id)}",
            f"{e.name('price_kes')} = {e.value(price_kes)}",
            f"{e.name('status')} = {e.value(status)}",
            f"{e.name('version')} = {e.name('version')} + {e.value(1)}",
        ]
        action = update_action(
            self._table.name,
            consultation_key(before.booking_id),
            e,
            sets=sets,
            removes=[],
            condition=f"{EXISTS} AND {unchanged}",
        )
        return isinstance(self._table.update(action), Committed)


def _stamped(change: Change, op_id: str) -> Payment:
    return replace(change.after, op_ids=with_op_id(change.before, op_id))


def _moved(payment: Payment, op_id: str, *, due_at: int, hastened_at: int | None) -> Payment:
    return replace(
        payment,
        version=payment.version + 1,
        op_ids=with_op_id(payment, op_id),
        due_at=due_at,
        hastened_at=hastened_at,
    )


def _is_own_win(outcome: ConditionFailed, op_id: str) -> bool:
    """Whether the stored payment has our op_id: then the write succeeded (docs/protocol.md 4.2)."""
    stored = outcome.stored[0] if outcome.stored else None
    return stored is not None and op_id_head(op_id) in stored.get("op_ids", ())

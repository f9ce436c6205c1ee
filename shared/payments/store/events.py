"""Outbox events and odd callbacks, written in the same transaction as their change."""

from typing import Any

from payments.ports import Actor
from payments.protocol.change import Change, EventType
from payments.protocol.payment import Payment
from payments.protocol.policy import DAY_SECONDS
from payments.store.attributes import Plain, to_item
from payments.store.items import event_key, evidence_key
from payments.values import eat_iso

EVENT_SCHEMA = "1"
NO_ACCOUNT = "-"
"""The account of an event that has none: a key of an index must not be empty."""


def event_put(
    table: str, change: Change, event_type: EventType, *, actor: Actor, now: int
) -> dict[str, Any]:
    """Return the Put of one event of a change."""
    return _put(
        table,
        change.after,
        event_type,
        from_status=str(change.before.status),
        receipt=change.claims_receipt or change.after.receipt_number,
        actor=actor,
        now=now,
    )


def opening_event_put(
    table: str, payment: Payment, event_type: EventType, *, actor: Actor, now: int
) -> dict[str, Any]:
    """Return the Put of one event of a payment that did not exist before."""
    return _put(
        table,
        payment,
        event_type,
        from_status="",
        receipt=payment.receipt_number,
        actor=actor,
        now=now,
    )


def _put(
    table: str,
    payment: Payment,
    event_type: EventType,
    *,
    from_status: str,
    receipt: str | None,
    actor: Actor,
    now: int,
) -> dict[str, Any]:
    """Return the Put of one event.

    Shape: every attribute is present ("" or 0 where it is not known), so that the Pipe's
        template never meets a hole; no phone number, no CheckoutRequestID.
    Units: KES; ISO 8601 +03:00.
    """
    key = event_key(payment.payment_id, payment.version, event_type)
    values: dict[str, Plain | None] = {
        **key,
        "type": str(event_type),
        "schema": EVENT_SCHEMA,
        "dedupe_id": f"{key['pk']}#{key['sk']}",
        "payment_id": payment.payment_id,
        "booking_id": payment.booking_id,
        "amount_kes": payment.amount_kes,
        "paid_amount_kes": payment.paid_amount_kes or 0,
        "receipt_number": receipt or "",
        "account_reference": payment.account_reference or NO_ACCOUNT,
        "status": str(payment.status),
        "from_status": from_status,
        "result_code": payment.result_code or "",
        "reason": actor.reason or payment.failure_reason or "",
        "attention": payment.attention or "",
        "evidence": str(payment.proof or ""),
        "by": actor.by,
        "request_id": actor.request_id,
        "transaction_date": eat_iso(payment.transaction_at) or "",
        "occurred_at": eat_iso(now) or "",
    }
    return {"TableName": table, "Item": to_item(values)}


def evidence_put(
    table: str, change: Change, body: str, *, now: int, kept_days: int
) -> dict[str, Any]:
    """Return the Put of an odd callback's body; the same body is the same item."""
    digest = change.evidence_digest or ""
    values: dict[str, Plain | None] = {
        **evidence_key(change.before.payment_id, digest),
        "body": body,
        "received_at": now,
        "purge_at": now + kept_days * DAY_SECONDS,
    }
    return {"TableName": table, "Item": to_item(values)}

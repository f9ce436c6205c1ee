"""Builds the actions on receipt rows. Each names its conditions before it joins them."""

from typing import Any

from payments.ports import Actor
from payments.protocol.change import EventType
from payments.protocol.payment import Payment, Proof
from payments.protocol.receipts import Claim, ClaimRule, ReceiptRow, RowState
from payments.store.attributes import Plain, to_item
from payments.store.events import EVENT_SCHEMA, NO_ACCOUNT
from payments.store.expressions import ABSENT, EXISTS, Expression, update_action
from payments.store.items import hinted_key, receipt_key, row_event_key
from payments.store.receipt_items import row_values
from payments.values import eat_iso

ONLY_WHILE_UNCLAIMED = (
    "reference",
    "payer",
    "payer_hmac",
    "transaction_type",
    "created_at",
    "due_at",
    "open",
    "person",
)


def claim_receipt(
    table: str, payment_id: str, claim: Claim, *, own_shortcode: str
) -> dict[str, Any]:
    """Bind a receipt to a payment, unless its row is another payment's or was set aside.

    A row that exists keeps the source, the amount and the time of the witness that wrote it.
    """
    e = Expression()
    kept = {
        "source": str(claim.source),
        "amount_kes": claim.amount_kes,
        "paid_at": claim.paid_at,
        "shortcode": claim.shortcode or own_shortcode,
    }
    sets = [f"{e.name('payment_id')} = {e.value(payment_id)}"]
    sets += [
        f"{e.name(name)} = if_not_exists({e.name(name)}, {e.value(value)})"
        for name, value in kept.items()
        if value is not None
    ]
    return update_action(
        table,
        receipt_key(claim.receipt_number),
        e,
        sets=sets,
        removes=[e.name(name) for name in ONLY_WHILE_UNCLAIMED],
        condition=_claimable(e, payment_id, claim),
    )


def _claimable(e: Expression, payment_id: str, claim: Claim) -> str:
    """Which rows a claim may take."""
    amount_kes = claim.amount_kes
    if claim.rule is ClaimRule.AS_SHOWN:
        return f"{_unclaimed(e)} AND {_is_of(e, amount_kes or 0)}"
    is_mine = f"{e.name('payment_id')} = {e.value(payment_id)}"
    if claim.rule is ClaimRule.DESPITE_AMOUNT:
        return f"{ABSENT} OR {is_mine} OR ({_unclaimed(e)})"
    if amount_kes is None:
        # No unclaimed row can be of the same amount.
        return f"{ABSENT} OR {is_mine}"
    return f"{ABSENT} OR {is_mine} OR ({_unclaimed(e)} AND {_is_of(e, amount_kes)})"


def _unclaimed(e: Expression) -> str:
    is_unbound = f"attribute_not_exists({e.name('payment_id')})"
    is_not_aside = f"attribute_not_exists({e.name('set_aside')})"
    return f"{EXISTS} AND {is_unbound} AND {is_not_aside}"


def _is_of(e: Expression, amount_kes: int | None) -> str:
    """Whether a row has this amount; None is one that is not known."""
    name = e.name("amount_kes")
    return (
        f"attribute_not_exists({name})" if amount_kes is None else f"{name} = {e.value(amount_kes)}"
    )


def release_receipt(table: str, payment_id: str, receipt_number: str) -> dict[str, Any]:
    """Delete the row of a receipt that an operator typed, provided this payment has it.

    A row of an older version names no source; the decision has seen that no witness is behind it.
    """
    e = Expression()
    is_mine = f"{e.name('payment_id')} = {e.value(payment_id)}"
    source = e.name("source")
    is_typed = f"(attribute_not_exists({source}) OR {source} = {e.value('operator')})"
    return {
        "TableName": table,
        "Key": to_item(receipt_key(receipt_number)),
        "ConditionExpression": f"{EXISTS} AND {is_mine} AND {is_typed}",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        **e.parts(),
    }


def file_row(table: str, row: ReceiptRow) -> dict[str, Any]:
    """Put the row of a receipt that nobody has named yet."""
    return {
        "TableName": table,
        "Item": to_item({**receipt_key(row.receipt_number), **row_values(row)}),
        "ConditionExpression": ABSENT,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def rewrite_row(table: str, before: ReceiptRow, after: ReceiptRow) -> dict[str, Any]:
    """Put a row whole in another state, provided its state and its amount still are as read."""
    e = Expression()
    is_aside = f"{EXISTS} AND attribute_exists({e.name('set_aside')})"
    is_as_read = _unclaimed(e) if before.state is RowState.UNCLAIMED else is_aside
    return {
        "TableName": table,
        "Item": to_item({**receipt_key(after.receipt_number), **row_values(after)}),
        "ConditionExpression": f"{is_as_read} AND {_is_of(e, before.amount_kes)}",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        **e.parts(),
    }


def replace_amount(table: str, row: ReceiptRow, doubted: ReceiptRow) -> dict[str, Any]:
    """Put two named amounts as text in the place of the known one, provided no payment has it."""
    e = Expression()
    is_unbound = f"attribute_not_exists({e.name('payment_id')})"
    condition = f"{is_unbound} AND {_is_of(e, row.amount_kes)}"
    return update_action(
        table,
        receipt_key(row.receipt_number),
        e,
        sets=[f"{e.name('amount_text')} = {e.value(doubted.amount_text or '')}"],
        removes=[e.name("amount_kes")],
        condition=condition,
    )


def postpone_look(table: str, row: ReceiptRow, due_at: int | None) -> dict[str, Any]:
    """Move the next look of an unclaimed row, provided it still is as read."""
    e = Expression()
    condition = f"{_unclaimed(e)} AND {e.name('due_at')} = {e.value(row.due_at or 0)}"
    sets = [] if due_at is None else [f"{e.name('due_at')} = {e.value(due_at)}"]
    removes = [e.name("due_at"), e.name("open")] if due_at is None else []
    return update_action(
        table, receipt_key(row.receipt_number), e, sets=sets, removes=removes, condition=condition
    )


def note_hint(table: str, before: Payment, after: Payment) -> list[dict[str, Any]]:
    """Return the Put of the note that a new hint names a receipt; none where it names none.

    The proof notes it again: release 0.1.1 stored hints without a note.
    """
    is_shown = after.proof is Proof.HINT and after.receipt_number != before.receipt_number
    named = after.receipt_number if is_shown else None
    if after.hint != before.hint:
        named = after.hinted_receipt or named
    if named is None:
        return []
    return [{"Put": {"TableName": table, "Item": to_item(hinted_key(named, after.payment_id))}}]


def row_event_put(
    table: str, row: ReceiptRow, event_type: EventType, *, actor: Actor, now: int
) -> dict[str, Any]:
    """Return the Put of an event about a receipt that no payment has.

    Shape: every attribute that the Pipe names, "" or 0 where it does not apply. What the payer
        typed and the payer are left out: people type phone numbers.
    Units: KES; ISO 8601 +03:00.
    """
    key = row_event_key(row.receipt_number, now, event_type)
    values: dict[str, Plain | None] = {
        **key,
        "type": str(event_type),
        "schema": EVENT_SCHEMA,
        "dedupe_id": f"{key['pk']}#{key['sk']}",
        **dict.fromkeys(("payment_id", "booking_id", "from_status"), ""),
        **dict.fromkeys(("result_code", "attention"), ""),
        "account_reference": NO_ACCOUNT,
        "amount_kes": row.amount_kes or 0,
        "paid_amount_kes": row.amount_kes or 0,
        "receipt_number": row.receipt_number,
        "status": str(row.state),
        "reason": actor.reason,
        "evidence": str(row.source or ""),
        "by": actor.by,
        "request_id": actor.request_id,
        "transaction_date": eat_iso(row.paid_at) or "",
        "occurred_at": eat_iso(now) or "",
    }
    return {"TableName": table, "Item": to_item(values)}

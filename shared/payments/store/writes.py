"""Builds single actions of a transaction. Each names its conditions before it joins them."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from payments.protocol.change import (
    CancelConfirmed,
    Change,
    Confirm,
    ConsultationEffect,
    Detach,
    HoldForReview,
    RequireUnpayable,
)
from payments.protocol.consultation import BookingStatus, ConsultationPaymentStatus
from payments.protocol.payment import OP_IDS_KEPT, Payment
from payments.protocol.policy import (
    DAY_SECONDS,
    NEVER,
    QUARTER_HOUR_SECONDS,
    USER_WINDOW_SECONDS,
    Policy,
)
from payments.store.attributes import to_item
from payments.store.expressions import ABSENT, EXISTS, Expression, update_action
from payments.store.items import (
    CONSULTATION_PAYMENT_SLOT,
    PAYMENT_SLOTS,
    PHONE_PAYMENT_SLOT,
    PHONE_SLOTS,
    USER_SLOTS,
    consultation_key,
    payment_key,
    payment_values,
    phone_key,
    user_key,
)

COUNTER_KEPT_SECONDS = 2 * DAY_SECONDS
PHONE_KEPT_SECONDS = 400 * DAY_SECONDS
"""A phone's guard also finds the payments of that phone, for a person who asks about them."""


def with_op_id(payment: Payment, op_id: str) -> tuple[str, ...]:
    """Return the last four op ids with this one: a writer whose reply was lost finds its own."""
    return (*payment.op_ids, op_id)[-OP_IDS_KEPT:]


def payment_update(table: str, before: Payment, after: Payment) -> dict[str, Any]:
    """Write the differences, provided the version is still that of `before`."""
    old, new = payment_values(before), payment_values(after)
    expression = Expression()
    sets, removes = [], []
    for name, value in new.items():
        if value is not None and old.get(name) != value:
            sets.append(f"{expression.name(name)} = {expression.value(value)}")
    for name, value in old.items():
        if value is not None and new.get(name) is None:
            removes.append(expression.name(name))
    unchanged = f"{expression.name('version')} = {expression.value(before.version)}"
    return update_action(
        table,
        payment_key(before.payment_id),
        expression,
        sets=sets,
        removes=removes,
        condition=f"{EXISTS} AND {unchanged}",
    )


def consultation_action(
    table: str, change: Change, effect: ConsultationEffect
) -> dict[str, dict[str, Any]]:
    """Return the action a change has on its consultation."""
    key = consultation_key(change.before.booking_id)
    payment_id = change.before.payment_id
    match effect:
        case Confirm():
            return {"Update": _confirm(table, key, change.after)}
        case Detach():
            return {"Update": _detach(table, key, payment_id, effect)}
        case HoldForReview():
            return {"Update": _hold(table, key, payment_id)}
        case CancelConfirmed():
            return {"Update": _cancel_confirmed(table, key, payment_id)}
        case RequireUnpayable():
            expression = Expression()
            return {
                "ConditionCheck": {
                    "TableName": table,
                    "Key": to_item(key),
                    "ConditionExpression": f"{ABSENT} OR {_unpayable(expression)}",
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                    **expression.parts(),
                }
            }


def confirm_by_hand(table: str, payment: Payment) -> dict[str, Any]:
    """Confirm the consultation by a payment without a prompt, and list it there."""
    return _confirm(table, consultation_key(payment.booking_id), payment, is_listed=False)


def _confirm(
    table: str, key: Mapping[str, str], payment: Payment, *, is_listed: bool = True
) -> dict[str, Any]:
    """Confirm the payer's own consultation, clearing the lock whoever holds it."""
    e = Expression()
    amount_kes = payment.paid_amount_kes or payment.amount_kes
    is_payers = f"{e.name('client_id')} = {e.value(payment.client_id)}"
    is_pending = f"{e.name('status')} = {e.value(BookingStatus.PENDING)}"
    is_unpaid = f"{e.name('payment_status')} <> {e.value(ConsultationPaymentStatus.PAID)}"
    is_exact = f"{e.name('price_kes')} = {e.value(amount_kes)}"
    slot = CONSULTATION_PAYMENT_SLOT
    lists = [] if is_listed else _shift_payments(e, slot, payment.payment_id)
    return update_action(
        table,
        key,
        e,
        sets=[
            f"{e.name('status')} = {e.value(BookingStatus.CONFIRMED)}",
            f"{e.name('payment_status')} = {e.value(ConsultationPaymentStatus.PAID)}",
            f"{e.name('paid_payment_id')} = {e.value(payment.payment_id)}",
            *lists,
            _next_version(e),
        ],
        removes=[e.name("active_payment_id"), e.name("lock_until")],
        condition=" AND ".join((EXISTS, is_payers, is_pending, is_unpaid, is_exact)),
    )


def _detach(table: str, key: Mapping[str, str], payment_id: str, effect: Detach) -> dict[str, Any]:
    """Clear `active_payment_id`, provided it names this payment."""
    e = Expression()
    condition = f"{EXISTS} AND {e.name('active_payment_id')} = {e.value(payment_id)}"
    sets = [_next_version(e)]
    if effect.leaves is not None:
        sets.append(f"{e.name('payment_status')} = {e.value(effect.leaves)}")
        is_failed = effect.leaves is ConsultationPaymentStatus.FAILED
        status = BookingStatus.PENDING if is_failed else BookingStatus.CANCELLED
        condition += f" AND {e.name('status')} = {e.value(status)}"
    if effect.unpayable:
        condition += f" AND ({_unpayable(e)})"
    removes = [e.name("active_payment_id")]
    if effect.frees_lock:
        removes.append(e.name("lock_until"))
    return update_action(table, key, e, sets=sets, removes=removes, condition=condition)


def _hold(table: str, key: Mapping[str, str], payment_id: str) -> dict[str, Any]:
    """Lock until an operator resolves the review."""
    e = Expression()
    is_mine = f"{e.name('active_payment_id')} = {e.value(payment_id)}"
    sets = [f"{e.name('lock_until')} = {e.value(NEVER)}", _next_version(e)]
    return update_action(table, key, e, sets=sets, removes=[], condition=f"{EXISTS} AND {is_mine}")


def _cancel_confirmed(table: str, key: Mapping[str, str], payment_id: str) -> dict[str, Any]:
    """Cancel what this payment had confirmed."""
    e = Expression()
    is_confirmed = f"{e.name('status')} = {e.value(BookingStatus.CONFIRMED)}"
    is_by_this = f"{e.name('paid_payment_id')} = {e.value(payment_id)}"
    return update_action(
        table,
        key,
        e,
        sets=[
            f"{e.name('status')} = {e.value(BookingStatus.CANCELLED)}",
            f"{e.name('payment_status')} = {e.value(ConsultationPaymentStatus.UNPAID)}",
            _next_version(e),
        ],
        removes=[e.name("paid_payment_id")],
        condition=f"{EXISTS} AND {is_confirmed} AND {is_by_this}",
    )


def _unpayable(e: Expression) -> str:
    is_not_pending = f"{e.name('status')} <> {e.value(BookingStatus.PENDING)}"
    is_paid = f"{e.name('payment_status')} = {e.value(ConsultationPaymentStatus.PAID)}"
    return f"{is_not_pending} OR {is_paid}"


def _next_version(e: Expression) -> str:
    return f"{e.name('version')} = {e.name('version')} + {e.value(1)}"


def reserve_consultation(table: str, payment: Payment) -> dict[str, Any]:
    """Make this payment the active one of a payable, unlocked consultation of its payer."""
    e = Expression()
    is_callers = f"{e.name('client_id')} = {e.value(payment.client_id)}"
    is_pending = f"{e.name('status')} = {e.value(BookingStatus.PENDING)}"
    is_unpaid = f"{e.name('payment_status')} <> {e.value(ConsultationPaymentStatus.PAID)}"
    is_exact = f"{e.name('price_kes')} = {e.value(payment.amount_kes)}"
    lock_until = e.name("lock_until")
    is_free = (
        f"(attribute_not_exists({lock_until}) OR {lock_until} <= {e.value(payment.created_at)})"
    )
    return update_action(
        table,
        consultation_key(payment.booking_id),
        e,
        sets=[
            f"{e.name('active_payment_id')} = {e.value(payment.payment_id)}",
            f"{e.name('payment_status')} = {e.value(ConsultationPaymentStatus.PENDING)}",
            f"{lock_until} = {e.value(payment.prompt_ends_at)}",
            *_shift_payments(e, CONSULTATION_PAYMENT_SLOT, payment.payment_id),
            _next_version(e),
        ],
        removes=[],
        condition=" AND ".join((EXISTS, is_callers, is_pending, is_unpaid, is_exact, is_free)),
    )


def reserve_phone(table: str, payment: Payment, policy: Policy) -> dict[str, Any]:
    """Lock the phone and count the prompt, unless it is locked or at its limit."""
    e = Expression()
    now = payment.created_at
    live_until = e.name("live_until")
    is_free = f"(attribute_not_exists({live_until}) OR {live_until} <= {e.value(now)})"
    in_quarter = _slot_is_past(e, policy.phone_prompts_per_15_minutes, now - QUARTER_HOUR_SECONDS)
    in_day = _slot_is_past(e, policy.phone_prompts_per_day, now - DAY_SECONDS)
    return update_action(
        table,
        phone_key(payment.phone_hmac),
        e,
        sets=[
            *_shift(e, PHONE_SLOTS, now, kept_seconds=PHONE_KEPT_SECONDS),
            *_shift_payments(e, PHONE_PAYMENT_SLOT, payment.payment_id),
            f"{e.name('live_payment_id')} = {e.value(payment.payment_id)}",
            f"{live_until} = {e.value(payment.prompt_ends_at)}",
        ],
        removes=[],
        condition=f"{is_free} AND {in_quarter} AND {in_day}",
    )


def reserve_user(table: str, payment: Payment, policy: Policy) -> dict[str, Any]:
    """Count the user's prompt, unless the user is at the limit."""
    e = Expression()
    now = payment.created_at
    is_allowed = _slot_is_past(e, policy.user_prompts_per_10_minutes, now - USER_WINDOW_SECONDS)
    return update_action(
        table,
        user_key(payment.client_id),
        e,
        sets=_shift(e, USER_SLOTS, now, kept_seconds=COUNTER_KEPT_SECONDS),
        removes=[],
        condition=is_allowed,
    )


def _slot_is_past(e: Expression, slot: int, limit: int) -> str:
    """The n-th last prompt is before the window, so at most n are inside it."""
    name = e.name(f"p{slot}")
    return f"(attribute_not_exists({name}) OR {name} <= {e.value(limit)})"


def _shift(e: Expression, slots: int, now: int, *, kept_seconds: int) -> list[str]:
    zero = e.value(0)
    moves = [
        f"{e.name(f'p{slot}')} = if_not_exists({e.name(f'p{slot - 1}')}, {zero})"
        for slot in range(slots, 1, -1)
    ]
    kept_until = f"{e.name('purge_at')} = {e.value(now + kept_seconds)}"
    return [*moves, f"{e.name('p1')} = {e.value(now)}", kept_until]


def _shift_payments(e: Expression, slot_name: str, payment_id: str) -> list[str]:
    """Put a payment before the last nine in a register of payments; an empty slot holds 0."""
    zero = e.value(0)
    slots = [e.name(f"{slot_name}{slot}") for slot in range(1, PAYMENT_SLOTS + 1)]
    moves = [f"{later} = if_not_exists({earlier}, {zero})" for earlier, later in pairwise(slots)]
    return [f"{slots[0]} = {e.value(bytes.fromhex(payment_id))}", *moves]


def free_phone(table: str, payment: Payment, *, free_at: int | None) -> dict[str, Any]:
    """Unlock the phone, at once or at a time, provided this payment holds it."""
    e = Expression()
    is_mine = f"{e.name('live_payment_id')} = {e.value(payment.payment_id)}"
    live_until = e.name("live_until")
    sets = [] if free_at is None else [f"{live_until} = {e.value(free_at)}"]
    removes = [e.name("live_payment_id"), *([live_until] if free_at is None else [])]
    return update_action(
        table,
        phone_key(payment.phone_hmac),
        e,
        sets=sets,
        removes=removes,
        condition=f"{EXISTS} AND {is_mine}",
    )

"""M-Pesa's statement against the table, with the simulation's own invariants where they apply."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tests.simulation.invariants.ledger import bound_receipt, check_bound
from tests.simulation.invariants.transitions import check_consultation, check_state
from tests.simulation.invariants.view import FINAL_EVENT, MONEY, OPEN, Values, View, ViolationError

type Debits = dict[str, dict[str, Any]]
# M-Pesa's debits by receipt, as the simulator's ledger lists them.


def compare(view: View, debits: Debits) -> list[str]:
    """Every difference between the statement and the table, and every state that must not be."""
    return [*_states(view), *_payments(view, debits), *_debits(view, debits)]


def _states(view: View) -> Iterator[str]:
    checks: list[Callable[[], None]] = [partial(check_bound, view)]
    checks += [partial(check_state, view, each) for each in view.payments.values()]
    checks += [
        partial(check_consultation, view, booking, each)
        for booking, each in view.consultations.items()
    ]
    for check in checks:
        try:
            check()
        except ViolationError as violation:
            yield str(violation)


def _payments(view: View, debits: Debits) -> Iterator[str]:
    """Each payment has ended, was told of, and has its money behind it."""
    by_checkout = {each["checkout_request_id"]: each for each in debits.values()}
    confirming: set[str] = set()
    for payment_id, payment in view.payments.items():
        status = payment["status"]
        if status in OPEN:
            yield f"I5: {payment_id}: still {status} at the end"
            continue
        if FINAL_EVENT[status] not in {each["type"] for each in view.events.get(payment_id, ())}:
            yield f"I7: {payment_id}: {status} without its event"
        if status not in MONEY:
            continue
        debit = debits.get(bound_receipt(payment) or "") or by_checkout.get(
            payment.get("checkout_request_id", "none")
        )
        if debit is None:
            yield f"I2: {payment_id}: {status}, but no money moved"
        elif status == "completed":
            yield from _completed(payment_id, payment, debit, confirming)


def _completed(
    payment_id: str, payment: Values, debit: dict[str, Any], confirming: set[str]
) -> Iterator[str]:
    if debit["amount"] != payment["amount_kes"]:
        yield f"I3: {payment_id}: completed with KES {debit['amount']}"
    if debit["receipt"] in confirming:
        yield f"I16: {debit['receipt']}: confirms two bookings"
    confirming.add(debit["receipt"])


def _debits(view: View, debits: Debits) -> Iterator[str]:
    """Each shilling is on a row, on a payment, or before a person."""
    paid = {
        payment.get("checkout_request_id"): payment_id
        for payment_id, payment in view.payments.items()
        if payment["status"] in MONEY or view.attention_was_raised(payment_id)
    }
    for receipt, debit in debits.items():
        if receipt not in view.rows and debit["checkout_request_id"] not in paid:
            yield f"I2: {receipt}: KES {debit['amount']} moved, and nobody knows"
    for receipt in view.receipts:
        if receipt not in debits:
            yield f"I18: {receipt}: bound, and no such money moved"

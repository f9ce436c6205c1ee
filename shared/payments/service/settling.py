"""Decide, write, re-read: the one loop through which every piece of evidence reaches a payment."""

from payments.decisions import LookAround, decide
from payments.errors import StoreUnavailableError
from payments.evidence import (
    CallbackResult,
    Evidence,
    ReceiptFound,
    ReviewResolved,
    Surroundings,
    usual_surroundings,
)
from payments.payment import Payment
from payments.policy import DECISIONS_MAX
from payments.ports import Trace
from payments.service.parts import Parts


def settle(
    parts: Parts,
    payment: Payment,
    evidence: Evidence,
    *,
    trace: Trace,
    body: str | None = None,
    known_at: int | None = None,
) -> Payment:
    """Apply evidence once and return the payment as it now stands.

    Units: `known_at` in UTC epoch seconds, for evidence that may not ripen: however long this
        Lambda is frozen, and however often it decides again, it is weighed as of that moment.
    Errors: StoreUnavailableError where the store refuses, or after eight lost rounds.
    Idempotent: the same evidence again changes nothing.
    """
    around = usual_surroundings(payment, parts.now() if known_at is None else known_at)
    for _ in range(DECISIONS_MAX):
        now = parts.now() if known_at is None else known_at
        decision = decide(payment, evidence, around, now=now, policy=parts.policy)
        if isinstance(decision, LookAround):
            around = _look_around(parts, payment, evidence)
            decision = decide(payment, evidence, around, now=now, policy=parts.policy)
        if decision is None or isinstance(decision, LookAround):
            return payment
        if parts.store.apply(decision, op_id=parts.ids.hex(32), trace=trace, body=body):
            parts.observer.changed(decision, trace)
            return decision.after
        payment = _read_again(parts, payment)
        around = _look_around(parts, payment, evidence)
    raise StoreUnavailableError("contended")


def _read_again(parts: Parts, payment: Payment) -> Payment:
    stored = parts.store.get_payment(payment.payment_id)
    if stored is None:
        raise StoreUnavailableError("a payment disappeared")
    return stored


def _look_around(parts: Parts, payment: Payment, evidence: Evidence) -> Surroundings:
    return parts.store.get_surroundings(payment, _receipt_in(evidence, payment))


def _receipt_in(evidence: Evidence, payment: Payment) -> str | None:
    """Return the receipt the evidence would bind."""
    match evidence:
        case CallbackResult(facts=facts):
            return facts.receipt_number
        case ReceiptFound(receipt_number=receipt_number):
            return receipt_number
        case ReviewResolved(receipt_number=receipt_number):
            return payment.receipt_number or receipt_number
        case _:
            return payment.hint.facts.receipt_number if payment.hint else None

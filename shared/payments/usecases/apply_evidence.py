"""Decide, write, re-read: the one loop through which every piece of evidence reaches a payment."""

from dataclasses import dataclass

from payments.errors import ConflictError, StoreUnavailableError
from payments.ports import Actor
from payments.protocol.change import Change, NeedsContext
from payments.protocol.decide import decide
from payments.protocol.evidence import (
    CallbackResult,
    Context,
    Evidence,
    HintedMoneyTaken,
    MoneyAttached,
    MoneySeen,
    ReceiptFound,
    ReviewResolved,
    usual_context,
)
from payments.protocol.payment import Payment
from payments.protocol.policy import DECISIONS_MAX
from payments.usecases.services import Services

CHANGED = "changed_meanwhile"
"""The code of the error that says: this is no longer what you were shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The payment as it is stored, and what was written; None where nothing was."""

    payment: Payment
    change: Change | None = None


def apply_evidence(
    services: Services,
    payment: Payment,
    evidence: Evidence,
    *,
    actor: Actor,
    body: str | None = None,
    known_at: int | None = None,
    only_version: int | None = None,
) -> Payment:
    """Apply evidence once and return the payment as it is then stored.

    As `settle_evidence`, which also says what was written.
    """
    settled = settle_evidence(
        services,
        payment,
        evidence,
        actor=actor,
        body=body,
        known_at=known_at,
        only_version=only_version,
    )
    return settled.payment


def settle_evidence(
    services: Services,
    payment: Payment,
    evidence: Evidence,
    *,
    actor: Actor,
    body: str | None = None,
    known_at: int | None = None,
    only_version: int | None = None,
) -> Settled:
    """Apply evidence once: decide, write, and read again where somebody else wrote first.

    `only_version` is the version that a person was shown: at any other nothing is written.

    Units: `known_at` in UTC epoch seconds: the evidence is judged as of that moment, so that
        retries or a frozen Lambda cannot make an early "paid" count.
    Errors: StoreUnavailableError where the store refuses, or after eight lost rounds;
        ConflictError where an operator's decision is not possible, code `changed_meanwhile`
        where the payment is at another version.
    Idempotent: the same evidence again changes nothing.
    """
    context = usual_context(payment, services.now() if known_at is None else known_at)
    for _ in range(DECISIONS_MAX):
        if only_version is not None and payment.version != only_version:
            raise ConflictError(
                "The payment has changed since it was shown: look at it again", code=CHANGED
            )
        now = services.now() if known_at is None else known_at
        decision = decide(payment, evidence, context, now=now, policy=services.policy)
        if isinstance(decision, NeedsContext):
            context = _load_context(services, payment, evidence)
            decision = decide(payment, evidence, context, now=now, policy=services.policy)
        if decision is None or isinstance(decision, NeedsContext):
            return Settled(payment=payment)
        if services.store.apply(decision, op_id=services.ids.hex(32), actor=actor, body=body):
            services.observer.changed(decision, actor)
            return Settled(payment=decision.after, change=decision)
        payment = _read_again(services, payment)
        context = _load_context(services, payment, evidence)
    raise StoreUnavailableError("contended")


def preview_evidence(services: Services, payment: Payment, evidence: Evidence) -> Payment:
    """Return what the payment would become, and write nothing.

    Errors: ConflictError with a sentence that says why it cannot be.
    """
    context = _load_context(services, payment, evidence)
    decision = decide(payment, evidence, context, now=services.now(), policy=services.policy)
    return decision.after if isinstance(decision, Change) else payment


def _read_again(services: Services, payment: Payment) -> Payment:
    stored = services.store.get_payment(payment.payment_id)
    if stored is None:
        raise StoreUnavailableError("a payment disappeared")
    return stored


def _load_context(services: Services, payment: Payment, evidence: Evidence) -> Context:
    return services.store.load_context(payment, _receipt_in(evidence, payment))


def _receipt_in(evidence: Evidence, payment: Payment) -> str | None:
    """Return the receipt the evidence would bind."""
    match evidence:
        case CallbackResult(result=result):
            return result.receipt_number
        case ReceiptFound(receipt_number=receipt_number):
            return receipt_number
        case MoneySeen(receipt_number=receipt_number):
            return receipt_number
        case HintedMoneyTaken(receipt_number=receipt_number):
            return receipt_number
        case MoneyAttached(money=money):
            return money.receipt_number
        case ReviewResolved(receipt_number=receipt_number):
            return payment.bound_receipt or receipt_number
        case _:
            return payment.hint.result.receipt_number if payment.hint else None

"""Decide, write, re-read for refunds: beside apply_evidence, with the refund gate as context."""

from payments.errors import ConflictError, NotFoundError, StoreUnavailableError
from payments.ports import Actor
from payments.protocol.payment import Payment
from payments.protocol.policy import DECISIONS_MAX
from payments.protocol.refund import decide_refund
from payments.protocol.refund_evidence import RefundEvidence
from payments.usecases.apply_evidence import CHANGED
from payments.usecases.prompts_money import tell_before_return
from payments.usecases.services import Services


def apply_refund(
    services: Services,
    payment: Payment,
    evidence: RefundEvidence,
    *,
    actor: Actor,
    only_version: int | None = None,
) -> Payment:
    """Apply evidence about a refund once and return the payment as it is then stored.

    `only_version` is the version that a person was shown: at any other nothing is written.

    Errors: StoreUnavailableError where the store refuses, or after eight lost rounds;
        ConflictError where a person's act is not possible.
    Idempotent: the same evidence again changes nothing, or refuses a person's act.
    """
    for _ in range(DECISIONS_MAX):
        if only_version is not None and payment.version != only_version:
            raise ConflictError(
                "The payment has changed since it was shown: look at it again", code=CHANGED
            )
        decision = decide_refund(
            payment,
            evidence,
            services.refunds().gates.read(),
            now=services.now(),
            policy=services.policy,
        )
        if decision is None:
            return payment
        # Only the first step of a refund tells: the later ones would say it again.
        if payment.refund is None:
            tell_before_return(services, payment, actor=actor)
        if services.store.apply(decision, op_id=services.ids.hex(32), actor=actor):
            services.observer.changed(decision, actor)
            return decision.after
        payment = read_payment(services, payment.payment_id)
    raise StoreUnavailableError("contended")


def require_possible(services: Services, payment: Payment, evidence: RefundEvidence) -> None:
    """Write nothing, and refuse what would be refused. Errors: ConflictError."""
    gate = services.refunds().gates.read()
    decide_refund(payment, evidence, gate, now=services.now(), policy=services.policy)


def read_payment(services: Services, payment_id: str) -> Payment:
    """Read a payment strongly. Errors: NotFoundError."""
    payment = services.store.get_payment(payment_id)
    if payment is None:
        raise NotFoundError("Payment not found", code="payment_not_found")
    return payment

"""A scheduled look at a sent refund: cleanup takes it, and has M-Pesa asked about the receipt."""

from payments.ports import Actor
from payments.protocol.payment import Payment
from payments.protocol.refund_evidence import RefundLook
from payments.protocol.sent_refund import is_sent
from payments.usecases.apply_refund import apply_refund
from payments.usecases.services import Services


def look_at_refund(services: Services, payment: Payment, *, actor: Actor) -> Payment:
    """Take the look that is due and ask M-Pesa; after a day a person must look too.

    M-Pesa is not asked while refunds are stopped: a wrong credential would be locked.
    Idempotent: a look that another run took is not asked again.
    """
    after = apply_refund(services, payment, RefundLook(), actor=actor)
    is_taken = after.version > payment.version and is_sent(after)
    if is_taken and services.refunds().gates.read().stopped is None:
        services.observer.counted("RefundAsked")
        services.refunds().function.ask_status(payment.payment_id)
    return after

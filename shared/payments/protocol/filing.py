"""Which callback bodies are filed for a person: each once, at most ten a payment."""

from dataclasses import replace

from payments.protocol.change import Change, Decision, events_for
from payments.protocol.payment import Payment
from payments.protocol.policy import EVIDENCE_MAX

HEAD_CHARACTERS = 6
"""Of a digest; the payment remembers so much of each body that is filed."""


def is_filed(payment: Payment, digest: str) -> bool:
    """Whether this very body is on file."""
    return digest[:HEAD_CHARACTERS] in payment.evidence_heads


def is_full(payment: Payment) -> bool:
    """Whether no further body is filed."""
    return len(payment.evidence_heads) >= EVIDENCE_MAX


def filed_heads(payment: Payment, digest: str) -> tuple[str, ...]:
    """Return the heads with this body's, unless it is there or there is no room."""
    heads = payment.evidence_heads
    if not digest or is_filed(payment, digest) or is_full(payment):
        return heads
    return (*heads, digest[:HEAD_CHARACTERS])


def odd_callback(
    payment: Payment, digest: str, *, now: int, attention: str | None = None
) -> Decision:
    """Keep what cannot be used, each body once, and bring an open payment's look forward.

    `attention` says why a person must look at it; without a reason it is only filed, but where
    there is no more room, that is the reason.
    """
    if is_filed(payment, digest) and (attention is None or payment.attention is not None):
        return None
    reason = attention or ("evidence_overflow" if is_full(payment) else None)
    can_ask = payment.is_open and payment.checkout_id_to_ask is not None
    after = replace(
        payment,
        attention=payment.attention or reason,
        evidence_heads=filed_heads(payment, digest),
        due_at=now if can_ask and not is_full(payment) else payment.due_at,
    )
    if after == payment:
        return None
    return Change(
        before=payment,
        after=replace(after, version=payment.version + 1),
        events=events_for(payment, after),
        evidence_digest=digest if is_filed(after, digest) else None,
    )

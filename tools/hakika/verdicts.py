"""The verdicts of `hakika review resolve`, and which of them a payment would take now."""

from payments.errors import ConflictError
from payments.protocol.evidence import Resolution, ReviewResolved
from payments.protocol.payment import Payment, PaymentStatus
from payments.usecases.apply_evidence import preview_evidence

from tools.hakika.session import Session

VERDICTS = {
    "complete": Resolution.COMPLETE,
    "refund-due": Resolution.REFUND_DUE,
    "bogus": Resolution.BOGUS,
}
NEEDS_RECEIPT = "receipt_needed"
"""The code of a refusal that receipt and amount, typed as options, would lift."""


def review_steps(session: Session, payment: Payment) -> list[str]:
    """Return how a person ends the review: verdicts that would not be refused, or why none is.

    Empty unless the payment is in review.
    """
    if payment.status is not PaymentStatus.REVIEW:
        return []
    refusals = {verdict: _refusal(session, payment, verdict) for verdict in VERDICTS}
    possible = [verdict for verdict, refusal in refusals.items() if refusal is None]
    if not possible:
        return list(dict.fromkeys(filter(None, refusals.values())))
    return [
        "A person decides. Look the money up on M-Pesa's statement, then one of:",
        *(f"hakika review resolve {payment.payment_id} {verdict}" for verdict in possible),
    ]


def _refusal(session: Session, payment: Payment, verdict: str) -> str | None:
    try:
        preview_evidence(session.parts, payment, ReviewResolved(resolution=VERDICTS[verdict]))
    except ConflictError as error:
        return None if error.code == NEEDS_RECEIPT else str(error)
    return None

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


def possible_verdicts(session: Session, payment: Payment) -> list[str]:
    """Return the verdicts that would not be refused; none unless the payment is in review."""
    if payment.status is not PaymentStatus.REVIEW:
        return []
    return [verdict for verdict in VERDICTS if _is_possible(session, payment, verdict)]


def _is_possible(session: Session, payment: Payment, verdict: str) -> bool:
    try:
        preview_evidence(session.parts, payment, ReviewResolved(resolution=VERDICTS[verdict]))
    except ConflictError as error:
        return error.code == NEEDS_RECEIPT
    return True

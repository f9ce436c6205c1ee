"""What an operator may do to a payment, through the same decisions and store as everything else."""

from payments.errors import NotFoundError
from payments.evidence import Operation
from payments.payment import Payment
from payments.ports import Trace
from payments.service.parts import Parts
from payments.service.settling import settle


def operate_on_payment(
    parts: Parts, payment_id: str, operation: Operation, *, who: str, why: str, request_id: str
) -> Payment:
    """Carry out an operator's decision; who and why are kept in its event.

    Errors: NotFoundError; ConflictError with a sentence that says why it cannot be.
    """
    payment = parts.store.get_payment(payment_id)
    if payment is None:
        raise NotFoundError("Payment not found", code="payment_not_found")
    trace = Trace(by=f"operator:{who}", request_id=request_id, reason=why)
    return settle(parts, payment, operation, trace=trace)

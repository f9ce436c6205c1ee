"""What an operator may do to a payment, through the same decisions and store as everything else."""

from collections.abc import Callable

from payments.errors import ConflictError, NotFoundError, ProviderUnavailableError
from payments.evidence import Operation
from payments.payment import Payment
from payments.ports import Trace
from payments.service.parts import Parts
from payments.service.reconciliation import ask_now
from payments.service.settling import settle


def operate_on_payment(
    parts: Parts, payment_id: str, operation: Operation, *, who: str, why: str, request_id: str
) -> Payment:
    """Carry out an operator's decision; who and why are kept in its event.

    Errors: NotFoundError; ConflictError with a sentence that says why it cannot be.
    """
    payment = _read(parts, payment_id)
    trace = Trace(by=f"operator:{who}", request_id=request_id, reason=why)
    return settle(parts, payment, operation, trace=trace)


def ask_about_payment(
    parts: Parts, payment_id: str, *, trace: Trace, remaining_seconds: Callable[[], float]
) -> Payment:
    """Ask Daraja about one payment now, whatever its schedule, and apply the answer.

    The shared gate is kept, and the answer counts only where it would have counted anyway.
    Errors: NotFoundError; ConflictError where there is nothing to ask; ProviderUnavailableError
        where Daraja gave no answer: then the payment is asked about again by itself.
    """
    payment = _read(parts, payment_id)
    if not payment.may_yet_be_paid and payment.hint is None:
        raise ConflictError(
            f"Daraja has nothing to add: the payment is {payment.status}", code="already_settled"
        )
    if payment.checkout_id_to_ask is None:
        raise ConflictError(
            "Daraja cannot be asked: this payment has no CheckoutRequestID. Look for its "
            f"reference {payment.account_reference} on M-Pesa's statement",
            code="no_checkout_request_id",
        )
    after = ask_now(parts, payment, trace=trace, remaining_seconds=remaining_seconds)
    if after is None:
        raise ProviderUnavailableError("no answer to the query")
    return after


def _read(parts: Parts, payment_id: str) -> Payment:
    payment = parts.store.get_payment(payment_id)
    if payment is None:
        raise NotFoundError("Payment not found", code="payment_not_found")
    return payment

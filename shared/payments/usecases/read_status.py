"""Reads a payment for its owner. Daraja is asked only when the payment is due."""

from dataclasses import dataclass

from payments.errors import NotFoundError, PaymentError
from payments.ports import Actor
from payments.protocol.payment import Payment
from payments.usecases.reconcile import reconcile
from payments.usecases.services import Services
from payments.values import PAYMENT_ID

NOBODYS_PAYMENT = "0" * 32


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentView:
    """A payment for its owner; `is_booking_paid` means that another payment completed."""

    payment: Payment
    is_booking_paid: bool


def get_payment(
    services: Services, identifier: str, *, client_id: str, actor: Actor
) -> PaymentView:
    """Return the caller's payment by payment_id or CheckoutRequestID.

    Errors: NotFoundError, also where it is another caller's; StoreUnavailableError.
    """
    payment = _find(services, identifier)
    if payment is None or payment.client_id != client_id:
        raise NotFoundError("Payment not found", code="payment_not_found")
    payment = _looked_at(services, payment, actor)
    return PaymentView(payment=payment, is_booking_paid=_is_booking_paid(services, payment))


def _find(services: Services, identifier: str) -> Payment | None:
    if PAYMENT_ID.match(identifier):
        return services.store.get_payment(identifier)
    found = services.store.find_by_checkout_id(identifier)
    # An unknown id is read too, so that absent and foreign payments take the same calls.
    return services.store.get_payment(found[0] if found else NOBODYS_PAYMENT)


def _looked_at(services: Services, payment: Payment, actor: Actor) -> Payment:
    """Recheck a due payment; if that fails, return the payment as read."""
    if payment.due_at is None or payment.due_at > services.now():
        return payment
    try:
        return reconcile(services, payment, actor=actor)
    except Exception as error:  # a poll must not fail because a recheck did
        cause = error.code if isinstance(error, PaymentError) else type(error).__name__
        services.observer.noted("look failed", payment_id=payment.payment_id, cause=cause)
        return payment


def _is_booking_paid(services: Services, payment: Payment) -> bool:
    """Whether another payment has paid for the booking; read only once a payment is slow."""
    is_slow = services.now() >= payment.created_at + services.policy.first_query_seconds
    if not payment.is_open or not is_slow:
        return False
    # It only chooses a sentence, and the next poll reads again.
    consultation = services.store.get_consultation(payment.booking_id, may_be_stale=True)
    return consultation is not None and consultation.paid_payment_id is not None

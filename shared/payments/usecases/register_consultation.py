"""Consultations: the booking system registers and reads what can be paid for."""

from payments.errors import ConflictError, NotFoundError, StoreUnavailableError
from payments.ports import Actor
from payments.protocol.consultation import BookingStatus, Consultation, ConsultationPaymentStatus
from payments.protocol.evidence import BookingCancelled
from payments.protocol.payment import PaymentStatus
from payments.protocol.policy import DECISIONS_MAX
from payments.usecases.apply_evidence import CHANGED, apply_evidence
from payments.usecases.services import Services


def register_consultation(
    services: Services,
    *,
    booking_id: str,
    client_id: str,
    price_kes: int,
    status: BookingStatus,
    actor: Actor,
    shown_version: int | None = None,
) -> Consultation:
    """Set client, price and status, as far as payments allow (docs/protocol.md, section 4.11).

    At another version than the `shown_version` that a person saw (0: none), nothing is written.
    Errors: ConflictError where price or client may not change, code `changed_meanwhile` where the
        consultation has moved on; StoreUnavailableError.
    Idempotent: the same call again changes nothing; Confirmed and Paid are never set or undone
        by it, but cancelling a Confirmed consultation owes its payment back in the same write.
    """
    new = Consultation(
        booking_id=booking_id, client_id=client_id, price_kes=price_kes, status=status
    )
    for _ in range(DECISIONS_MAX):
        before = services.store.get_consultation(booking_id)
        is_same = before is not None and _terms(before) == _terms(new)
        _require_as_shown(before, None if is_same else shown_version)
        if before is None:
            if services.store.create_consultation(new):
                return new
            continue
        require_changeable(services, before, client_id, price_kes)
        if before.status is BookingStatus.CONFIRMED and status is BookingStatus.PENDING:
            return before
        if before.status is BookingStatus.CONFIRMED:
            _cancel_confirmed(services, before, actor)
            continue
        if is_same or services.store.revise_consultation(
            before, client_id=client_id, price_kes=price_kes, status=status
        ):
            return services.store.get_consultation(booking_id) or before
    raise StoreUnavailableError("contended")


def _terms(consultation: Consultation) -> tuple[str, int, BookingStatus]:
    return consultation.client_id, consultation.price_kes, consultation.status


def _require_as_shown(before: Consultation | None, shown_version: int | None) -> None:
    """Refuse to write over what a person was not shown. Errors: ConflictError."""
    if shown_version not in (None, before.version if before else 0):
        raise ConflictError(
            "The consultation has changed since it was shown: look at it again", code=CHANGED
        )


def require_changeable(
    services: Services, before: Consultation, client_id: str, price_kes: int
) -> None:
    """Refuse a change of price or client while money may still arrive, or has arrived.

    Errors: ConflictError.
    """
    if (before.client_id, before.price_kes) == (client_id, price_kes):
        return
    if before.payment_status is ConsultationPaymentStatus.PAID:
        raise ConflictError("This consultation has already been paid for", code="already_paid")
    if before.active_payment_id is not None or before.is_locked(services.now()):
        raise ConflictError(
            "Price and client cannot change while a payment is in progress",
            code="payment_in_progress",
        )


def _cancel_confirmed(services: Services, before: Consultation, actor: Actor) -> None:
    """Make the payment refund_due and cancel the consultation in one write."""
    payment = services.store.get_payment(before.paid_payment_id) if before.paid_payment_id else None
    if payment is None:
        raise StoreUnavailableError("a Confirmed consultation names no payment")
    if payment.status is not PaymentStatus.COMPLETED:
        return
    apply_evidence(services, payment, BookingCancelled(), actor=actor)


def get_consultation(
    services: Services, booking_id: str, *, client_id: str, may_read_all: bool
) -> Consultation:
    """Return a consultation to its client or to the booking system.

    Errors: NotFoundError, also where it is another client's.
    """
    consultation = services.store.get_consultation(booking_id)
    is_visible = consultation is not None and (may_read_all or consultation.client_id == client_id)
    if consultation is None or not is_visible:
        raise NotFoundError("Consultation not found", code="consultation_not_found")
    return consultation

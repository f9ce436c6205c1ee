"""Finding payments: by keys and indexes only, never by a Scan."""

from collections.abc import Iterable

from payments.protocol.payment import PUBLIC_STATUS, Payment, PaymentStatus
from payments.values import CHECKOUT_REQUEST_ID, PAYMENT_ID, normalise_phone

from tools.hakika.arguments import days_between, parse_receipt, reference_tail
from tools.hakika.errors import RefusedError, UsageError
from tools.hakika.session import Session

UNSETTLED = frozenset({PaymentStatus.REVIEW, PaymentStatus.REFUND_DUE})
"""What waits for a person, besides attention."""


def locate(session: Session, text: str) -> Payment:
    """Return the payment that a payment id, a CheckoutRequestID or a receipt names.

    Errors: UsageError, RefusedError.
    """
    wanted = text.strip()
    found: list[Payment]
    if PAYMENT_ID.match(wanted.lower()):
        found = _read(session, [wanted.lower()])
    elif wanted.startswith("ws_CO_"):
        found = by_checkout_id(session, wanted)
    elif wanted.isalnum() and 8 <= len(wanted) <= 16:
        found = by_receipt(session, wanted)
    elif CHECKOUT_REQUEST_ID.match(wanted):
        found = by_checkout_id(session, wanted)
    else:
        raise UsageError(
            f"{text!r} names no payment: give its payment_id (32 hex digits), its "
            "CheckoutRequestID or its receipt; or search with: hakika payment find --help"
        )
    if not found:
        raise RefusedError(
            f"No payment {wanted} in {session.deployment.name}. Search by booking, phone or "
            "reference: hakika payment find --help"
        )
    return found[0]


def by_receipt(session: Session, receipt: str) -> list[Payment]:
    """Return the payment that owns a receipt."""
    owners = session.runtime.history.get_receipt_owners([parse_receipt(receipt)])
    return _read(session, owners.values())


def by_checkout_id(session: Session, checkout_request_id: str) -> list[Payment]:
    """Return the payments that carry Daraja's id."""
    if not CHECKOUT_REQUEST_ID.match(checkout_request_id):
        raise UsageError(f"{checkout_request_id!r} is no CheckoutRequestID (ws_CO_...)")
    return _read(session, session.parts.store.find_by_checkout_id(checkout_request_id))


def by_booking(session: Session, booking_id: str, *, since: int) -> list[Payment]:
    """Return a consultation's payments: the active and the paid one, and others since then."""
    consultation = session.parts.store.get_consultation(booking_id)
    named = []
    if consultation is not None:
        named = [consultation.active_payment_id, consultation.paid_payment_id]
    recent = (each for each in created_since(session, since) if each.booking_id == booking_id)
    return _merged(_read(session, filter(None, named)), recent)


def by_phone(session: Session, phone: str, *, since: int) -> list[Payment]:
    """Return a phone's payments: the one that holds it now, and others since then."""
    msisdn = normalise_phone(phone)
    guard = session.runtime.history.get_phone_guard(session.parts.hash_phone(msisdn))
    live = [guard.live_payment_id] if guard and guard.live_payment_id else []
    recent = (each for each in created_since(session, since) if each.phone_number == msisdn)
    return _merged(_read(session, live), recent)


def by_reference(session: Session, reference: str, *, since: int) -> list[Payment]:
    """Return the payment with an account reference from a statement."""
    tail, id_prefix = reference_tail(reference)
    listed = session.runtime.history.list_created(days_between(since, session.now()))
    ids = [each.payment_id for each in listed if each.payment_id.startswith(id_prefix)]
    return [each for each in _read(session, ids) if each.account_reference.endswith(tail)]


def created_since(
    session: Session, since: int, *, public_statuses: Iterable[str] | None = None
) -> Iterable[Payment]:
    """Yield the payments created since then, read strongly."""
    wanted = None if public_statuses is None else frozenset(public_statuses)
    ids = (
        each.payment_id
        for each in session.runtime.history.list_created(days_between(since, session.now()))
        if each.created_at >= since and (wanted is None or each.public_status in wanted)
    )
    return session.runtime.history.get_payments(ids)


def list_payments(
    session: Session, *, since: int, status: str | None, needs_person: bool
) -> list[Payment]:
    """Return payments created since then, newest first; `status` is one of ours or a public word.

    Errors: UsageError.
    """
    if status is None:
        found = created_since(session, since)
    elif status in PaymentStatus:
        public = PUBLIC_STATUS[PaymentStatus(status)]
        candidates = created_since(session, since, public_statuses=[public])
        found = (each for each in candidates if each.status == status)
    else:
        words = ", ".join(each.value for each in PaymentStatus)
        raise UsageError(f"--status {status!r}: one of {words} is meant")
    if needs_person:
        found = (each for each in found if each.attention or each.status in UNSETTLED)
    return sorted(found, key=lambda payment: payment.created_at, reverse=True)


def _read(session: Session, payment_ids: Iterable[str]) -> list[Payment]:
    return list(session.runtime.history.get_payments(dict.fromkeys(payment_ids)))


def _merged(*groups: Iterable[Payment]) -> list[Payment]:
    found = {payment.payment_id: payment for group in groups for payment in group}
    return sorted(found.values(), key=lambda payment: payment.created_at, reverse=True)

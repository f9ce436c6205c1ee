"""Finding payments: by keys and indexes only, never by a Scan."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from payments.errors import InvalidRequestError
from payments.protocol.payment import PUBLIC_STATUS, Payment, PaymentStatus
from payments.protocol.policy import DAY_SECONDS
from payments.usecases.compare_statement import days_between
from payments.usecases.count_payments import DAYS_MAX
from payments.values import (
    CHECKOUT_REQUEST_ID,
    PAYMENT_ID,
    normalise_booking_id,
    normalise_phone,
)

from tools.hakika.arguments import parse_receipt, reference_tail
from tools.hakika.errors import RefusedError, UsageError
from tools.hakika.session import Session

_BEGINNING = re.compile(r"[0-9a-f]{6,31}\Z")
"""The first characters of a payment id, as lists show them."""
_RECEIPT_LENGTHS = range(8, 17)
UNSETTLED = frozenset({PaymentStatus.REVIEW, PaymentStatus.REFUND_DUE})
"""What waits for a person, besides attention."""


def locate(session: Session, text: str) -> Payment:
    """Return the payment that a payment id, its beginning, a CheckoutRequestID or a receipt names.

    Errors: UsageError; RefusedError where there is none, or more than one begins so.
    """
    wanted = text.strip()
    found: list[Payment]
    if PAYMENT_ID.match(wanted.lower()):
        found = _read(session, [wanted.lower()])
    elif wanted.startswith("ws_CO_"):
        found = by_checkout_id(session, wanted)
    elif wanted.isalnum() and len(wanted) in _RECEIPT_LENGTHS:
        found = by_receipt(session, wanted) or by_beginning(session, wanted)
    elif _BEGINNING.match(wanted.lower()):
        found = by_beginning(session, wanted)
    elif CHECKOUT_REQUEST_ID.match(wanted):
        found = by_checkout_id(session, wanted)
    else:
        raise UsageError(
            f"{text!r} names no payment: give its payment_id or the beginning of it (6 hex digits "
            "or more), its CheckoutRequestID or its receipt; or search: hakika payment find --help"
        )
    if not found:
        raise RefusedError(
            f"No payment {wanted} in {session.deployment.name}. Search by booking, phone or "
            "reference: hakika payment find --help"
        )
    if len(found) > 1:
        names = ", ".join(payment.payment_id for payment in found)
        raise RefusedError(f"{wanted} is not one payment: {names}")
    return found[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One thing that a text to search for may be; `column` is where a list shows it."""

    what: str
    column: str
    find: Callable[[Session, str, int], list[Payment]]


def search(session: Session, text: str, *, since: int) -> tuple[Reading | None, list[Payment]]:
    """Return what the text turned out to be, and its payments: whole keys first, then days."""
    for reading in READINGS:
        try:
            found = reading.find(session, text.strip(), since)
        except (UsageError, InvalidRequestError):
            continue  # it cannot be that
        if found:
            return reading, found
    return None, []


def by_id(session: Session, payment_id: str) -> list[Payment]:
    """Return the payment of a whole payment id."""
    wanted = payment_id.lower()
    return _read(session, [wanted]) if PAYMENT_ID.match(wanted) else []


def by_beginning(session: Session, text: str) -> list[Payment]:
    """Return the payments of the last days whose id begins so: one, unless it is too short."""
    start = text.lower()
    if not _BEGINNING.match(start):
        return []
    now = session.now()
    listed = session.runtime.history.list_created(
        reversed(days_between(now - (DAYS_MAX - 1) * DAY_SECONDS, now))
    )
    return _read(session, (each.payment_id for each in listed if each.payment_id.startswith(start)))


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
    return [each for each in _read(session, ids) if (each.account_reference or "").endswith(tail)]


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


READINGS = (
    Reading(what="payment id", column="", find=lambda s, text, _: by_id(s, text)),
    Reading(
        what="CheckoutRequestID",
        column="CheckoutRequestID",
        find=lambda s, text, _: by_checkout_id(s, text),
    ),
    Reading(what="receipt", column="Receipt", find=lambda s, text, _: by_receipt(s, text)),
    Reading(what="phone", column="Phone", find=lambda s, t, since: by_phone(s, t, since=since)),
    Reading(
        what="booking",
        column="Booking",
        find=lambda s, text, since: by_booking(s, normalise_booking_id(text), since=since),
    ),
    Reading(
        what="reference",
        column="Reference",
        find=lambda s, text, since: by_reference(s, text, since=since),
    ),
    Reading(what="beginning of a payment id", column="", find=lambda s, t, _: by_beginning(s, t)),
)
"""What one argument of `payment find` may be, in the order in which it is tried."""
READINGS_BY_COLUMN = {reading.column: reading for reading in READINGS if reading.column}


def _read(session: Session, payment_ids: Iterable[str]) -> list[Payment]:
    return list(session.runtime.history.get_payments(dict.fromkeys(payment_ids)))


def _merged(*groups: Iterable[Payment]) -> list[Payment]:
    found = {payment.payment_id: payment for group in groups for payment in group}
    return sorted(found.values(), key=lambda payment: payment.created_at, reverse=True)

"""Finds payments and receipts for the desk: by keys and indexes only, never by a Scan."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from payments.errors import ConflictError, InvalidRequestError
from payments.protocol.matching import normalise_reference
from payments.protocol.payment import Payment
from payments.protocol.receipts import ReceiptRow
from payments.usecases.services import Services
from payments.values import (
    BOOKING_ID,
    CHECKOUT_REQUEST_ID,
    PAYMENT_ID,
    normalise_phone,
    normalise_receipt,
    typed_kes,
)

DAY_READ_MAX = 5000
"""The most payments of one day that are looked through."""
FOUND_MAX = 50
PhonePayments = Callable[[str], Iterable[str]]
"""Returns the ids of the last payments of a phone, by its HMAC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a typed text turned out to be, and what has it; both empty where nothing has.

    `has_more`: others have it too, and are left out.
    """

    what: str
    payments: list[Payment]
    receipt: ReceiptRow | None = None
    has_more: bool = False


def find(services: Services, text: str, *, of_phone: PhonePayments) -> Found:
    """Return the first reading of the text that finds something.

    A text may be a payment id, a CheckoutRequestID, a receipt, a phone, a booking or a reference.
    Errors: StoreUnavailableError.
    """
    typed = text.strip()[:80]
    for reading in _READINGS:
        found = reading(services, typed, of_phone)
        if found is not None:
            return found
    return Found(what="nothing", payments=[])


def find_on_day(
    services: Services, text: str, day: str, *, read: Callable[[Iterable[str]], Iterable[Payment]]
) -> Found:
    """Return the payments created on an EAT day whose phone, booking, amount or client was typed.

    For what is older than a phone's last ten payments. `read` returns payments by their ids.
    Errors: StoreUnavailableError; ConflictError where the day has over 5,000 payments.
    """
    ids = [each.payment_id for each in islice(services.store.list_created([day]), DAY_READ_MAX + 1)]
    if len(ids) > DAY_READ_MAX:
        raise ConflictError("This day has too many payments to look through", code="day_too_large")
    wanted = _wanted(text.strip()[:80])
    found = sorted(filter(wanted, read(ids)), key=lambda payment: payment.created_at)
    return Found(what="day", payments=found[:FOUND_MAX], has_more=len(found) > FOUND_MAX)


def _wanted(typed: str) -> Callable[[Payment], bool]:
    """Return what a text asks of a payment: its phone, or its booking, client or amount."""
    try:
        phone = normalise_phone(typed)
    except InvalidRequestError:
        amount_kes = typed_kes(typed)
        return lambda payment: (
            typed in {payment.booking_id, payment.client_id}
            or (amount_kes is not None and amount_kes in _amounts(payment))
        )
    return lambda payment: payment.phone_number == phone


def _amounts(payment: Payment) -> set[int | None]:
    return {payment.amount_kes, payment.paid_amount_kes}


type Reading = Callable[[Services, str, PhonePayments], Found | None]


def _by_payment_id(services: Services, text: str, _: PhonePayments) -> Found | None:
    wanted = text.lower()
    return _found(services, "payment", [wanted]) if PAYMENT_ID.match(wanted) else None


def _by_checkout_id(services: Services, text: str, _: PhonePayments) -> Found | None:
    if not CHECKOUT_REQUEST_ID.match(text):
        return None
    return _found(services, "checkout_request_id", services.store.find_by_checkout_id(text))


def _by_receipt(services: Services, text: str, _: PhonePayments) -> Found | None:
    """A receipt on file, or one that only a hint has named."""
    number = normalise_receipt(text)
    if number is None:
        return None
    row = services.ledger.get_row(number)
    if row is None:
        payments = services.ledger.payments_ever_hinted(number)
        return Found(what="receipt", payments=payments) if payments else None
    payments = services.store.get_payments([row.payment_id]) if row.payment_id else []
    return Found(what="receipt", payments=payments, receipt=row)


def _by_phone(services: Services, text: str, of_phone: PhonePayments) -> Found | None:
    try:
        msisdn = normalise_phone(text)
    except InvalidRequestError:
        return None
    return _found(services, "phone", of_phone(services.hash_phone(msisdn)))


def _by_booking(services: Services, text: str, _: PhonePayments) -> Found | None:
    if not BOOKING_ID.match(text):
        return None
    consultation = services.store.get_consultation(text)
    if consultation is None:
        return None
    named = (consultation.active_payment_id, consultation.paid_payment_id)
    ids = [*consultation.payment_ids, *(each for each in named if each)]
    return _found(services, "booking", ids)


def _by_reference(services: Services, text: str, _: PhonePayments) -> Found | None:
    reference = normalise_reference(text)
    payments = services.ledger.payments_by_reference(reference) if reference else []
    return Found(what="reference", payments=payments) if payments else None


_READINGS: tuple[Reading, ...] = (
    _by_payment_id,
    _by_receipt,
    _by_phone,
    _by_booking,
    _by_reference,
    _by_checkout_id,
)


def _found(services: Services, what: str, payment_ids: Iterable[str]) -> Found | None:
    payments = services.store.get_payments(list(dict.fromkeys(payment_ids)))
    newest_first = sorted(payments, key=lambda payment: payment.created_at, reverse=True)
    return Found(what=what, payments=newest_first) if newest_first else None

"""Reads payments for the booking system: one, or those of a booking page by page."""

import re
from dataclasses import dataclass

from payments.errors import InvalidRequestError, NotFoundError
from payments.protocol.consultation import Consultation
from payments.protocol.payment import Payment
from payments.usecases.read_status import PaymentView
from payments.usecases.services import Services

PAGE_SIZE_MAX = 10
"""As many as a consultation lists, besides two of older versions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some of a booking's payments, newest first; `next_cursor` is None on the last page."""

    payments: list[PaymentView]
    next_cursor: str | None


def view_payment(services: Services, payment_id: str) -> PaymentView:
    """Return any payment as stored; nothing is asked of Daraja.

    Errors: NotFoundError, StoreUnavailableError.
    """
    payment = services.store.get_payment(payment_id)
    if payment is None:
        raise NotFoundError("Payment not found", code="payment_not_found")
    consultation = services.store.get_consultation(payment.booking_id) if payment.is_open else None
    return _view(payment, consultation)


def list_payments(
    services: Services, booking_id: str, *, limit: str | None, cursor: str | None
) -> Page:
    """Return a page of the last payments of a booking, by its own list.

    `cursor` is the last payment of the page before, so new payments move no page.
    Errors: InvalidRequestError, NotFoundError where the consultation is not known,
        StoreUnavailableError.
    """
    size = _page_size(limit)
    consultation = services.store.get_consultation(booking_id)
    if consultation is None:
        raise NotFoundError("Consultation not found", code="consultation_not_found")
    waiting = _after(_newest_first(consultation), cursor)
    payments = services.store.get_payments(waiting[:size])
    return Page(
        payments=[_view(payment, consultation) for payment in payments],
        next_cursor=waiting[size - 1] if len(waiting) > size else None,
    )


def _newest_first(consultation: Consultation) -> list[str]:
    """Name its payments; one from before there was a list is named by the consultation itself."""
    named = (consultation.active_payment_id, consultation.paid_payment_id)
    older = [each for each in named if each and each not in consultation.payment_ids]
    return [*reversed(consultation.payment_ids), *dict.fromkeys(older)]


def _after(payment_ids: list[str], cursor: str | None) -> list[str]:
    if cursor is None:
        return payment_ids
    if cursor not in payment_ids:
        raise InvalidRequestError(
            "cursor is no payment that the booking lists", code="invalid_cursor"
        )
    return payment_ids[payment_ids.index(cursor) + 1 :]


def _page_size(limit: str | None) -> int:
    if limit is None:
        return PAGE_SIZE_MAX
    if not re.fullmatch(r"[0-9]{1,2}", limit, re.ASCII) or not 1 <= int(limit) <= PAGE_SIZE_MAX:
        raise InvalidRequestError(
            f"limit must be a whole number from 1 to {PAGE_SIZE_MAX}", code="invalid_limit"
        )
    return int(limit)


def _view(payment: Payment, consultation: Consultation | None) -> PaymentView:
    paid_by = consultation.paid_payment_id if consultation else None
    is_paid_by_another = paid_by not in (None, payment.payment_id)
    return PaymentView(payment=payment, is_booking_paid=payment.is_open and is_paid_by_another)

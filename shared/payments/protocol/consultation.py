"""A consultation: what is paid for, and when it can be."""

from dataclasses import dataclass
from enum import StrEnum


class BookingStatus(StrEnum):
    """The booking system's word; Confirmed only ever follows a completed payment."""

    PENDING = "Pending"
    CONFIRMED = "Confirmed"
    CANCELLED = "Cancelled"


class ConsultationPaymentStatus(StrEnum):
    """Whether the consultation is paid."""

    UNPAID = "Unpaid"
    PENDING = "Pending"
    PAID = "Paid"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consultation:
    """One consultation as stored.

    Shape: `payment_ids` are its last ten payments, newest last.
    Units: KES; `lock_until` in UTC epoch seconds: until then no new payment may be reserved.
    """

    booking_id: str
    client_id: str
    price_kes: int
    status: BookingStatus = BookingStatus.PENDING
    payment_status: ConsultationPaymentStatus = ConsultationPaymentStatus.UNPAID
    active_payment_id: str | None = None
    paid_payment_id: str | None = None
    lock_until: int | None = None
    version: int = 1
    payment_ids: tuple[str, ...] = ()

    @property
    def is_payable(self) -> bool:
        """Whether money that arrives for it can confirm it."""
        return (
            self.status is BookingStatus.PENDING
            and self.payment_status is not ConsultationPaymentStatus.PAID
        )

    def is_locked(self, now: int) -> bool:
        """Whether a payment may still be going on."""
        return self.lock_until is not None and now < self.lock_until

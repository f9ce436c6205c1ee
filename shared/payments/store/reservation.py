"""The answer to a reservation: ours, or the items whose conditions failed."""

from dataclasses import dataclass

from payments.protocol.consultation import Consultation
from payments.protocol.payment import Payment
from payments.store.items import (
    USER_SLOTS,
    PhoneGuard,
    prompt_times,
    to_consultation,
    to_payment,
    to_phone_guard,
)
from payments.store.table import ConditionFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """The reservation is ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotReserved:
    """The stored items whose conditions failed; None for the others."""

    payment: Payment | None = None
    consultation_objects: bool = False
    consultation: Consultation | None = None
    phone_guard: PhoneGuard | None = None
    user_prompted_at: tuple[int, ...] | None = None


def read_refusal(outcome: ConditionFailed, payment: Payment) -> Reserved | NotReserved:
    """Read the items whose conditions failed."""
    existing, consultation, phone, user = outcome.stored
    stored_payment = to_payment(existing) if existing else None
    if stored_payment is not None and stored_payment.reserved_by == payment.reserved_by:
        return Reserved()
    _, consultation_objects, phone_objects, user_objects = outcome.objected
    guard: PhoneGuard | None = to_phone_guard(phone or {}) if phone_objects else None
    return NotReserved(
        payment=stored_payment,
        consultation_objects=consultation_objects,
        consultation=to_consultation(consultation) if consultation else None,
        phone_guard=guard,
        user_prompted_at=prompt_times(user or {}, USER_SLOTS) if user_objects else None,
    )

"""Counts a day's money by the hour: received, given back, not paid, and waiting for a payment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from payments.protocol.payment import PUBLIC_STATUS, PaymentStatus
from payments.store.history import PaymentHistory
from payments.usecases.count_payments import Tally
from payments.usecases.services import Services
from payments.values import EAT

ENDED_UNPAID = frozenset(
    {PUBLIC_STATUS[PaymentStatus.FAILED], PUBLIC_STATUS[PaymentStatus.CANCELLED]}
)
GIVEN_BACK = PUBLIC_STATUS[PaymentStatus.REFUNDED]


class Kind(StrEnum):
    """What became of money, or of a wish to pay."""

    RECEIVED = "received"
    REFUNDED = "refunded"
    FAILED = "failed"
    UNCLAIMED = "unclaimed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Tallies by EAT day and hour; hours in which nothing happened are left out."""

    days: Mapping[str, dict[int, dict[Kind, Tally]]] = field(default_factory=dict)

    def add(self, kind: Kind, at: int, amount_kes: int) -> None:
        """Count one, where its day was asked for. Units: UTC epoch seconds; KES."""
        moment = datetime.fromtimestamp(at, EAT)
        hours = self.days.get(moment.strftime("%Y-%m-%d"))
        if hours is not None:
            tallies = hours.setdefault(moment.hour, {each: Tally() for each in Kind})
            tallies[kind].add(amount_kes)


def count_hours(services: Services, history: PaymentHistory, days: Iterable[str]) -> Hours:
    """Return what happened on these EAT days, hour by hour.

    `received` counts money by the moment of its first proof, also where it was given back later;
    `refunded` is how much of it was given back since; `failed` counts prompts that ended unpaid, by
    the moment of the prompt; `unclaimed` counts money that waits now, by M-Pesa's time.
    Errors: StoreUnavailableError.
    """
    wanted = list(days)
    hours = Hours(days={day: {} for day in wanted})
    paid, perhaps_back = set(), []
    for money in services.store.list_received(wanted):
        paid.add(money.payment_id)
        hours.add(Kind.RECEIVED, money.received_at, money.amount_kes)
        if money.public_status == GIVEN_BACK:
            perhaps_back.append(money)
    returned = {
        payment.payment_id
        for payment in history.get_payments(money.payment_id for money in perhaps_back)
        if payment.status is PaymentStatus.REFUNDED
    }
    for money in perhaps_back:
        if money.payment_id in returned:
            hours.add(Kind.REFUNDED, money.received_at, money.amount_kes)
    for each in services.store.list_created(wanted):
        if each.public_status in ENDED_UNPAID and each.payment_id not in paid:
            hours.add(Kind.FAILED, each.created_at, each.amount_kes)
    for row in services.ledger.waiting_rows():
        seen_at = row.paid_at or row.created_at
        if seen_at is not None:
            hours.add(Kind.UNCLAIMED, seen_at, row.amount_kes or 0)
    return hours

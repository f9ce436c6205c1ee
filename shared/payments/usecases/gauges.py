"""Gauges of payments and receipts that wait: an alarm on a gauge lasts as long as its cause."""

from collections import Counter

from payments.ports import Observer
from payments.protocol.payment import PaymentStatus
from payments.protocol.policy import DAY_SECONDS
from payments.protocol.refund_evidence import RefundGate
from payments.store.backlog import Backlog

LONG_OPEN_SECONDS = 300
ASKED_WITHIN_SECONDS = 3600
"""Daraja is asked at least hourly about a payment with an id. One without an id is due in two
days, and the alarm about unknown outcomes has already rung for it."""


LONG_UNCLAIMED_SECONDS = 900
"""Until then a later look may still find where a receipt belongs."""


def measure_gauges(backlog: Backlog, gate: RefundGate, observer: Observer, *, now: int) -> None:
    """Send every gauge, 0 included. Errors: StoreUnavailableError.

    A deployment without an initiator has a password of 0 days.
    """
    password_age = now - (now if gate.credential_at is None else gate.credential_at)
    observer.counted("RefundsStopped", int(gate.stopped is not None))
    observer.counted("InitiatorPasswordDays", password_age // DAY_SECONDS)
    entries = list(backlog.open_entries())
    ages = [now - entry.created_at for entry in entries]
    long_open = [
        entry
        for entry in entries
        if now - entry.created_at >= LONG_OPEN_SECONDS
        and entry.due_at <= now + ASKED_WITHIN_SECONDS
    ]
    observer.counted("OpenPayments", len(entries))
    observer.counted("OpenOverFiveMinutes", len(long_open))
    observer.counted("OldestOpenAge", max(ages, default=0), unit="Seconds")
    statuses, seen_at = backlog.needing_person()
    waiting = [now - moment for moment in seen_at]
    observer.counted("UnclaimedReceipts", len(waiting))
    long_unclaimed = sum(age >= LONG_UNCLAIMED_SECONDS for age in waiting)
    observer.counted("UnclaimedOverQuarterHour", long_unclaimed)
    observer.counted("OldestUnclaimedAge", max(waiting, default=0), unit="Seconds")
    needing = Counter(statuses)
    review = needing.pop(PaymentStatus.REVIEW, 0)
    refund_due = needing.pop(PaymentStatus.REFUND_DUE, 0)
    observer.counted("ReviewOpen", review)
    observer.counted("RefundDueOpen", refund_due)
    observer.counted("AttentionOpen", needing.total())

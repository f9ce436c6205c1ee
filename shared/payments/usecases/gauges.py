"""What stands open or waits for a person: gauges, so that an alarm lasts as long as its cause."""

from collections import Counter

from payments.ports import Observer
from payments.protocol.payment import PaymentStatus
from payments.store.backlog import Backlog

LONG_OPEN_SECONDS = 300
ASKED_WITHIN_SECONDS = 3600
"""Daraja is asked every hour at least about a payment that it knows. One without an id has its
next look two days away, and the alarm about unknown outcomes has spoken of it."""


def measure_gauges(backlog: Backlog, observer: Observer, *, now: int) -> None:
    """Measure what stands at this moment, 0 included. Errors: StoreUnavailableError."""
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
    needing = Counter(backlog.statuses_needing_person())
    review = needing.pop(PaymentStatus.REVIEW, 0)
    refund_due = needing.pop(PaymentStatus.REFUND_DUE, 0)
    observer.counted("ReviewOpen", review)
    observer.counted("RefundDueOpen", refund_due)
    observer.counted("AttentionOpen", needing.total())

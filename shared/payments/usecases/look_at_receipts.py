"""Looks again at receipts that wait: the index lagged, or a booking or rival came later."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from payments.errors import PaymentError
from payments.ports import Actor
from payments.protocol.receipts import ReceiptRow, RowState, next_look_at
from payments.protocol.witness import seen_again
from payments.usecases.record_money import MoneyOutcome, settle_money
from payments.usecases.services import Services

STOP_WITH_SECONDS_LEFT = 20
"""One look and its write take a second or two."""
SETTLED = frozenset({MoneyOutcome.BOUND, MoneyOutcome.SET_ASIDE})


@dataclass(frozen=True, slots=True, kw_only=True)
class LookReport:
    """The counts of one run."""

    looked_at: int = 0
    changed: int = 0
    poisoned: int = 0


def look_at_due_receipts(
    services: Services, *, remaining_seconds: Callable[[], float], actor: Actor
) -> LookReport:
    """Run the ladder again over every unclaimed row that is due, until time runs short.

    A row that raises is counted and left for the next run; the rest continue.
    Idempotent: overlapping or repeated runs find the row bound, or its look moved.
    """
    report = LookReport()
    for receipt_number in services.ledger.due_receipts(services.now()):
        if remaining_seconds() < STOP_WITH_SECONDS_LEFT:
            break
        try:
            report = _look(services, receipt_number, report, actor)
        except Exception as error:
            cause = error.code if isinstance(error, PaymentError) else type(error).__name__
            services.observer.noted("receipt skipped", receipt=receipt_number, cause=cause)
            report = replace(report, poisoned=report.poisoned + 1)
    return report


def _look(services: Services, receipt_number: str, report: LookReport, actor: Actor) -> LookReport:
    row = services.ledger.get_row(receipt_number)
    if row is None or not _is_due(row, services.now()):
        return report
    outcome = settle_money(services, seen_again(row), row, actor=actor, is_look=True)
    if outcome is not None and outcome not in SETTLED:
        services.ledger.postpone(row, next_look_at(row, services.now()))
    return replace(
        report, looked_at=report.looked_at + 1, changed=report.changed + (outcome in SETTLED)
    )


def _is_due(row: ReceiptRow, now: int) -> bool:
    is_unclaimed = row.state is RowState.UNCLAIMED
    return is_unclaimed and row.due_at is not None and row.due_at <= now

"""Compares M-Pesa's organisation statement with the table; changes nothing."""

from collections.abc import Sequence
from datetime import date, timedelta

from payments.errors import InvalidRequestError
from payments.protocol.payment import Payment, PaymentStatus
from payments.protocol.policy import DAY_SECONDS
from payments.protocol.statement_lines import Statement
from payments.protocol.statement_match import Match, match_statement
from payments.store.history import PaymentHistory
from payments.usecases.upgrade_payments import first_proof_at
from payments.values import eat_day

DAYS_SPANNED_MAX = 92
WITH_MONEY = frozenset(
    {
        PaymentStatus.COMPLETED,
        PaymentStatus.REFUND_DUE,
        PaymentStatus.REFUNDED,
        PaymentStatus.REVIEW,
    }
)
"""Statuses in which money came in."""
LATE_SECONDS = 3 * DAY_SECONDS
"""Money may arrive after the day its payment was created; later than this it seldom does."""


def days_between(start: int, end: int) -> list[str]:
    """Return the EAT days from one moment to another, both included."""
    first, last = date.fromisoformat(eat_day(start)), date.fromisoformat(eat_day(end))
    return [(first + timedelta(days=each)).isoformat() for each in range((last - first).days + 1)]


def compare_statement(
    history: PaymentHistory, statement: Statement, *, reaches_to: int | None = None
) -> list[Match]:
    """Return what is here and there, only there, and only here.

    `reaches_to` is a moment up to which money of ours is looked for too: a statement that comes in
    pages names there where the page before ended. Units: UTC epoch seconds.
    Reads the receipts' owners and the payments of the statement's days, by keys and by_day.
    Errors: InvalidRequestError where it has no line or spans over 92 days; StoreUnavailableError.
    """
    if not statement.lines:
        raise InvalidRequestError("No line of this statement moved money", code="no_lines")
    span = (*statement.span, *((reaches_to,) if reaches_to is not None else ()))
    start, end = min(span), max(span)
    if len(days_between(start, end)) > DAYS_SPANNED_MAX:
        raise InvalidRequestError(
            f"The statement spans over {DAYS_SPANNED_MAX} days: export fewer", code="invalid_days"
        )
    owners = history.get_receipt_owners([line.receipt_number for line in statement.incoming])
    listed = history.list_created(days_between(start - DAY_SECONDS, end))
    ids = dict.fromkeys([*owners.values(), *(each.payment_id for each in listed)])
    return match_statement(
        statement,
        owners=owners,
        payments=list(history.get_payments(ids)),
        received=money_received(history, start=start, end=end),
    )


def money_received(history: PaymentHistory, *, start: int, end: int) -> Sequence[Payment]:
    """Return the payments whose money came in between these moments, in that order."""
    listed = history.list_created(days_between(start - LATE_SECONDS, end))
    ids = (each.payment_id for each in listed)
    found = [
        payment
        for payment in history.get_payments(ids)
        if payment.status in WITH_MONEY and start <= first_proof_at(payment) <= end
    ]
    return sorted(found, key=first_proof_at)

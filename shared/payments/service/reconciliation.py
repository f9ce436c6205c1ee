"""Looking again: ask Daraja about what is due, and apply what time alone changes."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from payments.decisions import needs_query
from payments.decisions.due import retry_at
from payments.errors import PaymentError
from payments.evidence import HintDisowned, LookDue
from payments.payment import Payment
from payments.ports import Trace
from payments.service.parts import Parts
from payments.service.settling import settle

STOP_WITH_SECONDS_LEFT = 20
"""A query (8 s) and its write must still fit, with 10 s to spare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one run did."""

    looked_at: int = 0
    settled: int = 0
    poisoned: int = 0


def reconcile_due(parts: Parts, *, remaining_seconds: Callable[[], float], trace: Trace) -> Report:
    """Look at every due payment, oldest first, until none is left or time runs short.

    A payment that raises is counted and left for the next run; the rest go on.
    Idempotent: overlapping or repeated runs share the work through the query slots.
    """
    report = Report()
    for payment_id in parts.store.due_payment_ids(parts.now()):
        if remaining_seconds() < STOP_WITH_SECONDS_LEFT:
            break
        try:
            report = _look_at(parts, payment_id, report, remaining_seconds, trace)
        except Exception as error:
            cause = error.code if isinstance(error, PaymentError) else type(error).__name__
            parts.observer.noted("payment skipped", payment_id=payment_id, cause=cause)
            report = replace(report, poisoned=report.poisoned + 1)
    return report


def _look_at(
    parts: Parts,
    payment_id: str,
    report: Report,
    remaining_seconds: Callable[[], float],
    trace: Trace,
) -> Report:
    payment = parts.store.get_payment(payment_id)
    if payment is None or payment.due_at is None or payment.due_at > parts.now():
        return report
    after = reconcile(parts, payment, trace=trace, may_wait=remaining_seconds)
    return replace(
        report,
        looked_at=report.looked_at + 1,
        settled=report.settled + (after.status is not payment.status),
    )


def reconcile(
    parts: Parts,
    payment: Payment,
    *,
    trace: Trace,
    may_wait: Callable[[], float] | None = None,
) -> Payment:
    """Look at one due payment; ask Daraja where that can settle it and the gate is open.

    `may_wait` gives the seconds left to whoever may wait for the gate; a poller may not.
    Errors: StoreUnavailableError.
    """
    payment = settle(parts, payment, LookDue(), trace=trace)
    if not needs_query(payment, parts.now()):
        return payment
    if _is_anothers(parts, payment):
        return settle(parts, payment, HintDisowned(), trace=trace)
    if not _gate_opens(parts, may_wait):
        parts.observer.counted("QueryHeldBack")
        return payment
    return _ask(parts, payment, trace)


def ask_now(
    parts: Parts, payment: Payment, *, trace: Trace, remaining_seconds: Callable[[], float]
) -> Payment | None:
    """Ask about a payment whether it is due or not; None where no answer came in time."""
    if _is_anothers(parts, payment):
        return settle(parts, payment, HintDisowned(), trace=trace)
    if not _gate_opens(parts, remaining_seconds):
        return None
    asked, is_answered = _put_question(parts, payment, trace)
    return asked if is_answered else None


def _is_anothers(parts: Parts, payment: Payment) -> bool:
    """Whether the only id to ask for came from a hint, and is another payment's."""
    checkout_request_id = payment.checkout_id_to_ask
    if payment.checkout_request_id is not None or checkout_request_id is None:
        return False
    owners = parts.store.find_by_checkout_id(checkout_request_id)
    return any(owner != payment.payment_id for owner in owners)


def _gate_opens(parts: Parts, may_wait: Callable[[], float] | None) -> bool:
    """Read the gate before writing to it: a lost condition costs a write too."""
    wait_seconds = parts.store.next_query_at() - parts.now()
    if wait_seconds <= 0:
        return True
    if may_wait is None or may_wait() - wait_seconds < STOP_WITH_SECONDS_LEFT:
        return False
    parts.sleep(wait_seconds)
    return True


def _ask(parts: Parts, payment: Payment, trace: Trace) -> Payment:
    """Ask, and return the payment as it then stands, answered or not."""
    asked, _ = _put_question(parts, payment, trace)
    return asked


def _put_question(parts: Parts, payment: Payment, trace: Trace) -> tuple[Payment, bool]:
    """Take the slot, ask, and apply the answer through the same decisions as a callback.

    Shape: the payment as it then stands, and whether Daraja answered.
    """
    now = parts.now()
    checkout_request_id = payment.checkout_id_to_ask
    moved = parts.store.take_query_slot(
        payment,
        op_id=parts.ids.hex(32),
        due_at=retry_at(payment, now=now, policy=parts.policy),
        now=now,
    )
    if moved is None or checkout_request_id is None:
        return payment, False
    parts.observer.counted("QuerySent")
    answer = parts.gateway().query_stk(checkout_request_id)
    if answer is None:
        parts.observer.counted("QueryUnanswered")
        return moved, False
    # What a query says is true of the moment it was asked: an early "paid" must not ripen.
    return settle(parts, moved, answer, trace=trace, known_at=now), True

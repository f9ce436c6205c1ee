"""Rechecks due payments: asks Daraja, and applies what time alone changes."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from payments.errors import PaymentError
from payments.ports import Actor
from payments.protocol.evidence import HintDisowned, TimePassed
from payments.protocol.payment import Payment
from payments.protocol.schedule import retry_at
from payments.protocol.sent_refund import is_sent
from payments.protocol.time_passed import needs_query
from payments.usecases.apply_evidence import apply_evidence
from payments.usecases.look_at_refund import look_at_refund
from payments.usecases.services import Services

STOP_WITH_SECONDS_LEFT = 20
"""A query (8 s) and its write must still fit, with 10 s to spare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The counts of one run; `changed` are the payments whose status changed."""

    looked_at: int = 0
    changed: int = 0
    poisoned: int = 0


class QueryGate:
    """The query gate that all Lambdas share, as one run sees it.

    `may_wait` gives the seconds left to a run that may wait for the gate; a poller may not.
    """

    def __init__(self, services: Services, *, may_wait: Callable[[], float] | None = None) -> None:
        self._services = services
        self._may_wait = may_wait
        self._closed_until = 0

    def opens(self) -> bool:
        """Read the gate before writing to it: a lost condition costs a write too.

        While it is known to be closed it is not read again.
        """
        now = self._services.now()
        if now >= self._closed_until:
            self._closed_until = self._services.store.next_query_at()
        wait_seconds = self._closed_until - now
        if wait_seconds <= 0:
            return True
        if self._may_wait is None or self._may_wait() - wait_seconds < STOP_WITH_SECONDS_LEFT:
            return False
        self._services.sleep(wait_seconds)
        return True


def reconcile_due(
    services: Services, *, remaining_seconds: Callable[[], float], actor: Actor
) -> Report:
    """Recheck every due payment, oldest first, until none is left or time runs short.

    A payment that raises is counted and left for the next run; the rest continue.
    Idempotent: overlapping or repeated runs share the work through the query slots.
    """
    report = Report()
    gate = QueryGate(services, may_wait=remaining_seconds)
    for payment_id in services.store.due_payment_ids(services.now()):
        if remaining_seconds() < STOP_WITH_SECONDS_LEFT:
            break
        try:
            report = _recheck(services, payment_id, report, gate, actor)
        except Exception as error:
            cause = error.code if isinstance(error, PaymentError) else type(error).__name__
            services.observer.noted("payment skipped", payment_id=payment_id, cause=cause)
            report = replace(report, poisoned=report.poisoned + 1)
    return report


def _recheck(
    services: Services, payment_id: str, report: Report, gate: QueryGate, actor: Actor
) -> Report:
    payment = services.store.get_payment(payment_id)
    if payment is None or payment.due_at is None or payment.due_at > services.now():
        return report
    looked = look_at_refund(services, payment, actor=actor) if is_sent(payment) else payment
    after = reconcile(services, looked, actor=actor, gate=gate)
    return replace(
        report,
        looked_at=report.looked_at + 1,
        changed=report.changed + (after.status is not payment.status),
    )


def reconcile(
    services: Services,
    payment: Payment,
    *,
    actor: Actor,
    gate: QueryGate | None = None,
) -> Payment:
    """Re-check one due payment; ask Daraja where an answer can count and the gate is open.

    `gate` is the run's own; without one the gate is not waited for.
    Errors: StoreUnavailableError.
    """
    payment = apply_evidence(services, payment, TimePassed(), actor=actor)
    if not needs_query(payment, services.now()):
        return payment
    if _is_anothers(services, payment):
        return apply_evidence(services, payment, HintDisowned(), actor=actor)
    gate = gate or QueryGate(services)
    if not gate.opens():
        services.observer.counted("QueryHeldBack")
        return payment
    return _ask(services, payment, actor)


def ask_now(
    services: Services, payment: Payment, *, actor: Actor, remaining_seconds: Callable[[], float]
) -> Payment | None:
    """Query a payment whether it is due or not; None where no answer came in time."""
    if _is_anothers(services, payment):
        return apply_evidence(services, payment, HintDisowned(), actor=actor)
    if not QueryGate(services, may_wait=remaining_seconds).opens():
        return None
    asked, is_answered = _put_question(services, payment, actor)
    return asked if is_answered else None


def _is_anothers(services: Services, payment: Payment) -> bool:
    """Whether the only known id came from a hint, and belongs to another payment."""
    checkout_request_id = payment.checkout_id_to_ask
    if payment.checkout_request_id is not None or checkout_request_id is None:
        return False
    owners = services.store.find_by_checkout_id(checkout_request_id)
    return any(owner != payment.payment_id for owner in owners)


def _ask(services: Services, payment: Payment, actor: Actor) -> Payment:
    """Query, and return the payment as stored afterwards, answered or not."""
    asked, _ = _put_question(services, payment, actor)
    return asked


def _put_question(services: Services, payment: Payment, actor: Actor) -> tuple[Payment, bool]:
    """Take the query slot, ask, and apply the answer with the rules of all evidence.

    Shape: the payment as stored afterwards, and whether Daraja answered.
    """
    now = services.now()
    checkout_request_id = payment.checkout_id_to_ask
    moved = services.store.take_query_slot(
        payment,
        op_id=services.ids.hex(32),
        due_at=retry_at(payment, now=now, policy=services.policy),
        now=now,
    )
    if moved is None or checkout_request_id is None:
        return payment, False
    services.observer.counted("QuerySent")
    answer = services.gateway().query_stk(checkout_request_id)
    if answer is None:
        services.observer.counted("QueryUnanswered")
        return moved, False
    # Judge the answer as of the query, so that retries cannot make an early "paid" count.
    return apply_evidence(services, moved, answer, actor=actor, known_at=now), True

"""The answer of a decision: one atomic write, described without a database."""

from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Literal

from payments.protocol.payment import Payment, PaymentStatus

_S = PaymentStatus
AUTOMATIC: dict[PaymentStatus, frozenset[PaymentStatus]] = {
    _S.DISPATCHING: frozenset(
        {_S.UNKNOWN, _S.PENDING, _S.FAILED, _S.REVIEW, _S.COMPLETED, _S.REFUND_DUE}
    ),
    _S.UNKNOWN: frozenset(
        {_S.PENDING, _S.FAILED, _S.CANCELLED, _S.REVIEW, _S.COMPLETED, _S.REFUND_DUE}
    ),
    _S.PENDING: frozenset({_S.FAILED, _S.CANCELLED, _S.REVIEW, _S.COMPLETED, _S.REFUND_DUE}),
    _S.FAILED: frozenset({_S.REVIEW, _S.COMPLETED, _S.REFUND_DUE}),
    _S.CANCELLED: frozenset({_S.REVIEW, _S.COMPLETED, _S.REFUND_DUE}),
    _S.REVIEW: frozenset(),
    _S.COMPLETED: frozenset({_S.REFUND_DUE}),
    _S.REFUND_DUE: frozenset(),
    _S.REFUNDED: frozenset(),
}
"""Which status may follow which without an operator."""
BY_OPERATOR: dict[PaymentStatus, frozenset[PaymentStatus]] = {
    _S.UNKNOWN: frozenset({_S.REVIEW}),
    _S.PENDING: frozenset({_S.REVIEW}),
    _S.FAILED: frozenset({_S.REVIEW}),
    _S.CANCELLED: frozenset({_S.REVIEW}),
    _S.REVIEW: frozenset({_S.COMPLETED, _S.REFUND_DUE, _S.FAILED}),
    _S.REFUND_DUE: frozenset({_S.REFUNDED}),
}
"""Which further status may follow by an operator's decision."""


class EventType(StrEnum):
    """The events that the outbox publishes."""

    COMPLETED = "PaymentCompleted"
    FAILED = "PaymentFailed"
    CANCELLED = "PaymentCancelled"
    REVIEW = "ReviewNeeded"
    REFUND_DUE = "RefundDue"
    REFUNDED = "PaymentRefunded"
    UNRESOLVED = "PaymentUnresolved"
    RECEIPT_ADDED = "ReceiptAdded"
    ATTENTION_CLEARED = "AttentionCleared"


STATUS_EVENT = {
    _S.COMPLETED: EventType.COMPLETED,
    _S.FAILED: EventType.FAILED,
    _S.CANCELLED: EventType.CANCELLED,
    _S.REVIEW: EventType.REVIEW,
    _S.REFUND_DUE: EventType.REFUND_DUE,
    _S.REFUNDED: EventType.REFUNDED,
}


@dataclass(frozen=True, slots=True)
class Confirm:
    """Confirm the consultation, provided it is payable at exactly this price."""


@dataclass(frozen=True, slots=True)
class Detach:
    """Clear `active_payment_id`, provided it names this payment.

    `frees_lock` ends the lock early; `marks_failed` holds only while the booking is Pending;
    `unpayable` makes the write depend on the consultation not being payable.
    """

    frees_lock: bool
    marks_failed: bool
    unpayable: bool = False


@dataclass(frozen=True, slots=True)
class HoldForReview:
    """Lock the consultation until a person decides, provided this payment is the active one."""


@dataclass(frozen=True, slots=True)
class RequireUnpayable:
    """Change nothing, provided the consultation cannot be paid any more."""


@dataclass(frozen=True, slots=True)
class CancelConfirmed:
    """Cancel a consultation that this payment had confirmed."""


type ConsultationEffect = Confirm | Detach | HoldForReview | RequireUnpayable | CancelConfirmed


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One atomic write: the payment from `before` to `after`, and what goes with it.

    Errors: ValueError where the transition table does not allow the step: a defect, never data.
    """

    before: Payment
    after: Payment
    consultation: ConsultationEffect | None = None
    frees_phone: bool = False
    claims_receipt: str | None = None
    releases_receipt: str | None = None
    events: tuple[EventType, ...] = ()
    evidence_digest: str | None = None
    by_operator: bool = False

    def __post_init__(self) -> None:
        """Hold every change against the transition table."""
        old, new = self.before.status, self.after.status
        allowed = AUTOMATIC[old]
        if self.by_operator:
            allowed = allowed | BY_OPERATOR.get(old, frozenset())
        if new is not old and new not in allowed:
            raise ValueError(f"No transition from {old} to {new}")

    @property
    def is_transition(self) -> bool:
        """Whether the status changes."""
        return self.before.status is not self.after.status


class NeedsContext(Enum):
    """The usual context was assumed, and the decision needs the real one."""

    NEEDED = auto()


NEEDS_CONTEXT: Literal[NeedsContext.NEEDED] = NeedsContext.NEEDED
type Decision = Change | NeedsContext | None


def events_for(before: Payment, after: Payment) -> tuple[EventType, ...]:
    """Return the events of a step: one for a final status, one for attention raised."""
    events = []
    if after.status is not before.status and after.status in STATUS_EVENT:
        events.append(STATUS_EVENT[after.status])
    if after.attention is not None and after.attention != before.attention:
        events.append(EventType.UNRESOLVED)
    return tuple(events)

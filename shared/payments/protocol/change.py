"""The answer of a decision: one atomic write, described without a database."""

from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Literal

from payments.protocol.consultation import ConsultationPaymentStatus
from payments.protocol.payment import (
    ENDS_PROMPT,
    UNPROVEN,
    WITNESSES,
    Payment,
    PaymentStatus,
    Proof,
)
from payments.protocol.receipts import Claim, ClaimRule, ReceiptRow, RowState
from payments.protocol.refund_rules import GateEffect, refund_rules
from payments.protocol.result_codes import final_refusal
from payments.protocol.transitions import AUTOMATIC, BY_OPERATOR

_S = PaymentStatus


class EventType(StrEnum):
    """The events that the outbox publishes."""

    COMPLETED = "PaymentCompleted"
    FAILED = "PaymentFailed"
    CANCELLED = "PaymentCancelled"
    REVIEW = "ReviewNeeded"
    REFUND_DUE = "RefundDue"
    REFUNDED = "PaymentRefunded"
    REFUND_REQUESTED = "RefundRequested"
    REFUND_WITHDRAWN = "RefundWithdrawn"
    REFUND_SENT = "RefundSent"
    REFUND_REFUSED = "RefundRefused"
    UNRESOLVED = "PaymentUnresolved"
    RECEIPT_ADDED = "ReceiptAdded"
    ATTENTION_CLEARED = "AttentionCleared"
    MONEY_UNCLAIMED = "MoneyUnclaimed"
    MONEY_ATTACHED = "MoneyAttached"


STATUS_EVENT = {
    _S.COMPLETED: EventType.COMPLETED,
    _S.FAILED: EventType.FAILED,
    _S.CANCELLED: EventType.CANCELLED,
    _S.REVIEW: EventType.REVIEW,
    _S.REFUND_DUE: EventType.REFUND_DUE,
    _S.REFUNDED: EventType.REFUNDED,
}


MONEY_PROOFS = WITNESSES | {Proof.HINT, Proof.QUERY}
"""What can prove that money arrived."""


@dataclass(frozen=True, slots=True)
class Confirm:
    """Confirm the consultation, provided it is this payer's and payable at exactly this price."""


@dataclass(frozen=True, slots=True)
class Detach:
    """Clear `active_payment_id`, provided it names this payment.

    `frees_lock` ends the lock early; `leaves` is the payment_status from then on: Failed while
    the booking is Pending, Unpaid once it is Cancelled, None where it is not changed;
    `unpayable` makes the write depend on the consultation not being payable.
    """

    frees_lock: bool
    leaves: ConsultationPaymentStatus | None
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

    Shape: `claim` binds a receipt to the payment, `files` is a new unclaimed row of a receipt that
        the payment cannot take.
    Errors: ValueError where the step breaks a rule of the protocol: a defect in the code.
    """

    before: Payment
    after: Payment
    consultation: ConsultationEffect | None = None
    frees_phone: bool = False
    claim: Claim | None = None
    files: ReceiptRow | None = None
    releases_receipt: str | None = None
    events: tuple[EventType, ...] = ()
    evidence_digest: str | None = None
    refund_gate: GateEffect | None = None
    by_operator: bool = False

    def __post_init__(self) -> None:
        """Refuse a step that no rule of the protocol allows."""
        rules = (
            *_step_rules(self),
            *refund_rules(self.before, self.after, self.refund_gate, by_operator=self.by_operator),
            *(_transition_rules(self) if self.is_transition else ()),
            *(_outcome_rules(self) if self.concludes else ()),
        )
        for holds, rule in rules:
            if not holds:
                raise ValueError(f"{self.before.status} -> {self.after.status}: {rule}")

    @property
    def is_transition(self) -> bool:
        """Whether the status changes."""
        return self.before.status is not self.after.status

    @property
    def claims_receipt(self) -> str | None:
        """The receipt that becomes the payment's own."""
        return self.claim.receipt_number if self.claim else None

    @property
    def phone_free_at(self) -> int | None:
        """When a freed phone may be prompted again; None is at once. Units: UTC epoch seconds."""
        refusal = final_refusal(self.after.result_code) if self.after.status is _S.FAILED else None
        if refusal is None or not refusal.again_after_seconds:
            return None
        return self.after.created_at + refusal.again_after_seconds

    @property
    def concludes(self) -> bool:
        """Whether a payment without recorded money gets its outcome."""
        return self.is_transition and self.before.may_yet_be_paid and not self.after.is_open


type _Rules = tuple[tuple[bool, str], ...]


def _step_rules(change: Change) -> _Rules:
    """Return what holds for every write, with the sentence for where it does not."""
    before, after = change.before, change.after
    raises_attention = after.attention is not None and after.attention != before.attention
    releases = change.releases_receipt
    frees_lock = isinstance(change.consultation, Detach) and change.consultation.frees_lock
    return (
        (after.version == before.version + 1, "the version rises by one"),
        (_terms(after) == _terms(before), "the terms of a payment never change"),
        (
            not raises_attention or EventType.UNRESOLVED in change.events,
            "attention has its event",
        ),
        (
            before.received_at in (None, after.received_at) or after.status is _S.FAILED,
            "the time of the first proof never moves",
        ),
        *_receipt_rules(change),
        (
            releases is None or (change.by_operator and after.receipt_number is None),
            "only an operator releases a receipt",
        ),
        (
            not ((frees_lock or change.frees_phone) and after.holds_locks),
            "a payment that frees a lock holds none",
        ),
        (
            not isinstance(change.consultation, Confirm) or after.status is _S.COMPLETED,
            "only a completed payment confirms",
        ),
    )


def _receipt_rules(change: Change) -> _Rules:
    """Return what holds for the rows of the receipt ledger."""
    before, after, claim, files = change.before, change.after, change.claim, change.files
    tells = EventType.UNRESOLVED in change.events
    is_for_person = tells or after.status is _S.REVIEW
    is_despite = claim is not None and claim.rule is ClaimRule.DESPITE_AMOUNT
    claimed = change.claims_receipt
    return (
        (claim is None or after.status not in UNPROVEN, "a claimed receipt has its money"),
        (claim is None or after.proof is claim.source, "a claim is its witness's"),
        (claimed in (None, after.bound_receipt), "a payment claims its own receipt"),
        (
            after.bound_receipt in (None, before.bound_receipt, claimed),
            "a receipt is claimed with the money",
        ),
        (not is_despite or is_for_person, "two amounts of one receipt are for a person"),
        (files is None or tells, "a receipt that is filed has its payment's attention"),
        (
            files is None or files.receipt_number != after.bound_receipt,
            "a receipt is bound or on file",
        ),
        (files is None or files.state is RowState.UNCLAIMED, "what is filed is unclaimed"),
        (
            before.bound_receipt in (None, after.bound_receipt, change.releases_receipt),
            "a bound receipt stays",
        ),
    )


def _transition_rules(change: Change) -> _Rules:
    """Return what holds where the status changes."""
    before, after = change.before, change.after
    allowed = AUTOMATIC[before.status]
    if change.by_operator:
        allowed = allowed | BY_OPERATOR.get(before.status, frozenset())
    event = STATUS_EVENT.get(after.status)
    is_completed = after.status is _S.COMPLETED
    is_by_query = after.proof is Proof.QUERY and after.paid_amount_kes is None
    is_exact = after.paid_amount_kes == after.amount_kes or is_by_query
    is_owed = after.status is _S.REFUND_DUE and not change.by_operator
    return (
        (after.status in allowed, "no such transition"),
        (event is None or event in change.events, "a final status has its event"),
        (not is_completed or isinstance(change.consultation, Confirm), "completed confirms"),
        (not is_completed or is_exact, "completed is paid exactly"),
        (
            not is_completed or after.receipt_number is not None or is_by_query,
            "completed has a receipt, or a query alone proved it",
        ),
        (
            not is_owed
            or isinstance(change.consultation, Detach | RequireUnpayable | CancelConfirmed),
            "money is owed back only for a consultation that cannot be paid",
        ),
    )


def _outcome_rules(change: Change) -> _Rules:
    """Return what holds where a payment gets its outcome."""
    after = change.after
    is_paid = after.status not in UNPROVEN
    ends_prompt = after.proof in ENDS_PROMPT
    is_refused_push = after.status is _S.FAILED and after.proof is Proof.PUSH
    needs_reason = after.status in {_S.FAILED, _S.CANCELLED, _S.REVIEW}
    return (
        (after.final_at is not None, "an outcome has its time"),
        (not is_paid or after.proof in MONEY_PROOFS, "money has its proof"),
        (not is_paid or after.received_at is not None, "money has the time of its proof"),
        (not (is_paid and ends_prompt and after.holds_locks), "the prompt's money ends the locks"),
        (
            not (is_paid and not ends_prompt and change.frees_phone),
            "money that may be paid by hand frees no phone",
        ),
        (not (is_refused_push and after.holds_locks), "a refused push holds no lock"),
        (not is_paid or after.receipt_pending == (after.receipt_number is None), "receipt pending"),
        (not needs_reason or after.failure_reason is not None, "no money has its reason"),
        (after.status is not _S.CANCELLED or after.attention is not None, "cancelled is told"),
    )


def _terms(payment: Payment) -> tuple[object, ...]:
    """Return what is fixed at the reservation."""
    return (
        payment.payment_id,
        payment.booking_id,
        payment.client_id,
        payment.phone_hmac,
        payment.amount_kes,
        payment.secret_sha256,
        payment.created_at,
        payment.locked_until,
    )


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

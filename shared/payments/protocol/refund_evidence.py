"""What can be learned about a refund, and the gate that all refunds of a shortcode share."""

from collections.abc import Sequence
from dataclasses import dataclass

from payments.protocol.evidence import ReversalResult, StatusSeen
from payments.protocol.payment import Payment, RefundStep
from payments.protocol.policy import REFUND_OVERDUE_SECONDS, REFUND_STATUS_SECONDS
from payments.protocol.reversal_codes import CREDENTIAL_CODES


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundGate:
    """What all refunds of a shortcode share.

    Shape: `stopped` is the code that stopped them, None while they run; `credential_at` is when the
        initiator's credential was set, None where none is; `asked` are the last questions of staff,
        latest first.
    Units: KES; UTC epoch seconds.
    """

    next_at: int = 0
    stopped: str | None = None
    stopped_at: int | None = None
    balance_kes: int | None = None
    balance_at: int | None = None
    credential_at: int | None = None
    asked: tuple[int, ...] = ()

    @property
    def needs_new_credential(self) -> bool:
        """Whether refunds stopped over the credential, and it has not been set anew since."""
        is_over_credential = self.stopped in CREDENTIAL_CODES
        return is_over_credential and (self.credential_at or 0) <= (self.stopped_at or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequested:
    """The maker asks for a refund. Shape: `request_key` is the digest of an Idempotency-Key."""

    by: str
    why: str
    request_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundWithdrawn:
    """The maker takes the request back, or a checker rejects it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundApproved:
    """The checker approves: the refund is about to be sent, once, by whoever applies this."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundNotTaken:
    """Proof that M-Pesa never took an attempt; `is_ours` where our own settings spoiled it."""

    attempt: int
    code: str
    is_ours: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundLook:
    """A scheduled look at a sent refund: Transaction Status is asked by whoever applies this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundHint:
    """Something says that M-Pesa has news: the next look comes forward, once for each step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundSettled:
    """A person read M-Pesa's statement: the money went back, or it did not."""

    was_reversed: bool
    receipt_number: str | None = None


type PersonsAct = RefundRequested | RefundWithdrawn | RefundApproved | RefundSettled
type RefundEvidence = (
    PersonsAct | RefundNotTaken | ReversalResult | StatusSeen | RefundLook | RefundHint
)


def is_sent(payment: Payment) -> bool:
    """Whether a refund of the payment is under way at M-Pesa."""
    return payment.refund is not None and payment.refund.step is RefundStep.SENT


def is_overdue(payment: Payment, now: int) -> bool:
    """Whether M-Pesa has said nothing final about a sent refund for a day."""
    sent_at = payment.refund.sent_at if payment.refund else None
    return is_sent(payment) and sent_at is not None and now >= sent_at + REFUND_OVERDUE_SECONDS


def look_moments(payment: Payment) -> Sequence[int]:
    """Return when Transaction Status is asked about a sent refund. Units: UTC epoch seconds."""
    if payment.refund is None or payment.refund.sent_at is None or not is_sent(payment):
        return ()
    return [payment.refund.sent_at + seconds for seconds in REFUND_STATUS_SECONDS]

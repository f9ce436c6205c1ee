"""What can be learned about a refund, and the gate that all refunds of a shortcode share."""

from dataclasses import dataclass

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
class StatusSeen:
    """M-Pesa's answer to a Transaction Status query of one receipt.

    Units: KES; `paid_at` in UTC epoch seconds.
    """

    receipt_number: str
    status: str
    code: str
    amount_kes: int | None
    paid_at: int | None
    shortcode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversalResult:
    """The result of one attempt to send a payment's money back.

    Units: KES.
    """

    attempt: int
    code: str
    amount_kes: int | None
    original_receipt: str | None
    refund_receipt: str | None


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

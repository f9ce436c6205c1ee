"""A payment: one amount for one booking, collected by one prompt or paid to the paybill by hand."""

from dataclasses import dataclass
from enum import StrEnum

from payments.protocol.result_codes import SUCCESS

OP_IDS_KEPT = 4


class PaymentStatus(StrEnum):
    """The state of a payment; docs/protocol.md says what each means for the money."""

    DISPATCHING = "dispatching"
    UNKNOWN = "unknown"
    PENDING = "pending"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REVIEW = "review"
    COMPLETED = "completed"
    REFUND_DUE = "refund_due"
    REFUNDED = "refunded"


PUBLIC_STATUS = {
    PaymentStatus.DISPATCHING: "pending",
    PaymentStatus.UNKNOWN: "pending",
    PaymentStatus.PENDING: "pending",
    PaymentStatus.FAILED: "failed",
    PaymentStatus.CANCELLED: "cancelled",
    PaymentStatus.REVIEW: "pending",
    PaymentStatus.COMPLETED: "completed",
    PaymentStatus.REFUND_DUE: "failed",
    PaymentStatus.REFUNDED: "failed",
}
"""The four words that frontends know."""

OPEN = frozenset({PaymentStatus.DISPATCHING, PaymentStatus.UNKNOWN, PaymentStatus.PENDING})
"""No outcome is known yet."""
UNPROVEN = OPEN | {PaymentStatus.FAILED, PaymentStatus.CANCELLED}
"""No money is recorded, but it may still have arrived."""


class Proof(StrEnum):
    """What a status rests on; for money: a witness > hint and agreeing query > query alone."""

    CALLBACK = "callback"
    C2B = "c2b"
    PULL = "pull"
    STATUS = "status"
    HINT = "hint"
    QUERY = "query"
    PUSH = "push"
    CLEANUP = "cleanup"
    OPERATOR = "operator"


MACHINE_WITNESSES = frozenset({Proof.CALLBACK, Proof.C2B, Proof.PULL, Proof.STATUS})
"""Safaricom's own word: it names a receipt with its amount."""
WITNESSES = MACHINE_WITNESSES | {Proof.OPERATOR}
"""What can bind a receipt; an operator reads it from M-Pesa's statement."""
ENDS_PROMPT = frozenset({Proof.CALLBACK, Proof.HINT, Proof.QUERY})
"""Money that these report is the prompt's own, so no prompt is open any more. Other money may have
been paid by hand while the prompt is still open."""


class Origin(StrEnum):
    """Where a payment comes from that had no prompt; a prompted one has no origin."""

    PAYBILL = "paybill"


class RefundStep(StrEnum):
    """How far a refund is: asked for by one person, then approved by another and sent."""

    REQUESTED = "requested"
    SENT = "sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class StkResult:
    """What Daraja reported about one prompt.

    Shape: `code` is kept as text; `amount_kes` is None where it was absent or not whole;
        `digest` is the SHA-256 of the body in hex.
    Units: KES; `transaction_at` in UTC epoch seconds.
    """

    code: str
    description: str
    checkout_request_id: str
    merchant_request_id: str | None = None
    amount_kes: int | None = None
    receipt_number: str | None = None
    transaction_at: int | None = None
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """A result that came with the right secret from an unlisted address: it makes us ask Daraja."""

    result: StkResult
    received_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """The way of a payment's money back through Daraja's Reversal.

    Shape: `step` is None before a request, and after a refusal (`refused` has the code);
        `request_key` is the digest of the requester's Idempotency-Key; `attempt` counts the
        reversals that were sent; `receipt_number` is the refund's own receipt; `proven` where
        M-Pesa itself said that the money went back.
    Units: UTC epoch seconds.
    """

    step: RefundStep | None = None
    asked_by: str | None = None
    asked_at: int | None = None
    why: str | None = None
    request_key: str | None = None
    approved_by: str | None = None
    sent_at: int | None = None
    attempt: int = 0
    refused: str | None = None
    receipt_number: str | None = None
    proven: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One payment as stored.

    Shape: a paybill payment (`origin`) has no prompt, and so none of phone, token, reference and
        `locked_until`.

    Units: KES; UTC epoch seconds. `created_at` is the moment of the reservation, `locked_until`
        the last moment at which its prompt can be open, and the deadline of its locks.
        `received_at` is the moment of the first proof of money: written once, never moved.
    """

    payment_id: str
    status: PaymentStatus
    version: int
    op_ids: tuple[str, ...]
    reserved_by: str
    booking_id: str
    client_id: str
    phone_number: str | None = None
    phone_hmac: str | None = None
    amount_kes: int
    account_reference: str | None = None
    requested_reference: str
    transaction_desc: str
    secret_sha256: str | None = None
    body_sha256: str | None = None
    created_at: int
    locked_until: int | None = None
    origin: Origin | None = None
    holds_locks: bool = True
    attention: str | None = None
    checkout_request_id: str | None = None
    checkout_source: Proof | None = None
    merchant_request_id: str | None = None
    proof: Proof | None = None
    receipt_number: str | None = None
    receipt_pending: bool = False
    paid_amount_kes: int | None = None
    result_code: str | None = None
    result_desc: str | None = None
    failure_reason: str | None = None
    transaction_at: int | None = None
    accepted_at: int | None = None
    final_at: int | None = None
    received_at: int | None = None
    due_at: int | None = None
    hint: Hint | None = None
    evidence_heads: tuple[str, ...] = ()
    hastened_at: int | None = None
    refund: Refund | None = None

    @property
    def public_status(self) -> str:
        """The word a frontend sees."""
        return PUBLIC_STATUS[self.status]

    @property
    def is_open(self) -> bool:
        """Whether no outcome is known yet."""
        return self.status in OPEN

    @property
    def may_yet_be_paid(self) -> bool:
        """Whether no money is recorded, so that a success changes the status."""
        return self.status in UNPROVEN

    def may_have_open_prompt(self, now: int) -> bool:
        """Whether the phone may still show this payment's prompt."""
        return self.holds_locks and now < self.prompt_ends_at

    @property
    def prompt_ends_at(self) -> int:
        """The last moment at which a prompt can be open: a payment without one never had any.

        Units: UTC epoch seconds.
        """
        return self.created_at if self.locked_until is None else self.locked_until

    @property
    def bound_receipt(self) -> str | None:
        """The receipt that a witness bound to this payment; a hint's receipt is only shown."""
        return self.receipt_number if self.proof in WITNESSES else None

    @property
    def hinted_receipt(self) -> str | None:
        """The receipt of money that a hint reports, until Daraja has answered about it."""
        says_paid = self.hint is not None and self.hint.result.code == SUCCESS
        return self.hint.result.receipt_number if self.hint and says_paid else None

    def shows(self, receipt_number: str) -> bool:
        """Whether a hint names this receipt as the payment's, and no witness has named another."""
        named = (self.receipt_number, self.hinted_receipt)
        return self.bound_receipt is None and receipt_number in named

    @property
    def due_for_hint(self) -> int | None:
        """Return when Daraja is asked about a hint, None without one. Units: UTC epoch seconds."""
        return self.due_at if self.hint is not None else None

    def hint_besides(self, receipt_number: str | None) -> Hint | None:
        """Return the hint of money by another receipt: Daraja is still to be asked about it."""
        says_paid = self.hint is not None and self.hint.result.code == SUCCESS
        is_other = self.hint is not None and self.hint.result.receipt_number != receipt_number
        return self.hint if says_paid and is_other else None

    @property
    def checkout_id_to_ask(self) -> str | None:
        """Return the id to query Daraja with: our own, otherwise the one that a hint named."""
        if self.checkout_request_id is not None:
            return self.checkout_request_id
        return self.hint.result.checkout_request_id if self.hint else None

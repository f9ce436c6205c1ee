"""The receipt row: one item for each M-Pesa receipt that this system has heard of."""

from dataclasses import dataclass
from enum import StrEnum

from payments.protocol.payment import Proof


class RowState(StrEnum):
    """Where the money of a receipt is booked."""

    BOUND = "bound"
    UNCLAIMED = "unclaimed"
    SET_ASIDE = "set_aside"


class SetAside(StrEnum):
    """Why a person, or the rule for the own shortcodes, says that a receipt is not to be booked."""

    SWEEP = "sweep"
    TEST = "test"
    HANDLED_ELSEWHERE = "handled_elsewhere"
    NOT_KNOWN_TO_MPESA = "not_known_to_mpesa"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptRow:
    """One receipt as stored.

    Shape: `payment_id` is set while it is bound, `set_aside` and its two fields while it is set
        aside. `reference`, `payer`, `payer_hmac`, `transaction_type`, `created_at` (seen at) and
        `due_at` are set only while it is unclaimed. `source` is the witness that wrote the row
        first. `amount_kes` is None where the amount is not known, or not whole (`amount_text`). A
        row of an older version holds only its payment.
    Units: KES; UTC epoch seconds.
    """

    receipt_number: str
    source: Proof | None = None
    amount_kes: int | None = None
    amount_text: str | None = None
    paid_at: int | None = None
    shortcode: str | None = None
    payment_id: str | None = None
    set_aside: SetAside | None = None
    set_aside_by: str | None = None
    set_aside_at: int | None = None
    reference: str | None = None
    payer: str | None = None
    payer_hmac: str | None = None
    transaction_type: str | None = None
    created_at: int | None = None
    due_at: int | None = None

    @property
    def state(self) -> RowState:
        """Whether it is bound to a payment, set aside, or waits for a payment or a person."""
        if self.payment_id is not None:
            return RowState.BOUND
        return RowState.UNCLAIMED if self.set_aside is None else RowState.SET_ASIDE

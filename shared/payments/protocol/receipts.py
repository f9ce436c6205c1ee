"""The receipt row: one item for each M-Pesa receipt that this system has heard of."""

from dataclasses import dataclass, replace
from enum import StrEnum

from payments.protocol.payment import Proof
from payments.protocol.policy import ROW_LOOK_SECONDS
from payments.values import whole_kes

EITHER = " or "
"""Between the two amounts that two witnesses named."""


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
        first. `amount_kes` is None where the amount is not known, not whole, or named twice and
        differently; `amount_text` then is what was named. A row of an older version holds only its
        payment.
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

    def may_be_of(self, amount_kes: int) -> bool:
        """Whether its money may have this amount: one that a witness named, or any where none was.

        Units: KES.
        """
        if self.amount_kes is not None or self.amount_text is None:
            return self.amount_kes in (None, amount_kes)
        named = self.amount_text.replace(",", "").split(EITHER)
        return amount_kes in map(whole_kes, named)

    def put_aside(self, reason: SetAside, *, by: str, now: int) -> "ReceiptRow":
        """Return the row as it is set aside: what served the matching goes."""
        return replace(
            self.without_unclaimed(), set_aside=reason, set_aside_by=by, set_aside_at=now
        )

    def without_unclaimed(self) -> "ReceiptRow":
        """Return the row without what is stored only while it is unclaimed."""
        return replace(
            self,
            reference=None,
            payer=None,
            payer_hmac=None,
            transaction_type=None,
            created_at=None,
            due_at=None,
        )


def next_look_at(row: ReceiptRow, now: int) -> int | None:
    """Return when the ladder runs again over an unclaimed row; None after the last look.

    Units: UTC epoch seconds.
    """
    seen_at = now if row.created_at is None else row.created_at
    return next((at for age in ROW_LOOK_SECONDS if (at := seen_at + age) > now), None)


class ClaimRule(StrEnum):
    """Which row a claim takes, besides the payment's own.

    `usual`: a free receipt, or an unclaimed row of the same amount. `despite_amount`: any unclaimed
    row; only a decision that has read the row and tells a person. `as_shown`: the unclaimed row of
    the amount that a person was shown, and no other.
    """

    USUAL = "usual"
    DESPITE_AMOUNT = "despite_amount"
    AS_SHOWN = "as_shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Bind a receipt to a payment, in the write that changes the payment.

    Shape: `source` is the witness; a row that exists keeps its own source, amount and time.
        `shortcode` is None where the deployment's own received the money.
    Units: KES; UTC epoch seconds.
    """

    receipt_number: str
    source: Proof
    amount_kes: int | None
    paid_at: int | None
    shortcode: str | None = None
    rule: ClaimRule = ClaimRule.USUAL

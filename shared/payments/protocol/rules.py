"""What a deployment chooses about money that no prompt of ours reported."""

from dataclasses import dataclass
from enum import StrEnum


class PaybillAccount(StrEnum):
    """What a typed account may book, besides a payment's own reference.

    Short numbers invite typing somebody else's, so `off` is the default.
    """

    OFF = "off"
    BOOKING_ID = "booking_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyRules:
    """The deployment's choices; the defaults book nothing by themselves.

    Shape: transfers from the own shortcodes `sweep_payers` are set aside; `is_pulled` says that
        Pull lists every debit, which the matching of a till's receipts needs.
    """

    paybill_account: PaybillAccount = PaybillAccount.OFF
    sweep_payers: frozenset[str] = frozenset()
    is_pulled: bool = False

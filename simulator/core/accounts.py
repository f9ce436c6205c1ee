"""The books: every movement debits one account and credits another by the same amount.

As in M-Pesa's own words a debit lowers a balance and a credit raises it, so the balances of all
accounts add up to zero. Only `issue`, where test money comes from, and `charges` go below zero.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class AccountKind(StrEnum):
    """What an account is for."""

    WALLET = "wallet"  # a customer's money
    UTILITY = "utility"  # what customers paid to a paybill
    MERCHANT = "merchant"  # what customers paid to a till
    WORKING = "working"  # the float of a shortcode
    CHARGES = "charges"  # what M-Pesa charged a shortcode; it goes below zero
    BANK = "bank"  # a shortcode's money that was settled to its bank
    FEES = "fees"  # what M-Pesa earned
    ISSUE = "issue"  # where test money comes from


MAY_GO_BELOW_ZERO = frozenset({AccountKind.CHARGES, AccountKind.ISSUE})


@dataclass(frozen=True, slots=True)
class Account:
    """One account. Shape: `owner` is a phone number or a shortcode, empty for M-Pesa's own."""

    kind: AccountKind
    owner: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.owner}" if self.owner else str(self.kind)


class MovementKind(StrEnum):
    """Why money moved."""

    ISSUE = "issue"  # a wallet or a float was filled or emptied by a control
    PAYMENT = "payment"  # a customer or an organisation paid a shortcode
    REVERSAL = "reversal"  # a payment went back
    PAYOUT = "payout"  # a shortcode paid a customer (B2C)
    CHARGE = "charge"
    SETTLEMENT = "settlement"  # from a shortcode to its bank
    SWEEP = "sweep"  # between two accounts of one shortcode


@dataclass(frozen=True, slots=True)
class Movement:
    """One amount that left one account for another. Units: KES, UTC epoch seconds.

    Shape: `about` is the receipt that this movement reverses or charges for.
    """

    number: int
    kind: MovementKind
    at: float
    debited: Account
    credited: Account
    amount_kes: int
    receipt: str = ""
    about: str = ""
    reference: str = ""


class OverdrawnError(ValueError):
    """The debited account does not hold the amount; nothing moved."""


@dataclass(slots=True)
class Books:
    """All movements and the balances that follow from them."""

    movements: list[Movement] = field(default_factory=list)
    _balances: dict[Account, int] = field(default_factory=lambda: defaultdict(int))

    def move(
        self,
        kind: MovementKind,
        at: float,
        debited: Account,
        credited: Account,
        amount_kes: int,
        *,
        receipt: str = "",
        about: str = "",
        reference: str = "",
    ) -> Movement:
        """Moves an amount. Errors: OverdrawnError or ValueError; nothing moves then."""
        if amount_kes < 1 or debited == credited:
            raise ValueError("a movement needs an amount and two accounts")
        if debited.kind not in MAY_GO_BELOW_ZERO and self.balance_kes(debited) < amount_kes:
            raise OverdrawnError(f"the {debited.kind} account does not hold the amount")
        number = len(self.movements) + 1
        movement = Movement(
            number, kind, at, debited, credited, amount_kes, receipt, about, reference
        )
        self.movements.append(movement)
        self._balances[debited] -= amount_kes
        self._balances[credited] += amount_kes
        return movement

    def balance_kes(self, account: Account) -> int:
        """What an account holds."""
        return self._balances.get(account, 0)

    def accounts(self, kind: AccountKind | None = None) -> Iterator[tuple[Account, int]]:
        """Every account that was ever used, with its balance."""
        return ((each, kes) for each, kes in self._balances.items() if kind in (None, each.kind))

    def total_kes(self, kind: MovementKind) -> int:
        """The sum of all movements of one kind."""
        return sum(each.amount_kes for each in self.movements if each.kind is kind)

    @property
    def is_balanced(self) -> bool:
        """Whether the movements, added up again, give exactly the balances, and nobody owes."""
        again: dict[Account, int] = defaultdict(int)
        for each in self.movements:
            again[each.debited] -= each.amount_kes
            again[each.credited] += each.amount_kes
        is_right = all(again[account] == kes for account, kes in self._balances.items())
        is_whole = set(again) <= set(self._balances) and sum(self._balances.values()) == 0
        owes = any(
            kes < 0 for each, kes in self._balances.items() if each.kind not in MAY_GO_BELOW_ZERO
        )
        return is_right and is_whole and not owes

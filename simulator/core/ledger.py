"""Money: wallets, shortcodes, receipts, and every way in which money moves between them.

Every shilling is in exactly one account: `is_balanced` holds after every movement.
"""

from dataclasses import dataclass, field, replace

from simulator.core.accounts import (
    Account,
    AccountKind,
    Books,
    Movement,
    MovementKind,
    OverdrawnError,
)
from simulator.core.identifiers import ReceiptPrinter, eat

ISSUE = Account(AccountKind.ISSUE)
FEES = Account(AccountKind.FEES)
_HELD = (AccountKind.UTILITY, AccountKind.MERCHANT, AccountKind.WORKING)


@dataclass(frozen=True, slots=True)
class Debit:
    """Money that moved from a customer to a merchant. Units: KES, UTC epoch seconds.

    Shape: `checkout_request_id` and `merchant_request_id` are empty where no prompt asked for it;
    `phone` is a shortcode where an organisation paid. `kind` is its TransactionType in a C2B
    confirmation, None for the ordinary one of a paybill or a till.
    """

    receipt: str
    at: float
    phone: str
    shortcode: str
    amount_kes: int
    reference: str
    checkout_request_id: str = ""
    merchant_request_id: str = ""
    account: AccountKind = AccountKind.UTILITY
    kind: str | None = None
    balance_after_kes: int = 0


def wallet(phone: str) -> Account:
    """A customer's account."""
    return Account(AccountKind.WALLET, phone)


@dataclass(slots=True)
class Ledger:
    """The books, with what M-Pesa looks up in them. Units: whole shillings."""

    printer: ReceiptPrinter = field(default_factory=ReceiptPrinter)
    books: Books = field(default_factory=Books)
    debits: dict[str, Debit] = field(default_factory=dict)
    by_receipt: dict[str, Movement] = field(default_factory=dict)
    reversed_receipts: dict[str, str] = field(default_factory=dict)  # payment -> its reversal
    repaid_receipts: set[str] = field(default_factory=set)  # payments a payout gave back
    _by_checkout: dict[str, Debit] = field(default_factory=dict)
    _spent: dict[tuple[str, int], int] = field(default_factory=dict)
    _latest: dict[tuple[str, str, int], float] = field(default_factory=dict)
    _opened: set[str] = field(default_factory=set)

    # Test money

    def open(self, phone: str, balance_kes: int) -> None:
        """Gives a phone its wallet, once."""
        if phone not in self._opened:
            self._opened.add(phone)
            self.set_balance(wallet(phone), balance_kes)

    def set_balance(self, account: Account, balance_kes: int, at: float = 0.0) -> None:
        """Fills an account up or empties it with test money."""
        if account.kind is AccountKind.WALLET:
            self._opened.add(account.owner)
        missing = balance_kes - self.books.balance_kes(account)
        if missing > 0:
            self.books.move(MovementKind.ISSUE, at, ISSUE, account, missing)
        elif missing < 0:
            self.books.move(MovementKind.ISSUE, at, account, ISSUE, -missing)

    # Movements

    def debit(
        self,
        *,
        at: float,
        phone: str,
        shortcode: str,
        amount_kes: int,
        reference: str,
        checkout_request_id: str = "",
        merchant_request_id: str = "",
        account: AccountKind = AccountKind.UTILITY,
        kind: str | None = None,
    ) -> Debit:
        """Moves a payment from a wallet to a shortcode and prints its receipt.

        Errors: OverdrawnError for money that is not there; nothing moves.
        """
        if self.wallet_kes(phone) < amount_kes:
            raise OverdrawnError("the wallet account does not hold the amount")
        return self.take(
            Debit(
                receipt=self.printer.next(at),
                at=at,
                phone=phone,
                shortcode=shortcode,
                amount_kes=amount_kes,
                reference=reference,
                checkout_request_id=checkout_request_id,
                merchant_request_id=merchant_request_id,
                account=account,
                kind=kind,
            )
        )

    def take(self, planned: Debit) -> Debit:
        """Moves a payment whose receipt is printed; gives it with the payee's new balance.

        Errors: OverdrawnError for money that is not there; nothing moves.
        """
        payee = Account(planned.account, planned.shortcode)
        movement = self.books.move(
            MovementKind.PAYMENT,
            planned.at,
            wallet(planned.phone),
            payee,
            planned.amount_kes,
            receipt=planned.receipt,
            reference=planned.reference,
        )
        debit = replace(planned, balance_after_kes=self.books.balance_kes(payee))
        self.debits[debit.receipt] = debit
        self.by_receipt[debit.receipt] = movement
        if debit.checkout_request_id:
            self._by_checkout[debit.checkout_request_id] = debit
        day = (debit.phone, eat(debit.at).toordinal())
        self._spent[day] = self._spent.get(day, 0) + debit.amount_kes
        self._latest[debit.phone, debit.shortcode, debit.amount_kes] = debit.at
        return debit

    def reverse(self, receipt: str, at: float, amount_kes: int | None = None) -> Movement:
        """Gives a payment back from the account that took it; the reversal has its own receipt.

        `amount_kes` None is the whole payment. Errors: KeyError for an unknown receipt;
        OverdrawnError where the account lacks the money; nothing moves.
        """
        debit = self.debits[receipt]
        movement = self._record(
            MovementKind.REVERSAL,
            at,
            Account(debit.account, debit.shortcode),
            wallet(debit.phone),
            debit.amount_kes if amount_kes is None else amount_kes,
            about=receipt,
            reference=debit.reference,
        )
        self.reversed_receipts[receipt] = movement.receipt
        return movement

    def pay_out(
        self,
        *,
        at: float,
        shortcode: str,
        phone: str,
        amount_kes: int,
        charge_kes: int = 0,
        account: AccountKind = AccountKind.UTILITY,
        about: str = "",
        reference: str = "",
    ) -> Movement:
        """Pays a customer from a shortcode (B2C). `about` is the payment it gives back, if any.

        Errors: OverdrawnError where the account lacks the money; nothing moves.
        """
        payer = Account(account, shortcode)
        movement = self._record(
            MovementKind.PAYOUT, at, payer, wallet(phone), amount_kes, about, reference
        )
        if about:
            self.repaid_receipts.add(about)
        if charge_kes:
            charges = Account(AccountKind.CHARGES, shortcode)
            self.books.move(
                MovementKind.CHARGE, at, charges, FEES, charge_kes, about=movement.receipt
            )
        return movement

    def settle(self, shortcode: str, at: float) -> list[Movement]:
        """Sends everything that customers paid to the shortcode's bank: one movement an account."""
        bank = Account(AccountKind.BANK, shortcode)
        sources = (Account(kind, shortcode) for kind in (AccountKind.UTILITY, AccountKind.MERCHANT))
        return [
            self._record(MovementKind.SETTLEMENT, at, source, bank, held)
            for source in sources
            if (held := self.books.balance_kes(source)) > 0
        ]

    def _record(
        self,
        kind: MovementKind,
        at: float,
        debited: Account,
        credited: Account,
        amount_kes: int,
        about: str = "",
        reference: str = "",
    ) -> Movement:
        """A movement with a receipt of its own; a movement that is refused uses none up."""
        if amount_kes < 1 or self.books.balance_kes(debited) < amount_kes:
            raise OverdrawnError(f"the {debited.kind} account does not hold the amount")
        receipt = self.printer.next(at)
        movement = self.books.move(
            kind, at, debited, credited, amount_kes, receipt=receipt, about=about,
            reference=reference,
        )  # fmt: skip
        self.by_receipt[receipt] = movement
        return movement

    # Looking things up

    def has_wallet(self, phone: str) -> bool:
        """Whether this phone's wallet was opened."""
        return phone in self._opened

    def wallet_kes(self, phone: str) -> int:
        """What a customer has."""
        return self.books.balance_kes(wallet(phone))

    def account_kes(self, kind: AccountKind, shortcode: str) -> int:
        """What one account of a shortcode holds."""
        return self.books.balance_kes(Account(kind, shortcode))

    def held_kes(self, shortcode: str) -> int:
        """What a shortcode has within M-Pesa, its bank not counted."""
        return sum(self.account_kes(kind, shortcode) for kind in _HELD)

    def spent_today_kes(self, phone: str, at: float) -> int:
        """What left this wallet on the same day in Nairobi."""
        return self._spent.get((phone, eat(at).toordinal()), 0)

    def latest_debit_at(self, phone: str, shortcode: str, amount_kes: int) -> float | None:
        """When this merchant last took this amount from this phone."""
        return self._latest.get((phone, shortcode, amount_kes))

    def by_checkout(self, checkout_request_id: str) -> Debit | None:
        """The debit of one prompt."""
        return self._by_checkout.get(checkout_request_id)

    def previous_receipt(self, shortcode: str, receipt: str) -> str:
        """An earlier receipt of the same merchant; its own where there is none."""
        for debit in reversed(self.debits.values()):
            if debit.shortcode == shortcode and debit.receipt != receipt:
                return debit.receipt
        return receipt

    @property
    def wallets(self) -> dict[str, int]:
        """Every wallet by its number."""
        return {phone: self.wallet_kes(phone) for phone in self._opened_in_order()}

    @property
    def merchants(self) -> dict[str, int]:
        """What each shortcode that was ever paid has within M-Pesa."""
        owners = {each.owner: None for each, _ in self.books.accounts() if each.kind in _HELD}
        return {shortcode: self.held_kes(shortcode) for shortcode in owners}

    @property
    def issued_kes(self) -> int:
        """The test money there is."""
        return -self.books.balance_kes(ISSUE)

    @property
    def is_balanced(self) -> bool:
        """Whether every debit has its credit, and every payment exactly one movement."""
        payments = self.books.total_kes(MovementKind.PAYMENT)
        return self.books.is_balanced and payments == sum(
            each.amount_kes for each in self.debits.values()
        )

    def _opened_in_order(self) -> list[str]:
        moved = {a.owner: None for a, _ in self.books.accounts(AccountKind.WALLET)}
        return [*moved, *sorted(self._opened - set(moved))]

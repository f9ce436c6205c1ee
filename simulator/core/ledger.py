"""Money: wallets, debits and receipts, and the audit of what a merchant believes about them.

Every shilling is in exactly one place: `is_balanced` holds after every move.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from simulator.core.errors import BeliefError
from simulator.core.identifiers import ReceiptPrinter, eat


@dataclass(frozen=True, slots=True)
class Debit:
    """Money that moved from a customer to a merchant. Units: KES, UTC epoch seconds."""

    receipt: str
    at: float
    phone: str
    shortcode: str
    amount_kes: int
    reference: str
    checkout_request_id: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference between the ledger and what the merchant believes."""

    kind: str
    sentence: str
    receipt: str | None = None
    checkout_request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Audit:
    """The ledger and the merchant's beliefs, compared. Units: KES."""

    debits: int
    debited_kes: int
    believed: int
    believed_kes: int
    findings: tuple[Finding, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether the merchant believes exactly what happened."""
        return not self.findings


@dataclass(slots=True)
class _Belief:
    amount_kes: int
    receipt: str | None
    phone: str | None
    reference: str | None
    checkout_request_id: str | None


@dataclass(slots=True)
class Ledger:
    """Wallets in whole shillings and every debit that was made between them."""

    printer: ReceiptPrinter = field(default_factory=ReceiptPrinter)
    wallets: dict[str, int] = field(default_factory=dict)
    merchants: dict[str, int] = field(default_factory=dict)
    debits: dict[str, Debit] = field(default_factory=dict)
    issued_kes: int = 0
    _by_checkout: dict[str, Debit] = field(default_factory=dict)
    _spent: dict[tuple[str, int], int] = field(default_factory=dict)
    _latest: dict[tuple[str, str, int], float] = field(default_factory=dict)

    def open(self, phone: str, balance_kes: int) -> None:
        """Gives a phone its wallet, once."""
        if phone not in self.wallets:
            self.wallets[phone] = balance_kes
            self.issued_kes += balance_kes

    def set_balance(self, phone: str, balance_kes: int) -> None:
        """Tops a wallet up or empties it; the difference counts as issued."""
        self.issued_kes += balance_kes - self.wallets.get(phone, 0)
        self.wallets[phone] = balance_kes

    def debit(
        self,
        *,
        at: float,
        phone: str,
        shortcode: str,
        amount_kes: int,
        reference: str,
        checkout_request_id: str,
    ) -> Debit:
        """Moves the amount and prints its receipt.

        Errors: ValueError for money that is not there; nothing moves.
        """
        if amount_kes < 1 or self.wallets.get(phone, 0) < amount_kes:
            raise ValueError("the wallet does not hold the amount")
        receipt = self.printer.next(at)
        debit = Debit(receipt, at, phone, shortcode, amount_kes, reference, checkout_request_id)
        self.wallets[phone] -= amount_kes
        self.merchants[shortcode] = self.merchants.get(shortcode, 0) + amount_kes
        self.debits[receipt] = self._by_checkout[checkout_request_id] = debit
        day = (phone, eat(at).toordinal())
        self._spent[day] = self._spent.get(day, 0) + amount_kes
        self._latest[phone, shortcode, amount_kes] = at
        return debit

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
    def is_balanced(self) -> bool:
        """Whether every shilling that was issued is in a wallet or with a merchant."""
        held = sum(self.wallets.values()) + sum(self.merchants.values())
        taken = sum(each.amount_kes for each in self.debits.values())
        return held == self.issued_kes and taken == sum(self.merchants.values())

    def audit(
        self, beliefs: Iterable[Mapping[str, object]], *, shortcode: str | None = None
    ) -> Audit:
        """Compares what a merchant's system believes was paid with what was.

        Shape: each belief is {"receipt", "amount"} and optionally "phone", "reference" and
        "checkout_request_id"; a payment whose receipt is still to come gives
        "checkout_request_id" and a null "receipt". `shortcode` looks at one merchant only.
        Errors: BeliefError names the belief that cannot be read.
        """
        debits = [d for d in self.debits.values() if shortcode in (None, d.shortcode)]
        read = [_belief(number, each) for number, each in enumerate(beliefs)]
        believed: dict[str, int] = {}
        findings = [
            finding for belief in read for finding in self._compare(belief, believed, shortcode)
        ]
        findings += [_never_heard(debit) for debit in debits if debit.receipt not in believed]
        return Audit(
            debits=len(debits),
            debited_kes=sum(each.amount_kes for each in debits),
            believed=len(read),
            believed_kes=sum(each.amount_kes for each in read),
            findings=tuple(findings),
        )

    def _compare(
        self, belief: _Belief, believed: dict[str, int], shortcode: str | None
    ) -> list[Finding]:
        debit = self._believed_debit(belief)
        ids = (belief.receipt, belief.checkout_request_id)
        if debit is None or shortcode not in (None, debit.shortcode):
            said = belief.receipt or belief.checkout_request_id
            sentence = f"believed paid, but no money moved under {said}"
            return [Finding("money_that_never_moved", sentence, *ids)]
        ids = (debit.receipt, debit.checkout_request_id)
        believed[debit.receipt] = believed.get(debit.receipt, 0) + 1
        findings = [Finding(kind, text, *ids) for kind, text in _differences(belief, debit)]
        if believed[debit.receipt] > 1:
            findings.append(Finding("claimed_twice", "one debit stands for two payments", *ids))
        return findings

    def _believed_debit(self, belief: _Belief) -> Debit | None:
        if belief.receipt is not None:
            return self.debits.get(belief.receipt)
        return self._by_checkout.get(belief.checkout_request_id or "")


def _differences(belief: _Belief, debit: Debit) -> Iterable[tuple[str, str]]:
    if belief.amount_kes != debit.amount_kes:
        sentence = f"KES {debit.amount_kes} moved, KES {belief.amount_kes} is believed"
        yield "wrong_amount", sentence
    if belief.phone not in (None, debit.phone):
        yield "wrong_phone", "another phone paid than is believed"
    if belief.reference not in (None, debit.reference):
        yield "wrong_reference", f"it was paid for {debit.reference}, not {belief.reference}"
    if belief.checkout_request_id not in (None, debit.checkout_request_id):
        yield "wrong_prompt", "the receipt belongs to another prompt than is believed"


def _never_heard(debit: Debit) -> Finding:
    sentence = f"KES {debit.amount_kes} moved for {debit.reference}; the merchant does not know"
    return Finding("money_unknown_to_merchant", sentence, debit.receipt, debit.checkout_request_id)


def _belief(number: int, given: Mapping[str, object]) -> _Belief:
    if not isinstance(given, Mapping):
        raise BeliefError(f"belief {number} is not an object")
    amount = given.get("amount")
    if isinstance(amount, bool) or not isinstance(amount, int):
        raise BeliefError(f"belief {number}: amount must be whole shillings")
    names = ("receipt", "phone", "reference", "checkout_request_id")
    for name in names:
        if not isinstance(given.get(name), str | None):
            raise BeliefError(f"belief {number}: {name} must be text or null")
    texts = {name: str(given[name]) if given.get(name) else None for name in names}
    if texts["receipt"] is None and texts["checkout_request_id"] is None:
        raise BeliefError(f"belief {number} needs a receipt or a checkout_request_id")
    return _Belief(amount, **texts)

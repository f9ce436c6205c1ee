"""The audit: what a merchant's system believes about its payments, against the ledger."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from simulator.core.accounts import MovementKind
from simulator.core.errors import BeliefError
from simulator.core.ledger import Debit, Ledger


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
class Belief:
    """One payment that a merchant takes for paid; `is_refunded` where it believes that too."""

    amount_kes: int
    is_refunded: bool
    receipt: str | None
    phone: str | None
    reference: str | None
    checkout_request_id: str | None


def audit(
    ledger: Ledger, beliefs: Iterable[Mapping[str, object]], *, shortcode: str | None = None
) -> Audit:
    """Compares what a merchant's system believes was paid with what was.

    Shape: each belief is {"receipt", "amount"} and optionally "phone", "reference",
    "checkout_request_id" and "refunded" (true where the money went back); a payment whose receipt
    is still to come gives "checkout_request_id" and a null "receipt". `shortcode` looks at one
    merchant only.
    Errors: BeliefError names the belief that cannot be read.
    """
    debits = [each for each in ledger.debits.values() if shortcode in (None, each.shortcode)]
    read = [read_belief(number, each) for number, each in enumerate(beliefs)]
    believed: dict[str, int] = {}
    findings = [each for belief in read for each in _compare(ledger, belief, believed, shortcode)]
    findings += [
        _never_heard(each)
        for each in debits
        if each.receipt not in believed and each.receipt not in ledger.reversed_receipts
    ]
    return Audit(
        debits=len(debits),
        debited_kes=sum(each.amount_kes for each in debits),
        believed=len(read),
        believed_kes=sum(each.amount_kes for each in read),
        findings=tuple(findings),
    )


def statement(ledger: Ledger) -> dict[str, object]:
    """What moved and where it is, ready for JSON. Units: KES.

    Shape: each kind of movement is {"count", "kes"}; a movement is a debit and a credit, which are
    added up one by one here.
    """
    movements = ledger.books.movements
    debited, credited = Counter[str](), Counter[str]()
    for each in movements:
        debited[str(each.debited)] += each.amount_kes
        credited[str(each.credited)] += each.amount_kes
    kinds = {
        f"{kind}s": {
            "count": sum(1 for each in movements if each.kind is kind),
            "kes": ledger.books.total_kes(kind),
        }
        for kind in MovementKind
    }
    return {
        **kinds,
        "debited_kes": debited.total(),
        "credited_kes": credited.total(),
        "balances": {str(account): kes for account, kes in ledger.books.accounts()},
        "is_balanced": ledger.is_balanced,
    }


def read_belief(number: int, given: Mapping[str, object]) -> Belief:
    """The belief in a document. Errors: BeliefError."""
    if not isinstance(given, Mapping):
        raise BeliefError(f"belief {number} is not an object")
    amount, refunded = given.get("amount"), given.get("refunded", False)
    if isinstance(amount, bool) or not isinstance(amount, int):
        raise BeliefError(f"belief {number}: amount must be whole shillings")
    if not isinstance(refunded, bool):
        raise BeliefError(f"belief {number}: refunded must be true or false")
    names = ("receipt", "phone", "reference", "checkout_request_id")
    for name in names:
        if not isinstance(given.get(name), str | None):
            raise BeliefError(f"belief {number}: {name} must be text or null")
    texts = {name: str(given[name]) if given.get(name) else None for name in names}
    if texts["receipt"] is None and texts["checkout_request_id"] is None:
        raise BeliefError(f"belief {number} needs a receipt or a checkout_request_id")
    return Belief(amount, refunded, **texts)


def _compare(
    ledger: Ledger, belief: Belief, believed: dict[str, int], shortcode: str | None
) -> list[Finding]:
    debit = _believed_debit(ledger, belief)
    ids = (belief.receipt, belief.checkout_request_id)
    if debit is None or shortcode not in (None, debit.shortcode):
        said = belief.receipt or belief.checkout_request_id
        sentence = f"believed paid, but no money moved under {said}"
        return [Finding("money_that_never_moved", sentence, *ids)]
    ids = (debit.receipt, debit.checkout_request_id)
    believed[debit.receipt] = believed.get(debit.receipt, 0) + 1
    is_reversed = debit.receipt in ledger.reversed_receipts
    findings = [Finding(kind, text, *ids) for kind, text in _differences(belief, debit)]
    if believed[debit.receipt] > 1:
        findings.append(Finding("claimed_twice", "one debit stands for two payments", *ids))
    if is_reversed and not belief.is_refunded:
        sentence = "the money went back to the customer; the merchant does not know"
        findings.append(Finding("reversal_unknown_to_merchant", sentence, *ids))
    if belief.is_refunded and not is_reversed and debit.receipt not in ledger.repaid_receipts:
        sentence = "believed refunded, but no money went back"
        findings.append(Finding("refund_that_never_moved", sentence, *ids))
    return findings


def _believed_debit(ledger: Ledger, belief: Belief) -> Debit | None:
    if belief.receipt is not None:
        return ledger.debits.get(belief.receipt)
    return ledger.by_checkout(belief.checkout_request_id or "")


def _differences(belief: Belief, debit: Debit) -> Iterable[tuple[str, str]]:
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

"""Money: it moves once, its receipts never repeat, and an audit finds every wrong belief."""

from collections.abc import Callable
from typing import Any

import pytest

from simulator.core.accounts import AccountKind, OverdrawnError
from simulator.core.errors import BeliefError
from simulator.core.identifiers import ReceiptPrinter
from simulator.core.ledger import Ledger, wallet
from tests.unit.simulator.virtual_merchant import NOON, PAYS, WAITS, VirtualMerchant


@pytest.fixture
def merchant() -> VirtualMerchant:
    """One paid payment of 100 and one of 250."""
    merchant = VirtualMerchant()
    merchant.pushed(PAYS)
    merchant.finished(WAITS, "pays", Amount=250, AccountReference="OTHER")
    return merchant


def beliefs(merchant: VirtualMerchant) -> list[dict[str, Any]]:
    """What a merchant without a fault believes."""
    return [
        {
            "receipt": each.receipt,
            "amount": each.amount_kes,
            "phone": each.phone,
            "reference": each.reference,
            "checkout_request_id": each.checkout_request_id,
        }
        for each in merchant.daraja.ledger.debits.values()
    ]


def kinds(merchant: VirtualMerchant, believed: list[dict[str, Any]]) -> list[str]:
    """What an audit finds."""
    return [each.kind for each in merchant.daraja.audit(believed).findings]


def test_true_beliefs_are_clean(merchant: VirtualMerchant) -> None:
    audit = merchant.daraja.audit(beliefs(merchant))
    assert audit.is_clean
    assert (audit.debits, audit.debited_kes, audit.believed_kes) == (2, 350, 350)


NEVER_MOVED = {"receipt": "UKN0000000", "amount": 1}
Beliefs = list[dict[str, Any]]
CHANGED: dict[str, tuple[Callable[[Beliefs], Beliefs], list[str]]] = {
    "one payment is not known": (lambda true: true[:1], ["money_unknown_to_merchant"]),
    "one never moved": (lambda true: [*true, NEVER_MOVED], ["money_that_never_moved"]),
    "one debit for two payments": (lambda true: [*true, true[0]], ["claimed_twice"]),
    "a receipt is to come": (lambda true: [{**true[0], "receipt": None}, true[1]], []),
    "receipt and amount alone": (
        lambda true: [{name: each[name] for name in ("receipt", "amount")} for each in true],
        [],
    ),
}


@pytest.mark.parametrize("change", CHANGED)
def test_an_audit_finds_what_is_wrong_and_no_more(merchant: VirtualMerchant, change: str) -> None:
    believed, found = CHANGED[change]
    assert kinds(merchant, believed(beliefs(merchant))) == found


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"amount": 99}, "wrong_amount"),
        ({"phone": WAITS}, "wrong_phone"),
        ({"reference": "X"}, "wrong_reference"),
        ({"checkout_request_id": "ws_CO_1"}, "wrong_prompt"),
    ],
)
def test_every_wrong_detail_is_found(
    merchant: VirtualMerchant, change: dict[str, Any], kind: str
) -> None:
    first, second = beliefs(merchant)
    believed = {first["phone"]: first, second["phone"]: second}
    assert kinds(merchant, [{**believed[PAYS], **change}, believed[WAITS]]) == [kind]


def test_an_audit_can_look_at_one_merchant(merchant: VirtualMerchant) -> None:
    assert merchant.daraja.audit([], shortcode="7654321").is_clean
    assert not merchant.daraja.audit([], shortcode="174379").is_clean
    foreign = merchant.daraja.audit(beliefs(merchant)[:1], shortcode="7654321")
    assert [each.kind for each in foreign.findings] == ["money_that_never_moved"]


@pytest.mark.parametrize(
    "belief",
    [
        {"receipt": "A"},
        {"receipt": "A", "amount": 1.0},
        {"receipt": "A", "amount": True},
        {"amount": 1},
        {"receipt": 5, "amount": 1},
        {"receipt": "A", "amount": 1, "phone": 254708374149},
        "A",
    ],
)
def test_a_belief_that_cannot_be_read_is_refused(merchant: VirtualMerchant, belief: Any) -> None:
    with pytest.raises(BeliefError, match="belief 0"):
        merchant.daraja.audit([belief])


def test_every_shilling_is_somewhere(merchant: VirtualMerchant) -> None:
    ledger = merchant.daraja.ledger
    assert ledger.is_balanced
    merchant.daraja.set_phone(PAYS, balance_kes=5)
    assert ledger.is_balanced
    ledger.books._balances[wallet(PAYS)] += 1
    assert not ledger.is_balanced


def test_money_that_is_not_there_does_not_move(merchant: VirtualMerchant) -> None:
    ledger = merchant.daraja.ledger
    with pytest.raises(ValueError, match="does not hold"):
        ledger.debit(
            at=NOON,
            phone=PAYS,
            shortcode="174379",
            amount_kes=50_000,
            reference="X",
            checkout_request_id="ws_CO_1",
        )
    assert ledger.is_balanced
    assert len(ledger.debits) == 2


def test_receipts_never_repeat_also_within_one_millisecond() -> None:
    printer = ReceiptPrinter()
    receipts = [printer.next(NOON) for _ in range(3_000)]
    receipts += [printer.next(NOON + number / 1000) for number in range(3_000)]
    assert len(set(receipts)) == len(receipts)
    assert {len(each) for each in receipts} == {10}
    assert {each[:3] for each in receipts} == {"UKN"}


def test_receipts_do_not_repeat_after_a_restart_as_long_as_time_goes_on() -> None:
    before, after = ReceiptPrinter(), ReceiptPrinter()
    first = {before.next(NOON + number) for number in range(1_000)}
    assert first.isdisjoint(after.next(NOON + 1_000 + number) for number in range(1_000))


def test_receipts_do_not_repeat_after_a_reset(merchant: VirtualMerchant) -> None:
    old = set(merchant.daraja.ledger.debits)
    merchant.daraja.reset()
    assert merchant.daraja.ledger.debits == {}
    merchant.finished(PAYS)
    assert old.isdisjoint(merchant.daraja.ledger.debits)


def balances(ledger: Ledger) -> dict[str, int]:
    """Every account that holds or owes something."""
    return {str(each): kes for each, kes in ledger.books.accounts() if kes}


def test_every_movement_debits_one_account_and_credits_another() -> None:
    ledger = Ledger()
    ledger.open(PAYS, 1_000)
    paid: dict[str, Any] = {"at": NOON, "phone": PAYS, "reference": "A"}
    till = ledger.debit(shortcode="76", amount_kes=30, account=AccountKind.MERCHANT, **paid)
    first = ledger.debit(shortcode="17", amount_kes=100, **paid)
    ledger.debit(shortcode="17", amount_kes=200, **paid)
    ledger.reverse(first.receipt, NOON)
    ledger.pay_out(at=NOON, shortcode="17", phone=PAYS, amount_kes=50, charge_kes=5)
    ledger.settle("17", NOON)
    assert balances(ledger) == {
        "issue": -1_000, "wallet:254708374149": 820, "merchant:76": 30, "bank:17": 150,
        "charges:17": -5, "fees": 5,
    }  # fmt: skip
    assert ledger.is_balanced
    assert till.balance_after_kes == 30
    assert list(ledger.reversed_receipts) == [first.receipt]
    with pytest.raises(OverdrawnError, match="utility"):
        ledger.reverse(first.receipt, NOON)  # settled to the bank
    assert ledger.is_balanced
    assert len(set(ledger.by_receipt)) == 6


def test_a_payment_without_its_movement_is_no_balance(merchant: VirtualMerchant) -> None:
    ledger = merchant.daraja.ledger
    ledger.debits.popitem()
    assert not ledger.is_balanced


def test_money_that_went_back_must_be_believed_so(merchant: VirtualMerchant) -> None:
    first, second = beliefs(merchant)
    assert kinds(merchant, [{**first, "refunded": True}, second]) == ["refund_that_never_moved"]
    merchant.daraja.ledger.reverse(str(first["receipt"]), merchant.now)
    assert kinds(merchant, [first, second]) == ["reversal_unknown_to_merchant"]
    assert kinds(merchant, [{**first, "refunded": True}, second]) == []
    assert kinds(merchant, [second]) == []

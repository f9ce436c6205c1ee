"""A Change that breaks a rule of the protocol cannot be made."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from payments.protocol.change import Change, RequireUnpayable
from payments.protocol.evidence import MoneySeen
from payments.protocol.opening import pays_booking
from payments.protocol.payment import PaymentStatus, Proof
from payments.protocol.receipts import Claim, ClaimRule, ReceiptRow
from payments.protocol.transitions import AUTOMATIC, BY_OPERATOR
from payments.store.writes import consultation_action

from tests.simulation.invariants.view import RANK

from .situations import (
    CREATED_AT,
    MINE,
    NEWS,
    PAYABLE,
    PAYMENTS,
    PRICE,
    RECEIPT,
    decided,
    present,
    surroundings,
)


def made(situation: str, name: str) -> Change:
    """A change that the protocol does allow."""
    news = NEWS[name]
    around = surroundings(situation, news)
    return present(decided(PAYMENTS[situation], news.evidence, around, age=news.age))


COMPLETED = ("pending", "callback exact")
SECOND = ("completed", "callback another free receipt")
SEEN = ("pending", "c2b exact")
CLAIM = Claim(receipt_number=RECEIPT, source=Proof.CALLBACK, amount_kes=PRICE, paid_at=None)
REFUSED_PUSH = ("dispatching", "push refused")
EXPIRED = ("pending", "query waiting after a day")
BROKEN: dict[str, tuple[tuple[str, str], dict[str, object], dict[str, object]]] = {
    "completed without proof": (COMPLETED, {"proof": None}, {}),
    "completed by cleanup": (COMPLETED, {"proof": Proof.CLEANUP}, {}),
    "completed for another amount": (COMPLETED, {"paid_amount_kes": 900}, {}),
    "completed without an amount": (COMPLETED, {"paid_amount_kes": None}, {}),
    "completed without a receipt": (COMPLETED, {"receipt_number": None}, {}),
    "completed without confirming": (COMPLETED, {}, {"consultation": None}),
    "completed and owed back": (COMPLETED, {}, {"consultation": RequireUnpayable()}),
    "completed without its claim": (COMPLETED, {}, {"claim": None}),
    "completed without its event": (COMPLETED, {}, {"events": ()}),
    "completed without its time": (COMPLETED, {"final_at": None}, {}),
    "locks held after money": (COMPLETED, {"holds_locks": True}, {"frees_phone": False}),
    "owed back although payable": (
        COMPLETED,
        {"status": PaymentStatus.REFUND_DUE},
        {"consultation": None},
    ),
    "another amount asked": (COMPLETED, {"amount_kes": 1}, {}),
    "another payer": (COMPLETED, {"client_id": "8"}, {}),
    "the version as it was": (COMPLETED, {"version": 1}, {}),
    "a claim without money": (REFUSED_PUSH, {}, {"claim": CLAIM}),
    "a claim of another receipt than its own": (
        COMPLETED,
        {},
        {"claim": replace(CLAIM, receipt_number="SECOND0001")},
    ),
    "a claim in another witness's name": (
        COMPLETED,
        {},
        {"claim": replace(CLAIM, source=Proof.C2B)},
    ),
    "two amounts, and nobody is told": (
        COMPLETED,
        {},
        {"claim": replace(CLAIM, rule=ClaimRule.DESPITE_AMOUNT)},
    ),
    "a bound receipt is forgotten": (SECOND, {"receipt_number": None}, {}),
    "a bound receipt is replaced": (
        SECOND,
        {"receipt_number": "SECOND0001"},
        {"files": None, "claim": replace(CLAIM, receipt_number="SECOND0001")},
    ),
    "filed, and nobody is told": (SECOND, {"attention": None}, {"events": ()}),
    "filed, and its own": (
        SECOND,
        {},
        {"files": ReceiptRow(receipt_number=RECEIPT, source=Proof.CALLBACK)},
    ),
    "filed as bound": (
        SECOND,
        {},
        {"files": ReceiptRow(receipt_number="SECOND0001", payment_id="b" * 32)},
    ),
    "money paid by hand frees the phone": (SEEN, {"holds_locks": False}, {"frees_phone": True}),
    "a machine that releases a receipt": (REFUSED_PUSH, {}, {"releases_receipt": "RECEIPT001"}),
    "a refused push that holds its locks": (
        REFUSED_PUSH,
        {"holds_locks": True},
        {"consultation": None, "frees_phone": False},
    ),
    "a freed phone that is still held": (REFUSED_PUSH, {"holds_locks": True, "proof": None}, {}),
    "failed without a reason": (REFUSED_PUSH, {"failure_reason": None}, {}),
    "cancelled, and nobody is told": (EXPIRED, {"attention": None}, {}),
    "attention without its event": (EXPIRED, {"attention": "other"}, {"events": ()}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_step_that_breaks_a_rule_cannot_be_made(name: str) -> None:
    (situation, news), changed, effects = BROKEN[name]
    lawful = made(situation, news)
    with pytest.raises(ValueError, match=" -> "):
        replace(lawful, after=replace(lawful.after, **changed), **effects)  # type: ignore[arg-type]


def test_a_first_receipt_that_comes_with_a_release_breaks_the_rule_of_releases() -> None:
    lawful = made(*COMPLETED)
    with pytest.raises(ValueError, match="only an operator releases a receipt"):
        replace(lawful, releases_receipt="SECOND0001")


@pytest.mark.parametrize(
    ("rule", "changed"),
    [
        ("an outcome has its time", {"final_at": None}),
        ("money has the time of its proof", {"received_at": None}),
        ("receipt pending", {"receipt_pending": True}),
    ],
)
def test_a_broken_rule_is_named(rule: str, changed: dict[str, Any]) -> None:
    lawful = made(*COMPLETED)
    with pytest.raises(ValueError, match=f": {rule}$"):
        replace(lawful, after=replace(lawful.after, **changed))


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"origin": None}, "it has no prompt"),
        ({"version": 2}, "it is new and holds no lock"),
        ({"holds_locks": True}, "it is new and holds no lock"),
        ({"status": PaymentStatus.REVIEW}, "its money is booked, or owed back"),
        ({"payment_id": MINE}, "its receipt names it"),
        ({"receipt_number": None}, "it has its receipt"),
        ({"proof": Proof.PULL}, "a witness saw it"),
        ({"paid_amount_kes": 900}, "it is exact"),
        ({"received_at": None}, "it has its time"),
        ({"status": PaymentStatus.REFUND_DUE}, "a final status has its event"),
        ({"booking_id": ""}, "what it confirms is named"),
    ],
)
def test_an_opening_names_the_rule_that_it_breaks(changed: dict[str, object], rule: str) -> None:
    money = MoneySeen(
        source=Proof.C2B, receipt_number=RECEIPT, shortcode="600000", amount_kes=PRICE
    )
    lawful = pays_booking(money, PAYABLE, now=CREATED_AT, op_id="0" * 32, has_waited=False)
    with pytest.raises(ValueError, match=f"^none -> [a-z_]+: {rule}$"):
        replace(lawful, payment=replace(lawful.payment, **changed))  # type: ignore[arg-type]


def test_the_write_that_confirms_names_the_payer_and_the_price() -> None:
    change = made(*COMPLETED)
    assert change.consultation is not None
    update = consultation_action("table", change, change.consultation)["Update"]
    terms = {"#client_id": {"S": "7"}, "#price_kes": {"N": str(PRICE)}}
    for name, value in terms.items():
        found = present(re.search(rf"AND {name} = (:\w+)", update["ConditionExpression"]))
        assert update["ExpressionAttributeValues"][found[1]] == value


@pytest.mark.parametrize("before", PaymentStatus)
@pytest.mark.parametrize("after", PaymentStatus)
def test_only_an_operators_bogus_lowers_the_rank(
    before: PaymentStatus, after: PaymentStatus
) -> None:
    falls = RANK[after] <= RANK[before]
    assert not (falls and after in AUTOMATIC[before])
    by_operator = falls and after in BY_OPERATOR.get(before, ())
    assert by_operator == ((before, after) == (PaymentStatus.REVIEW, PaymentStatus.FAILED))

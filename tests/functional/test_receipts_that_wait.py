"""Receipts that wait: looks that find their payment later, and what a person does with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from payments.errors import ConflictError, NotFoundError
from payments.protocol.evidence import ReceiptFound
from payments.protocol.payment import Payment, PaymentStatus, Proof
from payments.protocol.receipts import ReceiptRow, RowState, SetAside
from payments.protocol.rules import MoneyRules, PaybillAccount
from payments.store.items import pull_key
from payments.usecases.money_desk import (
    attach_to_booking,
    attach_to_payment,
    owe_back,
    reopen,
    set_aside,
)
from payments.usecases.record_money import MoneyOutcome

from tests.functional.bank import PERSON, Bank
from tests.functional.faulty import DAY, HOUR, meanwhile
from tests.functional.scene import Scene

RECEIPT = "SKI7HAND01"
S = PaymentStatus
TRANSACTION = frozenset({"TransactWriteItems"})
PULLED = MoneyRules(is_pulled=True)


@pytest.fixture
def bank(scene: Scene) -> Bank:
    return Bank(scene)


def cover(scene: Scene, *, until: int) -> None:
    """Pull has listed every debit of the last day."""
    covered = {"complete_from": until - DAY, "complete_until": until}
    scene.store_item({**pull_key("174379"), **covered})


def by_query(scene: Scene) -> str:
    """A payment that a query proved; nobody told its receipt."""
    payment_id = scene.pay("pays+callback_lost")
    scene.pass_time(200, cleans_up=True)
    assert scene.payment(payment_id).status is S.COMPLETED
    return payment_id


def test_a_look_finds_the_booking_that_was_registered_later(scene: Scene) -> None:
    bank = Bank(scene, MoneyRules(paybill_account=PaybillAccount.BOOKING_ID))
    bank.says(RECEIPT, reference="77")
    assert bank.look().looked_at == 0, "not due yet"
    scene.register("77", client_id="9")
    scene.pass_time(60)

    assert bank.look().changed == 1

    payment_id = str(bank.row(RECEIPT).payment_id)
    assert scene.events(payment_id) == ["MoneyAttached", "PaymentCompleted"]
    assert scene.payment(payment_id).client_id == "9"


def test_a_look_finds_the_payment_that_the_index_had_not_shown_yet(
    scene: Scene, bank: Bank
) -> None:
    payment_id = scene.pay("ignores")
    reference = str(scene.payment(payment_id).account_reference)
    scene.engine.lag = 1000
    assert bank.says(RECEIPT, reference=reference) is MoneyOutcome.FILED
    scene.engine.lag = 0
    scene.pass_time(60)
    assert bank.look().changed == 1
    assert scene.payment(payment_id).bound_receipt == RECEIPT


def test_a_look_tells_once_of_a_payment_that_cannot_take_the_money(
    scene: Scene, bank: Bank
) -> None:
    payment_id = scene.pay()
    scene.pass_time(60)
    scene.engine.lag = 1000
    bank.says(RECEIPT, reference=scene.payment(payment_id).account_reference)
    scene.engine.lag = 0
    scene.pass_time(60)
    bank.look()
    told = scene.payment(payment_id)
    assert told.attention == "second_receipt"
    scene.pass_time(900)
    bank.look()
    assert scene.payment(payment_id) == told


def test_looks_end_after_two_days_and_a_person_still_sees_it(scene: Scene, bank: Bank) -> None:
    bank.says(RECEIPT)
    looks = 0
    for _ in range(49):
        scene.clock.sleep(HOUR)
        looks += bank.look().looked_at
    assert looks == 3, "those of 1 min, 15 min and 1 h are one here"
    assert bank.row(RECEIPT).due_at is None
    assert list(bank.services.ledger.unclaimed_receipts()) == [RECEIPT]
    assert list(bank.services.ledger.due_receipts(int(scene.clock()))) == []


def test_a_row_that_cannot_be_read_is_counted_and_the_rest_go_on(scene: Scene, bank: Bank) -> None:
    odd = {"pk": "RCPT#ODD0000001", "sk": "STATE", "source": "x", "open": "OPEN", "due_at": 1}
    scene.store_item(odd)
    bank.says(RECEIPT)
    scene.pass_time(60)
    report = bank.look()
    assert (report.looked_at, report.poisoned) == (1, 1)


@pytest.mark.parametrize(
    "lacks", ["nothing", "pull", "coverage", "a second receipt", "a second amount"]
)
def test_a_tills_receipt_finds_the_payment_that_a_query_proved(scene: Scene, lacks: str) -> None:
    bank = Bank(scene, MoneyRules() if lacks == "pull" else PULLED)
    payment_id = scene.pay("pays+callback_lost")
    scene.pass_time(30)
    bank.says(RECEIPT)
    if lacks in ("a second receipt", "a second amount"):
        bank.says("SKI7HAND02")
    if lacks == "a second amount":
        bank.says("SKI7HAND02", source=Proof.PULL, amount=900)
    scene.pass_time(200, cleans_up=True)
    scene.pass_time(800)
    if lacks != "coverage":
        cover(scene, until=int(scene.clock()))
    assert scene.payment(payment_id).bound_receipt is None
    version = scene.payment(payment_id).version

    bank.look()

    payment = scene.payment(payment_id)
    if lacks == "nothing":
        assert (payment.bound_receipt, payment.proof) == (RECEIPT, Proof.C2B)
        assert scene.events(payment_id)[-2:] == ["MoneyAttached", "ReceiptAdded"]
    else:
        assert payment.version == version
        assert bank.row(RECEIPT).state is RowState.UNCLAIMED


def test_a_tills_receipt_says_nothing_about_a_payment_whose_receipt_an_older_version_claimed(
    scene: Scene,
) -> None:
    """Release 0.1.1 claims a hint's receipt. Else money paid by hand would take its place."""
    bank = Bank(scene, PULLED)
    payment_id = scene.pay("pays+callback_unlisted")
    scene.pass_time(30)
    bank.says(RECEIPT)
    scene.pass_time(200, cleans_up=True)
    shown = scene.payment(payment_id).receipt_number
    scene.store_item({"pk": f"RCPT#{shown}", "sk": "STATE", "payment_id": payment_id})
    scene.pass_time(800)
    cover(scene, until=int(scene.clock()))
    bank.look()
    assert scene.payment(payment_id).proof is Proof.HINT
    assert bank.row(RECEIPT).state is RowState.UNCLAIMED


def test_a_tills_receipt_says_nothing_about_a_payment_that_got_its_own_meanwhile(
    scene: Scene,
) -> None:
    bank = Bank(scene, PULLED)
    payment_id = scene.pay("pays+callback_lost")
    scene.pass_time(30)
    bank.says(RECEIPT)
    scene.pass_time(200, cleans_up=True)
    scene.pass_time(800)
    cover(scene, until=int(scene.clock()))
    own = meanwhile(lambda: scene.post(payment_id, 0, receipt="SKI7PROMPT"))
    scene.network.next(own, on=TRANSACTION)

    bank.look()

    payment = scene.payment(payment_id)
    assert (payment.bound_receipt, payment.attention) == ("SKI7PROMPT", None)
    assert bank.row(RECEIPT).state is RowState.UNCLAIMED


def states(scene: Scene) -> list[dict[str, Any]]:
    return [item for item in scene.items("PAY#") if item["sk"] == "STATE"]


FOUND = ReceiptFound(receipt_number=RECEIPT, amount_kes=1000)
"""A person records the receipt for a payment, as it stands on the statement."""


def attach(bank: Bank, payment_id: str, *, shown_version: int, amount_kes: int = 1000) -> Payment:
    """A person says which payment the receipt paid."""
    return attach_to_payment(
        bank.services,
        RECEIPT,
        payment_id,
        shown_amount_kes=amount_kes,
        shown_version=shown_version,
        actor=PERSON,
    )


def book(bank: Bank, booking_id: str, receipt: str = RECEIPT) -> Payment:
    """A person says which booking the receipt paid."""
    return attach_to_booking(
        bank.services, receipt, booking_id, shown_amount_kes=1000, actor=PERSON
    )


def put_aside(bank: Bank, why: SetAside = SetAside.HANDLED_ELSEWHERE) -> ReceiptRow:
    return set_aside(bank.services, RECEIPT, why, actor=PERSON)


def owe(bank: Bank) -> Payment:
    return owe_back(bank.services, RECEIPT, shown_amount_kes=1000, actor=PERSON)


def test_a_look_at_a_tills_receipt_asks_daraja_about_the_open_prompt(scene: Scene) -> None:
    bank = Bank(scene)
    payment_id = scene.pay("ignores")
    scene.pass_time(5)
    bank.says(RECEIPT)
    scene.pass_time(60, delivers=False)
    before = scene.payment(payment_id)
    assert before.due_at is not None
    bank.look()
    after = scene.payment(payment_id)
    assert after.due_at is not None
    assert after.due_at <= int(scene.clock())


def test_a_person_attaches_a_receipt_to_the_payment_it_paid(scene: Scene, bank: Bank) -> None:
    payment_id = scene.pay("cancels")
    scene.pass_time(60)
    bank.says(RECEIPT, reference="WRONG")
    version = scene.payment(payment_id).version

    payment = attach(bank, payment_id, shown_version=version)

    assert (payment.status, payment.proof) == (S.COMPLETED, Proof.C2B)
    assert scene.is_confirmed_by(payment_id)
    assert bank.row(RECEIPT).payment_id == payment_id
    assert "MoneyAttached" in scene.events(payment_id)
    [kept] = [each for each in scene.items(f"RCPT#{RECEIPT}") if "asked" in each]
    assert (kept["by"], kept["reason"]) == (PERSON.by, PERSON.reason)
    assert kept["asked"] == f"attach to payment {payment_id}"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a second receipt", "has receipt"),
        ("another amount", "owe the money back"),
        ("moved on", "changed since it was shown"),
        ("row of another amount", "changed since it was shown"),
    ],
)
def test_a_person_cannot_attach_what_does_not_belong(
    scene: Scene, bank: Bank, name: str, said: str
) -> None:
    payment_id = scene.pay("pays" if name == "a second receipt" else "cancels")
    scene.pass_time(60)
    amount = 900 if name == "another amount" else 1000
    bank.says(RECEIPT, amount=amount)
    version = scene.payment(payment_id).version - (name == "moved on")
    before = states(scene)

    shown = 1 if name == "row of another amount" else amount
    with pytest.raises(ConflictError, match=said):
        attach(bank, payment_id, shown_version=version, amount_kes=shown)

    assert states(scene) == before
    assert bank.row(RECEIPT).state is RowState.UNCLAIMED


def test_a_person_attaches_a_receipt_to_a_booking(scene: Scene, bank: Bank) -> None:
    bank.says(RECEIPT, reference="WRONG", paid_at=int(scene.clock()) - HOUR)
    payment = book(bank, "1")
    assert scene.is_confirmed_by(payment.payment_id)
    assert scene.events(payment.payment_id) == ["MoneyAttached", "PaymentCompleted"]
    with pytest.raises(ConflictError, match="bound to payment"):
        owe(bank)


@pytest.mark.parametrize("paid_at", ["in the window", "unknown"])
@pytest.mark.parametrize("scenario", ["cancels", "ignores", "pays+callback_lost"])
def test_a_receipt_that_may_be_a_prompts_is_not_attached_to_the_booking(
    scene: Scene, bank: Bank, scenario: str, paid_at: str
) -> None:
    payment_id = scene.pay(scenario)
    scene.pass_time(30)
    known = int(scene.clock()) if paid_at == "in the window" else None
    bank.says(RECEIPT, paid_at=known)
    with pytest.raises(ConflictError, match=f"payment {payment_id}") as refused:
        book(bank, "1")
    assert refused.value.code == "attach_to_payment"
    assert bank.row(RECEIPT).state is RowState.UNCLAIMED


def test_money_that_may_be_another_bookings_prompts_confirms_no_booking(
    scene: Scene, bank: Bank
) -> None:
    payment_id = by_query(scene)
    scene.register("2")
    paid_at = scene.payment(payment_id).created_at + 30
    for receipt, reference in ((RECEIPT, None), ("SKI7HAND02", "RENT7")):
        bank.says(receipt, paid_at=paid_at, reference=reference)
    with pytest.raises(ConflictError, match=f"payment {payment_id}"):
        book(bank, "2")
    assert scene.consultation("2")["status"] == "Pending"
    named = book(bank, "2", "SKI7HAND02")
    assert scene.consultation("2")["paid_payment_id"] == named.payment_id


@pytest.mark.parametrize("scenario", ["waits", "pays+callback_lost"])
def test_what_may_be_a_prompts_money_is_not_set_aside(
    scene: Scene, bank: Bank, scenario: str
) -> None:
    """Set aside it is no rival: a till's next money of that amount would be taken for it."""
    payment_id = scene.pay(scenario)
    scene.pass_time(30)
    bank.says(RECEIPT, paid_at=int(scene.clock()))
    with pytest.raises(ConflictError, match=f"payment {payment_id}") as refused:
        put_aside(bank)
    assert refused.value.code == "attach_to_payment"
    assert bank.row(RECEIPT).state is RowState.UNCLAIMED


@pytest.mark.parametrize("named", [(1000, 900), (900, 1000), (None,)])
def test_a_prompts_money_of_no_known_amount_goes_to_its_payment_alone(
    scene: Scene, bank: Bank, named: tuple[int | None, ...]
) -> None:
    """The first of two doubts: a person would set it aside and send it back by hand."""
    first = by_query(scene)
    paid_at = scene.payment(first).created_at + 30
    for amount in named:
        bank.says(RECEIPT, paid_at=paid_at, amount=amount)
    assert bank.row(RECEIPT).amount_kes is None
    scene.register("2")
    second = scene.pay("cancels", booking_id="2", phone="254711111111")
    scene.pass_time(60)

    with pytest.raises(ConflictError, match=f"payment {first}, .* record it there"):
        put_aside(bank)
    with pytest.raises(ConflictError, match=f"payment {first}"):
        bank.decide(second, FOUND)
    bank.decide(first, FOUND)

    payment = scene.payment(first)
    assert (payment.bound_receipt, payment.attention) == (RECEIPT, "amount_contradicted")
    assert bank.row(RECEIPT).payment_id == first
    assert scene.consultation("2")["status"] == "Pending"


def test_one_of_two_amounts_from_the_statement_goes_to_review(scene: Scene, bank: Bank) -> None:
    payment_id = scene.pay("cancels")
    scene.pass_time(60)
    for amount in (1000, 900):
        bank.says(RECEIPT, amount=amount)
    for wrong in (1, 1900):
        with pytest.raises(ConflictError, match="on file with another amount"):
            bank.decide(payment_id, replace(FOUND, amount_kes=wrong))
    bank.decide(payment_id, FOUND)
    payment = scene.payment(payment_id)
    assert (payment.status, payment.bound_receipt) == (S.REVIEW, RECEIPT)


def test_a_person_owes_money_back_that_belongs_to_nothing(scene: Scene, bank: Bank) -> None:
    bank.says(RECEIPT)
    payment = owe(bank)
    assert scene.payment(payment.payment_id).status is S.REFUND_DUE
    assert bank.row(RECEIPT).payment_id == payment.payment_id
    assert scene.consultation()["status"] == "Pending"
    [event] = [e for e in scene.items("PAY#") if e.get("type") == "RefundDue"]
    assert (event["by"], event["booking_id"]) == (PERSON.by, "")


def test_money_without_a_whole_amount_can_only_be_set_aside(scene: Scene, bank: Bank) -> None:
    bank.says(RECEIPT, amount=None, amount_text="5.50")
    with pytest.raises(ConflictError):
        owe_back(bank.services, RECEIPT, shown_amount_kes=5, actor=PERSON)
    aside = put_aside(bank, SetAside.TEST)
    assert bank.row(RECEIPT) == aside
    assert list(bank.services.ledger.unclaimed_receipts()) == []


def test_what_was_set_aside_waits_again_once_a_person_says_so(scene: Scene, bank: Bank) -> None:
    bank.says(RECEIPT)
    with pytest.raises(ConflictError, match="unclaimed"):
        reopen(bank.services, RECEIPT, actor=PERSON)
    put_aside(bank, SetAside.TEST)
    with pytest.raises(ConflictError, match="set aside"):
        put_aside(bank, SetAside.TEST)
    scene.pass_time(DAY)

    reopened = reopen(bank.services, RECEIPT, actor=PERSON)

    assert bank.row(RECEIPT) == reopened
    assert reopened.state is RowState.UNCLAIMED
    told = [each["type"] for each in scene.items(f"RCPT#{RECEIPT}") if "type" in each]
    assert told == ["MoneyUnclaimed", "MoneyUnclaimed"]


ACTS: dict[str, Callable[[Bank], object]] = {
    "attach": lambda bank: book(bank, "1"),
    "owe back": owe,
    "set aside": lambda bank: put_aside(bank, SetAside.TEST),
}


@pytest.mark.parametrize("name", ACTS)
def test_a_person_is_told_where_a_callback_claims_the_receipt_first(
    scene: Scene, bank: Bank, name: str
) -> None:
    scene.register("2")
    payment_id = scene.pay("ignores", booking_id="2")
    bank.says(RECEIPT, paid_at=int(scene.clock()) - HOUR)
    claims = meanwhile(lambda: scene.post(payment_id, 0, receipt=RECEIPT))
    scene.network.next(claims, on=TRANSACTION)
    with pytest.raises(ConflictError) as refused:
        ACTS[name](bank)
    assert str(refused.value) == (
        "The receipt or the consultation has changed since it was shown: look at it again"
    )
    assert bank.row(RECEIPT).payment_id == payment_id
    assert scene.consultation("1")["status"] == "Pending"


@pytest.mark.parametrize("act", ["set aside", "attached to another booking", "recorded elsewhere"])
def test_money_that_a_person_booked_elsewhere_is_told_at_the_payment_that_its_account_names(
    scene: Scene, bank: Bank, act: str
) -> None:
    """Staff asked M-Pesa, which names no account; the C2B confirmation then does."""
    payment_id = scene.pay("pays+callback_lost+query_false_failure")
    scene.pass_time(400, cleans_up=True)
    scene.pass_time(HOUR)
    assert scene.payment(payment_id).status is S.FAILED
    scene.register("2")
    if act == "recorded elsewhere":
        other = scene.pay("cancels", booking_id="2", phone="254711111111")
        scene.pass_time(60)
        bank.decide(other, FOUND)
    else:
        bank.says(RECEIPT, source=Proof.STATUS, payer=None)
        if act == "set aside":
            put_aside(bank)
        else:
            book(bank, "2")
    row = bank.row(RECEIPT)

    reference = scene.payment(payment_id).account_reference
    told = bank.says(RECEIPT, reference=reference)
    again = bank.says(RECEIPT, reference=reference, source=Proof.PULL)

    reason = "receipt_set_aside" if act == "set aside" else "receipt_bound_elsewhere"
    assert (told, again) == (MoneyOutcome.ATTENTION, MoneyOutcome.REPEAT)
    assert scene.payment(payment_id).attention == reason
    assert scene.events(payment_id).count("PaymentUnresolved") == 1
    assert (bank.row(RECEIPT).payment_id, bank.row(RECEIPT).set_aside) == (
        row.payment_id,
        row.set_aside,
    )
    if act == "recorded elsewhere":
        assert scene.payment(other).proof is Proof.C2B, "so its review cannot end as bogus"


def test_what_is_not_there_cannot_be_acted_on(scene: Scene, bank: Bank) -> None:
    with pytest.raises(NotFoundError):
        owe_back(bank.services, "NOWHERE001", shown_amount_kes=1, actor=PERSON)
    bank.says(RECEIPT)
    with pytest.raises(NotFoundError):
        book(bank, "99")
    with pytest.raises(NotFoundError):
        attach(bank, "0" * 32, shown_version=1)


def test_a_receipt_found_for_a_paid_payment_confirms_no_second_booking(
    scene: Scene, bank: Bank
) -> None:
    """One M-Pesa transaction once confirmed two bookings: its payment could not take it."""
    first = by_query(scene)
    scene.register("2")
    second = scene.pay("cancels", booking_id="2", phone="254711111111")
    scene.pass_time(60)

    bank.decide(first, FOUND)
    assert scene.payment(first).bound_receipt == RECEIPT
    assert scene.payment(first).attention is None
    with pytest.raises(ConflictError, match="belongs to another payment"):
        bank.decide(second, FOUND)
    with pytest.raises(ConflictError, match="has receipt"):
        bank.decide(first, replace(FOUND, receipt_number="SKI7HAND02"))
    assert scene.consultation("2")["status"] == "Pending"


@pytest.mark.parametrize("outcome", ["paid", "open", "failed by a query"])
def test_money_that_may_be_a_prompts_is_not_owed_back(
    scene: Scene, bank: Bank, outcome: str
) -> None:
    if outcome == "paid":
        payment_id = by_query(scene)
    else:
        lies = "+query_false_failure" if outcome != "open" else ""
        payment_id = scene.pay(f"pays+callback_lost{lies}")
        scene.pass_time(30 if outcome == "open" else 400, cleans_up=True)
    assert scene.payment(payment_id).may_yet_be_paid is (outcome != "paid")
    paid_at = scene.payment(payment_id).created_at + 30
    bank.says(RECEIPT, paid_at=paid_at, payer=None)
    with pytest.raises(ConflictError) as refused:
        owe(bank)
    facts = {"payment_id": payment_id}
    assert (refused.value.code, refused.value.facts) == ("attach_to_payment", facts)
    assert bank.row(RECEIPT).state is RowState.UNCLAIMED


def test_a_callbacks_receipt_that_a_person_attaches_frees_no_phone(
    scene: Scene, bank: Bank
) -> None:
    payment_id = scene.pay("ignores")
    bank.says(RECEIPT, source=Proof.CALLBACK, paid_at=int(scene.clock()))
    before = scene.payment(payment_id)
    assert before.holds_locks
    after = attach(bank, payment_id, shown_version=before.version)
    assert (after.status, after.holds_locks) == (S.COMPLETED, True)
    [guard] = scene.items("PHONE#")
    assert guard["live_payment_id"] == payment_id
    assert bank.row(RECEIPT).source is Proof.CALLBACK


def test_a_row_of_another_amount_is_left_to_a_person_by_the_booking_rung(scene: Scene) -> None:
    bank = Bank(scene, MoneyRules(paybill_account=PaybillAccount.BOOKING_ID))
    bank.says(RECEIPT, amount=None, amount_text="?", reference="WRONG")
    said = bank.says(RECEIPT, source=Proof.PULL, reference="1")
    assert said is MoneyOutcome.REPEAT
    assert scene.consultation()["status"] == "Pending"


@pytest.mark.parametrize("typed", ["0712345678 Jane W", "254712345678", "x 0112345678"])
def test_a_typed_phone_number_is_stored_without_its_middle(bank: Bank, typed: str) -> None:
    bank.says(RECEIPT, reference=typed)
    kept = str(bank.row(RECEIPT).reference)
    assert "12345" not in kept
    assert "678" in kept


def test_a_callback_without_a_whole_amount_takes_its_receipt_that_waits_without_one(
    scene: Scene, bank: Bank
) -> None:
    payment_id = scene.pay("ignores")
    scene.pass_time(40)
    bank.says(RECEIPT, amount=None, amount_text="1000.50", reference="WRONG")
    assert scene.post(payment_id, 0, amount=1000.5, receipt=RECEIPT) == 200
    payment = scene.payment(payment_id)
    assert (payment.status, payment.failure_reason) == ("review", "amount_missing")
    assert payment.bound_receipt == RECEIPT
    assert scene.queue.messages == []

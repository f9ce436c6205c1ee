"""Every receipt has one row: bound, unclaimed or set aside, whoever names it and in what order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from payments.errors import ConflictError
from payments.protocol.evidence import ReceiptFound, Resolution, ReviewResolved
from payments.protocol.payment import PaymentStatus, Proof
from payments.protocol.receipts import RowState, SetAside
from payments.protocol.rules import MoneyRules, PaybillAccount
from payments.usecases.money_desk import reopen, set_aside
from payments.usecases.record_money import MoneyOutcome

from tests.functional.bank import PERSON, Bank
from tests.functional.faulty import PUSH_PATH, WRITES, lose, meanwhile
from tests.functional.scene import Scene
from tests.support.dynamodb.faults import reply_lost
from tests.support.world import PHONE

RECEIPT = "SKI7HAND01"
S = PaymentStatus
TRANSACTION = frozenset({"TransactWriteItems"})


@pytest.fixture
def bank(scene: Scene) -> Bank:
    return Bank(scene)


def prompted(scene: Scene) -> tuple[str, str]:
    """A payment that waits for its PIN, and its reference."""
    payment_id = scene.pay("ignores")
    return payment_id, str(scene.payment(payment_id).account_reference)


def guard(scene: Scene) -> dict[str, object]:
    """The phone guard of the one phone."""
    [values] = scene.items("PHONE#")
    return values


def events_about(scene: Scene, receipt: str) -> list[str]:
    return [item["type"] for item in scene.items(f"RCPT#{receipt}") if "type" in item]


def set_aside_as_test(bank: Bank) -> object:
    return set_aside(bank.services, RECEIPT, SetAside.TEST, actor=PERSON)


def reopen_it(bank: Bank) -> object:
    return reopen(bank.services, RECEIPT, actor=PERSON)


@pytest.mark.parametrize("source", [Proof.C2B, Proof.PULL, Proof.STATUS])
def test_money_with_the_reference_completes_the_payment_and_frees_no_phone(
    scene: Scene, bank: Bank, source: Proof
) -> None:
    payment_id, reference = prompted(scene)

    outcome = bank.says(RECEIPT, reference=f" {reference.lower()} ", source=source)

    assert outcome is MoneyOutcome.BOUND
    payment = scene.payment(payment_id)
    assert (payment.status, payment.proof, payment.bound_receipt) == (S.COMPLETED, source, RECEIPT)
    assert scene.is_confirmed_by(payment_id)
    assert scene.events(payment_id) == ["PaymentCompleted"]
    assert guard(scene)["live_payment_id"] == payment_id, "its own prompt may still be open"
    assert payment.holds_locks
    scene.register("2")
    assert scene.initiate("2").body["code"] == "phone_busy"
    row = bank.row(RECEIPT)
    assert (row.state, row.source, row.amount_kes) == (RowState.BOUND, source, 1000)


def test_the_callback_of_the_same_receipt_frees_the_phone(scene: Scene, bank: Bank) -> None:
    payment_id, reference = prompted(scene)
    bank.says(RECEIPT, reference=reference)

    assert scene.post(payment_id, 0, receipt=RECEIPT) == 200

    assert "live_payment_id" not in guard(scene)
    assert not scene.payment(payment_id).holds_locks
    assert scene.payment(payment_id).proof is Proof.C2B
    assert scene.events(payment_id) == ["PaymentCompleted"]


def test_a_refusal_of_the_prompt_does_not_contradict_money_paid_by_hand(
    scene: Scene, bank: Bank
) -> None:
    payment_id, reference = prompted(scene)
    bank.says(RECEIPT, reference=reference)
    assert scene.post(payment_id, 1032) == 200
    assert scene.payment(payment_id).status is S.COMPLETED
    assert scene.payment(payment_id).attention is None


def test_money_while_the_push_is_running_completes_it_and_nothing_is_sent_again(
    scene: Scene, bank: Bank
) -> None:
    def confirm() -> None:
        reference = scene.payment(scene.only_payment()).account_reference
        assert bank.says(RECEIPT, reference=reference) is MoneyOutcome.BOUND

    scene.line.after[PUSH_PATH] = confirm
    payment_id = scene.pay("ignores")
    payment = scene.payment(payment_id)
    assert payment.status is S.COMPLETED
    assert payment.checkout_request_id is not None, "Daraja's answer is stored later"
    assert len(scene.daraja.prompts()) == 1
    scene.pass_time(400, delivers=False, cleans_up=True)
    assert scene.payment(payment_id).attention is None


@pytest.mark.parametrize("source", [Proof.C2B, Proof.PULL, Proof.STATUS, Proof.OPERATOR])
def test_a_repeat_is_one_read_and_writes_nothing(scene: Scene, bank: Bank, source: Proof) -> None:
    payment_id = scene.pay()
    scene.pass_time(60)
    receipt = str(scene.payment(payment_id).receipt_number)
    before = scene.items("")
    scene.network.forget()

    assert bank.says(receipt, source=source) is MoneyOutcome.REPEAT

    assert scene.items("") == before
    assert scene.network.log == ["GetItem"]


def test_money_without_a_name_waits_and_the_callback_claims_it(scene: Scene, bank: Bank) -> None:
    payment_id = scene.pay("ignores")

    assert bank.says(RECEIPT) is MoneyOutcome.FILED
    waiting = bank.row(RECEIPT)
    assert waiting.state is RowState.UNCLAIMED
    assert (waiting.payer, waiting.amount_kes) == ("2547 ***** 149", 1000)
    assert events_about(scene, RECEIPT) == ["MoneyUnclaimed"]
    assert bank.says(RECEIPT, source=Proof.PULL) is MoneyOutcome.REPEAT
    assert scene.post(payment_id, 0, receipt=RECEIPT) == 200

    row = bank.row(RECEIPT)
    assert (row.payment_id, row.source) == (payment_id, Proof.C2B), "the first witness's row"
    assert not scene.receipt_rows()[RECEIPT].keys() & {
        "open",
        "due_at",
        "person",
        "payer",
        "reference",
        "created_at",
    }
    assert scene.payment(payment_id).status is S.COMPLETED


def test_a_row_that_is_claimed_keeps_nothing_that_only_served_its_wait(
    scene: Scene, bank: Bank
) -> None:
    payment_id = scene.pay("ignores")
    assert bank.says(RECEIPT, reference="RENT7") is MoneyOutcome.FILED
    assert scene.receipt_rows()[RECEIPT]["reference"] == "RENT7"
    assert scene.post(payment_id, 0, receipt=RECEIPT) == 200
    row = scene.receipt_rows()[RECEIPT]
    assert row["payment_id"] == payment_id
    assert set(row) == {"pk", "sk", "payment_id", "source", "amount_kes", "paid_at", "shortcode"}


def test_an_event_about_money_that_waits_fills_the_pipe_and_names_nobody(
    scene: Scene, bank: Bank
) -> None:
    bank.says(RECEIPT, reference="0708374149", payer="254708374149")
    [event] = [item for item in scene.items("RCPT#") if item["sk"].startswith("EVENT#")]
    assert (event["payment_id"], event["booking_id"], event["status"]) == ("", "", "unclaimed")
    assert "0708374149" not in str(event)
    row = bank.row(RECEIPT)
    assert row.payer is None
    assert row.payer_hmac is not None
    assert row.reference == "2547*****149", "many type their own number as the account"


@pytest.mark.parametrize(("amount", "text"), [(None, "1000.50"), (900, None)])
def test_a_callback_of_another_amount_than_the_row_goes_to_review(
    scene: Scene, bank: Bank, amount: int | None, text: str | None
) -> None:
    payment_id = scene.pay("ignores")
    bank.says(RECEIPT, amount=amount, amount_text=text)

    scene.post(payment_id, 0, receipt=RECEIPT)

    payment = scene.payment(payment_id)
    assert (payment.status, payment.failure_reason) == (S.REVIEW, "amount_contradicted")
    assert bank.row(RECEIPT).payment_id == payment_id


@pytest.mark.parametrize(("amount", "text"), [(None, "1000.50"), (900, None)])
@pytest.mark.parametrize("source", [Proof.PULL, Proof.STATUS])
def test_a_second_amount_for_a_row_that_waits_is_kept_beside_the_first(
    scene: Scene, bank: Bank, source: Proof, amount: int | None, text: str | None
) -> None:
    """Else the callback of the first amount would complete, and nobody would look."""
    payment_id = scene.pay("ignores")
    bank.says(RECEIPT)
    first = bank.row(RECEIPT)

    said = bank.says(RECEIPT, source=source, amount=amount, amount_text=text)

    assert said is MoneyOutcome.FILED
    doubted = replace(first, amount_kes=None, amount_text=f"1000 or {text or amount}")
    assert bank.row(RECEIPT) == doubted
    for again in (1000, amount):
        assert bank.says(RECEIPT, amount=again, amount_text=text) is MoneyOutcome.REPEAT
    assert bank.row(RECEIPT) == doubted
    scene.post(payment_id, 0, receipt=RECEIPT)
    payment = scene.payment(payment_id)
    assert (payment.status, payment.failure_reason) == (S.REVIEW, "amount_contradicted")


@pytest.mark.parametrize("act", [set_aside_as_test, reopen_it])
def test_a_second_amount_is_not_lost_while_a_person_acts(
    scene: Scene, bank: Bank, act: Callable[[Bank], object]
) -> None:
    """The row is written whole: it would write back the amount that it was read with."""
    bank.says(RECEIPT)
    if act is reopen_it:
        set_aside_as_test(bank)
    second = meanwhile(lambda: bank.says(RECEIPT, source=Proof.PULL, amount=900))
    scene.network.next(second, on=TRANSACTION)
    with pytest.raises(ConflictError, match="changed since it was shown"):
        act(bank)
    assert bank.row(RECEIPT).amount_text == "1000 or 900"
    act(bank)
    assert bank.row(RECEIPT).amount_kes is None


def test_a_transfer_of_two_amounts_is_set_aside_with_both(scene: Scene, bank: Bank) -> None:
    bank.says(RECEIPT, payer=None)
    ours = Bank(scene, MoneyRules(sweep_payers=frozenset({"600000"})))
    said = ours.says(RECEIPT, source=Proof.PULL, amount=900, payer="600000")
    assert said is MoneyOutcome.SET_ASIDE
    row = bank.row(RECEIPT)
    assert (row.state, row.amount_kes) == (RowState.SET_ASIDE, None)
    assert row.amount_text == "1000 or 900"


def test_a_callback_names_another_amount_for_a_receipt_that_it_cannot_have(
    scene: Scene, bank: Bank
) -> None:
    payment_id = scene.pay()
    scene.pass_time(60)
    bank.says(RECEIPT, reference="WRONG")
    for _ in range(2):
        assert scene.post(payment_id, 0, amount=900, receipt=RECEIPT) == 200
    assert scene.payment(payment_id).attention == "second_receipt"
    assert bank.row(RECEIPT).amount_text == "1000 or 900"
    assert bank.row(RECEIPT).amount_kes is None


def test_a_callback_waits_in_the_queue_while_the_row_changes(scene: Scene, bank: Bank) -> None:
    payment_id = scene.pay()
    scene.pass_time(60)
    bank.says(RECEIPT, reference="WRONG")
    scene.post(payment_id, 0, receipt=RECEIPT)
    other = meanwhile(lambda: bank.says(RECEIPT, source=Proof.PULL, amount=800))
    scene.network.next(other, on=TRANSACTION, skip=1)
    assert scene.post(payment_id, 0, amount=900, receipt=RECEIPT) == 200
    assert len(scene.queue.messages) == 1
    assert bank.row(RECEIPT).amount_text == "1000 or 800"


def test_a_second_amount_is_kept_on_what_was_set_aside(bank: Bank) -> None:
    """Else the amount would count as known once a person reopens the receipt."""
    bank.says(RECEIPT)
    aside = set_aside(bank.services, RECEIPT, SetAside.HANDLED_ELSEWHERE, actor=PERSON)
    assert bank.says(RECEIPT, source=Proof.PULL, amount=900) is MoneyOutcome.FILED
    assert bank.row(RECEIPT) == replace(aside, amount_kes=None, amount_text="1000 or 900")


def test_a_witness_without_an_amount_casts_no_doubt_on_a_known_one(bank: Bank) -> None:
    bank.says(RECEIPT)
    row = bank.row(RECEIPT)
    assert bank.says(RECEIPT, source=Proof.STATUS, amount=None) is MoneyOutcome.REPEAT
    assert bank.row(RECEIPT) == row


def test_a_machine_never_touches_what_was_set_aside(scene: Scene, bank: Bank) -> None:
    bank.says(RECEIPT)
    set_aside(bank.services, RECEIPT, SetAside.HANDLED_ELSEWHERE, actor=PERSON)
    aside = bank.row(RECEIPT)
    payment_id, reference = prompted(scene)

    assert bank.says(RECEIPT, reference=reference) is MoneyOutcome.ATTENTION
    assert scene.payment(payment_id).attention == "receipt_set_aside"
    scene.post(payment_id, 0, receipt=RECEIPT)

    assert bank.row(RECEIPT) == aside
    payment = scene.payment(payment_id)
    assert (payment.status, payment.failure_reason) == (S.REVIEW, "receipt_set_aside")
    assert payment.receipt_number is None


def test_transfers_from_an_own_shortcode_are_set_aside_by_the_rule(scene: Scene) -> None:
    payment_id, reference = prompted(scene)
    bank = Bank(scene, MoneyRules(sweep_payers=frozenset({"600111"})))
    assert bank.says(RECEIPT, payer="600111", reference=reference) is MoneyOutcome.SET_ASIDE
    row = bank.row(RECEIPT)
    assert row.state is RowState.SET_ASIDE
    assert (row.set_aside, row.set_aside_by) == (SetAside.SWEEP, "rule")
    assert events_about(scene, RECEIPT) == []
    assert scene.payment(payment_id).status is S.PENDING


def test_a_second_receipt_with_the_reference_is_filed_and_a_person_is_told(
    scene: Scene, bank: Bank
) -> None:
    payment_id = scene.pay()
    scene.pass_time(60)
    own = scene.payment(payment_id)

    assert bank.says(RECEIPT, reference=own.account_reference) is MoneyOutcome.ATTENTION

    payment = scene.payment(payment_id)
    assert (payment.receipt_number, payment.attention) == (own.receipt_number, "second_receipt")
    assert bank.row(RECEIPT).state is RowState.UNCLAIMED
    assert events_about(scene, RECEIPT) == ["MoneyUnclaimed"]
    assert bank.says(RECEIPT, reference=own.account_reference) is MoneyOutcome.REPEAT
    assert scene.payment(payment_id) == payment


def test_a_second_receipt_from_the_callback_itself_is_filed_too(scene: Scene, bank: Bank) -> None:
    payment_id, reference = prompted(scene)
    bank.says(RECEIPT, reference=reference)

    scene.post(payment_id, 0, receipt="SKI7PROMPT")

    payment = scene.payment(payment_id)
    assert (payment.bound_receipt, payment.attention) == (RECEIPT, "second_receipt")
    row = bank.row("SKI7PROMPT")
    assert row.state is RowState.UNCLAIMED
    assert (row.source, row.reference) == (Proof.CALLBACK, reference)


def test_a_wrong_sum_by_hand_leaves_the_payment_free_for_its_own_money(
    scene: Scene, bank: Bank
) -> None:
    payment_id, reference = prompted(scene)

    assert bank.says(RECEIPT, amount=1, reference=reference) is MoneyOutcome.ATTENTION

    payment = scene.payment(payment_id)
    assert (payment.status, payment.attention) == (S.PENDING, "paid_other_amount")
    assert scene.consultation()["active_payment_id"] == payment_id
    scene.post(payment_id, 0, receipt="SKI7PROMPT")
    assert scene.payment(payment_id).status is S.COMPLETED
    assert scene.is_confirmed_by(payment_id)
    assert bank.row(RECEIPT).state is RowState.UNCLAIMED


def test_a_price_that_changed_puts_money_by_hand_into_review(scene: Scene, bank: Bank) -> None:
    payment_id, reference = prompted(scene)
    scene.post(payment_id, 1032)
    scene.register("1", price_kes=900)
    assert bank.says(RECEIPT, reference=reference) is MoneyOutcome.BOUND
    payment = scene.payment(payment_id)
    assert (payment.status, payment.failure_reason) == (S.REVIEW, "price_changed")


@pytest.mark.parametrize("name", ["query", "hint"])
def test_a_payment_that_is_paid_on_a_weak_word_learns_its_receipt(
    scene: Scene, bank: Bank, name: str
) -> None:
    scenario = "pays+callback_lost" if name == "query" else "pays+callback_unlisted"
    payment_id = scene.pay(scenario)
    scene.pass_time(200, cleans_up=True)
    payment = scene.payment(payment_id)
    assert (payment.status, payment.bound_receipt) == (S.COMPLETED, None)
    assert scene.receipt_rows() == {}, "a hint's receipt is shown, never claimed"

    assert bank.says(RECEIPT, reference=payment.account_reference) is MoneyOutcome.BOUND

    after = scene.payment(payment_id)
    assert (after.bound_receipt, after.proof) == (RECEIPT, Proof.C2B)
    assert "ReceiptAdded" in scene.events(payment_id)


@pytest.mark.parametrize("source", [Proof.C2B, Proof.PULL, Proof.STATUS, Proof.OPERATOR])
def test_who_paid_by_prompt_and_by_hand_is_seen_though_only_a_hint_named_the_prompts_money(
    scene: Scene, bank: Bank, source: Proof
) -> None:
    """The hint's receipt and Daraja's answer are all that tells of the first debit."""
    payment_id = scene.pay("pays+callback_unlisted")
    scene.pass_time(60, cleans_up=True)
    shown = scene.payment(payment_id)
    assert (shown.status, shown.proof, shown.attention) == (S.COMPLETED, Proof.HINT, None)

    if source is Proof.OPERATOR:
        bank.decide(payment_id, ReceiptFound(receipt_number=RECEIPT, amount_kes=1000))
    else:
        bank.says(RECEIPT, reference=shown.account_reference, source=source)

    after = scene.payment(payment_id)
    assert (after.bound_receipt, after.attention) == (RECEIPT, "second_receipt")
    assert "PaymentUnresolved" in scene.events(payment_id)
    assert list(scene.receipt_rows()) == [RECEIPT]


def test_the_callback_itself_replaces_a_hint_without_a_word(scene: Scene, bank: Bank) -> None:
    """An authentic callback tells of the prompt's own money: the hint was wrong."""
    payment_id = scene.pay("pays+callback_unlisted")
    scene.pass_time(60, cleans_up=True)
    scene.post(payment_id, 0, receipt=RECEIPT)
    after = scene.payment(payment_id)
    assert (after.bound_receipt, after.proof, after.attention) == (RECEIPT, Proof.CALLBACK, None)


def test_another_amount_of_a_bound_receipt_raises_attention_once(scene: Scene, bank: Bank) -> None:
    payment_id, reference = prompted(scene)
    bank.says(RECEIPT, reference=reference)
    assert bank.says(RECEIPT, amount=900, source=Proof.PULL) is MoneyOutcome.ATTENTION
    told = scene.payment(payment_id)
    assert told.attention == "amount_contradicted"
    assert bank.says(RECEIPT, amount=900, source=Proof.PULL) is MoneyOutcome.REPEAT
    assert scene.payment(payment_id) == told
    assert bank.row(RECEIPT).amount_kes == 1000


def test_what_safaricom_names_after_an_operator_is_proven_and_cannot_be_bogus(
    scene: Scene, bank: Bank
) -> None:
    payment_id, _ = prompted(scene)
    bank.decide(payment_id, ReceiptFound(receipt_number=RECEIPT, amount_kes=1000))
    assert bank.row(RECEIPT).source is Proof.OPERATOR

    bank.says(RECEIPT)

    assert scene.payment(payment_id).proof is Proof.C2B
    scene.pass_time(300)
    with pytest.raises(Exception, match="the money exists"):
        bank.decide(payment_id, ReviewResolved(resolution=Resolution.BOGUS))
    assert bank.row(RECEIPT).payment_id == payment_id


@pytest.mark.parametrize("is_named", [True, False])
def test_a_row_that_an_older_version_claimed_for_a_hint_is_bound_only_by_name(
    scene: Scene, bank: Bank, is_named: bool
) -> None:
    payment_id = scene.pay("pays+callback_unlisted")
    scene.pass_time(200, cleans_up=True)
    shown = scene.payment(payment_id)
    receipt = str(shown.receipt_number)
    scene.store_item({"pk": f"RCPT#{receipt}", "sk": "STATE", "payment_id": payment_id})

    outcome = bank.says(receipt, reference=shown.account_reference if is_named else None)

    assert outcome is (MoneyOutcome.BOUND if is_named else MoneyOutcome.REPEAT)
    bound = scene.payment(payment_id).bound_receipt
    assert bound == (receipt if is_named else None)


RACES: dict[str, Callable[[Scene, Bank, str, str], object]] = {
    "the callback": lambda scene, _, payment_id, __: scene.post(payment_id, 0, receipt=RECEIPT),
    "another witness": lambda _, bank, __, reference: bank.says(
        RECEIPT, reference=reference, source=Proof.PULL
    ),
    "a witness without the reference": lambda _, bank, __, ___: bank.says(
        RECEIPT, source=Proof.PULL
    ),
    "a callback of another receipt": lambda scene, _, payment_id, __: scene.post(
        payment_id, 0, receipt="SKI7PROMPT"
    ),
}


@pytest.mark.parametrize("rival", RACES)
def test_whoever_writes_first_every_receipt_is_on_one_row(
    scene: Scene, bank: Bank, rival: str
) -> None:
    payment_id, reference = prompted(scene)
    act = meanwhile(lambda: RACES[rival](scene, bank, payment_id, reference))
    scene.network.next(act, on=TRANSACTION)

    bank.says(RECEIPT, reference=reference)

    payment = scene.payment(payment_id)
    assert payment.status is S.COMPLETED
    assert scene.is_confirmed_by(payment_id)
    assert scene.events(payment_id).count("PaymentCompleted") == 1
    assert bank.row(str(payment.bound_receipt)).payment_id == payment_id
    if rival == "a callback of another receipt":
        assert payment.attention == "second_receipt"
        assert bank.row(RECEIPT).state is RowState.UNCLAIMED
    else:
        assert list(scene.receipt_rows()) == [RECEIPT]


def test_money_that_is_filed_never_overwrites_what_a_callback_bound(
    scene: Scene, bank: Bank
) -> None:
    payment_id = scene.pay("ignores")
    act = meanwhile(lambda: scene.post(payment_id, 0, receipt=RECEIPT))
    scene.network.next(act, on=TRANSACTION)

    assert bank.says(RECEIPT) is MoneyOutcome.REPEAT

    assert bank.row(RECEIPT).payment_id == payment_id
    assert scene.payment(payment_id).status is S.COMPLETED


def test_what_two_hands_pay_for_one_booking_confirms_it_once(scene: Scene) -> None:
    bank = Bank(scene, MoneyRules(paybill_account=PaybillAccount.BOOKING_ID))
    scene.network.next(meanwhile(lambda: bank.says("SKI7HAND02", reference="1")), on=TRANSACTION)
    assert bank.says(RECEIPT, reference="1") is MoneyOutcome.FILED
    assert bank.row("SKI7HAND02").state is RowState.BOUND
    assert scene.consultation()["paid_payment_id"] == bank.row("SKI7HAND02").payment_id


def test_a_booking_number_books_nothing_unless_the_deployment_says_so(
    scene: Scene, bank: Bank
) -> None:
    assert bank.says(RECEIPT, reference="1") is MoneyOutcome.FILED
    assert scene.consultation()["status"] == "Pending"


@pytest.mark.parametrize("is_reply_lost", [False, True])
def test_a_booking_number_is_paid_by_a_payment_without_a_prompt(
    scene: Scene, is_reply_lost: bool
) -> None:
    bank = Bank(scene, MoneyRules(paybill_account=PaybillAccount.BOOKING_ID))
    if is_reply_lost:
        scene.network.next(lose(reply_lost), on=WRITES)

    assert bank.says(RECEIPT, reference=" 1 ") is MoneyOutcome.BOUND

    payment_id = str(bank.row(RECEIPT).payment_id)
    assert scene.is_confirmed_by(payment_id)
    assert scene.events(payment_id) == ["PaymentCompleted"]
    shown = scene.status(payment_id)
    assert (shown.status, shown.body["status"]) == (200, "completed")
    assert scene.status(payment_id, client_id="8").status == 404
    assert bank.services.store.get_consultation("1").payment_ids == (payment_id,)  # type: ignore[union-attr]
    assert bank.says(RECEIPT, reference="1", source=Proof.PULL) is MoneyOutcome.REPEAT
    scene.register("1", status="Cancelled")
    assert scene.payment(payment_id).status is S.REFUND_DUE


@pytest.mark.parametrize("amount", [999, None])
def test_a_booking_number_at_another_price_waits(scene: Scene, amount: int | None) -> None:
    bank = Bank(scene, MoneyRules(paybill_account=PaybillAccount.BOOKING_ID))
    assert bank.says(RECEIPT, amount=amount, reference="1") is MoneyOutcome.FILED
    assert scene.consultation()["status"] == "Pending"


def test_the_prompts_money_after_the_hands_is_owed_back(scene: Scene) -> None:
    bank = Bank(scene, MoneyRules(paybill_account=PaybillAccount.BOOKING_ID))
    payment_id, _ = prompted(scene)
    bank.says(RECEIPT, reference="1")
    scene.post(payment_id, 0, receipt="SKI7PROMPT")
    assert scene.payment(payment_id).status is S.REFUND_DUE
    assert scene.consultation()["paid_payment_id"] == bank.row(RECEIPT).payment_id


def test_a_guard_and_a_booking_list_their_payments(scene: Scene, bank: Bank) -> None:
    first = scene.pay("cancels")
    scene.pass_time(150)
    second = scene.pay("ignores")
    assert guard(scene)["i1"].hex() == second  # type: ignore[attr-defined]
    assert guard(scene)["i2"].hex() == first  # type: ignore[attr-defined]
    consultation = bank.services.store.get_consultation("1")
    assert consultation is not None
    assert consultation.payment_ids == (first, second)
    assert PHONE not in str(guard(scene))

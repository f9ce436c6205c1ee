"""The receipt that only a hint names: nobody gives that money to anything else, or it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from payments.errors import ConflictError, StoreUnavailableError
from payments.protocol.evidence import (
    AttentionCleared,
    MoneyReturned,
    ReceiptFound,
    Resolution,
    ReviewResolved,
)
from payments.protocol.opening import as_shown, owed_back
from payments.protocol.payment import PaymentStatus, Proof
from payments.protocol.receipts import SetAside
from payments.protocol.refund_evidence import StatusSeen
from payments.protocol.rules import MoneyRules
from payments.protocol.witness import seen_again
from payments.store.attributes import to_item
from payments.store.items import payment_key, payment_values, pull_key
from payments.store.receipt_claims import ReceiptClaims
from payments.usecases.apply_refund import apply_refund
from payments.usecases.find_payments import find
from payments.usecases.money_desk import attach_to_booking, attach_to_payment, owe_back, set_aside
from payments.usecases.operate import carry_out_operation
from payments.usecases.prompts_money import tell_hinted
from payments.usecases.propose_owner import propose_owners

from tests.functional.bank import PERSON, Bank
from tests.functional.faulty import DAY, HOUR, callback_body, meanwhile
from tests.functional.refunding import Refunding
from tests.functional.scene import Scene
from tests.support.aws import TABLE_NAME
from tests.support.lambdas import UNLISTED_IP

RECEIPT = "SKI7HINT01"
HAND = "SKI7HAND01"
OTHER_PHONE = "254711111111"
TRANSACTION = frozenset({"TransactWriteItems"})
S = PaymentStatus


@pytest.fixture
def bank(scene: Scene) -> Bank:
    return Bank(scene)


def hinted(scene: Scene, payment_id: str) -> None:
    """Safaricom reports the prompt's money from an address that is not listed yet."""
    scene.post(payment_id, 0, receipt=RECEIPT, source_ip=UNLISTED_IP)


def store_changed(scene: Scene, payment_id: str, **changes: object) -> None:
    """The stored payment is changed by no act."""
    changed = replace(scene.payment(payment_id), **changes)  # type: ignore[arg-type]
    values = {**payment_key(payment_id), **payment_values(changed)}
    scene.dynamodb.put_item(TableName=TABLE_NAME, Item=to_item(values))


def paid_late(scene: Scene) -> str:
    """A prompt failed by an authentic 1037; hours later its money moves, and only a hint tells."""
    payment_id = scene.pay("pays+callback_lost")
    scene.pass_time(30)
    scene.post(payment_id, 1037)
    assert scene.payment(payment_id).status is S.FAILED
    scene.pass_time(4 * HOUR)
    return payment_id


def asked(scene: Scene, payment_id: str) -> None:
    """Cleanup asks Daraja, which agrees with the hint."""
    scene.pass_time(120, cleans_up=True)
    assert scene.payment(payment_id).status is S.COMPLETED


def days_pass(scene: Scene, days: int) -> None:
    """Cleanup looks when a question is due: at the prompt's end, and once in each day."""
    for seconds in (400, *([DAY] * days)):
        scene.pass_time(seconds)
        scene.clean_up()


def wanting(scene: Scene) -> str:
    """Another booking's payment that failed."""
    scene.register("2")
    payment_id = scene.pay("cancels", booking_id="2", phone=OTHER_PHONE)
    scene.pass_time(60)
    return payment_id


def attach_to_the_other(bank: Bank, other: str) -> None:
    """A person attaches the money to that payment, which then has it."""
    shown = bank.services.store.get_payment(other)
    assert shown is not None
    as_shown = {"shown_amount_kes": 1000, "shown_version": shown.version}
    attach_to_payment(bank.services, RECEIPT, other, **as_shown, actor=PERSON)
    assert bank.row(RECEIPT).payment_id == other


def record_at_the_other(bank: Bank, other: str) -> None:
    bank.decide(other, ReceiptFound(receipt_number=RECEIPT, amount_kes=1000))


def put_aside(bank: Bank, _: str) -> None:
    set_aside(bank.services, RECEIPT, SetAside.HANDLED_ELSEWHERE, actor=PERSON)


def give_back(bank: Bank, _: str) -> None:
    owe_back(bank.services, RECEIPT, shown_amount_kes=1000, actor=PERSON)


def attach_to_the_other_booking(bank: Bank, _: str) -> None:
    attach_to_booking(bank.services, RECEIPT, "2", shown_amount_kes=1000, actor=PERSON)


ACTS: dict[str, Callable[[Bank, str], None]] = {
    "attach to a payment": attach_to_the_other,
    "record a receipt": record_at_the_other,
    "attach to a booking": attach_to_the_other_booking,
    "owe back": give_back,
    "set aside": put_aside,
}


@pytest.mark.parametrize("is_asked", [False, True], ids=["before Daraja agrees", "after"])
@pytest.mark.parametrize("act", ACTS)
def test_money_that_a_hint_names_goes_to_its_payment_only(
    scene: Scene, bank: Bank, act: str, is_asked: bool
) -> None:
    """Pull files the receipt hours after the prompt, without a name or a payer."""
    payment_id, other = paid_late(scene), wanting(scene)
    hinted(scene, payment_id)
    bank.says(RECEIPT, payer=None)
    if is_asked:
        asked(scene, payment_id)
        assert scene.payment(payment_id).receipt_number == RECEIPT

    with pytest.raises(ConflictError, match=f"payment {payment_id}") as refused:
        ACTS[act](bank, other)

    assert refused.value.code == "attach_to_payment"
    assert bank.row(RECEIPT).payment_id is None
    assert scene.consultation("2")["status"] == "Pending"
    attach_to_the_other(bank, payment_id)
    assert scene.is_confirmed_by(payment_id)


def test_a_receipt_on_no_row_that_a_hint_names_is_not_recorded_elsewhere(
    scene: Scene, bank: Bank
) -> None:
    payment_id, other = paid_late(scene), wanting(scene)
    hinted(scene, payment_id)
    with pytest.raises(ConflictError, match=f"payment {payment_id}, .* record it there"):
        record_at_the_other(bank, other)
    record_at_the_other(bank, payment_id)
    assert bank.row(RECEIPT).payment_id == payment_id


def test_a_hint_that_a_witness_outweighs_keeps_nothing(scene: Scene, bank: Bank) -> None:
    """A forged hint names a stranger's receipt; the payment's own arrives."""
    payment_id, other = scene.pay("pays+callback_lost"), wanting(scene)
    hinted(scene, payment_id)
    bank.says(RECEIPT, payer=None)
    scene.post(payment_id, 0, receipt="SKI7OWN001")
    attach_to_the_other(bank, other)


def test_a_hint_that_daraja_refutes_keeps_nothing(scene: Scene, bank: Bank) -> None:
    payment_id, other = scene.pay("cancels+callback_lost"), wanting(scene)
    hinted(scene, payment_id)
    bank.says(RECEIPT, payer=None)
    scene.pass_time(400, cleans_up=True)
    assert scene.payment(payment_id).attention == "hint_refuted"
    attach_to_the_other(bank, other)


def test_an_account_that_names_the_payment_outweighs_anothers_hint(
    scene: Scene, bank: Bank
) -> None:
    """The payer typed the reference; a forger's hint must not keep the money from its payment."""
    forged, other = paid_late(scene), wanting(scene)
    hinted(scene, forged)
    bank.says(RECEIPT)
    [row] = [item for item in scene.items("RCPT#") if item["sk"] == "STATE"]
    scene.store_item({**row, "reference": scene.payment(other).account_reference})
    attach_to_the_other(bank, other)


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        ("owe back", "receipt_bound_elsewhere"),
        ("attach to a payment", "receipt_bound_elsewhere"),
        ("set aside", "receipt_set_aside"),
    ],
)
def test_a_hint_of_money_that_is_booked_elsewhere_is_told(
    scene: Scene, bank: Bank, act: str, reason: str
) -> None:
    """A person was faster than Safaricom: both bookings have one debit, so a person looks."""
    payment_id, other = paid_late(scene), wanting(scene)
    bank.says(RECEIPT, payer=None)
    ACTS[act](bank, other)

    hinted(scene, payment_id)
    asked(scene, payment_id)

    assert scene.payment(payment_id).attention == reason
    assert "PaymentUnresolved" in scene.events(payment_id)


@pytest.mark.parametrize("is_asked", [False, True], ids=["the hint", "the hint and its proof"])
@pytest.mark.parametrize("act", ACTS)
def test_a_hint_that_comes_during_an_act_is_told(
    scene: Scene, bank: Bank, act: str, is_asked: bool
) -> None:
    """The person's act has found no hint, and is on its way to the table."""
    payment_id, other = paid_late(scene), wanting(scene)
    bank.says(RECEIPT, payer=None, paid_at=int(scene.clock()) - 2 * HOUR)

    def comes() -> None:
        hinted(scene, payment_id)
        if is_asked:
            scene.pass_time(61, cleans_up=True)
            assert scene.payment(payment_id).status is S.COMPLETED

    scene.network.next(meanwhile(comes), on=TRANSACTION)
    ACTS[act](bank, other)
    if not is_asked:
        asked(scene, payment_id)

    assert scene.payment(payment_id).attention in ("receipt_bound_elsewhere", "receipt_set_aside")
    assert scene.events(payment_id).count("PaymentUnresolved") == 1


def returned_by_hand(scene: Refunding, other: str) -> None:
    """Somebody reversed it on M-Pesa's portal, and a clerk asks M-Pesa about the receipt."""
    facts = {"receipt_number": RECEIPT, "status": "Reversed", "code": "0", "shortcode": "174379"}
    seen = StatusSeen(**facts, amount_kes=1000, paid_at=None)
    apply_refund(scene.services, scene.payment(other), seen, actor=PERSON)


RETURNS: dict[str, Callable[[Refunding, str], object]] = {
    "requested": Refunding.request,
    "marked": lambda scene, other: Bank(scene).decide(other, MoneyReturned()),
    "reversed by hand": returned_by_hand,
}


def shown_and_owed(scene: Refunding, *, is_by_callback: bool) -> tuple[str, str]:
    """A witness names the receipt that a hint has given to a proven payment, for owed money."""
    bank, payment_id = Bank(scene), paid_late(scene)
    hinted(scene, payment_id)
    asked(scene, payment_id)
    scene.register("2")
    other = scene.pay("waits", booking_id="2", phone=OTHER_PHONE)
    scene.register("2", status="Cancelled")
    if is_by_callback:
        scene.post(other, 0, receipt=RECEIPT, amount=900)
        bank.decide(other, ReviewResolved(resolution=Resolution.REFUND_DUE))
    else:
        bank.says(RECEIPT, reference=scene.payment(other).account_reference)
    assert scene.payment(other).status is S.REFUND_DUE
    assert scene.payment(payment_id).attention is None
    return payment_id, other


@pytest.mark.parametrize("how", RETURNS)
@pytest.mark.parametrize("is_by_callback", [False, True])
def test_before_money_goes_back_another_payment_that_shows_it_is_told(
    how: str, is_by_callback: bool
) -> None:
    scene = Refunding()
    payment_id, other = shown_and_owed(scene, is_by_callback=is_by_callback)
    RETURNS[how](scene, other)
    assert scene.payment(payment_id).attention == "receipt_bound_elsewhere"
    assert scene.events(payment_id).count("PaymentUnresolved") == 1


@pytest.mark.parametrize("is_sent", [False, True], ids=["it has changed", "a refund is sent"])
def test_a_refused_mark_tells_nobody(is_sent: bool) -> None:
    scene = Refunding()
    bank = Bank(scene)
    payment_id, other = shown_and_owed(scene, is_by_callback=False)
    if is_sent:
        scene.request(other)
        bank.decide(payment_id, AttentionCleared())
        assert scene.approve(other) == ""
    marked = scene.payment(other)
    seen = marked.version if is_sent else marked.version - 1
    with pytest.raises(ConflictError):
        carry_out_operation(
            bank.services, marked, MoneyReturned(), actor=PERSON, shown_version=seen
        )
    assert scene.payment(payment_id).attention is None


def test_who_marks_money_that_is_only_shown_looks_first(scene: Scene, bank: Bank) -> None:
    payment_id = paid_late(scene)
    hinted(scene, payment_id)
    asked(scene, payment_id)
    scene.register("2")
    scene.post(scene.pay("waits", booking_id="2", phone=OTHER_PHONE), 0, receipt=RECEIPT)
    scene.register("1", status="Cancelled")
    with pytest.raises(ConflictError, match="look at it again"):
        bank.decide(payment_id, MoneyReturned())
    assert scene.payment(payment_id).attention == "receipt_bound_elsewhere"
    assert bank.decide(payment_id, MoneyReturned()).status is S.REFUNDED


def test_an_act_during_the_proof_of_a_hint_is_told(scene: Scene, bank: Bank) -> None:
    """The proof has read that the receipt waits, and is on its way to the table."""
    payment_id, other = paid_late(scene), wanting(scene)
    bank.says(RECEIPT, payer=None)
    hinted(scene, payment_id)

    def gives_back() -> None:
        opening = owed_back(seen_again(bank.row(RECEIPT)), now=int(scene.clock()), op_id="1" * 32)
        services = bank.services
        assert services.ledger.open_payment(as_shown(opening), actor=PERSON, op_id="1" * 32)
        tell_hinted(services, RECEIPT, actor=PERSON)

    scene.pass_time(100)
    scene.network.next(meanwhile(gives_back), on=TRANSACTION, skip=1)
    asked(scene, payment_id)
    assert scene.payment(payment_id).attention == "receipt_bound_elsewhere"
    assert scene.payment(other).status is S.FAILED


def test_a_proof_notes_the_receipt_of_a_hint_that_an_older_version_stored(
    scene: Scene, bank: Bank
) -> None:
    """0.1.1 stores hints without a note."""
    payment_id = paid_late(scene)
    hinted(scene, payment_id)
    note = {"pk": {"S": f"HINT#{RECEIPT}"}, "sk": {"S": payment_id}}
    exists = "attribute_exists(pk)"
    delete = {"TableName": TABLE_NAME, "Key": note, "ConditionExpression": exists}
    scene.dynamodb.transact_write_items(TransactItems=[{"Delete": delete}])
    asked(scene, payment_id)
    bank.says(RECEIPT, payer=None)
    with pytest.raises(ConflictError, match=f"payment {payment_id}"):
        give_back(bank, "")


def test_a_hint_of_a_refusal_keeps_no_receipt(scene: Scene, bank: Bank) -> None:
    """Whoever has a payment's secret names a stranger's receipt in a refusal."""
    payment_id, other = scene.pay("waits"), wanting(scene)
    prompt = scene.prompt_of(payment_id)
    paid = callback_body(prompt.checkout_request_id, 0, receipt=RECEIPT)
    refusal = paid.replace('"ResultCode": 0', '"ResultCode": 1032')
    scene.post_callback(prompt.order.callback_url, refusal, source_ip=UNLISTED_IP)
    assert scene.payment(payment_id).hint is not None
    bank.says(RECEIPT, payer=None, paid_at=int(scene.clock()) - 2 * HOUR)
    attach_to_the_other(bank, other)


def test_a_hint_that_a_person_outweighs_keeps_nothing(scene: Scene, bank: Bank) -> None:
    """A person recorded the payment's own receipt; the forged hint is still to be asked about."""
    payment_id, other = paid_late(scene), wanting(scene)
    hinted(scene, payment_id)
    bank.says(RECEIPT, payer=None)
    bank.decide(payment_id, ReceiptFound(receipt_number="SKI7OWN001", amount_kes=1000))
    assert scene.payment(payment_id).hint is not None
    attach_to_the_other(bank, other)


def test_a_payment_that_cannot_be_read_stops_the_act(scene: Scene, bank: Bank) -> None:
    payment_id, other = paid_late(scene), wanting(scene)
    hinted(scene, payment_id)
    bank.says(RECEIPT, payer=None)
    key = {name: {"S": value} for name, value in payment_key(payment_id).items()}
    scene.dynamodb.update_item(
        TableName=TABLE_NAME,
        Key=key,
        UpdateExpression="SET #s = :new",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":new": {"S": "newer_than_this"}},
    )
    with pytest.raises(StoreUnavailableError) as refused:
        attach_to_the_other(bank, other)
    assert refused.value.cause == "unreadable_payment"
    assert scene.payment(other).status is S.FAILED


def test_a_hint_that_follows_the_query_is_told_as_well(scene: Scene, bank: Bank) -> None:
    """The query proved it and named no receipt; the hint then shows one that was set aside."""
    payment_id = scene.pay("pays+callback_lost")
    scene.pass_time(400, cleans_up=True)
    assert scene.payment(payment_id).status is S.COMPLETED
    bank.says(RECEIPT, payer="2547 ***** 999")
    put_aside(bank, "")

    hinted(scene, payment_id)
    scene.pass_time(120, cleans_up=True)

    assert scene.payment(payment_id).receipt_number == RECEIPT
    assert scene.payment(payment_id).attention == "receipt_set_aside"


@pytest.mark.parametrize("act", ACTS)
def test_late_money_of_a_proven_prompt_is_not_given_away(
    scene: Scene, bank: Bank, act: str
) -> None:
    """M-Pesa debits ten minutes after the prompt began; only a query tells, and no receipt."""
    payment_id = scene.pay("pays+callback_lost+query_false_failure")
    scene.pass_time(400, cleans_up=True)
    assert scene.payment(payment_id).status is S.FAILED
    paid_at = int(scene.clock()) + 200
    other = wanting(scene)
    scene.pass_time(400)
    proven_late(scene, payment_id, by=paid_at + 30, receipt_pending=False)
    bank.says(RECEIPT, paid_at=paid_at)
    with pytest.raises(ConflictError, match=f"payment {payment_id}"):
        ACTS[act](bank, other)


@pytest.mark.parametrize("act", ["owe back", "set aside", "attach to a booking"])
def test_money_of_a_prompt_after_1037_is_not_given_away(scene: Scene, bank: Bank, act: str) -> None:
    """An authentic 1037, then the money moves, and the second callback is lost."""
    payment_id = scene.pay("pays+callback_lost")
    scene.pass_time(30)
    scene.post(payment_id, 1037)
    other = wanting(scene)
    bank.says(RECEIPT)
    with pytest.raises(ConflictError, match=f"payment {payment_id}"):
        ACTS[act](bank, other)
    days_pass(scene, 1)
    assert scene.payment(payment_id).status is S.COMPLETED


def test_a_prompt_that_was_cancelled_on_the_phone_keeps_no_money(scene: Scene, bank: Bank) -> None:
    wanting(scene)
    bank.says(RECEIPT, payer=None)
    give_back(bank, "")
    assert bank.row(RECEIPT).payment_id is not None


def test_yesterdays_prompt_counts_where_the_time_is_not_known(scene: Scene, bank: Bank) -> None:
    """Pull's clock is not known yet; the clerk acts in the morning of the day after tomorrow."""
    payment_id = scene.pay("pays+callback_lost")
    days_pass(scene, 1)
    assert scene.payment(payment_id).receipt_pending
    bank.says(RECEIPT, paid_at=None)
    scene.pass_time(18 * HOUR)
    with pytest.raises(ConflictError, match=f"payment {payment_id}"):
        give_back(bank, "")
    scene.pass_time(DAY)
    with pytest.raises(ConflictError, match=f"payment {payment_id}"):
        give_back(bank, "")


def test_a_missing_receipt_is_told_after_another_reason_was_cleared(
    scene: Scene, bank: Bank
) -> None:
    payment_id = scene.pay("pays+callback_lost")
    scene.pass_time(200, cleans_up=True)
    store_changed(scene, payment_id, attention="evidence_overflow")
    days_pass(scene, 1)
    shown = scene.payment(payment_id)
    assert (shown.attention, shown.receipt_pending) == ("evidence_overflow", True)

    bank.decide(payment_id, AttentionCleared())
    scene.pass_time(120, cleans_up=True)

    assert scene.payment(payment_id).attention == "receipt_missing"


def test_money_of_an_unknown_payer_goes_to_the_proven_prompt_first(
    scene: Scene, bank: Bank
) -> None:
    """Attached to the booking's failed payment it would be owed back by another door."""
    failed = scene.pay("cancels")
    scene.pass_time(60)
    proven = scene.pay("pays+callback_lost")
    scene.pass_time(200, cleans_up=True)
    assert scene.payment(proven).status is S.COMPLETED
    bank.says(RECEIPT, payer=None, paid_at=scene.payment(proven).created_at + 20)
    with pytest.raises(ConflictError, match=f"payment {proven}"):
        attach_to_the_other(bank, failed)
    attach_to_the_other(bank, proven)


def proven_late(scene: Scene, payment_id: str, *, by: int, receipt_pending: bool = True) -> None:
    """A query proves a payment that had failed; its money had moved after the prompt."""
    proven = {"status": S.COMPLETED, "proof": Proof.QUERY, "received_at": by}
    store_changed(scene, payment_id, **proven, receipt_pending=receipt_pending)


def test_two_proven_payments_of_one_phone_do_not_block_each_others_receipts(
    scene: Scene, bank: Bank
) -> None:
    """Both lack their receipts, and each receipt may be either's: a person chooses."""
    first = scene.pay("pays+callback_lost+query_false_failure")
    scene.pass_time(400, cleans_up=True)
    scene.register("2")
    second = scene.pay("pays+callback_lost", booking_id="2")
    scene.pass_time(200, cleans_up=True)
    now = int(scene.clock())
    proven_late(scene, first, by=now)
    for receipt in (RECEIPT, "SKI7HINT02"):
        bank.says(receipt, paid_at=scene.payment(second).created_at + 20)
    attach_to_the_other(bank, first)
    with pytest.raises(ConflictError, match=f"payment {second}"):
        owe_back(bank.services, "SKI7HINT02", shown_amount_kes=1000, actor=PERSON)


def test_a_look_gives_a_proven_prompt_only_money_of_its_own_time(scene: Scene) -> None:
    """Its late money went back already; the same phone then pays by hand."""
    bank = Bank(scene, MoneyRules(is_pulled=True))
    payment_id = scene.pay("pays+callback_lost+query_false_failure")
    scene.pass_time(400, cleans_up=True)
    scene.pass_time(400)
    by_hand = int(scene.clock())
    proven_late(scene, payment_id, by=by_hand + 30)
    covered = {"complete_from": by_hand - DAY, "complete_until": by_hand + HOUR}
    scene.store_item({**pull_key("174379"), **covered})
    bank.says(RECEIPT, paid_at=by_hand)
    scene.pass_time(61)
    bank.look()
    assert bank.row(RECEIPT).payment_id is None


def test_a_1037_that_is_never_asked_about_again_keeps_no_strangers_money(
    scene: Scene, bank: Bank
) -> None:
    payment_id = scene.pay("waits")
    scene.post(payment_id, 1037)
    bank.says(RECEIPT, payer=None)
    with pytest.raises(ConflictError, match=f"payment {payment_id}"):
        give_back(bank, "")
    days_pass(scene, 2)
    assert scene.payment(payment_id).due_at is None
    give_back(bank, "")
    assert bank.row(RECEIPT).payment_id is not None


def test_a_missing_receipt_ends_no_question_about_a_hint(scene: Scene) -> None:
    payment_id = scene.pay("pays+callback_lost")
    scene.pass_time(200, cleans_up=True)
    scene.pass_time(DAY)
    hinted(scene, payment_id)
    scene.pass_time(120, cleans_up=True)
    assert scene.payment(payment_id).receipt_number == RECEIPT


def test_the_desk_finds_a_receipt_that_only_a_hint_named(scene: Scene, bank: Bank) -> None:
    payment_id = paid_late(scene)
    hinted(scene, payment_id)

    shown = find(bank.services, RECEIPT.lower(), of_phone=nobody)
    assert (shown.what, shown.receipt) == ("receipt", None)
    assert [payment.payment_id for payment in shown.payments] == [payment_id]
    bank.says(RECEIPT, payer=None)
    again = find(bank.services, RECEIPT, of_phone=nobody)
    assert (again.payments, again.receipt) == ([], bank.row(RECEIPT)), (
        "its page proposes whose it is"
    )
    table = scene.function("cleanup").module.runtime.services.store._table
    proposed = propose_owners(bank.services, bank.row(RECEIPT), ReceiptClaims(table))
    assert [(each.reason, each.payment and each.payment.payment_id) for each in proposed] == [
        ("hint", payment_id)
    ]


def nobody(_: str) -> list[str]:
    """Find no payment by phone."""
    return []


def shows_a_receipt(scene: Scene) -> str:
    """A payment that a hint and Daraja's answer proved, whose price changed meanwhile."""
    payment_id = paid_late(scene)
    assert scene.register("1", price_kes=900).status == 200
    hinted(scene, payment_id)
    scene.pass_time(120, cleans_up=True)
    assert scene.payment(payment_id).status is S.REVIEW
    return payment_id


def test_a_hint_that_daraja_denies_is_told_though_other_money_paid(
    scene: Scene, bank: Bank
) -> None:
    payment_id = scene.pay("ignores")
    bank.says(HAND, reference=scene.payment(payment_id).account_reference)
    hinted(scene, payment_id)
    for _ in range(3):
        scene.pass_time(400, cleans_up=True)
    payment = scene.payment(payment_id)
    assert (payment.status, payment.bound_receipt) == (S.COMPLETED, HAND)
    assert (payment.hint, payment.attention) == (None, "hint_refuted")


@pytest.mark.parametrize(("typed", "attention"), [(HAND, "second_receipt"), (RECEIPT, None)])
def test_who_ends_a_review_with_another_receipt_than_the_shown_one_reads_of_it(
    scene: Scene, bank: Bank, typed: str, attention: str | None
) -> None:
    payment_id = shows_a_receipt(scene)
    owed = ReviewResolved(resolution=Resolution.REFUND_DUE, receipt_number=typed, amount_kes=1000)
    bank.decide(payment_id, owed)
    payment = scene.payment(payment_id)
    assert (payment.status, payment.attention) == (S.REFUND_DUE, attention)
    assert ("PaymentUnresolved" in scene.events(payment_id)) == (attention is not None)


@pytest.mark.parametrize("act", ["resolve", "mark"])
def test_a_decision_about_the_own_money_leaves_the_question_about_the_other(
    scene: Scene, bank: Bank, act: str
) -> None:
    payment_id = shows_a_receipt(scene)
    bank.says(HAND, reference=scene.payment(payment_id).account_reference)
    assert scene.payment(payment_id).attention == "second_receipt"
    bank.decide(payment_id, ReviewResolved(resolution=Resolution.REFUND_DUE))
    if act == "mark":
        bank.decide(payment_id, MoneyReturned())
    assert scene.payment(payment_id).attention == "second_receipt"


def test_a_receipt_that_gave_way_is_still_found_by_its_number(scene: Scene, bank: Bank) -> None:
    """The customer reads the code of the prompt's SMS; only a hint ever named it."""
    payment_id = shows_a_receipt(scene)
    bank.says(HAND, reference=scene.payment(payment_id).account_reference)
    assert scene.payment(payment_id).bound_receipt == HAND
    found = find(bank.services, RECEIPT, of_phone=nobody)
    assert [payment.payment_id for payment in found.payments] == [payment_id]

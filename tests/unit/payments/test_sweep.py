"""Every situation of a payment x everything that can be learned, against the protocol's table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from payments.errors import ConflictError
from payments.protocol.change import (
    CancelConfirmed,
    Change,
    Confirm,
    ConsultationEffect,
    Detach,
    HoldForReview,
    NeedsContext,
    RequireUnpayable,
)
from payments.protocol.consultation import BookingStatus, Consultation, ConsultationPaymentStatus
from payments.protocol.decide import decide
from payments.protocol.evidence import Context, QueryAnswer, ReviewResolved, Verdict, usual_context
from payments.protocol.payment import Hint, Payment, PaymentStatus, Proof
from payments.protocol.policy import NEVER, Policy
from payments.protocol.receipts import ReceiptRow

from tests.simulation.invariants.view import RANK
from tests.unit.payments.expected import CONFLICT, ENDED, NOTHING, OPEN, SAME, TABLE, Outcome
from tests.unit.payments.situations import (
    ANOTHERS,
    CANCELLED_BOOKING,
    CONSULTATIONS,
    CREATED_AT,
    DAY,
    HOLDS_PHONE,
    MINE,
    NEWS,
    OTHER_ID,
    OWN_ID,
    PAID_BY_ANOTHER,
    PAYABLE,
    PAYMENTS,
    PRICE,
    RECEIPT,
    News,
    decided,
    facts,
    owner,
    present,
    row_of,
    surroundings,
)

EVERYTHING = [(situation, name) for name in TABLE for situation in TABLE[name]]


def told(
    situation: str, name: str, payment: Payment | None = None, **around: object
) -> Change | None:
    """What the news means in a situation; `around` is what stands there instead."""
    news = NEWS[name]
    stands = replace(surroundings(situation, news), **around)  # type: ignore[arg-type]
    return decided(payment or PAYMENTS[situation], news.evidence, stands, age=news.age)


def afterwards(change: Change, around: Context) -> Context:
    """What stands around the payment once the change is written."""
    return Context(
        consultation=_consultation_after(change.consultation, around.consultation),
        phone_payment_id=None if change.frees_phone else around.phone_payment_id,
        receipt=_row_after(change, around.receipt),
    )


def _row_after(change: Change, before: ReceiptRow | None) -> ReceiptRow | None:
    """The row of the receipt in the news, once the change is written."""
    if change.claim is None:
        return change.files or before
    return ReceiptRow(
        receipt_number=change.claim.receipt_number,
        payment_id=MINE,
        source=change.claim.source,
        amount_kes=change.claim.amount_kes,
    )


def _consultation_after(
    effect: ConsultationEffect | None, before: Consultation | None
) -> Consultation | None:
    if before is None:
        return None
    match effect:
        case Confirm():
            return replace(
                before,
                status=BookingStatus.CONFIRMED,
                payment_status=ConsultationPaymentStatus.PAID,
                active_payment_id=None,
                paid_payment_id=MINE,
                lock_until=None,
            )
        case Detach(leaves=leaves):
            return replace(
                before, active_payment_id=None, payment_status=leaves or before.payment_status
            )
        case HoldForReview():
            return replace(before, lock_until=NEVER)
        case CancelConfirmed():
            return replace(before, status=BookingStatus.CANCELLED)
        case _:
            return before


def seen(change: Change) -> Outcome:
    """A change as the table writes it."""
    before, after = change.before, change.after
    return Outcome(
        status=SAME if after.status is before.status else str(after.status),
        consultation=change.consultation,
        frees_phone=change.frees_phone,
        claims=change.claims_receipt,
        events=tuple(str(event) for event in change.events),
        attention=SAME if after.attention == before.attention else after.attention,
        keeps=change.evidence_digest is not None,
        files=change.files.receipt_number if change.files else None,
    )


def as_written(outcome: Outcome, before: Payment) -> Outcome:
    """The table's outcome, what is no change written as none."""
    return replace(
        outcome,
        status=SAME if outcome.status == before.status else outcome.status,
        attention=SAME if outcome.attention == before.attention else outcome.attention,
    )


def test_the_table_speaks_of_every_status_and_of_every_evidence() -> None:
    assert {payment.status for payment in PAYMENTS.values()} == set(PaymentStatus)
    assert set(TABLE) == set(NEWS)
    assert all(set(line) == set(PAYMENTS) for line in TABLE.values())


@pytest.mark.parametrize(("situation", "name"), EVERYTHING)
def test_every_evidence_has_the_protocols_effect(situation: str, name: str) -> None:
    payment, expected = PAYMENTS[situation], TABLE[name][situation]
    if expected == CONFLICT:
        with pytest.raises(ConflictError):
            told(situation, name)
        return
    change = told(situation, name)
    if expected == NOTHING:
        assert change is None
        return
    assert change is not None
    assert isinstance(expected, Outcome)
    assert seen(change) == as_written(expected, payment)
    assert change.after.version == payment.version + 1


@pytest.mark.parametrize(("situation", "name"), EVERYTHING)
def test_the_same_evidence_again_has_no_second_effect(situation: str, name: str) -> None:
    news = NEWS[name]
    if TABLE[name][situation] in (CONFLICT, NOTHING):
        return
    first = present(told(situation, name))
    if (situation, name) == ("dispatching", "look after two days"):
        return  # The second look is due at once, and finds an unknown payment two days old.
    try:
        around = afterwards(first, surroundings(situation, news))
        second = decided(first.after, news.evidence, around, age=news.age)
    except ConflictError:
        assert first.by_operator
        return
    assert second is None


@pytest.mark.parametrize(("situation", "name"), EVERYTHING)
def test_rank_falls_only_where_an_operator_says_bogus(situation: str, name: str) -> None:
    if TABLE[name][situation] == CONFLICT:
        return
    change = told(situation, name)
    if change is None or not change.is_transition:
        return
    rises = RANK[change.after.status] > RANK[change.before.status]
    assert rises or (situation, name) == ("review", "operator says bogus")


@pytest.mark.parametrize(("situation", "name"), EVERYTHING)
def test_assuming_the_usual_case_never_gives_another_answer(situation: str, name: str) -> None:
    """Where the assumption is not good enough to decide on, the answer is to look around."""
    if TABLE[name][situation] == CONFLICT:
        return
    if "bound elsewhere" in name and situation in (*OPEN, *ENDED):
        return  # The condition of the claim itself finds this, and then everything is read.
    payment, news = PAYMENTS[situation], NEWS[name]
    now = CREATED_AT + news.age
    assumed = decide(payment, news.evidence, usual_context(payment, now), now=now, policy=Policy())
    if isinstance(assumed, NeedsContext):
        return
    real = told(situation, name)
    assert (assumed and assumed.after) == (real and real.after)


@pytest.mark.parametrize(("situation", "name"), EVERYTHING)
@pytest.mark.parametrize("status", [BookingStatus.PENDING, BookingStatus.CANCELLED])
def test_pending_is_said_only_while_a_payment_runs(
    situation: str, name: str, status: BookingStatus
) -> None:
    if situation not in (*OPEN, "review"):
        return
    held = replace(CONSULTATIONS[situation], status=status)
    try:
        change = told(situation, name, consultation=held)
    except ConflictError:
        return
    after = present(_consultation_after(change.consultation, held) if change else held)
    runs = (change.after if change else PAYMENTS[situation]).status in {*OPEN, "review"}
    is_pending = after.payment_status is ConsultationPaymentStatus.PENDING
    assert is_pending == runs
    assert (after.active_payment_id == MINE) == runs


UNPAYABLE = {"gone": None, "cancelled": CANCELLED_BOOKING, "paid by another": PAID_BY_ANOTHER}


@pytest.mark.parametrize("situation", [*OPEN, *ENDED])
@pytest.mark.parametrize("consultation", UNPAYABLE)
def test_exact_money_for_a_consultation_that_cannot_be_paid_is_owed_back(
    situation: str, consultation: str
) -> None:
    change = present(told(situation, "callback exact", consultation=UNPAYABLE[consultation]))
    assert change.after.status is PaymentStatus.REFUND_DUE
    assert change.consultation == RequireUnpayable()
    assert change.claims_receipt == RECEIPT
    assert [str(event) for event in change.events] == ["RefundDue"]


def test_owed_back_money_lets_go_of_a_cancelled_consultation_it_still_holds() -> None:
    held = replace(CANCELLED_BOOKING, active_payment_id=MINE)
    change = present(
        told("pending", "callback exact", consultation=held, phone_payment_id=MINE, receipt=None)
    )
    assert change.after.status is PaymentStatus.REFUND_DUE
    assert change.consultation == Detach(
        frees_lock=True, leaves=ConsultationPaymentStatus.UNPAID, unpayable=True
    )
    assert change.frees_phone


CHANGED = {
    "price_changed": replace(PAYABLE, price_kes=PRICE + 1),
    "client_changed": replace(PAYABLE, client_id="8"),
}


@pytest.mark.parametrize("situation", [*OPEN, *ENDED])
@pytest.mark.parametrize("name", ["callback exact", "query paid late"])
@pytest.mark.parametrize("reason", CHANGED)
def test_money_for_terms_that_changed_meanwhile_goes_to_review(
    situation: str, name: str, reason: str
) -> None:
    if name.startswith("query") and PAYMENTS[situation].checkout_request_id is None:
        return
    change = present(told(situation, name, consultation=CHANGED[reason]))
    assert change.after.status is PaymentStatus.REVIEW
    assert change.after.failure_reason == reason


THEIRS: dict[str, Any] = {
    "consultation": replace(PAYABLE, active_payment_id=ANOTHERS, lock_until=CREATED_AT + 10 * DAY),
    "phone_payment_id": ANOTHERS,
}
"""The locks of booking and phone, held by another payment."""


@pytest.mark.parametrize("situation", ENDED)
def test_late_money_confirms_even_while_another_payment_holds_the_locks(situation: str) -> None:
    change = present(told(situation, "callback exact", **THEIRS))
    assert change.after.status is PaymentStatus.COMPLETED
    assert change.consultation == Confirm()
    assert not change.frees_phone


@pytest.mark.parametrize("situation", sorted(HOLDS_PHONE & {*OPEN}))
@pytest.mark.parametrize("name", ["callback 1032", "callback 1037", "push refused"])
def test_a_failure_never_touches_locks_that_are_anothers(situation: str, name: str) -> None:
    if name == "push refused" and situation == "pending":
        return
    change = present(told(situation, name, **THEIRS))
    assert change.after.status is PaymentStatus.FAILED
    assert change.consultation is None
    assert not change.frees_phone


HINTED = {
    situation: replace(
        PAYMENTS[situation],
        hint=Hint(
            result=facts("0", amount_kes=PRICE, receipt_number=RECEIPT), received_at=CREATED_AT + 30
        ),
        due_at=CREATED_AT + 30,
    )
    for situation in (*OPEN, *ENDED)
}


@pytest.mark.parametrize("situation", HINTED)
def test_a_hint_and_an_agreeing_query_are_full_evidence_at_once(situation: str) -> None:
    change = present(told(situation, "query paid early", HINTED[situation]))
    assert change.after.status is PaymentStatus.COMPLETED
    assert change.after.proof is Proof.HINT
    assert change.after.receipt_number == RECEIPT
    assert change.claims_receipt is None, "a hint's receipt is shown, never claimed"
    assert change.after.paid_amount_kes == PRICE
    assert change.after.hint is None


@pytest.mark.parametrize("amount", [None, 900])
def test_a_confirmed_hint_with_a_wrong_amount_goes_to_review(amount: int | None) -> None:
    hint = Hint(
        result=facts("0", amount_kes=amount, receipt_number=RECEIPT), received_at=CREATED_AT + 30
    )
    hinted = replace(PAYMENTS["pending"], hint=hint)
    change = present(told("pending", "query paid early", hinted))
    assert change.after.status is PaymentStatus.REVIEW
    assert change.claims_receipt is None


def test_a_hint_that_says_paid_while_the_provider_says_refused_needs_a_person() -> None:
    change = present(told("pending", "query refused late", HINTED["pending"]))
    assert change.after.status is PaymentStatus.FAILED
    assert change.after.attention == "hint_refuted"
    assert [str(event) for event in change.events] == ["PaymentFailed", "PaymentUnresolved"]


def test_an_answer_about_another_prompt_is_not_applied() -> None:
    about_another = QueryAnswer(checkout_request_id=OTHER_ID, verdict=Verdict.PAID, code="0")
    for situation, payment in PAYMENTS.items():
        around = surroundings(situation, News(about_another))
        assert decided(payment, about_another, around, age=200) is None


def test_a_callback_of_another_prompt_is_kept_and_a_person_looks() -> None:
    payment = replace(PAYMENTS["pending"], checkout_request_id=OTHER_ID)
    change = present(told("pending", "callback exact", payment))
    assert seen(change) == Outcome(
        events=("PaymentUnresolved",), attention="checkout_request_id_differs", keeps=True
    )
    assert change.after.checkout_request_id == OTHER_ID


@pytest.mark.parametrize("name", ["callback exact", "callback 1032", "callback unlisted code"])
@pytest.mark.parametrize("situation", ["dispatching", "unknown", "failed_unsent"])
def test_an_authentic_callback_brings_the_id_that_was_missing(situation: str, name: str) -> None:
    change = present(told(situation, name))
    assert change.after.checkout_request_id == OWN_ID
    assert change.after.checkout_source is Proof.CALLBACK


NAMED = replace(
    PAYMENTS["review"], receipt_number=RECEIPT, receipt_pending=False, received_at=CREATED_AT
)
TYPED = ReceiptRow(receipt_number=RECEIPT, payment_id=MINE, source=Proof.OPERATOR, amount_kes=PRICE)


@pytest.mark.parametrize("source", [Proof.CALLBACK, Proof.C2B, Proof.PULL, Proof.STATUS])
@pytest.mark.parametrize("is_on_row", [True, False])
def test_bogus_is_refused_where_a_machine_witness_is_behind_the_receipt(
    source: Proof, is_on_row: bool
) -> None:
    payment = replace(NAMED, proof=Proof.OPERATOR if is_on_row else source)
    row = replace(TYPED, source=source) if is_on_row else TYPED
    with pytest.raises(ConflictError, match="the money exists"):
        told("review", "operator says bogus", payment, receipt=row)


@pytest.mark.parametrize("row", [TYPED, replace(TYPED, source=None, amount_kes=None), None])
def test_bogus_gives_back_a_receipt_that_only_an_operator_named(row: ReceiptRow | None) -> None:
    payment = replace(NAMED, proof=Proof.HINT if row is None else Proof.OPERATOR)
    change = present(told("review", "operator says bogus", payment, receipt=row))
    assert change.releases_receipt == (RECEIPT if row else None)
    assert (change.after.receipt_number, change.after.received_at) == (None, None)


@pytest.mark.parametrize(
    "name", ["booking cancelled", "operator completes", "operator owes back", "callback exact"]
)
def test_the_time_of_the_first_proof_is_written_once(name: str) -> None:
    for situation, payment in PAYMENTS.items():
        first_at = None if payment.may_yet_be_paid else CREATED_AT + 7
        if TABLE[name][situation] in (CONFLICT, NOTHING):
            continue
        change = present(told(situation, name, replace(payment, received_at=first_at)))
        assert change.after.received_at == (first_at or CREATED_AT + NEWS[name].age)


@pytest.mark.parametrize("name", ["operator completes", "operator finds receipt"])
def test_an_operator_cannot_bind_a_receipt_that_is_anothers(name: str) -> None:
    situation = "review" if isinstance(NEWS[name].evidence, ReviewResolved) else "pending"
    with pytest.raises(ConflictError, match="belongs to another payment"):
        told(situation, name, receipt=row_of(RECEIPT, ANOTHERS))


def test_an_operator_cannot_end_a_review_with_a_receipt_of_another_amount() -> None:
    row = ReceiptRow(receipt_number=RECEIPT, source=Proof.C2B, amount_kes=900)
    with pytest.raises(ConflictError, match="on file with another amount"):
        told("review", "operator completes", receipt=row)


@pytest.mark.parametrize(
    "terms", [{"price_kes": PRICE - 1}, {"price_kes": PRICE + 1}, {"client_id": "8"}]
)
def test_an_operator_confirms_only_for_the_payer_at_the_exact_price(terms: dict[str, Any]) -> None:
    with pytest.raises(ConflictError, match="owed back"):
        told("review", "operator completes", consultation=replace(CONSULTATIONS["review"], **terms))


def test_the_owner_of_a_receipt_is_told_apart_in_this_very_test() -> None:
    assert owner(PAYMENTS["completed"], RECEIPT) == MINE
    assert owner(PAYMENTS["pending"], RECEIPT) is None

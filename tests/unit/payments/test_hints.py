"""A hint makes us ask; only Daraja's answer about the very same prompt makes it count."""

from __future__ import annotations

from dataclasses import replace

import pytest
from payments.protocol.change import Change
from payments.protocol.evidence import (
    CallbackResult,
    Context,
    Evidence,
    HintDisowned,
    HintReceived,
    PushAccepted,
    PushUnclear,
    QueryAnswer,
    TimePassed,
    Verdict,
)
from payments.protocol.payment import Hint, Payment, PaymentStatus, Proof
from payments.protocol.time_passed import needs_query

from .situations import (
    CREATED_AT,
    DAY,
    MINE,
    OTHER_ID,
    OWN_ID,
    PAYABLE,
    PAYMENTS,
    PRICE,
    RECEIPT,
    SECOND_RECEIPT,
    decided,
    facts,
    present,
)

AROUND = Context(consultation=PAYABLE, phone_payment_id=MINE, receipt=None)
PAID = facts("0", amount_kes=PRICE, receipt_number=RECEIPT)
PAYERS_ID = "ws_CO_21092026171400123708374149"
"""Of the payer's phone and within five minutes of the reservation (EAT)."""


def learn(payment: Payment, evidence: Evidence, *, age: int = 60) -> Change | None:
    return decided(payment, evidence, AROUND, age=age)


def hinted(payment: Payment, **more: object) -> Payment:
    hint = Hint(result=replace(PAID, **more), received_at=CREATED_AT + 30)  # type: ignore[arg-type]
    return replace(payment, hint=hint, due_at=CREATED_AT + 30)


def answer(verdict: Verdict, code: str | None, checkout_request_id: str = OWN_ID) -> QueryAnswer:
    return QueryAnswer(checkout_request_id=checkout_request_id, verdict=verdict, code=code)


@pytest.mark.parametrize("situation", PAYMENTS)
def test_a_success_from_an_unlisted_address_is_due_at_once_or_known_already(situation: str) -> None:
    payment = PAYMENTS[situation]
    change = learn(payment, HintReceived(result=PAID))
    if change is None:
        assert payment.receipt_number == RECEIPT
        return
    assert change.after.status is payment.status
    assert change.events == ()
    assert change.consultation is None
    assert needs_query(change.after, CREATED_AT + 60)


def test_a_hint_that_names_no_money_is_kept_after_a_querys_success() -> None:
    bare = replace(PAID, amount_kes=None, receipt_number=None)
    change = present(learn(PAYMENTS["completed_by_query"], HintReceived(result=bare)))
    assert change.evidence_digest == bare.digest


@pytest.mark.parametrize("amount", [PRICE - 1, None])
def test_a_hint_of_another_amount_after_completion_is_asked_about(amount: int | None) -> None:
    odd = replace(PAID, amount_kes=amount)
    change = present(learn(PAYMENTS["completed"], HintReceived(result=odd)))
    assert needs_query(change.after, CREATED_AT + 60)

    confirmed = present(learn(change.after, answer(Verdict.PAID, "0")))

    assert confirmed.after.attention == "amount_contradicted"
    assert confirmed.after.status is PaymentStatus.COMPLETED
    assert confirmed.after.hint is None


@pytest.mark.parametrize(("amount", "is_asked"), [(900, False), (901, True), (None, True)])
def test_a_hint_of_another_amount_than_the_reviews_is_asked_about(
    amount: int | None, is_asked: bool
) -> None:
    payment = replace(PAYMENTS["review"], receipt_number=RECEIPT, paid_amount_kes=900)
    change = learn(payment, HintReceived(result=replace(PAID, amount_kes=amount)))
    assert (change is not None) is is_asked
    assert change is None or needs_query(change.after, CREATED_AT + 60)


@pytest.mark.parametrize(
    ("checkout_request_id", "is_askable"),
    [
        (PAYERS_ID, True),
        ("ws_CO_21092026171320123708374148", False),  # another phone
        ("ws_CO_21092026181320123708374149", False),  # an hour later
        ("ws_CO_DMZ_123456789_2345", False),
        ("ws_CO_99992026171320123708374149", False),
        ("0123456789", False),
    ],
)
@pytest.mark.parametrize("situation", ["dispatching", "unknown", "failed_unsent"])
def test_a_hinted_id_is_asked_only_if_it_can_be_this_payments(
    situation: str, checkout_request_id: str, is_askable: bool
) -> None:
    hint = replace(PAID, checkout_request_id=checkout_request_id)
    change = present(learn(PAYMENTS[situation], HintReceived(result=hint)))
    assert change.evidence_digest is not None
    assert (change.after.hint is not None) is is_askable
    assert needs_query(change.after, CREATED_AT + 60) is is_askable
    assert change.after.checkout_request_id is None


def test_a_hint_that_waits_for_one_prompt_says_nothing_about_another() -> None:
    payment = hinted(PAYMENTS["pending"], checkout_request_id=PAYERS_ID)

    early = learn(payment, answer(Verdict.PAID, "0"), age=60)
    assert early is None, "it waits as before, the hint with it"

    late = present(learn(payment, answer(Verdict.PAID, "0"), age=200))
    assert late.after.status is PaymentStatus.COMPLETED
    assert late.after.proof is Proof.QUERY
    assert late.after.receipt_number is None


@pytest.mark.parametrize(("hinted_code", "attention"), [("0", "hint_refuted"), ("1032", None)])
def test_only_a_hint_of_money_is_refuted_by_a_refusal(
    hinted_code: str, attention: str | None
) -> None:
    payment = hinted(PAYMENTS["pending"], code=hinted_code)
    change = present(learn(payment, answer(Verdict.REFUSED, "1037"), age=300))
    assert change.after.status is PaymentStatus.FAILED
    assert (change.after.hint, change.after.attention) == (None, attention)


def test_a_push_accepted_under_another_id_than_the_hinted_one_needs_a_person() -> None:
    payment = hinted(PAYMENTS["unknown"], checkout_request_id=PAYERS_ID)
    accepted = PushAccepted(checkout_request_id=OTHER_ID, merchant_request_id="29115-1")

    change = present(learn(payment, accepted))

    assert change.after.status is PaymentStatus.PENDING
    assert change.after.checkout_request_id == OTHER_ID
    assert change.after.hint is None
    assert change.after.attention == "checkout_request_id_differs"


def test_a_push_whose_outcome_is_unknown_is_asked_about_at_once_by_the_hinted_id() -> None:
    asked_later = replace(hinted(PAYMENTS["dispatching"]), due_at=CREATED_AT + 600)
    change = present(learn(asked_later, PushUnclear(description="HTTP 500")))
    assert change.after.status is PaymentStatus.UNKNOWN
    assert change.after.hint == asked_later.hint
    assert change.after.due_at == CREATED_AT + 60


def test_a_push_accepted_under_the_hinted_id_keeps_the_hint() -> None:
    payment = hinted(PAYMENTS["dispatching"], checkout_request_id=PAYERS_ID)
    accepted = PushAccepted(checkout_request_id=PAYERS_ID, merchant_request_id="29115-1")
    change = present(learn(payment, accepted))
    assert change.after.hint == payment.hint
    assert change.after.attention is None
    assert needs_query(change.after, CREATED_AT + 60)


@pytest.mark.parametrize("code", ["1032", "1037"])
def test_a_hint_of_success_outlives_a_refusal_until_daraja_has_answered(code: str) -> None:
    refused = present(learn(hinted(PAYMENTS["pending"]), CallbackResult(result=facts(code))))
    assert refused.after.status is PaymentStatus.FAILED
    assert refused.after.hint is not None
    assert refused.after.due_at is not None

    paid = present(learn(refused.after, answer(Verdict.PAID, "0"), age=90))
    assert paid.after.status is PaymentStatus.COMPLETED
    assert paid.after.receipt_number == RECEIPT

    refuted = present(learn(refused.after, answer(Verdict.REFUSED, code), age=300))
    assert refuted.after.status is PaymentStatus.FAILED
    assert refuted.after.hint is None
    assert refuted.after.attention == "hint_refuted"


def test_a_receipt_that_fills_the_gap_leaves_another_hint_to_be_asked() -> None:
    payment = hinted(PAYMENTS["completed_by_query"], receipt_number=SECOND_RECEIPT)
    change = present(learn(payment, CallbackResult(result=PAID)))
    assert change.after.receipt_number == RECEIPT
    assert change.after.hint is not None
    assert change.after.due_at is not None


def test_a_hint_without_an_answer_for_two_days_needs_a_person() -> None:
    payment = hinted(PAYMENTS["completed_by_query"])
    assert payment.hint is not None
    for age, expected in ((2 * DAY + 29, None), (2 * DAY + 30, "hint_unanswered")):
        change = learn(payment, TimePassed(), age=age)
        reason = change.after.attention if change else None
        assert reason == (expected if expected else "receipt_missing" if reason else None)


def test_a_hint_that_names_another_payments_prompt_is_dropped_and_a_person_looks() -> None:
    payment = hinted(PAYMENTS["unknown"], checkout_request_id=PAYERS_ID)
    change = present(learn(payment, HintDisowned()))
    assert change.after.hint is None
    assert change.after.attention == "hint_names_another_payment"
    assert change.after.status is PaymentStatus.UNKNOWN
    assert learn(change.after, HintDisowned()) is None

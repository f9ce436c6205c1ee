"""What a callback says is never lost and never filed twice, whatever it means for the payment."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from payments.protocol.evidence import CallbackResult, Evidence, HintReceived, OddCallback
from payments.protocol.filing import HEAD_CHARACTERS
from payments.protocol.payment import Payment, PaymentStatus
from payments.protocol.policy import EVIDENCE_MAX
from payments.store.items import payment_key, payment_values, to_payment

from .situations import (
    ALONE,
    MINE,
    OTHER_ID,
    OWN_ID,
    PAYMENTS,
    RECEIPT,
    SECOND_RECEIPT,
    decided,
    facts,
    present,
    row_of,
)


def digest(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def after(payment: Payment, evidence: Evidence) -> Payment:
    change = decided(payment, evidence)
    return change.after if change else payment


@pytest.mark.parametrize("situation", PAYMENTS)
def test_an_odd_callback_is_filed_once_however_often_it_comes(situation: str) -> None:
    payment = PAYMENTS[situation]
    first = present(decided(payment, OddCallback(digest=digest(1))))
    assert first.evidence_digest == digest(1)
    assert decided(first.after, OddCallback(digest=digest(1))) is None
    assert decided(first.after, OddCallback(digest=digest(2))) is not None


@pytest.mark.parametrize("situation", ["pending", "completed", "cancelled"])
def test_the_eleventh_odd_callback_is_not_filed_and_needs_a_person(situation: str) -> None:
    payment = replace(PAYMENTS[situation], attention=None)
    for number in range(EVIDENCE_MAX):
        payment = after(payment, OddCallback(digest=digest(number)))
    assert payment.attention is None
    assert len(payment.evidence_heads) == EVIDENCE_MAX

    change = present(decided(payment, OddCallback(digest=digest(99))))

    assert change.evidence_digest is None
    assert change.after.attention == "evidence_overflow"
    assert [str(event) for event in change.events] == ["PaymentUnresolved"]
    assert decided(change.after, OddCallback(digest=digest(99))) is None
    assert decided(change.after, OddCallback(digest=digest(100))) is None


def test_the_same_hint_again_is_not_filed_again() -> None:
    hint = HintReceived(result=facts("0", amount_kes=1000, receipt_number=RECEIPT))
    first = present(decided(PAYMENTS["pending"], hint))
    assert first.after.hint is not None
    assert decided(first.after, hint) is None


def test_a_second_hint_is_filed_beside_the_first() -> None:
    hint = HintReceived(result=facts("0", amount_kes=1000, receipt_number=RECEIPT))
    payment = after(PAYMENTS["pending"], hint)
    second = HintReceived(
        result=facts("0", amount_kes=900, receipt_number=SECOND_RECEIPT, digest=digest(2))
    )

    change = present(decided(payment, second))

    assert change.evidence_digest == digest(2)
    assert change.after.hint == payment.hint


def test_a_refusal_after_a_query_only_success_is_filed_although_attention_was_raised() -> None:
    overdue = replace(PAYMENTS["completed_by_query"], attention="receipt_missing")
    change = present(decided(overdue, CallbackResult(result=facts("1032"))))
    assert change.evidence_digest is not None
    assert change.after.attention == "receipt_missing"


@pytest.mark.parametrize("code", ["7777", "1032"])
@pytest.mark.parametrize("situation", ["dispatching", "pending", "failed", "cancelled"])
def test_a_receipt_under_a_code_that_is_no_success_is_filed(situation: str, code: str) -> None:
    odd = CallbackResult(result=facts(code, amount_kes=1000, receipt_number=RECEIPT))
    change = present(decided(PAYMENTS[situation], odd))
    assert change.evidence_digest == odd.result.digest
    assert decided(change.after, odd) is None


def test_a_second_contradiction_of_the_same_kind_is_filed_too() -> None:
    around = replace(ALONE, receipt=row_of(RECEIPT, MINE))
    for amount in (900, 800):
        change = present(
            decided(
                replace(PAYMENTS["completed"], attention="amount_contradicted"),
                CallbackResult(
                    result=facts(
                        "0", amount_kes=amount, receipt_number=RECEIPT, digest=digest(amount)
                    )
                ),
                around,
            )
        )
        assert change.evidence_digest == digest(amount)
        assert change.events == ()


def test_a_body_that_first_came_as_a_hint_can_still_raise_attention_when_authentic() -> None:
    refusal = facts("1032")
    hinted = after(PAYMENTS["completed_by_query"], HintReceived(result=refusal))
    assert hinted.attention is None

    change = present(decided(hinted, CallbackResult(result=refusal)))

    assert change.after.attention == "refused_after_query_success"


@pytest.mark.parametrize("code", ["0", "1032", "7777"])
@pytest.mark.parametrize("situation", ["pending", "completed", "failed", "cancelled", "review"])
def test_a_callback_of_a_prompt_we_know_nothing_of_needs_a_person(
    situation: str, code: str
) -> None:
    payment = replace(PAYMENTS[situation], attention=None)
    other = facts(code, checkout_request_id=OTHER_ID, amount_kes=1000, receipt_number="OTHER00001")

    change = present(decided(payment, CallbackResult(result=other)))

    assert change.after.status is payment.status
    assert change.after.checkout_request_id == OWN_ID
    assert change.after.receipt_number == payment.receipt_number
    assert change.after.attention == "checkout_request_id_differs"
    assert change.evidence_digest is not None
    assert decided(change.after, CallbackResult(result=other)) is None


@pytest.mark.parametrize("count", [0, 1, EVIDENCE_MAX])
def test_what_is_filed_is_remembered_by_the_item(count: int) -> None:
    heads = tuple(digest(number)[:HEAD_CHARACTERS] for number in range(count))
    payment = replace(PAYMENTS["pending"], phone_hmac="0" * 32, evidence_heads=heads)
    item = {**payment_key(payment.payment_id), **payment_values(payment)}
    assert to_payment(item).evidence_heads == heads


def test_a_success_that_names_nothing_after_a_query_only_success_needs_a_person() -> None:
    change = present(decided(PAYMENTS["completed_by_query"], CallbackResult(result=facts("0"))))
    assert change.after.attention == "amount_contradicted"
    assert change.evidence_digest is not None


def test_the_callback_that_opened_a_review_raises_nothing_when_it_comes_again() -> None:
    for amount, receipt in ((None, RECEIPT), (1000, None), (None, None), (900, RECEIPT)):
        news = CallbackResult(result=facts("0", amount_kes=amount, receipt_number=receipt))
        first = present(decided(PAYMENTS["pending"], news))
        assert first.after.status is PaymentStatus.REVIEW
        assert decided(first.after, news, replace(ALONE, receipt=row_of(RECEIPT, MINE))) is None

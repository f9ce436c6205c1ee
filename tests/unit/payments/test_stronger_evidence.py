"""Money known by a hint or a query: what an authentic callback says of it stands in its stead."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from payments.errors import ConflictError
from payments.protocol.change import Change
from payments.protocol.evidence import (
    CallbackResult,
    Context,
    Evidence,
    HintReceived,
    QueryAnswer,
    Resolution,
    ReviewResolved,
    Verdict,
)
from payments.protocol.payment import Hint, Payment, PaymentStatus, Proof

from .situations import (
    ANOTHERS,
    CREATED_AT,
    MINE,
    OWN_ID,
    PAYABLE,
    PAYMENTS,
    PRICE,
    RECEIPT,
    SECOND_RECEIPT,
    decided,
    facts,
    present,
    row_of,
    seen_by_c2b,
)

AUTHENTIC = CallbackResult(
    result=facts("0", amount_kes=PRICE, receipt_number=RECEIPT, transaction_at=CREATED_AT + 30)
)
FORGED = facts("0", amount_kes=PRICE, receipt_number=SECOND_RECEIPT, digest="e" * 64)
AGREES = QueryAnswer(checkout_request_id=OWN_ID, verdict=Verdict.PAID, code="0")


def learn(payment: Payment, evidence: Evidence, *, owner: str | None = None) -> Change | None:
    around = Context(consultation=PAYABLE, phone_payment_id=None, receipt=row_of(RECEIPT, owner))
    return decided(payment, evidence, around, age=200)


def by_hint(status: str, **more: object) -> Payment:
    """Money recorded on the word of a forged hint with which the query agreed."""
    said = {"receipt_number": SECOND_RECEIPT, "paid_amount_kes": PRICE, **more}
    return replace(PAYMENTS[status], proof=Proof.HINT, receipt_pending=False, **said)  # type: ignore[arg-type]


@pytest.mark.parametrize("status", ["completed", "refund_due", "refunded", "review"])
def test_an_authentic_receipt_stands_in_the_stead_of_a_hints(status: str) -> None:
    payment = by_hint(status)

    change = present(learn(payment, AUTHENTIC))

    assert change.after.status is payment.status
    assert change.consultation is None
    assert change.claims_receipt == RECEIPT
    assert change.releases_receipt is None, "only a person gives a claim up"
    assert change.after.receipt_number == RECEIPT
    assert change.after.transaction_at == CREATED_AT + 30
    assert change.after.proof is Proof.CALLBACK
    assert change.after.attention is None, "a hint's receipt was only shown"
    assert [str(event) for event in change.events] == ["ReceiptAdded"]
    assert learn(change.after, AUTHENTIC, owner=MINE) is None


def test_an_authentic_amount_lets_an_operator_complete_what_a_hint_had_put_into_review() -> None:
    payment = by_hint("review", paid_amount_kes=1, failure_reason="amount_differs")

    change = present(learn(payment, AUTHENTIC))

    assert (change.after.receipt_number, change.after.paid_amount_kes) == (RECEIPT, PRICE)
    resolved = present(
        learn(change.after, ReviewResolved(resolution=Resolution.COMPLETE), owner=MINE)
    )
    assert resolved.after.status is PaymentStatus.COMPLETED


def test_an_authentic_amount_under_the_hints_own_receipt_is_the_one_that_counts() -> None:
    change = present(
        learn(
            by_hint("refund_due", receipt_number=RECEIPT),
            CallbackResult(result=replace(AUTHENTIC.result, amount_kes=900)),
            owner=MINE,
        )
    )
    assert change.after.paid_amount_kes == 900
    assert change.after.attention == "amount_contradicted"


def test_what_an_operator_decided_on_is_not_replaced_afterwards() -> None:
    hinted = by_hint("review")
    with pytest.raises(ConflictError, match="must be known"):
        learn(hinted, ReviewResolved(resolution=Resolution.REFUND_DUE))
    read = ReviewResolved(
        resolution=Resolution.REFUND_DUE, receipt_number=SECOND_RECEIPT, amount_kes=PRICE
    )
    owed = present(learn(hinted, read))
    assert owed.after.bound_receipt == owed.claims_receipt == SECOND_RECEIPT

    change = present(learn(owed.after, AUTHENTIC))

    assert change.after.receipt_number == SECOND_RECEIPT
    assert change.after.attention == "second_receipt"
    assert change.files is not None
    assert change.files.receipt_number == RECEIPT


@pytest.mark.parametrize("resolution", [Resolution.COMPLETE, Resolution.REFUND_DUE])
@pytest.mark.parametrize(
    ("receipt", "amount_kes"), [(RECEIPT, None), (None, PRICE)], ids=["no amount", "no receipt"]
)
def test_a_review_does_not_end_until_receipt_and_amount_are_both_known(
    receipt: str | None, amount_kes: int | None, resolution: Resolution
) -> None:
    payment = replace(PAYMENTS["review"], paid_amount_kes=None)
    decision = ReviewResolved(resolution=resolution, receipt_number=receipt, amount_kes=amount_kes)
    with pytest.raises(ConflictError, match="must be known"):
        learn(payment, decision)
    assert learn(payment, replace(decision, receipt_number=RECEIPT, amount_kes=PRICE)) is not None


@pytest.mark.parametrize("resolution", [Resolution.COMPLETE, Resolution.REFUND_DUE])
def test_a_person_who_ends_a_review_names_the_amount_that_only_a_hint_had_named(
    resolution: Resolution,
) -> None:
    hinted = by_hint("review", paid_amount_kes=1, failure_reason="amount_differs")
    read = ReviewResolved(resolution=resolution, receipt_number=SECOND_RECEIPT)
    with pytest.raises(ConflictError, match="must be known"):
        learn(hinted, read)
    change = present(learn(hinted, replace(read, amount_kes=PRICE)))
    assert change.after.paid_amount_kes == PRICE


@pytest.mark.parametrize("attention", ["hints_disagree", "second_receipt", "hint_unanswered"])
def test_no_money_of_its_own_leaves_the_question_about_other_money(attention: str) -> None:
    doubted = replace(by_hint("review"), attention=attention)
    bogus = present(learn(doubted, ReviewResolved(resolution=Resolution.BOGUS)))
    assert (bogus.after.status, bogus.after.attention) == (PaymentStatus.FAILED, attention)


def test_an_authentic_receipt_without_an_amount_is_bound_and_a_person_is_told() -> None:
    told = CallbackResult(result=replace(AUTHENTIC.result, amount_kes=None))
    change = present(learn(by_hint("completed"), told))
    assert change.after.bound_receipt == change.claims_receipt == RECEIPT
    assert change.after.paid_amount_kes == PRICE
    assert change.after.attention == "amount_contradicted"


@pytest.mark.parametrize(
    ("said", "owner"),
    [({}, ANOTHERS), ({"receipt_number": None, "amount_kes": 900}, None)],
    ids=["bound elsewhere", "no receipt"],
)
def test_an_authentic_callback_in_doubt_itself_replaces_nothing(
    said: dict[str, Any], owner: str | None
) -> None:
    told = CallbackResult(result=replace(AUTHENTIC.result, **said))
    change = present(learn(by_hint("completed"), told, owner=owner))
    assert change.after.receipt_number == SECOND_RECEIPT
    assert change.after.attention is not None


@pytest.mark.parametrize("proof", [Proof.CALLBACK, Proof.OPERATOR])
def test_a_second_receipt_never_replaces_one_that_was_vouched_for(proof: Proof) -> None:
    change = present(learn(replace(by_hint("completed"), proof=proof), AUTHENTIC))
    assert change.after.receipt_number == SECOND_RECEIPT
    assert change.after.proof is proof
    assert change.after.attention == "second_receipt"


def test_a_hint_never_replaces_what_another_hint_had_proved() -> None:
    hint = Hint(result=AUTHENTIC.result, received_at=CREATED_AT + 190)
    change = present(learn(replace(by_hint("completed"), hint=hint), AGREES))
    assert change.after.receipt_number == SECOND_RECEIPT
    assert change.after.attention == "second_receipt"


def test_a_forged_receipt_that_filled_a_querys_gap_gives_way_to_the_authentic_one() -> None:
    hint = Hint(result=FORGED, received_at=CREATED_AT + 190)
    filled = present(learn(replace(PAYMENTS["completed_by_query"], hint=hint), AGREES))
    assert (filled.after.receipt_number, filled.after.proof) == (SECOND_RECEIPT, Proof.HINT)
    assert filled.claims_receipt is None, "a stranger's receipt must stay free"

    change = present(learn(filled.after, AUTHENTIC))

    assert change.after.receipt_number == change.claims_receipt == RECEIPT
    assert change.after.attention is None


def test_a_refusal_after_an_authentic_receipt_is_no_longer_one_after_a_query_alone() -> None:
    filled = present(learn(PAYMENTS["completed_by_query"], AUTHENTIC))
    assert filled.after.proof is Proof.CALLBACK

    change = present(learn(filled.after, CallbackResult(result=facts("1032", digest="f" * 64))))

    assert change.evidence_digest is not None
    assert change.after.attention is None


def test_a_second_hint_that_says_otherwise_is_filed_and_a_person_looks() -> None:
    payment = replace(PAYMENTS["pending"], hint=Hint(result=FORGED, received_at=CREATED_AT + 5))

    change = present(learn(payment, HintReceived(result=AUTHENTIC.result)))

    assert change.after.hint == payment.hint
    assert change.evidence_digest == AUTHENTIC.result.digest
    assert change.after.attention == "hints_disagree"
    assert learn(change.after, HintReceived(result=AUTHENTIC.result)) is None


def test_an_authentic_success_that_names_no_receipt_is_kept_beside_a_hints() -> None:
    bare = facts("0", amount_kes=PRICE, receipt_number=None)
    change = present(learn(by_hint("completed"), CallbackResult(result=bare)))
    assert change.evidence_digest == bare.digest
    assert change.events == ()
    assert learn(change.after, CallbackResult(result=bare)) is None


def test_the_amount_of_a_hint_stands_in_nobodys_way() -> None:
    change = present(learn(by_hint("review", paid_amount_kes=1), seen_by_c2b().evidence))
    assert (change.claims_receipt, change.after.paid_amount_kes) == (RECEIPT, PRICE)


@pytest.mark.parametrize(
    ("situation", "known"),
    [
        ("review", {"proof": Proof.OPERATOR, "failure_reason": "amount_contradicted"}),
        ("completed_by_c2b", {"attention": "amount_contradicted"}),
    ],
    ids=["by the review", "by the attention"],
)
def test_a_contradiction_that_a_person_knows_of_is_not_told_again_with_what_else_is_new(
    situation: str, known: dict[str, object]
) -> None:
    more = {"receipt_number": RECEIPT, "receipt_pending": False, **known}
    payment = replace(PAYMENTS[situation], **more)  # type: ignore[arg-type]
    told = CallbackResult(result=replace(AUTHENTIC.result, amount_kes=900))

    change = present(learn(payment, told, owner=MINE))

    assert change.after.attention == payment.attention
    assert change.events == ()

"""What the customer reads: one table, true in every situation, never an invitation to pay twice."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from payments.daraja.push_outcomes import REFUSALS
from payments.http.messages import (
    SENT_UNKNOWN,
    Language,
    can_retry_at,
    cause_of,
    customer_message,
    language_of,
    manual_payment,
)
from payments.http.sentences import SENTENCES, Button, Retry
from payments.protocol.payment import OPEN, Payment, PaymentStatus, Proof
from payments.protocol.policy import Policy
from payments.protocol.result_codes import FINAL_REFUSALS, PUSH_REFUSAL_CAUSES

from tests.unit.payments.situations import CREATED_AT, LOCKED_UNTIL, PAYMENTS

POLICY = Policy()
NOW = CREATED_AT + 30
PROMPT_ENDED = CREATED_AT + POLICY.daraja_shows_seconds + POLICY.prompt_seconds
MONEY_MAY_HAVE_MOVED = {
    "waiting", "waiting_late", "unknown", "unknown_late", "paid_meanwhile", "review", "completed",
    "refund_due", "cancelled_by_us", "not_paid", "no_money_found",
}  # fmt: skip
CODES = [None, "0", "4999", "9998", *FINAL_REFUSALS]
REASONS = [None, "a reason nobody knows", *PUSH_REFUSAL_CAUSES]


@pytest.mark.parametrize("cause", SENTENCES)
def test_a_sentence_stands_in_both_languages_and_claims_only_what_is_known(cause: str) -> None:
    row = SENTENCES[cause]
    assert row.english.endswith(".") and row.swahili.endswith(".")  # noqa: PT018
    assert row.english != row.swahili
    assert len(row.english) <= 160
    if cause in MONEY_MAY_HAVE_MOVED:
        assert "not charged" not in row.english
        assert "Hukukatwa" not in row.swahili
    invites = "try again" in row.english.lower() or Button.TRY_AGAIN in row.buttons
    assert not (invites and row.retry is Retry.NEVER)
    assert (row.retry is Retry.NEVER) or Button.TRY_AGAIN in row.buttons


def expected(payment: Payment, *, now: int) -> str:
    """The row that the table of docs/protocol.md asks for, said a second time."""
    match payment.status:
        case PaymentStatus.PENDING:
            is_early = now < PROMPT_ENDED and payment.result_code is None
            return "waiting" if is_early else "waiting_late"
        case PaymentStatus.DISPATCHING | PaymentStatus.UNKNOWN:
            return "unknown" if now < LOCKED_UNTIL else "unknown_late"
        case PaymentStatus.CANCELLED:
            return "cancelled_by_us"
        case PaymentStatus.FAILED:
            pass
        case status:
            return str(status)
    if payment.proof is Proof.PUSH:
        return PUSH_REFUSAL_CAUSES.get(payment.failure_reason or "", "push_refused")
    if payment.proof is Proof.OPERATOR:
        return "no_money_found"
    row = FINAL_REFUSALS.get(payment.result_code or "")
    return row.message if row else "not_paid"


def test_every_status_proof_code_and_push_outcome_has_its_row() -> None:
    moments = (NOW, PROMPT_ENDED, LOCKED_UNTIL)
    walked = itertools.product(PaymentStatus, [None, *Proof], CODES, REASONS, moments)
    for status, proof, code, reason, now in walked:
        payment = replace(
            PAYMENTS["pending"],
            status=status, proof=proof, result_code=code, failure_reason=reason,
            holds_locks=status in OPEN,
        )  # fmt: skip
        cause = cause_of(payment, now=now, policy=POLICY)
        assert cause == expected(payment, now=now), (status, proof, code, reason, now)
        row = SENTENCES[cause]
        retry_at = can_retry_at(payment, row, now)
        is_over = status in {PaymentStatus.FAILED, PaymentStatus.CANCELLED}
        assert (retry_at is not None) == (is_over and row.retry is not Retry.NEVER)


def test_the_documents_quote_the_sentences_of_the_table() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs/frontend.md").read_text()
    table = text.split("## What each answer becomes")[1].split("\n## ")[0]
    quoted = [row.split("|")[-2].strip() for row in table.splitlines() if row.startswith("| ")][1:]
    known = {row.english for row in SENTENCES.values()}
    strangers = {each for each in quoted if each not in known}
    assert strangers == {"as for completed or refund_due"}


def test_every_reason_of_a_refused_push_has_a_row_of_its_own() -> None:
    assert {row.reason for row in REFUSALS} <= PUSH_REFUSAL_CAUSES.keys()
    assert set(PUSH_REFUSAL_CAUSES.values()) <= SENTENCES.keys()
    assert {row.message for row in FINAL_REFUSALS.values()} <= SENTENCES.keys()


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("M-Pesa could not be reached", "busy"),
        ("Too late to send", "busy"),
        ("provider_unavailable", "busy"),
        ("Access token refused twice", "merchant"),
    ],
)
def test_a_push_that_opened_no_prompt_has_its_sentence(reason: str, cause: str) -> None:
    payment = replace(PAYMENTS["failed"], proof=Proof.PUSH, failure_reason=reason)
    assert cause_of(payment, now=NOW, policy=POLICY) == cause


def test_the_same_amount_again_has_to_wait_two_minutes() -> None:
    payment = replace(PAYMENTS["failed"], result_code="17")
    retry_at = can_retry_at(payment, SENTENCES["too_soon"], NOW)
    assert retry_at == CREATED_AT + 120
    assert can_retry_at(payment, SENTENCES["too_soon"], CREATED_AT + 500) == CREATED_AT + 500


def test_a_retry_waits_until_the_locks_have_ended() -> None:
    payment = PAYMENTS["failed_by_query"]
    assert can_retry_at(payment, SENTENCES["cancelled"], NOW) == LOCKED_UNTIL
    assert can_retry_at(PAYMENTS["failed"], SENTENCES["cancelled"], NOW) == NOW


@pytest.mark.parametrize("situation", ["dispatching", "unknown", "pending"])
def test_who_has_paid_otherwise_is_told_not_to_enter_the_pin(situation: str) -> None:
    cause = cause_of(PAYMENTS[situation], now=NOW, policy=POLICY, is_booking_paid=True)
    assert "Do not enter your PIN" in customer_message(cause)
    assert "Usiweke PIN" in customer_message(cause, Language.SWAHILI)


def test_a_completed_payment_stays_completed_however_the_booking_was_paid() -> None:
    paid = PAYMENTS["completed"]
    assert cause_of(paid, now=NOW, policy=POLICY, is_booking_paid=True) == "completed"


def test_an_unknown_outcome_warns_not_to_pay_twice() -> None:
    for message in (SENT_UNKNOWN, customer_message("unknown")):
        assert "Do not pay again until you see the result" in message


@pytest.mark.parametrize("language", Language)
def test_paying_by_hand_names_number_account_and_amount(language: Language) -> None:
    payment = PAYMENTS["pending"]
    answer = manual_payment(payment, party_b="174379", is_till=False, language=language)
    text = answer["manual_payment"]
    for part in ("Paybill 174379", str(PAYMENTS["pending"].account_reference), "KES 1,000"):
        assert part in text


def test_a_till_has_no_account() -> None:
    answer = manual_payment(PAYMENTS["pending"], party_b="700000", is_till=True)
    text, details = answer["manual_payment"], answer["manual_payment_details"]
    assert (details["channel"], details["account_reference"]) == ("till", None)
    assert "Till 700000, amount KES 1,000" in text
    assert str(PAYMENTS["pending"].account_reference) not in text


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("sw", "sw"),
        ("sw-KE,en;q=0.8", "sw"),
        ("SW", "sw"),
        ("en,sw", "en"),
        ("swe", "en"),
        ("fr", "en"),
    ],
)
def test_swahili_is_spoken_to_who_asks_for_it_first(header: str | None, language: str) -> None:
    assert language_of(header) == language

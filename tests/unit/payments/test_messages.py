"""What the customer reads: true, short, in both languages, and never an invitation to pay twice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from payments.http.messages import (
    SENT_UNKNOWN,
    Language,
    customer_message,
    language_of,
    manual_payment,
)
from payments.protocol.payment import PaymentStatus, Proof
from payments.protocol.result_codes import FINAL_REFUSALS

from tests.unit.payments.situations import PAYMENTS

FAILED = PAYMENTS["failed"]
MAY_HAVE_MONEY = ("dispatching", "unknown", "pending", "review", "cancelled", "refund_due")


@pytest.mark.parametrize("situation", PAYMENTS)
def test_every_situation_has_a_sentence_in_both_languages(situation: str) -> None:
    english = customer_message(PAYMENTS[situation])
    swahili = customer_message(PAYMENTS[situation], language=Language.SWAHILI)
    assert english.endswith(".")
    assert swahili.endswith(".")
    assert english != swahili
    assert len(english) <= 160


@pytest.mark.parametrize("code", sorted(FINAL_REFUSALS))
def test_every_refusal_has_a_sentence_and_invites_again_only_where_that_helps(code: str) -> None:
    payment = replace(FAILED, result_code=code)
    english = customer_message(payment)
    assert english != customer_message(payment, language=Language.SWAHILI)
    if "try again." in english or "try again shortly" in english:
        assert FINAL_REFUSALS[code].may_retry


@pytest.mark.parametrize("situation", MAY_HAVE_MONEY)
def test_nobody_is_invited_to_pay_again_while_money_may_have_moved(situation: str) -> None:
    message = customer_message(PAYMENTS[situation]).lower()
    assert "try again" not in message
    assert "you were not charged" not in message


def test_an_unknown_outcome_warns_not_to_pay_twice() -> None:
    for message in (SENT_UNKNOWN, customer_message(PAYMENTS["unknown"])):
        assert "Do not pay again until you see the result" in message


@pytest.mark.parametrize("situation", ["dispatching", "unknown", "pending"])
def test_who_has_paid_otherwise_is_told_not_to_enter_the_pin(situation: str) -> None:
    message = customer_message(PAYMENTS[situation], is_booking_paid=True)
    assert "Do not enter your PIN" in message
    swahili = customer_message(PAYMENTS[situation], is_booking_paid=True, language=Language.SWAHILI)
    assert "Usiweke PIN" in swahili


def test_a_completed_payment_stays_completed_however_the_booking_was_paid() -> None:
    assert "confirmed" in customer_message(PAYMENTS["completed"], is_booking_paid=True)


def test_money_that_is_coming_back_is_said_to_be() -> None:
    assert "coming back" in customer_message(PAYMENTS["refund_due"])
    assert "returned" in customer_message(PAYMENTS["refunded"])


def test_a_push_that_was_refused_is_mpesa_being_busy() -> None:
    payment = replace(FAILED, status=PaymentStatus.FAILED, proof=Proof.PUSH, result_code="x")
    assert "M-Pesa is busy" in customer_message(payment)


@pytest.mark.parametrize("language", Language)
def test_paying_by_hand_names_number_account_and_amount(language: Language) -> None:
    text = manual_payment(PAYMENTS["pending"], party_b="174379", is_till=False, language=language)
    for part in ("Paybill 174379", PAYMENTS["pending"].account_reference, "KES 1000"):
        assert part in text


def test_a_till_has_no_account() -> None:
    text = manual_payment(PAYMENTS["pending"], party_b="700000", is_till=True)
    assert "Till 700000, amount KES 1000" in text
    assert PAYMENTS["pending"].account_reference not in text


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

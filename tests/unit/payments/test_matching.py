"""The matching ladder, rung by rung: what money belongs to that no prompt of ours reported."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from payments.protocol.consultation import BookingStatus, Consultation, ConsultationPaymentStatus
from payments.protocol.evidence import MoneySeen
from payments.protocol.matching import (
    Facts,
    OwnPrompts,
    attribute,
    booking_ids,
    normalise_reference,
    payer_fits,
)
from payments.protocol.payment import Origin, Payment, PaymentStatus, Proof
from payments.protocol.policy import ROW_LOOK_SECONDS
from payments.protocol.receipts import ReceiptRow, SetAside, next_look_at
from payments.values import typed_reference

from .situations import (
    ANOTHERS,
    CREATED_AT,
    DAY,
    LOCKED_UNTIL,
    PAYABLE,
    PAYMENTS,
    PRICE,
    RECEIPT,
    row_of,
)

PENDING = PAYMENTS["pending"]
NUMBER = "254708374149"
DIGEST = hashlib.sha256(NUMBER.encode()).hexdigest()
MASK = "2547 ***** 149"
MONEY = MoneySeen(
    source=Proof.C2B,
    receipt_number=RECEIPT,
    shortcode="600000",
    amount_kes=PRICE,
    paid_at=CREATED_AT + 30,
    reference="ABCD12345678",
    payer=MASK,
)
TILL = replace(MONEY, reference=None)
BY_BOOKING = replace(MONEY, reference="1")
PROVEN = replace(PAYMENTS["completed_by_query"], phone_hmac="0f" * 16)
SEEN = OwnPrompts(candidates=[PROVEN], unclaimed=[], covered=(CREATED_AT - 60, LOCKED_UNTIL + 600))


def row(**more: object) -> ReceiptRow:
    """Another receipt that waits, of the same amount, payer and time."""
    base = ReceiptRow(
        receipt_number="OTHER00001",
        source=Proof.C2B,
        amount_kes=PRICE,
        paid_at=CREATED_AT + 40,
        payer=MASK,
    )
    return replace(base, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("typed", "reference"),
    [
        ("ABCD12345678", "ABCD12345678"),
        (" abcd-1234 5678 ", "ABCD12345678"),
        ("ABCDO23456I8", "ABCD02345618"),
        ("ABCD1234567L", "ABCD12345671"),
        ("OLD112345678", "OLD112345678"),
        ("12345678", "12345678"),
        ("1234567", None),
        ("ABCDE12345678", None),
        ("", None),
        (None, None),
    ],
)
def test_a_typed_reference_is_read_as_it_was_meant(
    typed: str | None, reference: str | None
) -> None:
    assert normalise_reference(typed) == reference


@pytest.mark.parametrize(
    ("typed", "ids"),
    [("Ab 1", ["Ab1", "AB1", "ab1"]), ("17", ["17"]), ("a/b", []), ("", []), (None, [])],
)
def test_a_typed_booking_id_is_tried_in_three_forms_at_most(
    typed: str | None, ids: list[str]
) -> None:
    assert booking_ids(typed) == ids


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  RENT/7\u202a room ", "RENT 7 room"),
        ("a-b_C", "a-b_C"),
        ("x" * 30, "x" * 20),
        (None, ""),
        (7, ""),
    ],
)
def test_what_a_payer_typed_is_cleaned_and_cut(typed: object, kept: str) -> None:
    assert typed_reference(typed) == kept


@pytest.mark.parametrize(
    ("payer", "hmac", "fits"),
    [
        (DIGEST, None, True),
        (DIGEST.upper(), None, True),
        ("0" + DIGEST[1:], None, False),
        (f"{DIGEST[:34]} ***** {DIGEST[-25:]}", None, True),
        (f"{DIGEST[:34]} ***** {'0' * 25}", None, False),
        (f"{'0' * 34} ***** {DIGEST[-25:]}", None, False),
        (MASK, None, True),
        ("2547*****149", None, True),
        ("2547 ***** 148", None, False),
        ("2541 ***** 149", None, False),
        (None, "0f" * 16, True),
        (MASK, "0e" * 16, False),
        ("", None, None),
        (None, None, None),
        ("600000", None, None),
    ],
)
def test_the_payer_is_compared_in_every_form_that_is_shown(
    payer: str | None, hmac: str | None, fits: bool | None
) -> None:
    assert payer_fits(payer, hmac, PROVEN) is fits


def test_a_payment_without_a_phone_fits_no_payer() -> None:
    assert payer_fits(MASK, None, replace(PROVEN, phone_number=None)) is False


@pytest.mark.parametrize(
    "known",
    [row_of(RECEIPT, ANOTHERS), replace(row(), receipt_number=RECEIPT, set_aside=SetAside.TEST)],
)
def test_rung_1_what_is_bound_or_set_aside_matches_nothing(known: ReceiptRow | None) -> None:
    assert attribute(MONEY, known, Facts(by_reference=[PENDING])) is None


@pytest.mark.parametrize("situation", PAYMENTS)
def test_rung_2_the_reference_names_its_payment_whatever_its_status(situation: str) -> None:
    payment = PAYMENTS[situation]
    for waiting in (None, row(receipt_number=RECEIPT)):
        assert attribute(MONEY, waiting, Facts(by_reference=[payment])) == payment


def test_rung_2_gives_nothing_where_two_payments_have_the_reference() -> None:
    twins = [PENDING, replace(PENDING, payment_id=ANOTHERS)]
    assert attribute(MONEY, None, Facts(by_reference=twins, consultations=[PAYABLE])) is None


def test_rung_2_gives_nothing_where_the_index_names_a_payment_of_another_reference() -> None:
    other = replace(PENDING, account_reference="ABCD87654321")
    assert attribute(MONEY, None, Facts(by_reference=[other])) is None


UNFIT = {
    "another price": replace(PAYABLE, price_kes=900),
    "cancelled": replace(PAYABLE, status=BookingStatus.CANCELLED),
    "paid": replace(PAYABLE, payment_status=ConsultationPaymentStatus.PAID),
    "confirmed": replace(PAYABLE, status=BookingStatus.CONFIRMED),
}


def test_rung_4_a_typed_booking_is_paid_at_exactly_its_price() -> None:
    assert attribute(BY_BOOKING, None, Facts(consultations=[PAYABLE])) == PAYABLE
    beside = [replace(UNFIT["another price"], booking_id="A1"), PAYABLE]
    assert attribute(BY_BOOKING, None, Facts(consultations=beside)) == PAYABLE


@pytest.mark.parametrize("unfit", UNFIT.values(), ids=UNFIT)
def test_rung_4_gives_nothing_where_the_booking_cannot_take_it(unfit: Consultation) -> None:
    assert attribute(BY_BOOKING, None, Facts(consultations=[unfit])) is None


def test_rung_4_gives_nothing_where_two_bookings_fit_or_none_was_read() -> None:
    both = [PAYABLE, replace(PAYABLE, booking_id="A1")]
    assert attribute(BY_BOOKING, None, Facts(consultations=both)) is None
    assert attribute(BY_BOOKING, None, Facts()) is None
    fractional = replace(BY_BOOKING, amount_kes=None, amount_text="1000.50")
    assert attribute(fractional, None, Facts(consultations=[PAYABLE])) is None


WAITING = row(receipt_number=RECEIPT)


@pytest.mark.parametrize("status", ["completed", "refund_due", "refunded", "review"])
def test_rung_3_a_tills_receipt_goes_to_the_one_prompt_that_is_proven_paid(status: str) -> None:
    payment = replace(PROVEN, status=PaymentStatus(status))
    facts = Facts(own_prompts=replace(SEEN, candidates=[payment]))
    assert attribute(TILL, WAITING, facts) == payment


RIVALS = {
    "open": replace(PENDING, payment_id=ANOTHERS),
    "failed by query": replace(PAYMENTS["failed_by_query"], payment_id=ANOTHERS),
    "cancelled": replace(PAYMENTS["cancelled"], payment_id=ANOTHERS),
    "proven too": replace(PROVEN, payment_id=ANOTHERS),
}
UNLIKE = {
    "refused by a callback": replace(PAYMENTS["failed"], payment_id=ANOTHERS),
    "with its own receipt": replace(PAYMENTS["completed"], payment_id=ANOTHERS),
    "of another amount": replace(RIVALS["open"], amount_kes=900),
    "of another phone": replace(RIVALS["open"], phone_number="254708374148"),
    "later": replace(RIVALS["open"], created_at=CREATED_AT + 91),
    "over before": replace(
        RIVALS["open"], created_at=CREATED_AT - DAY, locked_until=CREATED_AT - 31
    ),
    "by hand": replace(RIVALS["open"], origin=Origin.PAYBILL),
}


@pytest.mark.parametrize("rival", RIVALS.values(), ids=RIVALS)
def test_rung_3_another_payment_that_it_may_be_makes_it_nobodys(rival: Payment) -> None:
    facts = Facts(own_prompts=replace(SEEN, candidates=[PROVEN, rival]))
    assert attribute(TILL, WAITING, facts) is None


@pytest.mark.parametrize("other", UNLIKE.values(), ids=UNLIKE)
def test_rung_3_a_payment_that_it_cannot_be_is_no_rival(other: Payment) -> None:
    facts = Facts(own_prompts=replace(SEEN, candidates=[PROVEN, other]))
    assert attribute(TILL, WAITING, facts) == PROVEN


@pytest.mark.parametrize(
    ("other", "is_rival"),
    [
        (row(), True),
        (row(payer=None), True),
        (row(payer="600000"), True),
        (row(paid_at=None), True),
        (row(payer="2547 ***** 148"), False),
        (row(amount_kes=900), False),
        (row(paid_at=LOCKED_UNTIL + 61), False),
        (row(receipt_number=RECEIPT), False),
    ],
)
def test_rung_3_another_receipt_that_waits_may_be_the_prompts(
    other: ReceiptRow, is_rival: bool
) -> None:
    facts = Facts(own_prompts=replace(SEEN, unclaimed=[other]))
    assert attribute(TILL, WAITING, facts) == (None if is_rival else PROVEN)


@pytest.mark.parametrize(
    "lacking",
    [
        {"covered": None},
        {"covered": (CREATED_AT - 59, LOCKED_UNTIL + 600)},
        {"covered": (CREATED_AT - 60, LOCKED_UNTIL + 599)},
        {"candidates": [replace(PROVEN, received_at=LOCKED_UNTIL + 900)]},
        {"candidates": None},
        {"unclaimed": None},
        {"candidates": []},
        {"candidates": [PENDING]},
    ],
    ids=str,
)
def test_rung_3_gives_nothing_where_something_may_be_missing(lacking: dict[str, object]) -> None:
    seen = replace(SEEN, **lacking)  # type: ignore[arg-type]
    assert attribute(TILL, WAITING, Facts(own_prompts=seen)) is None


@pytest.mark.parametrize("unsure", [{"paid_at": None}, {"payer": ""}, {"payer": "2547 ***** 148"}])
def test_rung_3_gives_nothing_where_the_receipt_itself_is_unsure(unsure: dict[str, object]) -> None:
    money = replace(TILL, **unsure)  # type: ignore[arg-type]
    assert attribute(money, WAITING, Facts(own_prompts=SEEN)) is None


def test_rung_3_money_that_was_proven_late_may_be_any_receipt_until_then() -> None:
    late = replace(PROVEN, received_at=LOCKED_UNTIL + 900)
    covered = (CREATED_AT - 60, LOCKED_UNTIL + 1500)
    seen = replace(SEEN, candidates=[late], covered=covered)
    assert attribute(TILL, None, Facts(own_prompts=seen)) == late
    after_prompt = replace(seen, unclaimed=[row(paid_at=LOCKED_UNTIL + 300)])
    assert attribute(TILL, None, Facts(own_prompts=after_prompt)) is None


def test_rung_3_is_for_a_look_at_a_receipt_without_a_reference() -> None:
    assert attribute(TILL, None, Facts()) is None
    wrong_account = replace(MONEY, reference="RENT7")
    assert attribute(wrong_account, WAITING, Facts(own_prompts=SEEN)) is None


def test_looks_come_at_five_ages_and_then_a_person_decides() -> None:
    waiting = row(created_at=CREATED_AT)
    moments, now = [], CREATED_AT
    while (at := next_look_at(waiting, now)) is not None:
        moments.append(at - CREATED_AT)
        now = at
    assert moments == list(ROW_LOOK_SECONDS) == [60, 900, 3600, DAY, 47 * 3600]

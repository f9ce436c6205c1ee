"""The small values that every part agrees on."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from pathlib import Path

import pytest
from payments.errors import InvalidRequestError
from payments.values import (
    CROCKFORD,
    account_reference,
    clean_text,
    daraja_timestamp,
    eat_day,
    eat_iso,
    embedded_in_checkout_id,
    mask_checkout_request_id,
    mask_phone,
    normalise_booking_id,
    normalise_phone,
    normalise_receipt,
    parse_daraja_timestamp,
    require_identifier,
    typed_kes,
    whole_kes,
    whole_number,
)

NOON = 1_795_424_400  # 2026-11-23 12:00:00 in Nairobi, 09:00 UTC.


STAMP = "20261123120000"
CASES = json.loads((Path(__file__).resolve().parents[2] / "inputs.json").read_text())


@pytest.mark.parametrize(("typed", "canonical"), CASES["phones"]["accepted"])
def test_every_way_of_writing_a_phone_becomes_one(typed: object, canonical: str) -> None:
    assert normalise_phone(typed) == normalise_phone(canonical) == canonical


@pytest.mark.parametrize("typed", [*CASES["phones"]["refused"], None, True, 7.12e8, "7" + " " * 64])
def test_what_is_no_kenyan_mobile_number_is_refused_in_the_known_words(typed: object) -> None:
    with pytest.raises(InvalidRequestError, match=r"^Invalid phone number format\. Use 254X{9}$"):
        normalise_phone(typed)


@pytest.mark.parametrize(("value", "expected"), CASES["amounts"]["accepted"])
def test_a_number_without_a_fraction_is_an_integer(value: object, expected: int) -> None:
    assert whole_number(value) == expected
    assert isinstance(whole_number(value), int)


@pytest.mark.parametrize("value", [1500.5, "1500", True, None, [], {}, math.nan, math.inf])
def test_what_is_no_whole_number_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="not a whole number"):
        whole_number(value)


@pytest.mark.parametrize(("typed", "amount_kes"), CASES["typed_amounts"]["accepted"])
def test_an_amount_is_read_as_people_and_statements_write_it(typed: str, amount_kes: int) -> None:
    assert typed_kes(typed) == amount_kes


@pytest.mark.parametrize("typed", CASES["typed_amounts"]["refused"])
def test_what_is_no_whole_amount_of_shillings_is_none(typed: str) -> None:
    assert typed_kes(typed) is None


@pytest.mark.parametrize(("typed", "receipt"), CASES["receipts"]["accepted"])
def test_a_receipt_is_read_in_any_case(typed: object, receipt: str) -> None:
    assert normalise_receipt(typed) == receipt


@pytest.mark.parametrize("typed", CASES["receipts"]["refused"])
def test_what_is_no_receipt_is_none(typed: object) -> None:
    assert normalise_receipt(typed) is None


@pytest.mark.parametrize(("requested", "head"), CASES["references"]["accepted"])
def test_a_reference_begins_with_what_was_asked_for(requested: str, head: str) -> None:
    assert account_reference(requested=requested, payment_id="f" * 32) == head + "Z" * 8


def test_masks_hide_the_phone() -> None:
    assert mask_phone("254708374149") == "2547*****149"
    assert mask_phone("0708") == "*****"
    masked = mask_checkout_request_id("ws_CO_23112026120000123708374149")
    assert masked == "ws_CO_23112026120000123*********"
    assert mask_checkout_request_id("708374149") == "*" * 9
    assert mask_checkout_request_id(None) is None


@pytest.mark.parametrize(("value", "expected"), CASES["booking_ids"]["accepted"])
def test_a_booking_id_is_text(value: object, expected: str) -> None:
    assert normalise_booking_id(value) == expected


@pytest.mark.parametrize("value", [*CASES["booking_ids"]["refused"], "x" * 65])
def test_a_booking_id_out_of_shape_is_refused(value: object) -> None:
    with pytest.raises(InvalidRequestError):
        normalise_booking_id(value)


def test_text_for_daraja_has_letters_digits_and_single_spaces() -> None:
    assert clean_text("  Visit @#& <b>nº 7</b>  ", characters=50) == "Visit b n 7 b"
    assert clean_text("abc def", characters=4) == "abc"


def test_a_reference_is_four_of_theirs_and_eight_of_ours() -> None:
    reference = account_reference(requested="vis-2026", payment_id="0123456789" + "0" * 22)
    assert reference[:4] == "VIS2"
    assert len(reference) == 12
    assert set(reference[4:]) <= set(CROCKFORD)


def test_ours_alone_tells_two_payments_apart() -> None:
    found = {
        account_reference(requested="", payment_id=f"{number:010x}" + "0" * 22)
        for number in range(1000)
    }
    assert len(found) == 1000
    assert account_reference(requested="", payment_id="f" * 32) == "Z" * 8
    assert account_reference(requested="", payment_id="0" * 32) == "0" * 8


@pytest.mark.parametrize(("value", "expected"), [(1, 1), (1.0, 1), ("1.00", 1), ("1e3", 1000)])
def test_whole_amounts_are_read(value: object, expected: int) -> None:
    assert whole_kes(value) == expected


@pytest.mark.parametrize(
    "value", [0, -1, 0.5, "0.99", True, None, "", "NaN", "Infinity", 10**9, {}]
)
def test_other_amounts_are_none(value: object) -> None:
    assert whole_kes(value) is None


def test_days_and_dates_are_nairobis() -> None:
    assert eat_iso(NOON) == "2026-11-23T12:00:00+03:00"
    assert eat_iso(None) is None
    assert daraja_timestamp(NOON) == "20261123120000"
    midnight = NOON + 12 * 3600
    assert (eat_day(midnight - 1), eat_day(midnight)) == ("2026-11-23", "2026-11-24")


@pytest.mark.parametrize(
    "value", [20261123120000, "20261123120000", 20261123120000.0, Decimal("20261123120000.0")]
)
def test_a_transaction_date_is_read_as_number_or_text(value: object) -> None:
    assert parse_daraja_timestamp(value) == NOON


@pytest.mark.parametrize(
    "value",
    [None, True, "", 0, "20261323120000", "20260230120000", "2026-11", 20261123120000.5, math.nan],
)
def test_what_is_no_transaction_date_is_none(value: object) -> None:
    assert parse_daraja_timestamp(value) is None


def test_a_checkout_request_id_carries_time_and_phone() -> None:
    assert embedded_in_checkout_id("ws_CO_23112026120000123708374149") == (NOON, "708374149")
    assert embedded_in_checkout_id("ws_CO_99112026120000123708374149") is None
    assert embedded_in_checkout_id("29115-34620561-1") is None


@pytest.mark.parametrize("identifier", ["a" * 32, "ws_CO_23112026120000123708374149"])
def test_both_identifiers_are_taken(identifier: str) -> None:
    assert require_identifier(identifier) == identifier


@pytest.mark.parametrize("identifier", ["", "short", None, 7, "a/../b", "x" * 65, "a" * 32 + "\n"])
def test_other_identifiers_are_refused(identifier: object) -> None:
    with pytest.raises(InvalidRequestError):
        require_identifier(identifier)

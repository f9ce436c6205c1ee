"""C2B confirmations and rows of Pull: every form that was seen is read, and no name is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from payments.daraja.money_wire import read_confirmation, read_pull_page, read_pulled_row
from payments.daraja.wire import MalformedCallbackError, read_answer
from payments.errors import UnavailableError
from payments.protocol.evidence import MoneySeen
from payments.protocol.payment import Proof
from payments.protocol.pull import PullClock, PulledRow, PullPage

PAYLOADS = Path(__file__).parents[2] / "payloads"
PHONE = "254708374149"
HASH = sha256(PHONE.encode()).hexdigest()
NOON = 1_795_424_400  # 2026-11-23 12:00:00 in Nairobi.
NAMES = {"FirstName": "JUMA", "MiddleName": "WEKESA", "LastName": "OTIENO"}
CONFIRMATION = {
    "TransactionType": "Pay Bill",
    "TransID": "UKN51ZDR4F",
    "TransTime": "20261123120000",
    "TransAmount": "1500.00",
    "BusinessShortCode": "600966",
    "BillRefNumber": "CONS7M2K9QXA",
    "InvoiceNumber": "",
    "OrgAccountBalance": "49197.00",
    "ThirdPartyTransID": "",
    "MSISDN": "2547 ***** 149",
    **NAMES,
}
ROW = {
    "transactionId": "UKN51ZDR4F",
    "trxDate": "2026-11-23T12:00:00Z",
    "msisdn": "2547 ***** 149",
    "sender": "JUMA WEKESA",
    "transactiontype": "c2b-pay-bill-debit",
    "billreference": "CONS7M2K9QXA",
    "amount": "1500.0",
    "organizationname": "Afya Clinic",
}


def keyed(msisdn: str) -> str:
    """The phone's key in these tests."""
    return f"key-of-{msisdn[-3:]}"


def no_key(msisdn: str) -> str:
    raise UnavailableError("no pepper", code="secrets_unavailable")


def confirmed(*, hash_phone: Callable[[str], str] = keyed, **changes: Any) -> MoneySeen:
    """The confirmation, changed; None takes a field away."""
    body = {name: each for name, each in (CONFIRMATION | changes).items() if each is not None}
    return read_confirmation(json.dumps(body).encode(), hash_phone=hash_phone)


def pulled(**changes: Any) -> PulledRow:
    row = read_pulled_row(ROW | changes, shortcode="600966", hash_phone=keyed)
    assert row is not None
    return row


@pytest.mark.parametrize(
    ("name", "payer", "payer_hmac", "reference"),
    [
        ("c2b_validation", "2547 ***** 149", None, "ABC 12"),
        ("c2b_confirmation_v1", HASH, None, "ABC 12"),
        ("c2b_confirmation_v2", "2547 ***** 149", None, "ABC 12"),
        ("c2b_confirmation_masked_hash", f"{HASH[:34]} ***** {HASH[-25:]}", None, "ABC 12"),
        ("c2b_confirmation_full_number", None, "key-of-149", "ABC 12"),
        ("c2b_confirmation_till", "2547 ***** 149", None, None),
        ("c2b_confirmation_organisation", "600100", None, "ABC 12"),
        ("c2b_confirmation_overdraft", "2547 ***** 149", None, "ABC 12"),
        ("c2b_confirmation_without_type", None, None, "ABC 12"),
    ],
)
def test_each_recorded_confirmation_is_read(
    name: str, payer: str | None, payer_hmac: str | None, reference: str | None
) -> None:
    raw = (PAYLOADS / f"{name}.json").read_bytes()
    money = read_confirmation(raw, hash_phone=keyed)
    assert (money.receipt_number, money.amount_kes, money.shortcode) == ("UKN51ZDR4F", 5, "600966")
    assert (money.payer, money.payer_hmac, money.reference) == (payer, payer_hmac, reference)
    assert money.paid_at == NOON + 805


def test_a_recorded_page_of_pull_is_read() -> None:
    answer = read_answer(200, (PAYLOADS / "pull_page.json").read_bytes())
    page = read_pull_page(answer, shortcode="600966", hash_phone=keyed)
    assert page is not None
    payment, settlement = (row.by(PullClock.EAT) for row in page.rows)
    assert (payment.amount_kes, payment.paid_at, payment.reference) == (5, NOON + 805, "ABC 12")
    assert (settlement.amount_kes, settlement.amount_text, settlement.payer) == (
        *(None, "233.8"),
        None,
    )


@pytest.mark.parametrize(
    ("name", "status", "is_nothing_found"),
    [
        ("pull_nothing", 200, True),
        ("pull_nothing_in_sandbox", 200, True),
        ("pull_nothing_500", 500, False),
        ("pull_nothing_nested", 200, False),
        ("pull_nothing_text", 200, False),
    ],
)
def test_each_recorded_empty_answer_is_empty(
    name: str, status: int, is_nothing_found: bool
) -> None:
    answer = read_answer(status, (PAYLOADS / f"{name}.json").read_bytes())
    page = read_pull_page(answer, shortcode="600966", hash_phone=keyed)
    assert page == PullPage(is_nothing_found=is_nothing_found)


def test_a_confirmation_becomes_its_facts_and_holds_no_name_and_no_balance() -> None:
    assert confirmed() == MoneySeen(
        source=Proof.C2B,
        receipt_number="UKN51ZDR4F",
        amount_kes=1500,
        amount_text=None,
        paid_at=NOON,
        shortcode="600966",
        reference="CONS7M2K9QXA",
        payer="2547 ***** 149",
        payer_hmac=None,
        transaction_type="Pay Bill",
    )
    row = json.dumps([str(value) for value in asdict(pulled().money).values()])
    assert not [name for name in (*NAMES.values(), "49197", "Afya") if name in row]


@pytest.mark.parametrize(
    ("said", "payer", "payer_hmac"),
    [
        (PHONE, None, "key-of-149"),
        (int(PHONE), None, "key-of-149"),
        ("+254 708 374 149", None, "key-of-149"),
        ("0708374149", None, "key-of-149"),
        (HASH, HASH, None),
        (HASH.upper(), HASH, None),
        (f"{HASH[:34]} ***** {HASH[-25:]}", f"{HASH[:34]} ***** {HASH[-25:]}", None),
        ("2547 ***** 149", "2547 ***** 149", None),
        ("2547*****149", "2547 ***** 149", None),
        ("600000", "600000", None),
        ("", None, None),
        (None, None, None),
        ("JUMA WEKESA", None, None),
        (["2547"], None, None),
        (PHONE + "0", None, None),
    ],
)
def test_a_payer_is_a_mask_a_hash_or_a_key_and_never_a_number(
    said: object, payer: str | None, payer_hmac: str | None
) -> None:
    for money in (confirmed(MSISDN=said), pulled(msisdn=said).money):
        assert (money.payer, money.payer_hmac) == (payer, payer_hmac)
        assert PHONE not in str(money)


def test_without_the_key_a_full_number_is_dropped_and_the_money_is_kept() -> None:
    money = confirmed(MSISDN=PHONE, hash_phone=no_key)
    assert (money.amount_kes, money.payer, money.payer_hmac) == (1500, None, None)


def test_a_transfer_between_organisations_names_its_sender() -> None:
    assert pulled(msisdn="", sender="600000").money.payer == "600000"
    assert pulled(sender="600000").money.payer == "2547 ***** 149"


@pytest.mark.parametrize(
    ("said", "amount_kes", "amount_text"),
    [
        ("5.00", 5, None),
        (5, 5, None),
        (5.0, 5, None),
        ("5", 5, None),
        ("5.0", 5, None),
        ("5.50", None, "5.50"),
        (5.5, None, "5.5"),
        ("233.8", None, "233.8"),
        ("-5.00", None, "-5.00"),
        ("0.00", None, "0.00"),
        ("1,500.00", None, "1,500.00"),
        ("5e2", None, None),
        ("\u0665", None, None),
        ("NaN", None, None),
        ("", None, None),
        (True, None, None),
        (None, None, None),
        ([5], None, None),
        ("9" * 30, None, None),
    ],
)
def test_an_amount_is_whole_shillings_or_its_text_or_nothing(
    said: object, amount_kes: int | None, amount_text: str | None
) -> None:
    for money in (confirmed(TransAmount=said), pulled(amount=said).money):
        assert (money.amount_kes, money.amount_text) == (amount_kes, amount_text)


@pytest.mark.parametrize("said", ["2026-11-23 12:00", "", None, 7, "20261323120000"])
def test_a_time_that_cannot_be_read_is_none(said: object) -> None:
    assert confirmed(TransTime=said).paid_at is None
    assert pulled(trxDate=said).by(PullClock.EAT).paid_at is None


@pytest.mark.parametrize(
    ("said", "eat", "utc"),
    [
        ("2026-11-23T12:00:00Z", NOON, NOON + 3 * 3600),
        ("2026-11-23 12:00:00", NOON, NOON + 3 * 3600),
        ("2026-11-23T12:00:00.000+0300", NOON, NOON),
        ("2026-11-23T12:00:00+03:00", NOON, NOON),
    ],
)
def test_pulls_time_means_a_moment_only_by_a_known_clock(said: str, eat: int, utc: int) -> None:
    row = pulled(trxDate=said)
    assert row.by(None).paid_at is None
    assert [row.by(clock).paid_at for clock in (PullClock.EAT, PullClock.UTC)] == [eat, utc]


@pytest.mark.parametrize(
    ("said", "reference"),
    [
        ("  cons 7m2k \t9qxa ", "cons 7m2k 9qxa"),
        ("x" * 40, "x" * 20),
        (4711, "4711"),
        ("a\x00b", "a b"),
        ("", None),
        ("   ", None),
        (None, None),
        ({}, None),
    ],
)
def test_a_reference_is_what_was_typed_cleaned_and_cut(said: object, reference: str | None) -> None:
    assert confirmed(BillRefNumber=said).reference == reference
    assert pulled(billreference=said).money.reference == reference


@pytest.mark.parametrize("field", [name for name in CONFIRMATION if name != "TransID"])
@pytest.mark.parametrize("value", [None, "", {}, "\u202e"])
def test_any_field_but_the_receipt_may_be_missing(field: str, value: object) -> None:
    changes: dict[str, Any] = {field: value}
    assert confirmed(**changes).receipt_number == "UKN51ZDR4F"


@pytest.mark.parametrize("kind", ["Customer Merchant Payment", "OD Payment Transfer", ""])
def test_the_type_is_kept_as_said(kind: str) -> None:
    assert confirmed(TransactionType=kind).transaction_type == kind


@pytest.mark.parametrize(
    ("said", "shortcode"), [("600966", "600966"), (600966, "600966"), ("x", ""), (None, "")]
)
def test_the_shortcode_is_digits_or_nothing(said: object, shortcode: str) -> None:
    assert confirmed(BusinessShortCode=said).shortcode == shortcode


@pytest.mark.parametrize("receipt", [None, "", "x", 7, "UKN51ZDR4F ; DROP", ["UKN51ZDR4F"]])
def test_without_a_receipt_nothing_is_read(receipt: object) -> None:
    with pytest.raises(MalformedCallbackError):
        confirmed(TransID=receipt)
    row = ROW | {"transactionId": receipt}
    assert read_pulled_row(row, shortcode="600966", hash_phone=keyed) is None


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{", b"NaN", b'{"TransID":"UKN51ZDR4F","TransID":"UKN51ZDR4G"}', b"\xff"]
)
def test_a_body_that_is_no_object_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedCallbackError):
        read_confirmation(raw, hash_phone=keyed)

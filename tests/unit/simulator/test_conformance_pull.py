"""Pull: every row of the table is a setting or a request, and what the answer then is."""

from typing import Any

import pytest

from simulator.core import Config
from tests.unit.simulator.virtual_merchant import NOON, WAITS, VirtualMerchant, error_code, invalid

PAYBILL, TILL, STORE = "174379", "5123456", "7654321"
NOTHING = "No records found or Organization Name not available"


def merchant_with(payments: int, **settings: Any) -> VirtualMerchant:
    """A merchant with Pull and so many payments by hand, a second apart from noon on."""
    merchant = VirtualMerchant(Config(token_seconds=1e9, **settings))
    register(merchant)
    for number in range(payments):
        merchant.daraja.pay_by_hand(
            WAITS, number=PAYBILL, account=f"A{number}", amount_kes=number + 1
        )
        merchant.wait(1)
    return merchant


def register(merchant: VirtualMerchant, **changes: Any) -> Any:
    """Opens Pull for the paybill."""
    fields = {
        "ShortCode": PAYBILL,
        "RequestType": "Pull",
        "NominatedNumber": WAITS,
        "CallBackURL": "https://pay.example.com/pull",
        **changes,
    }
    return merchant.post("/pulltransactions/v1/register", fields)


def pull(merchant: VirtualMerchant, offset: object = "0", **changes: Any) -> Any:
    """One page of three days around noon."""
    fields = {
        "ShortCode": PAYBILL,
        "StartDate": "2026-11-22 00:00:00",
        "EndDate": "2026-11-25 00:00:00",
        "OffSetValue": offset,
        **changes,
    }
    return merchant.post("/pulltransactions/v1/query", fields)


def references(answer: Any) -> list[str]:
    """The accounts of one page."""
    return [row["billreference"] for row in answer.json()["Response"][0]]


ROWS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "as seen": (
        {},
        {
            "trxDate": "2026-11-23T12:00:00Z",  # Nairobi time, whatever the Z says
            "msisdn": "2547 ***** 678",
            "sender": "MPESA",
            "transactiontype": "c2b-pay-bill-debit",
            "billreference": "A0",
            "amount": "1.0",
            "organizationname": "HAKIKA CLINIC",
        },
    ),
    "utc": ({"pull_clock": "utc"}, {"trxDate": "2026-11-23T09:00:00Z"}),
    "offset": ({"pull_clock": "offset"}, {"trxDate": "2026-11-23T12:00:00+03:00"}),
    "full": ({"pull_msisdn": "full"}, {"msisdn": WAITS}),
    "blank": ({"pull_msisdn": "blank"}, {"msisdn": ""}),
    "decimals": ({"pull_amount": "two_decimals"}, {"amount": "1.00"}),
    "whole": ({"pull_amount": "whole"}, {"amount": "1"}),
}


@pytest.mark.parametrize("row", ROWS)
def test_a_row_tells_of_a_payment(row: str) -> None:
    settings, expected = ROWS[row]
    merchant = merchant_with(1, **settings)
    answer = pull(merchant)
    (shown,) = answer.json()["Response"][0]
    assert {name: shown[name] for name in expected} == expected
    assert shown["transactionId"] in merchant.daraja.ledger.debits
    assert (answer.json()["ResponseCode"], answer.json()["TotalPages"]) == ("1000", 1)


def test_a_till_and_a_sweep_have_types_of_their_own() -> None:
    merchant = merchant_with(0)
    register(merchant, ShortCode=STORE)
    merchant.daraja.pay_by_hand(WAITS, number=TILL, amount_kes=5, is_till=True)
    merchant.daraja.settle(STORE)
    paid, sweep = pull(merchant, ShortCode=STORE).json()["Response"][0]
    assert paid["transactiontype"] == "c2b-buy-goods-debit"
    assert (sweep["transactiontype"], sweep["amount"]) == (
        "merchant-to-organization-settlement",
        "5.0",
    )
    merchant.daraja.configure(pull_lists_sweeps=False)
    assert len(pull(merchant, ShortCode=STORE).json()["Response"][0]) == 1


@pytest.mark.parametrize(("unit", "second"), [("rows", "10"), ("pages", "1")])
def test_the_offset_counts_rows_or_pages(unit: str, second: str) -> None:
    merchant = merchant_with(13, pull_offset=unit)
    assert references(pull(merchant)) == [f"A{number}" for number in range(10)]
    assert references(pull(merchant, second)) == ["A10", "A11", "A12"]
    assert pull(merchant, second).json()["TotalPages"] == 2
    assert pull(merchant, "13").json()["ResponseCode"] == "1001"


EMPTY: dict[str, tuple[int, str, str, object]] = {
    "1001": (200, "1001", NOTHING, []),
    "http_500": (500, "500", "Failed to retrieve transactions", []),
    "nested": (200, "1000", "Success", [[]]),
    "text": (200, "1000", "Success", "[[]]"),
}


@pytest.mark.parametrize("kind", EMPTY)
def test_an_empty_answer_has_four_shapes(kind: str) -> None:
    answer = pull(merchant_with(0, pull_empty=kind))
    document = answer.json()
    shown = (document["ResponseCode"], document["ResponseMessage"], document["Response"])
    assert (answer.status, *shown) == EMPTY[kind]


def test_without_the_product_an_answer_looks_empty() -> None:
    merchant = merchant_with(1, pull_is_provisioned=False)
    assert pull(merchant).json()["ResponseMessage"] == NOTHING
    merchant.daraja.configure(pull_is_provisioned=True)
    assert references(pull(merchant)) == ["A0"]
    assert pull(merchant, ShortCode=STORE).json()["ResponseCode"] == "1001"  # not registered


def test_it_reaches_back_48_hours() -> None:
    merchant = merchant_with(2)
    merchant.now = NOON + 48 * 3600 + 0.5
    assert references(pull(merchant)) == ["A1"]
    assert references(pull(merchant_with(2), EndDate="2026-11-23 12:00:00")) == ["A0"]


def test_a_payment_is_listed_up_to_five_minutes_late() -> None:
    merchant = merchant_with(5, pull_delay_seconds_max=300.0)
    assert pull(merchant).json()["ResponseCode"] == "1001"
    merchant.wait(100)
    assert 0 < len(references(pull(merchant))) < 5
    merchant.wait(200)
    assert len(references(pull(merchant))) == 5


@pytest.mark.parametrize(("is_listed", "count"), [(True, 2), (False, 1)])
def test_a_reversed_payment_is_listed_or_not(is_listed: bool, count: int) -> None:
    merchant = merchant_with(2, pull_lists_reversed=is_listed)
    merchant.daraja.reverse_on_portal(next(iter(merchant.daraja.ledger.debits)))
    assert len(references(pull(merchant))) == count


def test_a_payment_that_pull_never_lists_is_paid_all_the_same() -> None:
    merchant = merchant_with(1)
    for scenario in ("pays+pull_never", "pays"):
        merchant.daraja.set_next(scenario)
        assert merchant.push().status == 200
        merchant.wait(180)  # the same amount again sooner is refused
    assert len(merchant.daraja.ledger.debits) == 3
    assert len(references(pull(merchant))) == 2


REFUSED: dict[str, tuple[dict[str, Any], tuple[int, str, str]]] = {
    "shortcode": ({"ShortCode": "999999"}, (400, "400.001", "Invalid ShortCode")),
    "offset": ({"OffSetValue": "first"}, invalid("OffSetValue")),
    "date": ({"StartDate": "2026-11-22T00:00:00Z"}, invalid("StartDate")),
    "backwards": ({"EndDate": "2026-11-21 00:00:00"}, invalid("EndDate")),
}


@pytest.mark.parametrize("row", REFUSED)
def test_a_query_is_refused(row: str) -> None:
    changes, refusal = REFUSED[row]
    assert error_code(pull(merchant_with(1), **changes)) == refusal


def test_registering_works_once_and_wants_a_phone(merchant: VirtualMerchant) -> None:
    for name, value in (
        ("RequestType", "Push"),
        ("NominatedNumber", "12"),
        ("CallBackURL", "http://localhost/x"),
    ):
        assert error_code(register(merchant, **{name: value})) == invalid(name)
    assert register(merchant).json()["ResponseStatus"] == "1000"
    merchant.daraja.reset()
    assert register(merchant).json()["ResponseStatus"] == "1001"
    merchant.daraja.configure(pull_keys="live")
    assert register(merchant).json()["Response Status"] == "1001"
    assert {"RequestID"} <= set(pull(merchant).json())
    merchant.daraja.revoke_tokens()
    assert error_code(pull(merchant)) == (401, "401.001", "Invalid Access Token")

"""docs/daraja.md, sections 7 and 8: every result code that can end an STK push, by its cause."""

import pytest

from simulator.core import Config
from simulator.core.results import RESULTS
from tests.unit.simulator.virtual_merchant import PAYS, WAITS, VirtualMerchant

# Section 7 without 1050 (Ratiba) and 2032 (Transaction Status); 2002 was seen in the sandbox.
FACT_TABLE = (
    *("0", "1", "2", "3", "4", "8", "11", "15", "17", "20", "21", "22", "23", "24", "25", "26"),
    *("1001", "1019", "1025", "1031", "1032", "1036", "1037", "1101", "1102"),
    *("2001", "2002", "2006", "2008", "2026", "2028", "2029", "8006", "9999"),
    *("100000100", "SFC_IC0003"),
)


def test_the_table_of_results_is_the_fact_table_and_still_processing_is_not_in_it() -> None:
    assert set(FACT_TABLE) == set(RESULTS)


@pytest.mark.parametrize("code", [each for each in FACT_TABLE if each != "0"])
def test_every_code_can_end_a_push_in_callback_and_query(code: str) -> None:
    merchant = VirtualMerchant(Config(query_per_minute=None))
    checkout_id = merchant.finished(PAYS, f"result_{code}")
    (result,) = merchant.results(checkout_id)
    assert result["ResultCode"] == (int(code) if code.isdigit() else code)
    if code != "1037":  # whose callback has a sentence of its own
        assert result["ResultDesc"] == RESULTS[code]
    assert "CallbackMetadata" not in result
    answer = merchant.query(checkout_id).json()
    assert (answer["ResultCode"], answer["ResultDesc"]) == (code, RESULTS[code])
    assert merchant.daraja.ledger.debits == {}


@pytest.mark.parametrize(
    ("msisdn", "code"),
    [
        (PAYS, 0),
        ("254700000001", 1),
        ("254700000002", 1037),
        ("254700000003", 1037),
        ("254700000004", 1032),
        ("254700000005", 2001),
        ("254700000006", 8006),
        ("254700000007", 1019),
        ("254700000009", 1032),
        ("254700000010", 1037),
        (WAITS, 1037),
    ],
)
def test_the_test_numbers_do_what_they_say(msisdn: str, code: int) -> None:
    assert VirtualMerchant().ending(msisdn) == code


def test_an_amount_over_the_cap_is_3(merchant: VirtualMerchant) -> None:
    merchant.daraja.set_phone(PAYS, balance_kes=400_000)
    assert merchant.ending(Amount=250_000) == 0
    assert merchant.ending(Amount=250_001) == 3


def test_the_daily_limit_is_4_and_ends_at_midnight_in_nairobi() -> None:
    merchant = VirtualMerchant(Config(daily_max_kes=300))
    assert merchant.ending(Amount=200) == 0
    assert merchant.ending(Amount=101) == 4
    merchant.wait(12 * 3600)
    merchant.token = str(merchant.ask_token().json()["access_token"])
    assert merchant.ending(Amount=101) == 0


def test_a_full_payee_account_is_8() -> None:
    assert VirtualMerchant().ending(BusinessShortCode="600988", PartyB="600988") == 8


def test_the_same_amount_within_two_minutes_of_a_debit_is_17(merchant: VirtualMerchant) -> None:
    assert merchant.ending() == 0
    assert merchant.ending() == 17
    assert merchant.ending(Amount=101) == 0
    merchant.wait(120)
    assert merchant.ending() == 0


def test_the_same_amount_after_a_failure_is_fine_unless_the_reading_is_strict() -> None:
    lenient, strict = VirtualMerchant(), VirtualMerchant(Config(same_amount_is_strict=True))
    for merchant in (lenient, strict):
        assert merchant.ending(PAYS, "cancels") == 1032
    assert lenient.ending() == 0
    assert strict.ending() == 17


def test_a_prompt_over_182_characters_is_1025() -> None:
    assert VirtualMerchant().ending(BusinessShortCode="600999", PartyB="600999") == 1025


@pytest.mark.parametrize(
    ("shortcode", "kind", "party_b", "code"),
    [
        ("174379", "CustomerPayBillOnline", "174379", 0),
        ("174379", "CustomerBuyGoodsOnline", "174379", 2028),
        ("174379", "CustomerPayBillOnline", "5123456", 2029),
        ("174379", "CustomerPayBillOnline", "999999", "SFC_IC0003"),
        ("7654321", "CustomerBuyGoodsOnline", "5123456", 0),
        ("7654321", "CustomerPayBillOnline", "5123456", 2028),
        ("7654321", "CustomerBuyGoodsOnline", "174379", 2029),
        ("7654321", "CustomerBuyGoodsOnline", "7654321", "SFC_IC0003"),
    ],
)
def test_paybill_and_till_must_be_asked_as_what_they_are(
    shortcode: str, kind: str, party_b: str, code: int | str
) -> None:
    fields = {"BusinessShortCode": shortcode, "TransactionType": kind, "PartyB": party_b}
    assert VirtualMerchant().ending(**fields) == code


def test_three_wrong_pins_lock_the_credential(merchant: VirtualMerchant) -> None:
    assert [merchant.ending("254700000005") for _ in range(4)] == [2001, 2001, 8006, 8006]
    merchant.daraja.set_phone("254700000005", is_locked=False, scenario="pays")
    assert merchant.ending("254700000005") == 0


def test_a_prompt_lives_as_long_as_configured() -> None:
    merchant = VirtualMerchant(Config(prompt_seconds=15, show_seconds=1))
    checkout_id = merchant.pushed(WAITS)
    merchant.wait(15.9)
    assert merchant.daraja.prompt(checkout_id).is_open
    merchant.wait(0.1)
    assert merchant.daraja.prompt(checkout_id).result is not None


def test_a_phone_switched_off_before_the_prompt_shows_is_1037(merchant: VirtualMerchant) -> None:
    checkout_id = merchant.pushed(WAITS)
    merchant.daraja.set_phone(WAITS, is_on=False)
    merchant.run()
    assert merchant.results(checkout_id)[0]["ResultCode"] == 1037

"""docs/daraja.md, section 4 and the query's part of section 2."""

from dataclasses import replace

import pytest

from simulator.core import Config
from tests.unit.simulator.virtual_merchant import (
    PAYS,
    QUERY,
    WAITS,
    VirtualMerchant,
    error_code,
    invalid,
    password,
)


@pytest.fixture
def merchant() -> VirtualMerchant:
    """One whose queries are not counted."""
    return VirtualMerchant(Config(query_per_minute=None))


def test_one_payment_goes_from_400_to_still_processing_to_its_result(
    merchant: VirtualMerchant,
) -> None:
    checkout_id = merchant.pushed(PAYS)
    assert error_code(merchant.query(checkout_id)) == invalid("CheckoutRequestID")
    merchant.wait(2)
    waiting = merchant.query(checkout_id)
    assert (waiting.status, waiting.json()["ResultCode"]) == (200, "4999")
    merchant.run()
    final = merchant.query(checkout_id)
    assert final.status == 200
    assert set(final.json()) == {
        "ResponseCode",
        "ResponseDescription",
        "MerchantRequestID",
        "CheckoutRequestID",
        "ResultCode",
        "ResultDesc",
    }
    assert final.json()["ResultCode"] == "0"


def test_waiting_can_also_be_the_older_500_being_processed() -> None:
    merchant = VirtualMerchant(Config(query_per_minute=None, query_pending="being_processed"))
    checkout_id = merchant.pushed(WAITS)
    merchant.wait(2)
    pending = (500, "500.001.1001", "The transaction is being processed")
    assert error_code(merchant.query(checkout_id)) == pending


def test_both_ways_of_waiting_appear_when_mixed() -> None:
    merchant = VirtualMerchant(Config(query_per_minute=None, query_pending="mixed"))
    checkout_ids = [merchant.pushed(f"2547123456{number:02d}") for number in range(20)]
    merchant.wait(2)
    assert {merchant.query(each).status for each in checkout_ids} == {200, 500}


def test_a_failures_result_is_a_string_without_amount_or_receipt(merchant: VirtualMerchant) -> None:
    checkout_id = merchant.finished("254700000004")
    document = merchant.query(checkout_id).json()
    assert document["ResultCode"] == "1032"
    assert "Amount" not in str(document)


def test_an_unknown_id_is_invalid(merchant: VirtualMerchant) -> None:
    assert error_code(merchant.query("ws_CO_1")) == invalid("CheckoutRequestID")


def test_another_merchants_prompt_is_invalid(merchant: VirtualMerchant) -> None:
    checkout_id = merchant.finished(PAYS)
    answer = merchant.query(checkout_id, BusinessShortCode="7654321", Password=password("7654321"))
    assert error_code(answer)[0] == 400


def test_a_prompt_outlives_the_passkey_it_was_asked_with(merchant: VirtualMerchant) -> None:
    checkout_id = merchant.finished(PAYS)
    world = merchant.daraja.world
    changed = tuple(replace(each, passkey="new") for each in world.config.merchants)
    world.config = replace(world.config, merchants=changed)
    assert error_code(merchant.query(checkout_id))[2] == "Wrong credentials"
    answer = merchant.query(checkout_id, Password=password(passkey="new"))
    assert answer.json()["ResultCode"] == "0"


@pytest.mark.parametrize("field", ["BusinessShortCode", "Password", "Timestamp"])
def test_a_missing_field_is_named(merchant: VirtualMerchant, field: str) -> None:
    answer = merchant.query("ws_CO_1", **{field: None})
    assert error_code(answer)[2] == f"Bad Request - Invalid {field}"


def test_wrong_credentials_are_refused_as_for_the_push(merchant: VirtualMerchant) -> None:
    answer = merchant.query("ws_CO_1", Password=password(passkey="wrong"))
    assert error_code(answer) == (500, "500.001.1001", "Wrong credentials")


def test_a_malformed_body_is_400_002_05(merchant: VirtualMerchant) -> None:
    answer = merchant.post(QUERY, b"{")
    assert error_code(answer)[1] == "400.002.05"


def test_a_missing_header_is_404_001_04(merchant: VirtualMerchant) -> None:
    answer = merchant.post(QUERY, {}, Authorization="")
    assert error_code(answer)[:2] == (404, "404.001.04")


def test_the_sandbox_lets_one_query_through_each_twelve_seconds() -> None:
    merchant = VirtualMerchant()
    checkout_id = merchant.pushed(WAITS)
    merchant.wait(2)
    assert merchant.query(checkout_id).status == 200
    merchant.wait(11.5)
    arrested = merchant.query(checkout_id)
    assert arrested.status == 429
    fault = arrested.json()["fault"]
    assert isinstance(fault, dict)
    assert fault["detail"]["errorcode"] == "policies.ratelimit.SpikeArrestViolation"
    assert "messagesPerPeriod=5" in fault["faultstring"]
    merchant.wait(0.5)
    assert merchant.query(checkout_id).status == 200


def test_a_false_failure_is_told_about_a_paid_payment(merchant: VirtualMerchant) -> None:
    checkout_id = merchant.finished("254700000051")
    assert merchant.query(checkout_id).json()["ResultCode"] == "1037"
    assert len(merchant.daraja.ledger.debits) == 1


def test_a_lie_can_end(merchant: VirtualMerchant) -> None:
    merchant.daraja.set_next({"query": "false_failure", "query_lie_seconds": 90, "person": "pays"})
    checkout_id = merchant.pushed(WAITS)
    merchant.wait(89)
    assert merchant.query(checkout_id).json()["ResultCode"] == "1037"
    merchant.wait(1)
    assert merchant.query(checkout_id).json()["ResultCode"] == "0"


def test_zero_can_be_told_before_the_pin(merchant: VirtualMerchant) -> None:
    checkout_id = merchant.pushed("254700000052")
    merchant.wait(5)
    assert merchant.query(checkout_id).json()["ResultCode"] == "0"
    assert merchant.daraja.ledger.debits == {}
    merchant.run()
    assert merchant.query(checkout_id).json()["ResultCode"] == "1037"


def test_a_payment_can_stay_unknown_or_unfinished_for_ever(merchant: VirtualMerchant) -> None:
    unknown = merchant.pushed(PAYS, "pays+query_unknown")
    endless = merchant.finished(WAITS, "pays+query_never_final")
    assert merchant.query(unknown).status == 400
    assert merchant.query(endless).json()["ResultCode"] == "4999"

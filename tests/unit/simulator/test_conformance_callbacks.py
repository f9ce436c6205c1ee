"""docs/daraja.md, section 5: the shapes of callbacks, and when and how often they come."""

import json
import re
from typing import Any

import pytest

from simulator.core import Config, HttpAnswer
from simulator.core.config import LISTED_SOURCES
from tests.unit.simulator.virtual_merchant import (
    CALLBACK_URL,
    NOON,
    PAYS,
    WAITS,
    VirtualMerchant,
    items,
)


def success(scenario: str, msisdn: str = PAYS) -> tuple[VirtualMerchant, dict[str, Any]]:
    """The one callback of a payment that went well under a scenario."""
    merchant = VirtualMerchant()
    (result,) = merchant.results(merchant.finished(msisdn, f"pays+{scenario}"))
    return merchant, result


def test_a_success_has_the_documented_shape() -> None:
    merchant, result = success("normal")
    assert set(result) == {
        "MerchantRequestID",
        "CheckoutRequestID",
        "ResultCode",
        "ResultDesc",
        "CallbackMetadata",
    }
    assert result["ResultCode"] == 0
    metadata = result["CallbackMetadata"]["Item"]
    assert {"Name": "Balance"} in metadata
    values = items(result)
    assert list(values) == [
        "Amount",
        "MpesaReceiptNumber",
        "Balance",
        "TransactionDate",
        "PhoneNumber",
    ]
    assert isinstance(values["Amount"], float)
    assert re.fullmatch(r"[A-Z][A-Z0-9]{9}", values["MpesaReceiptNumber"])
    assert re.fullmatch(r"20261123120\d{3}", str(values["TransactionDate"]))
    assert isinstance(values["TransactionDate"], int)
    assert values["PhoneNumber"] == int(PAYS)
    assert values["MpesaReceiptNumber"] in merchant.daraja.ledger.debits


def test_a_failure_has_no_metadata(merchant: VirtualMerchant) -> None:
    (result,) = merchant.results(merchant.finished("254700000004"))
    assert "CallbackMetadata" not in result
    assert result["ResultCode"] == 1032


def test_it_is_posted_as_json_to_the_url_of_the_push() -> None:
    merchant, _ = success("normal")
    (delivery,) = merchant.received
    assert delivery.url == CALLBACK_URL
    assert delivery.source_ip in LISTED_SOURCES


@pytest.mark.parametrize(
    ("fault", "name", "kind"),
    [
        ("string_date", "TransactionDate", str),
        ("masked_phone", "PhoneNumber", str),
        ("missing_phone", "PhoneNumber", None),
        ("missing_amount", "Amount", None),
        ("missing_receipt", "MpesaReceiptNumber", None),
        ("balance_value", "Balance", float),
    ],
)
def test_odd_items(fault: str, name: str, kind: type | None) -> None:
    _, result = success(f"callback_{fault}")
    values = items(result)
    if kind is None:
        assert name not in values
    else:
        assert isinstance(values[name], kind)


def test_a_wrong_amount_is_reported_while_the_ledger_keeps_the_true_one() -> None:
    merchant, result = success("callback_wrong_amount")
    assert items(result)["Amount"] == 99
    assert [debit.amount_kes for debit in merchant.daraja.ledger.debits.values()] == [100]


def test_an_amount_can_be_written_without_decimals() -> None:
    merchant, result = success("callback_whole_amount")
    assert items(result)["Amount"] == 100
    assert b'"Value":100}' in merchant.received[0].body


def test_an_amount_can_have_cents() -> None:
    assert items(success("callback_fractional_amount")[1])["Amount"] == 100.5


def test_a_masked_phone_hides_the_middle() -> None:
    assert items(success("callback_masked_phone")[1])["PhoneNumber"] == "25470****149"


def test_a_receipt_can_be_that_of_an_earlier_payment(merchant: VirtualMerchant) -> None:
    first = merchant.finished(PAYS)
    second = merchant.finished(PAYS, "pays+callback_reused_receipt", Amount=200)
    receipts = [items(merchant.results(each)[0])["MpesaReceiptNumber"] for each in (first, second)]
    assert receipts[0] == receipts[1]
    assert len(merchant.daraja.ledger.debits) == 2


def test_a_success_can_lack_its_metadata_or_its_items() -> None:
    assert "CallbackMetadata" not in success("callback_missing_metadata")[1]
    assert success("callback_empty_items")[1]["CallbackMetadata"] == {"Item": []}


def test_items_can_come_in_another_order() -> None:
    _, usual = success("normal")
    phones = [f"2547123456{number:02d}" for number in range(10)]
    orders = {tuple(items(success("callback_shuffled", each)[1])) for each in phones}
    assert len(orders) > 3
    assert {frozenset(each) for each in orders} == {frozenset(items(usual))}


def test_a_code_can_be_a_string() -> None:
    assert success("callback_string_code")[1]["ResultCode"] == "0"


def test_the_description_can_carry_a_prefix(merchant: VirtualMerchant) -> None:
    cancelled = merchant.pushed(WAITS, "cancels+callback_desc_prefix")
    ignored = merchant.pushed(PAYS, "ignores+callback_desc_prefix")
    paid = merchant.finished("254112345678", "pays+callback_desc_prefix")
    assert merchant.results(cancelled)[0]["ResultDesc"].startswith("[STK_CB - ]")
    assert merchant.results(ignored)[0]["ResultDesc"].startswith("[STK DS timeout]")
    assert merchant.results(paid)[0]["ResultDesc"].startswith("[MpesaCB - ]")


def test_the_body_can_be_broken_json(merchant: VirtualMerchant) -> None:
    merchant.finished(PAYS, "pays+callback_malformed")
    with pytest.raises(json.JSONDecodeError):
        json.loads(merchant.received[0].body)


@pytest.mark.parametrize(
    ("scenario", "count"),
    [
        ("callback_lost", 0),
        ("normal", 1),
        ("callback_twice", 2),
        ("callback_three_times", 3),
        ("callback_four_times", 4),
    ],
)
def test_zero_or_more_callbacks_come(merchant: VirtualMerchant, scenario: str, count: int) -> None:
    merchant.finished(PAYS, f"pays+{scenario}")
    assert len(merchant.received) == count
    assert len({(delivery.body, delivery.at) for delivery in merchant.received}) <= 1
    assert len({delivery.id for delivery in merchant.received}) == count
    assert len(merchant.daraja.ledger.debits) == 1


@pytest.mark.parametrize(
    ("config", "status", "tries"),
    [
        *((Config(), status, [1]) for status in (None, 500, 404, 302)),
        (Config(callback_attempts=3), 503, [1, 2, 3]),  # the other reading
        (Config(callback_attempts=3), 200, [1]),
    ],
)
def test_a_callback_that_fails_is_discarded_by_default(
    config: Config, status: int | None, tries: list[int]
) -> None:
    merchant = VirtualMerchant(config, callback_status=status)
    merchant.finished(PAYS)
    assert [each.attempt for each in merchant.received] == tries
    assert len({each.id for each in merchant.received}) == len(tries)


@pytest.mark.parametrize(
    ("scenario", "seconds"), [("callback_late", 600), ("callback_hours_late", 21_600)]
)
def test_a_callback_can_come_long_after_the_prompt_ended(
    merchant: VirtualMerchant, scenario: str, seconds: float
) -> None:
    merchant.finished(PAYS, f"pays+{scenario}")
    (debit,) = merchant.daraja.ledger.debits.values()
    assert merchant.received[0].at == debit.at + seconds


def test_callbacks_can_overtake_one_another(merchant: VirtualMerchant) -> None:
    for number in range(20):
        merchant.pushed(f"2547123456{number:02d}", "pays")
        merchant.now += 0.01
    merchant.run()
    order = [delivery.checkout_request_id for delivery in merchant.received]
    assert len(order) == 20
    assert order != sorted(order)


def test_a_callback_can_come_before_the_answer(merchant: VirtualMerchant) -> None:
    answer: HttpAnswer = merchant.push("254700000031")
    assert answer.callbacks_first
    (delivery,) = merchant.daraja.due_callbacks()
    assert delivery.at == NOON
    assert json.loads(delivery.body)["Body"]["stkCallback"]["ResultCode"] == 0


def test_a_failure_can_be_followed_by_a_success(merchant: VirtualMerchant) -> None:
    checkout_id = merchant.pushed("254700000035")
    merchant.wait(8)
    assert [each["ResultCode"] for each in merchant.results(checkout_id)] == [1037]
    assert merchant.daraja.ledger.debits == {}
    merchant.run()
    assert [each["ResultCode"] for each in merchant.results(checkout_id)] == [1037, 0]
    assert len(merchant.daraja.ledger.debits) == 1


def test_a_callback_can_come_from_an_unlisted_address() -> None:
    merchant, _ = success("callback_unlisted")
    assert merchant.received[0].source_ip not in LISTED_SOURCES


def test_a_callback_can_dribble_in() -> None:
    merchant, _ = success("callback_slow")
    assert merchant.received[0].slow_seconds == 4


def test_a_finished_result_can_be_posted_once_more(merchant: VirtualMerchant) -> None:
    checkout_id = merchant.finished(PAYS)
    merchant.daraja.repeat_callback(checkout_id)
    merchant.run()
    assert len(merchant.received) == 2
    assert merchant.received[0].body == merchant.received[1].body


def test_a_forgery_can_carry_anything_from_anywhere(merchant: VirtualMerchant) -> None:
    merchant.daraja.forge_callback(
        "https://pay.example.com/callback/wrong", b"nonsense", source_ip="8.8.8.8", after_seconds=60
    )
    merchant.run()
    (delivery,) = merchant.received
    assert (delivery.body, delivery.source_ip, delivery.at) == (b"nonsense", "8.8.8.8", NOON + 60)
    assert merchant.daraja.ledger.debits == {}

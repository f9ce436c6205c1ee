"""C2B: registered addresses, payments by hand, validation, confirmations and twins.

Most facts are rows: settings, what was typed, and what the confirmation then holds.
"""

from hashlib import sha256
from typing import Any

import pytest

from simulator.core import Config, SimulatorError
from tests.unit.simulator.virtual_merchant import (
    CONFIRMATION_URL,
    PAYS,
    VALIDATION_URL,
    WAITS,
    VirtualMerchant,
    error_code,
    invalid,
)

PAYBILL, STORE, TILL = "174379", "7654321", "5123456"
HASH = sha256(WAITS.encode()).hexdigest()
Row = tuple[dict[str, Any], dict[str, Any], dict[str, Any]]

# Settings and version, what is typed, what the confirmation holds.
CONFIRMATIONS: dict[str, Row] = {
    "a paybill": (
        {},
        {"account": "ABC 12"},
        {
            "TransactionType": "Pay Bill",
            "TransAmount": "5.00",
            "BusinessShortCode": PAYBILL,
            "BillRefNumber": "ABC 12",
            "InvoiceNumber": "",
            "OrgAccountBalance": "5.00",
            "ThirdPartyTransID": "",
            "MSISDN": "2547 ***** 678",
            "TransTime": "20261123120000",
            "FirstName": "JUMA",
            "MiddleName": "",
            "LastName": "",
        },
    ),
    "v1 hashes": ({"version": "v1"}, {}, {"MSISDN": HASH}),
    "hash": ({"c2b_msisdn": "hash"}, {}, {"MSISDN": HASH}),
    "masked hash": (
        {"c2b_msisdn": "masked_hash"},
        {},
        {"MSISDN": f"{HASH[:34]} ***** {HASH[-25:]}"},
    ),
    "full": ({"c2b_msisdn": "full"}, {}, {"MSISDN": WAITS}),
    "blank number": ({"c2b_msisdn": "blank"}, {}, {"MSISDN": ""}),
    "a shortcode for a number": ({"c2b_msisdn": "shortcode"}, {}, {"MSISDN": PAYBILL}),
    "an organisation": (
        {},
        {"payer": "600100"},
        {
            "TransactionType": "Organization To Organization Transfer",
            "MSISDN": "600100",
            "FirstName": "",
        },
    ),
    "an overdraft": (
        {},
        {"kind": "OD Payment Transfer"},
        {"TransactionType": "OD Payment Transfer"},
    ),
    "no type": ({"c2b_type": "blank"}, {}, {"TransactionType": ""}),
    "forced type": (
        {"c2b_type": "Customer Merchant Payment"},
        {},
        {"TransactionType": "Customer Merchant Payment"},
    ),
    "whole amount": ({"c2b_amount": "whole"}, {}, {"TransAmount": 5}),
    "cents": ({"c2b_amount": "cents"}, {}, {"TransAmount": "5.50"}),
    "no balance": ({"c2b_balance": False}, {}, {"OrgAccountBalance": ""}),
    "blank reference": ({"c2b_reference": "blank"}, {}, {"BillRefNumber": ""}),
    "truncated reference": (
        {"c2b_reference": "truncated"},
        {"account": "ABCDEFGHIJKL"},
        {"BillRefNumber": "ABCDEFGHIJ"},
    ),
    "as typed": ({}, {"account": " abcO0 "}, {"BillRefNumber": " abcO0 "}),
}


def registered(*, version: str = "v2", kind: str = "Completed", **settings: Any) -> VirtualMerchant:
    """A merchant whose paybill has registered addresses."""
    merchant = VirtualMerchant(Config(**settings))
    assert merchant.register(version, ResponseType=kind).status == 200
    return merchant


def pay(merchant: VirtualMerchant, **typed: Any) -> Any:
    """A payment by hand of 5 shillings to the paybill, with what was typed otherwise."""
    order = {"payer": WAITS, "number": PAYBILL, "account": "ABC", "amount_kes": 5, **typed}
    payment = merchant.daraja.pay_by_hand(order.pop("payer"), **order)
    merchant.run()
    return payment


@pytest.mark.parametrize("row", CONFIRMATIONS)
def test_a_payment_by_hand_is_confirmed(row: str) -> None:
    settings, typed, expected = CONFIRMATIONS[row]
    merchant = registered(**settings)
    payment = pay(merchant, **typed)
    (notice,) = merchant.notices()
    assert payment.state == "completed"
    assert notice["TransID"] == payment.receipt == next(iter(merchant.daraja.ledger.debits))
    assert {name: notice[name] for name in expected} == expected
    assert merchant.daraja.ledger.is_balanced


def test_a_till_confirms_without_an_account_and_balances_run_on(merchant: VirtualMerchant) -> None:
    merchant.register(ShortCode=STORE)
    for amount in (5, 7):
        pay(merchant, number=TILL, is_till=True, account="", amount_kes=amount)
    first, second = merchant.notices()
    assert first["TransactionType"] == "Customer Merchant Payment"
    assert (first["BillRefNumber"], first["BusinessShortCode"]) == ("", STORE)
    assert (first["OrgAccountBalance"], second["OrgAccountBalance"]) == ("5.00", "12.00")


REFUSED_BY_HAND: dict[str, tuple[dict[str, Any], str]] = {
    "2001": ({"pin": "9999"}, "wrong PIN"),
    "business": ({"number": "999999"}, "no business"),
    "account": ({"account": ""}, "account number"),
    "1": ({"amount_kes": 60_000}, "enough money"),
    "3": ({"amount_kes": 250_001}, "more than one"),
    "8": ({"number": "600988"}, "cannot receive"),
}


@pytest.mark.parametrize("code", REFUSED_BY_HAND)
def test_m_pesa_itself_refuses_a_payment_by_hand(code: str) -> None:
    typed, words = REFUSED_BY_HAND[code]
    merchant = registered()
    payment = pay(merchant, **typed)
    phone = merchant.daraja.phone(WAITS)
    assert (payment.state, payment.code) == ("refused", code)
    assert words in phone.messages[-1].text
    assert merchant.daraja.ledger.debits == {}
    assert merchant.notices() == []
    merchant.daraja.set_phone(WAITS, language="sw")
    pay(merchant, **typed)
    assert phone.messages[-1].text.startswith("Imefeli.")


def test_a_store_number_and_a_till_are_not_a_paybill(merchant: VirtualMerchant) -> None:
    for typed in ({"number": STORE}, {"number": TILL}, {"number": PAYBILL, "is_till": True}):
        assert pay(merchant, **typed).code == "business"


@pytest.mark.parametrize(
    "typed",
    [
        {"payer": "12"},
        {"amount_kes": 0},
        {"amount_kes": 1.5},
        {"kind": "Buy Goods"},
        {"number": ""},
        {"account": "A" * 101},
        {"payer": "254700000002"},  # switched off
    ],
)
def test_what_no_phone_can_send_is_an_error(
    merchant: VirtualMerchant, typed: dict[str, Any]
) -> None:
    with pytest.raises(SimulatorError):
        pay(merchant, **typed)
    assert merchant.daraja.hand_payments() == []


ACCEPTS = b'{"ResultCode":"0","ResultDesc":"Accepted","ThirdPartyTransID":"ours-1"}'
VALIDATIONS: dict[str, tuple[str, int | None, bytes, bool]] = {
    "accepted": ("Cancelled", 200, ACCEPTS, True),
    "accepted with a number": ("Cancelled", 200, b'{"ResultCode":0}', True),
    **{
        f"refused with C2B000{number}": (
            "Completed",
            200,
            b'{"ResultCode":"C2B000%d","ResultDesc":"Rejected"}' % number,
            False,
        )
        for number in range(11, 17)
    },
    "silent, completed": ("Completed", None, b"", True),
    "silent, cancelled": ("Cancelled", None, b"", False),
    "500, completed": ("Completed", 500, b"", True),
    "unreadable, cancelled": ("Cancelled", 200, b"[]", False),
}


@pytest.mark.parametrize("row", VALIDATIONS)
def test_validation_decides_before_the_money_moves(row: str) -> None:
    kind, status, body, is_paid = VALIDATIONS[row]
    merchant = registered(kind=kind, c2b_validation=True)
    merchant.answers[VALIDATION_URL] = (status, body)
    payment = pay(merchant)
    (asked,) = merchant.notices(VALIDATION_URL)
    assert (asked["TransID"], asked["OrgAccountBalance"]) == (payment.receipt, "")
    assert payment.state == ("completed" if is_paid else "refused")
    assert len(merchant.daraja.ledger.debits) == len(merchant.notices()) == int(is_paid)
    if row == "accepted":
        assert merchant.notices()[0]["ThirdPartyTransID"] == "ours-1"


def test_a_validation_that_is_answered_after_eight_seconds_is_not_heard() -> None:
    merchant = registered(kind="Cancelled", c2b_validation=True)
    payment = merchant.daraja.pay_by_hand(WAITS, number=PAYBILL, account="A", amount_kes=5)
    (asked,) = merchant.daraja.due_callbacks()
    assert asked.timeout_seconds == 8
    merchant.now += 8.1
    merchant.daraja.callback_answered(asked.id, 200, ACCEPTS)
    assert payment.state == "refused"


def test_without_validation_nobody_is_asked() -> None:
    merchant = registered()
    pay(merchant)
    assert merchant.notices(VALIDATION_URL) == []


Fields = dict[str, Any]
REGISTER_REFUSALS: dict[str, tuple[Fields, Fields, tuple[int, str, str]]] = {
    "word": (
        {},
        {"ConfirmationURL": "https://pay.example.com/mpesa/c"},
        invalid("ConfirmationURL - URL has the word MPESA", "400.003.02"),
    ),
    "query": (
        {},
        {"ValidationURL": "https://pay.example.com/Query"},
        invalid("ValidationURL - URL has the word QUERY", "400.003.02"),
    ),
    "no validation": ({}, {"ValidationURL": ""}, invalid("ValidationURL", "400.003.02")),
    "http": (
        {"c2b_production_rules": True},
        {"ConfirmationURL": "http://pay.example.com/c"},
        invalid("ConfirmationURL", "400.003.02"),
    ),
    "type": ({}, {"ResponseType": "completed"}, invalid("ResponseType", "400.003.02")),
    "shortcode": ({}, {"ShortCode": "999999"}, invalid("ShortCode", "400.003.02")),
    "product": (
        {"c2b_product": "v1"},
        {},
        (401, "401.003.01", "Invalid API call as no apiproduct match found"),
    ),
    "aggregator": (
        {"c2b_held_by_aggregator": True},
        {},
        (500, "500.003.1001", "Duplicate notification info, SP ID is 107031, correlator is 24816"),
    ),
}


@pytest.mark.parametrize("row", REGISTER_REFUSALS)
def test_registering_is_refused(row: str) -> None:
    settings, changes, refusal = REGISTER_REFUSALS[row]
    merchant = VirtualMerchant(Config(**settings))
    assert error_code(merchant.register(**changes)) == refusal
    pay(merchant)
    assert merchant.notices() == []


def test_registering_is_free_in_the_sandbox_and_once_in_production() -> None:
    free, once = registered(), registered(c2b_production_rules=True)
    other = "https://pay.example.com/other"
    assert free.register(ConfirmationURL=other).json()["ResponseDescription"] == "Success"
    again = once.register(ConfirmationURL=other)
    assert error_code(again) == (500, "500.003.1001", "Urls are already registered.")
    once.daraja.reset()
    pay(once)
    assert len(once.notices()) == 1  # a reset keeps what was registered
    assert once.daraja.forget_c2b(PAYBILL)
    assert once.register(ConfirmationURL=other).status == 200
    assert not VirtualMerchant().daraja.forget_c2b(PAYBILL)


def test_an_empty_validation_url_is_taken_where_the_setting_says_so() -> None:
    merchant = VirtualMerchant(Config(c2b_validation_url_required=False, c2b_validation=True))
    assert merchant.register(ValidationURL="").status == 200
    assert pay(merchant).state == "completed"


def test_a_token_that_is_too_old_is_told_as_c2b_does() -> None:
    merchant = registered()
    merchant.daraja.revoke_tokens()
    assert error_code(merchant.register()) == (400, "400.003.01", "Invalid Access Token")


def simulate(merchant: VirtualMerchant, **changes: Any) -> Any:
    """The sandbox's own customer."""
    fields = {
        "ShortCode": PAYBILL,
        "CommandID": "CustomerPayBillOnline",
        "Amount": "5",
        "Msisdn": PAYS,
        "BillRefNumber": "ABC",
        **changes,
    }
    answer = merchant.post("/mpesa/c2b/v2/simulate", fields)
    merchant.run()
    return answer


def test_simulate_pays_by_hand_in_the_sandbox_only() -> None:
    merchant = registered()
    assert simulate(merchant).json()["ResponseCode"] == "0"
    assert [each["BillRefNumber"] for each in merchant.notices()] == ["ABC"]
    wrong = (("Amount", "x"), ("Amount", "9" * 5000), ("Msisdn", "1"), ("CommandID", "x"))
    for name, value in (*wrong, ("ShortCode", "1")):
        answer = simulate(merchant, **{name: value})
        assert error_code(answer) == invalid(name, "400.003.02")
    assert simulate(registered(c2b_production_rules=True)).status == 404


def test_a_simulation_may_use_the_registration_up() -> None:
    merchant = registered(c2b_simulate_forgets=True)
    for _ in range(2):
        simulate(merchant)
    assert len(merchant.notices()) == 1


# Scenario of a push, what came in order (callback or confirmation), what the confirmation holds.
TWINS: dict[str, tuple[str, dict[str, Any]]] = {
    "pays": ("callback confirmation", {"TransAmount": "100.00", "BusinessShortCode": PAYBILL}),
    "pays+twin_after": ("callback confirmation", {}),
    "pays+twin_before": ("confirmation callback", {}),
    "pays+twin_off": ("callback", {}),
    "pays+twin_lost": ("callback", {}),
    "pays+twin_only": ("confirmation", {}),
    "pays+callback_late": ("confirmation callback", {}),
    "pays+twin_twice": ("callback confirmation confirmation", {}),
    "pays+twin_wrong_amount": ("callback confirmation", {"TransAmount": "101.00"}),
    "pays+twin_wrong_shortcode": ("callback confirmation", {"BusinessShortCode": "600000"}),
    "cancels": ("callback", {}),
}


@pytest.mark.parametrize("scenario", TWINS)
def test_a_prompted_payment_has_a_twin(scenario: str) -> None:
    order, expected = TWINS[scenario]
    merchant = registered()
    checkout_id = merchant.finished(WAITS, scenario)
    came = ["confirmation" if e.url == CONFIRMATION_URL else "callback" for e in merchant.received]
    assert " ".join(came) == order
    assert {each.checkout_request_id for each in merchant.received} == {checkout_id}
    for notice in merchant.notices():
        assert notice["TransID"] in merchant.daraja.ledger.debits
        assert notice["BillRefNumber"] == "ABCD12345678"
        assert {name: notice[name] for name in expected} == expected
    lost = merchant.daraja.journal.entries(kind="c2b_lost")
    assert len(lost) == int(scenario == "pays+twin_lost")


@pytest.mark.parametrize(("twin", "count"), [("off", 0), ("before", 1), ("after", 1)])
def test_the_setting_decides_about_twins_too(twin: str, count: int) -> None:
    merchant = registered(c2b_twin=twin, c2b_third_party_id="merchant_request_id")
    merchant.finished(PAYS)
    pay(merchant)  # a payment by hand is confirmed all the same
    notices = merchant.notices()
    assert len(notices) == count + 1
    assert notices[-1]["ThirdPartyTransID"] == ""
    ids = {each.merchant_request_id for each in merchant.daraja.prompts()}
    assert {each["ThirdPartyTransID"] for each in notices[:-1]} == (ids if count else set())


def test_confirmations_come_from_an_unlisted_address_or_not_at_all() -> None:
    merchant = registered()
    merchant.finished(PAYS, "pays+twin_unlisted")
    sources = {each.source_ip for each in merchant.received if each.url == CONFIRMATION_URL}
    assert sources == {merchant.daraja.config.unlisted_source}
    lossy = registered(c2b_loss=0.3)
    for _ in range(100):
        pay(lossy)
    lost = len(lossy.daraja.journal.entries(kind="c2b_lost"))
    assert len(lossy.notices()) + lost == 100
    assert 15 < lost < 45


@pytest.mark.parametrize(("attempts", "count"), [(1, 1), (3, 3)])
def test_a_confirmation_is_repeated_only_where_the_setting_says_so(
    attempts: int, count: int
) -> None:
    merchant = registered(c2b_attempts=attempts)
    merchant.answers[CONFIRMATION_URL] = (500, b"")
    pay(merchant)
    assert len(merchant.notices()) == count


def test_without_addresses_only_the_setting_gets_confirmations() -> None:
    silent = VirtualMerchant()
    set_up = VirtualMerchant(Config(c2b_confirmation_url=CONFIRMATION_URL))
    for merchant in (silent, set_up):
        pay(merchant)
    assert (len(silent.received), len(set_up.notices())) == (0, 1)

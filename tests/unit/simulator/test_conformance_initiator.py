"""docs/daraja.md 9.1 to 9.5: Reversal, Transaction Status, Account Balance and B2C, by request.

test_facts.py says which fact each test produces, and which facts are left out and why.
"""

import json
from typing import Any

import pytest

from simulator.core import Config
from simulator.core.initiator.codes import OUTCOMES, STATUSES
from tests.unit.simulator.initiator_client import PATHS, InitiatorClient, credential, parameters
from tests.unit.simulator.virtual_merchant import PAYS, WAITS, error_code, invalid


@pytest.mark.parametrize("api", PATHS)
def test_a_call_is_acknowledged_and_its_result_has_the_documented_shape(api: str) -> None:
    client = InitiatorClient(Config(opening_utility_kes=1000))
    ack = client.call(api)
    client.run()
    result = json.loads(client.received[-1].body)["Result"]
    assert ack.json()["ResponseCode"] == "0"
    assert ack.json()["ResponseDescription"] == "Accept the service request successfully."
    assert set(ack.json()) == {
        *("OriginatorConversationID", "ConversationID", "ResponseCode", "ResponseDescription")
    }
    for name in ("OriginatorConversationID", "ConversationID"):
        assert result[name] == ack.json()[name]
    assert result["ResultCode"] == ("0" if api == "balance" else 0)
    assert result["ReferenceData"] == {"ReferenceItem": REFERENCES[api.partition("_")[0]]}
    assert client.daraja.ledger.is_balanced


QUEUE_URL = "https://internalsandbox.safaricom.co.ke/mpesa/{api}results/v1/submit"
REFERENCES = {
    "reversal": {"Key": "QueueTimeoutURL", "Value": QUEUE_URL.format(api="reversal")},
    "b2c": {"Key": "QueueTimeoutURL", "Value": QUEUE_URL.format(api="b2c")},
    "status": {"Key": "Occasion"},
    "balance": {"Key": "QueueTimeoutURL"},
}
KEYS = {
    "reversal": {
        *("DebitAccountBalance", "Amount", "TransCompletedTime", "OriginalTransactionID"),
        *("Charge", "CreditPartyPublicName", "DebitPartyPublicName"),
    },
    "status": {
        *("DebitPartyName", "CreditPartyName", "OriginatorConversationID", "InitiatedTime"),
        *("DebitAccountType", "DebitPartyCharges", "TransactionReason", "ReasonType"),
        *("TransactionStatus", "FinalisedTime", "Amount", "ConversationID", "ReceiptNo"),
    },
    "balance": {"AccountBalance", "BOCompletedTime"},
    "b2c": {
        *("TransactionAmount", "TransactionReceipt", "ReceiverPartyPublicName"),
        *("TransactionCompletedDateTime", "B2CUtilityAccountAvailableFunds"),
        *("B2CWorkingAccountAvailableFunds", "B2CRecipientIsRegisteredCustomer"),
        "B2CChargesPaidAccountAvailableFunds",
    },
}


def test_each_result_has_its_documented_keys_and_amounts() -> None:
    client = InitiatorClient(Config(opening_utility_kes=1000))
    told = {api: parameters(client.outcome(api)) for api in KEYS}
    assert {api: set(each) for api, each in told.items()} == KEYS
    utility = "Utility Account|KES|1000.00|1000.00|0.00|0.00"
    assert told["reversal"]["DebitAccountBalance"] == utility
    assert told["reversal"]["OriginalTransactionID"] == client.receipt
    assert told["status"]["TransactionReason"] is None
    assert utility in told["balance"]["AccountBalance"]
    assert told["b2c"]["TransactionCompletedDateTime"].startswith("23.11.2026 12:")
    assert told["b2c"]["B2CUtilityAccountAvailableFunds"] == 990.0
    assert client.daraja.ledger.wallet_kes(PAYS) == 50_010
    assert client.daraja.ledger.is_balanced


INVALID_FIELDS = [
    *((api, name, None) for api in PATHS for name in ("SecurityCredential", "ResultURL")),
    *((api, "Remarks", value) for api in PATHS for value in ("x", "x" * 101, None)),
    ("reversal", "CommandID", "Reversal"),
    ("reversal", "TransactionID", "no receipt"),
    ("reversal", "Amount", "1.5"),
    ("reversal", "ReceiverParty", "x"),
    ("reversal", "RecieverIdentifierType", "4"),
    ("reversal", "ResultURL", "https://pay.example.com/status-query/1"),
    ("status", "PartyA", None),
    ("status", "IdentifierType", "9"),
    ("balance", "QueueTimeOutURL", "http://localhost/1"),
    ("b2c", "OriginatorConversationID", None),
    ("b2c", "InitiatorName", None),
    ("b2c", "Occassion", "x" * 101),
]


@pytest.mark.parametrize(("api", "name", "value"), INVALID_FIELDS)
def test_a_bad_field_is_named(api: str, name: str, value: Any) -> None:
    answer = InitiatorClient().call(api, **{name: value})
    assert error_code(answer) == invalid(name)


def test_the_right_spelling_of_the_misspelled_field_is_refused() -> None:
    fields = {"RecieverIdentifierType": None, "ReceiverIdentifierType": "11"}
    answer = InitiatorClient().call("reversal", **fields)
    assert error_code(answer)[2] == "Bad Request - Invalid RecieverIdentifierType"


@pytest.mark.parametrize(
    ("api", "code"),
    [
        ("reversal", "404.001.03"),
        ("status", "400.003.01"),
        ("balance", "401.002.01"),
        ("b2c", "404.001.03"),
    ],
)
def test_a_dead_token_has_the_code_of_its_api(client: InitiatorClient, api: str, code: str) -> None:
    client.token = "dead"
    assert error_code(client.call(api))[:2] == (int(code[:3]), code)


OF_RECEIPTS: list[tuple[str, dict[str, Any], dict[str, Any], object]] = [
    # api, settings, changes, ResultCode
    ("reversal", {}, {"TransactionID": "UKN0000000"}, "R000002"),
    ("reversal", {}, {"ReceiverParty": "7654321"}, "R000002"),
    ("reversal", {}, {"ReceiverParty": "999999"}, 11),
    ("reversal", {}, {"ReceiverParty": "600977"}, 2028),
    ("reversal", {}, {"Amount": 99}, 25),
    ("reversal", {"partial_reversal_is_executed": True}, {"Amount": 99}, 0),
    ("reversal", {"partial_reversal_is_executed": True}, {"Amount": 101}, 25),
    ("reversal", {"reversal_takes_type_4": True}, {"RecieverIdentifierType": 4}, 0),
    ("status", {}, {"TransactionID": "UKN0000000"}, 2032),
    ("status", {"unknown_receipt_code": "25"}, {"TransactionID": "UKN0000000"}, 25),
    ("status", {}, {"PartyA": "7654321"}, 2032),
    ("balance", {}, {"PartyA": "999999"}, 11),
    ("b2c", {}, {"Amount": 101}, 1),
    ("b2c", {}, {"Amount": 9}, 2),
    ("b2c", {}, {"Amount": 250_001}, 3),
    ("b2c", {"payout_daily_max_kes": 99}, {"Amount": 100}, 4),
    ("b2c", {"wallet_max_kes": 49_909}, {}, 8),
    ("b2c", {}, {"PartyA": "999999"}, 11),
    ("b2c", {}, {"PartyA": "600977"}, 2028),
    ("b2c", {}, {"PartyB": "254700000008"}, 2040),
    ("b2c", {}, {"PartyB": "0712345678"}, "SFC_IC0003"),
]


@pytest.mark.parametrize(("api", "settings", "changes", "code"), OF_RECEIPTS)
def test_a_code_has_its_natural_cause(
    api: str, settings: dict[str, Any], changes: dict[str, Any], code: object
) -> None:
    client = InitiatorClient(Config(**settings))
    assert client.code(api, **changes) == code
    assert client.daraja.ledger.is_balanced
    assert bool(client.daraja.ledger.reversed_receipts) == (api == "reversal" and code == 0)


@pytest.mark.parametrize("code", [each for each in OUTCOMES if each != "0"])
def test_every_listed_code_can_be_told_and_moves_nothing(
    client: InitiatorClient, code: str
) -> None:
    result = client.outcome("reversal", f"outcome_{code}")
    assert result["ResultCode"] == (int(code) if code.isdigit() else code)
    assert result["ResultDesc"] == OUTCOMES[code]
    assert "ResultParameters" not in result
    assert result["TransactionID"] == "UKN0000000"
    assert client.daraja.ledger.reversed_receipts == {}


def test_a_repeat_is_r000001_or_executed_again(client: InitiatorClient) -> None:
    assert [client.code("reversal"), client.code("reversal")] == [0, "R000001"]
    again = InitiatorClient(Config(reversal_repeats=True, opening_utility_kes=1000))
    assert [again.code("reversal"), again.code("reversal")] == [0, 0]
    assert again.daraja.ledger.wallet_kes(PAYS) == 50_100
    portal = InitiatorClient()
    assert portal.code("reversal", "reversed_on_portal") == "R000001"
    assert portal.daraja.ledger.wallet_kes(PAYS) == 50_000


def test_money_that_was_settled_to_the_bank_cannot_be_reversed_or_paid_out(
    client: InitiatorClient,
) -> None:
    client.daraja.settle("174379")
    assert (client.code("reversal"), client.code("b2c")) == (1, 1)
    client.daraja.set_utility("174379", 113)
    assert (client.code("b2c", OriginatorConversationID="own-2"), client.code("reversal")) == (0, 0)


def test_a_tills_reversal_is_paid_by_its_merchant_account(client: InitiatorClient) -> None:
    till = {"BusinessShortCode": "7654321", "PartyB": "5123456"}
    client.finished(WAITS, "pays", TransactionType="CustomerBuyGoodsOnline", **till)
    receipt = list(client.daraja.ledger.debits)[-1]
    result = client.outcome("reversal", TransactionID=receipt, ReceiverParty="5123456")
    assert parameters(result)["DebitAccountBalance"].startswith("Merchant Account|KES|0.00")


def test_status_finds_payments_reversals_and_payouts_and_shows_a_reversal_or_not() -> None:
    client = InitiatorClient(Config(opening_utility_kes=1000))
    assert parameters(client.outcome("status"))["TransactionStatus"] == "Completed"
    reversal = client.outcome("reversal")
    payout = client.outcome("b2c")
    for subject in (reversal, payout):
        told = parameters(client.outcome("status", TransactionID=subject["TransactionID"]))
        assert told["TransactionStatus"] == "Completed"
        by_id = {"OriginalConversationID": subject["OriginatorConversationID"]}
        assert parameters(client.outcome("status", **by_id))["ReceiptNo"] == told["ReceiptNo"]
    assert parameters(client.outcome("status"))["TransactionStatus"] == "Reversed"
    client.daraja.configure(reversed_is_shown=False)
    assert parameters(client.outcome("status"))["TransactionStatus"] == "Completed"


def test_an_stk_id_finds_its_payment_only_where_the_setting_says_so() -> None:
    for works, code in ((False, 2032), (True, 0)):
        client = InitiatorClient(Config(status_by_stk_id=works))
        (prompt,) = client.daraja.prompts()
        asked = {"OriginalConversationID": prompt.merchant_request_id}
        assert client.code("status", **asked) == code


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_can_be_told(status: str) -> None:
    name = f"status_{status.lower().replace(' ', '_')}"
    assert parameters(InitiatorClient().outcome("status", name))["TransactionStatus"] == status


def test_a_v3_payout_is_idempotent_by_its_id_and_a_v1_payout_is_not() -> None:
    client = InitiatorClient(Config(opening_utility_kes=1000))
    assert client.call("b2c", "ack_hang").transport == "hang"
    repeat = error_code(client.call("b2c"))
    assert repeat == (500, "500.002.1001", "Duplicate OriginatorConversationID.")
    assert [client.code("b2c_v1"), client.code("b2c_v1")] == [0, 0]
    client.run()
    assert client.daraja.ledger.wallet_kes(PAYS) == 49_900 + 30
    client.daraja.configure(payout_v3_is_enabled=False)
    assert error_code(client.call("b2c"))[:2] == (403, "403.002.1001")


def test_a_payout_cannot_be_reversed() -> None:
    client = InitiatorClient(Config(opening_utility_kes=1000))
    payout = client.outcome("b2c")["TransactionID"]
    assert client.code("reversal", TransactionID=payout, Amount=10) == "R000002"


def test_a_journal_holds_no_credential(client: InitiatorClient) -> None:
    client.outcome("reversal")
    told = [each.document() for each in client.daraja.journal.entries()]
    assert credential() not in json.dumps(told)

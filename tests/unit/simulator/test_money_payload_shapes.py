"""C2B, Pull and the initiator APIs send bodies of the recorded names, nesting, types and codes."""

from collections.abc import Callable
from typing import Any

import pytest

from simulator.core import Config, HttpAnswer
from tests.unit.simulator.initiator_client import InitiatorClient
from tests.unit.simulator.test_conformance_c2b import pay, registered, simulate
from tests.unit.simulator.test_conformance_pull import STORE, merchant_with, pull, register
from tests.unit.simulator.test_payload_shapes import CALLBACKS, PAYLOADS, answers, payload, shape
from tests.unit.simulator.virtual_merchant import PAYS, VALIDATION_URL, VirtualMerchant

CODES = ("ResponseCode", "ResponseMessage", "ResponseStatus", "Response Status", "errorCode")
OF_PERSON = {"TransactionType", "MSISDN", "FirstName", "ThirdPartyTransID"}
"""What of a confirmation is compared as a value: by it the variants differ."""


def confirmation(
    url: str = "", *, typed: dict[str, Any] | None = None, **settings: Any
) -> dict[str, Any]:
    """What M-Pesa posts about a payment by hand, to the confirmation's address by default."""
    merchant = registered(**settings)
    pay(merchant, **{"payer": PAYS, **(typed or {})})
    notice: dict[str, Any] = merchant.notices(url)[-1]
    return notice


def twin() -> dict[str, Any]:
    """The confirmation of a pushed payment, as one merchant sees it."""
    merchant = registered(c2b_third_party_id="merchant_request_id")
    merchant.finished(PAYS)
    notice: dict[str, Any] = merchant.notices()[-1]
    return notice


NOTICES: dict[str, Callable[[], dict[str, Any]]] = {
    "c2b_confirmation_v1": lambda: confirmation(version="v1"),
    "c2b_confirmation_v2": confirmation,
    "c2b_confirmation_masked_hash": lambda: confirmation(c2b_msisdn="masked_hash"),
    "c2b_confirmation_full_number": lambda: confirmation(c2b_msisdn="full"),
    "c2b_confirmation_till": lambda: confirmation(c2b_type="Customer Merchant Payment"),
    "c2b_confirmation_organisation": lambda: confirmation(typed={"payer": "600100"}),
    "c2b_confirmation_overdraft": lambda: confirmation(typed={"kind": "OD Payment Transfer"}),
    "c2b_confirmation_without_type": lambda: confirmation(c2b_type="blank", c2b_msisdn="blank"),
    "c2b_confirmation_of_push": twin,
    "c2b_validation": lambda: confirmation(VALIDATION_URL, c2b_validation=True),
}


@pytest.mark.parametrize("name", NOTICES)
def test_a_notice_has_the_recorded_shape(name: str) -> None:
    sent, recorded = NOTICES[name](), payload(name)
    assert shape(sent) == shape(recorded)
    compared = OF_PERSON - {"FirstName"} if recorded["FirstName"] else OF_PERSON
    if recorded["ThirdPartyTransID"]:
        compared = compared - {"ThirdPartyTransID"}
        assert sent["ThirdPartyTransID"]
    assert {each: sent[each] for each in compared} == {each: recorded[each] for each in compared}
    assert bool(sent["OrgAccountBalance"]) is bool(recorded["OrgAccountBalance"])


def swept() -> HttpAnswer:
    """A page of a payment and of a sweep to the bank."""
    merchant = merchant_with(1)
    merchant.daraja.settle("174379")
    answer: HttpAnswer = pull(merchant)
    return answer


ANSWERS: dict[str, Callable[[], HttpAnswer]] = {
    "c2b_registered": lambda: VirtualMerchant().register(),
    "c2b_registered_in_sandbox": lambda: VirtualMerchant(
        Config(c2b_register_code="00000000")
    ).register(),
    "c2b_register_error_again": lambda: registered(c2b_production_rules=True).register(),
    "c2b_simulated": lambda: simulate(registered()),
    "pull_registered": lambda: register(merchant_with(0), ShortCode=STORE),
    "pull_registered_live_keys": lambda: register(merchant_with(0, pull_keys="live")),
    "pull_page": swept,
    "pull_nothing": lambda: pull(merchant_with(0)),
    "pull_nothing_in_sandbox": lambda: pull(merchant_with(0, pull_empty="bare", pull_keys="live")),
    "pull_nothing_500": lambda: pull(merchant_with(0, pull_empty="http_500")),
    "pull_nothing_nested": lambda: pull(merchant_with(0, pull_empty="nested")),
    "pull_nothing_text": lambda: pull(merchant_with(0, pull_empty="text")),
    "initiator_accepted": lambda: InitiatorClient().call("balance"),
    "initiator_error_duplicate": lambda: asked_twice(),
}


def asked_twice() -> HttpAnswer:
    """The second of two payouts with one OriginatorConversationID."""
    client = InitiatorClient()
    client.call("b2c")
    return client.call("b2c")


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_has_the_recorded_shape_and_code(name: str) -> None:
    sent, recorded = ANSWERS[name]().json(), payload(name)
    assert shape(sent) == shape(recorded)
    for each in CODES:
        assert sent.get(each) == recorded.get(each)


def result(api: str, scenario: str | None = None, **changes: Any) -> dict[str, Any]:
    """The Result of one call by a merchant with money for payouts."""
    return InitiatorClient(Config(opening_utility_kes=1000)).outcome(api, scenario, **changes)


def reversed_twice() -> dict[str, Any]:
    """The Result of the second reversal of one payment."""
    client = InitiatorClient()
    client.outcome("reversal")
    return client.outcome("reversal")


def status_of_payout(scenario: str | None = None) -> dict[str, Any]:
    """What Transaction Status says about a payout."""
    client = InitiatorClient(Config(opening_utility_kes=1000))
    client.outcome("b2c", OriginatorConversationID="own-9")
    return client.outcome("status", scenario, OriginalConversationID="own-9", Occasion="OK")


UNKNOWN = "UKN00ZZZZZ"
RESULTS: dict[str, Callable[[], dict[str, Any]]] = {
    "reversal_result": lambda: result("reversal"),
    "reversal_result_again": reversed_twice,
    "reversal_result_unknown_receipt": lambda: result("reversal", TransactionID=UNKNOWN),
    "reversal_result_no_money": lambda: result("reversal", "settled_to_bank"),
    "result_with_one_parameter": lambda: result("reversal", "outcome_single_parameter"),
    "status_result": status_of_payout,
    "result_with_a_key_twice": lambda: status_of_payout("outcome_repeated_key"),
    "status_result_unknown_receipt": lambda: result("status", TransactionID=UNKNOWN),
    "balance_result": lambda: result("balance"),
    "balance_result_locked": lambda: result("balance", "outcome_8006"),
    "b2c_result": lambda: result("b2c"),
    "b2c_result_bad_phone": lambda: result("b2c", PartyB="600100"),
}


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_has_the_recorded_shape_code_and_reference(name: str) -> None:
    sent, recorded = RESULTS[name](), payload(name)["Result"]
    assert shape(sent) == shape(recorded)
    assert sent["ResultCode"] == recorded["ResultCode"]
    assert sent["ReferenceData"] == recorded["ReferenceData"]
    dummies = [each["TransactionID"].endswith("0000000") for each in (sent, recorded)]
    assert dummies[0] is dummies[1], "only a failure has a dummy"


def test_every_recorded_body_is_named_in_the_readme_and_used() -> None:
    readme = (PAYLOADS / "README.md").read_text()
    files = {path.name for path in PAYLOADS.iterdir() if path.is_file()} - {"README.md"}
    used = (*answers(), *CALLBACKS, *NOTICES, *ANSWERS, *RESULTS, "push_request_paybill")
    statement = "organisation_statement.csv"  # not Daraja's: read in test_hakika_statement.py
    assert files == {*(f"{name}.json" for name in used), "firewall_403.html", statement}
    assert all(f"`{name}`" in readme for name in files)

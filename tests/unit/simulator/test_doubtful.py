"""Every doubtful fact is a setting: its default is explained, and both values can be seen."""

from collections.abc import Callable
from typing import Any

import pytest

from simulator.core import Config
from simulator.doubtful import DOUBTS, Doubt
from tests.unit.simulator.initiator_client import InitiatorClient, parameters
from tests.unit.simulator.test_conformance_c2b import PAYBILL, STORE, TILL, pay
from tests.unit.simulator.test_conformance_openapi import QR
from tests.unit.simulator.test_conformance_pull import pull, register
from tests.unit.simulator.virtual_merchant import PAYS, WAITS, VirtualMerchant

BY_HAND = "ABCDEFGHIJKL"
UNKNOWN = "UKN00ZZZZZ"


def first_token(config: Config) -> int:
    """The status of a push with a token after a second one was fetched."""
    merchant = VirtualMerchant(config)
    merchant.ask_token()
    return merchant.push().status


def waiting(config: Config) -> set[object]:
    """What many queries about an open prompt say."""
    merchant = VirtualMerchant(config.changed({"query_per_minute": None}))
    checkout_id = merchant.pushed(WAITS)
    merchant.wait(3)
    answers = [merchant.query(checkout_id).json() for _ in range(20)]
    return {each.get("ResultCode") or each["errorCode"] for each in answers}


def query_error(config: Config, **changes: Any) -> object:
    """The code of a query that is refused."""
    return VirtualMerchant(config).query("ws_CO_1", **changes).json()["errorCode"]


def dead_token(config: Config) -> object:
    """The code of a query with a dead token."""
    merchant = VirtualMerchant(config)
    merchant.token = "dead"
    return merchant.query("ws_CO_1").json()["errorCode"]


def posts(config: Config, *, by_hand: bool = False) -> int:
    """How often a post that is answered 500 comes."""
    merchant = VirtualMerchant(config, callback_status=500)
    if by_hand:
        merchant.register()
        pay(merchant)
    else:
        merchant.finished(PAYS)
    return len(merchant.received)


def after_a_failure(config: Config) -> object:
    """The result of a push right after the same one failed."""
    merchant = VirtualMerchant(config)
    merchant.ending(PAYS, "cancels")
    return merchant.ending(PAYS)


def confirmation(config: Config, *, pushes: bool = False) -> list[Any]:
    """The confirmation of one payment: its reference and third-party id."""
    merchant = VirtualMerchant(config)
    merchant.register()
    if pushes:
        merchant.finished(PAYS)
    else:
        pay(merchant, account=BY_HAND)
    return [(each["BillRefNumber"], each["ThirdPartyTransID"]) for each in merchant.notices()]


def till_number(config: Config) -> object:
    """The shortcodes that a till's and a paybill's confirmation tell."""
    merchant = VirtualMerchant(config)
    merchant.register(ShortCode=STORE)
    merchant.register()
    pay(merchant, number=TILL, is_till=True, account="")
    pay(merchant)
    till, paybill = (each["BusinessShortCode"] for each in merchant.notices())
    assert paybill == PAYBILL
    return till


def pulled(config: Config, payments: int, offset: str = "0", *, reverses: bool = False) -> Any:
    """One page of Pull: rows and times, or the empty answer."""
    client = InitiatorClient(config.changed({"token_seconds": 1e9}))
    register(client)
    client.now += 48 * 3600 + 60  # the payment of the client's own is too old
    for number in range(payments):
        simulated = client.daraja.pay_by_hand(WAITS, number=PAYBILL, account="A", amount_kes=5)
        client.wait(number + 1)
        if reverses:
            client.outcome("reversal", TransactionID=simulated.receipt, Amount=5)
    span = {"StartDate": "2026-11-25 00:00:00", "EndDate": "2026-11-27 00:00:00"}
    answer = pull(client, offset, **span)
    rows = answer.json().get("Response")
    return answer.status, [each["trxDate"] for each in rows[0]] if rows else rows


def code(config: Config, api: str, scenario: str | None = None, **changes: Any) -> object:
    """The ResultCode of one call."""
    return InitiatorClient(config).code(api, scenario, **changes)


def reversed_again(config: Config) -> object:
    """The ResultCode of a second reversal."""
    client = InitiatorClient(config.changed({"opening_utility_kes": 1000}))
    client.code("reversal")
    return client.code("reversal")


def status_after_reversal(config: Config) -> object:
    """What Transaction Status says about a reversed payment."""
    client = InitiatorClient(config)
    client.code("reversal")
    return parameters(client.outcome("status"))["TransactionStatus"]


def status_by_stk_id(config: Config) -> object:
    """The ResultCode of a status query by the push's own MerchantRequestID."""
    client = InitiatorClient(config)
    push_id = client.push(PAYS, Amount=7).json()["MerchantRequestID"]
    client.run()
    return client.code("status", OriginalConversationID=push_id)


def type_4(config: Config) -> int:
    """The status of a reversal with RecieverIdentifierType 4."""
    return InitiatorClient(config).call("reversal", RecieverIdentifierType="4").status


def qr_code(config: Config) -> int:
    """How long the ResponseCode of a QR code is."""
    answer = VirtualMerchant(config).post("/mpesa/qrcode/v1/generate", QR)
    return len(str(answer.json()["ResponseCode"]))


SEEN: dict[str, Callable[[Config], object]] = {
    "token_rotates": first_token,
    "expires_in_as_number": lambda c: (
        type(VirtualMerchant(c).ask_token().json()["expires_in"]).__name__
    ),
    "query_pending": waiting,
    "query_unknown_id": query_error,
    "query_unauthorized_code": dead_token,
    "callback_attempts": posts,
    "same_amount_is_strict": after_a_failure,
    "long_text_is_refused": lambda c: VirtualMerchant(c).push(AccountReference="A" * 14).status,
    "transaction_type_is_trimmed": lambda c: (
        VirtualMerchant(c).push(TransactionType="CustomerPayBillOnline ").status
    ),
    "c2b_twin": lambda c: confirmation(c, pushes=True),
    "c2b_attempts": lambda c: posts(c, by_hand=True),
    "c2b_third_party_id": lambda c: confirmation(c, pushes=True),
    "c2b_register_code": lambda c: VirtualMerchant(c).register().json()["ResponseCode"],
    "c2b_reference": confirmation,
    "c2b_shortcode": till_number,
    "pull_offset": lambda c: pulled(c, 2, "1"),
    "pull_clock": lambda c: pulled(c, 1),
    "pull_empty": lambda c: pulled(c, 0),
    "pull_lists_reversed": lambda c: pulled(c, 1, reverses=True),
    "reversal_repeats": reversed_again,
    "partial_reversal_is_executed": lambda c: code(c, "reversal", Amount=50),
    "reversal_takes_type_4": type_4,
    "reversed_is_shown": status_after_reversal,
    "status_by_stk_id": status_by_stk_id,
    "unknown_receipt_code": lambda c: code(c, "status", TransactionID=UNKNOWN),
    "wrong_password_code": lambda c: code(c, "reversal", SecurityCredential="x"),
    "unknown_initiator_code": lambda c: code(c, "reversal", Initiator="nobody"),
    "expired_password_code": lambda c: code(c, "reversal", Initiator="testexpired"),
    "payout_v3_is_enabled": lambda c: InitiatorClient(c).call("b2c").status,
    "qr_code_is_short": qr_code,
}
"""How each setting is seen from outside."""


@pytest.mark.parametrize("doubt", DOUBTS, ids=lambda each: each.setting)
def test_both_values_are_seen_and_the_default_is_the_safer_or_explained(doubt: Doubt) -> None:
    default = Config().settings()[doubt.setting]
    seen = [
        SEEN[doubt.setting](Config().changed({doubt.setting: value}))
        for value in (doubt.safer, doubt.other)
    ]
    assert seen[0] != seen[1]
    assert default == doubt.safer or "default" in doubt.why or "published" in doubt.why


def test_every_way_of_looking_belongs_to_a_doubt() -> None:
    assert SEEN.keys() == {each.setting for each in DOUBTS}

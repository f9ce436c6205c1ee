"""Every setting is seen from outside at its default and at another value.

Settings about which sources disagree are in test_doubtful.py; here are all the others.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest

from simulator.core import Config
from simulator.doubtful import DOUBTS
from tests.unit.simulator.initiator_client import InitiatorClient, credential
from tests.unit.simulator.test_conformance_c2b import pay, simulate
from tests.unit.simulator.test_conformance_pull import pull, register
from tests.unit.simulator.virtual_merchant import NOON, PAYS, WAITS, VirtualMerchant, basic

SWITCHED_OFF, WRONG_PIN = "254700000002", "254700000005"
DAY = 86_400
Seen = Callable[[Config], object]


def story(msisdn: str = PAYS, scenario: str | None = None, **fields: Any) -> Seen:
    """The moments, codes and posts of one push, from acceptance to the end."""

    def look(config: Config) -> object:
        merchant = VirtualMerchant(config)
        checkout_id = merchant.finished(msisdn, scenario, **fields)
        told = [each["ResultCode"] for each in merchant.results(checkout_id)]
        moments = [(each.at - NOON, each.kind) for each in merchant.daraja.journal.entries()]
        posts = [
            (each.at - NOON, each.source_ip, each.timeout_seconds) for each in merchant.received
        ]
        return told, moments, posts

    return look


def refusal(**fields: Any) -> Seen:
    """The status of one push, two hours after its timestamp."""
    return lambda config: VirtualMerchant(config, now=NOON + 7200).push(**fields).status


def typed(config: Config) -> object:
    """The result where a person types 1234."""
    merchant = VirtualMerchant(config)
    checkout_id = merchant.pushed(WAITS)
    merchant.wait(5)
    merchant.daraja.answer_prompt(checkout_id, "pin", "1234")
    merchant.run()
    return merchant.results(checkout_id)[0]["ResultCode"]


def later(config: Config) -> object:
    """The status of a push eleven seconds after the token was fetched."""
    merchant = VirtualMerchant(config)
    merchant.wait(11)
    return merchant.push().status


def twice(config: Config) -> object:
    """The result of the same push once more."""
    merchant = VirtualMerchant(config)
    merchant.ending()
    return merchant.ending()


def asked_at_once(config: Config) -> object:
    """The answers of two queries right after the push."""
    merchant = VirtualMerchant(config)
    checkout_id = merchant.pushed(WAITS)
    return [merchant.query(checkout_id).body for _ in range(2)]


def repeated(config: Config) -> object:
    """When a callback that is answered 500 comes."""
    merchant = VirtualMerchant(config.changed({"callback_attempts": 2}), callback_status=500)
    merchant.finished()
    return [each.at for each in merchant.received]


def registered(version: str = "v2", **changes: Any) -> Seen:
    """The answers of registering twice."""

    def look(config: Config) -> object:
        merchant = VirtualMerchant(config)
        return [merchant.register(version, **changes).status for _ in range(2)]

    return look


def confirmed(config: Config, *, is_simulated: bool = False, registers: bool = True) -> object:
    """The posts about two payments by hand."""
    merchant = VirtualMerchant(config)
    if registers:
        merchant.register()
    for _ in range(2):
        (simulate if is_simulated else pay)(merchant)
    return [(each.at, each.url, each.body) for each in merchant.received]


def validated(config: Config) -> object:
    """How long M-Pesa waits for a validation."""
    merchant = VirtualMerchant(config.changed({"c2b_validation": True}))
    merchant.register()
    merchant.daraja.pay_by_hand(WAITS, number="174379", account="A", amount_kes=5)
    return [each.timeout_seconds for each in merchant.daraja.due_callbacks()]


def pulled(config: Config) -> object:
    """What Pull lists of eleven payments and a sweep."""
    merchant = VirtualMerchant(config)
    register(merchant)
    for _ in range(11):
        pay(merchant)
    merchant.daraja.settle("174379")
    merchant.wait(60)
    document = pull(merchant, "2").json()
    rows = re.sub(r"UKN\w{7}", "", str(document.get("Response")))
    return sorted(document), rows, document.get("TotalPages"), document["ResponseCode"]


def posted(api: str = "balance", scenario: str | None = None, **changes: Any) -> Seen:
    """When the posts of one call come, and what the Result says."""

    def look(config: Config) -> object:
        client = InitiatorClient(config.changed({"token_seconds": 1e9}))
        client.wait(2 * DAY)
        asked_at, before = client.now, len(client.received)
        told = client.outcome(api, scenario, **changes)
        moments = [each.at - asked_at for each in client.received[before:]]
        return moments, told.get("ResultCode"), str(told.get("ResultParameters"))

    return look


WRONG = {"SecurityCredential": credential("Another#2026")}
OTHERS: dict[str, tuple[object, Seen]] = {
    "older_shapes": (True, lambda c: VirtualMerchant(c).push().json()["MerchantRequestID"]),
    "not_found_code": (
        "404.003.01",
        lambda c: VirtualMerchant(c).post("/x", {}).json()["errorCode"],
    ),
    "token_seconds": (10.0, later),
    "token_seconds_said": (10, lambda c: VirtualMerchant(c).ask_token().json()["expires_in"]),
    "bad_credentials_empty_body": (True, lambda c: VirtualMerchant(c).ask_token(basic("x")).body),
    "amount_max_kes": (99, story()),
    "daily_max_kes": (99, story()),
    "long_reference_is_prompted": (False, story(AccountReference="A" * 14)),
    "prompt_characters_max": (10, story()),
    "timestamp_skew_max_seconds": (60.0, refusal()),
    "same_amount_seconds": (0.0, twice),
    "production_callback_rules": (True, refusal(CallBackURL="http://pay.example.com/c")),
    "allow_local_callbacks": (True, refusal(CallBackURL="http://127.0.0.1:8000/c")),
    "prompt_seconds": (15.0, story(WAITS, "ignores")),
    "show_seconds": (2.0, story()),
    "person_seconds": (9.0, story()),
    "settle_seconds": (9.0, story()),
    "unreachable_seconds": (5.0, story(SWITCHED_OFF)),
    "refusal_seconds": (9.0, story(Amount=250_001)),
    "opening_balance_kes": (99, story()),
    "opening_pin": ("9999", typed),
    "wrong_pins_max": (1, story(WRONG_PIN)),
    "query_per_minute": (None, asked_at_once),
    "query_visible_seconds": (0.0, asked_at_once),
    "callback_seconds_min": (2.9, story()),
    "callback_seconds_max": (0.6, story()),
    "redelivery_seconds": (5.0, repeated),
    "callback_timeout_seconds": (9.0, story()),
    "journal_max": (2, story()),
    "c2b_confirmation_url": ("https://a.example/c", lambda c: confirmed(c, registers=False)),
    "c2b_production_rules": (True, registered()),
    "c2b_product": ("v1", registered()),
    "c2b_held_by_aggregator": (True, registered()),
    "c2b_validation_url_required": (False, registered(ValidationURL="")),
    "c2b_simulate_forgets": (True, lambda c: confirmed(c, is_simulated=True)),
    "c2b_validation": (True, confirmed),
    "c2b_validation_seconds": (1.0, validated),
    "c2b_seconds": (9.0, confirmed),
    "c2b_loss": (1.0, confirmed),
    "c2b_msisdn": ("full", confirmed),
    "c2b_type": ("OD Payment Transfer", confirmed),
    "c2b_amount": ("cents", confirmed),
    "c2b_balance": (False, confirmed),
    "pull_is_provisioned": (False, pulled),
    "pull_rows": (5, pulled),
    "pull_hours": (0.01, pulled),
    "pull_delay_seconds_max": (DAY, pulled),
    "pull_lists_sweeps": (False, pulled),
    "pull_keys": ("live", pulled),
    "pull_msisdn": ("hash", pulled),
    "pull_amount": ("whole", pulled),
    "initiator_seconds": (9.0, posted()),
    "queue_timeout_seconds": (9.0, posted("balance", "queue_timeout_only")),
    "password_valid_days": (1.0, posted()),
    "wrong_credentials_max": (1, posted(**WRONG)),
    "payout_min_kes": (11, posted("b2c")),
    "payout_max_kes": (9, posted("b2c")),
    "payout_daily_max_kes": (9, posted("b2c")),
    "wallet_max_kes": (49_000, posted("b2c")),
    "payout_charge_kes": (1, posted("b2c")),
    "opening_utility_kes": (500, posted()),
    "unlisted_source": ("41.90.64.99", story(PAYS, "pays+callback_unlisted")),
}
"""Setting -> another value than the default, and how the difference is seen."""
NOT_SEEN = {"hang_seconds": "only waiting would show it; the tests of the HTTP face play it at 0"}


@pytest.mark.parametrize("setting", OTHERS)
def test_a_setting_is_seen_at_its_default_and_at_another_value(setting: str) -> None:
    other, look = OTHERS[setting]
    assert look(Config()) == look(Config()), "the look itself differs from time to time"
    assert look(Config()) != look(Config().changed({setting: other}))


def test_every_setting_is_seen_at_two_values() -> None:
    doubtful = {each.setting for each in DOUBTS}
    assert OTHERS.keys() | NOT_SEEN.keys() | doubtful == Config().settings().keys()
    assert not doubtful & OTHERS.keys()

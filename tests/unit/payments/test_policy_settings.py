"""Settings: what is no setting is refused by name; no choice lets two prompts live at once."""

from __future__ import annotations

from dataclasses import fields

import pytest
from payments.aws.settings import is_listed, read_settings
from payments.errors import SettingsError
from payments.protocol.policy import Policy

GOOD = {
    "TABLE_NAME": "payments",
    "SAFARICOM_BASE": "https://sandbox.safaricom.co.ke/",
    "SAFARICOM_SHORTCODE": "174379",
    "CALLBACK_SOURCE_IPS": "196.201.214.200, 196.201.212.0/24",
}
LOCAL_TIMES = {
    "FIRST_QUERY_SECONDS": "4",
    "QUERY_SUCCESS_SECONDS": "12",
    "DARAJA_SHOWS_SECONDS": "5",
    "PROMPT_SECONDS": "15",
    "QUERY_SPACING_SECONDS": "1",
}


def test_the_defaults_are_the_protocols() -> None:
    policy = Policy()
    assert (policy.send_within_seconds, policy.daraja_shows_seconds) == (10, 110)
    assert policy.prompt_seconds == 180
    assert (policy.first_query_seconds, policy.query_success_seconds) == (25, 120)
    assert (policy.expire_pending_seconds, policy.expire_unknown_seconds) == (86_400, 172_800)
    assert (policy.phone_prompts_per_15_minutes, policy.phone_prompts_per_day) == (3, 10)
    assert (policy.user_prompts_per_10_minutes, policy.query_spacing_seconds) == (5, 12)


def test_a_lock_lasts_as_long_as_the_longest_prompt_whatever_is_chosen() -> None:
    """Sent at the last moment, shown late, answered late: until then nobody else is prompted."""
    assert Policy().lock_seconds == 300
    longest = Policy(send_within_seconds=25, daraja_shows_seconds=600, prompt_seconds=600)
    assert longest.lock_seconds == 1225
    assert read_settings({**GOOD, "LOCK_SECONDS": "1"}).policy.lock_seconds == 300


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("phone_prompts_per_15_minutes", 0),
        ("phone_prompts_per_15_minutes", 11),
        ("phone_prompts_per_day", 0),
        ("phone_prompts_per_day", 11),
        ("user_prompts_per_10_minutes", 0),
        ("user_prompts_per_10_minutes", 6),
        ("max_amount_kes", 0),
        ("max_amount_kes", 250_001),
    ],
)
def test_a_limit_out_of_range_is_refused_by_name(name: str, value: int) -> None:
    with pytest.raises(SettingsError, match=name.upper()):
        Policy(**{name: value})


def test_every_time_and_limit_is_an_environment_variable() -> None:
    changed = {field.name.upper(): str(field.default) for field in fields(Policy)}
    assert read_settings({**GOOD, **changed}).policy == Policy()
    assert read_settings({**GOOD, **LOCAL_TIMES}).policy.lock_seconds == 30


def test_settings_are_read_with_their_defaults() -> None:
    settings = read_settings(GOOD)
    assert settings.base_url == "https://sandbox.safaricom.co.ke"
    assert settings.merchant.party_b == settings.merchant.shortcode == "174379"
    assert settings.merchant.transaction_type == "CustomerPayBillOnline"
    assert not settings.is_till
    assert settings.callback_url_base == ""


def test_a_till_has_its_own_number() -> None:
    environment = {
        **GOOD,
        "SAFARICOM_TRANSACTION_TYPE": "CustomerBuyGoodsOnline",
        "SAFARICOM_PARTY_B": "700000",
    }
    settings = read_settings(environment)
    assert settings.is_till
    assert settings.merchant.party_b == "700000"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TABLE_NAME", ""),
        ("SAFARICOM_BASE", ""),
        ("SAFARICOM_BASE", "ftp://example.com"),
        ("SAFARICOM_SHORTCODE", ""),
        ("SAFARICOM_SHORTCODE", "12a45"),
        ("SAFARICOM_SHORTCODE", "١٧٤٣٧٩"),
        ("SAFARICOM_PARTY_B", "x"),
        ("SAFARICOM_TRANSACTION_TYPE", "CustomerPaybillOnline"),
        ("CALLBACK_URL_BASE", "http://pay.example.com"),
        ("CALLBACK_URL_BASE", "https://mpesa.example.com"),
        ("CALLBACK_URL_BASE", "https://pay.example.com/Query"),
        ("CALLBACK_SOURCE_IPS", "196.201.214"),
        ("CALLBACK_SOURCE_IPS", "0.0.0.0/0"),
        ("CALLBACK_SOURCE_IPS", "::/0"),
        ("PROMPT_SECONDS", "180.0"),
        ("PROMPT_SECONDS", "-180"),
        ("PROMPT_SECONDS", ""),
        ("MAX_AMOUNT_KES", "250001"),
    ],
)
def test_what_is_configured_wrongly_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings({**GOOD, name: value})


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("196.201.214.200", True),
        ("196.201.212.7", True),
        ("196.201.214.201", False),
        ("", False),
        ("196.201.214.200, 1.2.3.4", False),
        ("::ffff:196.201.214.200", False),
    ],
)
def test_only_a_listed_address_is_listed(address: str, expected: bool) -> None:
    assert is_listed(address, read_settings(GOOD).callback_networks) is expected


def test_no_list_lists_nobody() -> None:
    settings = read_settings({**GOOD, "CALLBACK_SOURCE_IPS": ""})
    assert not is_listed("196.201.214.200", settings.callback_networks)

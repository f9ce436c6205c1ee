"""No setting is a switch that turns the protection of callbacks off, and errors repeat no input."""

import pytest
from payments.aws.settings import is_listed, read_settings
from payments.errors import InvalidRequestError, SettingsError
from payments.http import requests

GOOD = {
    "TABLE_NAME": "payments",
    "SAFARICOM_BASE": "https://api.safaricom.co.ke",
    "SAFARICOM_SHORTCODE": "174379",
    "CALLBACK_SOURCE_IPS": "196.201.214.200, 196.201.213.0/24",
}


def test_good_settings_are_read() -> None:
    settings = read_settings(GOOD)
    assert is_listed("196.201.214.200", settings.callback_networks)
    assert is_listed("196.201.213.9", settings.callback_networks)


REFUSED = {
    ("CALLBACK_SOURCE_IPS", "too wide"): (
        *("0.0.0.0/0", "::/0", "0.0.0.0/1,128.0.0.0/1", "196.201.214.200,10.0.0.0/8"),
        "2001:db8::/32",
    ),
    ("CALLBACK_SOURCE_IPS", "separated by commas"): (
        "*",
        "any",
        "196.201.214",
        "196.201.214.200/99",
        "a,b",
    ),
    ("SAFARICOM_BASE", "https://"): (
        *("http://api.safaricom.co.ke", "ftp://api.safaricom.co.ke", "api.safaricom.co.ke"),
        *("https://", "https://api.safaricom.co.ke?x=1"),
        *(f"http://{host}attacker.example" for host in ("127.0.0.1.", "localhost.", "127.0.0.1@")),
        "https://user:" + "password@attacker.example",
    ),
}


@pytest.mark.parametrize(
    ("name", "sentence", "text"), [(*key, each) for key, texts in REFUSED.items() for each in texts]
)
def test_a_list_too_wide_or_unreadable_and_daraja_without_https_are_refused(
    name: str, sentence: str, text: str
) -> None:
    with pytest.raises(SettingsError, match=sentence):
        read_settings({**GOOD, name: text})


@pytest.mark.parametrize("addresses", ["", " ", ","])
def test_an_empty_list_trusts_nobody(addresses: str) -> None:
    settings = read_settings({**GOOD, "CALLBACK_SOURCE_IPS": addresses})
    assert not is_listed("196.201.214.200", settings.callback_networks)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "unknown",
        "196.201.214.200, 1.2.3.4",
        " 196.201.214.200",
        "196.201.214.200:443",
        "196.201.214.0200",
        "::ffff:196.201.214.200",
        "0xc4.0xc9.0xd6.0xc8",
        "3301559496",
        "196.201.214.200%eth0",
        "196.201.212.1",
    ],
)
def test_an_address_is_listed_only_as_itself(address: str) -> None:
    assert not is_listed(address, read_settings(GOOD).callback_networks)


@pytest.mark.parametrize("base", ["http://127.0.0.1:9600", "http://localhost:9600", "https://a.b/"])
def test_this_machine_may_be_daraja_over_http(base: str) -> None:
    assert read_settings({**GOOD, "SAFARICOM_BASE": base}).base_url == base.rstrip("/")


def test_an_error_about_a_request_repeats_nothing_that_was_sent() -> None:
    body = {"phone_number": ["254708374149"], "amount": "254708374149", "booking_id": {}}
    with pytest.raises(InvalidRequestError) as caught:
        requests.parse_stk_push(body, max_amount_kes=250_000)
    chain = f"{caught.value!r} {caught.value.sentence} {caught.value.__cause__!s}"
    assert "708374149" not in chain

"""docs/daraja.md 9.1: the SecurityCredential, roles, expiry and lock of API operators."""

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from simulator.core import Config, SimulatorError
from simulator.core.initiator.certificate import decrypted
from tests.unit.simulator.initiator_client import (
    PASSWORD,
    InitiatorClient,
    certificate_key,
    credential,
)


def test_only_the_certificates_pkcs1_block_of_the_right_password_is_accepted() -> None:
    other = rsa.generate_private_key(65537, 2048).public_key()
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    blocks = [
        certificate_key().encrypt(PASSWORD.encode(), oaep),
        certificate_key().encrypt(base64.b64encode(PASSWORD.encode()), padding.PKCS1v15()),
        other.encrypt(PASSWORD.encode(), padding.PKCS1v15()),
        b"plain",
    ]
    for block in blocks:
        text = base64.b64encode(block).decode()
        assert InitiatorClient().code("balance", SecurityCredential=text) == 2001
        assert decrypted(text) in (None, base64.b64encode(PASSWORD.encode()))
    assert len(credential()) == 344


CREDENTIAL_CASES = [
    # settings, initiator, api, ResultCode
    ({}, "testlocked", "status", 8006),
    ({}, "testexpired", "status", 2001),
    ({"expired_password_code": "8006"}, "testexpired", "status", 8006),
    ({}, "testinactive", "status", 22),
    ({}, "testbalance", "status", 21),
    ({}, "testbalance", "balance", "0"),
    ({}, "nobody", "status", 2001),
    ({"unknown_initiator_code": "20"}, "nobody", "status", 20),
]


@pytest.mark.parametrize(("settings", "initiator", "api", "code"), CREDENTIAL_CASES)
def test_an_operator_needs_its_role_and_a_live_password(
    settings: dict[str, Any], initiator: str, api: str, code: object
) -> None:
    assert InitiatorClient(Config(**settings)).code(api, Initiator=initiator) == code


@pytest.mark.parametrize("wrong_code", ["2001", "18"])
def test_three_wrong_passwords_lock_and_a_right_one_between_resets_the_count(
    wrong_code: str,
) -> None:
    client = InitiatorClient(Config(wrong_password_code=wrong_code))
    wrong = {"SecurityCredential": credential("Another#2026")}
    told = [client.code("status", **each) for each in (wrong, wrong, {}, wrong, wrong, wrong, {})]
    code = int(wrong_code)
    assert told == [code, code, 0, code, code, 8006, 8006]
    client.daraja.set_initiator("testapi", password="Another#2026")
    assert client.code("status", **wrong) == 0


def test_a_password_dies_on_day_ninety() -> None:
    client = InitiatorClient(Config(token_seconds=1e9))
    client.wait(89 * 86_400)
    assert client.code("status") == 0
    client.wait(86_400)
    assert client.code("status") == 2001


@pytest.mark.parametrize("password", ["Short#1", "With@sign1", "With.dot1", "With(one)", "Å#12345"])
def test_a_password_may_hold_only_what_the_portal_takes(password: str) -> None:
    with pytest.raises(SimulatorError):
        InitiatorClient().daraja.set_initiator("testapi", password=password)

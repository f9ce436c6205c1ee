"""Storing secrets: tried before stored, generated where missing, never shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import requests
from moto import mock_aws

from simulator.core import Daraja
from simulator.core.config import SANDBOX_PASSKEY, Config
from tests.support.daraja import BASE_URL, new_session
from tools.store_secrets import (
    Places,
    SecretsError,
    ensure_generated,
    is_stored,
    rotate_jwt,
    store_daraja,
    try_credentials,
)

APP = Config().apps[0]
CREDENTIALS = {
    "SAFARICOM_CONSUMER_KEY": APP.consumer_key,
    "SAFARICOM_CONSUMER_SECRET": APP.consumer_secret,
    "SAFARICOM_PASSKEY": SANDBOX_PASSKEY,
}


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield boto3.client("secretsmanager", region_name="eu-west-1")


@pytest.fixture
def places(client: Any) -> Places:
    arns = {
        name: client.create_secret(Name=name, SecretString=json.dumps(content))["ARN"]
        for name, content in (
            ("daraja", {"SAFARICOM_CONSUMER_KEY": ""}),
            ("jwt", {"JWT_SECRET": "present"}),
            ("pepper", {}),
        )
    }
    return Places(arns["daraja"], arns["jwt"], arns["pepper"], BASE_URL)


def stored(client: Any, arn: str) -> dict[str, str]:
    values: dict[str, str] = json.loads(client.get_secret_value(SecretId=arn)["SecretString"])
    return values


def daraja_get() -> Any:
    return new_session(Daraja(clock=lambda: 1_790_000_000.0, seed=1)).get


def test_credentials_that_daraja_accepts_are_stored(client: Any, places: Places) -> None:
    try_credentials(CREDENTIALS, BASE_URL, get=daraja_get())
    store_daraja(client, places, CREDENTIALS)
    assert stored(client, places.daraja_arn) == CREDENTIALS


def test_placeholders_are_no_credentials(client: Any, places: Places) -> None:
    assert not is_stored(client, places)
    store_daraja(client, places, {**CREDENTIALS, "SAFARICOM_PASSKEY": ""})
    assert not is_stored(client, places)
    store_daraja(client, places, CREDENTIALS)
    assert is_stored(client, places)


def test_credentials_that_daraja_refuses_are_named_as_such_without_showing_them() -> None:
    wrong = {**CREDENTIALS, "SAFARICOM_CONSUMER_SECRET": "not-the-secret"}
    with pytest.raises(SecretsError, match="refuses these credentials") as caught:
        try_credentials(wrong, BASE_URL, get=daraja_get())
    assert "not-the-secret" not in str(caught.value)
    assert APP.consumer_key not in str(caught.value)


def test_a_daraja_that_does_not_answer_is_said_so() -> None:
    def get(*_: object, **__: object) -> requests.Response:
        raise requests.ConnectionError

    with pytest.raises(SecretsError, match="does not answer"):
        try_credentials(CREDENTIALS, BASE_URL, get=get)


def test_only_what_is_missing_is_generated(client: Any, places: Places) -> None:
    assert ensure_generated(client, places) == ["PHONE_PEPPER"]
    assert stored(client, places.jwt_arn) == {"JWT_SECRET": "present"}
    pepper = stored(client, places.pepper_arn)["PHONE_PEPPER"]
    assert len(pepper) >= 32
    assert ensure_generated(client, places) == []
    assert stored(client, places.pepper_arn)["PHONE_PEPPER"] == pepper


def test_a_rotated_jwt_secret_keeps_the_one_before(client: Any, places: Places) -> None:
    rotate_jwt(client, places)
    values = stored(client, places.jwt_arn)
    assert values["JWT_SECRET_PREVIOUS"] == "present"
    assert len(values["JWT_SECRET"]) >= 32

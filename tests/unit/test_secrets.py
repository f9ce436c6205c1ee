"""Secrets are read at run time, kept five minutes at most, and never shown."""

import json
import logging
import threading
from collections.abc import Iterator
from typing import cast

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber
from mypy_boto3_secretsmanager import SecretsManagerClient
from payments.aws.secrets import CACHE_SECONDS, Secrets, SecretUnavailableError, parse_secret

from tests.support.clock import VirtualClock

ARN = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:daraja-AbCdEf"
OLD = {"SAFARICOM_PASSKEY": "old-passkey-that-nobody-may-see"}
NEW = {"SAFARICOM_PASSKEY": "new-passkey-that-nobody-may-see"}


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(1_700_000_000.0)


@pytest.fixture
def client() -> SecretsManagerClient:
    real: SecretsManagerClient = boto3.client(
        "secretsmanager",
        region_name="eu-west-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",
    )
    return real


@pytest.fixture
def stub(client: SecretsManagerClient) -> Iterator[Stubber]:
    """Answers in the order given and fails on any call that was not announced."""
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def secrets(client: SecretsManagerClient, stub: Stubber, clock: VirtualClock) -> Secrets:
    """Only what the stub announces is answered."""
    return Secrets(client, clock)


def announce(stub: Stubber, *values: dict[str, str]) -> None:
    for each in values:
        announce_text(stub, SecretString=json.dumps(each))


def announce_text(stub: Stubber, **text: str) -> None:
    answer = {"ARN": ARN, "Name": "daraja", **text}
    stub.add_response("get_secret_value", answer, {"SecretId": ARN})


def test_a_secret_is_asked_for_once_within_five_minutes(
    secrets: Secrets, stub: Stubber, clock: VirtualClock
) -> None:
    announce(stub, OLD)
    assert secrets.read(ARN) == OLD
    clock.now += CACHE_SECONDS - 0.001
    assert secrets.read(ARN) == OLD


def test_the_cache_is_never_longer_than_five_minutes() -> None:
    assert 0 < CACHE_SECONDS <= 300


@pytest.mark.parametrize("seconds", [CACHE_SECONDS, -3600])
def test_a_rotated_passkey_is_used_after_five_minutes_and_after_a_clock_set_back(
    secrets: Secrets, stub: Stubber, clock: VirtualClock, seconds: float
) -> None:
    announce(stub, OLD, NEW)
    assert secrets.read(ARN) == OLD
    clock.now += seconds
    assert secrets.read(ARN) == NEW


def test_a_forgotten_secret_is_read_again_at_once(secrets: Secrets, stub: Stubber) -> None:
    announce(stub, OLD, NEW)
    secrets.read(ARN)
    secrets.forget(ARN)
    assert secrets.read(ARN) == NEW


def test_forgetting_a_secret_never_read_changes_nothing(secrets: Secrets) -> None:
    secrets.forget(ARN)


def test_a_value_too_old_is_not_used_when_secrets_manager_refuses(
    secrets: Secrets, stub: Stubber, clock: VirtualClock
) -> None:
    announce(stub, OLD)
    stub.add_client_error("get_secret_value", "AccessDeniedException", "no")
    announce(stub, NEW)
    secrets.read(ARN)
    clock.now += CACHE_SECONDS
    with pytest.raises(SecretUnavailableError, match="AccessDeniedException"):
        secrets.read(ARN)
    assert secrets.read(ARN) == NEW, "a failure is not remembered"


def test_no_answer_from_secrets_manager_is_said_plainly(clock: VirtualClock) -> None:
    class Unreachable:
        def get_secret_value(self, **_: str) -> object:
            raise EndpointConnectionError(endpoint_url="https://secretsmanager.example")

    with pytest.raises(SecretUnavailableError, match="gave no answer") as caught:
        Secrets(cast("SecretsManagerClient", Unreachable()), clock).read(ARN)
    assert caught.value.secret == ARN


def test_a_missing_arn_is_said_before_any_call(secrets: Secrets) -> None:
    with pytest.raises(SecretUnavailableError, match="not in the environment"):
        secrets.read("")


@pytest.mark.parametrize(
    "text",
    [
        "sk-very-secret-plain-text",
        '"sk-very-secret-json-string"',
        '["sk-very-secret"]',
        "null",
        '{"PASSKEY": "sk-very-secret',
        '{"PASSKEY": {"nested": "sk-very-secret"}}',
        '{"PASSKEY": 12345678}',
        '{"PASSKEY": null}',
        "[" * 100_000,
    ],
)
def test_a_malformed_secret_is_refused_without_repeating_its_text(
    text: str, secrets: Secrets, stub: Stubber, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "payments")
    announce_text(stub, SecretString=text)
    with pytest.raises(SecretUnavailableError) as caught:
        secrets.read(ARN)
    shown = f"{caught.value!s} {caught.value!r} {caught.value.__cause__!r} {caplog.text}"
    assert "sk-very" not in shown
    assert "12345678" not in shown


def test_an_exception_raised_by_a_malformed_secret_carries_no_copy_of_it() -> None:
    with pytest.raises(SecretUnavailableError) as caught:
        parse_secret(ARN, '{"PASSKEY": "sk-very-secret')
    assert caught.value.__context__ is None, "a JSONDecodeError keeps the text in its doc"


def test_a_binary_secret_is_refused(secrets: Secrets, stub: Stubber) -> None:
    announce_text(stub)
    with pytest.raises(SecretUnavailableError, match="no SecretString"):
        secrets.read(ARN)


def test_the_values_cannot_be_changed_by_a_caller(secrets: Secrets, stub: Stubber) -> None:
    announce(stub, OLD)
    values = secrets.read(ARN)
    with pytest.raises(TypeError):
        values["SAFARICOM_PASSKEY"] = "mine"  # type: ignore[index]


def test_a_cache_that_is_printed_shows_no_secret(secrets: Secrets, stub: Stubber) -> None:
    announce(stub, OLD)
    secrets.read(ARN)
    assert "old-passkey" not in f"{secrets!r} {vars(secrets)!r}"


class Meeting:
    """Stands for Secrets Manager: answers nobody until `parties` calls wait at the same time."""

    def __init__(self, parties: int, refuses: str = "") -> None:
        self._barrier = threading.Barrier(parties, timeout=120)
        self._refuses = refuses
        self.asked: list[str] = []

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:  # noqa: N803 - boto3's name
        self.asked.append(SecretId)
        self._barrier.wait()
        if SecretId == self._refuses:
            raise EndpointConnectionError(endpoint_url="https://secretsmanager")
        return {"SecretString": json.dumps({"name": SecretId})}


def test_secrets_that_are_needed_together_take_one_round_trip(clock: VirtualClock) -> None:
    meeting = Meeting(parties=3)
    secrets = Secrets(
        cast("SecretsManagerClient", meeting), clock, together=("jwt", "daraja", "", "pepper")
    )
    names = ["jwt", "daraja", "pepper"]
    assert [secrets.read(name)["name"] for name in names] == names
    assert sorted(meeting.asked) == ["daraja", "jwt", "pepper"]


def test_a_secret_that_fails_on_the_way_fails_whoever_reads_it(clock: VirtualClock) -> None:
    meeting = Meeting(parties=2, refuses="pepper")
    secrets = Secrets(cast("SecretsManagerClient", meeting), clock, together=("jwt", "pepper"))
    assert secrets.read("jwt") == {"name": "jwt"}
    meeting._barrier = threading.Barrier(1)
    with pytest.raises(SecretUnavailableError, match="pepper"):
        secrets.read("pepper")
    assert secrets.read("jwt") == {"name": "jwt"}
    assert meeting.asked.count("jwt") == 1


def test_a_secret_that_is_not_among_them_is_asked_for_alone(clock: VirtualClock) -> None:
    meeting = Meeting(parties=1)
    secrets = Secrets(cast("SecretsManagerClient", meeting), clock, together=("jwt", "pepper"))
    assert secrets.read("daraja") == {"name": "daraja"}
    assert meeting.asked == ["daraja"]

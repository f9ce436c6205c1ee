"""The authorizer with the shared secret: who is let in, who is not, and what it says."""

import base64
import json
import logging

import pytest
from payments.aws.secrets import Secrets, SecretUnavailableError
from payments.http.authentication import LEEWAY_SECONDS, TOKEN_BYTES_MAX
from payments.http.token_keys import AuthSettings, SharedSecret, read_settings

from functions.authorizer import app
from functions.authorizer.app import Authenticator
from tests.support.bad_tokens import (
    OTHER_SECRET,
    BadToken,
    bad_tokens,
    flask_tokens,
    good_claims,
    token_of,
)

ARN = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:jwt-AbCdEf"
SECRET = "the-secret-that-signs-tokens-0123456789abcdef"
NEW_SECRET = "the-secret-that-replaces-it-0123456789abcdef"
NOW = 1_790_000_000
BAD_TOKENS = bad_tokens(SECRET, NOW)


class Clock:
    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class SecretsManager:
    """Stands for Secrets Manager: holds one JSON text, counts the reads, can be down."""

    def __init__(self, **values: str) -> None:
        self.values = values
        self.reads = 0
        self.is_down = False

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:  # noqa: N803 - boto3's name
        self.reads += 1
        if self.is_down:
            raise SecretUnavailableError(SecretId, "Secrets Manager is down")
        return {"SecretString": json.dumps(self.values)}


class Deployment:
    """An authorizer in HS256 mode, with its clock and its secret at hand."""

    def __init__(self, issuer: str = "", audience: str = "", **values: str) -> None:
        self.clock = Clock()
        self.manager = SecretsManager(**(values or {"JWT_SECRET": SECRET}))
        secrets = Secrets(self.manager, self.clock)  # type: ignore[arg-type]
        keys = SharedSecret(secrets, ARN, self.clock)
        settings = AuthSettings(ARN, "", issuer, audience)
        self.authenticator = Authenticator(settings, keys, self.clock)

    def answer(self, authorization: str) -> dict[str, str]:
        event = {
            "version": "2.0",
            "identitySource": [authorization],
            "headers": {"authorization": authorization},
        }
        answer = self.authenticator.answer(event)
        assert answer["isAuthorized"] is True
        context = answer["context"]
        assert list(context) == ["auth", "sub", "scope", "exp"]
        assert all(isinstance(value, str) for value in context.values())
        return dict(context)

    def auth_of(self, claims: dict[str, object], secret: str = SECRET) -> str:
        return self.answer(f"Bearer {token_of(claims, secret)}")["auth"]


@pytest.fixture
def deployment() -> Deployment:
    return Deployment()


def test_the_table_holds_far_more_than_forty_kinds_of_bad_token() -> None:
    assert len(BAD_TOKENS) >= 140


@pytest.mark.parametrize("bad", BAD_TOKENS, ids=lambda bad: bad.name)
def test_a_bad_token_opens_nothing(bad: BadToken, deployment: Deployment) -> None:
    assert deployment.answer(bad.authorization) == {
        "auth": bad.auth,
        "sub": "",
        "scope": "",
        "exp": "0",
    }


@pytest.mark.parametrize("bad", BAD_TOKENS, ids=lambda bad: bad.name)
def test_a_bad_token_is_not_quoted_in_the_log(
    bad: BadToken, deployment: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    deployment.answer(bad.authorization)
    for part in bad.authorization.replace(".", " ").split():
        assert len(part) < 8 or part not in caplog.text
    assert "client-1" not in caplog.text
    assert SECRET not in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_good_token_names_its_caller(deployment: Deployment) -> None:
    claims = {**good_claims(NOW), "scope": "payments:read consultations:write"}
    assert deployment.answer(f"Bearer {token_of(claims, SECRET)}") == {
        "auth": "ok",
        "sub": "client-1",
        "scope": "payments:read consultations:write",
        "exp": str(NOW + 900 + LEEWAY_SECONDS),
    }


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer  "])
def test_the_scheme_is_read_in_any_case(scheme: str, deployment: Deployment) -> None:
    token = token_of(good_claims(NOW), SECRET)
    assert deployment.answer(f"{scheme} {token}")["auth"] == "ok"


@pytest.mark.parametrize(
    ("identity", "subject"), [("client-1", "client-1"), (42, "42"), (0, "0"), ("42", "42")]
)
def test_a_real_flask_access_token_is_accepted(identity: object, subject: str) -> None:
    deployment = Deployment()
    access, refresh = flask_tokens(SECRET, identity)
    deployment.clock.now = 4_000_000_000
    assert deployment.answer(f"Bearer {access}")["auth"] == "expired", "it is a quarter hour long"
    deployment.clock.now = float(json.loads(_payload(access))["iat"])
    assert deployment.answer(f"Bearer {access}")["auth"] == "ok"
    assert deployment.answer(f"Bearer {access}")["sub"] == subject
    assert deployment.answer(f"Bearer {refresh}")["auth"] == "invalid"


def _payload(token: str) -> bytes:
    return base64.urlsafe_b64decode(token.split(".")[1] + "==")


@pytest.mark.parametrize(
    ("claims", "scope"),
    [
        ({}, ""),
        ({"scope": ""}, ""),
        ({"scope": None}, ""),
        ({"scope": "a  b"}, "a b"),
        ({"scope": ["a", "b"]}, "a b"),
        ({"scopes": ["a", "b"]}, "a b"),
        ({"scopes": "a b"}, "a b"),
        ({"permissions": ["payments:read"]}, "payments:read"),
        ({"scope": "a b", "scopes": ["b", "c"], "permissions": ["c", "d"]}, "a b c d"),
    ],
)
def test_scopes_are_read_from_the_three_usual_claims(
    claims: dict[str, object], scope: str, deployment: Deployment
) -> None:
    token = token_of({**good_claims(NOW), **claims}, SECRET)
    context = deployment.answer(f"Bearer {token}")
    assert (context["auth"], context["scope"]) == ("ok", scope)


@pytest.mark.parametrize(
    ("name", "seconds", "auth"),
    [
        ("exp", -LEEWAY_SECONDS + 1, "ok"),
        ("exp", -LEEWAY_SECONDS, "expired"),
        ("nbf", LEEWAY_SECONDS, "ok"),
        ("nbf", LEEWAY_SECONDS + 1, "invalid"),
        ("iat", LEEWAY_SECONDS, "ok"),
        ("iat", LEEWAY_SECONDS + 1, "invalid"),
    ],
)
def test_clocks_may_disagree_by_the_leeway_and_no_more(
    name: str, seconds: int, auth: str, deployment: Deployment
) -> None:
    assert deployment.auth_of({**good_claims(NOW), name: NOW + seconds}) == auth


def test_the_leeway_is_a_minute_at_most() -> None:
    assert 0 <= LEEWAY_SECONDS <= 60


def test_times_may_have_fractions(deployment: Deployment) -> None:
    times = {"exp": NOW + 0.5, "nbf": NOW - 0.5, "iat": NOW - 0.25}
    token = token_of({**good_claims(NOW), **times}, SECRET)
    assert deployment.answer(f"Bearer {token}")["exp"] == str(NOW + LEEWAY_SECONDS)


def test_a_forged_token_that_has_expired_is_only_invalid(deployment: Deployment) -> None:
    assert deployment.auth_of({**good_claims(NOW), "exp": 1}, OTHER_SECRET) == "invalid"


# -- issuer and audience


@pytest.mark.parametrize(
    ("claims", "auth"),
    [
        ({"iss": "bookings", "aud": "hakika"}, "ok"),
        ({"iss": "bookings", "aud": ["other", "hakika"]}, "ok"),
        ({"aud": "hakika"}, "invalid"),
        ({"iss": "bookings"}, "invalid"),
        ({"iss": "bookings/", "aud": "hakika"}, "invalid"),
        ({"iss": "Bookings", "aud": "hakika"}, "invalid"),
        ({"iss": ["bookings"], "aud": "hakika"}, "invalid"),
        ({"iss": "bookings", "aud": "hakika2"}, "invalid"),
        ({"iss": "bookings", "aud": "hak"}, "invalid"),
        ({"iss": "bookings", "aud": []}, "invalid"),
        ({"iss": "bookings", "aud": [["hakika"]]}, "invalid"),
        ({"iss": "bookings", "aud": {"hakika": 1}}, "invalid"),
        ({"iss": None, "aud": "hakika"}, "invalid"),
        ({"iss": "bookings", "aud": None}, "invalid"),
    ],
)
def test_issuer_and_audience_are_exact_where_configured(
    claims: dict[str, object], auth: str
) -> None:
    deployment = Deployment(issuer="bookings", audience="hakika")
    assert deployment.auth_of({**good_claims(NOW), **claims}) == auth


def test_issuer_and_audience_do_not_matter_where_not_configured(deployment: Deployment) -> None:
    claims = {**good_claims(NOW), "iss": "anyone", "aud": "anything"}
    assert deployment.auth_of(claims) == "ok"


# -- rotation of the secret


def test_the_previous_secret_is_accepted_while_it_is_being_replaced() -> None:
    deployment = Deployment(JWT_SECRET=NEW_SECRET, JWT_SECRET_PREVIOUS=SECRET)
    assert deployment.auth_of(good_claims(NOW), NEW_SECRET) == "ok"
    assert deployment.auth_of(good_claims(NOW), SECRET) == "ok"
    assert deployment.auth_of(good_claims(NOW), OTHER_SECRET) == "invalid"


def test_a_token_signed_with_a_new_secret_is_good_at_once(deployment: Deployment) -> None:
    assert deployment.auth_of(good_claims(NOW), SECRET) == "ok"
    deployment.manager.values = {"JWT_SECRET": NEW_SECRET, "JWT_SECRET_PREVIOUS": SECRET}
    assert deployment.auth_of(good_claims(NOW), NEW_SECRET) == "ok"
    assert deployment.auth_of(good_claims(NOW), SECRET) == "ok"


def test_a_withdrawn_secret_stops_working_within_five_minutes(deployment: Deployment) -> None:
    claims = {**good_claims(NOW), "exp": NOW + 3600}
    assert deployment.auth_of(claims, SECRET) == "ok"
    deployment.manager.values = {"JWT_SECRET": NEW_SECRET, "JWT_SECRET_PREVIOUS": ""}
    deployment.clock.now += 300
    assert deployment.auth_of(claims, SECRET) == "invalid"
    assert deployment.auth_of(claims, NEW_SECRET) == "ok"


def test_a_flood_of_forged_tokens_reads_the_secret_once_in_thirty_seconds(
    deployment: Deployment,
) -> None:
    for second in range(300):
        deployment.clock.now = NOW + second / 10
        deployment.auth_of(good_claims(NOW), OTHER_SECRET)
    assert deployment.manager.reads <= 2


@pytest.mark.parametrize("secret", ["", "x", "x" * 31])
def test_a_secret_short_enough_to_guess_lets_nobody_in(
    secret: str, caplog: pytest.LogCaptureFixture
) -> None:
    deployment = Deployment(JWT_SECRET=secret)
    assert deployment.auth_of(good_claims(NOW), secret) == "unavailable"
    assert "must have 32 bytes or more" in caplog.text


@pytest.mark.parametrize("previous", ["", "x", "x" * 31])
def test_a_short_previous_secret_is_not_accepted(previous: str) -> None:
    deployment = Deployment(JWT_SECRET=SECRET, JWT_SECRET_PREVIOUS=previous)
    assert deployment.auth_of(good_claims(NOW), previous) == "invalid"
    assert deployment.auth_of(good_claims(NOW), SECRET) == "ok"


def test_a_secret_that_cannot_be_read_lets_nobody_in(
    deployment: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    deployment.manager.is_down = True
    assert deployment.auth_of(good_claims(NOW)) == "unavailable"
    assert "No token can be checked" in caplog.text
    deployment.manager.is_down = False
    assert deployment.auth_of(good_claims(NOW)) == "ok"


# -- the event


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"headers": None},
        {"headers": {}},
        {"headers": []},
        {"headers": {"Authorization": "x"}},
        {"headers": {"authorization": None}},
        {"headers": {"authorization": 7}},
        {"identitySource": [], "headers": {}},
        {"identitySource": [None]},
        {"identitySource": [7]},
        {"identitySource": ["a", "b"]},
        {"identitySource": [{}]},
        {"identitySource": ["Bearer a.b.c\n"]},
        {"identitySource": ["Bearer a.b.\u00e9"]},
        {"identitySource": ["Bearer \ud800.b.c"]},
        {"identitySource": ["\u0000"]},
    ],
)
def test_an_event_without_one_good_header_is_invalid(
    event: dict[str, object], deployment: Deployment
) -> None:
    assert deployment.authenticator.answer(event)["context"]["auth"] == "invalid"


def test_two_identity_sources_are_not_a_choice(deployment: Deployment) -> None:
    good = f"Bearer {token_of(good_claims(NOW), SECRET)}"
    event = {"identitySource": [good, good], "headers": {"authorization": good}}
    assert deployment.authenticator.answer(event)["context"]["auth"] == "invalid"


def test_what_api_gateway_caches_under_is_what_is_read(deployment: Deployment) -> None:
    good = f"Bearer {token_of(good_claims(NOW), SECRET)}"
    event = {"identitySource": ["Bearer a.b.c"], "headers": {"authorization": good}}
    assert deployment.authenticator.answer(event)["context"]["auth"] == "invalid"


def test_the_largest_token_is_eight_kilobytes(deployment: Deployment) -> None:
    short = f"Bearer {token_of({**good_claims(NOW), 'note': ''}, SECRET)}"
    spare = (TOKEN_BYTES_MAX - len(short)) * 3 // 4 - 4
    token = token_of({**good_claims(NOW), "note": "n" * spare}, SECRET)
    assert deployment.answer(f"Bearer {token}")["auth"] == "ok"
    larger = token_of({**good_claims(NOW), "note": "n" * (spare + 16)}, SECRET)
    assert len(f"Bearer {larger}") > TOKEN_BYTES_MAX
    assert deployment.answer(f"Bearer {larger}")["auth"] == "invalid"


def test_a_bug_in_the_authorizer_is_a_refusal_and_an_alarm_not_a_crash(
    deployment: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        algorithms = ("HS256",)

        def candidates(self, kid: object) -> list[bytes]:
            raise ZeroDivisionError("Bearer a.b.c")

        def renew(self) -> bool:
            return False

    settings = AuthSettings(ARN, "", "", "")
    authenticator = Authenticator(settings, Broken(), deployment.clock)
    event = {"identitySource": [f"Bearer {token_of(good_claims(NOW), SECRET)}"]}
    assert authenticator.answer(event)["context"]["auth"] == "invalid"
    assert "ZeroDivisionError" in caplog.text
    assert "a.b.c" not in caplog.text


# -- settings


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({}, "Set JWT_SECRET_ARN"),
        ({"JWT_SECRET_ARN": "  "}, "Set JWT_SECRET_ARN"),
        ({"JWKS_URL": "http://id.example/keys", "JWT_ISSUER": "i", "JWT_AUDIENCE": "a"}, "https"),
        (
            {"JWKS_URL": "http://127.0.0.1.example/k", "JWT_ISSUER": "i", "JWT_AUDIENCE": "a"},
            "https",
        ),
        ({"JWKS_URL": "file:///etc/passwd", "JWT_ISSUER": "i", "JWT_AUDIENCE": "a"}, "https"),
        ({"JWKS_URL": "https://", "JWT_ISSUER": "i", "JWT_AUDIENCE": "a"}, "https"),
        ({"JWKS_URL": "https://id.example/keys", "JWT_AUDIENCE": "a"}, "JWT_ISSUER"),
        ({"JWKS_URL": "https://id.example/keys", "JWT_ISSUER": "i"}, "JWT_AUDIENCE"),
    ],
)
def test_bad_settings_are_one_clear_sentence(environment: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        read_settings(environment)


def test_public_keys_and_the_shared_secret_are_never_used_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("JWT_SECRET_ARN", ARN)
    monkeypatch.setenv("JWKS_URL", "https://id.example/keys")
    monkeypatch.setenv("JWT_ISSUER", "https://id.example/")
    monkeypatch.setenv("JWT_AUDIENCE", "hakika")
    app.prepare.cache_clear()
    answer = app.handler({"identitySource": [f"Bearer {token_of(good_claims(NOW), SECRET)}"]}, None)
    app.prepare.cache_clear()
    assert answer["context"]["auth"] == "invalid", "HS256 is refused before any key is fetched"

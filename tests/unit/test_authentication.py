"""Authentication with the shared secret: who is let in, who is not, and what is logged."""

import base64
import json
from collections.abc import Mapping

import pytest
from payments.aws.secrets import Secrets, SecretUnavailableError
from payments.aws.token_families import STAFF_AUDIENCE, TokenFamily, customer_tokens
from payments.errors import SettingsError, UnauthenticatedError, UnavailableError
from payments.http.authentication import Authenticator
from payments.http.token_claims import LEEWAY_SECONDS, TOKEN_BYTES_MAX, Caller
from payments.http.token_keys import RENEW_SECONDS, Keys, SharedSecret

from tests.support.bad_tokens import BadToken, bad_tokens, flask_tokens, good_claims
from tests.support.clock import VirtualClock
from tests.support.observer import Notes
from tests.support.tokens import OTHER_SECRET, token_of

ARN = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:jwt-AbCdEf"
SECRET = "the-secret-that-signs-tokens-0123456789abcdef"
NEW_SECRET = "the-secret-that-replaces-it-0123456789abcdef"
NOW = 1_790_000_000
BAD_TOKENS = bad_tokens(SECRET, NOW)
UNAVAILABLE = f"503 authentication_unavailable {RENEW_SECONDS}"


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
    """One family of tokens in HS256 mode, with its clock, its secret and its log at hand."""

    def __init__(self, family: TokenFamily | None = None, **values: str) -> None:
        self.clock = VirtualClock(NOW)
        self.manager = SecretsManager(**(values or {"JWT_SECRET": SECRET}))
        self.notes = Notes()
        secrets = Secrets(self.manager, self.clock)  # type: ignore[arg-type]
        self.use(family or TokenFamily(secret_arn=ARN), SharedSecret(secrets, ARN, self.clock))

    def use(self, family: TokenFamily, keys: Keys) -> None:
        self.authenticator = Authenticator(family, keys, clock=self.clock, observer=self.notes)

    def caller(self, authorization: str) -> Caller:
        return self.authenticator.caller({"headers": {"authorization": authorization}})

    def judge(self, event: Mapping[str, object]) -> str:
        try:
            self.authenticator.caller(event)
        except UnauthenticatedError:
            return "refused"
        except UnavailableError as error:
            return f"{error.http_status} {error.code} {error.retry_after_seconds}"
        return "ok"

    def verdict(self, authorization: str) -> str:
        return self.judge({"headers": {"authorization": authorization}})

    def verdict_on(self, claims: Mapping[str, object], secret: str = SECRET) -> str:
        return self.verdict(f"Bearer {token_of(claims, secret)}")


@pytest.fixture
def deployment() -> Deployment:
    return Deployment()


def test_the_table_holds_far_more_than_forty_kinds_of_bad_token() -> None:
    assert len(BAD_TOKENS) >= 140


@pytest.mark.parametrize("bad", BAD_TOKENS, ids=lambda bad: bad.name)
def test_a_bad_token_opens_nothing(bad: BadToken, deployment: Deployment) -> None:
    assert deployment.verdict(bad.authorization) == "refused"


@pytest.mark.parametrize("bad", BAD_TOKENS, ids=lambda bad: bad.name)
def test_a_bad_token_is_not_quoted_in_the_log(bad: BadToken, deployment: Deployment) -> None:
    deployment.verdict(bad.authorization)
    [(message, facts)] = deployment.notes.noted_lines
    assert (message, list(facts)) == ("token refused", ["reason"])
    for part in bad.authorization.replace(".", " ").split():
        assert len(part) < 8 or part not in str(facts)
    assert "client-1" not in str(facts)
    assert SECRET not in str(facts)


def test_a_good_token_names_its_caller(deployment: Deployment) -> None:
    claims = {**good_claims(NOW), "scope": "payments:read consultations:write"}
    assert deployment.caller(f"Bearer {token_of(claims, SECRET)}") == Caller(
        client_id="client-1",
        scopes=frozenset({"payments:read", "consultations:write"}),
        expires_at=NOW + 900,
        issued_at=NOW,
    )
    assert deployment.notes.noted_lines == []


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer  "])
def test_the_scheme_is_read_in_any_case(scheme: str, deployment: Deployment) -> None:
    token = token_of(good_claims(NOW), SECRET)
    assert deployment.verdict(f"{scheme} {token}") == "ok"


@pytest.mark.parametrize(
    ("identity", "subject"), [("client-1", "client-1"), (42, "42"), (0, "0"), ("42", "42")]
)
def test_a_real_flask_access_token_is_accepted(identity: object, subject: str) -> None:
    deployment = Deployment()
    access, refresh = flask_tokens(SECRET, identity)
    deployment.clock.now = 4_000_000_000
    assert deployment.verdict(f"Bearer {access}") == "refused", "it is a quarter hour long"
    deployment.clock.now = float(json.loads(_payload(access))["iat"])
    assert deployment.caller(f"Bearer {access}").client_id == subject
    assert deployment.verdict(f"Bearer {refresh}") == "refused"


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
    assert deployment.caller(f"Bearer {token}").scopes == frozenset(scope.split())


@pytest.mark.parametrize(
    ("name", "seconds", "verdict"),
    [
        ("exp", 1, "ok"),
        ("exp", 0.5, "ok"),
        ("exp", 0, "refused"),
        ("exp", -0.5, "refused"),
        ("nbf", LEEWAY_SECONDS, "ok"),
        ("nbf", LEEWAY_SECONDS + 1, "refused"),
        ("iat", LEEWAY_SECONDS, "ok"),
        ("iat", LEEWAY_SECONDS + 1, "refused"),
    ],
)
def test_a_token_ends_at_its_exp_and_the_issuers_clock_may_be_ahead_by_the_leeway(
    name: str, seconds: float, verdict: str, deployment: Deployment
) -> None:
    assert deployment.verdict_on({**good_claims(NOW), name: NOW + seconds}) == verdict


@pytest.mark.parametrize("name", ["nbf", "iat"])
def test_times_are_compared_with_the_given_clock_and_no_other(
    name: str, deployment: Deployment
) -> None:
    deployment.clock.now = in_the_year_2096 = 4_000_000_000
    claims = {**good_claims(in_the_year_2096), name: in_the_year_2096 - 1}
    assert deployment.verdict_on(claims) == "ok"


def test_the_leeway_is_a_minute_at_most() -> None:
    assert 0 <= LEEWAY_SECONDS <= 60


@pytest.mark.parametrize(
    ("claims", "secret", "reason"),
    [({"exp": NOW}, SECRET, "expired"), ({"exp": 1}, OTHER_SECRET, "signature")],
)
def test_the_log_says_why_a_token_was_refused(
    claims: dict[str, object], secret: str, reason: str, deployment: Deployment
) -> None:
    deployment.verdict_on({**good_claims(NOW), **claims}, secret)
    assert deployment.notes.noted_lines == [("token refused", {"reason": reason})]


# -- issuer and audience


@pytest.mark.parametrize(
    ("claims", "verdict"),
    [
        ({"iss": "bookings", "aud": "hakika"}, "ok"),
        ({"iss": "bookings", "aud": ["other", "hakika"]}, "ok"),
        ({"aud": "hakika"}, "refused"),
        ({"iss": "bookings"}, "refused"),
        ({"iss": "bookings/", "aud": "hakika"}, "refused"),
        ({"iss": "Bookings", "aud": "hakika"}, "refused"),
        ({"iss": ["bookings"], "aud": "hakika"}, "refused"),
        ({"iss": "bookings", "aud": "hakika2"}, "refused"),
        ({"iss": "bookings", "aud": "hak"}, "refused"),
        ({"iss": "bookings", "aud": []}, "refused"),
        ({"iss": "bookings", "aud": [["hakika"]]}, "refused"),
        ({"iss": "bookings", "aud": {"hakika": 1}}, "refused"),
        ({"iss": None, "aud": "hakika"}, "refused"),
        ({"iss": "bookings", "aud": None}, "refused"),
    ],
)
def test_issuer_and_audience_are_exact_where_configured(
    claims: dict[str, object], verdict: str
) -> None:
    deployment = Deployment(TokenFamily(secret_arn=ARN, issuer="bookings", audience="hakika"))
    assert deployment.verdict_on({**good_claims(NOW), **claims}) == verdict


def test_issuer_and_audience_do_not_matter_where_not_configured(deployment: Deployment) -> None:
    claims = {**good_claims(NOW), "iss": "anyone", "aud": "anything"}
    assert deployment.verdict_on(claims) == "ok"


# -- families of tokens


STAFF = TokenFamily(secret_arn=ARN, issuer=STAFF_AUDIENCE, audience=STAFF_AUDIENCE)
CUSTOMERS = customer_tokens({"JWT_SECRET_ARN": ARN})
STAFF_CLAIMS = {**good_claims(NOW), "iss": STAFF_AUDIENCE, "aud": STAFF_AUDIENCE}


@pytest.mark.parametrize("audience", [STAFF_AUDIENCE, [STAFF_AUDIENCE], ["other", STAFF_AUDIENCE]])
def test_a_staff_token_opens_no_route_of_customers_even_under_the_same_secret(
    audience: object,
) -> None:
    assert Deployment(CUSTOMERS).verdict_on({**STAFF_CLAIMS, "aud": audience}) == "refused"
    assert Deployment(CUSTOMERS).verdict_on({**good_claims(NOW), "aud": [["x"], 5]}) == "ok"


def test_a_family_of_its_own_takes_its_own_tokens_and_no_customers() -> None:
    staff = Deployment(STAFF, JWT_SECRET=NEW_SECRET)
    assert staff.verdict_on(STAFF_CLAIMS, NEW_SECRET) == "ok"
    assert staff.verdict_on(STAFF_CLAIMS, SECRET) == "refused"
    assert staff.verdict_on(good_claims(NOW), NEW_SECRET) == "refused"


# -- rotation of the secret


def test_the_previous_secret_is_accepted_while_it_is_being_replaced() -> None:
    deployment = Deployment(JWT_SECRET=NEW_SECRET, JWT_SECRET_PREVIOUS=SECRET)
    assert deployment.verdict_on(good_claims(NOW), NEW_SECRET) == "ok"
    assert deployment.verdict_on(good_claims(NOW), SECRET) == "ok"
    assert deployment.verdict_on(good_claims(NOW), OTHER_SECRET) == "refused"


def test_a_token_signed_with_a_new_secret_is_good_at_once(deployment: Deployment) -> None:
    assert deployment.verdict_on(good_claims(NOW), SECRET) == "ok"
    deployment.manager.values = {"JWT_SECRET": NEW_SECRET, "JWT_SECRET_PREVIOUS": SECRET}
    assert deployment.verdict_on(good_claims(NOW), NEW_SECRET) == "ok"
    assert deployment.verdict_on(good_claims(NOW), SECRET) == "ok"


def test_a_withdrawn_secret_stops_working_within_five_minutes(deployment: Deployment) -> None:
    claims = {**good_claims(NOW), "exp": NOW + 3600}
    assert deployment.verdict_on(claims, SECRET) == "ok"
    deployment.manager.values = {"JWT_SECRET": NEW_SECRET, "JWT_SECRET_PREVIOUS": ""}
    deployment.clock.now += 300
    assert deployment.verdict_on(claims, SECRET) == "refused"
    assert deployment.verdict_on(claims, NEW_SECRET) == "ok"


def test_a_flood_of_forged_tokens_reads_the_secret_once_in_thirty_seconds(
    deployment: Deployment,
) -> None:
    for second in range(300):
        deployment.clock.now = NOW + second / 10
        deployment.verdict_on(good_claims(NOW), OTHER_SECRET)
    assert deployment.manager.reads <= 2


@pytest.mark.parametrize("secret", ["", "x", "x" * 31])
def test_a_secret_short_enough_to_guess_lets_nobody_in(secret: str) -> None:
    deployment = Deployment(JWT_SECRET=secret)
    assert deployment.verdict_on(good_claims(NOW), secret) == UNAVAILABLE
    assert "must have 32 bytes or more" in str(deployment.notes.noted_lines)


@pytest.mark.parametrize("previous", ["", "x", "x" * 31])
def test_a_short_previous_secret_is_not_accepted(previous: str) -> None:
    deployment = Deployment(JWT_SECRET=SECRET, JWT_SECRET_PREVIOUS=previous)
    assert deployment.verdict_on(good_claims(NOW), previous) == "refused"
    assert deployment.verdict_on(good_claims(NOW), SECRET) == "ok"


def test_a_secret_that_cannot_be_read_lets_nobody_in(deployment: Deployment) -> None:
    deployment.manager.is_down = True
    assert deployment.verdict_on(good_claims(NOW)) == UNAVAILABLE
    assert deployment.notes.noted_lines[0][0] == "no token can be checked"
    deployment.manager.is_down = False
    assert deployment.verdict_on(good_claims(NOW)) == "ok"


# -- the event


@pytest.mark.parametrize(
    "headers",
    [
        None,
        {},
        [],
        "Bearer a.b.c",
        {"authorization": None},
        {"authorization": 7},
        {"authorization": ["Bearer a.b.c"]},
        {"authorization": ""},
        {"authorization": "Bearer a.b.c\n"},
        {"authorization": "Bearer a.b.\u00e9"},
        {"authorization": "Bearer \ud800.b.c"},
        {"authorization": "\u0000"},
        {"x-authorization": "Bearer a.b.c"},
        {7: "Bearer a.b.c"},
    ],
)
def test_an_event_without_one_good_header_is_refused_and_reads_no_secret(
    headers: object, deployment: Deployment
) -> None:
    assert deployment.judge({"headers": headers}) == "refused"
    assert deployment.manager.reads == 0


@pytest.mark.parametrize("event", [{}, {"headers": {}}, {"headers": {"accept": "*/*"}}])
def test_a_request_without_a_token_costs_no_log_line(
    event: dict[str, object], deployment: Deployment
) -> None:
    assert deployment.judge(event) == "refused"
    assert deployment.notes.noted_lines == []


def test_two_headers_are_not_a_choice(deployment: Deployment) -> None:
    good = f"Bearer {token_of(good_claims(NOW), SECRET)}"
    assert deployment.judge({"headers": {"Authorization": good}}) == "ok"
    both = {"Authorization": good, "authorization": good}
    assert deployment.judge({"headers": both}) == "refused"


def test_nobody_else_vouches_for_a_caller(deployment: Deployment) -> None:
    """What API Gateway's own authorizers write into an event opens nothing."""
    vouched = {"auth": "ok", "sub": "client-1", "scope": "payments:read", "exp": "4000000000"}
    for context in ({"lambda": vouched}, {"jwt": {"claims": good_claims(NOW)}}):
        event = {"headers": {}, "requestContext": {"authorizer": context}}
        assert deployment.judge(event) == "refused"


def test_the_largest_token_is_eight_kilobytes(deployment: Deployment) -> None:
    short = f"Bearer {token_of({**good_claims(NOW), 'note': ''}, SECRET)}"
    spare = (TOKEN_BYTES_MAX - len(short)) * 3 // 4 - 4
    token = token_of({**good_claims(NOW), "note": "n" * spare}, SECRET)
    assert deployment.verdict(f"Bearer {token}") == "ok"
    larger = token_of({**good_claims(NOW), "note": "n" * (spare + 16)}, SECRET)
    assert len(f"Bearer {larger}") > TOKEN_BYTES_MAX
    assert deployment.verdict(f"Bearer {larger}") == "refused"


def test_a_defect_in_the_check_is_a_refusal_and_not_a_crash(deployment: Deployment) -> None:
    class Broken:
        algorithms = ("HS256",)

        def candidates(self, kid: object) -> list[bytes]:
            raise ZeroDivisionError("Bearer a.b.c")

        def renew(self) -> bool:
            return False

    deployment.use(CUSTOMERS, Broken())
    assert deployment.verdict_on(good_claims(NOW)) == "refused"
    noted = ("a token caused a defect", {"cause": "ZeroDivisionError"})
    assert deployment.notes.noted_lines == [noted]


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
        ({"JWT_SECRET_ARN": ARN, "JWT_AUDIENCE": STAFF_AUDIENCE}, "staff tokens"),
    ],
)
def test_bad_settings_are_one_clear_sentence(environment: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        customer_tokens(environment)


def test_public_keys_and_the_shared_secret_are_never_used_together() -> None:
    published = {"JWKS_URL": "https://id.example/keys", "JWT_ISSUER": "https://id.example/"}
    family = customer_tokens({"JWT_SECRET_ARN": ARN, "JWT_AUDIENCE": "hakika", **published})
    assert (family.secret_arn, family.jwks_url) == ("", "https://id.example/keys")

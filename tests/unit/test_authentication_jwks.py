"""Authentication with published keys: a closed set, asked for rarely, and never a shared secret."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.error import HTTPError

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from payments.aws.token_families import TokenFamily
from payments.errors import UnauthenticatedError, UnavailableError
from payments.http.authentication import Authenticator
from payments.http.published_keys import (
    KEY_SET_BYTES_MAX,
    KEY_SET_SECONDS,
    KEY_SET_STALE_SECONDS,
    PublishedKeys,
    fetch_json,
    usable_keys,
)
from payments.http.token_claims import Caller
from payments.http.token_keys import RENEW_SECONDS

from tests.support.bad_tokens import ec_key, rsa_key
from tests.support.issuer import (
    AUDIENCE,
    ISSUER,
    claims,
    forged_tokens,
    key_set,
    published,
    rsa_token,
)
from tests.support.observer import Notes
from tests.support.tokens import sign

NOW = 1_790_000_000


class Issuer:
    """Stands for the identity provider's key address; counts how often it is asked."""

    def __init__(self) -> None:
        self.document: object = key_set()
        self.fetches = 0
        self.error: Exception | None = None

    def fetch(self) -> object:
        self.fetches += 1
        if self.error:
            raise self.error
        return self.document


class Deployment:
    def __init__(self) -> None:
        self.now = float(NOW)
        self.issuer = Issuer()
        self.notes = Notes()
        family = TokenFamily(jwks_url="https://id.example/k", issuer=ISSUER, audience=AUDIENCE)
        keys = PublishedKeys(self.issuer.fetch, clock=self.clock, observer=self.notes)
        self.authenticator = Authenticator(family, keys, clock=self.clock, observer=self.notes)

    def clock(self) -> float:
        return self.now

    def caller(self, token: str) -> Caller:
        return self.authenticator.caller({"headers": {"authorization": f"Bearer {token}"}})

    def verdict(self, token: str) -> str:
        try:
            self.caller(token)
        except UnauthenticatedError:
            return "refused"
        except UnavailableError:
            return "unavailable"
        return "ok"


@pytest.fixture
def deployment() -> Deployment:
    return Deployment()


@pytest.mark.parametrize(
    ("key", "algorithm", "kid"), [(rsa_key(), "RS256", "rsa-1"), (ec_key(), "ES256", "ec-1")]
)
def test_a_token_signed_with_a_published_key_is_accepted(
    key: Any, algorithm: str, kid: str, deployment: Deployment
) -> None:
    token = jwt.encode(claims(NOW, sub=42), key, algorithm, headers={"kid": kid})
    assert deployment.caller(token).client_id == "42"


FORGED = forged_tokens(NOW)


@pytest.mark.parametrize("fault", FORGED)
def test_a_forged_token_opens_nothing(fault: str, deployment: Deployment) -> None:
    assert deployment.verdict(FORGED[fault]) == "refused"


def test_an_expired_token_is_refused(deployment: Deployment) -> None:
    assert deployment.verdict(rsa_token(NOW, exp=NOW)) == "refused"
    assert deployment.notes.noted_lines == [("token refused", {"reason": "expired"})]


@pytest.mark.parametrize(
    "entry",
    [
        {"kty": "oct", "kid": "bad", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ"},
        {"kty": "RSA", "kid": "bad", "n": "AQAB"},
        {"kty": "RSA", "kid": "bad", "n": 5, "e": "AQAB"},
        {"kty": "EC", "kid": "bad", "crv": "P-999", "x": "AA", "y": "AA"},
        {"kty": "OKP", "kid": "bad", "crv": "Ed25519", "x": "AA"},
        {"kid": "bad"},
        {"kty": "RSA", "kid": 5},
        "bad",
        None,
        [],
        published(rsa_key(), "bad", use="enc"),
        published(rsa_key(), "bad", alg="RS512"),
        published(rsa_key(), "bad", alg="HS256"),
        published(rsa_key(), "bad", d="AQAB"),
        {**published(rsa_key(), "bad"), "kid": None},
        published(ec.generate_private_key(ec.SECP384R1()), "bad"),
    ],
)
def test_an_unfit_entry_of_the_key_set_is_ignored_and_the_rest_work(entry: object) -> None:
    good = published(rsa_key(), "rsa-1")
    assert list(usable_keys({"keys": [entry, good]})) == ["rsa-1"]
    with pytest.raises(ValueError, match="no usable key"):
        usable_keys({"keys": [entry]})


def test_a_symmetric_key_in_the_key_set_signs_nothing(deployment: Deployment) -> None:
    text = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ"
    deployment.issuer.document = {"keys": [{"kty": "oct", "kid": "oct-1", "k": text}]}
    header = b'{"alg":"HS256","typ":"JWT","kid":"oct-1"}'
    for secret in (text, "secret-secret-secret-secret-1234"):
        token = sign(header, json.dumps(claims(NOW)).encode(), secret)
        assert deployment.verdict(token) == "refused"


def test_a_weak_rsa_key_is_not_trusted(deployment: Deployment) -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    deployment.issuer.document = {"keys": [published(weak, "rsa-1")]}
    with pytest.warns(jwt.warnings.InsecureKeyLengthWarning):
        token = rsa_token(NOW, key=weak)
    assert deployment.verdict(token) == "refused"


@pytest.mark.parametrize(
    "document", [None, [], "keys", 7, {}, {"keys": None}, {"keys": {}}, {"keys": []}]
)
def test_a_document_that_is_no_key_set_lets_nobody_in(
    document: object, deployment: Deployment
) -> None:
    deployment.issuer.document = document
    assert deployment.verdict(rsa_token(NOW)) == "unavailable"


def test_the_key_set_is_fetched_once_in_five_minutes(deployment: Deployment) -> None:
    for _ in range(50):
        assert deployment.verdict(rsa_token(NOW)) == "ok"
        deployment.now += KEY_SET_SECONDS / 51
    assert deployment.issuer.fetches == 1


def test_a_withdrawn_key_stops_working_within_five_minutes(deployment: Deployment) -> None:
    assert deployment.verdict(rsa_token(NOW)) == "ok"
    deployment.issuer.document = {"keys": [published(ec_key(), "ec-1")]}
    deployment.now += KEY_SET_SECONDS
    assert deployment.verdict(rsa_token(NOW)) == "refused"


def test_a_new_key_is_found_at_once(deployment: Deployment) -> None:
    assert deployment.verdict(rsa_token(NOW)) == "ok"
    deployment.now += RENEW_SECONDS
    new = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    deployment.issuer.document = {"keys": [published(new, "rsa-2")]}
    assert deployment.verdict(rsa_token(NOW, "rsa-2", key=new)) == "ok"


def test_foreign_kids_cause_one_fetch_in_thirty_seconds(deployment: Deployment) -> None:
    for second in range(RENEW_SECONDS * 4):
        deployment.now = NOW + second / 4
        assert deployment.verdict(rsa_token(NOW, f"foreign-{second}")) == "refused"
    assert deployment.issuer.fetches == 1
    deployment.now = NOW + RENEW_SECONDS
    deployment.verdict(rsa_token(NOW, "foreign"))
    assert deployment.issuer.fetches == 2


@pytest.mark.parametrize("error", [OSError("down"), TimeoutError(), ValueError("HTML")])
def test_the_last_key_set_serves_an_hour_while_the_issuer_is_down(
    error: Exception, deployment: Deployment
) -> None:
    assert deployment.verdict(rsa_token(NOW)) == "ok"
    deployment.issuer.error = error
    deployment.now = NOW + KEY_SET_STALE_SECONDS - 1
    assert deployment.verdict(rsa_token(NOW)) == "ok"
    deployment.now = NOW + KEY_SET_STALE_SECONDS + RENEW_SECONDS
    assert deployment.verdict(rsa_token(NOW)) == "unavailable"
    deployment.issuer.error = None
    deployment.now += RENEW_SECONDS
    assert deployment.verdict(rsa_token(NOW)) == "ok"


def test_an_issuer_that_is_down_is_not_asked_by_every_request(deployment: Deployment) -> None:
    deployment.issuer.error = OSError("down")
    for _ in range(100):
        assert deployment.verdict(rsa_token(NOW)) == "unavailable"
    assert deployment.issuer.fetches == 1


# -- fetching, against a real HTTP server on this machine


class Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, body = {
            "/good": (200, json.dumps(key_set()).encode()),
            "/html": (200, b"<html>Blocked. Incident 1234</html>"),
            "/large": (200, b'"' + b"k" * KEY_SET_BYTES_MAX + b'"'),
            "/moved": (302, b""),
        }.get(self.path, (503, b""))
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/good")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keeps the test's output quiet."""


@pytest.fixture(scope="module")
def pages() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_key_set_is_fetched_and_parsed(pages: str) -> None:
    assert list(usable_keys(fetch_json(f"{pages}/good"))) == ["rsa-1", "ec-1"]


@pytest.mark.parametrize("path", ["/moved", "/gone"])
def test_a_redirect_is_not_followed_and_an_error_is_an_error(path: str, pages: str) -> None:
    with pytest.raises(HTTPError):
        fetch_json(pages + path)


@pytest.mark.parametrize("path", ["/html", "/large"])
def test_a_page_that_is_no_small_json_is_refused(path: str, pages: str) -> None:
    with pytest.raises(ValueError, match=r"Expecting value|too large"):
        fetch_json(pages + path)


def test_an_address_nobody_listens_on_is_an_os_error() -> None:
    with pytest.raises(OSError, match="refused"):
        fetch_json("http://127.0.0.1:9/keys")

"""Authentication with published keys: a closed set, asked for rarely, and never a shared secret."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.error import HTTPError

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
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

from tests.support.bad_tokens import ec_key, good_claims, public_pem, rsa_key
from tests.support.observer import Notes
from tests.support.tokens import sign

NOW = 1_790_000_000
ISSUER = "https://id.example/"
AUDIENCE = "hakika"


def published(key: Any, kid: str, **fields: object) -> dict[str, object]:
    is_rsa = isinstance(key, rsa.RSAPrivateKey)
    algorithm: Any = jwt.algorithms.RSAAlgorithm if is_rsa else jwt.algorithms.ECAlgorithm
    return {**json.loads(algorithm.to_jwk(key.public_key())), "kid": kid, "use": "sig", **fields}


def key_set() -> dict[str, object]:
    return {
        "keys": [
            published(rsa_key(), "rsa-1", alg="RS256"),
            published(ec_key(), "ec-1"),
        ]
    }


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


def claims(**changes: object) -> dict[str, Any]:
    merged = {**good_claims(NOW), "exp": NOW + 86_400, "iss": ISSUER, "aud": AUDIENCE, **changes}
    return {name: value for name, value in merged.items() if value != "absent"}


def rsa_token(kid: str | None = "rsa-1", *, key: Any = None, **changes: object) -> str:
    headers = {} if kid is None else {"kid": kid}
    return jwt.encode(claims(**changes), key or rsa_key(), "RS256", headers=headers)


@pytest.mark.parametrize(
    ("key", "algorithm", "kid"), [(rsa_key(), "RS256", "rsa-1"), (ec_key(), "ES256", "ec-1")]
)
def test_a_token_signed_with_a_published_key_is_accepted(
    key: Any, algorithm: str, kid: str, deployment: Deployment
) -> None:
    token = jwt.encode(claims(sub=42), key, algorithm, headers={"kid": kid})
    assert deployment.caller(token).client_id == "42"


def _forged() -> dict[str, str]:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    header = b'{"alg":"HS256","typ":"JWT","kid":"rsa-1"}'
    payload = json.dumps(claims()).encode()
    der = (
        rsa_key()
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    p384 = ec.generate_private_key(ec.SECP384R1())
    unsigned = sign(b'{"alg":"none","typ":"JWT","kid":"rsa-1"}', payload, "")
    return {
        "a stranger's key under a published kid": rsa_token(key=stranger),
        "a foreign kid": rsa_token("rsa-2"),
        "no kid": rsa_token(None),
        "an empty kid": rsa_token(""),
        "a kid that is a path": rsa_token("../../dev/null"),
        "a kid that is SQL": rsa_token("' UNION SELECT 'rsa-1"),
        "the kid of another key": jwt.encode(claims(), rsa_key(), "RS256", headers={"kid": "ec-1"}),
        "a stranger's jku": jwt.encode(
            claims(), stranger, "RS256", headers={"kid": "rsa-1", "jku": "https://attacker.example"}
        ),
        "a jwk in the header": jwt.encode(
            claims(), stranger, "RS256", headers={"kid": "x", "jwk": published(stranger, "x")}
        ),
        "our key, but a jku": jwt.encode(
            claims(), rsa_key(), "RS256", headers={"kid": "rsa-1", "jku": "https://id.example/k"}
        ),
        "HS256 keyed with the public PEM": sign(header, payload, public_pem(rsa_key()).decode()),
        "HS256 keyed with the public DER": sign(header, payload, der.decode("latin-1")),
        "HS256 keyed with the key set": sign(header, payload, json.dumps(key_set())),
        "HS256 keyed with nothing": sign(header, payload, ""),
        "alg none": unsigned,
        "RS384": jwt.encode(claims(), rsa_key(), "RS384", headers={"kid": "rsa-1"}),
        "PS256": jwt.encode(claims(), rsa_key(), "PS256", headers={"kid": "rsa-1"}),
        "ES384": jwt.encode(claims(), p384, "ES384", headers={"kid": "ec-1"}),
        "no issuer": rsa_token(iss="absent"),
        "a wrong issuer": rsa_token(iss="https://id.example"),
        "no audience": rsa_token(aud="absent"),
        "a wrong audience": rsa_token(aud="hakika-admin"),
        "audiences without ours": rsa_token(aud=["a", "b"]),
        "no subject": rsa_token(sub="absent"),
        "no expiry": rsa_token(exp="absent"),
        "a refresh token": rsa_token(type="refresh"),
    }


FORGED = _forged()


@pytest.mark.parametrize("fault", FORGED)
def test_a_forged_token_opens_nothing(fault: str, deployment: Deployment) -> None:
    assert deployment.verdict(FORGED[fault]) == "refused"


def test_an_expired_token_is_refused(deployment: Deployment) -> None:
    assert deployment.verdict(rsa_token(exp=NOW)) == "refused"
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
        assert deployment.verdict(sign(header, json.dumps(claims()).encode(), secret)) == "refused"


def test_a_weak_rsa_key_is_not_trusted(deployment: Deployment) -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    deployment.issuer.document = {"keys": [published(weak, "rsa-1")]}
    with pytest.warns(jwt.warnings.InsecureKeyLengthWarning):
        token = rsa_token(key=weak)
    assert deployment.verdict(token) == "refused"


@pytest.mark.parametrize(
    "document", [None, [], "keys", 7, {}, {"keys": None}, {"keys": {}}, {"keys": []}]
)
def test_a_document_that_is_no_key_set_lets_nobody_in(
    document: object, deployment: Deployment
) -> None:
    deployment.issuer.document = document
    assert deployment.verdict(rsa_token()) == "unavailable"


def test_the_key_set_is_fetched_once_in_five_minutes(deployment: Deployment) -> None:
    for _ in range(50):
        assert deployment.verdict(rsa_token()) == "ok"
        deployment.now += KEY_SET_SECONDS / 51
    assert deployment.issuer.fetches == 1


def test_a_withdrawn_key_stops_working_within_five_minutes(deployment: Deployment) -> None:
    assert deployment.verdict(rsa_token()) == "ok"
    deployment.issuer.document = {"keys": [published(ec_key(), "ec-1")]}
    deployment.now += KEY_SET_SECONDS
    assert deployment.verdict(rsa_token()) == "refused"


def test_a_new_key_is_found_at_once(deployment: Deployment) -> None:
    assert deployment.verdict(rsa_token()) == "ok"
    deployment.now += RENEW_SECONDS
    new = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    deployment.issuer.document = {"keys": [published(new, "rsa-2")]}
    assert deployment.verdict(rsa_token("rsa-2", key=new)) == "ok"


def test_foreign_kids_cause_one_fetch_in_thirty_seconds(deployment: Deployment) -> None:
    for second in range(RENEW_SECONDS * 4):
        deployment.now = NOW + second / 4
        assert deployment.verdict(rsa_token(f"foreign-{second}")) == "refused"
    assert deployment.issuer.fetches == 1
    deployment.now = NOW + RENEW_SECONDS
    deployment.verdict(rsa_token("foreign"))
    assert deployment.issuer.fetches == 2


@pytest.mark.parametrize("error", [OSError("down"), TimeoutError(), ValueError("HTML")])
def test_the_last_key_set_serves_an_hour_while_the_issuer_is_down(
    error: Exception, deployment: Deployment
) -> None:
    assert deployment.verdict(rsa_token()) == "ok"
    deployment.issuer.error = error
    deployment.now = NOW + KEY_SET_STALE_SECONDS - 1
    assert deployment.verdict(rsa_token()) == "ok"
    deployment.now = NOW + KEY_SET_STALE_SECONDS + RENEW_SECONDS
    assert deployment.verdict(rsa_token()) == "unavailable"
    deployment.issuer.error = None
    deployment.now += RENEW_SECONDS
    assert deployment.verdict(rsa_token()) == "ok"


def test_an_issuer_that_is_down_is_not_asked_by_every_request(deployment: Deployment) -> None:
    deployment.issuer.error = OSError("down")
    for _ in range(100):
        assert deployment.verdict(rsa_token()) == "unavailable"
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

"""The table of bad tokens: each is an Authorization header that must open nothing.

Shared by the unit tests of authentication and by the tests through the deployed API. Every text can
be sent as an HTTP header. All are made for HS256 with one known secret; most are signed with that
very secret, so that only the fault named in the first column can be what refuses them.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from flask import Flask
from flask_jwt_extended import JWTManager, create_access_token, create_refresh_token

from tests.support.tokens import OTHER_SECRET, encode_part, sign, token_of


@dataclass(frozen=True)
class BadToken:
    """The API answers 401 to all of them alike; `name` says what is wrong."""

    name: str
    authorization: str


def good_claims(now: int) -> dict[str, object]:
    return {"sub": "client-1", "iat": now, "nbf": now, "exp": now + 900}


def flask_tokens(secret: str, identity: object) -> tuple[str, str]:
    """An access and a refresh token by the real Flask-JWT-Extended."""
    app = Flask("bookings")
    app.config["JWT_SECRET_KEY"] = secret
    JWTManager(app)
    with app.app_context():
        return create_access_token(identity), create_refresh_token(identity)


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def public_pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def bad_tokens(secret: str, now: int) -> list[BadToken]:
    """The whole table. `now` is UTC epoch seconds."""
    good = token_of(good_claims(now), secret)
    rows = [
        *_headers_that_hold_no_token(good),
        *_bad_signatures(good, secret, now),
        *_wrong_algorithms(good, secret, now),
        *_unusual_headers(secret, now),
        *_broken_structure(good, secret),
        *_wrong_times(secret, now),
        *_wrong_subjects(secret, now),
        *_wrong_kinds(secret, now),
        *_wrong_scopes(secret, now),
    ]
    names = [row.name for row in rows]
    assert len(names) == len(set(names)), "each row names a different fault"
    return rows


def _headers_that_hold_no_token(good: str) -> Iterator[BadToken]:
    yield BadToken("scheme without a token", "Bearer")
    yield BadToken("Basic credentials", "Basic Y2xpZW50OnNlY3JldA==")
    yield BadToken("a token without a scheme", good)
    yield BadToken("an unknown scheme", f"Token {good}")
    yield BadToken("scheme and token without a space", f"Bearer{good}")
    yield BadToken("two tokens, comma separated", f"Bearer {good}, Bearer {good}")
    yield BadToken("two tokens, space separated", f"Bearer {good} {good}")
    yield BadToken("a token in quotes", f'Bearer "{good}"')
    yield BadToken("the word null", "Bearer null")
    yield BadToken("the word undefined", "Bearer undefined")
    yield BadToken("larger than 8 KB", f"Bearer {good}{'A' * 8192}")


def _bad_signatures(good: str, secret: str, now: int) -> Iterator[BadToken]:
    claims = good_claims(now)
    head, body, signature = good.split(".")
    flipped = ("A" if signature[0] != "A" else "B") + signature[1:]
    someone_else = token_of({**claims, "sub": "client-2"}, secret).split(".")[1]
    rich = encode_part(json.dumps({**claims, "scope": "payments:read"}).encode())
    other_head = encode_part(b'{"typ":"JWT","alg":"HS256"}')
    # The last character of 32 bytes in base64 carries two unused bits; each spelling but one is
    # the same signature written in another way.
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    respelt = signature[:-1] + alphabet[alphabet.index(signature[-1]) ^ 1]
    yield BadToken("signed with another secret", f"Bearer {token_of(claims, OTHER_SECRET)}")
    yield BadToken("signed with no secret", f"Bearer {token_of(claims, '')}")
    yield BadToken("signed with half of the secret", f"Bearer {token_of(claims, secret[:16])}")
    yield BadToken(
        "signed with the secret and a newline", f"Bearer {token_of(claims, secret + chr(10))}"
    )
    yield BadToken("no signature", f"Bearer {head}.{body}.")
    yield BadToken("a changed signature", f"Bearer {head}.{body}.{flipped}")
    yield BadToken("a truncated signature", f"Bearer {head}.{body}.{signature[:-4]}")
    yield BadToken("a respelt signature", f"Bearer {head}.{body}.{respelt}")
    yield BadToken("a padded signature", f"Bearer {head}.{body}.{signature}=")
    yield BadToken(
        "another subject under this signature", f"Bearer {head}.{someone_else}.{signature}"
    )
    yield BadToken("a scope added under this signature", f"Bearer {head}.{rich}.{signature}")
    yield BadToken("another header under this signature", f"Bearer {other_head}.{body}.{signature}")


def _wrong_algorithms(good: str, secret: str, now: int) -> Iterator[BadToken]:
    claims = good_claims(now)
    payload = json.dumps(claims).encode()
    body, signature = good.split(".")[1:]
    for name in ("none", "None", "NONE", "nOnE"):
        head = encode_part(json.dumps({"alg": name, "typ": "JWT"}).encode())
        yield BadToken(f"alg {name} without a signature", f"Bearer {head}.{body}.")
        yield BadToken(f"alg {name} with a signature", f"Bearer {head}.{body}.{signature}")
    double = encode_part(b'{"alg":"HS256","alg":"none"}')
    yield BadToken("alg twice, the last none", f"Bearer {double}.{body}.{signature}")
    for bits in ("384", "512"):
        head_bytes = json.dumps({"alg": f"HS{bits}", "typ": "JWT"}).encode()
        yield BadToken(f"alg HS{bits}", f"Bearer {sign(head_bytes, payload, secret, f'sha{bits}')}")
    for field in ({}, {"alg": None}, {"alg": ["HS256"]}, {"alg": 256}, {"alg": "hs256"}):
        yield BadToken(f"alg {json.dumps(field)}", f"Bearer {token_of(claims, secret, field)}")
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key().public_key()))
    own = jwt.encode(claims, rsa_key(), "RS256", headers={"jwk": jwk})
    yield BadToken("RS256 with a key of its own", f"Bearer {own}")
    yield BadToken("RS256", f"Bearer {jwt.encode(claims, rsa_key(), 'RS256')}")
    yield BadToken("PS256", f"Bearer {jwt.encode(claims, rsa_key(), 'PS256')}")
    yield BadToken("ES256", f"Bearer {jwt.encode(claims, ec_key(), 'ES256')}")
    confused = sign(b'{"alg":"HS256","typ":"JWT"}', payload, public_pem(rsa_key()).decode())
    yield BadToken("HS256 keyed with a public key", f"Bearer {confused}")


def _unusual_headers(secret: str, now: int) -> Iterator[BadToken]:
    fields: list[tuple[str, object]] = [
        ("jku", "https://attacker.example/keys.json"),
        ("jwk", {"kty": "oct", "k": encode_part(secret.encode())}),
        ("x5u", "https://attacker.example/chain.pem"),
        ("x5c", ["MIIB"]),
        ("crit", ["exp"]),
        ("crit", ["b64"]),
        ("crit", []),
        ("b64", True),
        ("b64", False),
        ("zip", "DEF"),
        ("cty", "JWT"),
        ("kid", 7),
        ("kid", ["a"]),
        ("typ", "secevent+jwt"),
        ("typ", "logout+jwt"),
        ("typ", None),
        ("typ", 5),
    ]
    for name, value in fields:
        header = {"alg": "HS256", "typ": "JWT", name: value}
        token = token_of(good_claims(now), secret, header)
        yield BadToken(f"header {name} {json.dumps(value)[:30]}", f"Bearer {token}")


def _broken_structure(good: str, secret: str) -> Iterator[BadToken]:
    head, body, signature = good.split(".")
    header = b'{"alg":"HS256","typ":"JWT"}'
    yield BadToken("one part", f"Bearer {head}")
    yield BadToken("two parts", f"Bearer {head}.{body}")
    yield BadToken("four parts", f"Bearer {good}.{signature}")
    yield BadToken("five parts, as an encrypted token", f"Bearer {good}.{body}.{signature}")
    yield BadToken("three empty parts", "Bearer ..")
    yield BadToken("characters outside base64url", f"Bearer {head}.{body}+/.{signature}")
    for name, payload in (
        ("not JSON", b"client-1"),
        ("empty", b""),
        ("a list", b'[{"sub":"client-1"}]'),
        ("a string", b'"client-1"'),
        ("null", b"null"),
        ("an empty object", b"{}"),
        ("cut short", b'{"sub":"client-1","exp":9999999999'),
        ("not UTF-8", b'{"sub":"\xff\xfe","exp":9999999999}'),
        ("nested 1,500 deep", b"[" * 1500 + b"]" * 1500),
        ("a number of 5,000 digits", b'{"sub":"client-1","exp":' + b"9" * 5000 + b"}"),
    ):
        yield BadToken(f"payload {name}", f"Bearer {sign(header, payload, secret)}")
    for name, header_bytes in (
        ("not JSON", b"HS256"),
        ("a list", b'["HS256"]'),
        ("null", b"null"),
        ("not UTF-8", b'{"alg":"HS256\xff"}'),
        ("cut short", b'{"alg":"HS256"'),
        ("empty", b""),
    ):
        token = sign(header_bytes, b'{"sub":"client-1","exp":9999999999}', secret)
        yield BadToken(f"header {name}", f"Bearer {token}")


def _wrong_times(secret: str, now: int) -> Iterator[BadToken]:
    claims = good_claims(now)

    def row(name: str, changes: Mapping[str, object]) -> BadToken:
        return BadToken(name, f"Bearer {token_of({**claims, **changes}, secret)}")

    yield row("expired an hour ago", {"exp": now - 3600})
    yield row("expired a second ago", {"exp": now - 1})
    yield row("expired now", {"exp": now})
    yield row("expired in 1970", {"exp": 0})
    yield BadToken("exp absent", f"Bearer {token_of({'sub': 'client-1'}, secret)}")
    times: list[object] = [None, True, "9999999999", "tomorrow", [now + 900], {}, -1, 1e300, 10**18]
    for value in times:
        yield row(f"exp {json.dumps(value)[:20]} of {type(value).__name__}", {"exp": value})
    yield row("exp NaN", {"exp": float("nan")})
    yield row("exp Infinity", {"exp": float("inf")})
    for name in ("nbf", "iat"):
        yield row(f"{name} in an hour", {name: now + 3600})
        yield row(f"{name} as text", {name: str(now)})
        yield row(f"{name} a list", {name: [now]})
        yield row(f"{name} NaN", {name: float("nan")})


def _wrong_subjects(secret: str, now: int) -> Iterator[BadToken]:
    without = {name: value for name, value in good_claims(now).items() if name != "sub"}
    yield BadToken("sub absent", f"Bearer {token_of(without, secret)}")
    subjects: list[object] = [
        None,
        "",
        " ",
        " client-1",
        "client-1\n",
        "client\u0000-1",
        "client\u202e1",
        "\ud800",
        "c" * 129,
        True,
        -1,
        10**130,
        1.5,
        ["client-1"],
        {"id": "client-1"},
    ]
    for subject in subjects:
        token = token_of({**without, "sub": subject}, secret)
        yield BadToken(f"sub {json.dumps(subject)[:24]}", f"Bearer {token}")


def _wrong_kinds(secret: str, now: int) -> Iterator[BadToken]:
    yield BadToken("a Flask refresh token", f"Bearer {flask_tokens(secret, 'client-1')[1]}")
    yield BadToken("a Flask refresh token, integer user", f"Bearer {flask_tokens(secret, 7)[1]}")
    for kind in ("refresh", "Access", "id", "", None, ["access"], 1):
        token = token_of({**good_claims(now), "type": kind}, secret)
        yield BadToken(f"type {json.dumps(kind)}", f"Bearer {token}")
    numbered = token_of({**good_claims(now), "jti": 12}, secret)
    yield BadToken("jti a number", f"Bearer {numbered}")


def _wrong_scopes(secret: str, now: int) -> Iterator[BadToken]:
    values: list[tuple[str, object]] = [
        ("scope", 7),
        ("scope", {"payments:read": True}),
        ("scope", "payments:read\nconsultations:write"),
        ("scope", "payments:read\tconsultations:write"),
        ("scope", 'a"b'),
        ("scopes", [["payments:read"]]),
        ("scopes", [7]),
        ("scopes", ["profile consultations:write"]),
        ("permissions", [None]),
        ("permissions", ["p\u00e4yments:read"]),
        ("permissions", ["payments:read\u0000"]),
        ("permissions", True),
    ]
    for name, value in values:
        token = token_of({**good_claims(now), name: value}, secret)
        yield BadToken(f"{name} {json.dumps(value)[:36]}", f"Bearer {token}")

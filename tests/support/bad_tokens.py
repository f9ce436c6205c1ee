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


def _bearer(name: str, token: str) -> BadToken:
    return BadToken(name, f"Bearer {token}")


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
    yield _bearer("signed with another secret", token_of(claims, OTHER_SECRET))
    yield _bearer("signed with no secret", token_of(claims, ""))
    yield _bearer("signed with half of the secret", token_of(claims, secret[:16]))
    yield _bearer("signed with the secret and a newline", token_of(claims, secret + chr(10)))
    yield _bearer("no signature", f"{head}.{body}.")
    yield _bearer("a changed signature", f"{head}.{body}.{flipped}")
    yield _bearer("a truncated signature", f"{head}.{body}.{signature[:-4]}")
    yield _bearer("a respelt signature", f"{head}.{body}.{respelt}")
    yield _bearer("a padded signature", f"{head}.{body}.{signature}=")
    yield _bearer("another subject under this signature", f"{head}.{someone_else}.{signature}")
    yield _bearer("a scope added under this signature", f"{head}.{rich}.{signature}")
    yield _bearer("another header under this signature", f"{other_head}.{body}.{signature}")


def _wrong_algorithms(good: str, secret: str, now: int) -> Iterator[BadToken]:
    claims = good_claims(now)
    payload = json.dumps(claims).encode()
    body, signature = good.split(".")[1:]
    for name in ("none", "None", "NONE", "nOnE"):
        head = encode_part(json.dumps({"alg": name, "typ": "JWT"}).encode())
        yield _bearer(f"alg {name} without a signature", f"{head}.{body}.")
        yield _bearer(f"alg {name} with a signature", f"{head}.{body}.{signature}")
    double = encode_part(b'{"alg":"HS256","alg":"none"}')
    yield _bearer("alg twice, the last none", f"{double}.{body}.{signature}")
    for bits in ("384", "512"):
        head_bytes = json.dumps({"alg": f"HS{bits}", "typ": "JWT"}).encode()
        yield _bearer(f"alg HS{bits}", sign(head_bytes, payload, secret, f"sha{bits}"))
    for field in ({}, {"alg": None}, {"alg": ["HS256"]}, {"alg": 256}, {"alg": "hs256"}):
        yield _bearer(f"alg {json.dumps(field)}", token_of(claims, secret, field))
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key().public_key()))
    own = jwt.encode(claims, rsa_key(), "RS256", headers={"jwk": jwk})
    yield _bearer("RS256 with a key of its own", own)
    yield _bearer("RS256", jwt.encode(claims, rsa_key(), "RS256"))
    yield _bearer("PS256", jwt.encode(claims, rsa_key(), "PS256"))
    yield _bearer("ES256", jwt.encode(claims, ec_key(), "ES256"))
    confused = sign(b'{"alg":"HS256","typ":"JWT"}', payload, public_pem(rsa_key()).decode())
    yield _bearer("HS256 keyed with a public key", confused)


def _unusual_headers(secret: str, now: int) -> Iterator[BadToken]:
    fields: dict[str, list[object]] = {
        "jku": ["https://attacker.example/keys.json"],
        "jwk": [{"kty": "oct", "k": encode_part(secret.encode())}],
        "x5u": ["https://attacker.example/chain.pem"],
        "x5c": [["MIIB"]],
        "crit": [["exp"], ["b64"], []],
        "b64": [True, False],
        "zip": ["DEF"],
        "cty": ["JWT"],
        "kid": [7, ["a"]],
        "typ": ["secevent+jwt", "logout+jwt", None, 5],
    }
    for name, value in _each(fields):
        token = token_of(good_claims(now), secret, {"alg": "HS256", "typ": "JWT", name: value})
        yield _bearer(f"header {name} {json.dumps(value)[:30]}", token)


def _broken_structure(good: str, secret: str) -> Iterator[BadToken]:
    head, body, signature = good.split(".")
    header = b'{"alg":"HS256","typ":"JWT"}'
    yield _bearer("one part", head)
    yield _bearer("two parts", f"{head}.{body}")
    yield _bearer("four parts", f"{good}.{signature}")
    yield _bearer("five parts, as an encrypted token", f"{good}.{body}.{signature}")
    yield BadToken("three empty parts", "Bearer ..")
    yield _bearer("characters outside base64url", f"{head}.{body}+/.{signature}")
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
        yield _bearer(f"payload {name}", sign(header, payload, secret))
    for name, header_bytes in (
        ("not JSON", b"HS256"),
        ("a list", b'["HS256"]'),
        ("null", b"null"),
        ("not UTF-8", b'{"alg":"HS256\xff"}'),
        ("cut short", b'{"alg":"HS256"'),
        ("empty", b""),
    ):
        payload = b'{"sub":"client-1","exp":9999999999}'
        yield _bearer(f"header {name}", sign(header_bytes, payload, secret))


def _wrong_times(secret: str, now: int) -> Iterator[BadToken]:
    claims = good_claims(now)

    def row(name: str, changes: Mapping[str, object]) -> BadToken:
        return _bearer(name, token_of({**claims, **changes}, secret))

    yield row("expired an hour ago", {"exp": now - 3600})
    yield row("expired a second ago", {"exp": now - 1})
    yield row("expired now", {"exp": now})
    yield row("expired in 1970", {"exp": 0})
    yield _bearer("exp absent", token_of({"sub": "client-1"}, secret))
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
    yield _bearer("sub absent", token_of(without, secret))
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
        yield _bearer(f"sub {json.dumps(subject)[:24]}", token)


def _wrong_kinds(secret: str, now: int) -> Iterator[BadToken]:
    yield _bearer("a Flask refresh token", flask_tokens(secret, "client-1")[1])
    yield _bearer("a Flask refresh token, integer user", flask_tokens(secret, 7)[1])
    for kind in ("refresh", "Access", "id", "", None, ["access"], 1):
        token = token_of({**good_claims(now), "type": kind}, secret)
        yield _bearer(f"type {json.dumps(kind)}", token)
    yield _bearer("jti a number", token_of({**good_claims(now), "jti": 12}, secret))


def _wrong_scopes(secret: str, now: int) -> Iterator[BadToken]:
    read, write = "payments:read", "consultations:write"
    values: dict[str, list[object]] = {
        "scope": [7, {read: True}, f"{read}\n{write}", f"{read}\t{write}", 'a"b'],
        "scopes": [[[read]], [7], [f"profile {write}"]],
        "permissions": [[None], ["p\u00e4yments:read"], [f"{read}\u0000"], True],
    }
    for name, value in _each(values):
        token = token_of({**good_claims(now), name: value}, secret)
        yield _bearer(f"{name} {json.dumps(value)[:36]}", token)


def _each(values: Mapping[str, list[object]]) -> Iterator[tuple[str, object]]:
    return ((name, value) for name, its in values.items() for value in its)

"""An identity provider: its published keys, and the tokens that it signs."""

from __future__ import annotations

import json
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from .bad_tokens import ec_key, good_claims, public_pem, rsa_key
from .tokens import sign

ISSUER = "https://id.example/"
AUDIENCE = "hakika"


def published(key: Any, kid: str, **fields: object) -> dict[str, object]:
    """A key as the key set has it."""
    is_rsa = isinstance(key, rsa.RSAPrivateKey)
    algorithm: Any = jwt.algorithms.RSAAlgorithm if is_rsa else jwt.algorithms.ECAlgorithm
    return {**json.loads(algorithm.to_jwk(key.public_key())), "kid": kid, "use": "sig", **fields}


def key_set() -> dict[str, object]:
    """The document at the issuer's address: one key of each algorithm."""
    return {"keys": [published(rsa_key(), "rsa-1", alg="RS256"), published(ec_key(), "ec-1")]}


def claims(now: int, **changes: object) -> dict[str, Any]:
    """Good claims of this issuer; "absent" leaves one out."""
    merged = {**good_claims(now), "exp": now + 86_400, "iss": ISSUER, "aud": AUDIENCE, **changes}
    return {name: value for name, value in merged.items() if value != "absent"}


def rsa_token(now: int, kid: str | None = "rsa-1", *, key: Any = None, **changes: object) -> str:
    """An RS256 token, good unless a change spoils it."""
    headers = {} if kid is None else {"kid": kid}
    return jwt.encode(claims(now, **changes), key or rsa_key(), "RS256", headers=headers)


def forged_tokens(now: int) -> dict[str, str]:
    """Tokens that must open nothing, by what is wrong with them."""
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    good = claims(now)
    header = b'{"alg":"HS256","typ":"JWT","kid":"rsa-1"}'
    payload = json.dumps(good).encode()
    der = (
        rsa_key()
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    p384 = ec.generate_private_key(ec.SECP384R1())
    unsigned = sign(b'{"alg":"none","typ":"JWT","kid":"rsa-1"}', payload, "")
    return {
        "a stranger's key under a published kid": rsa_token(now, key=stranger),
        "a foreign kid": rsa_token(now, "rsa-2"),
        "no kid": rsa_token(now, None),
        "an empty kid": rsa_token(now, ""),
        "a kid that is a path": rsa_token(now, "../../dev/null"),
        "a kid that is SQL": rsa_token(now, "' UNION SELECT 'rsa-1"),
        "the kid of another key": jwt.encode(good, rsa_key(), "RS256", headers={"kid": "ec-1"}),
        "a stranger's jku": jwt.encode(
            good, stranger, "RS256", headers={"kid": "rsa-1", "jku": "https://attacker.example"}
        ),
        "a jwk in the header": jwt.encode(
            good, stranger, "RS256", headers={"kid": "x", "jwk": published(stranger, "x")}
        ),
        "our key, but a jku": jwt.encode(
            good, rsa_key(), "RS256", headers={"kid": "rsa-1", "jku": "https://id.example/k"}
        ),
        "HS256 keyed with the public PEM": sign(header, payload, public_pem(rsa_key()).decode()),
        "HS256 keyed with the public DER": sign(header, payload, der.decode("latin-1")),
        "HS256 keyed with the key set": sign(header, payload, json.dumps(key_set())),
        "HS256 keyed with nothing": sign(header, payload, ""),
        "alg none": unsigned,
        "RS384": jwt.encode(good, rsa_key(), "RS384", headers={"kid": "rsa-1"}),
        "PS256": jwt.encode(good, rsa_key(), "PS256", headers={"kid": "rsa-1"}),
        "ES384": jwt.encode(good, p384, "ES384", headers={"kid": "ec-1"}),
        "no issuer": rsa_token(now, iss="absent"),
        "a wrong issuer": rsa_token(now, iss="https://id.example"),
        "no audience": rsa_token(now, aud="absent"),
        "a wrong audience": rsa_token(now, aud="hakika-admin"),
        "audiences without ours": rsa_token(now, aud=["a", "b"]),
        "no subject": rsa_token(now, sub="absent"),
        "no expiry": rsa_token(now, exp="absent"),
        "a refresh token": rsa_token(now, type="refresh"),
    }

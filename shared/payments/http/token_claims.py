"""PURE. What an access token must look like before and after its signature is checked.

The signature itself is checked in `authentication.py`.
Source: RFC 6749 (scopes), 7515, 7519, 8725 (JWT best current practices), checked 2026-11.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from payments.errors import ForbiddenError

TOKEN_BYTES_MAX = 8192
LEEWAY_SECONDS = 30
"""How far the issuer's clock may be ahead of ours. A token's end (`exp`) has no leeway."""
SUBJECT_CHARACTERS_MAX = 128
EPOCH_MAX = 253_402_300_800
"""The year 10000: a later time is invalid."""

FORBIDDEN_HEADERS = ("jku", "jwk", "x5u", "x5c", "crit", "b64", "zip", "cty")
"""Headers by which a token names its own key, or another way to be read."""
TOKEN_TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})

_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([\w-]+\.[\w-]+\.[\w-]+)", re.ASCII)
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


ABSENT = "absent"
"""The reason of a request without any token: the one that no log line is written for."""


class TokenRefusedError(Exception):
    """The token is not one of ours. `reason` is a fixed word, never part of the token."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The caller to whom a token belongs.

    Units: `expires_at` and `issued_at` are UTC epoch seconds; `issued_at` is None without `iat`.
    """

    client_id: str
    scopes: frozenset[str]
    expires_at: float
    issued_at: float | None

    def require(self, scope: str) -> None:
        """Refuse a token without the scope. Errors: ForbiddenError."""
        if scope not in self.scopes:
            raise ForbiddenError


def bearer_token(event: Mapping[str, object]) -> str:
    """Return the one bearer token of an HTTP API event (payload format 2.0).

    Errors: TokenRefusedError when there is none, or more than one, or it is too large.
    """
    headers = event.get("headers")
    named = headers.items() if isinstance(headers, Mapping) else ()
    values = [value for name, value in named if str(name).lower() == "authorization"]
    if not values:
        raise TokenRefusedError(ABSENT)
    return token_in(values[0] if len(values) == 1 else None)


def token_in(authorization: object) -> str:
    """Return the bearer token of an Authorization header. Errors: TokenRefusedError."""
    if not isinstance(authorization, str):
        raise TokenRefusedError("malformed")
    if len(authorization) > TOKEN_BYTES_MAX:
        raise TokenRefusedError("oversize")
    match = _BEARER.fullmatch(authorization)
    if match is None:
        raise TokenRefusedError("malformed")
    return match.group(1)


def check_header(header: Mapping[str, object], algorithms: Sequence[str]) -> object:
    """Return the `kid` of a token whose header has only permitted fields.

    Errors: TokenRefusedError.
    """
    # A list, not a set: the token may hold an unhashable value here.
    if header.get("alg") not in list(algorithms):
        raise TokenRefusedError("algorithm")
    if any(name in header for name in FORBIDDEN_HEADERS):
        raise TokenRefusedError("header")
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.lower() not in TOKEN_TYPES:
        raise TokenRefusedError("typ")
    return header.get("kid")


def read_claims(
    claims: Mapping[str, object], now: float, *, refused_audiences: Collection[str] = ()
) -> Caller:
    """Return the caller that verified claims name.

    Errors: TokenRefusedError when a claim is not what it must be, when the token is not valid yet
        or has expired, or when it is meant for one of the refused audiences.
    """
    # Flask-JWT-Extended marks refresh tokens this way; they must not authenticate anybody.
    if claims.get("type", "access") != "access":
        raise TokenRefusedError("type")
    for name in ("nbf", "iat"):
        if claims.get(name) is not None and _time(claims, name) > now + LEEWAY_SECONDS:
            raise TokenRefusedError(name)
    audiences = claims.get("aud")
    if any(each in refused_audiences for each in _listed(audiences) if isinstance(each, str)):
        raise TokenRefusedError("aud")
    caller = Caller(
        client_id=_subject(claims.get("sub")),
        scopes=_scopes(claims),
        expires_at=_time(claims, "exp"),
        issued_at=_time(claims, "iat") if claims.get("iat") is not None else None,
    )
    if now >= caller.expires_at:
        raise TokenRefusedError("expired")
    return caller


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else [value]


def _time(claims: Mapping[str, object], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenRefusedError(name)
    # A comparison with NaN is false, so NaN is refused here too.
    if not 0 <= value < EPOCH_MAX:
        raise TokenRefusedError(name)
    return value


def _subject(value: object) -> str:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    text = str(value) if is_number else value
    if not isinstance(text, str) or not 1 <= len(text) <= SUBJECT_CHARACTERS_MAX:
        raise TokenRefusedError("sub")
    is_negative = is_number and text.startswith("-")
    if is_negative or not text.isprintable() or text != text.strip():
        raise TokenRefusedError("sub")
    return text


def _scopes(claims: Mapping[str, object]) -> frozenset[str]:
    found: set[str] = set()
    for name in ("scope", "scopes", "permissions"):
        value = claims.get(name)
        words = value.split(" ") if isinstance(value, str) else value
        if words is not None and not isinstance(words, list):
            raise TokenRefusedError(name)
        for word in words or []:
            if word == "":
                continue
            # One list entry is one scope: an entry with a space must not become two.
            if not isinstance(word, str) or not _SCOPE.fullmatch(word):
                raise TokenRefusedError(name)
            found.add(word)
    return frozenset(found)

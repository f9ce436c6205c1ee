"""Authenticates the token of a request, and decides nothing else.

API Gateway turns an authorizer's "no" into its own 403 and caches the answer across routes. So
this function never says no: it always authorizes and hands on what it found, and
`payments.http.api_gateway.caller` is where a request without a good token becomes a 401.

One family of keys per deployment, by configuration: HS256 with the shared secret, or RS256/ES256
with the issuer's published key set (JWKS_URL). A token cannot choose.
"""

import logging
import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from http.client import HTTPException
from typing import Any

import boto3
import jwt
from botocore.config import Config
from payments.aws.secrets import Secrets, SecretUnavailableError
from payments.http.authentication import (
    Caller,
    TokenRefusedError,
    bearer_token,
    check_header,
    read_claims,
)
from payments.http.token_keys import (
    RENEW_SECONDS,
    AuthSettings,
    Keys,
    KeysUnavailableError,
    SharedSecret,
    fetch_json,
    read_settings,
)

KEY_SET_SECONDS = 300
"""How long a fetched key set is used before it is fetched again."""
KEY_SET_STALE_SECONDS = 3600
"""How long the last key set may be used while the issuer does not answer."""
AWS_CONFIG = Config(
    connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 3}
)

logger = logging.getLogger("hakika.authorizer")


class PublishedKeys:
    """RS256 and ES256 with the keys at one configured address, and no others.

    `fetch` returns the parsed JSON found there; it raises OSError or ValueError if it cannot.
    """

    algorithms = ("RS256", "ES256")

    def __init__(self, fetch: Callable[[], object], clock: Callable[[], float]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._fetched_at = -math.inf
        self._tried_at = -math.inf

    def candidates(self, kid: object) -> Sequence[jwt.PyJWK]:
        """Returns the one key with this `kid`, if the issuer publishes it.

        Errors: KeysUnavailableError when the key set is too old and cannot be read.
        """
        now = self._clock()
        if now - self._fetched_at >= KEY_SET_SECONDS:
            self.renew()
        if now - self._fetched_at >= KEY_SET_STALE_SECONDS:
            raise KeysUnavailableError("The key set at JWKS_URL could not be read.")
        key = self._keys.get(kid) if isinstance(kid, str) else None
        return [] if key is None else [key]

    def renew(self) -> bool:
        """Fetches the key set; keeps the one it has when the issuer does not answer."""
        now = self._clock()
        if now - self._tried_at < RENEW_SECONDS:
            return False
        self._tried_at = now
        try:
            self._keys = usable_keys(self._fetch())
        except (OSError, HTTPException, ValueError, RecursionError) as error:
            logger.warning("The key set could not be read: %s", type(error).__name__)
            return False
        self._fetched_at = now
        return True


def usable_keys(key_set: object) -> Mapping[str, jwt.PyJWK]:
    """Returns the RSA and P-256 signing keys of a key set by `kid`; other entries are ignored.

    Errors: ValueError when that leaves none.
    """
    entries = key_set.get("keys") if isinstance(key_set, dict) else None
    keys: dict[str, jwt.PyJWK] = {}
    for entry in entries if isinstance(entries, list) else []:
        key = _usable_key(entry)
        if key is not None and key.key_id is not None:
            keys.setdefault(key.key_id, key)
    if not keys:
        raise ValueError("no usable key")
    return keys


def _usable_key(entry: object) -> jwt.PyJWK | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("kid"), str):
        return None
    is_for_signing = entry.get("use", "sig") == "sig"
    # A symmetric or private key in a public document is a mistake: ignore it.
    is_public = entry.get("kty") in ("RSA", "EC") and "d" not in entry
    if not (is_for_signing and is_public):
        return None
    try:
        key = jwt.PyJWK(entry)
    except (jwt.PyJWTError, TypeError, ValueError):
        return None
    return key if key.algorithm_name in PublishedKeys.algorithms else None


class Authenticator:
    """Authenticates tokens by one family of keys."""

    def __init__(self, settings: AuthSettings, keys: Keys, clock: Callable[[], float]) -> None:
        self._keys = keys
        self._clock = clock
        # Times and `sub` are left to read_claims: it uses the given clock, PyJWT takes the text
        # "123" for a time, and refuses the integer subjects that older issuers write.
        own_checks = ("verify_exp", "verify_nbf", "verify_iat", "verify_sub")
        self._rules: dict[str, Any] = {
            "algorithms": keys.algorithms,
            "issuer": settings.issuer or None,
            "audience": settings.audience or None,
            "options": {
                **dict.fromkeys(own_checks, False),
                "require": ["exp", "sub"],
                "verify_aud": bool(settings.audience),
                "enforce_minimum_key_length": True,
            },
        }

    def caller(self, token: str) -> Caller:
        """Returns whom the token belongs to, expired or not.

        Errors: TokenRefusedError; KeysUnavailableError or SecretUnavailableError when no
        token can be judged now.
        """
        try:
            kid = check_header(jwt.get_unverified_header(token), self._keys.algorithms)
            claims = self._verified(token, kid)
            if claims is None and self._keys.renew():
                claims = self._verified(token, kid)
        except (jwt.PyJWTError, TypeError, ValueError, RecursionError) as error:
            raise TokenRefusedError(type(error).__name__) from error
        if claims is None:
            raise TokenRefusedError("signature")
        return read_claims(claims, self._clock())

    def answer(self, event: Mapping[str, object]) -> dict[str, Any]:
        """Returns the authorizer's answer; never raises.

        Shape: context {auth: ok|expired|invalid|unavailable, sub, scope, exp}, all strings. `exp`
        is the epoch second from which the token is no longer accepted. `unavailable` means that
        no token could be judged: nobody is let in, but it is not the caller's fault.
        """
        try:
            caller = self.caller(bearer_token(event))
        except TokenRefusedError as error:
            logger.info("Token refused: %s", error.reason)
            return _answer("invalid")
        except (KeysUnavailableError, SecretUnavailableError) as error:
            logger.error("No token can be checked. %s", error)
            _count_unavailable()
            return _answer("unavailable")
        except Exception as error:
            # A token that triggers a defect must get a 401, not a 500.
            # Only the kind is logged, because the message might quote the token.
            logger.critical("A token caused %s", type(error).__name__)
            return _answer("invalid")
        return (
            _answer("ok", caller) if self._clock() < caller.accepted_until else _answer("expired")
        )

    def _verified(self, token: str, kid: object) -> Mapping[str, object] | None:
        for key in self._keys.candidates(kid):
            try:
                claims: Mapping[str, object] = jwt.decode(token, key, **self._rules)
            except jwt.InvalidSignatureError:
                continue
            return claims
        return None


def _answer(auth: str, caller: Caller | None = None) -> dict[str, Any]:
    context = {
        "auth": auth,
        "sub": caller.subject if caller else "",
        "scope": " ".join(caller.scopes) if caller else "",
        "exp": str(caller.accepted_until) if caller else "0",
    }
    return {"isAuthorized": True, "context": context}


def _count_unavailable() -> None:
    """Counts for the alarm; imported only now, because a healthy cold start never needs it."""
    from aws_lambda_powertools.metrics import MetricUnit, single_metric

    with single_metric(
        name="AuthorizerUnavailable",
        unit=MetricUnit.Count,
        value=1,
        # Logged here too: the metric must not make the authorizer fail.
        namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "Hakika"),
        default_dimensions={"service": os.environ.get("POWERTOOLS_SERVICE_NAME", "hakika")},
    ):
        pass


@cache
def prepare() -> Authenticator:
    """Builds the authenticator in Lambda's init phase, without any network call."""
    settings = read_settings(os.environ)
    keys: Keys
    if settings.jwks_url:
        keys = PublishedKeys(lambda: fetch_json(settings.jwks_url), time.time)
    else:
        secrets = Secrets(boto3.client("secretsmanager", config=AWS_CONFIG), time.time)
        keys = SharedSecret(secrets, settings.jwt_secret_arn, time.time)
    return Authenticator(settings, keys, time.time)


def handler(event: Mapping[str, object], context: object) -> dict[str, Any]:
    """Lambda entry point."""
    return prepare().answer(event)


# Lambda's init phase has the full CPU, so the client is built there. Elsewhere, as in tests,
# importing this builds nothing.
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    prepare()

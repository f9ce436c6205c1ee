"""Authenticates the caller of a request by its access token. It is the only way to a caller.

Every handler with a protected route asks here first, before it reads a secret or the table for
anything else. A request without a token costs neither.
"""

import os
from collections.abc import Mapping
from typing import Any

import jwt

from payments.aws.runtime import Runtime
from payments.aws.secrets import SecretUnavailableError
from payments.aws.token_families import TokenFamily, customer_tokens
from payments.errors import UnauthenticatedError, UnavailableError
from payments.http.token_claims import (
    ABSENT,
    Caller,
    TokenRefusedError,
    bearer_token,
    check_header,
    read_claims,
)
from payments.http.token_keys import RENEW_SECONDS, Keys, KeysUnavailableError, SharedSecret
from payments.ports import Clock, Observer


class Authenticator:
    """Authenticates the tokens of one family."""

    def __init__(
        self, family: TokenFamily, keys: Keys, *, clock: Clock, observer: Observer
    ) -> None:
        self._family = family
        self._keys = keys
        self._clock = clock
        self._observer = observer
        # Times and `sub` are left to read_claims: it uses the given clock, PyJWT takes the text
        # "123" for a time, and refuses the integer subjects that older issuers write.
        own_checks = ("verify_exp", "verify_nbf", "verify_iat", "verify_sub")
        self._rules: dict[str, Any] = {
            "algorithms": keys.algorithms,
            "issuer": family.issuer or None,
            "audience": family.audience or None,
            "options": {
                **dict.fromkeys(own_checks, False),
                "require": ["exp", "sub"],
                "verify_aud": bool(family.audience),
                "enforce_minimum_key_length": True,
            },
        }

    def caller(self, event: Mapping[str, object]) -> Caller:
        """Return the caller of an HTTP API event.

        Errors: UnauthenticatedError unless the event has one good token of this family.
            UnavailableError where no token can be judged now, so that an outage of ours logs nobody
            out.
        """
        try:
            return self._caller_of(bearer_token(event))
        except TokenRefusedError as error:
            if error.reason != ABSENT:
                self._observer.noted("token refused", reason=error.reason)
            raise UnauthenticatedError from error
        except (KeysUnavailableError, SecretUnavailableError) as error:
            self._observer.noted("no token can be checked", reason=str(error))
            raise UnavailableError(
                "The service is not ready. Please try again shortly",
                code="authentication_unavailable",
                retry_after_seconds=RENEW_SECONDS,
            ) from error
        except Exception as error:
            # A token that triggers a defect must get a 401, not a 500.
            # Only the kind is logged, because the message might quote the token.
            self._observer.noted("a token caused a defect", cause=type(error).__name__)
            raise UnauthenticatedError from error

    def _caller_of(self, token: str) -> Caller:
        try:
            kid = check_header(jwt.get_unverified_header(token), self._keys.algorithms)
            claims = self._verified(token, kid)
            if claims is None and self._keys.renew():
                claims = self._verified(token, kid)
        except (jwt.PyJWTError, TypeError, ValueError, RecursionError) as error:
            raise TokenRefusedError(type(error).__name__) from error
        if claims is None:
            raise TokenRefusedError("signature")
        return read_claims(claims, self._clock(), refused_audiences=self._family.refused_audiences)

    def _verified(self, token: str, kid: object) -> Mapping[str, object] | None:
        for key in self._keys.candidates(kid):
            try:
                claims: Mapping[str, object] = jwt.decode(token, key, **self._rules)
            except jwt.InvalidSignatureError:
                continue
            return claims
        return None


def customers(runtime: Runtime) -> Authenticator:
    """Return the authenticator of customers and of the booking system, without network.

    Errors: SettingsError; the function then does not start, so that nobody is let in.
    """
    return authenticator(runtime, customer_tokens(os.environ))


def authenticator(runtime: Runtime, family: TokenFamily) -> Authenticator:
    """Return the authenticator of one family. Errors: SettingsError."""
    return Authenticator(
        family, _keys_of(family, runtime), clock=runtime.clock, observer=runtime.observer
    )


def _keys_of(family: TokenFamily, runtime: Runtime) -> Keys:
    if not family.jwks_url:
        return SharedSecret(runtime.secrets, family.secret_arn, runtime.clock)
    from payments.http.published_keys import keys_at

    return keys_at(family.jwks_url, clock=runtime.clock, observer=runtime.observer)

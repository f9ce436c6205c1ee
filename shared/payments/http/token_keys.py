"""Which keys an access token may be signed with: one family per deployment, by configuration.

Only the authorizer function uses this. Published keys need a JWT library, which only that
function has, so the code for them is there.
"""

import json
import math
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from payments.aws.secrets import Secrets

RENEW_SECONDS = 30
"""At least this long between two reloads of the keys, however many bad tokens arrive."""
KEY_SET_BYTES_MAX = 65_536
FETCH_SECONDS = 3
SECRET_BYTES_MIN = 32


class KeysUnavailableError(Exception):
    """The keys could not be read, so no token can be checked and every request is refused."""


@dataclass(frozen=True, slots=True)
class AuthSettings:
    """Which tokens this deployment accepts. Empty means not configured."""

    jwt_secret_arn: str
    jwks_url: str
    issuer: str
    audience: str


def read_settings(environment: Mapping[str, str]) -> AuthSettings:
    """Returns the settings, or raises an error that names the wrong one.

    Errors: ValueError; the function then does not start, so nobody is let in.
    """
    settings = AuthSettings(
        jwt_secret_arn=environment.get("JWT_SECRET_ARN", "").strip(),
        jwks_url=environment.get("JWKS_URL", "").strip(),
        issuer=environment.get("JWT_ISSUER", "").strip(),
        audience=environment.get("JWT_AUDIENCE", "").strip(),
    )
    if not settings.jwks_url:
        if not settings.jwt_secret_arn:
            raise ValueError("Set JWT_SECRET_ARN (shared secret) or JWKS_URL (public keys).")
        return settings
    url = urlsplit(settings.jwks_url)
    is_this_machine = url.scheme == "http" and url.hostname == "127.0.0.1"
    if not url.hostname or not (url.scheme == "https" or is_this_machine):
        raise ValueError("JWKS_URL must be an https:// address.")
    if not (settings.issuer and settings.audience):
        raise ValueError("JWKS_URL needs JWT_ISSUER and JWT_AUDIENCE: an issuer serves many.")
    return settings


class Keys(Protocol):
    """The only keys a token may be signed with."""

    @property
    def algorithms(self) -> Sequence[str]:
        """Returns the family; the token's own header never decides it."""

    def candidates(self, kid: object) -> Sequence[Any]:
        """Returns the keys that may have signed a token with this `kid`, perhaps none."""

    def renew(self) -> bool:
        """Reloads the keys unless that was just done; returns whether to try again."""


class SharedSecret:
    """HS256 with the current secret, and with the previous one while it is being replaced."""

    algorithms = ("HS256",)

    def __init__(self, secrets: Secrets, arn: str, clock: Callable[[], float]) -> None:
        self._secrets = secrets
        self._arn = arn
        self._clock = clock
        self._renewed_at = -math.inf

    def candidates(self, kid: object) -> Sequence[bytes]:
        """Returns the secrets; `kid` does not matter, because the set is closed.

        Errors: SecretUnavailableError; KeysUnavailableError when the secret can be guessed.
        """
        values = self._secrets.read(self._arn)
        current = values.get("JWT_SECRET", "").encode()
        previous = values.get("JWT_SECRET_PREVIOUS", "").encode()
        if len(current) < SECRET_BYTES_MIN:
            raise KeysUnavailableError(
                f"JWT_SECRET in {self._arn} must have {SECRET_BYTES_MIN} bytes or more."
            )
        return [key for key in (current, previous) if len(key) >= SECRET_BYTES_MIN]

    def renew(self) -> bool:
        """Drops the cached secret, so that a token signed with a new one is valid at once."""
        now = self._clock()
        if now - self._renewed_at < RENEW_SECONDS:
            return False
        self._renewed_at = now
        self._secrets.forget(self._arn)
        return True


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def fetch_json(url: str) -> object:
    """Returns the JSON at `url`. Follows no redirect and limits the size.

    Errors: OSError when there is no good answer, ValueError when it is not JSON of a sane size.
    """
    opener = urllib.request.build_opener(_NoRedirect())
    with opener.open(url, timeout=FETCH_SECONDS) as response:
        body: bytes = response.read(KEY_SET_BYTES_MAX + 1)
    if len(body) > KEY_SET_BYTES_MAX:
        raise ValueError("the key set is too large")
    return json.loads(body)

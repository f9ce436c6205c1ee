"""The keys a token may be signed with: the deployment's shared secret, or `published_keys.py`."""

import math
from collections.abc import Sequence
from typing import Any, Protocol

from payments.aws.secrets import Secrets
from payments.ports import Clock

RENEW_SECONDS = 30
"""At least this long between two reloads of the keys, however many bad tokens arrive."""
SECRET_BYTES_MIN = 32


class KeysUnavailableError(Exception):
    """The keys could not be read, so no token can be checked and every request is refused."""


class Keys(Protocol):
    """The only keys a token may be signed with."""

    @property
    def algorithms(self) -> Sequence[str]:
        """Return the algorithms; the token's own header never chooses one."""

    def candidates(self, kid: object) -> Sequence[Any]:
        """Return the keys that may have signed a token with this `kid`, perhaps none."""

    def renew(self) -> bool:
        """Reload the keys unless that was just done; return whether to try again."""


class SharedSecret:
    """HS256 with the current secret, and with the previous one while it is being replaced."""

    algorithms = ("HS256",)

    def __init__(self, secrets: Secrets, arn: str, clock: Clock) -> None:
        self._secrets = secrets
        self._arn = arn
        self._clock = clock
        self._renewed_at = -math.inf

    def candidates(self, kid: object) -> Sequence[bytes]:
        """Return the secrets; `kid` does not matter, because the set is closed.

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
        """Drop the cached secret, so that a token signed with a new one is valid at once."""
        now = self._clock()
        if now - self._renewed_at < RENEW_SECONDS:
            return False
        self._renewed_at = now
        self._secrets.forget(self._arn)
        return True

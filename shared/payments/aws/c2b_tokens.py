"""Which tokens in a C2B address are ours: their SHA-256, in a secret of its own."""

import hmac
from collections.abc import Callable

from payments.aws.secrets import Secrets, SecretUnavailableError
from payments.errors import UnavailableError

TOKENS = "C2B_TOKEN_SHA256"
"""The secret's value: digests with a space between them, the newest last. Addresses are registered
once, so an old token counts until it is taken out."""
RENEW_SECONDS = 30
"""At least this long between two reads of the secret, however many unknown tokens arrive."""


class C2bTokens:
    """The accepted tokens, at most five minutes old; an unknown one makes us read again."""

    def __init__(self, secrets: Secrets, arn: str, clock: Callable[[], float]) -> None:
        self._secrets = secrets
        self._arn = arn
        self._clock = clock
        self._renewed_at: float | None = None

    def accept(self, token_sha256: str) -> bool:
        """Whether the token is one of ours.

        The time taken does not depend on which one it is.
        Errors: UnavailableError where the secret cannot be read.
        """
        if self._knows(token_sha256):
            return True
        now = self._clock()
        if self._renewed_at is not None and now < self._renewed_at + RENEW_SECONDS:
            return False
        self._renewed_at = now
        self._secrets.forget(self._arn)
        return self._knows(token_sha256)

    def _knows(self, token_sha256: str) -> bool:
        try:
            accepted = self._secrets.read(self._arn).get(TOKENS, "").split()
        except SecretUnavailableError as error:
            raise UnavailableError(
                "The service is not ready. Please try again shortly", code="secrets_unavailable"
            ) from error
        return sum(hmac.compare_digest(each, token_sha256) for each in accepted) > 0

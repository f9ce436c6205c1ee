"""Reads secrets from Secrets Manager at run time, so that rotating one needs no new deployment.

Nothing here ever puts a secret's text into an error, a log line or a `repr`.
"""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from payments.errors import UnavailableError

if TYPE_CHECKING:
    from aws_lambda_powertools.logging import Logger
    from mypy_boto3_secretsmanager import SecretsManagerClient

type AtOnce = Callable[[Sequence[Callable[[], None]]], None]
"""Makes several calls at the same time and returns when all have ended. No call raises."""

NOT_READY = "The service is not ready. Please try again shortly"
CACHE_SECONDS = 300
"""How long a value may be used after it was read. A rotation is seen within this time."""


class SecretUnavailableError(Exception):
    """A secret could not be read, or lacks a required value. Nothing was changed.

    Shape: `secret` names it (its ARN, never its text); `reason` has the step to take.
    """

    def __init__(self, secret: str, reason: str) -> None:
        super().__init__(f"Secret {secret}: {reason}")
        self.secret = secret
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Cached:
    values: Mapping[str, str]
    read_at: float

    def __repr__(self) -> str:
        return f"_Cached({len(self.values)} values, not shown)"


class Secrets:
    """Gives the current values of a secret, at most `CACHE_SECONDS` old.

    When one of the secrets `together` must be fetched, all of them that are not cached are fetched
    at once: a request that needs three waits for one round trip.
    Units: `clock` returns UTC epoch seconds (or any clock in seconds that never runs backwards).
    """

    def __init__(
        self,
        client: "SecretsManagerClient",
        clock: Callable[[], float],
        *,
        together: Sequence[str] = (),
        at_once: "AtOnce | None" = None,
    ) -> None:
        self._client = client
        self._clock = clock
        self._together = tuple(filter(None, together))
        self._at_once = at_once or in_threads
        self._cache: dict[str, _Cached] = {}
        self._lock = threading.Lock()

    def read(self, arn: str) -> Mapping[str, str]:
        """Returns the names and values of the secret `arn`, a JSON object of strings.

        Errors: SecretUnavailableError when it cannot be read or is not such an object; a value
        that is too old is never used instead, because it may have been withdrawn.
        Idempotent: yes; one call to Secrets Manager per `CACHE_SECONDS` and secret.
        """
        with self._lock:
            now = self._clock()
            if self._must_fetch(arn, now):
                self._fetch_with_companions(arn, now)
            return self._cache[arn].values

    def forget(self, arn: str) -> None:
        """Makes the next `read` ask Secrets Manager, for when a cached value was refused."""
        with self._lock:
            self._cache.pop(arn, None)

    def _must_fetch(self, arn: str, now: float) -> bool:
        cached = self._cache.get(arn)
        return cached is None or not 0 <= now - cached.read_at < CACHE_SECONDS

    def _fetch_with_companions(self, arn: str, now: float) -> None:
        """Fetch a secret and its companions; one that fails is fetched again when it is read."""
        errors: list[SecretUnavailableError] = []

        def keep(each: str) -> None:
            try:
                self._cache[each] = _Cached(parse_secret(each, self._fetch(each)), now)
            except SecretUnavailableError as error:
                self._cache.pop(each, None)
                if each == arn:
                    errors.append(error)

        companions = self._together if arn in self._together else ()
        missing = [each for each in companions if each != arn and self._must_fetch(each, now)]
        self._at_once([partial(keep, each) for each in (arn, *missing)])
        if errors:
            raise errors[0]

    def _fetch(self, arn: str) -> object:
        if not arn:
            raise SecretUnavailableError("(no ARN)", "its ARN is not in the environment")
        try:
            answer = self._client.get_secret_value(SecretId=arn)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "an unnamed error")
            raise SecretUnavailableError(arn, f"Secrets Manager answered {code}") from error
        except BotoCoreError as error:
            kind = type(error).__name__
            raise SecretUnavailableError(arn, f"Secrets Manager gave no answer ({kind})") from error
        return answer.get("SecretString")


def in_threads(calls: Sequence[Callable[[], None]]) -> None:
    """Make the calls at the same time: the last one here, each other in a thread of its own."""
    *others, own = calls
    threads = [threading.Thread(target=call, daemon=True) for call in others]
    for thread in threads:
        thread.start()
    own()
    for thread in threads:
        thread.join()


def require_secret(
    secrets: Secrets, arn: str, names: tuple[str, ...], *, logger: "Logger"
) -> Mapping[str, str]:
    """Returns a secret that has all these values.

    Errors: UnavailableError; the log has the reason, never a value.
    """
    try:
        values = secrets.read(arn)
    except SecretUnavailableError as error:
        logger.error("secret unavailable", extra={"reason": error.reason})
        raise UnavailableError(NOT_READY, code="secrets_unavailable") from error
    missing = [name for name in names if not values.get(name)]
    if missing:
        logger.error("secret incomplete", extra={"missing": missing})
        raise UnavailableError(NOT_READY, code="secrets_incomplete")
    return values


def parse_secret(arn: str, text: object) -> Mapping[str, str]:
    """Returns the names and values in a SecretString, read-only.

    Errors: SecretUnavailableError, which never carries the text.
    """
    if not isinstance(text, str):
        raise SecretUnavailableError(arn, "it has no SecretString; store a JSON object of strings")
    values = _json_or_none(text)
    if not isinstance(values, dict):
        raise SecretUnavailableError(arn, "its SecretString is not a JSON object")
    not_text = sorted(name for name, value in values.items() if not isinstance(value, str))
    if not_text:
        raise SecretUnavailableError(arn, f"these values are not strings: {', '.join(not_text)}")
    return MappingProxyType(values)


def _json_or_none(text: str) -> object:
    # Returned, not raised: a JSONDecodeError keeps the whole text, which here is the secret.
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None

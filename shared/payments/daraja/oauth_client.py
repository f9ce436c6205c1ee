"""Fetches Daraja's OAuth token."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import requests

from payments.daraja import wire
from payments.errors import ProviderUnavailableError
from payments.ports import Clock, Observer
from payments.protocol.provider_calls import FetchedToken

TOKEN_TIMEOUT_SECONDS = (3, 5)
TOKEN_LIFE_SECONDS_MAX = 3600
TOKEN_LIFE_SECONDS_DEFAULT = 120
"""The life assumed where Daraja names none that can be read."""


class OAuthClient:
    """Asks Daraja for tokens with the consumer key and secret."""

    def __init__(
        self,
        session: requests.Session,
        *,
        base_url: str,
        credentials: Callable[[], Mapping[str, str]],
        forget_credentials: Callable[[], None],
        clock: Clock,
        observer: Observer,
    ) -> None:
        self._session = session
        self._url = base_url.rstrip("/") + wire.TOKEN_PATH
        self._credentials = credentials
        self._forget_credentials = forget_credentials
        self._clock = clock
        self._observer = observer

    def fetch_token(self) -> FetchedToken:
        """Ask Daraja for a token. Errors: ProviderUnavailableError."""
        credentials = self._credentials()
        key_and_secret = (
            credentials["SAFARICOM_CONSUMER_KEY"],
            credentials["SAFARICOM_CONSUMER_SECRET"],
        )
        try:
            with (
                timed_call("Token", clock=self._clock, observer=self._observer),
                own_connection(self._session),
            ):
                response = self._session.get(
                    self._url,
                    params={"grant_type": "client_credentials"},
                    auth=key_and_secret,
                    timeout=TOKEN_TIMEOUT_SECONDS,
                    allow_redirects=False,
                )
        except requests.RequestException as error:
            self._observer.counted("TokenFailed")
            raise ProviderUnavailableError(type(error).__name__) from error
        answer = wire.read_answer(response.status_code, response.content)
        token, life = answer.body.get("access_token"), answer.body.get("expires_in")
        if answer.status != 200 or not isinstance(token, str) or not token:
            self._forget_credentials()
            self._observer.counted("TokenFailed")
            raise ProviderUnavailableError(answer.error_code or f"HTTP {answer.status}")
        return FetchedToken(access_token=token, expires_in=_seconds(life))


@contextmanager
def own_connection(session: requests.Session) -> Iterator[None]:
    """Close the call's connection, whatever the server says about keeping it."""
    try:
        yield
    finally:
        session.close()


@contextmanager
def timed_call(kind: str, *, clock: Clock, observer: Observer) -> Iterator[None]:
    """Measure a call to Daraja, answered or not."""
    started = clock()
    try:
        yield
    finally:
        elapsed_ms = (clock() - started) * 1000
        observer.counted(f"{kind}Latency", elapsed_ms, unit="Milliseconds")


def _seconds(life: object) -> int:
    """Read `expires_in`, a number or its text."""
    text = str(life)
    if not text.isdecimal():
        return TOKEN_LIFE_SECONDS_DEFAULT
    return min(int(text), TOKEN_LIFE_SECONDS_MAX)

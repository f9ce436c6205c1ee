"""The Daraja client: shared token, STK push (sent once, never retried), STK query."""

from collections.abc import Callable, Mapping
from typing import Any

import requests
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
)

from payments.daraja import wire
from payments.daraja.oauth_client import OAuthClient, own_connection, timed_call
from payments.daraja.push_outcomes import (
    is_invalid_token,
    is_misconfigured,
    is_outage,
    push_outcome,
)
from payments.daraja.query_answers import read_query_answer
from payments.errors import PaymentError, ProviderUnavailableError
from payments.ports import Clock, OAuthTokens, Observer, PushOutcome
from payments.protocol.evidence import PushRefused, PushUnclear, QueryAnswer
from payments.protocol.policy import PUSH_CONNECT_SECONDS, PUSH_READ_SECONDS_MAX
from payments.protocol.provider_calls import FetchedToken, Push

QUERY_TIMEOUT_SECONDS = (3, 8)

_NOT_SENT = (ConnectTimeoutError, NameResolutionError, NewConnectionError)
"""Raised before any byte was sent. A TLS error can come after the send, so it is not listed."""


def new_session() -> requests.Session:
    """Return a session without proxy, .netrc and retries.

    Each call closes its own connection, so none is reused: an idle one can fail after the send.
    """
    session = requests.Session()
    session.trust_env = False
    session.headers["Connection"] = "close"
    return session


class DarajaClient:
    """Implements ports.StkGateway over HTTPS."""

    def __init__(
        self,
        session: requests.Session,
        *,
        base_url: str,
        merchant: wire.Merchant,
        credentials: Callable[[], Mapping[str, str]],
        forget_credentials: Callable[[], None],
        share_oauth_token: Callable[[Callable[[], FetchedToken]], OAuthTokens],
        clock: Clock,
        observer: Observer,
    ) -> None:
        self._session = session
        self._base_url = base_url.rstrip("/")
        self._merchant = merchant
        self._credentials = credentials
        self._forget_credentials = forget_credentials
        oauth = OAuthClient(
            session,
            base_url=base_url,
            credentials=credentials,
            forget_credentials=forget_credentials,
            clock=clock,
            observer=observer,
        )
        self._token = share_oauth_token(oauth.fetch_token)
        self._clock = clock
        self._observer = observer

    def ready(self) -> "ReadyDaraja":
        """Get token and passkey first, so that only the push follows the reservation."""
        passkey = self._credentials()["SAFARICOM_PASSKEY"]
        return ReadyDaraja(self, self.token(), passkey)

    def query_stk(self, checkout_request_id: str) -> QueryAnswer | None:
        """Query a prompt's result; None where Daraja gave no answer about it."""
        try:
            answer = self._ask(checkout_request_id)
        except ProviderUnavailableError as error:
            # No token; the fetch has already counted the failure.
            self._observer.noted("query unanswered", cause=error.cause)
            return None
        except requests.RequestException as error:
            self._observer.counted("QueryFailed")
            self._observer.noted("query unanswered", cause=type(error).__name__)
            return None
        verdict = read_query_answer(checkout_request_id, answer)
        if answer.status == 429:
            self._observer.counted("QueryThrottled")
        elif verdict is None:
            self._observer.counted("QueryFailed")
        return verdict

    def _ask(self, checkout_request_id: str) -> wire.Answer:
        body = wire.query_body(
            checkout_request_id,
            self._merchant,
            passkey=self._credentials()["SAFARICOM_PASSKEY"],
            now=self._clock(),
        )
        return self.call("Query", wire.QUERY_PATH, body, QUERY_TIMEOUT_SECONDS)

    def call(
        self, kind: str, path: str, body: Mapping[str, Any], timeout: tuple[float, float]
    ) -> wire.Answer:
        """Send what may be sent again, and once more after an invalid token.

        Errors: requests.RequestException, ProviderUnavailableError.
        """
        token = self.token()
        answer = self.post(kind, path, body, token, timeout)
        if is_invalid_token(answer):
            token = self.renew_token(token)
            answer = self.post(kind, path, body, token, timeout)
        return answer

    def send_push(self, push: Push, token: str, passkey: str, *, seconds: float) -> wire.Answer:
        """Send one push that ends within `seconds`. Errors: requests.RequestException."""
        body = wire.push_body(push, self._merchant, passkey=passkey, now=self._clock())
        answer = self.post("Push", wire.PUSH_PATH, body, token, push_timeout(seconds))
        if "wrong credentials" in answer.message.lower():
            self._forget_credentials()
        if is_outage(answer):
            self.count_failed_push()
        return answer

    def count_misconfigured_push(self) -> None:
        """Count a push that our own configuration spoiled."""
        self._observer.counted("PushMisconfigured")

    def count_failed_push(self) -> None:
        """Count a push that Daraja did not receive or could not process."""
        self._observer.counted("PushFailed")

    def token(self) -> str:
        """Return a valid OAuth token. Errors: ProviderUnavailableError."""
        return self._token.get(self._consumer_key())

    def renew_token(self, rejected: str) -> str:
        """Get a token other than the rejected one."""
        return self._token.renew(self._consumer_key(), rejected)

    def post(
        self,
        kind: str,
        path: str,
        body: Mapping[str, Any],
        token: str,
        timeout: tuple[float, float],
    ) -> wire.Answer:
        """Send one call over a connection of its own. Errors: requests.RequestException."""
        with (
            timed_call(kind, clock=self._clock, observer=self._observer),
            own_connection(self._session),
        ):
            response = self._session.post(
                self._base_url + path,
                json=body,
                headers={"Authorization": f"Bearer {token}"},
                timeout=timeout,
                allow_redirects=False,
            )
        return wire.read_answer(response.status_code, response.content)

    def _consumer_key(self) -> str:
        return self._credentials()["SAFARICOM_CONSUMER_KEY"]


class ReadyDaraja:
    """Daraja with token and passkey already known; implements ports.ReadyGateway."""

    def __init__(self, client: DarajaClient, token: str, passkey: str) -> None:
        self._client = client
        self._token = token
        self._passkey = passkey

    def push_stk(
        self, push: Push, *, may_send: Callable[[], bool], seconds: Callable[[], float]
    ) -> PushOutcome:
        """Send the push once; once more only if Daraja refused the token: docs/protocol.md 4.1."""
        answer = self._send(push, may_send, seconds)
        if isinstance(answer, wire.Answer) and is_invalid_token(answer):
            try:
                self._token = self._client.renew_token(self._token)
            except PaymentError as error:
                return PushRefused(code="token", description="", reason=error.code)
            answer = self._send(push, may_send, seconds)
        if not isinstance(answer, wire.Answer):
            return answer
        if is_misconfigured(answer):
            self._client.count_misconfigured_push()
        return push_outcome(answer)

    def _send(
        self, push: Push, may_send: Callable[[], bool], seconds: Callable[[], float]
    ) -> wire.Answer | PushOutcome:
        if not may_send():
            return PushRefused(code="not_sent", description="", reason="Too late to send")
        try:
            return self._client.send_push(push, self._token, self._passkey, seconds=seconds())
        except requests.RequestException as error:
            self._client.count_failed_push()
            if was_not_sent(error):
                return PushRefused(
                    code="not_sent", description="", reason="M-Pesa could not be reached"
                )
            return PushUnclear(description=type(error).__name__)


def push_timeout(seconds: float) -> tuple[float, float]:
    """Return the push's timeouts, connect and read: together no more than the seconds given."""
    left = seconds - PUSH_CONNECT_SECONDS
    return PUSH_CONNECT_SECONDS, max(1.0, min(PUSH_READ_SECONDS_MAX, left))


def was_not_sent(error: requests.RequestException) -> bool:
    """Whether the connection failed before any byte of the request."""
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return isinstance(reason, _NOT_SENT)

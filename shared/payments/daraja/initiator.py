"""The initiator's calls: Reversal (sent once, never retried), Transaction Status and Balance."""

from collections.abc import Callable, Mapping
from typing import Any

import requests

from payments.daraja import initiator_wire as wire
from payments.daraja.client import DarajaClient, push_timeout, was_not_sent
from payments.daraja.reversal_answers import NOT_SENT, is_token_refused, reversal_refusal
from payments.daraja.wire import Answer
from payments.errors import PaymentError, ProviderUnavailableError
from payments.ports import Observer
from payments.protocol.provider_calls import InitiatorUrls, Reversal, ReversalRefusal

ASK_TIMEOUT_SECONDS = (3, 10)
INITIATOR_NAME = "INITIATOR_NAME"
SECURITY_CREDENTIAL = "SECURITY_CREDENTIAL"


class InitiatorClient:
    """Implements ports.Initiator over the connection and the token of the Daraja client."""

    def __init__(
        self,
        daraja: DarajaClient,
        *,
        secret: Callable[[], Mapping[str, str]],
        observer: Observer,
    ) -> None:
        self._daraja = daraja
        self._secret = secret
        self._observer = observer

    def ready(self) -> "ReadyInitiator":
        """Get token and credential first, so that only the Reversal follows the write."""
        return ReadyInitiator(self, self._credential(), self._daraja.token())

    def ask_status(self, receipt_number: str, shortcode: str, urls: InitiatorUrls) -> bool:
        """Ask about a receipt; whether M-Pesa took the question. The answer is posted later."""
        body = wire.status_body(receipt_number, shortcode, self._credential(), urls)
        return self._ask("Status", wire.STATUS_PATH, body)

    def ask_balance(self, shortcode: str, urls: InitiatorUrls) -> bool:
        """Ask for the shortcode's balances; whether M-Pesa took the question."""
        body = wire.balance_body(shortcode, self._credential(), urls)
        return self._ask("Balance", wire.BALANCE_PATH, body)

    def post(
        self, kind: str, path: str, body: dict[str, Any], token: str, timeout: tuple[float, float]
    ) -> Answer:
        """Send one call. Errors: requests.RequestException."""
        return self._daraja.post(kind, path, body, token, timeout)

    def renew_token(self, rejected: str) -> str:
        """Get a token other than the rejected one."""
        return self._daraja.renew_token(rejected)

    def count_failed(self, kind: str) -> None:
        """Count a call that got no clear answer."""
        self._observer.counted(f"{kind}Failed")

    def _credential(self) -> wire.Credential:
        secret = self._secret()
        return wire.Credential(
            initiator=secret[INITIATOR_NAME], security_credential=secret[SECURITY_CREDENTIAL]
        )

    def _ask(self, kind: str, path: str, body: dict[str, Any]) -> bool:
        """Ask, and once more after a refused token: a question changes nothing."""
        try:
            token = self._daraja.token()
            answer = self.post(kind, path, body, token, ASK_TIMEOUT_SECONDS)
            if is_token_refused(answer) or answer.error_code == "400.003.01":
                token = self._daraja.renew_token(token)
                answer = self.post(kind, path, body, token, ASK_TIMEOUT_SECONDS)
        except (requests.RequestException, ProviderUnavailableError) as error:
            self.count_failed(kind)
            self._observer.noted("question not taken", kind=kind, cause=type(error).__name__)
            return False
        is_taken = answer.status == 200 and str(answer.body.get("ResponseCode")) == "0"
        if not is_taken:
            self.count_failed(kind)
            code = answer.error_code or str(answer.status)
            self._observer.noted("question not taken", kind=kind, cause=code)
        return is_taken


class ReadyInitiator:
    """The initiator with token and credential in hand; implements ports.ReadyInitiator."""

    def __init__(self, client: InitiatorClient, credential: wire.Credential, token: str) -> None:
        self._client = client
        self._credential = credential
        self._token = token

    def reverse(
        self,
        reversal: Reversal,
        urls: InitiatorUrls,
        *,
        may_send: Callable[[], bool],
        seconds: Callable[[], float],
    ) -> ReversalRefusal | None:
        """Send the Reversal once; once more only if the gateway refused the token.

        None is no refusal: M-Pesa took it, or may have. Never call this twice for one attempt.
        """
        body = wire.reversal_body(reversal, self._credential, urls)
        answer = self._send(body, may_send, seconds)
        if isinstance(answer, Answer) and is_token_refused(answer):
            try:
                self._token = self._client.renew_token(self._token)
            except PaymentError:
                return reversal_refusal(answer)
            answer = self._send(body, may_send, seconds)
        if not isinstance(answer, Answer):
            return answer
        return reversal_refusal(answer)

    def _send(
        self, body: dict[str, Any], may_send: Callable[[], bool], seconds: Callable[[], float]
    ) -> Answer | ReversalRefusal | None:
        if not may_send():
            return ReversalRefusal(code=NOT_SENT, is_ours=False)
        timeout = push_timeout(seconds())
        try:
            return self._client.post("Reversal", wire.REVERSAL_PATH, body, self._token, timeout)
        except requests.RequestException as error:
            self._client.count_failed("Reversal")
            return ReversalRefusal(code=NOT_SENT, is_ours=False) if was_not_sent(error) else None

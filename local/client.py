"""Small clients of the public API and of the simulator, as the demo and the tests use them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

from local.errors import LocalStackError

ANSWER_SECONDS_MAX = 60.0


@dataclass(frozen=True)
class Answer:
    """One HTTP answer. Shape: `body` is the JSON, or None where the body is not JSON."""

    status: int
    body: Any
    headers: Mapping[str, str]
    text: str


class ApiClient:
    """Calls the public API with one caller's token, or with none."""

    def __init__(self, api_url: str, token: str | None) -> None:
        self._api_url = api_url
        self._session = requests.Session()
        if token is not None:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request; `raw` goes out as it is, `body` as JSON."""
        response = self._session.request(
            method,
            f"{self._api_url}{path}",
            json=body if raw is None else None,
            data=raw,
            headers=headers,
            timeout=ANSWER_SECONDS_MAX,
            allow_redirects=False,
        )
        return _read(response)

    def register(self, booking_id: str | int, client_id: str, price_kes: int) -> Answer:
        """Register a consultation that waits to be paid."""
        body = {"client_id": client_id, "price_kes": price_kes, "status": "Pending"}
        return self.call("PUT", f"/api/consultations/{booking_id}", body)

    def read_consultation(self, booking_id: str | int) -> Answer:
        """Read a consultation back."""
        return self.call("GET", f"/api/consultations/{booking_id}")

    def initiate(
        self, booking_id: str | int, phone_number: str, amount: int, *, key: str | None = None
    ) -> Answer:
        """Ask for a payment."""
        body = {"phone_number": phone_number, "amount": amount, "booking_id": booking_id}
        headers = {"Idempotency-Key": key} if key is not None else None
        return self.call("POST", "/api/payment/mpesa/stk-push", body, headers=headers)

    def read_status(self, payment_id: str) -> Answer:
        """Read a payment's status, by its own id or by Daraja's."""
        return self.call("GET", f"/api/payment/mpesa/status/{payment_id}")


class SimulatorClient:
    """Plays the people around Safaricom: the customer at the phone, and bad days."""

    def __init__(self, simulator_url: str) -> None:
        self._base = f"{simulator_url}/_simulator"
        self._session = requests.Session()

    def answer_phone(self, phone_number: str, action: str, pin: str | None = None) -> Answer:
        """Answer the prompt on this phone: `pin`, `cancel` or `ignore`; 409 where none is open."""
        body = {"action": action} | ({"pin": pin} if pin is not None else {})
        return self.call("POST", f"/phones/{phone_number}/answer", body)

    def set_next(self, scenario: str, phone_number: str, times: int = 1) -> Answer:
        """Choose what the next pushes to this phone get."""
        body = {"scenario": scenario, "phone_number": phone_number, "times": times}
        return self.call("POST", "/next", body)

    @contextmanager
    def without_pull(self) -> Iterator[None]:
        """Let Pull list nothing meanwhile: the stack asks each minute, before any message comes."""
        self._provision_pull(is_on=False)
        try:
            yield
        finally:
            self._provision_pull(is_on=True)

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        """Call the control API; `path` begins after `/_simulator`."""
        response = self._session.request(
            method, f"{self._base}{path}", json=body, timeout=ANSWER_SECONDS_MAX
        )
        return _read(response)

    def _provision_pull(self, *, is_on: bool) -> None:
        answer = self.call("PATCH", "/settings", {"pull_is_provisioned": is_on})
        if answer.status != 200:
            raise LocalStackError(f"the simulator answered {answer.status}: {answer.text[:200]}")


def _read(response: requests.Response) -> Answer:
    try:
        body = response.json()
    except ValueError:
        body = None
    return Answer(response.status_code, body, response.headers, response.text)

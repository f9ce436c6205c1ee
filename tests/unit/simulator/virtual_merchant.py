"""A Daraja client of the tests' own, on virtual time: it knows nothing of the product's code."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from simulator.core import CallbackDelivery, Config, Daraja, HttpAnswer, HttpRequest
from simulator.core.config import SANDBOX_PASSKEY, SANDBOX_SHORTCODE

NOON = 1_795_424_400.0  # 23 November 2026, 12:00 in Nairobi
CALLBACK_URL = "https://pay.example.com/callback/1"
CONFIRMATION_URL = "https://pay.example.com/c2b/confirm"
VALIDATION_URL = "https://pay.example.com/c2b/validate"
OAUTH = "/oauth/v1/generate"
PUSH = "/mpesa/stkpush/v1/processrequest"
QUERY = "/mpesa/stkpushquery/v1/query"
PAYS = "254708374149"
WAITS = "254712345678"
EVENTS_MAX = 100_000


def basic(key: str = "sandbox-consumer-key", secret: str = "sandbox-consumer-secret") -> str:
    """The header that asks for a token."""
    return "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()


def password(
    shortcode: str = SANDBOX_SHORTCODE,
    passkey: str = SANDBOX_PASSKEY,
    stamp: str = "20261123120000",
) -> str:
    """base64(shortcode + passkey + timestamp)."""
    return base64.b64encode(f"{shortcode}{passkey}{stamp}".encode()).decode()


def push_fields(msisdn: str = PAYS, **changes: Any) -> dict[str, Any]:
    """A push in order, with some fields replaced; a field given as None is left out."""
    shortcode = str(changes.get("BusinessShortCode", SANDBOX_SHORTCODE))
    stamp = "20261123120000"
    fields = {
        "BusinessShortCode": SANDBOX_SHORTCODE,
        "Password": password(shortcode),
        "Timestamp": stamp,
        "TransactionType": "CustomerPayBillOnline",
        "Amount": 100,
        "PartyA": msisdn,
        "PartyB": shortcode,
        "PhoneNumber": msisdn,
        "CallBackURL": CALLBACK_URL,
        "AccountReference": "ABCD12345678",
        "TransactionDesc": "Consultation",
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not None}


@dataclass
class VirtualMerchant:
    """Pushes, queries and receives callbacks; `run` lets virtual time pass."""

    config: Config = field(default_factory=Config)
    seed: int = 1
    now: float = NOON
    callback_status: int | None = 200
    answers: dict[str, tuple[int | None, bytes]] = field(default_factory=dict)  # by URL
    received: list[CallbackDelivery] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.daraja = Daraja(clock=lambda: self.now, seed=self.seed, config=self.config)
        self.token = str(self.ask_token().json()["access_token"])

    def ask_token(self, authorization: str | None = None, **query: str) -> HttpAnswer:
        """GET /oauth/v1/generate."""
        headers = {"Authorization": authorization or basic()}
        wanted = query or {"grant_type": "client_credentials"}
        return self.daraja.handle(HttpRequest("GET", OAUTH, headers, b"", wanted))

    def post(self, path: str, fields: Any, **headers: str) -> HttpAnswer:
        """POST of JSON (or of bytes as they are) with the bearer token."""
        body = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
        every = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return self.daraja.handle(HttpRequest("POST", path, every, body))

    def push_body(self, **changes: Any) -> dict[str, Any]:
        """The fields of a push to the phone that pays."""
        return push_fields(**changes)

    def push(self, msisdn: str = PAYS, scenario: str | None = None, **changes: Any) -> HttpAnswer:
        """One STK push."""
        headers = {"X_Simulator_Scenario": scenario} if scenario else {}
        return self.post(PUSH, push_fields(msisdn, **changes), **headers)

    def pushed(self, msisdn: str = PAYS, scenario: str | None = None, **changes: Any) -> str:
        """One STK push that must be accepted; gives its CheckoutRequestID."""
        answer = self.push(msisdn, scenario, **changes)
        assert answer.status == 200, answer.body
        assert answer.json()["ResponseCode"] == "0"
        return str(answer.json()["CheckoutRequestID"])

    def finished(self, msisdn: str = PAYS, scenario: str | None = None, **changes: Any) -> str:
        """The same, and lets everything happen that follows."""
        checkout_id = self.pushed(msisdn, scenario, **changes)
        self.run()
        return checkout_id

    def ending(self, msisdn: str = PAYS, scenario: str | None = None, **changes: Any) -> Any:
        """The ResultCode of the last callback about a new push."""
        return self.results(self.finished(msisdn, scenario, **changes))[-1]["ResultCode"]

    def query(self, checkout_id: str, **changes: Any) -> HttpAnswer:
        """One status query."""
        fields = {
            "BusinessShortCode": SANDBOX_SHORTCODE,
            "Password": password(),
            "Timestamp": "20261123120000",
            "CheckoutRequestID": checkout_id,
            **changes,
        }
        return self.post(QUERY, {name: value for name, value in fields.items() if value})

    def wait(self, seconds: float) -> None:
        """Lets so much virtual time pass, callbacks received on the way."""
        self.run(until=self.now + seconds)
        self.daraja.advance()

    def run(self, until: float | None = None) -> list[CallbackDelivery]:
        """Jumps from event to event until nothing happens any more, or until a moment."""
        for _ in range(EVENTS_MAX):
            self._take()
            at = self.daraja.next_event_at()
            if at is None or (until is not None and at > until):
                break
            self.now = max(self.now, at)
        if until is not None:
            self.now = max(self.now, until)
        return self.received

    def register(self, version: str = "v2", **changes: Any) -> HttpAnswer:
        """Registers the C2B addresses of the paybill."""
        fields = {
            "ShortCode": SANDBOX_SHORTCODE,
            "ResponseType": "Completed",
            "ConfirmationURL": CONFIRMATION_URL,
            "ValidationURL": VALIDATION_URL,
            **changes,
        }
        return self.post(f"/mpesa/c2b/{version}/registerurl", fields)

    def notices(self, url: str = "") -> list[dict[str, Any]]:
        """The C2B posts to one address, the confirmation's by default, in order."""
        url = url or CONFIRMATION_URL
        return [json.loads(each.body) for each in self.received if each.url == url]

    def results(self, checkout_id: str) -> list[dict[str, Any]]:
        """What the callbacks about one prompt said, in order."""
        return [
            json.loads(each.body)["Body"]["stkCallback"]
            for each in self.received
            if each.checkout_request_id == checkout_id
        ]

    def _take(self) -> None:
        for each in self.daraja.due_callbacks():
            self.received.append(each)
            usual = (self.callback_status, b'{"ResultCode":0}')
            self.daraja.callback_answered(each.id, *self.answers.get(each.url, usual))


def items(callback: dict[str, Any]) -> dict[str, Any]:
    """The metadata of a callback by name; an item without a value gives None."""
    return {each["Name"]: each.get("Value") for each in callback["CallbackMetadata"]["Item"]}


def invalid(name: str, code: str = "400.002.02") -> tuple[int, str, str]:
    """Status, errorCode and errorMessage of the refusal that names a field."""
    return 400, code, f"Bad Request - Invalid {name}"


def error_code(answer: HttpAnswer) -> tuple[int, object, object]:
    """Status, errorCode and errorMessage of a refusal."""
    document = answer.json()
    assert set(document) == {"requestId", "errorCode", "errorMessage"}
    assert document["requestId"]
    return answer.status, document["errorCode"], document["errorMessage"]

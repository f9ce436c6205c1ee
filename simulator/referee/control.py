"""A client of the simulator's control API, with the standard library alone."""

import json
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from simulator.referee.rules import Money

ANSWER_SECONDS_MAX = 20.0
JOURNAL_ENTRIES_MAX = 2_000
Document = dict[str, Any]


class Control:
    """Sets scenarios, reads the ledger and the journal, forges callbacks."""

    def __init__(self, simulator_url: str) -> None:
        if not simulator_url.startswith(("http://", "https://")):
            raise ValueError(f"{simulator_url!r} is no http address")
        self._base = f"{simulator_url.rstrip('/')}/_simulator"

    def call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Document:
        """One call. Errors: OSError where the simulator does not answer or refuses."""
        request = urllib.request.Request(  # noqa: S310 - checked below
            f"{self._base}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS_MAX) as answer:  # noqa: S310 # nosec B310 - http only
            document: Document = json.loads(answer.read())
        return document

    def change_settings(self, changes: Mapping[str, object]) -> Document:
        """Changes settings; gives the values they had."""
        before = self.call("GET", "/settings")
        self.call("PATCH", "/settings", changes)
        return {name: before[name] for name in changes}

    def set_phone(self, phone: str, changes: Mapping[str, object]) -> None:
        """Changes what a phone is and does."""
        self.call("PATCH", f"/phones/{phone}", changes)

    def set_next(self, phone: str, scenario: object) -> None:
        """The scenario of the phone's next push."""
        self.call("POST", "/next", {"scenario": scenario, "phone_number": phone})

    def debits(self, phone: str) -> tuple[Money, ...]:
        """What the ledger took from a phone, oldest first."""
        ledger = self.call("GET", "/ledger")
        return tuple(
            Money(each["receipt"], each["amount"])
            for each in ledger["debits"]
            if each["phone"] == phone
        )

    def entries(self, **facts: str) -> list[Document]:
        """Journal entries whose facts match."""
        query = urlencode({**facts, "limit": JOURNAL_ENTRIES_MAX})
        entries: list[Document] = self.call("GET", f"/journal?{query}")["entries"]
        return entries

    def last_sequence(self) -> int:
        """The number of the newest journal entry."""
        return int(self.call("GET", "/health")["last_sequence"])

    def now(self) -> float:
        """The simulator's time. Units: UTC epoch seconds."""
        return float(self.call("GET", "/health")["now"])

    def was_pushed(self, phone: str, *, after: int) -> bool:
        """Whether anybody asked Daraja to prompt this phone, accepted or not."""
        while True:
            page = self.call("GET", f"/journal?kind=request&after={after}")
            if any(_is_push_to(phone, each) for each in page["entries"]):
                return True
            if not page["entries"]:
                return False
            after = page["after"]

    def prompt_ids(self, phone: str) -> list[str]:
        """The CheckoutRequestIDs of the pushes that M-Pesa accepted for a phone."""
        pushes = self.entries(kind="request", phone=phone)
        return [
            each["checkout_request_id"]
            for each in pushes
            if each["checkout_request_id"] and "stkpush/" in each["path"]
        ]

    def callback_url(self, checkout_request_id: str) -> str:
        """The CallBackURL of one push."""
        (push, *_) = self.entries(kind="request", checkout_request_id=checkout_request_id)
        return str(json.loads(push["body"])["CallBackURL"])

    def merchant_request_id(self, checkout_request_id: str) -> str:
        """The MerchantRequestID of one push."""
        prompt = self.call("GET", f"/prompts/{quote(checkout_request_id)}")
        return str(prompt["merchant_request_id"])

    def repeat_callback(self, checkout_request_id: str) -> None:
        """Posts a prompt's result once more."""
        self.call("POST", f"/prompts/{quote(checkout_request_id)}/callback", {})

    def forge(self, url: str, body: object, source_ip: str | None) -> None:
        """Posts anything to a callback address; a None source is one of Safaricom's."""
        wish = {"url": url, "body": body} | ({"source_ip": source_ip} if source_ip else {})
        self.call("POST", "/callbacks", wish)


def _is_push_to(phone: str, entry: Document) -> bool:
    return "stkpush/" in entry["path"] and phone in str(entry["body"])

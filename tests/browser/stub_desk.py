"""The desk's page before a server that answers as told, with one payment on it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from payments.http.desk_page import page_file
from playwright.sync_api import BrowserContext, Page, Route, expect

FOLDER = Path(__file__).parents[2] / "functions" / "desk"
SITE = "https://desk.test"
API = "/api/desk/"
PAYMENT_ID = "9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d"
PAYMENT: dict[str, Any] = {
    "payment_id": PAYMENT_ID,
    "booking_id": "42",
    "status": "refund_due",
    "why": "refund_due",
    "amount_kes": 1500,
    "paid_amount_kes": 1500,
    "receipt_number": "UKN7RT61SV",
    "account_reference": "CONSAB12CD34",
    "phone": "2547*****678",
    "created_at": "2026-11-23T10:15:00+03:00",
    "paid_at": "2026-11-23T10:15:22+03:00",
    "origin": "prompt",
    "version": 3,
    "acts": [{"act": "request_refund", "then": "refund_due"}],
    "booking": {"status": "Cancelled", "payment_status": "Paid"},
    "customer_reads": {"status": "refund_due", "message": "We owe it back to you."},
    "timeline": [],
    "receipt_claims": [],
    "webhooks": [],
    "refund": None,
}
GOOD: dict[str, Any] = {
    "sessions": {"token": "staff-token", "name": "Grace", "role": "clerk"},
    "me": {"sub": "grace", "name": "Grace", "role": "clerk"},
    "waiting": {"payments": [PAYMENT], "receipts": []},
    f"payments/{PAYMENT_ID}": PAYMENT,
    f"payments/{PAYMENT_ID}/acts": PAYMENT,
}

type Trouble = Callable[[Route], None]


def refused(status: int, code: str | None = None) -> Trouble:
    """A refusal of ours with its code, or one of API Gateway, which has none."""
    ours = {"success": False, "error": f"the service says {code}", "code": code}
    body = ours if code else {"message": "of API Gateway"}
    return lambda route: route.fulfill(status=status, json=body)


def no_network(route: Route) -> None:
    """The request does not arrive, or its answer does not."""
    route.abort("connectionrefused")


def half_an_answer(route: Route) -> None:
    """The connection ends in the middle of a good answer."""
    route.fulfill(status=200, content_type="application/json", body='{"payments": [{"pay')


def silence(_: Route) -> None:
    """Nothing comes, and the connection stays."""


@dataclass
class StubDesk:
    """The page and its server. Shape: `trouble` holds what a path of `GOOD` answers instead."""

    page: Page
    trouble: dict[str, Trouble] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def open(self, language: str, address: str = "/desk") -> None:
        """Open an address of the desk in a language."""
        self.page.add_init_script(f"sessionStorage.setItem('language', {json.dumps(language)})")
        self.page.route(f"{SITE}/**", self._answer)
        self.page.goto(f"{SITE}{address}")

    def sign_in(self, language: str) -> None:
        """Open a fresh link, and wait for the first view."""
        self.open(language, "/desk#a-link")
        expect(self.page.locator(".rows button")).to_have_count(1)

    def presses(self, name: str) -> None:
        """Press a button by the words on it."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def opens(self) -> None:
        """Press the one row."""
        self.page.locator(".rows button").click()

    def _answer(self, route: Route) -> None:
        path = urlsplit(route.request.url).path
        if not path.startswith(API):
            name = path.removeprefix("/desk").strip("/") or "index.html"
            file = page_file(FOLDER, name)
            route.fulfill(headers=file["headers"], body=(FOLDER / name).read_bytes())
            return
        name = path.removeprefix(API)
        self.calls.append(name)
        if name in self.trouble:
            self.trouble[name](route)
        else:
            route.fulfill(json=GOOD[name])


@pytest.fixture
def desk(context: BrowserContext, errors: list[str]) -> Iterator[StubDesk]:
    """The desk in a new tab, not opened yet; no script may fail there."""
    yield StubDesk(context.new_page())
    assert errors == []

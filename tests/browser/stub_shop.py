"""A shop page with <mpesa-checkout>, an API that answers as told, and a clock moved by hand."""

import json
import re
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from tests.browser.checkout import HOST_PAGE, SHADOW_TEXT

WEB = Path(__file__).parents[2] / "web"
SITE = "https://shop.test"
PAYMENT_ID = "9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d"
KINDS = {
    ".js": "text/javascript",
    ".html": "text/html",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
PHONE = "0712 345 678"

PENDING: dict[str, Any] = {
    "payment_id": PAYMENT_ID,
    "booking_id": "42",
    "masked_phone_number": "2547*****678",
    "status": "pending",
    "detail": "pending",
    "mpesa_receipt_number": None,
    "amount": 1500,
    "transaction_date": None,
    "customer_message": "Please check your phone and enter your M-PESA PIN.",
    "actions": ["check_again"],
    "can_retry": False,
    "can_retry_at": None,
    "manual_payment": None,
    "manual_payment_details": None,
    "poll_after_seconds": 5,
    "prompt_seconds_left": 55,
}
UNKNOWN = PENDING | {"detail": "unknown", "prompt_seconds_left": None}
COMPLETED = PENDING | {
    "status": "completed",
    "detail": "completed",
    "mpesa_receipt_number": "UKN7RT61SV",
    "transaction_date": "2026-11-23T10:15:22+03:00",
    "customer_message": "Payment received. Your consultation is confirmed.",
    "actions": [],
    "poll_after_seconds": None,
    "prompt_seconds_left": None,
}
FAILED = PENDING | {
    "status": "failed",
    "detail": "failed",
    "customer_message": "No answer came from your phone. Check that it is on, then try again.",
    "actions": ["try_again", "other_number"],
    "can_retry": True,
    "manual_payment": "No prompt? Pay by Lipa na M-PESA: Paybill 174379, account CONSAB12CD34.",
    "manual_payment_details": {
        "channel": "paybill",
        "number": "174379",
        "account_reference": "CONSAB12CD34",
        "amount": 1500,
    },
    "poll_after_seconds": None,
    "prompt_seconds_left": None,
}
LOCKED = FAILED | {
    "actions": [],
    "can_retry": False,
    "can_retry_at": "2026-11-23T10:17:00+03:00",
    "manual_payment": None,
    "manual_payment_details": None,
}
OPENED_AT = "2026-11-23T10:16:00+03:00"
BEFORE = "2026-11-23T09:16:00+03:00"
REVIEW = PENDING | {
    "detail": "review",
    "customer_message": "We received money and are checking it.",
    "actions": [],
}
REFUND = FAILED | {
    "detail": "refund_due",
    "customer_message": "Your money arrived. We owe it back to you.",
    "actions": [],
}


def refusal(status: int, code: str, **facts: Any) -> tuple[int, dict[str, Any]]:
    """An error of the API: its status and body."""
    return status, {
        "success": False,
        "error": f"the service says {code}",
        "code": code,
        "request_id": "r",
    } | facts


@dataclass
class StubApi:
    """What the API says. Shape: `payment` is the status answer, None before a push."""

    payment: dict[str, Any] | None = None
    push: tuple[int, dict[str, Any]] | None = None
    look: tuple[int, dict[str, Any]] | None = None
    claim: tuple[int, dict[str, Any]] = (202, {"success": True})
    after_push: dict[str, Any] = field(default_factory=lambda: PENDING)
    is_up: bool = True
    hangs: bool = False
    calls: list[tuple[str, str, Any, str]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)

    def answer(self, route: Route) -> None:
        """Answer one request of the element."""
        request = route.request
        path = request.url.removeprefix(SITE)
        self.calls.append(
            (request.method, path, request.post_data_json, request.headers.get("authorization", ""))
        )
        self.keys.update(filter(None, [request.headers.get("idempotency-key")]))
        if self.hangs:
            return None
        if not self.is_up:
            return route.abort("connectionrefused")
        status, body = self._answer(request.method, path)
        return route.fulfill(status=status, content_type="application/json", body=json.dumps(body))

    def _answer(self, method: str, path: str) -> tuple[int, dict[str, Any]]:
        if path.endswith("/receipt-claims"):
            return self.claim
        if method == "POST":
            if self.push is None:
                self.payment = self.after_push
            return self.push or (200, self.after_push | {"success": True})
        if "/status/" in path:
            return self.look or (
                (200, self.payment) if self.payment else refusal(404, "payment_not_found")
            )
        is_open = self.payment is not None and self.payment["status"] == "pending"
        is_paid = self.payment is not None and self.payment["status"] == "completed"
        return self.look or (
            200,
            {
                "booking_id": "42",
                "price_kes": 1500,
                "active_payment_id": PAYMENT_ID if is_open else None,
                "paid_payment_id": PAYMENT_ID if is_paid else None,
            },
        )

    def count(self, method: str) -> int:
        """How many requests of a method came."""
        return sum(each[0] == method for each in self.calls)


@dataclass
class Shop:
    """The page, with what its customer does."""

    page: Page
    api: StubApi
    stands_still: bool = False
    heard: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def visit(self, **options: str | None) -> None:
        """Open the page; an option is an attribute, None leaves one out."""
        given: dict[str, str | None] = {
            "booking-id": "42",
            "label": "Consultation with Dr. Achieng",
            "token": "jwt",
            "phone": PHONE,
        }
        given |= {name.replace("_", "-"): value for name, value in options.items()}
        attributes = " ".join(
            f'{name}="{escape(value)}"' for name, value in given.items() if value is not None
        )
        html = HOST_PAGE.format(attributes=attributes)
        self.page.route(f"{SITE}/**", serve_file)
        self.page.route(
            f"{SITE}/shop.html", lambda route: route.fulfill(content_type="text/html", body=html)
        )
        self.page.route(re.compile(rf"^{SITE}/api/"), self.api.answer)
        self.page.on(
            "console",
            lambda line: self.warnings.append(line.text) if line.type == "warning" else None,
        )
        self.page.expose_function(
            "hear", lambda kind, detail: self.heard.append({"kind": kind} | (detail or {}))
        )
        self.page.add_init_script(
            "for (const kind of ['update', 'outcome', 'completed', 'trouble', 'left'])"
            " document.addEventListener(`mpesa-${kind}`, (e) => window.hear(e.type, e.detail));"
        )
        if self.stands_still:
            self.page.clock.install(time=BEFORE)
            self.page.clock.pause_at(OPENED_AT)
        else:
            self.page.clock.install(time=OPENED_AT)
        self.page.goto(f"{SITE}/shop.html")

    @property
    def element(self) -> Locator:
        """The checkout."""
        return self.page.locator("mpesa-checkout")

    @property
    def field(self) -> Locator:
        """Where the phone number is typed, whatever its label says."""
        return self.element.locator("#phone")

    def button(self, name: str) -> Locator:
        """A button by its whole name."""
        return self.page.get_by_role("button", name=name, exact=True)

    def pay(self) -> None:
        """Press Pay."""
        self.button("Pay KES 1,500").click()

    def sees(self, heading: str) -> None:
        """Wait for a view by its heading."""
        expect(self.page.get_by_role("heading", name=heading, exact=True)).to_be_visible()

    def reads(self, sentence: str | re.Pattern[str]) -> None:
        """Wait for a sentence, or a part of one, on the card."""
        expect(self.element.locator(".card")).to_contain_text(sentence)

    def pass_time(self, seconds: int) -> None:
        """Let the page's clock run; what it asks for meanwhile is answered."""
        for start in range(0, seconds, 5):
            self.page.clock.run_for(1000 * min(5, seconds - start))

    def now(self) -> float:
        """What the page's clock says. Unit: seconds; it runs by itself too."""
        return float(self.page.evaluate("Date.now()")) / 1000

    def set(self, name: str, value: str) -> None:
        """Change an attribute."""
        self.element.evaluate(
            "(element, [name, value]) => element.setAttribute(name, value)", [name, value]
        )

    def text(self) -> str:
        """All that a person can read in the checkout."""
        return " ".join(str(self.element.evaluate(SHADOW_TEXT)).split())


def serve_file(route: Route) -> None:
    """Serve a file of web/."""
    file = WEB / route.request.url.removeprefix(f"{SITE}/").partition("?")[0]
    if not file.is_file():
        return route.fulfill(status=404, body="")
    return route.fulfill(content_type=KINDS[file.suffix], body=file.read_bytes())


def open_shop(context: BrowserContext, api: StubApi, **options: str | None) -> Shop:
    """Open the page in a new tab; its clock runs by itself, and further where it is moved."""
    shop = Shop(context.new_page(), api)
    shop.visit(**options)
    return shop


def open_still_shop(context: BrowserContext, api: StubApi, **options: str | None) -> Shop:
    """Open the page in a new tab whose clock is moved by hand alone, however slow the machine."""
    shop = Shop(context.new_page(), api, stands_still=True)
    shop.visit(**options)
    return shop

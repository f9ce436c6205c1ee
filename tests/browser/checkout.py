"""A page with nothing on it but the two lines of <mpesa-checkout>, and a person in front of it."""

import json
import re
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, Request, expect

from local.client import SimulatorClient
from tests.local.conftest import Customer

AXE = Path(__file__).parents[1] / "web" / "node_modules" / "axe-core" / "axe.min.js"
SCREENSHOTS = Path(__file__).parents[2] / ".build" / "screenshots" / "checkout"
SHADOW_TEXT = """(element) => [...element.shadowRoot.children]
  .map((each) => each.tagName === "STYLE" ? "" : each.innerText).join(" ")"""
API = re.compile(r"/api/")
PUSH = re.compile(r"/stk-push$")
STATUS = re.compile(r"/status/")
HOST_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{{font-family:sans-serif;background:#f2f6f3;margin:0;padding:16px}}main{{max-width:30rem}}</style></head><body><main>
<h1>A shop</h1>
<script type="module" src="/mpesa-checkout.js"></script>
<mpesa-checkout {attributes}></mpesa-checkout>
</main></body></html>"""


@dataclass
class Checkout:
    """The page of one booking, with what its customer and its phone can do."""

    page: Page
    site: str
    daraja: SimulatorClient
    customer: Customer
    booking_id: str
    pushes: list[Request] = field(default_factory=list)

    def visit(self, **options: str) -> None:
        """Open the page; an option is an attribute, `success_url` is `success-url`."""
        given = {
            "booking-id": self.booking_id,
            "label": "Consultation with Dr. Achieng",
            "phone": f"0{self.customer.phone_number[3:]}",
        } | {name.replace("_", "-"): value for name, value in options.items()}
        attributes = " ".join(f'{name}="{escape(value)}"' for name, value in given.items())
        html = HOST_PAGE.format(attributes=attributes)
        self.page.route(
            "**/shop.html*", lambda route: route.fulfill(content_type="text/html", body=html)
        )
        self.page.on("request", self._note)
        self.page.goto(f"{self.site}/shop.html")

    def _note(self, request: Request) -> None:
        if request.method == "POST" and PUSH.search(request.url):
            self.pushes.append(request)

    # What the person sees and does

    @property
    def element(self) -> Locator:
        return self.page.locator("mpesa-checkout")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def pay(self, button: str = "Pay KES 1,000") -> None:
        """Press the button once it can be pressed."""
        self.button(button).click()

    def sees(self, heading: str, *, within_seconds: float = 60) -> None:
        """Wait for a view by its heading."""
        title = self.page.get_by_role("heading", name=heading, exact=True)
        expect(title).to_be_visible(timeout=within_seconds * 1000)

    def reads(self, text: str | re.Pattern[str]) -> None:
        """Wait for a sentence."""
        expect(self.page.get_by_text(text).first).to_be_visible(timeout=45_000)

    # What happens at the phone

    def wait_for_prompt(self) -> None:
        """Wait until the phone shows the prompt."""
        for _ in range(900):
            if self.phone()["prompt"] is not None:
                return
            self.page.wait_for_timeout(100)
        raise AssertionError("the phone was never asked")

    def enter_pin(self, pin: str = "1234") -> None:
        """Type the PIN on the phone, once it asks."""
        self.wait_for_prompt()
        answer = self.daraja.answer_phone(self.customer.phone_number, "pin", pin)
        assert answer.status == 200, answer.text

    def enter_pin_and_be_paid(self) -> None:
        """Type the right PIN, and read that the booking is paid."""
        self.enter_pin()
        self.sees("Paid. Thank you!")

    def cancel_on_phone(self) -> None:
        """Press Cancel on the phone, once it asks."""
        self.wait_for_prompt()
        answer = self.daraja.answer_phone(self.customer.phone_number, "cancel")
        assert answer.status == 200, answer.text

    def phone(self) -> dict[str, Any]:
        """The phone as the simulator has it."""
        document: dict[str, Any] = self.daraja.call(
            "GET", f"/phones/{self.customer.phone_number}"
        ).body
        return document

    # What is true in the end

    @property
    def prompts(self) -> int:
        """How often this phone was asked."""
        pushes = self.phone()["pushes"]
        assert isinstance(pushes, int)
        return pushes

    @property
    def payment_status(self) -> str:
        """The booking's payment status, as the API has it."""
        return str(self.customer.api.read_consultation(self.booking_id).body["payment_status"])

    def idempotency_keys(self) -> set[str]:
        """The keys of every push that left the browser."""
        return {request.headers["idempotency-key"] for request in self.pushes}

    # What must hold in every state

    def check_accessibility(self) -> None:
        """Let axe look at the page as it is, and let no gap in the texts show."""
        # The element's own inner_text is empty: what a person reads is in its shadow.
        text = self.element.evaluate(SHADOW_TEXT)
        assert text.strip(), "the checkout shows no text"
        assert not re.search(r"undefined|null|NaN|\[object|\{\w+\}", text), text
        check_accessibility(self.page)

    def shoot(self, name: str) -> None:
        """Keep a screenshot of what the page is about, for people to look at."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        main = self.page.locator("main")
        main.screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled")

    def look_at(self, name: str) -> None:
        """Check this state, and keep a screenshot of it."""
        self.check_accessibility()
        self.shoot(name)


def check_accessibility(page: Page) -> None:
    """No violation of WCAG 2.2 A and AA nor of axe's best practices."""
    assert AXE.is_file(), "axe-core is missing: run `make web-tests` once, it installs it"
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(AXE.read_text())
    result = page.evaluate(
        "axe.run({ iframes: false, rules: { 'target-size': { enabled: true } } })"
    )
    assert len(result["passes"]) > 5, "axe found nothing to look at"
    violations = [
        {"rule": each["id"], "help": each["help"], "where": [n["html"] for n in each["nodes"]]}
        for each in result["violations"]
    ]
    assert violations == [], json.dumps(violations, indent=2)

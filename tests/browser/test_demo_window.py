"""The demo window of `make run`: checkout, phone, day and timeline, as a newcomer uses them."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Locator, Page, Route, expect

from local.state import StackState
from tests.browser.checkout import check_accessibility
from tests.browser.conftest import SCREENSHOTS
from tests.local.conftest import Customer, MakeToken

READY = re.compile(r"^Pay KES")


class DemoWindow:
    """The window with its parts by the names that people would give them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.phone: FrameLocator = page.frame_locator("#handset")
        self.steps: Locator = page.locator("#steps > li")

    def open(self, address: str) -> None:
        self.page.goto(address)
        expect(self.page.get_by_role("button", name=READY)).to_be_enabled()
        expect(self.phone.get_by_test_id("balance")).to_contain_text("50,000")

    def pay(self) -> None:
        self.page.get_by_role("button", name=READY).click()

    def choose_day(self, name: str) -> None:
        with self.page.expect_response(re.compile(r"/_simulator/phones/")):
            self.page.get_by_role("radio", name=re.compile(f"^{name}")).check()

    def enter_pin(self) -> None:
        dialog = self.phone.get_by_role("dialog")
        for digit in "1234":
            dialog.locator(f"[data-key='{digit}']").click()
        dialog.locator("#send").click()

    def sees(self, heading: str) -> None:
        title = self.page.get_by_role("heading", name=heading, exact=True)
        expect(title).to_be_visible(timeout=55_000)

    def shoot(self, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(
            path=SCREENSHOTS / f"{name}.png", full_page=True, animations="disabled"
        )


@pytest.fixture
def window(
    context: BrowserContext,
    stack: StackState,
    customer: Customer,
    make_token: MakeToken,
    errors: list[str],
) -> Iterator[DemoWindow]:
    """The window for a customer of its own, so that nobody else's prompts count against it."""
    page = context.new_page()
    own = {
        "token": make_token(customer.client_id),
        "clientId": customer.client_id,
        "bookings": [
            {"booking_id": customer.book(price), "title": title, "price_kes": price}
            for title, price in (("Consultation with Dr. Achieng", 1500), ("Follow-up call", 500))
        ],
    }

    def give_config(route: Route) -> None:
        config: dict[str, Any] = route.fetch().json()
        route.fulfill(json=config | own)

    page.route("**/demo/config.json", give_config)
    window = DemoWindow(page)
    window.open(stack.demo_url)
    yield window
    assert errors == []


def test_a_newcomer_pays_and_reads_every_step(window: DemoWindow) -> None:
    check_accessibility(window.page)
    window.shoot("30-demo")
    window.pay()
    window.sees("Check your phone")
    expect(window.phone.get_by_role("dialog")).to_be_visible()
    window.shoot("31-demo-waiting")
    window.enter_pin()
    window.sees("Paid. Thank you!")
    for step in (
        "Browser to Hakika: asks to pay KES 1,500",
        "Hakika to M-PESA: ask this phone for KES 1,500",
        "Hakika to Browser: the phone is being asked",
        "M-PESA to Phone: enter your PIN",
        "Phone to M-PESA: PIN entered",
        "KES 1,500 paid",
        "M-PESA to Hakika: callback: result 0, acknowledged",
        "event PaymentCompleted",
    ):
        expect(window.steps.filter(has_text=step)).to_have_count(1)
    expect(window.page.locator("#payment-state")).to_have_text("pendingcompleted")
    expect(window.page.locator("#booking-state")).to_have_text("ConfirmedPaid")
    check_accessibility(window.page)
    window.shoot("32-demo-paid")


def test_a_reload_keeps_the_payment_and_its_story(window: DemoWindow) -> None:
    window.pay()
    expect(window.phone.get_by_role("dialog")).to_be_visible()
    window.page.reload()
    window.sees("Check your phone")
    expect(window.steps.filter(has_text="enter your PIN")).to_have_count(1)
    window.enter_pin()
    window.sees("Paid. Thank you!")
    window.page.get_by_role("button", name="Book another one like this").click()
    expect(window.page.get_by_role("button", name=READY)).to_be_enabled()
    expect(window.steps).to_have_count(0)


def test_a_lost_callback_is_chosen_and_seen_to_be_found_out(window: DemoWindow) -> None:
    window.choose_day("Callback lost")
    window.pay()
    window.enter_pin()
    window.sees("Paid. Thank you!")
    expect(window.steps.filter(has_text="Hakika to M-PESA: how did it end?").first).to_be_visible()
    expect(window.steps.filter(has_text="callback")).to_have_count(0)
    expect(window.steps.filter(has_text="event PaymentCompleted")).to_have_count(1)
    window.shoot("33-demo-callback-lost")


@pytest.mark.parametrize(
    ("day", "step"),
    [("Customer cancels", "cancelled"), ("Wrong PIN", "callback: result 2001, acknowledged")],
)
def test_a_day_on_which_the_customer_fails_by_itself(
    window: DemoWindow, day: str, step: str
) -> None:
    window.choose_day(day)
    window.pay()
    window.sees("Not paid")
    expect(window.steps.filter(has_text=step).first).to_be_visible()
    expect(window.page.locator("#payment-state")).to_have_text("pendingfailed")
    window.shoot(f"34-demo-{day.lower().replace(' ', '-')}")


def test_a_lost_answer_is_told_as_unknown_and_ends_well(window: DemoWindow) -> None:
    window.choose_day("M-PESA's answer lost")
    window.pay()
    expect(window.steps.filter(has_text="do not pay twice")).to_have_count(1)
    window.enter_pin()
    window.sees("Paid. Thank you!")
    window.shoot("35-demo-answer-lost")


def test_a_switched_off_phone_is_dark(window: DemoWindow) -> None:
    window.choose_day("Phone switched off")
    expect(window.phone.get_by_role("button", name="Switched off")).to_be_visible()
    window.pay()
    window.sees("Not paid")
    window.shoot("36-demo-phone-off")


def test_everything_is_there_in_swahili_on_a_small_screen(window: DemoWindow) -> None:
    window.page.set_viewport_size({"width": 360, "height": 740})
    window.page.get_by_role("button", name="Kiswahili").click()
    expect(window.page.get_by_role("heading", level=1)).to_have_text(
        "Lipa, kisha uone kinachotokea"
    )
    window.page.get_by_role("button", name=re.compile("^Lipa KES")).click()
    expect(window.phone.get_by_role("dialog")).to_be_visible()
    window.enter_pin()
    window.sees("Umelipa. Asante!")
    expect(window.steps.filter(has_text="tukio PaymentCompleted")).to_have_count(1)
    check_accessibility(window.page)
    sizes = window.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert sizes[0] <= sizes[1]
    window.shoot("37-demo-360-swahili")


def test_without_a_stack_the_window_says_what_to_do(
    context: BrowserContext, stack: StackState
) -> None:
    page = context.new_page()
    page.route("**/demo/config.json", lambda route: route.abort())
    page.goto(stack.demo_url)
    expect(page.get_by_role("alert")).to_contain_text("make run")

"""The examples of docs/frontend.md pay as written: the page, React and Vue."""

import json
import re
import subprocess
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from local import node
from local.client import ApiClient, SimulatorClient
from local.demo import new_booking
from local.settings import ROOT
from local.state import StackState
from tests.browser.checkout import Checkout, check_accessibility
from tests.local.conftest import Customer, MakeToken

DOCUMENT = (ROOT / "docs" / "frontend.md").read_text(encoding="utf-8")
PACKED = {"mpesa-checkout.js", "mpesa-checkout.d.ts", "mpesa-client.js", "mpesa-client.d.ts"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty Vite project with the package in it, built with the document's own files."""
    folder = tmp_path_factory.mktemp("shop")
    done = subprocess.run(
        node.command("build_examples.js", str(folder)),
        cwd=node.WEB_TESTS,
        env=node.environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    packed = set(json.loads(done.stdout)["packed"]) - {"package.json"}
    assert {name for name in packed if not name.startswith("checkout/")} == PACKED
    assert len(packed) > len(PACKED)
    return folder / "dist"


@pytest.fixture
def page(context: BrowserContext, errors: list[str]) -> Page:
    """A page of a visitor's browser; no script on it may fail."""
    return context.new_page()


def pay(checkout: Checkout) -> None:
    """Type the number, press Pay, enter the PIN, and read that it was paid."""
    checkout.page.get_by_label("M-PESA phone number").fill(checkout.customer.phone_number)
    checkout.button("Pay KES 1,000").click()
    checkout.sees("Check your phone")
    checkout.enter_pin()
    checkout.sees("Paid. Thank you!")


@pytest.mark.parametrize("framework", ["react", "vue"])
def test_the_npm_package_pays_in_a_vite_project(
    framework: str,
    built: Path,
    page: Page,
    stack: StackState,
    daraja: SimulatorClient,
    customer: Customer,
    make_token: MakeToken,
    errors: list[str],
) -> None:
    def give(route: Route) -> None:
        path = route.request.url.removeprefix(stack.api_url).partition("?")[0]
        route.fulfill(path=built / path.lstrip("/"))

    page.route(re.compile(r"/(react|vue)\.html|/assets/"), give)
    checkout = Checkout(page, stack.api_url, daraja, customer, customer.book())
    given = {"booking": checkout.booking_id, "token": make_token(customer.client_id)}
    page.goto(f"{stack.api_url}/{framework}.html?{urlencode(given)}")
    pay(checkout)
    expect(page.locator("#paid")).to_have_text(re.compile(r"^paid [0-9a-f]{32}$"))
    assert (checkout.payment_status, checkout.prompts) == ("Paid", 1)
    check_accessibility(page)
    assert errors == []


def test_the_page_of_the_document_pays_as_it_is_written(
    page: Page, stack: StackState, daraja: SimulatorClient, customer: Customer, errors: list[str]
) -> None:
    html = re.findall(r"^```html\n(.*?)^```$", DOCUMENT, re.DOTALL | re.MULTILINE)[0]
    # A booking of its own instead of demo-1: another test may have paid that one.
    booking_id = new_booking()
    ApiClient(stack.api_url, stack.booking_token).register(booking_id, stack.customer_id, 1000)
    assert html.count("demo-1") == 1
    body = html.replace("demo-1", booking_id)
    page.route("**/shop.html", lambda route: route.fulfill(content_type="text/html", body=body))
    page.goto(f"{stack.api_url}/shop.html")
    checkout = Checkout(page, stack.api_url, daraja, customer, booking_id)
    pay(checkout)
    expect(page.locator("#thanks")).to_be_visible()
    check_accessibility(page)
    assert errors == []

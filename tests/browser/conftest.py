"""Fixtures of the tests in a real browser: Chromium, the local stack, and a checkout on a page."""

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from local.client import SimulatorClient
from local.prepare_tests import CHROMIUM
from local.state import StackState
from tests.browser.checkout import Checkout
from tests.browser.desk_page import links, scene, sign_in
from tests.browser.stub_desk import desk
from tests.local.conftest import Customer, MakeToken, customer, make_token
from tests.local.conftest import simulator as daraja

__all__ = ["customer", "daraja", "desk", "links", "make_token", "scene", "sign_in"]

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK = {"width": 1280, "height": 900}
OpenCheckout = Callable[..., Checkout]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One Chromium per module; playwright's loop must not outlive the module."""
    # None: Playwright's own, which `make test` installs where the machine has no Chromium.
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    expect.set_options(timeout=45_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A visitor's browser without any memory, at a desk.

    Nothing moves in it: a page that waits would draw its turning dial sixty times a second.
    """
    context = chromium.new_context(viewport=DESK, reduced_motion="reduce")  # type: ignore[arg-type]
    context.set_default_timeout(60_000)
    yield context
    context.close()


@pytest.fixture
def errors(context: BrowserContext) -> list[str]:
    """What went wrong in the scripts of any page, by itself."""
    found: list[str] = []
    context.on("weberror", lambda error: found.append(str(error.error)))
    return found


@pytest.fixture
def open_checkout(
    context: BrowserContext,
    stack: StackState,
    make_token: MakeToken,
    daraja: SimulatorClient,
    customer: Customer,
    errors: list[str],
) -> Iterator[OpenCheckout]:
    """Open a page with the checkout of a fresh booking of a fresh customer."""
    token = make_token(customer.client_id)

    def open_one(**options: str) -> Checkout:
        booking_id = options.pop("booking_id", None) or customer.book()
        checkout = Checkout(context.new_page(), stack.api_url, daraja, customer, booking_id)
        checkout.visit(**{"token": token} | options)
        return checkout

    yield open_one
    assert errors == []

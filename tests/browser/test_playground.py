"""The playground: settings reach the element, events are shown, and the copied page works."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.checkout import check_accessibility
from tests.browser.stub_shop import COMPLETED, SITE, StubApi, serve_file

CONFIG = {
    "apiBase": SITE,
    "simulatorBase": "",
    "token": "jwt",
    "bookingsToken": "bookings",
    "clientId": "c",
    "bookings": [],
}
PAY = "Pay KES 1,500"


def open_playground(
    chromium: Browser,
    *,
    api: StubApi,
    has_stack: bool = True,
    dark: bool = False,
    width: int = 1280,
) -> Page:
    """The playground beside an API that answers as told."""
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
    )
    context.set_default_timeout(60_000)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=SITE)
    page = context.new_page()
    page.route(f"{SITE}/**", serve_file)
    page.route(re.compile(rf"^{SITE}/api/"), api.answer)
    if has_stack:
        page.route(f"{SITE}/demo/config.json", lambda route: route.fulfill(json=CONFIG))
    page.goto(f"{SITE}/playground.html")
    return page


def test_the_page_that_is_copied_works_with_all_that_was_set(chromium: Browser) -> None:
    page = open_playground(chromium, api=StubApi())
    expect(page.get_by_role("button", name=PAY)).to_be_enabled()
    page.get_by_role("radio", name="Kiswahili").check()
    expect(page.get_by_role("button", name="Lipa KES 1,500")).to_be_enabled()
    page.get_by_label("label").fill('Dr. "A" & <b>')
    page.get_by_label("accent", exact=True).fill("#4b2a8c")
    page.clock.install()
    page.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))  # "Copied" is there for 2 s
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_role("button", name="Copied", exact=True)).to_be_visible()
    html = page.evaluate("navigator.clipboard.readText()")
    page.clock.resume()
    page.route(
        f"{SITE}/copied.html", lambda route: route.fulfill(content_type="text/html", body=html)
    )
    page.goto(f"{SITE}/copied.html")
    pay = page.get_by_role("button", name="Lipa KES 1,500")
    expect(pay).to_be_enabled()
    expect(pay).to_have_css("background-color", "rgb(75, 42, 140)")
    expect(page.get_by_text('Dr. "A" & <b>')).to_be_visible()
    pay.click()
    expect(page.get_by_role("heading", name="Angalia simu yako")).to_be_visible()
    page.context.close()


def test_the_events_are_shown_as_they_come(chromium: Browser) -> None:
    page = open_playground(chromium, api=StubApi(after_push=COMPLETED))
    page.get_by_role("button", name=PAY).click()
    events = page.locator("#events li")
    expect(events.first).to_contain_text("mpesa-completed completed")
    names = [text.split()[0] for text in events.all_inner_texts()]
    assert names[:2] == ["mpesa-completed", "mpesa-outcome"]
    assert json.loads(events.first.inner_text().split(" ", 2)[2])["receipt_number"] == "UKN7RT61SV"
    page.get_by_role("button", name="Clear").click()
    expect(events).to_have_count(0)
    page.context.close()


@pytest.mark.parametrize("width", [360, 768])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_fits_is_accessible_and_can_do_without_a_stack(
    chromium: Browser, width: int, dark: bool
) -> None:
    page = open_playground(chromium, api=StubApi(), has_stack=False, dark=dark, width=width)
    expect(page.get_by_text(re.compile("No local stack answers here"))).to_be_visible()
    for name in ("booking-id", "token"):
        page.get_by_label(name).fill("42")
    expect(page.get_by_role("button", name=PAY)).to_be_enabled()
    check_accessibility(page)
    sizes = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert sizes[0] <= sizes[1]
    page.context.close()

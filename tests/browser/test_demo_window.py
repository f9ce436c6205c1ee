"""The demo of `make run`: days, checkout, phone, timeline and board, as a newcomer uses them."""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    FrameLocator,
    Locator,
    Page,
    Request,
    expect,
)

from local.state import StackState
from tests.browser.checkout import PUSH, SCREENSHOTS, check_accessibility
from tests.browser.desk_page import Desk

READY = re.compile(r"^(Pay|Lipa) KES")
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 360, "height": 740}
TABLET = {"width": 768, "height": 1024}
PAID = ("KES 1,500", "Confirmed", "Paid. Thank you!")
OWED = ("KES 1,500", "Cancelled", "We owe you this money")
RETURNED = ("KES 0", "Cancelled", "Your money was returned")
NOT_PAID = ("KES 0", "Not confirmed", "Not paid")
LUMINANCE = """name => {
  const canvas = document.createElement("canvas").getContext("2d");
  canvas.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name);
  canvas.fillRect(0, 0, 1, 1);
  const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((byte) => byte / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}"""
EVERY_ARROW_IS_DRAWN = """() => {
  const arrows = [...document.querySelectorAll("#steps .arrow")];
  const style = (each) => getComputedStyle(each, "::after").borderBottomStyle;
  return arrows.length > 2 && arrows.every((each) => ["solid", "dashed"].includes(style(each)));
}"""
TARGETS = """[...document.querySelectorAll("button, a")].filter((each) => each.checkVisibility())
  .map((each) => [each.textContent, each.getBoundingClientRect().height])
  .filter(([, height]) => height < 24)"""


FOCUSED = """selector => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return Boolean(at?.matches(selector));
}"""
STOPS_MAX = 60
# Its page is asked for once the next day is all there: before, a click lands on the day before.
THE_NEXT_PHONE = re.compile(r"/phone\?")


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is there."""
    for _ in range(STOPS_MAX):
        if page.evaluate(FOCUSED, selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {selector}")


class Day(NamedTuple):
    """A day by its chip's name, what the visitor does, how it ends, and the reason it turns on."""

    name: str
    act: str
    end: tuple[str, str, str]
    reason: str


# Two witnesses may be equally quick; then the other one's reason is as good.
DAYS = (
    Day("A normal day", "pin", PAID, "So it counts."),
    Day("Callback lost", "pin", PAID, "So it counts."),
    Day("Callback late", "pin", PAID, "This callback changes neither the money nor the booking."),
    Day("Answer lost", "pin", PAID, "A second push could charge twice, so none is sent."),
    Day("Everything lost", "pin", PAID, "the paybill’s own list names this payment"),
    Day("Paid by hand", "by hand", PAID, "No prompt was sent. The account names the booking"),
    Day("Customer cancels", "", NOT_PAID, "no money moved. The booking can be paid again"),
    Day("Wrong PIN", "", NOT_PAID, "no money moved. The booking can be paid again"),
    Day("Phone off", "", NOT_PAID, "in case money moved after all"),
    Day("Clinic cancels", "clinic", OWED, "nobody approves what the same person requested"),
)


class DemoWindow:
    """The window with its parts by the names that people would give them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.phone: FrameLocator = page.frame_locator("#handset")
        self.steps: Locator = page.locator("#steps > li")
        self.rows: Locator = page.locator("#rows > li")
        self.checkout: Locator = page.locator("mpesa-checkout:visible")
        self.pushes: list[Request] = []
        page.on("request", lambda request: self._note(request))

    def _note(self, request: Request) -> None:
        if request.method == "POST" and PUSH.search(request.url):
            self.pushes.append(request)

    def open(self, address: str) -> None:
        self.page.goto(address)
        expect(self.page.get_by_role("button", name=READY)).to_be_enabled()
        expect(self.phone.get_by_test_id("balance")).to_contain_text("50,000")

    def choose_day(self, name: str) -> None:
        with self.page.expect_response(THE_NEXT_PHONE):
            self.page.locator("#days").get_by_role("button", name=re.compile(f"^{name}")).click()

    def pay(self) -> None:
        self.checkout.get_by_role("button", name=READY).click()

    def enter_pin(self) -> None:
        dialog = self.phone.get_by_role("dialog")
        for digit in "1234":
            dialog.locator(f"[data-key='{digit}']").click()
        dialog.locator("#send").click()

    def plays(self, day: Day) -> None:
        """Whatever the visitor does on this day."""
        if day.act == "by hand":
            self.page.get_by_role("button", name="Pay by hand on the phone instead").click()
            return
        self.pay()
        if day.act:
            self.enter_pin()
        if day.act == "clinic":
            self.page.get_by_role("button", name="Cancel the booking, as the clinic").click()

    def sees(self, heading: str) -> None:
        title = self.checkout.get_by_role("heading", name=heading, exact=True)
        expect(title).to_be_visible(timeout=90_000)

    def ends_with(self, words: tuple[str, str, str]) -> None:
        """The three words at the end, and that they agree."""
        expect(self.page.locator("#end-mark")).to_have_text("✓ agree", timeout=180_000)
        found = [self.page.locator(f"#end-{name}") for name in ("money", "booking", "reads")]
        assert tuple(each.inner_text() for each in found) == words

    def resize(self, size: dict[str, int]) -> None:
        self.page.set_viewport_size(size)  # type: ignore[arg-type]

    def check_looks(self) -> None:
        """No accessibility fault, nothing wider than the screen, no target too small to hit."""
        # axe must not measure the colours of a step that is still arriving.
        self.page.emulate_media(reduced_motion="reduce")
        check_accessibility(self.page)
        width, screen = self.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width <= screen
        assert self.page.evaluate(TARGETS) == []

    def shoot(self, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled")


@pytest.fixture
def window(context: BrowserContext, stack: StackState, errors: list[str]) -> Iterator[DemoWindow]:
    """The window at a desk, as `make run` opens it."""
    window = DemoWindow(context.new_page())
    window.resize(DESK)
    window.open(stack.demo_url)
    yield window
    assert errors == []


@pytest.fixture
def forced_colours(chromium: Browser, stack: StackState) -> Iterator[DemoWindow]:
    """The window at a desk whose system sets the colours."""
    context = chromium.new_context(viewport=DESK, forced_colors="active")  # type: ignore[arg-type]
    context.set_default_timeout(60_000)
    window = DemoWindow(context.new_page())
    window.open(stack.demo_url)
    yield window
    context.close()


def test_a_newcomer_pays_and_reads_every_step(window: DemoWindow) -> None:
    window.check_looks()
    window.shoot("30-demo")
    window.pay()
    window.sees("Check your phone")
    expect(window.phone.get_by_role("dialog")).to_be_visible()
    window.enter_pin()
    window.ends_with(PAID)
    for step in (
        "Browser to Hakika: asks to pay KES 1,500",
        "Hakika to M-PESA: ask this phone for KES 1,500",
        "Hakika to Browser: the phone is being asked",
        "M-PESA to Phone: enter your PIN",
        "Phone to M-PESA: PIN entered",
        "KES 1,500 paid",
        "M-PESA to Hakika: callback: result 0",
        "event PaymentCompleted",
    ):
        expect(window.steps.filter(has_text=step)).to_have_count(1)
    expect(window.steps.last).to_contain_text("the customer reads “Paid. Thank you!”")
    # Steps and the three words are in view, without scrolling the page.
    for part in (window.steps.last, window.page.locator("#end-mark")):
        box = part.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= DESK["height"]
    window.check_looks()
    window.shoot("31-demo-paid")


def test_every_day_is_played_twice_in_one_tab_and_ends_in_three_words_that_agree(
    window: DemoWindow,
) -> None:
    for day in DAYS:
        window.choose_day(day.name)
        window.plays(day)
        window.ends_with(day.end)
        # A late receipt still comes after the end.
        reason = window.steps.filter(has_text=day.reason)
        expect(reason.first).to_be_attached(timeout=90_000)
        expect(window.steps.last).to_contain_text("the customer reads")
    window.page.get_by_role("button", name="Play them all").click()
    verdict = "On 10 of 10 days money, booking and customer agree. KES 10,500 moved"
    expect(window.page.locator("#verdict")).to_contain_text(verdict, timeout=240_000)
    for row, day in zip(window.rows.all(), DAYS, strict=True):
        assert tuple(row.locator(".value").all_inner_texts()) == day.end
    # All of it is in view without scrolling: verdict, desk and the last day.
    for part in ("#verdict", "#board-person a", "#rows > li:last-child"):
        expect(window.page.locator(part)).to_be_in_viewport(ratio=1)
    window.check_looks()
    window.shoot("32-demo-all-days")
    # One customer is never another's limit: a user, a phone and a booking of their own each.
    # A checkout without an answer in time asks once more, with the same key.
    asked = 2 * sum(day.act != "by hand" for day in DAYS)
    pushes = {request.headers["idempotency-key"]: request for request in window.pushes}
    bodies = [json.loads(request.post_data or "") for request in pushes.values()]
    for name in ("phone_number", "booking_id"):
        assert len({body[name] for body in bodies}) == len(bodies) == asked
    assert len({request.headers["authorization"] for request in pushes.values()}) == len(bodies)
    window.rows.nth(1).get_by_role("button").click()
    expect(window.steps.filter(has_text="PIN entered")).to_have_count(1)
    window.ends_with(DAYS[1].end)


def test_the_refund_ends_at_the_desk_where_another_person_approves_it(
    window: DemoWindow, context: BrowserContext
) -> None:
    day = DAYS[-1]
    window.choose_day(day.name)
    window.plays(day)
    window.ends_with(OWED)
    link = window.page.get_by_role("link", name="Open the desk as Amina")
    for part in (link, window.page.locator("#end-mark")):
        expect(part).to_be_in_viewport(ratio=1)
    window.check_looks()
    window.shoot("38-demo-person")
    with context.expect_page() as opened:
        link.press("Enter")
    desk = Desk(opened.value)
    desk.reads("What happened")
    desk.act("Approve the refund")
    expect(window.page.locator("#end-money")).to_have_text("KES 0", timeout=180_000)
    window.ends_with(RETURNED)
    expect(window.steps.filter(has_text="send KES 1,500 back")).to_have_count(1)
    expect(window.steps.last).to_contain_text("the customer reads “Your money was returned”")
    expect(link).to_be_hidden()


def test_with_a_keyboard_alone_a_reload_keeps_the_payment_and_its_story(window: DemoWindow) -> None:
    window.checkout.get_by_role("button", name=READY).press("Enter")
    expect(window.phone.get_by_role("dialog")).to_be_visible()
    window.page.reload()
    window.sees("Check your phone")
    expect(window.steps.filter(has_text="enter your PIN")).to_have_count(1)
    window.phone.locator("#pin").press_sequentially("1234")
    window.page.keyboard.press("Enter")
    window.ends_with(PAID)
    window.page.get_by_role("button", name="Play this day again").press("Enter")
    expect(window.checkout.get_by_role("button", name=READY)).to_be_enabled()
    expect(window.steps).to_have_count(0)


def test_on_a_small_screen_the_phone_comes_into_view_when_it_rings(window: DemoWindow) -> None:
    window.resize(PHONE)
    window.page.get_by_role("button", name="Kiswahili").click()
    expect(window.page.get_by_role("heading", level=1)).to_contain_text("Hakuna anayetozwa")
    window.shoot("33-demo-360-swahili")
    sheet = window.page.get_by_role("region", name="Simu ya mteja")
    expect(sheet).to_be_hidden()
    window.pay()
    expect(window.phone.get_by_role("dialog")).to_be_in_viewport()
    window.check_looks()
    window.shoot("34-demo-360-rings")
    window.enter_pin()
    expect(sheet).to_be_hidden()
    window.sees("Umelipa. Asante!")
    expect(window.page.locator("#end-mark")).to_have_text("✓ yanakubaliana")
    assert window.page.locator("#end-booking").inner_text() == "Imethibitishwa"
    expect(window.steps.filter(has_text="inasubiri → imekamilika")).to_have_count(1)
    expect(window.steps.last).to_contain_text("mteja anasoma “Umelipa. Asante!”")
    window.check_looks()
    window.page.get_by_role("button", name="Onyesha simu").click()
    expect(sheet).to_be_visible()
    expect(window.page.get_by_role("button", name="Funga")).to_be_focused()


def test_a_tablet_shows_checkout_and_phone_side_by_side(window: DemoWindow) -> None:
    window.resize(TABLET)
    boxes = [window.page.locator(name).bounding_box() for name in (".checkout", ".phone")]
    left, right = [box for box in boxes if box is not None]
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] <= right["x"]
    window.check_looks()
    window.shoot("35-demo-768")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_colour_scheme_can_be_read_and_shows_the_focus(
    window: DemoWindow, scheme: str
) -> None:
    window.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    window.page.get_by_role("button", name="Play them all").focus()
    ring = window.page.locator("#play-all").evaluate("each => getComputedStyle(each).outlineWidth")
    assert ring == "3px"
    for ground in ("--ground", "--paper"):
        dark, light = sorted(window.page.evaluate(LUMINANCE, name) for name in ("--green", ground))
        assert (light + 0.05) / (dark + 0.05) >= 3
    window.check_looks()
    window.shoot(f"36-demo-{scheme}")


def test_forced_colours_show_what_is_pressed_and_every_arrow(forced_colours: DemoWindow) -> None:
    window = forced_colours
    for pressed in ("true", "false"):
        for button in window.page.locator(f"[aria-pressed={pressed}]").all():
            style = button.evaluate("each => getComputedStyle(each).outlineStyle")
            assert style == ("solid" if pressed == "true" else "none")
    window.pay()
    expect(window.steps.filter(has_text="enter your PIN")).to_have_count(1)
    # Each step that comes draws the list anew, so every arrow is asked in one go.
    window.page.wait_for_function(EVERY_ARROW_IS_DRAWN)
    window.shoot("37-demo-forced-colours")


def test_without_a_simulator_a_real_phone_pays_one_checkout(
    context: BrowserContext, stack: StackState
) -> None:
    page = context.new_page()
    page.route(
        "**/demo/config.json",
        lambda route: route.fulfill(
            json=route.fetch(timeout=60_000).json() | {"simulatorBase": None}
        ),
    )
    page.goto(stack.demo_url)
    expect(page.get_by_role("button", name=READY)).to_be_enabled()
    for part in ("#days", ".phone", "#play-all"):
        expect(page.locator(part)).to_be_hidden()
    check_accessibility(page)


def test_without_a_stack_the_window_says_what_to_do(
    context: BrowserContext, stack: StackState
) -> None:
    page = context.new_page()
    page.route("**/demo/config.json", lambda route: route.abort())
    page.goto(stack.demo_url)
    expect(page.get_by_role("alert")).to_contain_text("make run")


def test_a_stack_that_ends_under_the_window_is_named_and_the_window_goes_on_after_it(
    window: DemoWindow,
) -> None:
    window.page.context.route("**/*", lambda route: route.abort("connectionrefused"))
    window.page.locator("#days").get_by_role("button", name=re.compile("^Wrong PIN")).click()
    trouble = window.page.get_by_role("alert")
    expect(trouble).to_contain_text("Reload this page to go on.")
    window.page.get_by_role("button", name="Kiswahili").click()
    expect(trouble).to_contain_text("Pakia upya ukurasa huu ili uendelee.")
    check_accessibility(window.page)
    window.page.context.unroute_all()
    window.page.reload()
    expect(window.page.get_by_role("button", name=READY)).to_be_enabled()
    expect(trouble).to_be_hidden()


def test_on_a_slow_network_a_day_is_played_to_its_end(window: DemoWindow) -> None:
    network = window.page.context.new_cdp_session(window.page)
    network.send("Network.enable")
    slow = {"offline": False, "latency": 1500, "downloadThroughput": 12e3, "uploadThroughput": 6e3}
    network.send("Network.emulateNetworkConditions", slow)
    window.pay()
    window.sees("Check your phone")
    window.enter_pin()
    window.ends_with(PAID)
    assert len(window.pushes) == 1


def test_a_whole_story_is_played_with_the_keyboard_alone(window: DemoWindow) -> None:
    """From the first Tab to the end, each control is reached with Tab; no mouse, no script."""
    page = window.page
    tab_to(page, "[data-day='callback_lost']")
    with page.expect_response(THE_NEXT_PHONE):
        page.keyboard.press("Enter")
    expect(page.locator("[data-day='callback_lost']")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-day='callback_lost']")).to_be_focused()
    expect(window.phone.get_by_test_id("balance")).to_contain_text("50,000")
    expect(window.checkout.get_by_role("button", name=READY)).to_be_enabled()
    tab_to(page, "button[type=submit]")
    page.keyboard.press("Enter")
    expect(window.phone.get_by_role("dialog")).to_be_visible()
    tab_to(page, "iframe")
    page.keyboard.type("1234")
    page.keyboard.press("Enter")
    window.ends_with(PAID)
    tab_to(page, "#again")
    page.keyboard.press("Enter")
    expect(window.checkout.get_by_role("button", name=READY)).to_be_enabled()
    expect(window.steps).to_have_count(0)


def test_forced_colours_leave_the_end_in_words_and_a_sign(forced_colours: DemoWindow) -> None:
    window = forced_colours
    window.choose_day("Customer cancels")
    window.pay()
    window.ends_with(NOT_PAID)
    check_accessibility(window.page)
    window.shoot("39-demo-forced-colours-end")

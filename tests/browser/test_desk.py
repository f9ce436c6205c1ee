"""The desk in real Chromium: what people see and do there, and what is then true in the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from local.client import ApiClient, SimulatorClient
from local.demo import new_phone
from local.desk import new_links
from local.state import StackState, write_state
from tests.browser.checkout import check_accessibility
from tests.local.conftest import Customer
from tests.local.operator_desk import ACCOUNT, answer
from tests.local.runbook_scene import Scene

SECONDS = 1000
WHY = "the customer called"
type SignIn = Callable[[str], Desk]


class Desk:
    """The desk's page and the person before it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.search = page.get_by_role("searchbox")

    def find(self, text: str) -> None:
        """Search with the keyboard alone."""
        self.page.locator("body").press("/")
        expect(self.search).to_be_focused()
        self.search.fill(text)
        self.search.press("Enter")

    def row(self, text: str) -> Locator:
        return self.page.locator(".rows button").filter(has_text=text)

    def reads(self, text: str) -> None:
        expect(self.page.locator("main")).to_contain_text(text, timeout=30 * SECONDS)

    def act(self, name: str, **typed: str) -> None:
        """Press an act's button, say why, and confirm."""
        self.page.get_by_role("button", name=name, exact=True).click()
        dialog = self.page.get_by_role("dialog", name=name)
        dialog.get_by_role("button", name="Do it").click()
        expect(dialog).to_be_visible()  # nothing happens without a reason
        for label, value in typed.items():
            dialog.get_by_label(label).fill(value)
        dialog.get_by_label("Why").fill(WHY)
        dialog.get_by_role("button", name="Do it").click()
        expect(dialog).to_be_hidden(timeout=30 * SECONDS)

    def check(self) -> None:
        """Nothing sticks out to the side, and axe finds nothing."""
        assert self.page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
        check_accessibility(self.page)


@pytest.fixture
def scene(stack: StackState, customer: Customer, daraja: SimulatorClient, tmp_path: Path) -> Scene:
    write_state(tmp_path / "stack.json", stack)
    return Scene(stack=stack, customer=customer, simulator=daraja, folder=tmp_path)


@pytest.fixture
def booking_system(stack: StackState) -> ApiClient:
    return ApiClient(stack.api_url, stack.booking_token)


@pytest.fixture
def links(scene: Scene) -> dict[str, str]:
    """A fresh link for each role."""
    return {each.role: each.address for each in new_links(scene.folder / "stack.json")}


@pytest.fixture
def sign_in(chromium: Browser, links: dict[str, str]) -> Iterator[SignIn]:
    """Sign a person in, in a browser of their own; no script may fail there."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def enter(role: str) -> Desk:
        context = chromium.new_context(viewport={"width": 1280, "height": 900})
        context.on("weberror", lambda error: errors.append(str(error.error)))
        contexts.append(context)
        page = context.new_page()
        page.goto(links[role])
        expect(page.locator("#who")).to_contain_text(role, timeout=30 * SECONDS)
        assert page.evaluate("location.hash") == "", "the code stays in the address"
        return Desk(page)

    yield enter
    for context in contexts:
        context.close()
    assert errors == []


def paid_by_hand(scene: Scene, account: str, amount_kes: int) -> str:
    order = {"number": "174379", "amount_kes": amount_kes, "account": account}
    done = scene.simulator.call("POST", f"/phones/{new_phone()}/pay", order)
    assert done.status == 200, done.text
    return str(done.body["receipt"])


def test_i_paid_and_you_say_i_did_not(
    scene: Scene, sign_in: SignIn, links: dict[str, str], context: BrowserContext
) -> None:
    payment = scene.wait(scene.pay("pays"), "completed")
    desk = sign_in("clerk")
    desk.find(str(payment.receipt_number).lower())
    desk.reads("What happened")
    story = desk.page.locator("ol.story")
    expect(story).to_contain_text(f"Paid, the booking is confirmed · {payment.receipt_number}")
    desk.reads("confirmed · paid")
    desk.reads("The customer reads")
    assert str(payment.phone_number) not in desk.page.content()
    desk.find("UKR0000000")
    desk.reads("Nothing has “UKR0000000”.")
    used = context.new_page()
    used.goto(links["clerk"])
    expect(used.get_by_role("alert")).to_contain_text("This link was used already")
    expect(used.get_by_role("searchbox")).to_be_hidden()


def test_a_review_is_decided_with_a_reason_by_the_keyboard(scene: Scene, sign_in: SignIn) -> None:
    payment = scene.wait(scene.pay("pays+callback_wrong_amount"), "review")
    desk = sign_in("clerk")
    row = desk.row(payment.booking_id)
    expect(row).to_contain_text("another amount than asked")
    for _ in range(desk.page.locator(".rows button").count()):
        desk.page.keyboard.press("ArrowDown")
        if row.evaluate("each => each === document.activeElement"):
            break
    desk.page.keyboard.press("Enter")
    desk.reads("a person decides")
    desk.act("Give the money back")
    desk.reads("to be given back")
    desk.reads(f"The money is owed back · {payment.receipt_number} · {WHY}")
    desk.reads("by grace")
    assert scene.payment(payment.payment_id).status == "refund_due"


def test_money_without_a_payment_is_attached_to_the_booking_that_the_customer_names(
    scene: Scene, sign_in: SignIn
) -> None:
    booking_id = scene.customer.book(730)
    receipt = paid_by_hand(scene, "RENT7", 730)
    desk = sign_in("clerk")

    def put_markup(route: Route) -> None:
        answer = route.fetch()  # the server itself lets no markup of a payer through
        route.fulfill(json=answer.json() | {"typed_account": "<i id=x>me</i>"})

    desk.page.route(f"**/api/desk/receipts/{receipt}", put_markup)

    def is_shown() -> bool:
        desk.page.get_by_role("button", name="Waiting for you").click()
        desk.page.wait_for_load_state("networkidle")
        return desk.row(receipt).count() > 0

    for _ in range(30):
        if is_shown():
            break
    desk.row(receipt).click()
    desk.reads("<i id=x>me</i>")
    assert desk.page.locator("#x").count() == 0, "a payer's words became markup"
    desk.act("Attach to a booking", Booking=booking_id)
    desk.reads("paid, booking confirmed")
    assert scene.consultation(booking_id)["status"] == "Confirmed"


def test_one_person_requests_a_refund_and_another_approves_it(
    scene: Scene, sign_in: SignIn, booking_system: ApiClient
) -> None:
    payment = scene.wait(scene.pay("pays"), "completed")
    cancelled = {"client_id": payment.client_id, "price_kes": 1000, "status": "Cancelled"}
    path = f"/api/consultations/{payment.booking_id}"
    assert booking_system.call("PUT", path, cancelled).status == 200
    clerk, approver = sign_in("clerk"), sign_in("approver")
    clerk.row(payment.booking_id).click()
    clerk.act("Request the refund")
    clerk.reads("Another person must approve a refund.")
    expect(clerk.page.get_by_role("button", name="Approve the refund")).to_have_count(0)
    approver.page.get_by_role("button", name="Waiting for you").click()
    approver.row(payment.booking_id).click()
    approver.reads(f"requested · by grace · {WHY}")
    approver.act("Approve the refund")
    by = scene.wait_until(payment.payment_id, lambda paid: paid.refund is not None).refund
    assert by is not None
    assert (by.asked_by, by.approved_by) == ("staff:grace", "staff:amina")


def test_a_removed_person_is_out_at_the_next_request(scene: Scene, sign_in: SignIn) -> None:
    desk = sign_in("clerk")
    answer(scene, "staff", "remove", "grace", *ACCOUNT)
    desk.page.get_by_role("button", name="The day").click()
    expect(desk.page.get_by_role("alert")).to_contain_text("You are not signed in")
    assert desk.page.evaluate("sessionStorage.getItem('token')") is None


def test_a_system_that_does_not_answer_is_said_and_asked_again(sign_in: SignIn) -> None:
    desk = sign_in("clerk")
    desk.page.route("**/api/desk/days*", lambda route: route.abort())
    desk.page.get_by_role("button", name="The day").click()
    expect(desk.page.get_by_role("alert")).to_contain_text("The system does not answer")
    desk.page.unroute("**/api/desk/days*")
    desk.page.get_by_role("button", name="Try again").click()
    desk.reads("came in")


def test_the_day_says_what_came_in_and_not_what_was_asked(sign_in: SignIn) -> None:
    desk = sign_in("clerk")

    def answer_with_a_day(route: Route) -> None:
        day = route.request.url.rpartition("=")[2]
        completed = {"count": 2, "amount_kes": 3000}
        received = {"count": 3, "amount_kes": 3900}
        route.fulfill(json={"days": {day: {"completed": completed, "received": received}}})

    desk.page.route("**/api/desk/days*", answer_with_a_day)
    desk.page.get_by_role("button", name="The day").click()
    expect(desk.page.locator(".came")).to_have_text("KES 3,900 came in, 3 payments")
    rows = desk.page.locator("tbody tr")
    expect(rows).to_have_text(["paid, booking confirmed2KES 3,000"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_view_is_accessible_at_every_width_in_both_languages(
    scene: Scene, sign_in: SignIn, scheme: str
) -> None:
    payment = scene.wait(scene.pay("pays+callback_wrong_amount"), "review")
    desk = sign_in("clerk")
    desk.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    expect(desk.row(payment.booking_id)).to_be_visible()
    for width in (360, 768, 1440):
        desk.page.set_viewport_size({"width": width, "height": 900})
        desk.check()
    desk.page.set_viewport_size({"width": 360, "height": 740})
    desk.row(payment.booking_id).click()
    desk.reads("What happened")
    desk.check()
    desk.page.get_by_role("button", name="Give the money back").click()
    expect(desk.page.get_by_role("dialog")).to_be_visible()
    desk.check()
    desk.page.keyboard.press("Escape")
    desk.page.get_by_role("button", name="Kiswahili").click()
    desk.reads("Kilichotokea")
    expect(desk.page.locator("html")).to_have_attribute("lang", "sw")
    desk.check()
    desk.page.get_by_role("button", name="Siku", exact=True).click()
    desk.reads("zimeingia")
    desk.check()

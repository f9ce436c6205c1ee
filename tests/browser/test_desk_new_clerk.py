"""A clerk on the first day answers what people ask, with the page alone.

The clerk knows the sign-in link, what the customer says on the phone, and what the page shows:
controls are found by the words on them, and the next act is read from the page.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from tests.browser.desk_page import SECONDS, WHY, SignIn, paid_by_hand
from tests.local.runbook_scene import Scene

COUNT = """
for (const [kind, counts] of [['click', (event) => event.detail > 0], ['input', isNew]]) {
  addEventListener(kind, (event) => {
    if (counts(event)) sessionStorage.setItem(kind, Number(sessionStorage.getItem(kind)) + 1);
  }, true);
}
const typed = new Set();
function isNew({ target }) { return !typed.has(target) && typed.add(target); }
"""


@dataclass(frozen=True)
class Effort:
    """What an answer costs: clicks, and fields that are typed into; a key is no click."""

    clicks: int
    fields: int


EFFORTS = {
    "I paid and you say I didn't": Effort(0, 1),
    "you took it twice": Effort(3, 2),
    "where is my refund": Effort(0, 1),
    "what came in today": Effort(1, 0),
    "what waits for me": Effort(0, 0),
    "I paid to the paybill myself": Effort(2, 2),
}
"""Each question, in the order of the guide's table, with what its answer costs."""


class NewClerk:
    """Somebody who reads the page and does what it says."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def types(self, what: str, text: str) -> None:
        """Type into the search box, whose label names what it takes, and press Enter."""
        box = self._page.get_by_role("searchbox", name=re.compile(what, re.IGNORECASE))
        box.press_sequentially(text)
        box.press("Enter")

    def reads(self, text: str) -> Locator:
        """Find a sentence on the page."""
        found = self._page.locator("main").get_by_text(text).first
        expect(found).to_be_visible(timeout=60 * SECONDS)
        return found

    def presses(self, name: str) -> None:
        """Press a button by the words on it."""
        self._page.get_by_role("button", name=name, exact=True).click()

    def opens(self, row: str) -> str:
        """Open the row with these words, and give the next act that it names."""
        found = self._page.locator(".rows button").filter(has_text=row)
        expect(found).to_have_count(1, timeout=60 * SECONDS)
        named = re.search(r"Next: (.+)", found.inner_text())
        found.click()
        return named[1] if named else ""

    def says_why(self) -> None:
        """Answer the one question before an act: the focus is there already."""
        dialog = self._page.get_by_role("dialog")
        expect(dialog.get_by_label("Why")).to_be_focused()
        expect(dialog).to_contain_text("Afterwards:")
        self._page.keyboard.type(WHY)
        dialog.get_by_role("button", name="Do it", exact=True).click()
        expect(dialog).to_be_hidden(timeout=60 * SECONDS)

    @property
    def effort(self) -> Effort:
        """What it has cost since the sign-in."""
        return Effort(*(self._count(kind) for kind in ("click", "input")))

    def _count(self, kind: str) -> int:
        return int(self._page.evaluate("kind => Number(sessionStorage.getItem(kind))", kind))


type Start = Callable[[], NewClerk]
type Story = Callable[[Scene, Start], NewClerk]


def code_in_sms(scene: Scene) -> str:
    """The code that the customer reads out: the first word of M-PESA's newest SMS."""
    phone = scene.simulator.call("GET", f"/phones/{scene.customer.phone_number}").body
    newest = max(phone["messages"], key=lambda message: message["at"])
    return str(newest["text"]).split()[0]


def said(scene: Scene) -> str:
    """The customer's number as people say it."""
    return f"0{scene.customer.phone_number[3:6]} {scene.customer.phone_number[6:]}"


def i_paid(scene: Scene, start: Start) -> NewClerk:
    scene.paid()
    clerk = start()
    clerk.types("receipt", code_in_sms(scene).lower())
    clerk.reads("paid, booking confirmed")
    clerk.reads(f"{code_in_sms(scene)} Confirmed. Ksh1,000.00 sent")
    return clerk


def twice(scene: Scene, start: Start) -> NewClerk:
    booking_id = scene.customer.book(1000)
    first = scene.wait(scene.pay("cancels", booking_id=booking_id), "failed")
    scene.paid(booking_id=booking_id)
    paid_by_hand(scene, str(first.account_reference), 1000)
    scene.wait(first.payment_id, "refund_due")
    clerk = start()
    clerk.types("phone", said(scene))
    clerk.reads("paid, booking confirmed")
    clerk.presses(clerk.opens("to be given back"))
    clerk.says_why()
    clerk.reads("Another person must approve a refund")
    refund = scene.payment(first.payment_id).refund
    assert refund is not None
    assert refund.asked_by == "staff:grace"
    return clerk


def my_refund(scene: Scene, start: Start) -> NewClerk:
    payment = scene.paid()
    code = code_in_sms(scene)
    scene.customer.cancel(payment.booking_id)
    refunds = f"/api/payments/{payment.payment_id}/refunds"
    headers = {"Idempotency-Key": payment.payment_id}
    booking = scene.customer.booking_system
    asked = booking.call("POST", refunds, {"reason": "the doctor is ill"}, headers=headers)
    assert asked.status == 200, asked.text
    clerk = start()
    clerk.types("receipt", code)
    clerk.reads("Refund:")
    clerk.reads("requested · by the booking system · the doctor is ill")
    clerk.reads("Another person must approve a refund")
    return clerk


def came_in(scene: Scene, start: Start) -> NewClerk:
    scene.paid()
    clerk = start()
    clerk.presses("The day")
    clerk.reads("came in,")
    return clerk


def waits(scene: Scene, start: Start) -> NewClerk:
    payment = scene.payment(scene.pay_other_amount())
    clerk = start()
    clerk.reads(f"Booking {payment.booking_id}")
    clerk.reads("Another amount was paid than asked")
    clerk.reads("Next: Decide what becomes of it")
    return clerk


def by_hand(scene: Scene, start: Start) -> NewClerk:
    booking_id = scene.customer.book(1000)
    first = scene.wait(scene.pay("cancels", booking_id=booking_id), "failed")
    # A digit is missing: no machine may guess whose money this is.
    receipt = paid_by_hand(scene, str(first.account_reference)[:-1], 1000)
    scene.wait_for_money(receipt)
    clerk = start()
    clerk.types("receipt", code_in_sms(scene))
    clerk.reads(receipt)
    clerk.opens(f"Booking {booking_id}")
    clerk.says_why()
    clerk.reads("paid, booking confirmed")
    assert scene.consultation(booking_id)["status"] == "Confirmed"
    return clerk


def test_a_new_clerk_answers_each_question_from_the_page_alone(
    scene: Scene, sign_in: SignIn
) -> None:
    told: tuple[Story, ...] = (i_paid, twice, my_refund, came_in, waits, by_hand)
    stories = dict(zip(EFFORTS, told, strict=True))
    desk = sign_in("clerk").page
    desk.context.add_init_script(COUNT)

    def start() -> NewClerk:
        desk.evaluate("['click', 'input'].map((kind) => sessionStorage.removeItem(kind))")
        desk.reload()
        expect(desk.get_by_role("searchbox")).to_be_visible(timeout=60 * SECONDS)
        return NewClerk(desk)

    for question, story in stories.items():
        others = scene.someone_else()
        assert story(others, start).effort == EFFORTS[question], question

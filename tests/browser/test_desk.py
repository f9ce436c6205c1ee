"""The desk in real Chromium: what people see and do there, and what is then true in the table."""

from __future__ import annotations

from datetime import datetime

import pytest
from payments.values import EAT, eat_day
from playwright.sync_api import BrowserContext, Route, expect

from tests.browser.desk_page import SECONDS, WHY, SignIn, paid_by_hand
from tests.local.operator_desk import ACCOUNT, answer
from tests.local.runbook_scene import Scene


def test_i_paid_and_you_say_i_did_not(
    scene: Scene, sign_in: SignIn, links: dict[str, str], context: BrowserContext
) -> None:
    payment = scene.paid()
    desk = sign_in("clerk")
    desk.find(str(payment.receipt_number).lower())
    desk.reads("What happened")
    story = desk.page.locator("ol.story")
    # Where a query was quicker than the callback, the receipt came after it.
    for told in ("Paid, the booking is confirmed", f"receipt {payment.receipt_number}"):
        expect(story).to_contain_text(told)
    expect(story).to_contain_text("for KES 1,000")
    desk.reads(f"{payment.receipt_number} Confirmed. Ksh1,000.00 sent")
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
    payment = scene.payment(scene.pay_other_amount())
    desk = sign_in("clerk")
    row = desk.row(payment.booking_id)
    expect(row).to_contain_text("Another amount was paid than asked")
    expect(row).to_contain_text("Next: Decide what becomes of it")
    for _ in range(desk.page.locator(".rows button").count()):
        desk.page.keyboard.press("ArrowDown")
        if row.evaluate("each => each === document.activeElement"):
            break
    desk.page.keyboard.press("Enter")
    desk.reads("a person decides")
    desk.needs_a_reason("Give the money back")
    desk.act("Give the money back")
    desk.reads("to be given back")
    desk.reads(f"The money is owed back · receipt {payment.receipt_number}")
    desk.reads(f"by grace · {WHY}")
    assert scene.payment(payment.payment_id).status == "refund_due"


def test_money_without_a_payment_is_attached_to_the_booking_that_the_customer_names(
    scene: Scene, sign_in: SignIn
) -> None:
    booking_id = scene.customer.book(730)
    receipt = paid_by_hand(scene, "RENT7", 730)
    scene.wait_for_money(receipt)
    desk = sign_in("clerk")

    def put_markup(route: Route) -> None:
        answer = route.fetch(
            timeout=60 * SECONDS
        )  # the server itself lets no markup of a payer through
        route.fulfill(json=answer.json() | {"typed_account": "<i id=x>me</i>"})

    desk.page.route(f"**/api/desk/receipts/{receipt}", put_markup)

    desk.waits_for(receipt).click()
    desk.reads("<i id=x>me</i>")
    assert desk.page.locator("#x").count() == 0, "a payer's words became markup"
    desk.act("Attach to a booking", Booking=booking_id)
    desk.reads("paid, booking confirmed")
    assert scene.consultation(booking_id)["status"] == "Confirmed"


def test_one_person_requests_a_refund_and_another_approves_it(
    scene: Scene, sign_in: SignIn
) -> None:
    payment = scene.paid()
    scene.customer.cancel(payment.booking_id)
    clerk, approver = sign_in("clerk"), sign_in("approver")
    clerk.row(payment.booking_id).click()
    clerk.act("Request the refund")
    clerk.reads("Another person must approve a refund")
    expect(clerk.page.get_by_role("button", name="Approve the refund", exact=True)).to_have_count(0)
    approver.page.get_by_role("button", name="Waiting for you", exact=True).click()
    approver.row(payment.booking_id).click()
    approver.reads(f"requested · by grace · {WHY}")
    approver.act("Approve the refund")
    by = scene.wait_until(payment.payment_id, lambda paid: paid.refund is not None).refund
    assert by is not None
    assert (by.asked_by, by.approved_by) == ("staff:grace", "staff:amina")
    scene.wait(payment.payment_id, "refunded")
    clerk.find(str(payment.receipt_number))
    clerk.reads("given back")


def test_a_removed_person_is_out_at_the_next_request(scene: Scene, sign_in: SignIn) -> None:
    desk = sign_in("clerk")
    answer(scene, "staff", "remove", "grace", *ACCOUNT)
    # Where a request of the page was still out, it is the next one, and the button has gone.
    desk.page.locator("#go-day").dispatch_event("click")
    expect(desk.page.get_by_role("alert")).to_contain_text("You are not signed in")
    assert desk.page.evaluate("sessionStorage.getItem('token')") is None


def test_a_system_that_does_not_answer_is_said_and_asked_again(sign_in: SignIn) -> None:
    desk = sign_in("clerk")
    desk.page.route("**/api/desk/days*", lambda route: route.abort())
    desk.page.get_by_role("button", name="The day", exact=True).click()
    expect(desk.page.get_by_role("alert")).to_contain_text("The system does not answer")
    desk.page.unroute("**/api/desk/days*")
    desk.page.get_by_role("button", name="Try again", exact=True).click()
    desk.reads("came in")


def test_you_took_it_twice(scene: Scene, sign_in: SignIn) -> None:
    booking_id = scene.customer.book(1000)
    first = scene.wait(scene.pay("cancels", booking_id=booking_id), "failed")
    scene.paid(booking_id=booking_id)
    paid_by_hand(scene, str(first.account_reference), 1000)
    owed = scene.wait(first.payment_id, "refund_due")
    desk = sign_in("clerk")
    desk.find(f"0{scene.customer.phone_number[3:]}")
    expect(desk.row("paid, booking confirmed")).to_have_count(1, timeout=60 * SECONDS)
    expect(desk.page.locator(".rows button")).to_have_count(2)
    desk.row("to be given back").click()
    desk.reads(str(owed.receipt_number))
    desk.act("Request the refund")
    refund = scene.payment(first.payment_id).refund
    assert refund is not None
    assert refund.asked_by == "staff:grace"


STATEMENT = """ORGANIZATION STATEMENT
Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Other Party Info
{receipt},{at},Pay Bill from 254700000001 - JANE WANJIKU Acc. {account},Completed,"1,000.00",,JANE
UKR1STRANG,{at},Pay Bill from 254700000002 - OTIENO BARASA Acc. ROOM4,Completed,77.00,,OTIENO
"""


def test_what_came_in_today_and_what_mpesas_statement_says(scene: Scene, sign_in: SignIn) -> None:
    payment = scene.paid()
    desk = sign_in("clerk")
    desk.page.get_by_role("button", name="The day", exact=True).click()
    desk.reads("came in")
    expect(desk.page.locator(".chart rect")).to_have_count(24)
    with desk.page.expect_download() as saving:
        desk.page.get_by_role("button", name="Save as CSV", exact=True).click()
    heading, *hours = saving.value.path().read_text().splitlines()
    assert heading.startswith("day,hour,received_count,received_kes")
    assert sum(int(line.split(",")[3]) for line in hours) >= 1000
    sent: list[str] = []
    desk.page.on("request", lambda request: sent.append(request.post_data or ""))
    at = datetime.fromtimestamp(payment.transaction_at or 0, EAT).strftime("%d-%m-%Y %H:%M:%S")
    text = STATEMENT.format(
        receipt=payment.receipt_number, at=at, account=payment.account_reference
    )
    file = {"name": "statement.csv", "mimeType": "text/csv", "buffer": text.encode()}
    desk.page.locator("#statement").set_input_files(file)  # type: ignore[arg-type]
    desk.reads("1 here and there, KES 1,000")
    desk.reads("1 only on the statement, KES 77")
    desk.reads("ROOM4")
    assert not any(name in "".join(sent) for name in ("JANE", "WANJIKU", "OTIENO", "2547000000"))
    desk.check()
    wrong = {"name": "cat.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,2\n"}
    desk.page.locator("#statement").set_input_files(wrong)  # type: ignore[arg-type]
    desk.reads("This is no M-PESA statement.")


def test_a_clerk_works_in_swahili(scene: Scene, sign_in: SignIn) -> None:
    payment = scene.payment(scene.pay_other_amount())
    desk = sign_in("clerk")
    desk.page.get_by_role("button", name="Kiswahili", exact=True).click()
    expect(desk.page.locator("html")).to_have_attribute("lang", "sw")
    desk.row(payment.booking_id).click()
    desk.reads("Kiasi kingine kililipwa")
    desk.reads("Tumepokea pesa na tunazikagua.")
    desk.act("Rudisha pesa", language="sw")
    desk.reads("ya kurudishwa")
    desk.reads(f"na grace · {WHY}")
    text = desk.page.locator("body").inner_text()
    english = ("What happened", "The customer", "Waiting for", "Find", "Booking", "Phone", "Next:")
    assert [word for word in english if word in text] == []
    assert scene.payment(payment.payment_id).status == "refund_due"


def test_a_late_answer_does_not_replace_what_was_asked_since(sign_in: SignIn) -> None:
    desk = sign_in("clerk")
    held: list[Route] = []
    desk.page.route("**/api/desk/waiting", lambda route: held.append(route))
    desk.page.locator("#go-waiting").click()
    desk.find("7,654,321")
    desk.reads("Nothing has “7,654,321”.")
    with desk.page.expect_response("**/api/desk/waiting"):
        held[-1].continue_()
    desk.page.evaluate("fetch('/desk').then((page) => page.text())")
    desk.reads("Nothing has “7,654,321”.")


def test_an_older_payment_is_looked_for_on_its_day(scene: Scene, sign_in: SignIn) -> None:
    payment = scene.paid()
    desk = sign_in("clerk")
    desk.find("7,654,321")
    desk.reads("Nothing has “7,654,321”.")
    desk.page.get_by_label("Day", exact=True).fill(eat_day(payment.created_at))
    desk.page.get_by_role("button", name="Look on this day", exact=True).click()
    desk.reads("Nothing has “7,654,321” on")
    desk.find(f"0{scene.customer.phone_number[3:]}")
    desk.reads("What happened")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_view_is_accessible_at_every_width_in_both_languages(
    scene: Scene, sign_in: SignIn, scheme: str
) -> None:
    payment = scene.payment(scene.pay_other_amount())
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
    desk.page.get_by_role("button", name="Give the money back", exact=True).click()
    expect(desk.page.get_by_role("dialog")).to_be_visible()
    desk.check()
    desk.page.keyboard.press("Escape")
    desk.page.get_by_role("button", name="Kiswahili", exact=True).click()
    desk.reads("Kilichotokea")
    expect(desk.page.locator("html")).to_have_attribute("lang", "sw")
    desk.check()
    desk.page.get_by_role("button", name="Siku", exact=True).click()
    desk.reads("zimeingia")
    for width in (360, 768, 1440):
        desk.page.set_viewport_size({"width": width, "height": 900})
        desk.check()

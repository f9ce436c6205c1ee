"""The desk's views before a server that answers as told: links, empty days, numbers, statements."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.browser.checkout import check_accessibility
from tests.browser.stub_desk import PAYMENT, PAYMENT_ID, SITE, StubDesk, refused, silence

WHOLE_NUMBER = "254712345678"
STORY = f"payments/{PAYMENT_ID}"
ACT = f"{STORY}/acts"
WAITING = "**/api/desk/waiting"
REQUEST = "Request the refund"
RECEIPT = "UKR1STRANG"
MONEY = f"receipts/{RECEIPT}"
ROW: dict[str, Any] = {
    "receipt_number": RECEIPT,
    "state": "unclaimed",
    "amount_kes": 800,
    "paid_at": "2026-11-23T10:15:22+03:00",
    "typed_account": "ROOM 4",
    "payer": "2547*****678",
    "proposals": [],
}
NONE = {"count": 0, "amount_kes": 0}
PAID = {"received": {"count": 2, "amount_kes": 3000}, "refunded": NONE} | {
    "failed": {"count": 1, "amount_kes": 500},
    "unclaimed": NONE,
}
DAYS = {"2026-11-21": {}, "2026-11-22": {"09": PAID}, "2026-11-23": {"08": PAID, "17": PAID}}
HEADING = "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn"
LINES = 200
DROP = """([name, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name, { type: "text/csv" }));
  const drop = new DragEvent("drop", { dataTransfer: data, cancelable: true });
  document.querySelector(".drop").dispatchEvent(drop);
}"""


def says(body: dict[str, Any]) -> Any:
    return lambda route: route.fulfill(json=body)


def offers(act: str, then: str) -> Any:
    """The payment, with this act as what can be done."""
    return says(PAYMENT | {"acts": [{"act": act, "then": then}]})


def waits(*receipts: dict[str, Any]) -> Any:
    """What waits: this money, and no payment."""
    return says({"payments": [], "receipts": list(receipts)})


OFFERS_PHONE = offers("reveal_phone", "refund_due")


def test_the_code_of_a_link_leaves_the_address_before_the_first_request(desk: StubDesk) -> None:
    desk.trouble["sessions"] = silence
    with desk.page.expect_request("**/api/desk/sessions") as asked:
        desk.open("en", "/desk#a-link")
    assert asked.value.post_data_json == {"code": "a-link"}
    expect(desk.page).to_have_url(f"{SITE}/desk")
    assert desk.page.evaluate("Object.values({ ...sessionStorage, ...localStorage })") == ["en"]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "Nothing waits for you. A good day."), ("sw", "Hakuna kinachokusubiri. Siku njema.")],
)
def test_an_empty_list_is_a_good_day(desk: StubDesk, language: str, sentence: str) -> None:
    desk.trouble["waiting"] = waits()
    desk.open(language, "/desk#a-link")
    expect(desk.page.locator("main .good")).to_have_text(sentence)
    check_accessibility(desk.page)


def test_a_list_that_leaves_some_out_is_no_whole_list(desk: StubDesk) -> None:
    cut = {"payments": [PAYMENT], "receipts": [ROW], "may_have_more": True}
    desk.trouble["waiting"] = says(cut)
    desk.trouble["search"] = says(cut | {"payments": [PAYMENT] * 3, "receipt": None, "what": "day"})
    desk.open("en", "/desk#a-link")
    expect(desk.page.locator("main > p")).to_have_text("Only the oldest 2 are shown.")
    desk.page.get_by_role("searchbox").fill("1,500")
    desk.page.get_by_role("searchbox").press("Enter")
    expect(desk.page.locator("main > p")).to_have_text("Only the oldest 3 are shown.")
    check_accessibility(desk.page)


def test_a_revealed_number_goes_with_its_payment(desk: StubDesk) -> None:
    desk.trouble[STORY], desk.trouble[ACT] = OFFERS_PHONE, says({"phone_number": WHOLE_NUMBER})
    desk.sign_in("en")
    told = desk.page.locator("#told")

    def reveal() -> None:
        desk.opens()
        desk.presses("Show the whole phone number")
        assert WHOLE_NUMBER not in desk.page.content()
        desk.page.locator("#reason").fill("to call back")
        desk.page.locator("#act-yes").click()
        expect(told).to_have_text(f"The number is {WHOLE_NUMBER}")
        expect(desk.page.get_by_role("dialog")).to_be_hidden()
        expect(desk.page.locator(".sum")).to_be_visible()
        expect(told).to_have_text(f"The number is {WHOLE_NUMBER}")

    reveal()
    desk.page.locator("#go-waiting").click()
    expect(desk.page.locator(".rows button")).to_have_count(1)
    assert WHOLE_NUMBER not in desk.page.content()
    reveal()
    desk.trouble[STORY] = refused(401, "unauthenticated")
    desk.page.locator("#language").click()  # the same view is read again
    expect(desk.page.get_by_role("alert")).to_contain_text("Hujaingia")
    assert WHOLE_NUMBER not in desk.page.content()


def test_a_revealed_number_stays_where_the_system_is_slow(desk: StubDesk) -> None:
    desk.trouble[STORY] = OFFERS_PHONE
    desk.page.clock.install()
    desk.sign_in("en")
    desk.opens()
    desk.presses("Show the whole phone number")
    desk.page.locator("#reason").fill("to call back")
    desk.trouble[ACT] = says({"phone_number": WHOLE_NUMBER})
    desk.trouble[STORY] = silence
    with desk.page.expect_request(f"**/{STORY}"):
        desk.page.locator("#act-yes").click()
    desk.page.clock.run_for(10_000)
    expect(desk.page.locator("#told")).to_have_text(f"The number is {WHOLE_NUMBER}")


def test_an_older_answer_for_the_same_view_is_dropped(desk: StubDesk) -> None:
    desk.sign_in("en")
    held: list[Route] = []
    desk.trouble["waiting"] = held.append
    with desk.page.expect_request(WAITING):
        desk.page.locator("#go-waiting").click()
    desk.trouble["waiting"] = waits()
    desk.page.locator("#go-waiting").click()
    expect(desk.page.locator("main .good")).to_be_visible()
    with desk.page.expect_response(WAITING):
        held[0].fulfill(json={"payments": [PAYMENT], "receipts": []})
    desk.page.evaluate("fetch('/desk').then((page) => page.text())")
    expect(desk.page.locator("main .good")).to_be_visible()


def test_a_view_that_comes_late_does_not_come_in_behind_a_question(desk: StubDesk) -> None:
    desk.sign_in("en")
    desk.opens()
    held: list[Route] = []
    desk.trouble["waiting"] = held.append
    with desk.page.expect_request(WAITING):
        desk.page.locator("#go-waiting").click()
    desk.presses(REQUEST)
    with desk.page.expect_response(WAITING):
        held[0].fulfill(json={"payments": [], "receipts": []})
    desk.page.evaluate("fetch('/desk').then((page) => page.text())")
    expect(desk.page.locator(".sum")).to_have_text("KES 1,500")
    with desk.page.expect_response(f"**/{STORY}"):  # it was not looked at since
        desk.presses("Back")
    expect(desk.page.locator(".sum")).to_have_text("KES 1,500")


@pytest.mark.parametrize("is_done", [True, False])
def test_the_answer_to_an_act_that_was_left_is_told_and_ends_no_other_question(
    desk: StubDesk, is_done: bool
) -> None:
    desk.trouble["waiting"] = says({"payments": [PAYMENT], "receipts": [ROW]})
    desk.trouble[MONEY] = says(ROW)
    held: list[Route] = []
    desk.trouble[ACT] = held.append
    desk.open("en", "/desk#a-link")
    desk.page.locator(".rows button").first.click()
    desk.presses(REQUEST)
    desk.page.locator("#reason").fill("the customer called")
    with desk.page.expect_request("**/acts"):
        desk.page.locator("#act-yes").click()
    desk.presses("Back")
    desk.page.locator("#go-waiting").click()
    desk.page.locator(".rows button").filter(has_text=RECEIPT).click()
    desk.presses("Not ours to book")
    if is_done:
        held[0].fulfill(json=PAYMENT)
    else:
        refused(409, "changed_meanwhile")(held[0])
    told = "Done" if is_done else "It has changed since you saw it"
    expect(desk.page.locator("#told")).to_contain_text(f"{REQUEST}: {told}")
    expect(desk.page.get_by_role("dialog", name="Not ours to book")).to_be_visible()
    expect(desk.page.locator("#act-error")).to_be_empty()
    expect(desk.page.locator("main")).to_contain_text(RECEIPT)


def test_money_is_set_aside_with_what_it_is_and_why(desk: StubDesk) -> None:
    desk.trouble["waiting"] = waits(ROW)
    desk.trouble[MONEY] = says(ROW)
    desk.open("en", "/desk#a-link")
    desk.opens()
    expect(desk.page.locator("main")).to_contain_text("Typed account")
    expect(desk.page.locator("main")).to_contain_text("07** *** 678")
    for button in ("Attach to a booking", "Give it back"):
        expect(desk.page.get_by_role("button", name=button, exact=True)).to_be_visible()
    desk.presses("Not ours to book")
    dialog = desk.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Afterwards: it waits no more.")
    dialog.get_by_label("What it is").select_option("Our own transfer")
    dialog.get_by_label("Why").fill("moved to the bank")
    aside = ROW | {"state": "set_aside", "set_aside": "sweep"}
    desk.trouble[MONEY] = desk.trouble[f"{MONEY}/acts"] = says(aside)
    with desk.page.expect_request("**/acts") as sent:
        dialog.get_by_role("button", name="Do it", exact=True).click()
    expected = {"act": "set_aside", "set_aside": "sweep", "reason": "moved to the bank"}
    assert sent.value.post_data_json == expected
    expect(desk.page.get_by_role("button", name="Let it wait again", exact=True)).to_be_visible()


def test_money_that_is_not_in_whole_shillings_is_not_offered_to_be_booked(desk: StubDesk) -> None:
    cents = {"amount_kes": None, "amount_text": "999.50"}
    proposal = {"why": "reference", "payment": PAYMENT, "booking_id": None}
    row = ROW | cents | {"proposals": [proposal]}
    desk.trouble["waiting"] = waits(row)
    desk.trouble[MONEY] = says(row)
    desk.open("en", "/desk#a-link")
    desk.opens()
    expect(desk.page.locator(".sum")).to_have_text("999.50")
    expect(desk.page.locator("main")).to_contain_text("this money cannot be booked here")
    assert desk.page.locator("main button").all_inner_texts() == ["Not ours to book"]


@pytest.mark.parametrize(
    ("typed", "sent"), [("1500", 1500), ("KES 1,500", 1500), ("999.50", 999.5), ("a lot", "a lot")]
)
def test_an_amount_is_sent_as_a_person_means_it(desk: StubDesk, typed: str, sent: object) -> None:
    desk.trouble[STORY] = offers("record_receipt", "completed")
    desk.sign_in("en")
    desk.opens()
    desk.presses("Record a receipt from the statement")
    for field, text in (("receipt_number", RECEIPT), ("amount_kes", typed), ("reason", "seen")):
        desk.page.locator(f"#{field}").fill(text)
    with desk.page.expect_request("**/acts") as request:
        desk.page.locator("#act-yes").click()
    assert (request.value.post_data_json or {})["amount_kes"] == sent


def test_several_days_are_shown_by_the_day_and_saved_by_the_hour(desk: StubDesk) -> None:
    desk.trouble["days"] = says({"days": {}, "hours": DAYS})
    desk.sign_in("en")
    desk.page.locator("#go-day").click()
    desk.page.get_by_label("From", exact=True).fill("2026-11-21")
    desk.page.get_by_label("To", exact=True).fill("2026-11-23")
    with desk.page.expect_request("**/api/desk/days?from=2026-11-21&to=2026-11-23"):
        desk.presses("Show")
    expect(desk.page.locator(".chart rect")).to_have_count(3)
    expect(desk.page.locator(".numbers .received")).to_have_text("KES 9,000came in, 6 payments")
    days = desk.page.locator("tbody th").all_inner_texts()
    assert days == ["2026-11-22", "2026-11-23"]
    expect(desk.page.locator("tfoot")).to_contain_text("9,000 (6)")
    check_accessibility(desk.page)
    with desk.page.expect_download() as saving:
        desk.presses("Save as CSV")
    assert saving.value.suggested_filename == "hakika-2026-11-21-2026-11-23.csv"
    _, *hours = saving.value.path().read_text().splitlines()
    assert [line.split(",")[:4] for line in hours] == [
        ["2026-11-22", "09", "2", "3000"],
        ["2026-11-23", "08", "2", "3000"],
        ["2026-11-23", "17", "2", "3000"],
    ]


def test_a_long_statement_is_dropped_and_compared_in_pages_without_a_name(desk: StubDesk) -> None:
    sent: list[dict[str, Any]] = []

    def compare(route: Route) -> None:
        page: dict[str, Any] = route.request.post_data_json or {}
        sent.append(page)
        match = {"amount_kes": 100, "account": None, "payment_id": None, "step": None}
        both = [match | {"verdict": "both", "receipt_number": line[1]} for line in page["lines"]]
        # On its page alone a payment looks as if the statement lacked it.
        here = match | {"verdict": "only_here", "payment_id": PAYMENT_ID}
        lacking = [here | {"receipt_number": each} for each in ("UKR1HERE01", "UKR0000199")]
        route.fulfill(json={"matches": both + lacking, "unreadable": [], "counts": {}})

    desk.trouble["statement"] = compare
    desk.trouble["days"] = says({"days": {}, "hours": {}})
    desk.sign_in("en")
    desk.page.locator("#go-day").click()
    lines = [
        f"UKR{number:07},23-11-2026 10:{number % 60:02}:00,"
        f"Pay Bill from 2547{number:08} - JANE WANJIKU Acc. A{number},Completed,100.00,"
        for number in range(LINES)
    ]
    expect(desk.page.locator(".drop")).to_be_visible()
    desk.page.evaluate(DROP, ["statement.csv", "\n".join([HEADING, *lines])])
    report = desk.page.locator(".counts")
    expect(report).to_contain_text(f"{LINES} here and there, KES 20,000")
    expect(report).to_contain_text("1 only here, KES 100")
    assert len(sent) > 2
    assert [line[1] for page in sent for line in page["lines"]] == [
        f"UKR{number:07}" for number in range(LINES)
    ]
    assert [page.get("previous") for page in sent] == [
        None,
        *(page["lines"][-1][2] for page in sent[:-1]),
    ]
    assert not re.search(r"JANE|WANJIKU|2547\d{8}", str(sent))


def test_enter_after_the_reason_confirms_and_escape_goes_back(desk: StubDesk) -> None:
    desk.sign_in("en")
    desk.opens()
    asks = desk.page.get_by_role("button", name=REQUEST, exact=True)
    dialog = desk.page.get_by_role("dialog")
    asks.click()
    desk.page.keyboard.type("the customer called")
    desk.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert ACT not in desk.calls
    asks.click()
    desk.page.keyboard.press("Enter")  # no act without a reason
    expect(dialog).to_be_visible()
    assert ACT not in desk.calls
    desk.page.keyboard.type("the customer called")
    desk.page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    assert desk.calls.count(ACT) == 1

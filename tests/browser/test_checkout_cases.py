"""<mpesa-checkout> in every case an API can put it: what is offered, kept, counted and told."""

import re
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Route, expect

from tests.browser.checkout import STATUS, check_accessibility
from tests.browser.stub_shop import (
    COMPLETED,
    FAILED,
    LOCKED,
    PAYMENT_ID,
    PENDING,
    REFUND,
    REVIEW,
    SITE,
    UNKNOWN,
    Shop,
    StubApi,
    open_shop,
    open_still_shop,
    refusal,
)

DO_NOT_PAY = re.compile("do not pay again", re.IGNORECASE)
CLAIMABLE = FAILED | {"actions": ["other_number", "claim_receipt"]}
FORM, WAITING, NOT_PAID, PAID = "Pay KES 1,500", "Check your phone", "Not paid", "Paid. Thank you!"


# --- paying by hand, and never twice


@pytest.mark.parametrize("channel", ["paybill", "till"])
def test_paying_by_hand_is_offered_with_copies_where_the_service_names_it(
    context: BrowserContext, channel: str
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=SITE)
    account = None if channel == "till" else "CONSAB12CD34"
    details = FAILED["manual_payment_details"] | {"channel": channel, "account_reference": account}
    # A look would draw the card anew, without "Copied".
    api = StubApi(after_push=FAILED | {"manual_payment_details": details})
    shop = open_still_shop(context, api)
    shop.pass_time(1)
    shop.pay()
    shop.sees("Or pay by Lipa na M-PESA")
    copies = {
        f"Copy: {channel.title()}": "174379",
        "Copy: Account": account,
        "Copy: Amount": "1500",
    }
    for name, value in copies.items():
        expect(shop.button(name)).to_have_count(1 if value else 0)
        if value:
            shop.button(name).click()
            expect(shop.button(name)).to_have_text("Copied")
            assert shop.page.evaluate("navigator.clipboard.readText()") == value
    assert not DO_NOT_PAY.search(shop.text())
    shop.set("lang", "sw")
    shop.sees("Au lipa kwa Lipa na M-PESA")


def test_a_payment_by_hand_is_noticed_by_itself(context: BrowserContext) -> None:
    shop = open_shop(context, StubApi(after_push=FAILED))
    shop.pay()
    shop.sees("Or pay by Lipa na M-PESA")
    for _ in range(2):
        with shop.page.expect_response(STATUS):
            shop.pass_time(11)
        shop.sees("Or pay by Lipa na M-PESA")
    shop.api.payment = COMPLETED
    shop.pass_time(11)
    shop.sees(PAID)


@pytest.mark.parametrize(
    "payment", [PENDING, UNKNOWN, LOCKED], ids=["pending", "unknown", "locked"]
)
def test_while_a_prompt_may_be_open_nothing_offers_to_pay_by_hand(
    context: BrowserContext, payment: dict[str, Any]
) -> None:
    """Even if an answer carried the facts: an open payment's view has no place for them."""
    facts = FAILED["manual_payment_details"] if payment["status"] == "pending" else None
    api = StubApi(
        after_push=payment | {"manual_payment": "Paybill 174379", "manual_payment_details": facts}
    )
    shop = open_shop(context, api)
    shop.pay()
    shop.sees(WAITING if facts else NOT_PAID)
    assert "174379" not in shop.text()
    if facts:
        shop.pass_time(70)
        shop.sees("Still waiting for M-PESA")
        assert DO_NOT_PAY.search(shop.text())
        assert "174379" not in shop.text()


# --- a failure that may yet be paid


def test_a_late_success_is_seen_while_the_failure_waits(context: BrowserContext) -> None:
    shop = open_shop(context, StubApi(after_push=LOCKED))
    shop.pay()
    shop.sees(NOT_PAID)
    expect(shop.button("Try again")).to_be_disabled()
    shop.api.payment = COMPLETED
    shop.pass_time(11)
    shop.sees(PAID)


def test_a_late_success_is_seen_when_the_customer_comes_back(context: BrowserContext) -> None:
    shop = open_shop(context, StubApi(after_push=FAILED))
    shop.pay()
    shop.sees(NOT_PAID)
    shop.api.payment = COMPLETED
    shop.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    shop.sees(PAID)
    assert [each["kind"] for each in shop.heard][-2:] == ["mpesa-outcome", "mpesa-completed"]


@pytest.mark.parametrize("then", ["free", "paid", "still locked", "no answer", "slow answer"])
def test_the_service_is_asked_before_a_new_try_is_enabled(
    context: BrowserContext, then: str
) -> None:
    shop = open_shop(context, StubApi(after_push=LOCKED))
    shop.pay()
    shop.reads(re.compile(r"You can try again in (1:00|0:\d\d)\."))
    shop.pass_time(58)
    expect(shop.button("Try again")).to_be_disabled()
    shop.api.payment = {"free": FAILED, "paid": COMPLETED}.get(then, LOCKED)
    shop.api.is_up, shop.api.hangs = then != "no answer", then == "slow answer"
    asked, since = shop.api.count("GET"), shop.now()
    with shop.page.expect_request(STATUS):
        shop.pass_time(3)
    shop.sees(PAID if then == "paid" else NOT_PAID)
    if then != "paid":
        expect(shop.button("Try again")).to_be_enabled(enabled=then == "free")
    shop.pass_time(2)
    # Neither a fast clock nor silence makes it hurry, and a slow machine lets more time pass.
    assert shop.api.count("GET") - asked <= 1 + (shop.now() - since) / 2


# --- what is typed


def test_what_is_typed_is_kept_whatever_arrives_meanwhile(context: BrowserContext) -> None:
    shop = open_shop(context, StubApi(is_up=False), phone=None)
    shop.field.press_sequentially("07123")
    expect(shop.field).to_have_value("0712 3")
    shop.pass_time(11)  # the API is unreachable, and asked again
    expect(shop.button("Try again")).to_be_visible()
    for name, value in (("lang", "sw"), ("label", "Follow-up"), ("lang", "en")):
        shop.set(name, value)
    shop.api.is_up = True
    shop.pass_time(6)  # the price arrives
    expect(shop.button(FORM)).to_be_enabled()
    expect(shop.button("Try again")).to_have_count(0)
    shop.set("amount", "900")
    expect(shop.field).to_be_focused()
    shop.page.keyboard.type("45678")
    expect(shop.field).to_have_value("0712 345 678")
    shop.page.reload()  # and nothing of it is remembered
    expect(shop.field).to_have_value("")
    assert shop.page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


def test_the_number_is_grouped_while_it_is_typed(context: BrowserContext) -> None:
    shop = open_shop(context, StubApi(), phone=None)
    for typed, shown in (
        ("0712345678", "0712 345 678"),
        ("+254712345678", "+254 712 345 678"),
        ("254712345678", "254 712 345 678"),
        ("712345678", "712 345 678"),
        ("0712-345", "0712 345"),
        ("my phone", "my phone"),
    ):
        shop.field.clear()
        shop.field.press_sequentially(typed)
        expect(shop.field).to_have_value(shown)


def test_a_digit_in_the_middle_can_be_changed(context: BrowserContext) -> None:
    shop = open_shop(context, StubApi())
    shop.field.evaluate("(field) => { field.focus(); field.setSelectionRange(6, 6); }")
    for key in ("Backspace", "Backspace", "9", "8"):  # over the blank, and back
        shop.page.keyboard.press(key)
    expect(shop.field).to_have_value("0719 845 678")


def test_an_error_goes_as_soon_as_the_number_is_right(context: BrowserContext) -> None:
    shop = open_shop(context, StubApi(), phone="0712 345 67")
    shop.pay()
    error = shop.page.get_by_text(re.compile("Enter a Kenyan mobile number"))
    expect(error).to_be_visible()
    expect(shop.field).to_have_attribute("aria-invalid", "true")
    shop.page.keyboard.press("End")
    shop.page.keyboard.type("8")
    expect(error).to_be_hidden()
    expect(shop.field).not_to_have_attribute("aria-invalid", "true")
    assert shop.api.count("POST") == 0


# --- the element diagnoses itself


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        ({"token": None}, "token"),
        ({"booking_id": None}, "booking-id"),
        ({}, "AllowedOrigins"),
        ({"api_base": "https://pay.wrong.test"}, "AllowedOrigins"),
    ],
    ids=["no token", "no booking", "API down", "wrong origin"],
)
def test_a_checkout_that_cannot_start_says_why(
    context: BrowserContext, missing: dict[str, str | None], named: str
) -> None:
    api = StubApi(is_up=named != "AllowedOrigins")
    shop = open_still_shop(context, api, **missing)
    shop.pass_time(4)
    assert shop.warnings == []
    shop.pass_time(2)
    expect(shop.button("Try again")).to_be_visible()
    assert len(shop.warnings) == 1
    assert named in shop.warnings[0]
    reason = "unreachable" if named == "AllowedOrigins" else named
    assert [each["reason"] for each in shop.heard] == [reason]
    shop.page.clock.resume()
    check_accessibility(shop.page)
    api.is_up = True
    if named == "token":
        shop.set("token", "jwt")
    elif named == "booking-id":
        shop.set("booking-id", "42")
    elif missing:
        shop.set("api-base", SITE)
    else:
        shop.button("Try again").click()
    expect(shop.button(FORM)).to_be_enabled()


# --- what is counted, and who was asked


def test_the_countdown_is_the_services_and_survives_a_reload(context: BrowserContext) -> None:
    shop = open_shop(context, StubApi())
    shop.pay()
    count = shop.element.locator(".count")
    expect(count).to_have_text(re.compile(r"^5[45] s$"))
    shop.api.payment = PENDING | {"prompt_seconds_left": 20}
    shop.page.reload()
    expect(count).to_have_text(re.compile(r"^(20|19) s$"))
    shop.reads("We asked 07xx xxx 678.")
    shop.api.payment = PENDING | {"prompt_seconds_left": None}
    shop.pass_time(6)
    expect(count).to_have_count(0)


# --- which way out is offered; after a refusal, test_checkout_refusals.py asks


@pytest.mark.parametrize("actions", [["try_again", "other_number"], ["try_again"]])
def test_another_number_is_offered_where_the_service_names_it(
    context: BrowserContext, actions: list[str]
) -> None:
    shop = open_shop(context, StubApi(after_push=FAILED | {"actions": actions}))
    shop.pay()
    shop.sees(NOT_PAID)
    expect(shop.button("Use another number")).to_have_count(len(actions) - 1)


@pytest.mark.parametrize("comes", [FAILED, COMPLETED], ids=["failed", "paid"])
def test_only_money_takes_the_form_from_somebody_who_types_another_number(
    context: BrowserContext, comes: dict[str, Any]
) -> None:
    """A look was on its way when the form was asked for, and its answer comes into the typing."""
    held: list[Route] = []
    shop = open_still_shop(context, StubApi(after_push=FAILED))
    shop.pass_time(1)
    shop.pay()
    shop.sees(NOT_PAID)
    shop.page.route(STATUS, lambda route: held.append(route))
    with shop.page.expect_request(STATUS):
        shop.pass_time(11)
    shop.button("Use another number").click()
    shop.field.fill("0711")
    with shop.page.expect_response(STATUS):
        held.pop().fulfill(json=comes)
    if comes is COMPLETED:
        shop.sees(PAID)
    else:
        shop.pass_time(1)
        expect(shop.field).to_have_value("0711")
        expect(shop.field).to_be_focused()


@pytest.mark.parametrize("kind", ["function", "text"])
def test_signing_in_again_resumes_the_payment_by_itself(context: BrowserContext, kind: str) -> None:
    shop = open_shop(context, StubApi())
    if kind == "function":
        shop.element.evaluate("(element) => { element.token = () => window.session ?? 'old'; }")
    expect(shop.button(FORM)).to_be_enabled()
    shop.pay()
    shop.sees(WAITING)
    shop.api.look = refusal(401, "unauthenticated")
    shop.pass_time(6)
    shop.sees("Please sign in again")
    shop.reads("A payment that was sent goes on.")
    assert "could not start" not in shop.text()
    if kind == "function":
        shop.page.evaluate("window.session = 'new'")
        shop.api.look = None
        shop.pass_time(11)
    else:
        shop.api.look = None
        shop.set("token", "new")
        shop.pass_time(1)
    shop.sees(WAITING)
    assert shop.api.calls[-1][3] == "Bearer new"
    assert shop.api.count("POST") == 1


# --- not paying now, the receipt, and "I have paid"


def test_a_customer_who_does_not_want_to_pay_is_told_what_may_still_happen(
    context: BrowserContext,
) -> None:
    shop = open_shop(context, StubApi())
    shop.pay()
    shop.button("I do not want to pay now").click()
    shop.sees("You are not paying now")
    shop.reads("Press Cancel on your phone")
    check_accessibility(shop.page)
    left = [each for each in shop.heard if each["kind"] == "mpesa-left"]
    assert left == [{"kind": "mpesa-left", "payment_id": PAYMENT_ID}]
    shop.pass_time(70)
    shop.sees("You are not paying now")
    shop.button("Back to the payment").click()
    shop.sees("Still waiting for M-PESA")
    shop.button("I do not want to pay now").click()
    shop.api.payment = COMPLETED
    shop.pass_time(11)
    shop.sees(PAID)


def test_the_receipt_can_be_printed_and_shared(context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=SITE)
    context.add_init_script("window.print = () => { parent.printed = document.body.innerText; }")
    shop = open_shop(context, StubApi(payment=COMPLETED))
    shop.sees(PAID)
    shop.button("Share").click()
    expect(shop.button("Copied")).to_be_visible()
    shared = shop.page.evaluate("navigator.clipboard.readText()")
    shop.button("Print").click()
    shop.page.wait_for_function("window.printed")
    printed = shop.page.evaluate("window.printed")
    facts = ("Dr. Achieng", "42", "KES 1,500", "UKN7RT61SV", "10:15", "EAT", "07xx xxx 678")
    assert [fact for fact in facts if fact not in shared or fact not in printed] == []
    assert "0712 345" not in shared + printed


def test_a_receipt_that_comes_later_is_shown_when_it_is_there(context: BrowserContext) -> None:
    """A query proves a payment without naming its receipt; another witness names it later."""
    shop = open_shop(context, StubApi(payment=COMPLETED | {"mpesa_receipt_number": None}))
    shop.sees(PAID)
    shop.reads("In the SMS from M-PESA")
    shop.api.payment = COMPLETED
    shop.pass_time(11)
    shop.reads("UKN7RT61SV")
    shop.sees(PAID)


def test_a_receipt_is_claimed_only_where_the_service_lets_it(context: BrowserContext) -> None:
    shop = open_shop(context, StubApi(after_push=FAILED))
    shop.pay()
    shop.sees(NOT_PAID)
    expect(shop.button("I have paid")).to_have_count(0)
    claiming = open_shop(context, StubApi(after_push=CLAIMABLE))
    claiming.pay()
    claiming.button("I have paid").click()
    claiming.sees("Have you paid?")
    code = claiming.page.get_by_label("Code from the M-PESA SMS")
    code.fill("short")
    claiming.button("Send the code").click()
    expect(code).to_have_attribute("aria-invalid", "true")
    expect(code).to_be_focused()
    expect(code).to_have_value("short")
    check_accessibility(claiming.page)
    claiming.api.claim = refusal(429, "too_many_claims")
    code.fill(" ukn7rt61sv ")
    claiming.button("Send the code").click()
    claiming.reads("The service says too_many_claims")
    expect(code).to_have_value(" ukn7rt61sv ")
    claiming.api.claim = (202, {"success": True})
    claiming.button("Send the code").click()
    claiming.reads("We check this code with M-PESA")
    method, path, body, _ = next(
        each for each in reversed(claiming.api.calls) if "claims" in each[1]
    )
    assert (method, path) == ("POST", f"/api/payments/{PAYMENT_ID}/receipt-claims")
    assert body == {"receipt_number": "UKN7RT61SV"}
    # Nobody who has paid is asked to pay, neither now nor after a look.
    for _ in range(2):
        expect(claiming.button("Check again")).to_be_visible()
        assert claiming.page.get_by_role("button").count() == 1
        assert "try again" not in claiming.text().lower()
        with claiming.page.expect_response(STATUS):
            claiming.pass_time(11)
    claiming.api.payment = COMPLETED
    claiming.pass_time(11)
    claiming.sees(PAID)


# --- how it looks and sounds

STATES: dict[str, tuple[StubApi, bool]] = {
    "form": (StubApi(), False),
    "waiting": (StubApi(payment=PENDING), False),
    "completed": (StubApi(payment=COMPLETED), False),
    "failed": (StubApi(after_push=FAILED), True),
    "locked": (StubApi(after_push=LOCKED), True),
    "review": (StubApi(payment=REVIEW), False),
    "refund": (StubApi(after_push=REFUND), True),
    "sign in": (StubApi(look=refusal(401, "unauthenticated")), False),
}


def show(shop: Shop, presses: bool) -> None:
    """Bring the checkout into a state, and wait until it stands."""
    if presses:
        shop.element.locator("button[type=submit]:enabled").click()
    # "Sending" has a heading too, but no mark: it is passed by.
    known = "h2" if shop.api.payment or shop.api.look else "button[type=submit]:enabled"
    ready = ".mark" if presses else known
    expect(shop.element.locator(ready)).to_be_visible()


@pytest.mark.parametrize(("look", "language"), [("light", "sw"), ("dark", "en"), ("forced", "sw")])
def test_every_view_is_accessible_in_every_look_and_language(
    chromium: Browser, look: str, language: str
) -> None:
    for name, (api, presses) in STATES.items():
        context = chromium.new_context(
            viewport={"width": 360, "height": 740},
            color_scheme="dark" if look == "dark" else "light",
            forced_colors="active" if look == "forced" else "none",
        )
        context.set_default_timeout(60_000)
        shop = open_shop(context, replace(api, calls=[]), lang=language)
        show(shop, presses)
        assert not re.search(r"undefined|null|NaN|\[object|\{\w+\}|M-Pesa", shop.text()), name
        check_accessibility(shop.page)
        for width in (768, 360):
            shop.page.set_viewport_size({"width": width, "height": 740})
            assert shop.page.evaluate("document.documentElement.scrollWidth") <= width, name
        small = shop.element.locator("button, input, a").evaluate_all(
            "(all) => all.filter((e) => Math.min(e.offsetHeight, e.offsetWidth) < 24).length"
        )
        assert small == 0, name
        context.close()


def test_what_is_pressed_comes_into_view_on_a_small_screen(context: BrowserContext) -> None:
    shop = open_shop(context, StubApi())
    shop.page.set_viewport_size({"width": 360, "height": 320})
    shop.pay()
    title = shop.page.get_by_role("heading", name=WAITING)
    expect(title).to_be_focused()
    expect(title).to_be_in_viewport()
    shop.page.evaluate("document.querySelector('main').append(document.createElement('textarea'))")
    elsewhere = shop.page.locator("textarea")
    elsewhere.focus()
    shop.api.payment = COMPLETED
    shop.pass_time(6)
    shop.sees(PAID)
    expect(elsewhere).to_be_focused()  # what comes by itself takes the focus from nobody


def test_the_language_changes_every_sentence_of_a_running_payment(context: BrowserContext) -> None:
    shop = open_shop(context, StubApi())
    shop.pay()
    shop.sees(WAITING)
    shop.api.payment = PENDING | {"customer_message": "Tafadhali angalia simu yako."}
    shop.set("lang", "sw")
    shop.sees("Angalia simu yako")
    shop.reads("Tafadhali angalia simu yako.")


def test_a_page_may_choose_the_theme(context: BrowserContext) -> None:
    shop = open_shop(context, StubApi(), theme="light")
    card = shop.element.locator(".card")
    shop.page.emulate_media(color_scheme="dark")
    expect(card).to_have_css("background-color", "rgb(255, 255, 255)")
    shop.set("theme", "dark")
    shop.page.emulate_media(color_scheme="light")
    expect(card).to_have_css("background-color", "rgb(22, 31, 26)")

"""<mpesa-checkout> in real Chromium against the running stack: every situation a customer meets."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from local.client import SimulatorClient
from local.state import StackState
from tests.browser.checkout import API, PUSH, STATUS, Checkout
from tests.browser.conftest import OpenCheckout
from tests.local.conftest import Customer, MakeToken

CLOSED = re.compile("closed without a PIN")
WRONG = re.compile("PIN was wrong")


def test_a_customer_pays_and_sees_the_receipt(open_checkout: OpenCheckout) -> None:
    checkout = open_checkout()
    expect(checkout.button("Pay KES 1,000")).to_be_enabled()
    checkout.look_at("01-form")
    checkout.pay()
    checkout.sees("Check your phone")
    checkout.wait_for_prompt()
    checkout.look_at("02-waiting")
    checkout.enter_pin_and_be_paid()
    checkout.reads(re.compile(r"^[A-Z0-9]{10}$"))
    checkout.look_at("03-completed")
    assert checkout.payment_status == "Paid"
    assert checkout.prompts == 1


def test_the_page_hears_events_and_goes_on_to_the_success_url(open_checkout: OpenCheckout) -> None:
    checkout = open_checkout(success_url="/shop.html?done=1")
    heard: list[str] = []  # it outlives the page, which goes on by itself
    checkout.page.expose_function("hear", lambda name: heard.append(name))
    checkout.page.evaluate(
        """() => {
        for (const name of ['mpesa-update', 'mpesa-outcome', 'mpesa-completed'])
          document.addEventListener(name, (event) => window.hear(event.type)); }"""
    )
    checkout.pay()
    checkout.enter_pin_and_be_paid()
    checkout.page.wait_for_url(re.compile(r"/shop\.html\?done=1&payment_id=[0-9a-f]{32}$"))
    assert heard[0] == "mpesa-update"
    assert heard[-2:] == ["mpesa-outcome", "mpesa-completed"]


def test_a_success_url_that_is_no_web_address_leads_nowhere(open_checkout: OpenCheckout) -> None:
    checkout = open_checkout(success_url="javascript:alert(1)")
    checkout.pay()
    checkout.enter_pin_and_be_paid()
    expect(checkout.page.get_by_role("link")).to_have_count(0)


def test_a_customer_cancels_and_tries_again(open_checkout: OpenCheckout) -> None:
    checkout = open_checkout()
    checkout.pay()
    checkout.cancel_on_phone()
    checkout.sees("Not paid")
    checkout.reads(CLOSED)
    checkout.look_at("04-cancelled")
    assert checkout.payment_status == "Failed"
    checkout.button("Try again").click()
    checkout.enter_pin_and_be_paid()
    assert checkout.prompts == 2
    assert len(checkout.idempotency_keys()) == 2


def test_a_wrong_pin_is_named_and_another_number_can_be_used(open_checkout: OpenCheckout) -> None:
    checkout = open_checkout()
    checkout.pay()
    checkout.enter_pin("9999")
    checkout.sees("Not paid")
    checkout.reads(WRONG)
    checkout.shoot("05-wrong-pin")
    checkout.button("Use another number").click()
    field = checkout.page.get_by_label("M-PESA phone number")
    expect(field).to_be_focused()
    field.fill("0812 000")
    checkout.pay()
    checkout.reads("Enter a Kenyan mobile number, such as 0712 345 678.")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    checkout.look_at("06-invalid-number")
    assert len(checkout.pushes) == 1


def test_a_lost_callback_is_recovered_by_the_query(
    open_checkout: OpenCheckout, daraja: SimulatorClient, customer: Customer
) -> None:
    daraja.set_next("callback_lost+twin_lost+pull_never", customer.phone_number)
    checkout = open_checkout()
    checkout.pay()
    checkout.enter_pin()
    checkout.sees("Paid. Thank you!", within_seconds=120)
    checkout.reads("In the SMS from M-PESA")
    checkout.look_at("07-completed-without-receipt")
    assert checkout.payment_status == "Paid"


def test_a_double_click_is_one_payment(open_checkout: OpenCheckout) -> None:
    checkout = open_checkout()
    checkout.button("Pay KES 1,000").dblclick()
    checkout.enter_pin_and_be_paid()
    assert checkout.prompts == 1
    assert len(checkout.pushes) == 1


def test_two_tabs_are_one_payment(open_checkout: OpenCheckout) -> None:
    first = open_checkout()
    second = open_checkout(booking_id=first.booking_id)
    first.pay()
    second.pay()
    first.enter_pin_and_be_paid()
    second.sees("Paid. Thank you!")
    assert first.prompts == 1


def test_a_reload_in_the_middle_resumes_the_payment(open_checkout: OpenCheckout) -> None:
    checkout = open_checkout()
    checkout.pay()
    checkout.wait_for_prompt()
    checkout.page.reload()
    checkout.sees("Check your phone")
    checkout.reads("This is the request you sent earlier. No second one was sent.")
    checkout.shoot("08-resumed")
    checkout.enter_pin_and_be_paid()
    checkout.page.reload()
    checkout.sees("Paid. Thank you!")
    assert checkout.prompts == 1
    assert len(checkout.pushes) == 1


def test_a_reload_before_the_answer_arrives_resumes_too(open_checkout: OpenCheckout) -> None:
    checkout = open_checkout()
    checkout.page.route(PUSH, _answer_never_arrives)
    checkout.pay()
    checkout.wait_for_prompt()
    checkout.page.unroute(PUSH)
    checkout.page.reload()
    checkout.sees("Check your phone")
    checkout.enter_pin_and_be_paid()
    assert checkout.prompts == 1


def test_a_lost_answer_is_asked_for_again_with_the_same_key(open_checkout: OpenCheckout) -> None:
    checkout = open_checkout()
    checkout.page.route(PUSH, _answer_is_lost, times=1)
    checkout.pay()
    checkout.enter_pin_and_be_paid()
    assert checkout.prompts == 1
    assert len(checkout.pushes) == 2
    assert len(checkout.idempotency_keys()) == 1


def test_the_backend_goes_down_while_waiting_and_comes_up_again(
    open_checkout: OpenCheckout,
) -> None:
    checkout = open_checkout()
    checkout.pay()
    checkout.sees("Check your phone")
    checkout.page.route(API, lambda route: route.abort("connectionrefused"))
    checkout.reads("Connection lost. Your payment is safe; reconnecting…")
    checkout.look_at("09-reconnecting")
    checkout.enter_pin()
    checkout.page.unroute(API)
    checkout.sees("Paid. Thank you!")
    assert len(checkout.pushes) == 1


def test_a_backend_that_is_down_from_the_start_says_so_and_pays_once_it_is_up(
    open_checkout: OpenCheckout,
) -> None:
    checkout = open_checkout()
    expect(checkout.button("Pay KES 1,000")).to_be_enabled()
    checkout.page.clock.install()
    checkout.page.route(API, lambda route: route.abort("connectionrefused"))
    checkout.pay()
    checkout.reads("No connection. We keep trying; you will not be charged twice.")
    checkout.shoot("10-sending-without-connection")
    for _ in range(10):
        checkout.page.clock.run_for(10_000)
    checkout.sees("No connection")
    checkout.look_at("11-offline")
    assert checkout.prompts == 0
    checkout.page.unroute(API)
    checkout.page.clock.resume()
    checkout.button("Try again").click()
    checkout.enter_pin_and_be_paid()
    assert checkout.prompts == 1
    assert len(checkout.idempotency_keys()) == 1


def test_an_origin_that_the_api_does_not_allow_is_named(
    context: BrowserContext,
    stack: StackState,
    daraja: SimulatorClient,
    customer: Customer,
    make_token: MakeToken,
) -> None:
    """The browser itself refuses: the page is of another origin than AllowedOrigins has."""
    shop = stack.api_url.replace("127.0.0.1", "shop.localhost")
    page = context.new_page()
    warnings: list[str] = []
    page.on("console", lambda line: warnings.append(line.text) if line.type == "warning" else None)
    checkout = Checkout(page, shop, daraja, customer, customer.book())
    checkout.visit(token=make_token(customer.client_id), api_base=stack.api_url)
    expect(checkout.button("Try again")).to_be_visible()
    checkout.reads("We could not reach the payment service.")
    checkout.check_accessibility()
    assert len(warnings) == 1
    assert "AllowedOrigins" in warnings[0]
    assert shop in warnings[0]
    checkout.visit(token=make_token(customer.client_id))
    expect(checkout.button("Pay KES 1,000")).to_be_enabled()


def test_a_slow_network_neither_fails_nor_pays_twice(
    open_checkout: OpenCheckout, context: BrowserContext
) -> None:
    checkout = open_checkout()
    network = context.new_cdp_session(checkout.page)
    network.send("Network.enable")
    slow = {"offline": False, "latency": 2500, "downloadThroughput": 6000, "uploadThroughput": 6000}
    network.send("Network.emulateNetworkConditions", slow)
    held: list[Route] = []
    checkout.page.route(PUSH, lambda route: held.append(route))
    checkout.button("Pay KES 1,000").dblclick()
    checkout.sees("Sending the request…")
    checkout.shoot("24-sending")
    checkout.page.unroute(PUSH)
    for route in held:
        route.continue_()
    checkout.sees("Check your phone")
    checkout.enter_pin_and_be_paid()
    assert checkout.prompts == 1


def test_without_a_result_it_is_pending_and_check_again_finds_it(
    open_checkout: OpenCheckout,
) -> None:
    checkout = open_checkout()
    checkout.page.clock.install()
    checkout.pay()
    checkout.sees("Check your phone")
    frozen: dict[str, str] = {}
    checkout.page.route(STATUS, lambda route: _repeat_first_answer(route, frozen))
    for look in range(13):  # a look every 5 s, for 60 s
        with checkout.page.expect_response(STATUS):
            checkout.page.clock.run_for(5_000)
        if look == 0:  # while the phone still asks; the page goes on hearing its first answer
            checkout.enter_pin()
    checkout.sees("Still waiting for M-PESA")
    checkout.look_at("12-pending")
    checkout.page.unroute(STATUS)
    checkout.button("Check again").click()
    checkout.page.clock.resume()
    checkout.sees("Paid. Thank you!")
    assert checkout.prompts == 1
    assert len(checkout.pushes) == 1


def test_a_phone_that_is_off_fails_with_a_time_for_the_next_try(
    open_checkout: OpenCheckout, daraja: SimulatorClient, customer: Customer
) -> None:
    daraja.call("PATCH", f"/phones/{customer.phone_number}", {"is_on": False})
    checkout = open_checkout()
    checkout.pay()
    checkout.sees("Not paid")
    checkout.reads(re.compile(r"^You can try again in \d:\d\d\.$"))
    expect(checkout.button("Try again")).to_be_disabled()
    checkout.look_at("13-failed-with-time")


def test_a_wrong_amount_is_under_review_and_cannot_be_paid_again(
    open_checkout: OpenCheckout, daraja: SimulatorClient, customer: Customer
) -> None:
    silent = "twin_off+query_never_final+pull_never"  # each of them names the true amount
    daraja.set_next(f"callback_wrong_amount+{silent}", customer.phone_number)
    checkout = open_checkout()
    checkout.pay()
    checkout.enter_pin()
    checkout.sees("We received your money")
    expect(checkout.page.get_by_role("button")).to_have_count(0)
    checkout.look_at("14-review")
    checkout.page.reload()
    checkout.sees("We received your money")


def test_money_for_a_cancelled_booking_is_coming_back(
    open_checkout: OpenCheckout, stack: StackState, customer: Customer
) -> None:
    checkout = open_checkout()
    checkout.pay()
    checkout.sees("Check your phone")
    customer.cancel(checkout.booking_id)
    checkout.enter_pin()
    checkout.sees("We owe you this money")
    expect(checkout.page.get_by_role("button")).to_have_count(0)
    checkout.look_at("15-refund-due")


def test_a_refusal_is_told_in_the_services_words(open_checkout: OpenCheckout) -> None:
    checkout = open_checkout(amount="999")
    checkout.pay("Pay KES 999")
    checkout.sees("We could not start the payment")
    checkout.reads(re.compile("price of the consultation, KES 1,000"))
    checkout.look_at("16-refused")
    assert checkout.prompts == 0


def test_an_unknown_booking_and_a_bad_token_are_told(open_checkout: OpenCheckout) -> None:
    unknown = open_checkout(booking_id="no-such-booking", amount="1000")
    unknown.sees("We could not start the payment")
    unknown.reads("Consultation not found")
    stranger = open_checkout(token="not-a-token", amount="1000")
    stranger.reads(re.compile("^Please sign in again"))


def test_a_booking_that_was_paid_elsewhere_shows_its_receipt(open_checkout: OpenCheckout) -> None:
    elsewhere = open_checkout()
    elsewhere.pay()
    elsewhere.enter_pin_and_be_paid()
    elsewhere.page.evaluate("localStorage.clear()")
    here = open_checkout(booking_id=elsewhere.booking_id)
    here.sees("Paid. Thank you!")
    assert here.pushes == []


def test_swahili_from_the_first_word_to_the_last(open_checkout: OpenCheckout) -> None:
    checkout = open_checkout(lang="sw")
    expect(checkout.page.get_by_label("Nambari ya simu ya M-PESA")).to_be_visible()
    checkout.shoot("17-swahili-form")
    checkout.pay("Lipa KES 1,000")
    checkout.sees("Angalia simu yako")
    checkout.look_at("18-swahili-waiting")
    checkout.cancel_on_phone()
    checkout.sees("Malipo hayakukamilika")
    checkout.reads(re.compile("Ombi la malipo lilifungwa bila PIN"))
    checkout.shoot("19-swahili-cancelled")
    checkout.button("Jaribu tena").click()
    checkout.enter_pin()
    checkout.sees("Umelipa. Asante!")
    checkout.look_at("20-swahili-completed")


def test_the_language_can_change_in_the_middle(open_checkout: OpenCheckout) -> None:
    checkout = open_checkout()
    checkout.pay()
    checkout.cancel_on_phone()
    checkout.sees("Not paid")
    checkout.element.evaluate("(element) => element.setAttribute('lang', 'sw')")
    checkout.sees("Malipo hayakukamilika")
    checkout.reads(re.compile("Ombi la malipo lilifungwa bila PIN"))


def test_keyboard_only_and_the_focus_is_never_lost(open_checkout: OpenCheckout) -> None:
    checkout = open_checkout()
    expect(checkout.button("Pay KES 1,000")).to_be_enabled()
    keyboard = checkout.page.keyboard
    keyboard.press("Tab")
    expect(checkout.page.get_by_label("M-PESA phone number")).to_be_focused()
    keyboard.press("Tab")
    expect(checkout.button("Pay KES 1,000")).to_be_focused()
    keyboard.press("Enter")
    title = checkout.page.get_by_role("heading", level=2)
    expect(title).to_have_text("Check your phone")
    expect(title).to_be_focused()
    checkout.cancel_on_phone()
    expect(title).to_have_text("Not paid")
    expect(title).to_be_focused()
    expect(checkout.button("Try again")).to_be_enabled()
    keyboard.press("Tab")
    expect(checkout.button("Try again")).to_be_focused()
    keyboard.press("Space")
    checkout.enter_pin()
    expect(title).to_have_text("Paid. Thank you!")
    expect(title).to_be_focused()


def test_what_happens_is_announced_to_those_who_do_not_see_it(open_checkout: OpenCheckout) -> None:
    checkout = open_checkout()
    announcer = checkout.page.get_by_role("status")
    checkout.pay()
    expect(announcer).to_contain_text("Please check your phone and enter your M-PESA PIN.")
    checkout.enter_pin()
    expect(announcer).to_contain_text("Your booking is confirmed.")


@pytest.mark.parametrize("width", [360, 320])
def test_it_fits_a_small_screen(open_checkout: OpenCheckout, width: int) -> None:
    checkout = open_checkout()
    checkout.page.set_viewport_size({"width": width, "height": 740})
    expect(checkout.button("Pay KES 1,000")).to_be_enabled()
    _assert_nothing_sticks_out(checkout.page)
    for control in checkout.page.get_by_role("button").all():
        box = control.bounding_box()
        assert box is not None
        assert box["height"] >= 44
    checkout.shoot(f"21-{width}-form")
    checkout.pay()
    checkout.sees("Check your phone")
    _assert_nothing_sticks_out(checkout.page)
    checkout.shoot(f"22-{width}-waiting")
    checkout.enter_pin_and_be_paid()
    _assert_nothing_sticks_out(checkout.page)
    checkout.shoot(f"23-{width}-completed")


def test_a_page_gives_it_its_own_colours(open_checkout: OpenCheckout) -> None:
    checkout = open_checkout()
    checkout.element.evaluate("(e) => e.style.setProperty('--mpesa-accent', 'rgb(60, 40, 120)')")
    pay = checkout.button("Pay KES 1,000")
    expect(pay).to_have_css("background-color", "rgb(60, 40, 120)")


def _assert_nothing_sticks_out(page: Page) -> None:
    width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1]


def _answer_never_arrives(route: Route) -> None:
    """The server does its work; the browser hears nothing until it gives up."""
    route.fetch()


def _answer_is_lost(route: Route) -> None:
    route.fetch()
    route.abort("connectionreset")


def _repeat_first_answer(route: Route, frozen: dict[str, str]) -> None:
    if "body" not in frozen:
        frozen["body"] = route.fetch().text()
    route.fulfill(body=frozen["body"], content_type="application/json")

"""Lipa na M-PESA in real Chromium: a person pays by hand, right or wrong, and gets the SMS."""

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.phone_page import config, page, shoot, simulator
from tests.unit.simulator.running import RunningSimulator
from tests.unit.simulator.virtual_merchant import WAITS

__all__ = ["config", "page", "simulator"]


def menu(page: Page) -> Locator:
    """The M-PESA menu, opened; it has heard by then which businesses there are."""
    with page.expect_response("**/_simulator/businesses"):
        page.get_by_role("button", name="Lipa na M-PESA").click()
    opened = page.get_by_role("dialog", name="Lipa na M-PESA")
    expect(opened).to_be_visible()
    return opened


def type_in(opened: Locator, label: str, typed: str, ok: str = "OK") -> None:
    """Answers one question of the menu."""
    opened.get_by_label(label).fill(typed)
    opened.get_by_role("button", name=ok).click()


def test_a_person_pays_a_paybill_by_hand(page: Page, simulator: RunningSimulator) -> None:
    opened = menu(page)
    shoot(page, "hand-menu")
    opened.get_by_role("button", name="Paybill").click()
    expect(opened.get_by_label("Business number")).to_be_focused()
    type_in(opened, "Business number", "174379")
    shoot(page, "hand-account")
    type_in(opened, "Account number", " abcO0 ")
    type_in(opened, "Amount in Ksh", "1500")
    type_in(opened, "Enter M-PESA PIN", "1234")
    expect(opened).to_contain_text("HAKIKA CLINIC")
    expect(opened).to_contain_text("Ksh 1,500")
    shoot(page, "hand-sure")
    opened.get_by_role("button", name="Send").click()
    expect(opened).to_be_hidden()
    expect(page.get_by_test_id("balance")).to_have_text("Ksh48,500.00")
    (debit,) = simulator.daraja.ledger.debits.values()
    assert (debit.reference, debit.amount_kes) == (" abcO0 ", 1500)
    expect(page.get_by_label("Messages")).to_contain_text(f"{debit.receipt} Confirmed.")
    shoot(page, "hand-paid")


def test_a_till_is_paid_with_the_keyboard_in_swahili(
    page: Page, simulator: RunningSimulator
) -> None:
    simulator.control("PATCH", f"phones/{WAITS}", language="sw")
    expect(page.locator("html")).to_have_attribute("lang", "sw")
    opened = menu(page)
    opened.get_by_role("button", name="Nunua bidhaa").press("Enter")
    for typed in ("5123456", "70", "1234"):
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
    expect(opened.get_by_role("button", name="Tuma")).to_be_focused()
    shoot(page, "hand-sure-sw")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Messages")).to_contain_text("Imethibitishwa. Ksh70.00")
    (debit,) = simulator.daraja.ledger.debits.values()
    assert (debit.shortcode, debit.reference) == ("7654321", "")


@pytest.mark.parametrize(
    ("number", "pin", "words"),
    [("999999", "1234", "There is no business"), ("174379", "0000", "wrong PIN")],
)
def test_a_mistake_is_told_by_sms(
    page: Page, simulator: RunningSimulator, number: str, pin: str, words: str
) -> None:
    opened = menu(page)
    opened.get_by_role("button", name="Paybill").click()
    type_in(opened, "Business number", number)
    type_in(opened, "Account number", "A")
    type_in(opened, "Amount in Ksh", "5")
    type_in(opened, "Enter M-PESA PIN", pin)
    opened.get_by_role("button", name="Send").click()
    expect(page.get_by_label("Messages")).to_contain_text(words)
    assert simulator.daraja.ledger.debits == {}
    shoot(page, f"hand-wrong-{number}")


def test_nothing_is_paid_by_going_back(page: Page, simulator: RunningSimulator) -> None:
    opened = menu(page)
    opened.get_by_role("button", name="Paybill").click()
    opened.get_by_role("button", name="OK").click()  # an empty number is not taken
    type_in(opened, "Business number", "174379")
    opened.get_by_role("button", name="Back").click()
    expect(opened.get_by_label("Business number")).to_have_value("174379")
    opened.get_by_role("button", name="Back").click()
    opened.get_by_role("button", name="Close").click()
    expect(opened).to_be_hidden()
    opened = menu(page)
    page.keyboard.press("Escape")
    expect(opened).to_be_hidden()
    assert simulator.daraja.hand_payments() == []


def test_a_prompt_comes_before_the_menu(page: Page, simulator: RunningSimulator) -> None:
    opened = menu(page)
    simulator.push(WAITS)
    prompt = page.get_by_role("dialog", name="M-PESA", exact=True)
    expect(prompt).to_be_visible()
    page.keyboard.type("1234")
    page.keyboard.press("Enter")
    expect(prompt).to_be_hidden()
    expect(opened).to_be_visible()


def test_news_of_the_phone_takes_nothing_from_somebody_who_types(
    page: Page, simulator: RunningSimulator
) -> None:
    opened = menu(page)
    opened.get_by_role("button", name="Paybill").click()
    opened.get_by_label("Business number").press_sequentially("1743")
    simulator.control("PATCH", f"phones/{WAITS}", language="sw")
    number = opened.get_by_label("Nambari ya biashara")
    expect(number).to_have_value("1743")
    number.press_sequentially("79")
    expect(number).to_have_value("174379")


def test_a_business_whose_name_comes_late_is_named_in_the_last_question(page: Page) -> None:
    held: list[Route] = []
    page.route("**/_simulator/businesses", lambda route: held.append(route))
    with page.expect_request("**/_simulator/businesses"):
        page.get_by_role("button", name="Lipa na M-PESA").click()
    opened = page.get_by_role("dialog", name="Lipa na M-PESA")
    opened.get_by_role("button", name="Paybill").click()
    for label, typed in (("Business number", "174379"), ("Account number", "A"), ("Amount", "5")):
        type_in(opened, label, typed)
    type_in(opened, "Enter M-PESA PIN", "1234")
    expect(opened).to_contain_text("Ksh 5")
    expect(opened).not_to_contain_text("HAKIKA CLINIC")
    held.pop().continue_()
    expect(opened).to_contain_text("HAKIKA CLINIC")

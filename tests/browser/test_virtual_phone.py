"""The virtual phone in real Chromium: the prompt appears, and what the person does counts."""

import json
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.checkout import check_accessibility
from tests.browser.phone_page import (
    DESKTOP_SIZE,
    PHONE_SIZE,
    SCREENSHOTS,
    config,
    page,
    shoot,
    simulator,
)
from tests.unit.simulator.running import RunningSimulator
from tests.unit.simulator.virtual_merchant import WAITS

__all__ = ["config", "page", "simulator"]

PAGES = {
    "/simulator": "#numbers tr",
    "/_simulator": "#routes details",
    f"/phones?numbers={WAITS}": "iframe",
    f"/phone?number={WAITS}": "[data-testid=balance]:not(:empty)",
}


def result_code(simulator: RunningSimulator) -> object:
    """What the merchant was told."""
    return json.loads(simulator.callback().body)["Body"]["stkCallback"]["ResultCode"]


def ring(page: Page, simulator: RunningSimulator, **push: Any) -> Locator:
    """The merchant asks for money; the prompt, once it is there."""
    simulator.push(WAITS, **push)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog


def test_the_prompt_appears_without_a_reload_and_the_pin_pays(
    page: Page, simulator: RunningSimulator
) -> None:
    simulator.push(WAITS, Amount=1500, AccountReference="ABCD12345678")
    dialog = page.get_by_role("dialog", name="M-PESA")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text(
        "Do you want to pay Ksh 1,500 to HAKIKA CLINIC, Account ABCD12345678?"
    )
    shoot(page, "prompt")
    for digit in "1234":
        dialog.locator(f"[data-key='{digit}']").click()
    dialog.get_by_role("button", name="Send").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_test_id("balance")).to_have_text("Ksh48,500.00")
    (receipt,) = simulator.daraja.ledger.debits
    expect(page.get_by_label("Messages")).to_contain_text(f"{receipt} Confirmed.")
    shoot(page, "paid")
    assert result_code(simulator) == 0


def test_the_keyboard_alone_is_enough(page: Page, simulator: RunningSimulator) -> None:
    dialog = ring(page, simulator)
    page.keyboard.type("129")
    page.keyboard.press("Backspace")
    expect(dialog.locator(".dots .full")).to_have_count(2)
    page.keyboard.type("34")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    assert result_code(simulator) == 0


def test_tab_stays_within_the_prompt(page: Page, simulator: RunningSimulator) -> None:
    simulator.push(WAITS)
    expect(page.locator("#pin")).to_be_focused()
    page.keyboard.type("1234")
    page.keyboard.press("Tab")
    expect(page.locator("#cancel")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#send")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#pin")).to_be_focused()


def test_a_pin_of_three_digits_cannot_be_sent(page: Page, simulator: RunningSimulator) -> None:
    ring(page, simulator)
    expect(page.locator("#send")).to_be_disabled()
    page.keyboard.type("123")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert simulator.daraja.phone(WAITS).live is not None


@pytest.mark.parametrize("how", ["button", "Escape"])
def test_cancel_is_told_to_the_merchant(page: Page, simulator: RunningSimulator, how: str) -> None:
    dialog = ring(page, simulator)
    if how == "button":
        page.get_by_role("button", name="Cancel").click()
    else:
        page.keyboard.press(how)
    expect(dialog).to_be_hidden()
    assert result_code(simulator) == 1032


@pytest.mark.parametrize(
    ("balance_kes", "pin", "words", "code"),
    [(50_000, "9999", "wrong PIN", 2001), (0, "1234", "do not have enough money", 1)],
    ids=["wrong-pin", "no-money"],
)
def test_a_failure_is_told_by_sms(
    page: Page, simulator: RunningSimulator, balance_kes: int, pin: str, words: str, code: int
) -> None:
    simulator.control("PATCH", f"phones/{WAITS}", balance_kes=balance_kes)
    expect(page.get_by_test_id("balance")).to_have_text(f"Ksh{balance_kes:,}.00")
    ring(page, simulator)
    page.keyboard.type(pin)
    page.keyboard.press("Enter")
    expect(page.locator("#banner")).to_be_visible()  # for six seconds; the message stays
    expect(page.get_by_label("Messages")).to_contain_text(words)
    shoot(page, f"failed-{code}")
    assert result_code(simulator) == code


def test_swahili_is_spoken(page: Page, simulator: RunningSimulator) -> None:
    simulator.control("PATCH", f"phones/{WAITS}", language="sw")
    simulator.push(WAITS)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Lipa Ksh 100 kwa HAKIKA CLINIC")
    expect(dialog.get_by_role("button", name="Ghairi")).to_be_visible()
    shoot(page, "prompt-swahili")
    page.keyboard.type("1234")
    dialog.get_by_role("button", name="Tuma").click()
    expect(page.get_by_label("Messages")).to_contain_text("Imethibitishwa")


def test_a_phone_that_is_off_shows_nothing_until_it_is_on(
    page: Page, simulator: RunningSimulator
) -> None:
    simulator.control("PATCH", f"phones/{WAITS}", is_on=False)
    expect(page.get_by_role("button", name="Switched off")).to_be_visible()
    shoot(page, "off")
    page.get_by_role("button", name="Switched off").click()
    expect(page.get_by_role("button", name="Switched off")).to_be_hidden()
    ring(page, simulator)


def test_a_reload_finds_the_prompt_and_the_messages_again(
    page: Page, simulator: RunningSimulator
) -> None:
    simulator.push(WAITS, "pays")
    expect(page.get_by_label("Messages")).to_contain_text("Confirmed.")
    dialog = ring(page, simulator, Amount=7)
    page.reload()
    expect(dialog).to_contain_text("Ksh 7")
    expect(page.get_by_label("Messages")).to_contain_text("Confirmed.")


def test_another_screen_of_the_same_phone_closes_too(
    page: Page, chromium: Browser, simulator: RunningSimulator
) -> None:
    other = chromium.new_page()
    other.goto(f"{simulator.url}/phone?number={WAITS}&embed=1")
    simulator.push(WAITS)
    expect(other.get_by_role("dialog")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(other.get_by_role("dialog")).to_be_hidden()
    other.close()


def test_a_prompt_nobody_answers_goes_away(page: Page, simulator: RunningSimulator) -> None:
    ring(page, simulator)
    assert simulator.control("POST", "clock", advance_seconds=60).ok
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("#toast")).to_have_text("The request has closed.")
    assert result_code(simulator) == 1037


def test_ignoring_closes_the_prompt_while_the_phone_stays_busy(
    chromium: Browser, simulator: RunningSimulator
) -> None:
    page = chromium.new_page(viewport=DESKTOP_SIZE)  # type: ignore[arg-type]
    page.goto(f"{simulator.url}/phone?number={WAITS}")
    ring(page, simulator)
    page.get_by_role("button", name="Ignore prompt").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert simulator.push(WAITS, Amount=5).status_code == 500
    page.close()


def test_the_panel_changes_the_phone(chromium: Browser, simulator: RunningSimulator) -> None:
    page = chromium.new_page(viewport=PHONE_SIZE)  # type: ignore[arg-type]
    page.goto(f"{simulator.url}/phone?number={WAITS}")
    expect(page.get_by_test_id("balance")).to_have_text("Ksh50,000.00")
    page.get_by_role("button", name="This phone").click()
    page.get_by_role("button", name="1,000", exact=True).click()
    page.get_by_role("button", name="Kiswahili").click()
    page.get_by_label("When a prompt comes").select_option("cancels")
    # Each of the three is a request of its own.
    expect(page.locator("#scenario-says")).to_contain_text("1032")
    expect(page.get_by_role("button", name="Kiswahili")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_test_id("balance")).to_have_text("Ksh1,000.00")
    shoot(page, "panel")
    phone = simulator.daraja.phone(WAITS)
    assert (phone.language, phone.scenario) == ("sw", "cancels")
    assert simulator.daraja.ledger.wallets[WAITS] == 1_000
    page.close()


@pytest.mark.parametrize("passes_sockets", [True, False])
def test_a_phone_lives_by_websocket_or_where_none_pass_by_events(
    chromium: Browser, simulator: RunningSimulator, passes_sockets: bool
) -> None:
    page = chromium.new_page(viewport=PHONE_SIZE)  # type: ignore[arg-type]
    opened: list[str] = []
    page.on("websocket", lambda socket: opened.append(socket.url))
    if not passes_sockets:
        page.add_init_script(
            "window.WebSocket = class { constructor() { setTimeout(() => this.onclose(), 0); } };"
        )
    page.goto(f"{simulator.url}/phone?number={WAITS}&live=socket")
    expect(page.get_by_test_id("balance")).to_have_text("Ksh50,000.00")
    expect(page.locator("#offline")).to_be_hidden()
    ring(page, simulator)
    assert bool(opened) is passes_sockets
    page.close()


def test_several_phones_stand_side_by_side(chromium: Browser, simulator: RunningSimulator) -> None:
    page = chromium.new_page(viewport=DESKTOP_SIZE)  # type: ignore[arg-type]
    numbers = [WAITS, "254112345678", "254708374149"]
    page.goto(f"{simulator.url}/phones?numbers={','.join(numbers)}")
    simulator.push(WAITS)
    first = page.frame_locator(f"iframe[title='Phone {WAITS}']")
    expect(first.get_by_role("dialog")).to_be_visible()
    second = page.frame_locator("iframe[title='Phone 254112345678']")
    expect(second.get_by_test_id("balance")).to_have_text("Ksh50,000.00")
    expect(second.get_by_role("dialog")).to_be_hidden()
    shoot(page, "phones")
    page.get_by_label("Number to add").fill("254711111111")
    page.get_by_role("button", name="Add phone").click()
    expect(page.locator("iframe")).to_have_count(4)
    page.close()


def test_the_control_page_tells_what_happens_and_tries_a_call(
    chromium: Browser, simulator: RunningSimulator
) -> None:
    page = chromium.new_page(viewport=DESKTOP_SIZE)  # type: ignore[arg-type]
    page.goto(f"{simulator.url}/_simulator")
    simulator.push(WAITS, "pays")
    expect(page.get_by_label("What happens now")).to_contain_text("KES 100 from")
    route = page.locator("details").filter(has_text="/_simulator/health")
    route.locator("summary").click()
    route.get_by_role("button", name="Try").click()
    expect(route.locator("pre")).to_contain_text('"status": "ok"')
    shoot(page, "control")
    page.close()


def test_a_reset_asks_first_and_the_start_page_is_found(
    chromium: Browser, simulator: RunningSimulator
) -> None:
    page = chromium.new_page(viewport=DESKTOP_SIZE)  # type: ignore[arg-type]
    page.goto(f"{simulator.url}/_simulator")
    simulator.control("POST", f"phones/{WAITS}/pay", number="174379", account="A", amount_kes=5)
    for answer, payments in (("Keep", 1), ("Reset", 0)):
        page.get_by_role("button", name="Reset the simulator").click()
        asked = page.get_by_role("alert")
        expect(asked).to_contain_text("Forget every phone, payment and scenario?")
        asked.get_by_role("button", name=answer).click()
        expect(asked).to_be_hidden()
        assert len(simulator.daraja.ledger.debits) == payments
    page.get_by_role("link", name="Start").click()
    expect(page).to_have_url(f"{simulator.url}/simulator")
    expect(page.locator("#numbers tr").first).to_contain_text("254708374149")
    page.close()


@pytest.mark.parametrize("look", ["light", "dark", "forced"])
@pytest.mark.parametrize("width", [360, 768])
def test_every_page_is_accessible_in_every_look(
    chromium: Browser, simulator: RunningSimulator, look: str, width: int
) -> None:
    context = chromium.new_context(
        viewport={"width": width, "height": 740},
        color_scheme="dark" if look == "dark" else "light",
        forced_colors="active" if look == "forced" else "none",
        reduced_motion="reduce",  # a colour is counted when it has stopped changing
    )
    page = context.new_page()
    for path, ready in PAGES.items():
        page.goto(f"{simulator.url}{path}")
        expect(page.locator(ready).first).to_be_visible()
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        check_accessibility(page)
        sizes = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert sizes[0] <= sizes[1], path
        name = path.partition("?")[0].replace("/", "-")
        page.screenshot(path=SCREENSHOTS / f"page{name}-{look}-{width}.png")
    ring(page, simulator)
    check_accessibility(page)
    context.close()

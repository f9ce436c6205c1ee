"""What the desk says to each refusal and each silence, in both languages, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from tests.browser.checkout import check_accessibility
from tests.browser.stub_desk import (
    PAYMENT_ID,
    StubDesk,
    Trouble,
    half_an_answer,
    no_network,
    refused,
    silence,
)

ACT = f"payments/{PAYMENT_ID}/acts"
STORY = f"payments/{PAYMENT_ID}"
AGAIN = {"en": "Try again", "sw": "Jaribu tena"}
REQUEST = {"en": "Request the refund", "sw": "Omba kurudisha pesa"}
DO_IT, BACK = {"en": "Do it", "sw": "Fanya"}, {"en": "Back", "sw": "Rudi"}
LOOKED_AT = "409"
SECONDS_MAX, SLOW_SECONDS = 35, 3
PAUSED_AHEAD_SECONDS = 3600


@dataclass(frozen=True)
class Says:
    """A sentence in both languages."""

    en: str
    sw: str

    def in_language(self, language: str) -> str:
        return self.en if language == "en" else self.sw


DOWN = Says(
    "The system does not answer. What you see may be old. Check your network, and try again.",
    "Mfumo haujibu. Unachoona kinaweza kuwa cha zamani. Angalia mtandao wako, kisha ujaribu tena.",
)
FAULT = Says(
    "Something is wrong in the system. Try again in a minute. "
    "If it stays, tell whoever runs the system.",
    "Kuna hitilafu kwenye mfumo. Jaribu tena baada ya dakika moja. "
    "Ikiendelea, mwambie msimamizi wa mfumo.",
)
BUSY = Says(
    "Too many requests came at once. Wait a few seconds, and try again.",
    "Maombi mengi yamefika kwa pamoja. Subiri sekunde chache, kisha ujaribu tena.",
)
NO_RIGHT = Says(
    "Your role does not allow this. Ask somebody whose role does.",
    "Huna ruhusa ya kufanya hili. Mwombe mtu aliye na ruhusa.",
)
GONE = Says(
    "This payment is not there. Search for the M-PESA code or the phone.",
    "Malipo haya hayapo. Tafuta risiti au simu.",
)
CHANGED = Says(
    "It has changed since you saw it. Press Back, and look again.",
    "Imebadilika tangu ulipoiona. Bonyeza Rudi, uangalie tena.",
)
NO_TABLE = Says(
    "Our records do not answer, so nothing can be read or done. Payments are not lost. "
    "Try again in a minute.",
    "Kumbukumbu zetu hazijibu, kwa hivyo huwezi kusoma wala kufanya chochote. Malipo hayajapotea. "
    "Jaribu tena baada ya dakika moja.",
)
NO_MPESA = Says(
    "M-PESA does not answer. You can still find and read payments, and decide. "
    "Ask M-PESA again later.",
    "M-PESA haijibu. Bado unaweza kutafuta, kusoma na kuamua. Uliza M-PESA tena baadaye.",
)
SIGN_IN = Says(
    "You are not signed in. Ask whoever runs the system for a link.",
    "Hujaingia. Mwombe msimamizi wa mfumo akupe kiungo.",
)
LINK_SPENT = Says(
    "This link was used already, or is older than 15 minutes. Ask for a new one.",
    "Kiungo hiki kimetumika, au kimepita dakika 15. Omba kipya.",
)
LINK_AGAIN = Says(
    "Open your link again in a minute.", "Fungua kiungo chako tena baada ya dakika moja."
)
NOT_KNOWN = Says(
    "so it is not known whether this was done. Press Back, and look again before you repeat it.",
    "kwa hivyo haijulikani kama hili limefanyika. Bonyeza Rudi, uangalie tena kabla ya kurudia.",
)

READING: dict[str, tuple[Trouble, Says]] = {
    "403": (refused(403, "forbidden"), NO_RIGHT),
    "403 of the gateway": (refused(403), NO_RIGHT),
    "404": (refused(404, "payment_not_found"), GONE),
    "409": (refused(409, "changed_meanwhile"), CHANGED),
    "429 of the gateway": (refused(429), BUSY),
    "500 of the gateway": (refused(500), FAULT),
    "500": (refused(500, "misconfigured"), FAULT),
    "503 of the gateway": (refused(503), FAULT),
    "503, the table": (refused(503, "store_unavailable"), NO_TABLE),
    "503, M-PESA": (refused(503, "provider_unavailable"), NO_MPESA),
    "no network": (no_network, DOWN),
    "half an answer": (half_an_answer, DOWN),
}
ACTING: dict[str, tuple[Trouble, Says]] = {
    "403": (refused(403, "forbidden"), NO_RIGHT),
    "404": (refused(404, "payment_not_found"), GONE),
    "409": (refused(409, "changed_meanwhile"), CHANGED),
    "429 of the gateway": (refused(429), BUSY),
    "500 of the gateway": (refused(500), NOT_KNOWN),
    "503, the table": (refused(503, "store_unavailable"), NOT_KNOWN),
    "503, M-PESA": (refused(503, "provider_unavailable"), NOT_KNOWN),
    "no network": (no_network, NOT_KNOWN),
    "half an answer": (half_an_answer, NOT_KNOWN),
}
SIGNING_IN: dict[str, tuple[Trouble, Says]] = {
    "401": (refused(401, "unauthenticated"), SIGN_IN),
    "404": (refused(404, "link_spent"), LINK_SPENT),
    "429 of the gateway": (refused(429), LINK_AGAIN),
    "500 of the gateway": (refused(500), LINK_AGAIN),
    "503, the table": (refused(503, "store_unavailable"), LINK_AGAIN),
    "no network": (no_network, LINK_AGAIN),
}
pytestmark = pytest.mark.parametrize("language", ["en", "sw"])


@pytest.mark.parametrize("name", READING)
def test_a_view_that_cannot_be_read_says_what_to_do_and_comes_with_the_next_try(
    desk: StubDesk, name: str, language: str
) -> None:
    trouble, says = READING[name]
    desk.sign_in(language)
    desk.trouble[STORY] = trouble
    desk.opens()
    expect(desk.page.get_by_role("alert")).to_have_text(says.in_language(language))
    if name == LOOKED_AT:
        check_accessibility(desk.page)
    desk.trouble.clear()
    desk.presses(AGAIN[language])
    expect(desk.page.locator(".sum")).to_have_text("KES 1,500")


@pytest.mark.parametrize("name", ACTING)
def test_an_act_without_a_clear_answer_claims_nothing_and_is_looked_at_again(
    desk: StubDesk, name: str, language: str
) -> None:
    trouble, says = ACTING[name]
    desk.sign_in(language)
    desk.opens()
    desk.trouble[ACT] = trouble
    desk.presses(REQUEST[language])
    dialog = desk.page.get_by_role("dialog")
    dialog.locator("#reason").fill("the customer called")
    dialog.get_by_role("button", name=DO_IT[language], exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text(says.in_language(language))
    if name == LOOKED_AT:
        check_accessibility(desk.page)
    with desk.page.expect_response(f"**/{STORY}"):  # what is behind the question may be old
        dialog.get_by_role("button", name=BACK[language], exact=True).click()
    expect(dialog).to_be_hidden()
    assert desk.calls.count(ACT) == 1, "nothing is repeated by itself"


@pytest.mark.parametrize("name", SIGNING_IN)
def test_a_link_that_does_not_sign_in_says_what_to_do(
    desk: StubDesk, name: str, language: str
) -> None:
    trouble, says = SIGNING_IN[name]
    desk.trouble["sessions"] = trouble
    desk.open(language, "/desk#a-link")
    expect(desk.page.get_by_role("alert")).to_contain_text(says.in_language(language))
    assert desk.page.evaluate("sessionStorage.getItem('token')") is None


@pytest.mark.parametrize("path", ["waiting", ACT])
def test_a_session_that_ended_says_how_to_come_back(
    desk: StubDesk, path: str, language: str
) -> None:
    desk.sign_in(language)
    desk.trouble[path] = refused(401, "unauthenticated")
    if path == "waiting":
        desk.page.locator("#go-waiting").click()
    else:
        desk.opens()
        desk.presses(REQUEST[language])
        desk.page.locator("#reason").fill("the customer called")
        desk.page.locator("#act-yes").click()
    expect(desk.page.locator("main [role=alert]")).to_have_text(SIGN_IN.in_language(language))
    expect(desk.page.get_by_role("dialog")).to_be_hidden()
    assert desk.page.evaluate("sessionStorage.getItem('token')") is None


def test_a_slow_network_is_named_and_given_up_in_the_end(desk: StubDesk, language: str) -> None:
    desk.page.clock.install()
    desk.sign_in(language)
    # From here on only the test moves the page's time: the machine may be slow.
    desk.page.clock.pause_at(desk.page.evaluate("Date.now()") / 1000 + PAUSED_AHEAD_SECONDS)
    desk.trouble[STORY] = silence
    told = desk.page.locator("#told")
    desk.opens()
    desk.page.clock.run_for(SLOW_SECONDS * 1000 - 500)
    expect(told).to_be_empty()
    desk.page.clock.run_for(1000)
    expect(told).to_have_text(
        {"en": "Still waiting for the system …", "sw": "Bado tunasubiri mfumo …"}[language]
    )
    desk.page.clock.run_for(SECONDS_MAX * 1000)
    expect(desk.page.get_by_role("alert")).to_have_text(DOWN.in_language(language))
    expect(told).to_be_empty()

"""What a customer reads where the payment service refuses or is silent, and what to do then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.checkout import check_accessibility
from tests.browser.stub_shop import PAYMENT_ID, Shop, StubApi, open_shop, open_still_shop, refusal

LANGUAGES = ("en", "sw")
PAY = ("Pay KES 1,500", "Lipa KES 1,500")
AGAIN, OTHER = ("Try again", "Jaribu tena"), ("Use another number", "Tumia nambari nyingine")
CHECK = ("Check again", "Angalia tena")
OURS = "The service says"
CONTACT = ("Please contact us.", "Tafadhali wasiliana nasi.")
BUSY = (
    "The service is busy. Please try again shortly.",
    "Huduma ina shughuli nyingi. Tafadhali jaribu tena baada ya muda mfupi.",
)
OFFLINE = (
    "We could not reach the payment service. Trying again is safe: you will not be charged twice.",
    "Hatukuweza kufikia huduma ya malipo. Ni salama kujaribu tena: hutatozwa mara mbili.",
)
UNSENT = (
    "No connection. We keep trying; you will not be charged twice.",
    "Hakuna mtandao. Tunaendelea kujaribu; hutatozwa mara mbili.",
)
IN_A_MINUTE = ("You can try again in 1:00.", "Unaweza kujaribu tena baada ya 1:00.")
LOOKED_AT = "403"
SECONDS_MAX = 110


@dataclass(frozen=True)
class Row:
    """An answer to Pay, what is read in English and Swahili, and the buttons that work."""

    push: tuple[int, dict[str, Any]]
    says: tuple[str, str]
    offers: tuple[tuple[str, str], ...] = ()


def of_gateway(status: int) -> tuple[int, dict[str, Any]]:
    """API Gateway's own refusal: it has no code."""
    return status, {"message": "of API Gateway"}


ROWS = {
    "400": Row(
        refusal(400, "amount_differs_from_price"),
        (OURS, "Kiasi si sawa na bei ya miadi hii."),
        (AGAIN,),
    ),
    "401": Row(
        refusal(401, "unauthenticated"),
        (
            "A payment that was sent goes on. We show it here once you have signed in.",
            "Malipo yaliyotumwa yanaendelea. Tutayaonyesha hapa ukishaingia.",
        ),
        (CHECK,),
    ),
    "403": Row(refusal(403, "forbidden"), CONTACT),
    "403 of the gateway": Row(of_gateway(403), CONTACT),
    "404": Row(
        refusal(404, "consultation_not_found"), (CONTACT[0], f"Miadi haijapatikana. {CONTACT[1]}")
    ),
    "404 of the gateway": Row(of_gateway(404), CONTACT),
    "409, cancelled": Row(
        refusal(409, "consultation_cancelled"), (CONTACT[0], f"Miadi hii imeghairiwa. {CONTACT[1]}")
    ),
    "409, in review": Row(
        refusal(409, "payment_under_review"),
        (CONTACT[0], f"Malipo ya miadi hii yanakaguliwa. Usilipe tena. {CONTACT[1]}"),
    ),
    "409, phone busy": Row(
        refusal(409, "phone_busy", retry_after_seconds=60), IN_A_MINUTE, (OTHER,)
    ),
    "429": Row(
        refusal(429, "too_many_prompts", retry_after_seconds=60, limited_by="account"), IN_A_MINUTE
    ),
    "429, this phone": Row(
        refusal(429, "too_many_prompts", retry_after_seconds=60, limited_by="phone"),
        IN_A_MINUTE,
        (OTHER,),
    ),
    "429 of the gateway": Row(of_gateway(429), BUSY, (AGAIN,)),
    "502": Row(
        refusal(502, "initiation_failed", payment_id=PAYMENT_ID),
        (OURS, "M-PESA haikukubali ombi. Hukukatwa pesa."),
        (AGAIN, OTHER),
    ),
    "503": Row(refusal(503, "store_unavailable"), (OURS, BUSY[1]), (AGAIN,)),
}


def pay(shop: Shop, at: int) -> None:
    shop.button(PAY[at]).click()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ROWS)
def test_a_refusal_says_what_to_do(context: BrowserContext, name: str, language: str) -> None:
    row, at = ROWS[name], LANGUAGES.index(language)
    # In a clock that runs "in 1:00" is read for one second.
    shop = open_still_shop(context, StubApi(push=row.push), lang=language)
    shop.pass_time(1)
    pay(shop, at)
    shop.reads(row.says[at])
    offered = shop.page.locator("mpesa-checkout button:enabled").all_inner_texts()
    assert offered == [each[at] for each in row.offers]
    assert len(shop.api.keys) == 1, "nothing new is asked for by itself"
    if language == "en":
        shop.sees("Please sign in again" if name == "401" else "We could not start the payment")
    if name == LOOKED_AT:
        shop.page.clock.resume()
        check_accessibility(shop.page)
    if OTHER in row.offers:
        shop.button(OTHER[at]).click()
        expect(shop.field).to_be_focused()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("how", ["no network", "500 of the gateway", "503 of the gateway", "slow"])
def test_without_an_answer_the_same_request_is_repeated_and_then_it_says_what_to_do(
    context: BrowserContext, how: str, language: str
) -> None:
    at = LANGUAGES.index(language)
    shop = open_shop(context, StubApi(), lang=language)
    expect(shop.button(PAY[at])).to_be_enabled()
    shop.api.is_up, shop.api.hangs = how != "no network", how == "slow"
    if how[0] == "5":
        shop.api.push = of_gateway(int(how[:3]))
    pay(shop, at)
    for _ in range(SECONDS_MAX):
        if UNSENT[at] in shop.text() or OFFLINE[at] in shop.text():
            break
        shop.page.clock.run_for(1000)
    shop.reads(UNSENT[at])
    shop.pass_time(SECONDS_MAX)
    shop.reads(OFFLINE[at])
    expect(shop.button(AGAIN[at])).to_be_enabled()
    # The customer tries again: it is the same request, so the phone is asked once.
    shop.api.is_up, shop.api.hangs, shop.api.push = True, False, None
    shop.button(AGAIN[at]).click()
    title = shop.page.get_by_role("heading", name=("Check your phone", "Angalia simu yako")[at])
    expect(title).to_be_visible()
    assert len(shop.api.keys) == 1

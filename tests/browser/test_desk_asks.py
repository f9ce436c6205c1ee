"""A clerk asks M-Pesa about a receipt that nobody has named, and reads the answer."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.checkout import check_accessibility
from tests.browser.desk_dialog import confirm
from tests.browser.stub_desk import StubDesk

NUMBER = "UKN00000Q1"
ASK = {"en": "Ask M-PESA about this receipt", "sw": "Uliza M-PESA kuhusu risiti hii"}
DO_IT, WHY = {"en": "Do it", "sw": "Fanya"}, {"en": "Why", "sw": "Kwa nini"}
AGAIN = {"en": "Look again", "sw": "Angalia tena"}
NOTHING: dict[str, Any] = {"what": "nothing", "payments": [], "receipt": None, "may_ask": True}
UNKNOWN: dict[str, Any] = {
    "receipt_number": NUMBER,
    "state": "unknown",
    "amount_kes": None,
    "amount_text": None,
    "payment_id": None,
    "proposals": [],
    "may_ask": True,
}
ANSWER = "Completed, KES 700, to 174379"


def asked(answer: str | None) -> dict[str, Any]:
    """The question as the desk's API tells of it."""
    return {"asked_at": "2026-11-23T10:15:00+03:00", "by": "staff:grace", "answer": answer}


@pytest.mark.parametrize("language", ["en", "sw"])
def test_a_receipt_that_is_not_found_is_asked_about_and_its_answer_is_read(
    desk: StubDesk, language: str
) -> None:
    answers: list[str | None] = [None]

    def tell(route: Any) -> None:
        route.fulfill(json={**UNKNOWN, "asked": asked(answers[-1])})

    desk.trouble["search"] = lambda route: route.fulfill(json=NOTHING)
    desk.trouble[f"receipts/{NUMBER}"] = desk.trouble[f"receipts/{NUMBER}/acts"] = tell
    desk.sign_in(language)
    desk.page.get_by_role("searchbox").fill(NUMBER.lower())
    desk.page.get_by_role("searchbox").press("Enter")
    desk.presses(ASK[language])
    dialog = desk.page.get_by_role("dialog")
    dialog.get_by_label(WHY[language]).fill("the customer read it out")
    assert confirm(dialog, DO_IT[language])
    expect(desk.page.get_by_role("heading", name=NUMBER)).to_be_visible()
    check_accessibility(desk.page)
    answers.append(ANSWER)
    desk.presses(AGAIN[language])
    expect(desk.page.locator("main")).to_contain_text(ANSWER)

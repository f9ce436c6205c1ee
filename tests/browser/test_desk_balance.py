"""What an approver reads about M-Pesa's account before a refund is approved, in both languages."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.checkout import check_accessibility
from tests.browser.stub_desk import PAYMENT, PAYMENT_ID, StubDesk

HELD = {
    "en": "M-PESA's account held KES 900 at 23 Nov 2026, 10:15:00, 3 min ago.",
    "sw": "Akaunti ya M-PESA ilikuwa na KES 900 23 Nov 2026, 10:15:00, dakika 3 zilizopita.",
}
SHORT = {
    "en": "That is less than this refund, so M-PESA may refuse it.",
    "sw": "Ni chini ya kiasi cha kurudisha, kwa hiyo M-PESA inaweza kukataa.",
}


def requested(balance: dict[str, Any] | None) -> dict[str, Any]:
    """A payment whose refund waits for this approver."""
    refund = {"step": "requested", "asked_by": "staff:grace", "why": "ill", "balance": balance}
    return {**PAYMENT, "refund": refund, "acts": [{"act": "approve_refund", "then": "refund_due"}]}


@pytest.mark.parametrize("language", ["en", "sw"])
@pytest.mark.parametrize("is_enough", [True, False, None])
def test_the_balance_is_read_with_its_age_and_warns(
    desk: StubDesk, language: str, is_enough: bool | None
) -> None:
    told = {
        "amount_kes": 900,
        "told_at": "2026-11-23T10:15:00+03:00",
        "age_seconds": 130,
        "is_enough": is_enough,
    }
    payment = requested(None if is_enough is None else told)
    desk.trouble[f"payments/{PAYMENT_ID}"] = lambda route: route.fulfill(json=payment)
    desk.sign_in(language)
    desk.opens()
    head = desk.page.locator(".head")
    expect(head.get_by_role("button")).to_have_count(1)
    for sentence, is_there in ((HELD, is_enough is not None), (SHORT, is_enough is False)):
        expect(head.get_by_text(sentence[language])).to_have_count(int(is_there))
    check_accessibility(desk.page)

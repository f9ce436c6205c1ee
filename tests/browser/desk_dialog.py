"""The desk's dialog, as a person who must wait a moment after another refund uses it."""

import re

from playwright.sync_api import Locator, expect

TRIES = 45
IS_ANSWERED = "() => !document.querySelector('#act-yes').disabled"


CHANGED = re.compile("It has changed since you saw it|Imebadilika tangu ulipoiona")


def confirm(dialog: Locator, do_it: str = "Do it") -> bool:
    """Press until it is done: refunds keep 30 seconds between them, whoever sent the last one.

    False where what is behind the dialog moved meanwhile: M-Pesa's list may name it at any moment.
    """
    for _ in range(TRIES):
        dialog.get_by_role("button", name=do_it, exact=True).click()
        dialog.page.wait_for_function(IS_ANSWERED)
        if dialog.is_hidden():
            return True
        refusal = dialog.get_by_role("alert")
        if CHANGED.search(refusal.inner_text()):
            return False
        expect(refusal).to_contain_text("moments ago")
        dialog.page.wait_for_timeout(1000)
    raise AssertionError("the refund could not be approved")

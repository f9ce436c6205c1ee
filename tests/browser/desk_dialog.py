"""The desk's dialog, as a person who must wait a moment after another refund uses it."""

from playwright.sync_api import Locator, expect

TRIES = 45
IS_ANSWERED = "() => !document.querySelector('#act-yes').disabled"


def confirm(dialog: Locator, do_it: str = "Do it") -> None:
    """Press until it is done: refunds keep 30 seconds between them, whoever sent the last one."""
    for _ in range(TRIES):
        dialog.get_by_role("button", name=do_it).click()
        dialog.page.wait_for_function(IS_ANSWERED)
        if dialog.is_hidden():
            return
        expect(dialog.get_by_role("alert")).to_contain_text("moments ago")
        dialog.page.wait_for_timeout(1000)
    raise AssertionError("the refund could not be approved")

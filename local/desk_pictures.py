"""`make desk-pictures`: the pictures of docs/desk.md and docs/desk-sw.md, taken at a running stack.

Four customers pay: one as asked, one another amount, one by hand, one for a booking that is
cancelled. `--look` takes every view at three widths, by day and night: .build/screenshots/desk.
"""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, expect, sync_playwright

from local import credentials
from local.client import Answer, ApiClient, SimulatorClient
from local.console import Console
from local.demo import new_booking, new_phone, retry_until, some_stack
from local.desk import new_links
from local.errors import LocalStackError
from local.prepare_tests import CHROMIUM
from local.settings import ROOT
from local.state import StackState

DOCS = ROOT / "docs" / "images"
LOOKS = ROOT / ".build" / "screenshots" / "desk"
SECONDS_MAX = 60
WIDE = 720
WIDTHS = (360, 768, 1440)
SHOWN = {"waiting": 670, "story": 1180, "question": 500, "day": 940}
"""The views that the guide shows, each as high as what the guide says of it. Units: pixels."""
BUTTONS = {"en": ("Waiting for you", "The day"), "sw": ("Yanayokusubiri", "Siku")}
type Shoot = Callable[[Page, str], None]


class Customers:
    """The people who pay, as the pictures need them."""

    def __init__(self, stack: StackState) -> None:
        if stack.simulator_url is None:
            raise LocalStackError("the pictures need the simulator")
        self._stack = stack
        self._booking_system = ApiClient(stack.api_url, stack.booking_token)
        self._simulator = SimulatorClient(stack.simulator_url)
        self._secret = credentials.read_jwt_secret(stack.endpoint_url, stack.outputs)

    def pay(self, scenario: str, price_kes: int, *, wanted: str) -> tuple[str, str]:
        """One customer pays; booking and payment once its public status is as wanted."""
        booking_id, phone_number = new_booking(), new_phone()
        client_id = f"client-{booking_id}"
        customer = ApiClient(self._stack.api_url, credentials.make_token(self._secret, client_id))
        _done(self._booking_system.register(booking_id, client_id, price_kes))
        _done(self._simulator.set_next(scenario, phone_number))
        started = _done(customer.initiate(booking_id, phone_number, price_kes))
        payment_id = str(started.body["payment_id"])
        read = retry_until(
            lambda: customer.read_status(payment_id),
            lambda answer: answer.status == 200 and answer.body["status"] == wanted,
            SECONDS_MAX,
        )
        return booking_id, payment_id if read.body["status"] == wanted else ""

    def cancel(self, booking_id: str, price_kes: int) -> None:
        """The booking system cancels a booking that was paid: the money is owed back."""
        body = {
            "client_id": f"client-{booking_id}",
            "price_kes": price_kes,
            "status": "Cancelled",
        }
        _done(self._booking_system.call("PUT", f"/api/consultations/{booking_id}", body))

    def pay_by_hand(self, account: str, amount_kes: int) -> str:
        """Somebody pays to the paybill without a prompt; the receipt."""
        order = {"number": "174379", "amount_kes": amount_kes, "account": account}
        done = _done(self._simulator.call("POST", f"/phones/{new_phone()}/pay", order))
        return str(done.body["receipt"])


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium without a window: the machine's, else Playwright's own."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


def take(page: Page, language: str, found: tuple[str, str, str], shoot: Shoot) -> None:
    """Go through the views as a clerk does. `found`: an owed booking, a paid one, a receipt."""
    owed, paid, receipt = found
    waiting, day = BUTTONS[language]
    page.get_by_role("button", name=waiting).click()
    expect(page.locator(".rows button").filter(has_text=receipt)).to_be_visible(timeout=60_000)
    shoot(page, "waiting")
    views = (("story", paid, "1,500"), ("money", receipt, "800"), ("owed", owed, "2,000"))
    for name, text, amount in views:
        page.get_by_role("searchbox").fill(text)
        page.get_by_role("searchbox").press("Enter")
        expect(page.locator(".sum")).to_contain_text(amount)
        shoot(page, name)
    page.locator(".acts button").first.click()
    shoot(page, "question")
    page.keyboard.press("Escape")
    page.get_by_role("button", name=day, exact=True).click()
    expect(page.locator(".chart")).to_be_visible()
    shoot(page, "day")


def into(folder: Path, ending: str) -> Shoot:
    """Return what writes a view's picture into a folder."""
    folder.mkdir(parents=True, exist_ok=True)

    def shoot(page: Page, name: str) -> None:
        if folder == DOCS and name not in SHOWN:
            return
        page.wait_for_load_state("networkidle")
        page.mouse.move(0, 0)  # nothing looks pressed because the mouse happens to be there
        if folder == DOCS:
            page.set_viewport_size({"width": WIDE, "height": SHOWN[name]})
        page.screenshot(path=folder / f"desk-{name}-{ending}.png", animations="disabled")

    return shoot


def make_pictures(stack: StackState, state_file: Path, *, is_look: bool) -> None:
    """Let the customers pay, then take the pictures. Errors: LocalStackError."""
    customers = Customers(stack)
    paid, _ = customers.pay("pays", 1500, wanted="completed")
    owed, _ = customers.pay("pays", 2000, wanted="completed")
    customers.cancel(owed, 2000)
    customers.pay("pays+callback_wrong_amount", 2500, wanted="pending")
    receipt = customers.pay_by_hand("ROOM 4", 800)
    found = (owed, paid, receipt)
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    [link, *_] = new_links(state_file)
    with chromium() as browser:
        page = browser.new_page(viewport={"width": WIDE, "height": SHOWN["waiting"]})
        page.goto(link.address)
        expect(page.locator("#who")).to_contain_text(link.name, timeout=60_000)
        for scheme in schemes if is_look else ():
            page.emulate_media(color_scheme=scheme)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                take(page, "en", found, into(LOOKS, f"{width}-{scheme}"))
        if is_look:
            return
        take(page, "en", found, into(DOCS, "en"))
        page.get_by_role("button", name="Kiswahili").click()
        take(page, "sw", found, into(DOCS, "sw"))


def _done(answer: Answer) -> Answer:
    if answer.status not in (200, 202):
        raise LocalStackError(f"the stack answered {answer.status}: {answer.text}")
    return answer


def main(arguments: list[str] | None = None) -> int:
    """Take the pictures; 1 with a sentence where it cannot."""
    given = sys.argv[1:] if arguments is None else arguments
    rest = [each for each in given if each != "--look"]
    try:
        with some_stack(Console(), rest) as (stack, state_file):
            make_pictures(stack, state_file, is_look="--look" in given)
    except LocalStackError as error:
        print(f"Cannot go on: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

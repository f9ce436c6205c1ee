"""How long a customer sees "waiting" after Safaricom's callback is acknowledged, in real Chromium.

`python -m bench.waiting` starts a local stack of its own with the times of real phones, opens one
page per customer, and lets each enter a PIN 8 to 45 seconds after the prompt. It measures from the
moment at which the simulator has the callback's acknowledgement to "Paid" on the screen, and writes
both into bench/results.json and docs/performance.md. Takes about six minutes.
"""

import asyncio
import json
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from playwright.async_api import Browser, Page, Response, async_playwright

from bench import report
from local import credentials
from local.client import ApiClient, SimulatorClient
from local.console import Console
from local.demo import new_booking, new_phone
from local.prepare_tests import CHROMIUM
from local.processes import find_free_ports
from local.settings import port_arguments, read_settings
from local.stack import running_stack
from local.state import StackState

PAYMENTS = 30
PAGES_AT_ONCE = 3
"""The emulator on two cores answers more pages only in turn, which would measure its queue."""
PIN_FROM_SECONDS, PIN_UNTIL_SECONDS = 8.0, 45.0
PRICE_KES = 1000
PAID_SECONDS_MAX = 60.0
QUICK_SECONDS = 30.0
"""The target of the polls is that of a payment which takes so long."""
# A prompt lives as long as on real phones.
REAL_TIMES = {
    "FirstQuerySeconds": "25",
    "QuerySuccessSeconds": "120",
    "DarajaShowsSeconds": "110",
    "PromptSeconds": "180",
    "QuerySpacingSeconds": "12",
}
PAID = "Paid. Thank you!"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A shop</title></head>
<body><script type="module" src="/mpesa-checkout.js"></script>
<mpesa-checkout booking-id="{booking}" phone="{phone}" token="{token}"></mpesa-checkout>
</body></html>"""
WATCH = f"""(() => {{ const timer = setInterval(() => {{
  const text = document.querySelector("mpesa-checkout")?.shadowRoot?.textContent ?? "";
  if (!text.includes({json.dumps(PAID)})) return;
  window.paidAt = Date.now() / 1000;
  clearInterval(timer);
}}, 10); }})()"""


@dataclass(frozen=True)
class Wait:
    """One customer: seconds from the acknowledgement to "Paid", and the polls until then.

    Shape: `payment_seconds` is from the click on "Pay" to "Paid".
    """

    seconds: float
    polls: int
    payment_seconds: float


@contextmanager
def own_stack(parameters: Mapping[str, str]) -> Iterator[StackState]:
    """A local stack of its own, with these parameters of the template."""
    with tempfile.TemporaryDirectory(prefix="bench-stack-") as folder:
        arguments = ["--daraja", "simulator", "--folder", folder]
        settings = read_settings([*arguments, *port_arguments(find_free_ports(3))], {})
        settings = replace(settings, parameters=parameters)
        with running_stack(Console(), settings) as (stack, _):
            yield stack


class Town:
    """The people of one stack: each customer with a phone, a booking and a page."""

    def __init__(self, stack: StackState, browser: Browser, seed: int) -> None:
        self._stack = stack
        self._browser = browser
        self._chance = random.Random(seed)
        self._simulator = SimulatorClient(str(stack.simulator_url))
        self._simulator.call("PATCH", "/settings", {"prompt_seconds": 120.0})
        self._simulator.call("PUT", "/scenario", {"scenario": "waits"})
        self._booking_system = ApiClient(stack.api_url, stack.booking_token)
        self._secret = credentials.read_jwt_secret(stack.endpoint_url, stack.outputs)
        self._pages = asyncio.Semaphore(PAGES_AT_ONCE)

    async def pay(self, number: int) -> Wait:
        """One customer pays; what they saw."""
        pin_seconds = self._chance.uniform(PIN_FROM_SECONDS, PIN_UNTIL_SECONDS)
        async with self._pages:
            page = await self._browser.new_page()
            try:
                return await self._pay_on(page, f"customer-{number}", new_phone(), pin_seconds)
            finally:
                await page.close()

    async def _pay_on(self, page: Page, client_id: str, phone: str, pin_seconds: float) -> Wait:
        booking = new_booking()
        self._booking_system.register(booking, client_id, PRICE_KES)
        token = credentials.make_token(self._secret, client_id)
        html = PAGE.format(booking=escape(str(booking)), phone=f"0{phone[3:]}", token=token)
        polls: list[str] = []

        def note(response: Response) -> None:
            if "/status/" in response.url:
                polls.append(response.url)

        page.on("response", note)
        await page.add_init_script(WATCH)
        await page.route(
            "**/shop.html", lambda route: route.fulfill(content_type="text/html", body=html)
        )
        await page.goto(f"{self._stack.api_url}/shop.html")
        clicked_at = time.time()
        await page.get_by_role("button", name=f"Pay KES {PRICE_KES:,}", exact=True).click()
        await self._prompt_of(phone)
        await asyncio.sleep(pin_seconds)
        answer = self._simulator.answer_phone(phone, "pin", "1234")
        if answer.status != 200:
            raise RuntimeError(f"the phone did not take the PIN: {answer.text}")
        await page.wait_for_function("window.paidAt", timeout=PAID_SECONDS_MAX * 1000)
        paid_at: float = await page.evaluate("window.paidAt")
        return Wait(
            paid_at - self._acknowledged_at(phone),
            polls=len(polls),
            payment_seconds=paid_at - clicked_at,
        )

    async def _prompt_of(self, phone: str) -> None:
        for _ in range(300):
            if self._simulator.call("GET", f"/phones/{phone}").body["prompt"] is not None:
                return
            await asyncio.sleep(0.1)
        raise RuntimeError("the phone was never asked")

    def _acknowledged_at(self, phone: str) -> float:
        found = self._simulator.call("GET", f"/journal?kind=callback_answered&phone={phone}").body
        at: float = found["entries"][0]["at"]
        return at


async def watch(stack: StackState, payments: int, *, seed: int = 1) -> list[Wait]:
    """Let so many customers pay, several at a time."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        town = Town(stack, browser, seed)
        waits = await asyncio.gather(*(town.pay(number) for number in range(payments)))
        await browser.close()
    return list(waits)


def measure(payments: int = PAYMENTS) -> dict[str, Any]:
    """Return the figures of the page, in seconds."""
    with own_stack(REAL_TIMES) as stack:
        waits = asyncio.run(watch(stack, payments))
    return summary(waits)


def summary(waits: list[Wait]) -> dict[str, Any]:
    """Return median, the second in which 95 of 100 knew, the longest wait, and the most polls.

    Shape: `polls_max_of_30_seconds` is of payments that took at most so long.
    """
    seconds = sorted(wait.seconds for wait in waits)
    quick = [wait.polls for wait in waits if wait.payment_seconds <= QUICK_SECONDS]
    return {
        "payments": len(waits),
        "median_seconds": statistics.median(seconds),
        "seconds_95_in_100": seconds[max(0, -(-len(seconds) * 95 // 100) - 1)],
        "longest_seconds": seconds[-1],
        "polls_max": max(wait.polls for wait in waits),
        "polls_max_of_30_seconds": max(quick, default=0),
    }


def main(arguments: list[str]) -> int:
    """Measure and print; keep a run of the full size. An argument is another number of payments."""
    payments = int(arguments[0]) if arguments else PAYMENTS
    found = measure(payments)
    print(json.dumps(found, indent=1))
    if payments == PAYMENTS:
        report.keep("waiting", found)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""How long the desk takes to show what waits, in real Chromium: by a fresh link, and signed in.

`python -m bench.first_view` starts a local stack of its own with money that waits, and opens the
desk in a new browser context for each visit, so nothing is cached. It measures from the start of
the navigation to the rows on the screen, and writes both into bench/results.json and
docs/performance.md. Takes about a minute.
"""

import json
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from bench import report
from bench.waiting import own_stack
from local.client import SimulatorClient
from local.demo import new_phone
from local.desk import CLERK, new_links
from local.prepare_tests import CHROMIUM
from local.state import StackState, write_state

VISITS = 20
ROWS = 20
PAYBILL = "174379"
WATCH = """new MutationObserver((_, observer) => {
  if (!document.querySelector("main .rows")) return;
  window.shownAt = performance.now() / 1000;
  observer.disconnect();
}).observe(document, { childList: true, subtree: true })"""


def let_money_wait(stack: StackState, rows: int) -> None:
    """Let strangers pay to the paybill, with accounts that nobody knows."""
    simulator = SimulatorClient(str(stack.simulator_url))
    for number in range(rows):
        order = {"number": PAYBILL, "amount_kes": 800, "account": f"ROOM {number}"}
        done = simulator.call("POST", f"/phones/{new_phone()}/pay", order)
        if done.status != 200:
            raise RuntimeError(f"the phone could not pay: {done.text}")


def visit(browser: Browser, address: str, *, rows: int) -> tuple[float, float]:
    """Open a link to the desk, then load the page again; the seconds of each."""
    context = browser.new_context()
    try:
        page = context.new_page()
        page.add_init_script(WATCH)
        page.goto(address)
        by_link = _shown_at(page, rows)
        page.reload()
        return by_link, _shown_at(page, rows)
    finally:
        context.close()


def _shown_at(page: Page, rows: int) -> float:
    page.wait_for_function("() => window.shownAt")  # the page forbids eval
    shown = page.locator("main .rows button").count()
    if shown != rows:
        raise RuntimeError(f"{shown} rows wait, not {rows}")
    seconds: float = page.evaluate("window.shownAt")
    return seconds


def watch(stack: StackState, visits: int) -> list[tuple[float, float]]:
    """Visit the desk so many times, after one visit that starts its function."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        state_file = Path(folder) / "stack.json"
        write_state(state_file, stack)
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        seen = []
        for _ in range(visits + 1):
            [link] = new_links(state_file, [CLERK])
            seen.append(visit(browser, link.address, rows=ROWS))
        browser.close()
    return seen[1:]


def measure(visits: int = VISITS) -> dict[str, Any]:
    """Return the figures of the first view, in seconds."""
    with own_stack({}) as stack:
        let_money_wait(stack, ROWS)
        return summary(watch(stack, visits))


def summary(seen: list[tuple[float, float]]) -> dict[str, Any]:
    """Return median and longest of each way in. `seen`: by a link, then signed in; seconds."""
    ways = dict(zip(("by_link", "signed_in"), zip(*seen, strict=True), strict=True))
    return {
        "visits": len(seen),
        "rows": ROWS,
        **{
            way: {"median_seconds": statistics.median(each), "longest_seconds": max(each)}
            for way, each in ways.items()
        },
    }


def main(arguments: list[str]) -> int:
    """Measure and print; keep a run of the full size. An argument is another number of visits."""
    visits = int(arguments[0]) if arguments else VISITS
    found = measure(visits)
    print(json.dumps(found, indent=1))
    if visits == VISITS:
        report.keep("first_view", found)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Every page of `make run` in each look, at each width, and with the keyboard alone.

The checkout's own views, the demo's days and the simulator's pages have closer tests beside this.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from local.desk import new_links
from local.state import StackState, write_state
from tests.browser.checkout import check_accessibility

LOOKS = ("light", "dark", "forced")
READY = {
    "/": "mpesa-checkout button[type=submit]:enabled",
    "/docs": ".opblock",
    "/playground.html": "mpesa-checkout button[type=submit]:enabled",
    "/desk": "[role=alert]",
    "/desk, signed in": "main .card",
}
TABS_MAX = 300
# The element in focus, also inside a checkout; whether it has a ring is asked where it is.
NEXT_STOP = """() => {
  window.stops ??= new Set();
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  // Past the last control nothing is in focus; in an iframe each of its own controls is one stop.
  if (!at || at === document.body || (at.localName === "iframe" && window.stops.has(at))) return "";
  if (window.stops.has(at)) return null;
  window.stops.add(at);
  const { outlineStyle, outlineWidth } = getComputedStyle(at);
  const hasRing = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  return hasRing || at.localName === "iframe" ? "" : at.outerHTML.slice(0, 160);
}"""
# Of a group of radio buttons only one is a stop. Swagger UI's arrow does what its neighbour does.
NEVER_REACHED = """() => {
  const controls = "a[href], button, input, select, textarea, [tabindex='0']";
  const shadows = [...document.querySelectorAll("*")].map((each) => each.shadowRoot);
  return [document, ...shadows.filter(Boolean)]
    .flatMap((root) => [...root.querySelectorAll(controls)])
    .filter((each) => each.checkVisibility({ visibilityProperty: true }) && !each.disabled)
    .filter((each) => each.type !== "radio" || each.checked)
    .filter((each) => !each.matches(".opblock-control-arrow"))
    .filter((each) => !window.stops.has(each))
    .map((each) => each.outerHTML.slice(0, 160));
}"""

type OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser, stack: StackState, tmp_path: Path) -> Iterator[OpenPage]:
    """Open a page of the stack in a look, and wait until it can be used."""
    contexts = []

    def open_one(name: str, look: str, width: int = 360) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 740},
            color_scheme="dark" if look == "dark" else "light",
            forced_colors="active" if look == "forced" else "none",
            reduced_motion="reduce",  # axe must not measure the colours of half a transition
        )
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        path = name
        if name == "/desk, signed in":
            write_state(tmp_path / "stack.json", stack)
            path = new_links(tmp_path / "stack.json")[0].address.removeprefix(stack.api_url)
        page.goto(f"{stack.api_url}{path}")
        expect(page.locator(READY[name]).first).to_be_visible(timeout=60_000)
        if name == "/":
            # A frame that loads while the focus is in it throws the focus out.
            expect(page.frame_locator("#handset").get_by_test_id("balance")).not_to_be_empty()
        return page

    yield open_one
    for context in contexts:
        context.close()


@pytest.mark.parametrize("look", LOOKS)
def test_no_page_is_wider_than_the_screen_or_hard_to_use(open_page: OpenPage, look: str) -> None:
    for name in READY:
        page = open_page(name, look)
        check_accessibility(page)
        for width in (768, 360):
            page.set_viewport_size({"width": width, "height": 740})
            found = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
            assert found[0] <= found[1], (name, width)
        page.close()


def test_every_control_of_every_page_is_reached_with_tab_and_shows_it(open_page: OpenPage) -> None:
    for name in READY:
        page = open_page(name, "light", width=1440)
        stops = []
        for _ in range(TABS_MAX):
            page.keyboard.press("Tab")
            unseen = page.evaluate(NEXT_STOP)
            if unseen is None:
                break
            stops.append(unseen)
        assert len(stops) > 1, name
        assert not any(stops), (name, stops)
        assert page.evaluate(NEVER_REACHED) == [], name
        page.close()

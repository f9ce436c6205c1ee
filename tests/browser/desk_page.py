"""The desk's page with a person before it, on the running stack; the tests of the desk share it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from local.client import SimulatorClient
from local.desk import new_links
from local.state import StackState, write_state
from tests.browser.checkout import check_accessibility
from tests.browser.desk_dialog import confirm
from tests.local.conftest import Customer
from tests.local.runbook_scene import Scene

SECONDS = 1000
WHY = "the customer called"
WORDS = {"en": ("Do it", "Why"), "sw": ("Fanya", "Kwa nini")}
LOOKS_MAX = 4
"""A payment has so many witnesses, and each may move it once while a person looks."""
WAITS_SECONDS_MAX = 60
type SignIn = Callable[[str], Desk]


class Desk:
    """The desk's page and the person before it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.search = page.get_by_role("searchbox")

    def find(self, text: str) -> None:
        """Search with the keyboard alone."""
        expect(self.search).to_be_visible(timeout=60 * SECONDS)
        self.page.locator("body").press("/")
        expect(self.search).to_be_focused()
        self.search.fill(text)
        self.search.press("Enter")

    def row(self, text: str) -> Locator:
        return self.page.locator(".rows button").filter(has_text=text)

    def reads(self, text: str) -> None:
        expect(self.page.locator("main")).to_contain_text(text, timeout=60 * SECONDS)

    def act(self, name: str, *, language: str = "en", **typed: str) -> None:
        """Press an act's button, say why, and confirm; look again where it has changed."""
        do_it, why = WORDS[language]
        dialog = self.page.get_by_role("dialog", name=name)
        for _ in range(LOOKS_MAX):
            self.page.get_by_role("button", name=name, exact=True).click()
            for label, value in typed.items():
                dialog.get_by_label(label).fill(value)
            dialog.get_by_label(why).fill(WHY)
            if confirm(dialog, do_it):
                return
            with self.drawn_anew():
                self.page.keyboard.press("Escape")
        raise AssertionError(f"{name}: it changed at every look")

    @contextmanager
    def drawn_anew(self) -> Iterator[None]:
        """Until what is shown now has given way: a click before would land on it."""
        shown = self.page.locator("main > *").first.element_handle()
        yield
        shown.wait_for_element_state("hidden")

    def needs_a_reason(self, name: str) -> None:
        """Without a reason nothing happens."""
        self.page.get_by_role("button", name=name, exact=True).click()
        dialog = self.page.get_by_role("dialog", name=name)
        dialog.get_by_role("button", name="Do it", exact=True).click()
        expect(dialog).to_be_visible()
        self.page.keyboard.press("Escape")

    def waits_for(self, text: str) -> Locator:
        """Look at what waits until the index of the table shows it."""
        give_up_at = time.monotonic() + WAITS_SECONDS_MAX
        while True:
            with self.drawn_anew():
                self.page.get_by_role("button", name="Waiting for you", exact=True).click()
            if self.row(text).count() or time.monotonic() > give_up_at:
                return self.row(text)

    def check(self) -> None:
        """Nothing sticks out to the side, and axe finds nothing."""
        assert self.page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
        check_accessibility(self.page)


@pytest.fixture
def scene(stack: StackState, customer: Customer, daraja: SimulatorClient, tmp_path: Path) -> Scene:
    write_state(tmp_path / "stack.json", stack)
    return Scene(stack=stack, customer=customer, simulator=daraja, folder=tmp_path)


@pytest.fixture
def links(scene: Scene) -> dict[str, str]:
    """A fresh link for each role."""
    return {each.role: each.address for each in new_links(scene.folder / "stack.json")}


@pytest.fixture
def sign_in(chromium: Browser, links: dict[str, str]) -> Iterator[SignIn]:
    """Sign a person in, in a browser of their own; no script may fail there."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def enter(role: str) -> Desk:
        context = chromium.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(60 * SECONDS)
        context.on("weberror", lambda error: errors.append(str(error.error)))
        contexts.append(context)
        page = context.new_page()
        page.goto(links[role])
        expect(page.locator("#who")).to_contain_text(role, timeout=60 * SECONDS)
        assert page.evaluate("location.hash") == "", "the code stays in the address"
        return Desk(page)

    yield enter
    for context in contexts:
        context.close()
    assert errors == []


def paid_by_hand(scene: Scene, account: str, amount_kes: int) -> str:
    order = {"number": "174379", "amount_kes": amount_kes, "account": account}
    phone = scene.customer.phone_number
    done = scene.simulator.call("POST", f"/phones/{phone}/pay", order)
    assert done.status == 200, done.text
    return str(done.body["receipt"])

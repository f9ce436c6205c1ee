"""The virtual phone's page and its simulator, for the tests that use one."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from simulator.core import Config
from tests.unit.simulator.running import AT_ONCE, RunningSimulator
from tests.unit.simulator.virtual_merchant import WAITS

SCREENSHOTS = Path(__file__).parents[2] / ".build" / "screenshots" / "virtual_phone"
PHONE_SIZE = {"width": 360, "height": 740}
DESKTOP_SIZE = {"width": 1280, "height": 860}


@pytest.fixture
def config() -> Config:
    return replace(AT_ONCE, prompt_seconds=60)


@pytest.fixture
def simulator(config: Config) -> Iterator[RunningSimulator]:
    with RunningSimulator(config) as running:
        yield running


@pytest.fixture(params=["phone", "desktop"])
def page(
    request: pytest.FixtureRequest, chromium: Browser, simulator: RunningSimulator
) -> Iterator[Page]:
    """The phone's page, at the size of a phone and of a desk, without one error on it."""
    size = PHONE_SIZE if request.param == "phone" else DESKTOP_SIZE
    page = chromium.new_page(viewport=size)  # type: ignore[arg-type]
    page.set_default_timeout(60_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    page.goto(f"{simulator.url}/phone?number={WAITS}")
    expect(page.get_by_test_id("balance")).to_have_text("Ksh50,000.00")
    yield page
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{request.node.name}.png")
    page.close()
    assert errors == []


def shoot(page: Page, name: str) -> None:
    """Keeps a picture for people to look at."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    size = page.viewport_size or PHONE_SIZE
    page.screenshot(path=SCREENSHOTS / f"{name}-{size['width']}.png", animations="disabled")

"""docs/simulator.md tells the truth: its tables are complete and its commands work as printed."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from simulator.core import Config
from simulator.core.config import SANDBOX_PASSKEY
from simulator.scenario_file import apply_scenario
from simulator.tables import with_tables
from tests.unit.simulator.running import PATIENCE_SECONDS, RunningSimulator
from tests.unit.simulator.virtual_merchant import WAITS, VirtualMerchant

DOCUMENT = Path(__file__).parents[3] / "docs" / "simulator.md"


@pytest.fixture(scope="module")
def text() -> str:
    return DOCUMENT.read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    """The code blocks of one language."""
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_tables_are_what_the_code_says(text: str) -> None:
    assert with_tables(text) == text, "run python -m simulator.tables"
    assert len(Config().settings()) > 50


def test_credentials_are_the_ones_in_force(text: str) -> None:
    app = Config().apps[0]
    assert f"`{app.consumer_key}`, `{app.consumer_secret}`" in text
    assert f"`{SANDBOX_PASSKEY}`" in text
    for merchant in Config().merchants:
        assert f"`{merchant.shortcode}`" in text


def run_as_printed(simulator: RunningSimulator, commands: list[str]) -> str:
    """What the commands print, in a shell that knows nothing but the address and a number."""
    run = subprocess.run(
        ["bash", "-c", "set -e\n" + "echo\n".join(commands)],
        env={"PATH": os.environ["PATH"], "BASE": simulator.url, "PHONE": WAITS},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=True,
    )
    return run.stdout


def test_a_callback_can_be_seen_without_a_server(text: str) -> None:
    (look,) = (each for each in blocks(text, "bash") if "callback_posted" in each)
    with RunningSimulator() as simulator:
        simulator.push(WAITS, "pays")
        simulator.callback()
        told = run_as_printed(simulator, [look])
    assert "MpesaReceiptNumber" in told


def test_the_commands_work_as_they_are_printed(text: str) -> None:
    with RunningSimulator() as simulator:
        told = run_as_printed(simulator, blocks(text, "bash"))
    assert '"ResponseCode":"0"' in told
    assert '"next": "pays+callback_lost"' in told
    assert '"stage": "processing"' in told
    assert '"amount_kes": 100' in told
    assert '"kind": "money_that_never_moved"' in told
    assert "error" not in told


def test_the_scenario_file_is_one(text: str) -> None:
    (example,) = blocks(text, "toml")
    merchant = VirtualMerchant()
    apply_scenario(merchant.daraja, tomllib.loads(example))
    assert merchant.daraja.config.prompt_seconds == 20

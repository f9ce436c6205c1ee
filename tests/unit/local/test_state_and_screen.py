"""What a running stack says about itself: the state file, the screen, the deployed parameters."""

import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from local import credentials, screen
from local.deployment import parameter_overrides
from local.seed import demo_config, paybill_of
from local.settings import ROOT, LocalSettings
from local.state import StackState, forget, read_running, write_state

STATE = StackState(
    api_url="http://127.0.0.1:1",
    demo_url="http://127.0.0.1:1/",
    simulator_url="http://127.0.0.1:2",
    endpoint_url="http://127.0.0.1:3",
    region="us-east-1",
    daraja="simulator",
    callback_url_base="https://hakika.local.test",
    outputs={},
    table_name="table",
    customer_id="demo-user",
    customer_token="customer-token",
    booking_token="booking-token",
    build_digest="digest",
    pid=os.getpid(),
    pids={},
)
SETTINGS = LocalSettings(
    gateway_port=8080,
    emulator_port=4566,
    simulator_port=9600,
    folder=Path("/nowhere"),
    uses_sandbox=False,
    callback_url_base="https://hakika.local.test",
    values={},
)


def overrides(settings: LocalSettings) -> dict[str, str]:
    return dict(each.split("=", 1) for each in parameter_overrides(settings))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The state file of a stack."""
    written = tmp_path / "stack.json"
    write_state(written, STATE)
    return written


def test_the_state_file_is_its_owners_only(file: Path) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_stack_whose_gateway_does_not_answer_does_not_run(file: Path) -> None:
    assert read_running(file) is None
    file.write_text("{")
    assert read_running(file) is None
    assert read_running(file.with_name("missing.json")) is None


def test_only_its_own_process_forgets_a_stack(file: Path) -> None:
    forget(file, STATE.pid + 1)
    assert file.exists()
    forget(file, STATE.pid)
    assert not file.exists()


def test_a_real_phone_is_never_made_up(tmp_path: Path) -> None:
    file = tmp_path / "env.sh"
    screen.write_shell_file(file, replace(STATE, simulator_url=None))
    assert "PHONE:-254708374149" in file.read_text()
    screen.write_shell_file(file, STATE)
    assert "2547${BOOKING#??}" in file.read_text()


def test_the_simulators_step_is_printed_only_with_a_simulator() -> None:
    with_simulator = [command for _, command in screen.commands("f", has_simulator=True)]
    without = [command for _, command in screen.commands("f", has_simulator=False)]
    assert [each for each in with_simulator if "$SIMULATOR" in each]
    assert not [each for each in without if "$SIMULATOR" in each]


def test_only_a_paybill_of_the_simulator_is_paid_by_hand() -> None:
    for shortcode, expected in (("", "174379"), ("174379", "174379"), ("7654321", None)):
        settings = replace(SETTINGS, values={"SAFARICOM_SHORTCODE": shortcode})
        assert paybill_of(settings) == expected
    assert paybill_of(replace(SETTINGS, uses_sandbox=True)) is None


def test_only_a_simulator_has_phones_to_open_and_a_demo_to_play() -> None:
    sandbox = replace(STATE, simulator_url=None)
    pages = {address.removeprefix(STATE.api_url) for address, _ in screen.addresses(STATE)}
    assert pages == {"/", "/docs", "/phones", "/_simulator"}
    pages = {address.removeprefix(STATE.api_url) for address, _ in screen.addresses(sandbox)}
    assert pages == {"/", "/docs"}
    found = [command for command, _ in screen.next_commands(STATE)]
    assert found == ["make demo", "make curl", "make desk"]
    assert [each for each, _ in screen.next_commands(sandbox)] == ["make curl", "make desk"]


def test_the_local_times_are_small_and_the_sandbox_gets_the_real_ones() -> None:
    assert overrides(SETTINGS)["FirstQuerySeconds"] == "4"
    assert overrides(SETTINGS)["SafaricomBase"] == "http://127.0.0.1:9600"
    sandbox = overrides(replace(SETTINGS, uses_sandbox=True))
    assert "FirstQuerySeconds" not in sandbox
    assert sandbox["SafaricomBase"] == "https://sandbox.safaricom.co.ke"
    assert sandbox["Arch"] == "x86_64"


def test_a_shortcode_that_the_simulator_does_not_know_is_not_used_with_it() -> None:
    unknown = replace(SETTINGS, values={"SAFARICOM_SHORTCODE": "555555"})
    assert "SafaricomShortcode" not in overrides(unknown)
    till = {
        "SAFARICOM_SHORTCODE": "7654321",
        "SAFARICOM_TRANSACTION_TYPE": "CustomerBuyGoodsOnline",
        "SAFARICOM_PARTY_B": "5123456",
    }
    assert overrides(replace(SETTINGS, values=till))["SafaricomPartyB"] == "5123456"


def test_the_simulators_credentials_are_stored_unless_the_sandbox_is_used() -> None:
    names = ("CONSUMER_KEY", "CONSUMER_SECRET", "PASSKEY")
    values = {f"SAFARICOM_{name}": "mine" for name in names}
    settings = replace(SETTINGS, values=values)
    assert credentials.daraja_credentials(settings)["SAFARICOM_CONSUMER_KEY"] != "mine"
    sandbox = replace(settings, uses_sandbox=True)
    assert credentials.daraja_credentials(sandbox) == values


def test_the_demo_gets_what_its_readme_promises_and_a_real_phone_pays_one_shilling() -> None:
    config = demo_config(STATE)
    readme = (ROOT / "web" / "demo" / "README.md").read_text()
    promised = json.loads(readme.split("```json")[1].split("```")[0])
    assert set(config) == set(promised)
    assert config["priceKes"] == promised["priceKes"]
    assert demo_config(replace(STATE, simulator_url=None))["priceKes"] == 1

"""Money paid by hand at the deployed template: confirmed, pulled, forged, and by Function URL."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from local import aws
from local.build import build_if_changed
from local.client import SimulatorClient
from local.console import Console
from local.credentials import daraja_credentials
from local.demo import new_phone
from local.processes import Children, answers, find_free_ports, wait_until
from local.settings import ROOT, LocalSettings, port_arguments, read_settings
from local.stack import start_emulator
from local.state import StackState
from simulator.core.config import LISTED_SOURCES
from tests.local.api_client import Api
from tests.local.runbook_scene import new_receipt
from tests.local.test_deploy import STACK_NAME, deploy_as_make_does, outputs_of

SECONDS_MAX = 180.0
CONFIRMATION = {
    "TransactionType": "Pay Bill",
    "TransTime": "20261128101500",
    "TransAmount": "700.00",
    "BusinessShortCode": "174379",
    "BillRefNumber": "RENT7",
    "MSISDN": "2547 ***** 149",
}

type Row = dict[str, Any]


def pay_by_hand(simulator: SimulatorClient, **order: object) -> str:
    """Somebody pays the paybill on their phone; the receipt."""
    usual = {"number": "174379", "amount_kes": 700, "account": "RENT7"}
    answer = simulator.call("POST", f"/phones/{new_phone()}/pay", {**usual, **order})
    assert answer.status == 200, answer.text
    assert answer.body["state"] == "completed", answer.text
    return str(answer.body["receipt"])


def row_of(endpoint_url: str, table: str, receipt: str) -> Row | None:
    found = aws.client("dynamodb", endpoint_url).get_item(
        TableName=table,
        Key={"pk": {"S": f"RCPT#{receipt}"}, "sk": {"S": "STATE"}},
        ConsistentRead=True,
    )
    item: Row | None = found.get("Item")
    return item


def wait_for(read: Callable[[], Row | None]) -> Row:
    give_up_at = time.monotonic() + SECONDS_MAX
    while (found := read()) is None:
        assert time.monotonic() < give_up_at
        time.sleep(0.5)
    return found


@pytest.fixture
def api(stack: StackState) -> Api:
    return Api(stack)


def test_money_of_a_strangers_account_is_on_file_after_its_confirmation(
    stack: StackState, simulator: SimulatorClient
) -> None:
    with simulator.without_pull():
        receipt = pay_by_hand(simulator)
        row = wait_for(lambda: row_of(stack.endpoint_url, stack.table_name, receipt))
    assert (row["source"]["S"], row["amount_kes"]["N"]) == ("c2b", "700")
    assert row["reference"]["S"] == "RENT7"


def test_a_lost_confirmation_is_pulled(stack: StackState, simulator: SimulatorClient) -> None:
    assert simulator.call("PATCH", "/settings", {"c2b_loss": 1.0}).status == 200
    try:
        receipt = pay_by_hand(simulator)
    finally:
        simulator.call("PATCH", "/settings", {"c2b_loss": 0.0})

    def pulled() -> Row | None:
        aws.client("lambda", stack.endpoint_url).invoke(
            FunctionName=stack.outputs["CleanupFunctionName"], Payload=b"{}"
        )
        return row_of(stack.endpoint_url, stack.table_name, receipt)

    assert wait_for(pulled)["source"]["S"] == "pull"


def test_a_forged_confirmation_writes_nothing(api: Api, stack: StackState) -> None:
    receipt = new_receipt()
    body = CONFIRMATION | {"TransID": receipt}
    for source_ip in (LISTED_SOURCES[0], "41.90.64.12"):
        for token in (secrets.token_hex(32), "0" * 64, "x"):
            answer = api.post_as(source_ip, f"/api/c2b/{token}/confirmation", body)
            assert (answer.status_code, answer.json()["ResultCode"]) == (404, 1)
    assert row_of(stack.endpoint_url, stack.table_name, receipt) is None


def test_the_right_token_from_elsewhere_books_nothing(
    api: Api, stack: StackState, simulator: SimulatorClient
) -> None:
    """The test above can fail: the same body with the token, from Safaricom, is booked."""
    with simulator.without_pull():  # so its confirmation has been posted
        known = pay_by_hand(simulator)
        wait_for(lambda: row_of(stack.endpoint_url, stack.table_name, known))
    journal = simulator.call("GET", "/journal?kind=callback_posted&limit=500").body["entries"]
    path = next(
        "/" + each["url"].split("/", 3)[3]
        for each in reversed(journal)
        if each["url"].endswith("/confirmation")
    )
    receipt = new_receipt()
    body = CONFIRMATION | {"TransID": receipt}
    assert api.post_as("41.90.64.12", path, body).status_code == 200
    assert row_of(stack.endpoint_url, stack.table_name, receipt) is None
    assert api.post_as(LISTED_SOURCES[0], path, body).status_code == 200
    assert row_of(stack.endpoint_url, stack.table_name, receipt) is not None


# -- a deployment without a domain: the paybill function has a URL of its own


@pytest.fixture
def without_domain(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[LocalSettings, dict[str, str]]]:
    """A sandbox deployment with CallbackFunctionUrl, its secrets and a simulator beside it."""
    folder = tmp_path_factory.mktemp("function-url")
    arguments = ["--daraja", "simulator", "--folder", str(folder)]
    arguments += port_arguments(find_free_ports(3))
    settings = read_settings(arguments, {}, env_file=folder / "none")
    children = Children(folder / "logs")
    try:
        start_emulator(settings, children)
        build = build_if_changed(Console())
        deploy_as_make_does(
            settings,
            template=build.template,
            environment="sandbox",
            CallbackFunctionUrl="true",
            CallbackSourceIps=",".join(LISTED_SOURCES),
        )
        outputs = outputs_of(settings.emulator_url)
        aws.client("secretsmanager", settings.emulator_url).put_secret_value(
            SecretId=outputs["DarajaSecretArn"],
            SecretString=json.dumps(daraja_credentials(settings)),
        )
        _start_simulator(settings, children, outputs["PaybillAddress"].rstrip("/"))
        yield settings, outputs
    finally:
        children.stop()


def _start_simulator(settings: LocalSettings, children: Children, address: str) -> None:
    child = children.start(
        "simulator",
        Path(sys.executable),
        "simulator",
        [
            *("--port", str(settings.simulator_port), "--short-times"),
            *("--callback-resolve", f"{address}={settings.emulator_url}"),
            *("--resolved-header", "X-Forwarded-For: {source_ip}"),
        ],
        environment={"PATH": os.environ["PATH"]},
        folder=ROOT,
    )
    port = settings.simulator_port
    wait_until(lambda: answers(port), child, timeout_seconds=SECONDS_MAX, what="the simulator")


def hakika_on_aws(settings: LocalSettings, *words: str) -> str:
    """Type a line of the operator as against AWS, the emulator in its place."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.hakika", "--stack", STACK_NAME, *words],
        cwd=ROOT,
        env=aws.environment(os.environ, settings.emulator_url) | {"PYTHONPATH": "shared:."},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_without_a_domain_money_by_hand_comes_to_the_paybills_own_url(
    without_domain: tuple[LocalSettings, dict[str, str]],
) -> None:
    settings, outputs = without_domain
    address = outputs["PaybillAddress"].rstrip("/")
    assert ".lambda-url." in address
    assert address != outputs["CallbackFunctionUrlAddress"].rstrip("/")
    assert address in hakika_on_aws(settings, "paybill", "register", "--yes")
    assert f"{address}/api/c2b/" in hakika_on_aws(settings, "paybill", "show")
    receipt = pay_by_hand(SimulatorClient(settings.simulator_url))
    row = wait_for(lambda: row_of(settings.emulator_url, outputs["TableName"], receipt))
    assert row["source"]["S"] == "c2b"
    forged = requests.post(
        f"{settings.emulator_url}/api/c2b/{'0' * 64}/confirmation",
        json=CONFIRMATION | {"TransID": new_receipt()},
        headers={"Host": address.removeprefix("https://"), "X-Forwarded-For": LISTED_SOURCES[0]},
        timeout=SECONDS_MAX,
    )
    assert forged.status_code == 404

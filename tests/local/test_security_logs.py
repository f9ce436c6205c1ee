"""What the deployed functions log in a payment's life holds no phone number, token or secret.

The same scan reads everything that all other tests made a stack log: tests/local/stack_fixture.py
runs it when the stack's tests are over.
"""

import json
import re

import pytest

from local.client import SimulatorClient
from local.state import StackState
from local.template import PUBLIC_ROUTES
from tests.local.api_client import Api
from tests.local.conftest import Customer
from tests.local.runbook_scene import Scene
from tests.local.stack_logs import (
    faults_in_line,
    faults_in_logs,
    functions_of,
    log_lines,
    secrets_of,
)

PLACES = {"payment_id": "0" * 32, "token": "0" * 64, "attempt": "1", "receipt": "UKN7RT61SV"}
"""What a forger puts into the path of a public route; a line that shows the token is a leak."""
TRIES_MAX = 10


@pytest.fixture
def api(
    stack: StackState,
    customer: Customer,
    simulator: SimulatorClient,
    tmp_path_factory: pytest.TempPathFactory,
) -> Api:
    """The stack's API, after one payment that used every function."""
    folder = tmp_path_factory.mktemp("scene")
    scene = Scene(stack=stack, customer=customer, simulator=simulator, folder=folder)
    payment_id = scene.pay("pays")
    scene.wait(payment_id, "completed")
    assert customer.api.read_status(payment_id).status == 200
    api = Api(stack)
    call_every_function(api)
    return api


def call_every_function(api: Api) -> None:
    """Call each function that a payment alone does not use, and each that strangers reach."""
    path = "/api/payment/mpesa/statistics?from=2026-01-01&to=2026-01-02"
    answer = api.call("GET", path, token=api.token("finance", scopes=("payments:read",)))
    assert answer.status_code == 200, answer.text
    api.aws("lambda").invoke(FunctionName="hakika-local-cleanup", Payload=b"{}")
    nobodys = json.dumps({"act": "ask_status", "payment_id": "0" * 32})
    api.aws("lambda").invoke(FunctionName="hakika-local-refunds", Payload=nobodys.encode())
    for route in PUBLIC_ROUTES:
        method, _, path = route.partition(" ")
        if method == "POST":
            path = re.sub(r"\{(\w+)\}", lambda place: PLACES[place[1]], path)
            forged = api.post_as("41.90.64.12", path, {"MSISDN": "254708374149"})
            assert forged.status_code < 500, forged.text


def silent_functions(api: Api) -> list[str]:
    return [function for function in functions_of(api) if not list(log_lines(api, function))]


def test_every_function_logs_and_no_line_shows_what_it_must_not(api: Api) -> None:
    for _ in range(TRIES_MAX):
        if not silent_functions(api):
            break
        # The emulator gives a line that came late to the log with the next call.
        call_every_function(api)
    assert silent_functions(api) == []
    assert faults_in_logs(api) == []


def test_the_scan_knows_every_secret_of_the_stack(api: Api) -> None:
    secrets = secrets_of(api)
    assert len(secrets) >= 8
    for secret in secrets:
        assert "a secret of the stack" in faults_in_line(f"sent {secret} away", secrets)
    assert faults_in_line("[ERROR] KeyError: 'x'", secrets) == ["a crash"]


def test_the_log_groups_scanned_are_those_of_the_functions(api: Api) -> None:
    groups = api.aws("logs").describe_log_groups()["logGroups"]
    names = {each["logGroupName"] for each in groups}
    deployed = {name for name in names if name.startswith("/aws/lambda/")}
    assert deployed == {f"/aws/lambda/hakika-local-{each}" for each in functions_of(api)}

"""After everything else: what the deployed functions logged while the tests ran.

tests/conftest.py lets it run last among the tests against the stack, so that their lines are in.
"""

import json
import re
from collections.abc import Iterator

import pytest

from local.state import StackState
from tests.conftest import DESK, SHOP
from tests.local.api_client import Api
from tests.support.log_scan import leaks_in_log

FUNCTIONS = (
    "authorizer",
    "callback",
    "cleanup",
    "consultations",
    "statistics",
    "status",
    "stk-push",
)
CRASHES = re.compile(r"Traceback|\[ERROR\]|\"level\": ?\"CRITICAL\"|A token caused")


@pytest.fixture(
    autouse=True,
    params=[pytest.param(group, marks=pytest.mark.xdist_group(group)) for group in (SHOP, DESK)],
)
def at_the_stack(request: pytest.FixtureRequest) -> str:
    """Where two stacks are tested at once, each one's log is read."""
    return str(request.param)


@pytest.fixture(scope="module")
def api(stack: StackState) -> Api:
    return Api(stack)


def log_lines(api: Api, group: str) -> Iterator[str]:
    pages = api.aws("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    for page in pages:
        for event in page["events"]:
            yield event["message"]


def secrets_of(api: Api) -> list[str]:
    """Returns every secret of this very stack, the Daraja credentials and tokens included."""
    manager = api.aws("secretsmanager")
    found = [api.stack.customer_token, api.stack.booking_token]
    for name in ("DarajaSecretArn", "JwtSecretArn", "PepperSecretArn"):
        text = manager.get_secret_value(SecretId=api.stack.outputs[name])["SecretString"]
        found += [value for value in json.loads(text).values() if value]
    return found


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_log_line_shows_a_phone_a_token_or_a_secret(api: Api, function: str) -> None:
    secrets = secrets_of(api)
    lines = 0
    leaks: list[str] = []
    for line in log_lines(api, f"/aws/lambda/hakika-local-{function}"):
        lines += 1
        kinds = [*leaks_in_log(line), *("a secret of the stack" for s in secrets if s in line)]
        leaks += [f"{kind}: {line}" for kind in kinds]
    assert leaks == []
    # The schedule of cleanup may not have fired yet; every other function was called.
    assert lines > 0 or function == "cleanup", "a scan of nothing proves nothing"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_function_crashed_while_the_tests_ran(api: Api, function: str) -> None:
    group = f"/aws/lambda/hakika-local-{function}"
    assert [line for line in log_lines(api, group) if CRASHES.search(line)] == []


def test_the_log_groups_scanned_are_those_of_the_functions(api: Api) -> None:
    groups = api.aws("logs").describe_log_groups()["logGroups"]
    names = {each["logGroupName"] for each in groups}
    deployed = {name for name in names if name.startswith("/aws/lambda/")}
    assert deployed == {f"/aws/lambda/hakika-local-{each}" for each in FUNCTIONS}


def test_what_the_api_answered_was_scanned_too(pytestconfig: pytest.Config) -> None:
    plugins = pytestconfig.pluginmanager.get_plugins()
    [scanner] = [plugin for plugin in plugins if hasattr(plugin, "SEEN")]
    assert scanner.SEEN["responses"] > 0

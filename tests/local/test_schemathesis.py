"""Generated requests, fitting the API description and not, through the deployed API.

No request makes a server error, every answer is one that docs/openapi.yaml describes, and no
request that does not fit it changes anything that is stored.
"""

import itertools
import secrets
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, assume, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from local.desk import new_links
from local.state import StackState, write_state
from local.template import read_routes, read_template
from tests.local.api_client import Api

CASES = 20
TOO_LARGE = 413


def _operations() -> dict[str, Any]:
    """Reads the description. The token is ours to send, so no Authorization header is generated."""
    text = (Path(__file__).parents[2] / "docs" / "openapi.yaml").read_text()
    document = yaml.load(text, Loader=yaml.CSafeLoader)
    del document["security"]
    found: dict[str, Any] = {}
    for result in schemathesis.openapi.from_dict(document).get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        found[f"{operation.method.upper()} {operation.path}"] = operation
    return found


OPERATIONS = _operations()
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
WITH_INPUT = [name for name, each in OPERATIONS.items() if each.body or [*each.iter_parameters()]]
SCOPES = ("consultations:write", "payments:read", "refunds:request")
BACKGROUND = ("TOKEN#", "QUERY#", "PULL#", "RCPT#")
WITHOUT_INPUT = {"GET /desk", "GET /api/desk/me", "GET /api/desk/waiting"}
RUN = secrets.token_hex(4)
_clients = itertools.count(1)

generated = settings(
    max_examples=CASES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@dataclass(frozen=True)
class Sender:
    """Sends generated requests to a stack: a client's, or those of a member of staff."""

    api: Api
    staff_token: str

    def token_for(self, case: Case[Any]) -> str:
        """A client of its own for each request, so that no user's limit ends the test early."""
        if "Staff" in case.operation.tags:
            return self.staff_token
        return self.api.token(f"generated-{RUN}-{next(_clients)}", scopes=SCOPES)


@pytest.fixture(scope="module")
def api(stack: StackState) -> Api:
    api = Api(stack)
    for booking in range(5):
        api.register(str(booking), "generated-owner", 1000)
    return api


@pytest.fixture(scope="module")
def sender(api: Api, tmp_path_factory: pytest.TempPathFactory) -> Sender:
    """The stack, and an approver who has signed in at its desk."""
    file = tmp_path_factory.mktemp("desk") / "stack.json"
    write_state(file, api.stack)
    [link] = [each for each in new_links(file) if each.role == "approver"]
    code = {"code": link.address.partition("#")[2]}
    answer = api.call("POST", "/api/desk/sessions", body=code)
    assert answer.status_code == 200, answer.text
    return Sender(api, answer.json()["token"])


def send(sender: Sender, case: Case[Any], checks: list[Any]) -> Any:
    """Sends a case and checks its answer."""
    headers = {"Authorization": f"Bearer {sender.token_for(case)}"}
    response = case.call(base_url=sender.api.stack.api_url, headers=headers, timeout=60)
    if response.status_code == TOO_LARGE:  # a refusal that schemathesis does not count as one
        checks = [check for check in checks if check is not negative_data_rejection]
    case.validate_response(response, checks=checks)
    return response


def stored(api: Api) -> dict[str, str]:
    """Returns what a request can make: payments, consultations, counters of users and phones.

    Payments of other tests go on meanwhile, so only that they exist is compared, not how they are.
    """
    pages = api.aws("dynamodb").get_paginator("scan").paginate(TableName=api.stack.table_name)
    return {
        item["pk"]["S"]: item.get("price_kes", {}).get("N", "")
        for page in pages
        for item in page["Items"]
        if item["sk"]["S"] == "STATE" and not item["pk"]["S"].startswith(BACKGROUND)
    }


def test_every_operation_is_generated() -> None:
    template = read_template(Path(__file__).parents[2] / "template.yaml")
    routes = {route.key for route in read_routes(template)}
    assert set(OPERATIONS) == routes
    assert set(OPERATIONS) - set(WITH_INPUT) == WITHOUT_INPUT


@pytest.mark.parametrize("name", OPERATIONS)
def test_requests_that_fit_the_description(name: str, sender: Sender) -> None:
    statuses: Counter[int] = Counter()

    @generated
    @given(case=OPERATIONS[name].as_strategy(generation_mode=GenerationMode.POSITIVE))
    def check(case: Case[Any]) -> None:
        statuses[send(sender, case, CHECKS).status_code] += 1

    check()
    expected = CASES / 2 if name in WITH_INPUT else 1
    assert sum(statuses.values()) >= expected, "few requests were made"
    assert not [status for status in statuses if status >= 500]


@pytest.mark.parametrize("name", WITH_INPUT)
def test_requests_that_do_not_fit_the_description(name: str, sender: Sender) -> None:
    statuses: Counter[int] = Counter()
    is_safaricoms = "Safaricom" in OPERATIONS[name].tags
    checks = CHECKS if is_safaricoms else [*CHECKS, negative_data_rejection]
    before = stored(sender.api)

    @generated
    @given(case=OPERATIONS[name].as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def check(case: Case[Any]) -> None:
        # The local edge knows no route for a path with a newline, and answers that itself.
        assume("%0A" not in case.formatted_path)
        statuses[send(sender, case, checks).status_code] += 1

    check()
    assert sum(statuses.values()) >= CASES / 2, "few requests were made"
    assert not [status for status in statuses if status >= 500]
    assert stored(sender.api) == before, "a request that does not fit changed something"


def test_a_push_that_fits_prompts_a_phone(api: Api) -> None:
    """The tests above can fail: a generated body, told a real booking, is accepted."""
    operation = OPERATIONS["POST /api/payment/mpesa/stk-push"]
    statuses: Counter[int] = Counter()

    @settings(generated, max_examples=10)
    @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    def check(case: Case[Any]) -> None:
        client = f"generated-{RUN}-{next(_clients)}"
        booking = f"generated-{RUN}-{next(_clients)}"
        api.register(booking, client, 1000)
        assert isinstance(case.body, dict)
        phone = f"25410{secrets.randbelow(10**7):07d}"
        body = {**case.body, "booking_id": booking, "amount": 1000, "phone_number": phone}
        path = "/api/payment/mpesa/stk-push"
        statuses[api.call("POST", path, token=api.token(client), body=body).status_code] += 1

    check()
    assert set(statuses) == {200}

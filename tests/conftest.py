"""Every test ends with a scan of what the product logged and answered; see log_scan.py."""

import functools
import os
from collections.abc import Generator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.local.stack_fixture import stack
from tests.support.lambdas import Lambda
from tests.support.log_scan import leaks_in_log, leaks_in_response, product_lines

__all__ = ["stack"]

type Responses = list[dict[str, Any]]
RESPONSES = pytest.StashKey[Responses]()
OF_AN_OUTER_MAKE = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
"""With these a `make` that a test starts takes over options of `make test`."""


def pytest_configure(config: pytest.Config) -> None:
    """Collect what every handler and the deployed API answer until the test is over.

    Commands that tests start see no `make` around them.
    """
    for name in OF_AN_OUTER_MAKE:
        os.environ.pop(name, None)
    responses = config.stash[RESPONSES] = []
    _collect_what_handlers_answer(responses)
    _collect_what_the_api_answers(responses)


def _collect_what_handlers_answer(responses: Responses) -> None:
    invoke = Lambda.invoke

    @functools.wraps(invoke)
    def invoke_and_collect(self: Lambda, event: Any) -> dict[str, Any]:
        answer = invoke(self, event)
        responses.append(answer)
        return answer

    Lambda.invoke = invoke_and_collect  # type: ignore[method-assign]


def _collect_what_the_api_answers(responses: Responses) -> None:
    send = requests.Session.send

    @functools.wraps(send)
    def send_and_collect(
        self: requests.Session, request: requests.PreparedRequest, **options: Any
    ) -> requests.Response:
        answer = send(self, request, **options)
        # Daraja and the simulator, which the tests call as well, have other paths.
        if urlsplit(str(request.url)).path.startswith("/api/"):
            responses.append({"body": answer.text, "headers": dict(answer.headers)})
        return answer

    requests.Session.send = send_and_collect  # type: ignore[method-assign]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test whose product output shows what it must not."""
    report = yield
    if call.when == "teardown":
        responses = item.config.stash[RESPONSES]
        leaks = _leaks_of(item, responses)
        responses.clear()
        if leaks and report.outcome == "passed":
            report.outcome = "failed"
            report.longrepr = "The product's output shows " + "\n".join(leaks)
    return report


def _leaks_of(item: pytest.Item, responses: Responses) -> list[str]:
    found = [
        f"{kind} in the log line: {line}"
        for _, _, content in item._report_sections
        for line in product_lines(content)
        for kind in leaks_in_log(line)
    ]
    for response in responses:
        found += [f"{kind} in the response: {response}" for kind in leaks_in_response(response)]
    return found

"""Every way an initiator call can go: acknowledgement lost, Result early, late, twice, never."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from simulator.scenario_file import apply_scenario
from tests.unit.simulator.initiator_client import (
    RESULT_URL,
    TIMEOUT_URL,
    InitiatorClient,
    parameters,
)
from tests.unit.simulator.virtual_merchant import PAYS

DELIVERIES = [
    # scenario, HTTP status of the acknowledgement, posts to (ResultURL, QueueTimeOutURL), moved
    ("normal", 200, (1, 0), True),
    ("ack_hang", 200, (1, 0), True),
    ("ack_hang+outcome_lost", 200, (0, 0), True),
    ("ack_500", 500, (1, 0), True),
    ("ack_hang_lost", 200, (0, 0), False),
    ("ack_500_lost", 500, (0, 0), False),
    ("ack_busy", 500, (0, 0), False),
    ("ack_refused", 200, (0, 0), False),
    ("outcome_lost", 200, (0, 0), True),
    ("outcome_twice", 200, (2, 0), True),
    ("outcome_contradicted", 200, (2, 0), True),
    ("outcome_refused_then_done", 200, (2, 0), True),
    ("outcome_unlisted_code", 200, (1, 0), False),
    ("queue_timeout_then_success", 200, (1, 1), True),
    ("queue_timeout_only", 200, (0, 1), True),
    ("customer_spent", 200, (1, 0), False),
    ("settled_to_bank", 200, (1, 0), False),
]


@pytest.mark.parametrize(("scenario", "status", "posts", "is_moved"), DELIVERIES)
@pytest.mark.parametrize("chosen_by", ["header", "next", "file", "phone", "chance"])
def test_a_named_scenario_decides_how_a_reversal_goes(
    client: InitiatorClient,
    scenario: str,
    status: int,
    posts: tuple[int, int],
    is_moved: bool,
    chosen_by: str,
) -> None:
    if chosen_by == "next":
        client.daraja.set_next(scenario, api="reversal")
    elif chosen_by == "file":
        wish = {"scenario": scenario, "api": "reversal"}
        apply_scenario(client.daraja, {"next": [wish]})
    elif chosen_by == "phone":
        client.daraja.set_phone(PAYS, scenario=f"pays+{scenario}")
    elif chosen_by == "chance":
        client.daraja.set_phone(PAYS, scenario="normal")
        client.daraja.set_scenario("normal", [(scenario, 1.0)])
    before = len(client.received)
    answer = client.call("reversal", scenario if chosen_by == "header" else None)
    client.run()
    urls = [each.url for each in client.received[before:]]
    assert (answer.status, urls.count(RESULT_URL), urls.count(TIMEOUT_URL)) == (status, *posts)
    assert bool(client.daraja.ledger.reversed_receipts) is is_moved


OF_NUMBERS = [
    # the last digits of a test number, ResultCodes told about a reversal, whether money moved
    ("71", [0], True),
    ("72", [], False),
    ("73", [], True),
    ("74", [0, 0], True),
    ("75", [0], True),
    ("76", ["R000001"], True),
    ("77", [1], False),
    ("78", [100000009], False),
    ("79", [8006], False),
]


@pytest.mark.parametrize(("digits", "codes", "is_moved"), OF_NUMBERS)
def test_a_test_number_decides_how_its_refund_goes(
    client: InitiatorClient, digits: str, codes: list[object], is_moved: bool
) -> None:
    client.finished(f"2547000000{digits}")
    receipt = list(client.daraja.ledger.debits)[-1]
    before = len(client.received)
    client.call("reversal", TransactionID=receipt)
    client.run()
    told = [each.body for each in client.received[before:] if each.url == RESULT_URL]
    assert [json.loads(body)["Result"]["ResultCode"] for body in told] == codes
    assert (receipt in client.daraja.ledger.reversed_receipts) is is_moved


def test_a_result_can_be_early_late_contradicting_or_from_anywhere(client: InitiatorClient) -> None:
    early = client.call("reversal", "outcome_first")
    assert early.callbacks_first
    assert client.daraja.due_callbacks()
    client = InitiatorClient()
    asked_at = client.now
    client.outcome("reversal", "outcome_late+outcome_unlisted")
    assert client.now - asked_at >= 600
    assert client.received[-1].source_ip == client.config.unlisted_source
    client = InitiatorClient()
    assert client.code("reversal", "outcome_contradicted") == 26
    assert InitiatorClient().code("reversal", "outcome_refused_then_done") == 0


BODIES: dict[str, Callable[[dict[str, Any]], bool]] = {
    "outcome_string_code": lambda each: each["ResultCode"] == "0",
    "outcome_single_parameter": lambda each: isinstance(
        each["ResultParameters"]["ResultParameter"], dict
    ),
    "outcome_reference_list": lambda each: isinstance(each["ReferenceData"]["ReferenceItem"], list),
    "outcome_repeated_key": lambda each: (
        len(each["ResultParameters"]["ResultParameter"]) == len(parameters(each)) + 1
    ),
    "outcome_missing_parameters": lambda each: "ResultParameters" not in each,
    "outcome_wrong_amount": lambda each: parameters(each)["Amount"] == 101.0,
    "outcome_wrong_receipt": lambda each: parameters(each)["OriginalTransactionID"] == "SKE52PAWR9",
}


@pytest.mark.parametrize("scenario", BODIES)
def test_a_results_body_has_its_named_fault(scenario: str) -> None:
    assert BODIES[scenario](InitiatorClient().outcome("reversal", scenario))

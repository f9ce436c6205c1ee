"""A burst on the deployed local stack: 5,000 callbacks with 15,000 duplicates, all at once.

`python -m bench.burst` starts a stack of its own, pushes for 5,000 customers through the API, and
lets all of them enter their PIN. The simulator then posts each callback four times. A callback that
got no 200 is not posted again: its payment waits for Pull. In the end the simulator's ledger is
compared with the table: every debit is a completed payment, once. Writes the figures into
bench/results.json and docs/performance.md. Takes about 20 minutes on two cores; `--payments 100`
tries it in a minute and keeps nothing.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from bench import report
from local import aws, credentials
from local.client import Answer, ApiClient, SimulatorClient
from local.console import Console
from local.demo import new_booking
from local.processes import find_free_ports
from local.settings import port_arguments, read_settings
from local.stack import running_stack
from local.state import StackState

PAYMENTS = 5_000
COPIES = 4
PRICE_KES = 100
CALLERS = 4
FIRST_PHONE = 254_720_000_000
SETTLE_SECONDS_MAX = 3_600.0
LEFT_SECONDS_MAX = 900.0
LEFT_LOOK_SECONDS = 5.0
LOOK_SECONDS = 1.0
PAGE = 5_000
LONG_PROMPTS = {
    "FirstQuerySeconds": "300",
    "QuerySuccessSeconds": "3600",
    "DarajaShowsSeconds": "600",
    "PromptSeconds": "600",
    "QuerySpacingSeconds": "60",
}
"""Parameters under which nobody asks Daraja about a payment before its callback."""
SETTINGS: dict[str, Any] = {
    "prompt_seconds": 7_200.0,
    "callback_timeout_seconds": 3_000.0,
    "callback_seconds_min": 0.1,
    "callback_seconds_max": 0.1,
    "c2b_twin": "off",
}
"""A prompt waits until all are there, and a callback until its turn; a burst waits in a queue."""


@contextmanager
def patient_stack() -> Iterator[StackState]:
    """A local stack that does not ask about a payment, and a simulator that waits for answers."""
    with tempfile.TemporaryDirectory(prefix="bench-burst-") as folder:
        arguments = ["--daraja", "simulator", "--folder", folder]
        settings = read_settings([*arguments, *port_arguments(find_free_ports(3))], {})
        settings = replace(settings, parameters=LONG_PROMPTS)
        with running_stack(Console(), settings) as (stack, _):
            yield stack


class Crowd:
    """So many customers with a phone and a booking each, who all pay at once."""

    def __init__(self, stack: StackState, payments: int) -> None:
        self._stack = stack
        self._numbers = range(payments)
        self._secret = credentials.read_jwt_secret(stack.endpoint_url, stack.outputs)
        self._simulator = SimulatorClient(str(stack.simulator_url))
        _expect(self._simulator.call("PATCH", "/settings", SETTINGS))
        scenario = {"scenario": "waits+callback_four_times"}
        _expect(self._simulator.call("PUT", "/scenario", scenario))

    def ask(self) -> float:
        """Every customer is asked for the PIN; the seconds that it took."""
        started = time.monotonic()
        self._each(self._push)
        return time.monotonic() - started

    def pay(self) -> float:
        """Everybody enters the PIN, and each callback is posted; the seconds until the last."""
        prompts = self._simulator.call("GET", "/prompts").body["prompts"]
        identifiers = [each["checkout_request_id"] for each in prompts]
        if len(identifiers) != len(self._numbers):
            raise RuntimeError(f"{len(identifiers)} prompts for {len(self._numbers)} customers")
        started = time.monotonic()
        with ThreadPoolExecutor(CALLERS) as pool:
            list(pool.map(self._enter_pin, identifiers))
        self._wait_for_callbacks()
        return time.monotonic() - started

    def callbacks(self) -> list[dict[str, Any]]:
        """Return the journal's answered callbacks."""
        found: list[dict[str, Any]] = []
        after = 0
        while True:
            path = f"/journal?kind=callback_answered&limit={PAGE}&after={after}"
            page = self._simulator.call("GET", path).body
            if not page["entries"]:
                return found
            found += page["entries"]
            after = page["after"]

    def audit(self, beliefs: list[dict[str, Any]]) -> dict[str, Any]:
        """Compare what the table holds with the simulator's ledger."""
        answer: dict[str, Any] = self._simulator.call("POST", "/audit", {"beliefs": beliefs}).body
        return answer

    def _push(self, number: int) -> None:
        client_id, booking = f"crowd-{number}", new_booking()
        booking_system = ApiClient(self._stack.api_url, self._stack.booking_token)
        _expect(booking_system.register(booking, client_id, PRICE_KES))
        customer = ApiClient(self._stack.api_url, credentials.make_token(self._secret, client_id))
        _expect(customer.initiate(booking, str(FIRST_PHONE + number), PRICE_KES))

    def _enter_pin(self, identifier: str) -> None:
        body = {"action": "pin", "pin": "1234"}
        _expect(self._simulator.call("POST", f"/prompts/{identifier}/answer", body))

    def _wait_for_callbacks(self) -> None:
        deadline = time.monotonic() + SETTLE_SECONDS_MAX
        while time.monotonic() < deadline:
            health = self._simulator.call("GET", "/health").body
            is_still = health["callbacks_waiting"] == health["callbacks_out"] == 0
            if is_still and len(self.callbacks()) >= len(self._numbers) * COPIES:
                return
            time.sleep(LOOK_SECONDS)
        raise RuntimeError(f"callbacks are still out after {SETTLE_SECONDS_MAX:.0f} s")

    def _each(self, work: Callable[[int], None]) -> None:
        with ThreadPoolExecutor(CALLERS) as pool:
            for done, _ in enumerate(pool.map(work, self._numbers), 1):
                if done % 500 == 0:
                    print(f"  {done} of {len(self._numbers)}", file=sys.stderr)


def measure(payments: int = PAYMENTS) -> dict[str, Any]:
    """Return the burst's figures."""
    with patient_stack() as stack:
        crowd = Crowd(stack, payments)
        asked_seconds = crowd.ask()
        seconds = crowd.pay()
        answers = Counter(str(each["status"]) for each in crowd.callbacks())
        at_once = len(beliefs_of(_items(stack)))
        items, left_seconds = wait_for_the_rest(stack, payments)
        beliefs, completed = beliefs_of(items), completions_of(items)
        audit = crowd.audit(beliefs)
    posted = answers.total()
    return {
        "payments": payments,
        "callbacks": posted,
        "duplicates": posted - payments,
        "answers": dict(sorted(answers.items())),
        "push_seconds": asked_seconds,
        "burst_seconds": seconds,
        "callbacks_per_second": posted / seconds,
        "completed_at_once": at_once,
        "left_seconds": left_seconds,
        "completed_by": dict(sorted(witnesses_of(items).items())),
        "debits": audit["debits"],
        "completed": len(beliefs),
        "lost": audit["debits"] - len({each["receipt"] for each in beliefs}),
        "doubled": sum(number - 1 for number in completed.values()),
        "findings": len(audit["findings"]),
    }


def wait_for_the_rest(stack: StackState, payments: int) -> tuple[list[dict[str, Any]], float]:
    """Wait for the fallback queue and for Pull; the table's items, and the seconds it took."""
    started = time.monotonic()
    while True:
        items = [*_items(stack)]
        seconds = time.monotonic() - started
        if len(beliefs_of(items)) >= payments or seconds > LEFT_SECONDS_MAX:
            return items, seconds
        time.sleep(LEFT_LOOK_SECONDS)


def witnesses_of(items: Iterable[dict[str, Any]]) -> Counter[str]:
    """Return how many payments each kind of evidence completed."""
    return Counter(each["proof"]["S"] for each in items if _is_completed(each))


def _is_completed(item: dict[str, Any]) -> bool:
    return bool(
        item["sk"]["S"] == "STATE"
        and item.get("status", {}).get("S") == "completed"
        and "receipt_number" in item
    )


def beliefs_of(items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the completed payments with a receipt among the items, as the audit takes them."""
    return [
        {
            "receipt": each["receipt_number"]["S"],
            "amount": int(each["paid_amount_kes"]["N"]),
            "checkout_request_id": each["checkout_request_id"]["S"],
        }
        for each in items
        if _is_completed(each)
    ]


def completions_of(items: Iterable[dict[str, Any]]) -> Counter[str]:
    """Return how often each payment was announced as completed."""
    return Counter(
        each["payment_id"]["S"]
        for each in items
        if each.get("type", {}).get("S") == "PaymentCompleted"
    )


def is_whole(found: dict[str, Any]) -> bool:
    """Whether nothing was lost and nothing doubled."""
    return bool(
        found["debits"] == found["completed"] == found["payments"]
        and (found["lost"], found["doubled"], found["findings"]) == (0, 0, 0)
    )


def main() -> int:
    """Measure and print; keep a run of the full size. 1 where something was lost or doubled."""
    parser = argparse.ArgumentParser(prog="python -m bench.burst")
    parser.add_argument("--payments", type=int, default=PAYMENTS, help="(%(default)s)")
    given = parser.parse_args()
    found = measure(given.payments)
    print(json.dumps(found, indent=1))
    if given.payments == PAYMENTS:
        report.keep("burst_on_stack", found)
    print("nothing lost, none doubled" if is_whole(found) else "NOT WHOLE")
    return 0 if is_whole(found) else 1


def _items(stack: StackState) -> Iterator[dict[str, Any]]:
    table = aws.client("dynamodb", stack.endpoint_url)
    for page in table.get_paginator("scan").paginate(
        TableName=stack.table_name, ConsistentRead=True
    ):
        yield from page["Items"]


def _expect(answer: Answer) -> None:
    if answer.status != 200:
        raise RuntimeError(f"{answer.status}: {answer.text[:300]}")


if __name__ == "__main__":
    sys.exit(main())

"""The cold path of a request: every function that a caller waits for, from nothing to its answer.

A peer's authorizer runs in front of each route that asks for a token, in a function of its own; the
product's functions check the token themselves. Instructions are counted by valgrind, so that the
load of the machine does not matter.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

from bench import flow
from bench.running import VALGRIND, count_code, invoke, order
from bench.subjects import Subject, authorizers

RUNS_AT_ONCE = 2
FIRST_NUMBERS = {"product": 0, "typical": 100, "careful": 200}
"""Each team has customers of its own, so that all runs share one wire."""
PAID_SECONDS = 30.0
STEPS = {
    "the interpreter": "import site",
    "Lambda's runtime client": "import awslambdaric.bootstrap",
    "botocore, and clients of two services": (
        "from botocore.session import get_session as s; s = s();"
        " s.create_client('dynamodb'); s.create_client('sqs')"
    ),
    "Powertools": (
        "from aws_lambda_powertools.logging import Logger;"
        " from aws_lambda_powertools.metrics import Metrics; Logger(); Metrics()"
    ),
    "the product": "import app",
}
"""What a callback's start loads, in an order in which each part comes after what it needs."""
type ColdPaths = dict[str, dict[str, dict[str, int]]]


def measure(teams: dict[str, flow.Team], now: float) -> ColdPaths:
    """Return the instructions by route, team and part: `authorizer` and `function`."""
    order("reset")
    first: list[tuple[str, str, str, Subject, flow.Event]] = []
    called_back: list[tuple[str, str, str, Subject, flow.Event]] = []
    fronts = authorizers()
    for name, team in teams.items():
        number = FIRST_NUMBERS[name]
        flow.prepare(name, range(number, number + 3), now)
        [pushed] = flow.push(team, range(number + 1, number + 2), now)["answers"]
        status = flow.status_event(number + 1, json.loads(pushed["body"])["CheckoutRequestID"], now)
        stk_push = flow.push_event(number, now)
        first.append(("stk_push", name, "function", team["stk_push"], stk_push))
        first.append(("status", name, "function", team["status"], status))
        if name in fronts:
            first.append(("stk_push", name, "authorizer", fronts[name], stk_push))
            first.append(("status", name, "authorizer", fronts[name], status))
    found = _counted(first, offset=0.0)
    # A callback is for a prompt that is open, and none stays open as long as valgrind takes.
    for name, team in teams.items():
        number = FIRST_NUMBERS[name] + 2
        flow.push(team, range(number, number + 1), now)
    by_phone = {_phone_of(each): each for each in order("settle", seconds=PAID_SECONDS)}
    for name, team in teams.items():
        delivery = by_phone[flow.phone_of(FIRST_NUMBERS[name] + 2)]
        event = flow.callback_event(delivery, now)
        called_back.append(("callback", name, "function", team["callback"], event))
    return _merged(found, _counted(called_back, offset=PAID_SECONDS))


def composition(callback: Subject) -> dict[str, int]:
    """Return the instructions that each part adds to a callback's start."""
    codes = ["; ".join([*STEPS.values()][: number + 1]) for number in range(len(STEPS))]
    with ThreadPoolExecutor(RUNS_AT_ONCE) as pool:
        counted = [0, *pool.map(lambda code: count_code(callback, code), codes)]
    added = (after - before for before, after in pairwise(counted))
    return dict(zip(STEPS, added, strict=True))


def total(parts: dict[str, int]) -> int:
    """Return what a caller waits for: the parts run one after the other."""
    return sum(parts.values())


def _counted(runs: list[tuple[str, str, str, Subject, flow.Event]], *, offset: float) -> ColdPaths:
    def count(run: tuple[str, str, str, Subject, flow.Event]) -> int:
        _, _, _, subject, event = run
        report = invoke(subject, [event], offset=offset, prefix=VALGRIND)
        flow.expect_answered(report)
        number: int = report["instructions"]
        return number

    with ThreadPoolExecutor(RUNS_AT_ONCE) as pool:
        numbers = list(pool.map(count, runs))
    found: ColdPaths = {}
    for (route, team, part, _, _), number in zip(runs, numbers, strict=True):
        found.setdefault(route, {}).setdefault(team, {})[part] = number
    return found


def _merged(*parts: ColdPaths) -> ColdPaths:
    return {route: teams for each in parts for route, teams in each.items()}


def _phone_of(delivery: dict[str, str]) -> str:
    """The phone in a callback of money; "" in one of a prompt that timed out meanwhile."""
    callback = json.loads(delivery["body"])["Body"]["stkCallback"]
    items = callback.get("CallbackMetadata", {}).get("Item", [])
    values: dict[str, Any] = {each["Name"]: each.get("Value") for each in items}
    return str(values.get("PhoneNumber", ""))

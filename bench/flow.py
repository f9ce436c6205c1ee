"""One payment after another through a team's three functions, counted at the wire."""

import json
import random
import statistics
from typing import Any
from urllib.parse import urlsplit

import boto3
from payments.http.answers import next_poll_seconds

from bench.running import finish, invoke, invoke_both, order, start
from bench.subjects import BASE, Subject, product_function
from tests.support.lambdas import LISTED_IP, http_event

PRICE_KES = 100
PAYMENTS = 24
COUNTED = 10
FEW, MANY = 2, 12
PAID_AFTER_SECONDS = 15
PEER_POLL_SECONDS = 2
BURST_PAYMENTS = 900
CALLBACKS, ROUNDS = 300, 3
BURST_DUPLICATES = 100
STK_PUSH = "/api/payment/mpesa/stk-push"
STATUS = "/api/payment/mpesa/status/{id}"
CALLBACK = "/api/payment/callback/{payment_id}/{token}"
CONSULTATION = "/api/consultations/{booking_id}"
type Event = dict[str, Any]
type Team = dict[str, Subject]
HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}


def event(method: str, route: str, path: str, body: object, now: float, **more: Any) -> Event:
    """An HTTP API event with what a real one always has."""
    made = http_event(method, route, path=path, body=body, now=now, headers=HEADERS, **more)
    made["requestContext"]["stage"] = "$default"
    if "client_id" in more:
        # What the peers' authorizer found; the product does not read it.
        made["requestContext"]["authorizer"] = {"lambda": {"sub": more["client_id"]}}
    return made


def phone_of(number: int) -> str:
    """The phone of customer number N."""
    return f"2547{30_000_000 + number}"


def push_event(number: int, now: float) -> Event:
    """Customer number N pays for booking number N."""
    body = {
        "phone_number": phone_of(number),
        "amount": PRICE_KES,
        "booking_id": f"booking-{number}",
    }
    return event("POST", STK_PUSH, STK_PUSH, body, now, client_id=f"client-{number}")


def status_event(number: int, identifier: str, now: float) -> Event:
    """The customer's frontend polls."""
    path = STATUS.replace("{id}", identifier)
    return event("GET", STATUS, path, None, now, client_id=f"client-{number}")


def callback_event(delivery: dict[str, str], now: float) -> Event:
    """Safaricom calls back."""
    path = urlsplit(delivery["url"]).path
    route = CALLBACK if path.count("/") > 3 else path
    return event("POST", route, path, delivery["body"], now, source_ip=LISTED_IP)


def prepare(team: str, numbers: range, now: float) -> None:
    """One booking per payment in the team's tables."""
    if team == "product":
        body = {"price_kes": PRICE_KES, "status": "Pending"}
        events = [
            event(
                "PUT",
                CONSULTATION,
                f"/api/consultations/booking-{number}",
                {**body, "client_id": f"client-{number}"},
                now,
                client_id="booking-system",
                scopes="consultations:write",
            )
            for number in numbers
        ]
        expect(invoke(product_function("Consultations"), events), 200)
        return
    client = boto3.client(
        "dynamodb",
        endpoint_url=BASE,
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    for number in numbers:
        item = {"id": f"booking-{number}", "payment_status": "Pending"}
        values: dict[str, Any] = {name: {"S": text} for name, text in item.items()}
        values["price_kes"] = {"N": str(PRICE_KES)}
        client.put_item(TableName="peer-consultations", Item=values)


def push(team: Team, numbers: range, now: float) -> dict[str, Any]:
    """Every customer asks to pay."""
    report = invoke(team["stk_push"], [push_event(number, now) for number in numbers])
    expect(report, 200)
    return report


def measure(name: str, team: Team, now: float) -> dict[str, Any]:
    """Everything measured along one flow."""
    order("reset")
    prepare(name, range(PAYMENTS), now)
    counts = [order("counts")]
    pushed = push(team, range(PAYMENTS), now)
    counts.append(order("counts"))
    ids = [json.loads(answer["body"])["CheckoutRequestID"] for answer in pushed["answers"]]
    polls = PAID_AFTER_SECONDS // PEER_POLL_SECONDS
    if name == "product":
        polls = polls_within(PAID_AFTER_SECONDS)
    asked = [(number, ids[number]) for number in range(COUNTED) for _ in range(polls)]
    polled = invoke(team["status"], [status_event(*pair, now) for pair in asked])
    expect(polled, 200)
    counts.append(order("counts"))
    deliveries = order("settle", seconds=PAID_AFTER_SECONDS + 10)
    offset = PAID_AFTER_SECONDS + 10.0
    callbacks = [callback_event(each, now) for each in deliveries]
    counts.append(order("counts"))
    applied = invoke(team["callback"], callbacks[:COUNTED], offset=offset)
    expect(applied, 200)
    counts.append(order("counts"))
    parts = (callbacks[COUNTED : COUNTED + FEW], callbacks[COUNTED + FEW :])
    few, many = invoke_both(team["callback"], parts, offset=offset)
    finals = [status_event(number, ids[number], now) for number in range(PAYMENTS)]
    before_last = order("counts")
    last = invoke(team["status"], finals, offset=offset)
    words = [json.loads(answer["body"])["status"] for answer in last["answers"]]
    assert words == ["completed"] * PAYMENTS, words
    after_last = order("counts")
    return {
        "warm_callback_instructions": (many["instructions"] - few["instructions"]) / (MANY - FEW),
        "cpu_ms": {
            "stk_push": pushed["cpu_seconds"] / PAYMENTS * 1e3,
            "status pending": polled["cpu_seconds"] / len(asked) * 1e3,
            "status final": last["cpu_seconds"] / PAYMENTS * 1e3,
            "callback": applied["cpu_seconds"] / COUNTED * 1e3,
        },
        "log_bytes": {
            "stk_push": pushed["log_bytes"] / PAYMENTS,
            "status": polled["log_bytes"] / len(asked),
            "callback": applied["log_bytes"] / COUNTED,
        },
        "polls_while_pending": polls,
        "first_kilobytes": {
            "stk_push": pushed["first_kilobytes"],
            "status": polled["first_kilobytes"],
            "callback": applied["first_kilobytes"],
        },
        "per_call": {
            "stk_push": difference(counts[0], counts[1], PAYMENTS),
            "status pending": difference(counts[1], counts[2], len(asked)),
            "callback": difference(counts[3], counts[4], COUNTED),
            "status final": difference(before_last, after_last, PAYMENTS),
        },
    }


def first_events(teams: dict[str, Team], now: float) -> list[tuple[Subject, Event]]:
    """For each team one settled payment's callback and poll, to be asked again and again."""
    order("reset")
    cases = []
    for number, (name, team) in enumerate(teams.items()):
        prepare(name, range(number, number + 1), now)
        [pushed] = push(team, range(number, number + 1), now)["answers"]
        [delivery] = order("settle", seconds=30)
        callback = callback_event(delivery, now)
        expect(invoke(team["callback"], [callback], offset=30.0), 200)
        identifier = json.loads(pushed["body"])["CheckoutRequestID"]
        cases.append((team["callback"], callback))
        cases.append((team["status"], status_event(number, identifier, now)))
    return cases


def burst(team: Team, now: float) -> dict[str, Any]:
    """1,000 callbacks with 100 duplicates, on two instances at once."""
    order("reset")
    prepare("product", range(BURST_PAYMENTS), now)
    push(team, range(BURST_PAYMENTS), now)
    deliveries = order("settle", seconds=30)
    chance = random.Random(1)
    deliveries += chance.sample(deliveries, BURST_DUPLICATES)
    chance.shuffle(deliveries)
    events = [callback_event(each, now) for each in deliveries]
    running = [start(team["callback"], events[half::2], offset=30.0) for half in (0, 1)]
    reports = [finish(each) for each in running]
    for report in reports:
        expect(report, 200)
    cpu = sum(report["cpu_seconds"] for report in reports)
    return {
        "callbacks": len(events),
        "transitions": order("transitions"),
        "cpu_ms_per_callback": cpu / len(events) * 1e3,
    }


def throughput(teams: dict[str, Team], now: float) -> dict[str, dict[str, float]]:
    """Callbacks per CPU second of one warm instance of each team, measured in turns."""
    order("reset")
    waiting: dict[str, list[Event]] = {}
    for place, (name, team) in enumerate(teams.items()):
        numbers = range(place * CALLBACKS, (place + 1) * CALLBACKS)
        prepare(name, numbers, now)
        push(team, numbers, now)
    by_phone = {_phone_in(each): each for each in order("settle", seconds=30)}
    for place, name in enumerate(teams):
        numbers = range(place * CALLBACKS, (place + 1) * CALLBACKS)
        waiting[name] = [callback_event(by_phone[phone_of(number)], now) for number in numbers]
    rounds: dict[str, list[float]] = {name: [] for name in teams}
    size = CALLBACKS // ROUNDS
    for turn in range(ROUNDS):
        for name, team in teams.items():
            events = waiting[name][turn * size : (turn + 1) * size]
            report = invoke(team["callback"], events, offset=30.0)
            expect(report, 200)
            warm = report["cpu_seconds"] - report["first_cpu_seconds"]
            rounds[name].append((size - 1) / warm)
    return {
        name: {"callbacks_per_cpu_second": statistics.median(rates)}
        for name, rates in rounds.items()
    }


def _phone_in(delivery: dict[str, str]) -> str:
    """The phone that a callback of money names."""
    items = json.loads(delivery["body"])["Body"]["stkCallback"]["CallbackMetadata"]["Item"]
    [phone] = [each["Value"] for each in items if each["Name"] == "PhoneNumber"]
    return str(phone)


def difference(before: dict[str, Any], after: dict[str, Any], among: int) -> dict[str, float]:
    """What one call caused, on average."""
    calls = {name: number - before["calls"].get(name, 0) for name, number in after["calls"].items()}
    tokens = calls.get("daraja generate", 0)
    return {
        "dynamodb_calls": (after["dynamodb_calls"] - before["dynamodb_calls"]) / among,
        "read_units": (after["read_units"] - before["read_units"]) / among,
        "write_units": (after["write_units"] - before["write_units"]) / among,
        "daraja_pushes": calls.get("daraja processrequest", 0) / among,
        "daraja_queries": calls.get("daraja query", 0) / among,
        "token_fetches": float(tokens),
        "secret_reads": float(calls.get("GetSecretValue", 0)),
    }


def polls_within(seconds: int) -> int:
    """How often the product's own schedule lets a page look within so many seconds."""
    age, polls = 0, 0
    while (age := age + next_poll_seconds(age)) <= seconds:
        polls += 1
    return polls


def expect_answered(report: dict[str, Any]) -> None:
    """Stop where a function refused or failed."""
    for answer in report["answers"]:
        if answer.get("isAuthorized") is not True and answer.get("statusCode") != 200:
            raise RuntimeError(f"not answered: {answer}")


def expect(report: dict[str, Any], status: int) -> None:
    """Stop where any answer was another: then the teams did not do the same."""
    wrong = [answer for answer in report["answers"] if answer["statusCode"] != status]
    if wrong:
        raise RuntimeError(f"{len(wrong)} answers were not {status}: {wrong[0]}")

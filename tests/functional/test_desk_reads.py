"""What the desk shows: the day by hours, M-Pesa's statement, older payments, named receipts."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from payments.http.desk_statement import CELLS, LINES_MAX
from payments.values import EAT, eat_day

from tests.functional.operator_desk import ACCOUNT, Desk, in_review, pay, start
from tests.functional.refunding import Refunding, send_refund
from tests.functional.test_desk import Staff, scene, staff
from tests.functional.test_hakika_money import by_hand
from tests.functional.test_paybill import RECEIPT
from tests.functional.test_receipt_claims import claim
from tests.support.network import Lines
from tests.support.world import PHONE, World

__all__ = ["scene"]
STATEMENT = "/api/desk/statement"
HEADING = (
    "Receipt No.,Completion Time,Transaction Status,Paid In,Withdrawn,Linked Transaction ID,"
    "A/C No.,Reason Type"
)


def search(browser: Staff, **query: str) -> Any:
    return browser("GET", "/api/desk/search", **query).body


def days(browser: Staff, first: str) -> Any:
    return browser("GET", "/api/desk/days", **{"from": first}).body


def cells(receipt: str, at: int, paid_in: str = "1,000.00", *, account: str = "") -> list[str]:
    time = datetime.fromtimestamp(at, EAT).strftime("%d-%m-%Y %H:%M:%S")
    return [receipt, time, "Completed", paid_in, "", "", account, "Pay Bill Online"]


def three(world: World, *, second: str = "cancels") -> list[str]:
    """Three customers start to pay, one after the other; their payments' ids."""
    made = []
    for number, scenario in enumerate(("pays", second, "pays"), start=1):
        world.register(str(number))
        world.daraja.set_next(scenario)
        made.append(world.initiate(str(number)).body["payment_id"])
        world.pass_time(400)
    return made


def test_a_day_is_counted_by_the_hour(scene: Refunding) -> None:
    browser = staff(scene, "v", "viewer")
    day = eat_day(int(scene.clock()))
    paid_hour = datetime.fromtimestamp(scene.clock(), EAT).hour
    send_refund(scene, scene.owed())
    scene.pass_a_day(until=60)
    scene.register("2")
    scene.pay("cancels", booking_id="2", phone="254708374142")
    by_hand(scene, TransTime=datetime.fromtimestamp(scene.clock(), EAT).strftime("%Y%m%d%H%M%S"))
    scene.pass_time(60)
    shown = days(browser, day)
    [hour] = shown["hours"][day]
    assert int(hour) == paid_hour
    one = {"count": 1, "amount_kes": 1000}
    assert shown["hours"][day][hour] == dict.fromkeys(
        ("received", "refunded", "failed", "unclaimed"), one
    )
    assert shown["days"][day]["cancelled"]["count"] + shown["days"][day]["failed"]["count"] == 2
    assert days(browser, "2026-01-01")["hours"] == {"2026-01-01": {}}


def test_a_day_counts_what_was_paid_and_not_what_was_asked(world: World) -> None:
    payment = world.payment(in_review(world))
    assert payment.paid_amount_kes is not None
    assert payment.paid_amount_kes != payment.amount_kes
    day = eat_day(payment.received_at or 0)
    [hour] = days(staff(world, "v", "viewer"), day)["hours"][day].values()
    assert hour["received"] == {"count": 1, "amount_kes": payment.paid_amount_kes}


def test_a_statement_is_compared_by_the_function_of_the_command(
    world: World, tmp_path: Path
) -> None:
    paid, lost, here = (world.payment(payment_id) for payment_id in three(world))
    at = paid.transaction_at or 0
    lines = [
        cells(str(paid.receipt_number), at),
        cells("UKR1LOST01", lost.created_at + 20, account=str(lost.account_reference)),
        cells("UKR1STRANG", int(world.clock()), "77.00", account="ROOM 4"),
        cells("UKR1BROKEN", at, "a lot"),
    ]
    file = tmp_path / "statement.csv"
    rows = [",".join(f'"{cell}"' for cell in line) for line in lines]
    file.write_text("\n".join([HEADING, *rows]))
    browser = staff(world, "v", "viewer")
    before = world.items("")
    numbered = [[number, *line] for number, line in enumerate(lines, start=2)]
    answer = browser("POST", STATEMENT, send={"lines": numbered})
    commands = Desk(world).json("reconcile-statement", str(file))
    assert answer.body["counts"] == commands["counts"]
    assert answer.body["unreadable"] == commands["unreadable"]
    facts = ("verdict", "is_certain", "receipt_number", "returned_kes", "account", "payment_id")
    assert [[each[name] for name in facts] for each in answer.body["matches"]] == [
        [each[name] for name in facts] for each in commands["matches"]
    ]
    steps = {each["receipt_number"]: each["step"] for each in answer.body["matches"]}
    assert steps == {
        paid.receipt_number: None,
        "UKR1LOST01": "record_receipt",
        "UKR1STRANG": None,
        here.receipt_number: "look",
    }
    assert PHONE not in json.dumps(answer.body)
    assert world.items("") == before, "a statement was stored"


def test_money_whose_receipt_is_pending_is_listed_once(world: World) -> None:
    payment_id = pay(world, scenario="callback_lost")
    world.pass_time(130)
    world.clean_up()
    paid = world.payment(payment_id)
    assert (paid.status, paid.receipt_number) == ("completed", None)
    line = cells("UKR1LATE01", paid.received_at or 0, account=str(paid.account_reference))
    shown = staff(world, "v", "viewer")("POST", STATEMENT, send={"lines": [[2, *line]]}).body
    told = [(each["verdict"], each["payment_id"]) for each in shown["matches"]]
    assert told == [("only_there", payment_id)]


def test_money_between_two_pages_of_a_statement_is_looked_for(world: World) -> None:
    first, between, last = (world.payment(payment_id) for payment_id in three(world, second="pays"))
    browser = staff(world, "v", "viewer")
    line = [2, *cells(str(last.receipt_number), last.received_at or 0)]
    alone = browser("POST", STATEMENT, send={"lines": [line]}).body
    assert alone["counts"]["only_here"] == 0
    before = cells(str(first.receipt_number), first.received_at or 0)[1]
    after = browser("POST", STATEMENT, send={"lines": [line], "previous": before}).body
    only_here = {
        each["receipt_number"] for each in after["matches"] if each["verdict"] == "only_here"
    }
    assert between.receipt_number in only_here


GOOD = [2, *("" for _ in CELLS)]


@pytest.mark.parametrize(
    "send",
    [
        {},
        {"lines": "all"},
        {"lines": []},
        {"lines": [GOOD] * (LINES_MAX + 1)},
        {"lines": [GOOD[:-1]]},
        {"lines": [["2", *GOOD[1:]]]},
        {"lines": [[True, *GOOD[1:]]]},
        {"lines": [[*GOOD[:-1], "x" * 65]]},
        {"lines": [[*GOOD[:-1], None]]},
        {"lines": [GOOD], "previous": "yesterday"},
    ],
)
def test_a_page_that_is_none_is_refused(world: World, send: dict[str, object]) -> None:
    answer = staff(world, "v", "viewer")("POST", STATEMENT, send=send)
    assert (answer.status, answer.body["code"]) == (400, "invalid_lines")


def test_an_older_payment_is_found_on_its_day(world: World) -> None:
    payment_id = pay(world, "1")
    day = eat_day(world.payment(payment_id).created_at)
    world.pass_time(3 * 86_400)
    browser = staff(world, "v", "viewer")
    for typed in (f"0{PHONE[3:]}", "1", "7", "KES 1,000"):
        found = search(browser, q=typed, day=day)["payments"]
        assert [each["payment_id"] for each in found] == [payment_id], typed
        assert search(browser, q=typed, day="2026-01-01")["payments"] == []
    assert search(browser, q="1,001", day=day)["payments"] == []
    assert search(browser, q="1", day="today")["code"] == "invalid_from"


def test_no_search_reads_the_whole_table() -> None:
    asked: list[tuple[str, object]] = []

    def note(operation: str, request: dict[str, Any], execute: Any) -> Any:
        asked.append((operation, request.get("IndexName")))
        return execute()

    world = World(network=Lines(note))
    payment = world.payment(pay(world, "1"))
    day = eat_day(payment.created_at)
    browser = staff(world, "v", "viewer")
    for query in (
        {"q": payment.payment_id},
        {"q": str(payment.receipt_number)},
        {"q": str(payment.phone_number)},
        {"q": payment.booking_id},
        {"q": str(payment.account_reference)},
        {"q": str(payment.checkout_request_id)},
        {"q": "nothing has this"},
        {"q": str(payment.phone_number), "day": day},
    ):
        asked.clear()
        search(browser, **query)
        assert {operation for operation, _ in asked} <= {"GetItem", "BatchGetItem", "Query"}
        of_days = [index for _, index in asked if index == "by_day"]
        assert len(of_days) == (4 if "day" in query else 0), query
        assert len(asked) <= 10, asked
    world.close()


def test_the_story_tells_who_saw_the_number_and_what_the_customer_named(world: World) -> None:
    payment_id = start(world, scenario="cancels")
    world.pass_time(60)
    assert claim(world, payment_id).status == 202
    browser = staff(world, "grace", "clerk")
    assert browser.act(payment_id, "reveal_phone").status == 200
    story = browser.story(payment_id)
    [named] = story["receipt_claims"]
    assert named["receipt_number"] == RECEIPT
    told = {moment["type"]: moment for moment in story["timeline"]}
    assert told["ReceiptNamed"]["receipt_number"] == RECEIPT
    assert (told["NumberShown"]["by"], told["NumberShown"]["reason"]) == (
        "staff:grace",
        "the customer called",
    )
    assert [moment["at"] for moment in story["timeline"]] == sorted(
        moment["at"] for moment in story["timeline"]
    )


STEPS = {
    "reconcile now": "ask_mpesa",
    "resolve ID complete": "review_complete",
    "resolve ID refund-due": "review_refund_due",
    "resolve ID bogus": "review_bogus",
    "record-receipt ID": "record_receipt",
    "attention clear": "clear_attention",
    "refund request": "request_refund",
    "refund withdraw": "withdraw_refund",
    "refund settle ID reversed": "refund_reversed",
    "refund settle ID not-reversed": "refund_not_reversed",
    "refund mark": "mark_refunded",
}
"""A line that `hakika payment show` proposes, and the act of the desk."""


def _owed_and_requested(world: Refunding) -> str:
    payment_id = world.owed()
    world.request(payment_id, by="staff:grace")
    return payment_id


def _unresolved(world: Refunding) -> str:
    payment_id = world.owed()
    world.daraja.set_next("ack_hang_lost", api="reversal")
    world.send(payment_id)
    world.pass_a_day()
    world.clean_up()
    return payment_id


def _open(world: Refunding) -> str:
    return start(world, scenario="waits")


def _failed(world: Refunding) -> str:
    payment_id = start(world, scenario="cancels")
    world.pass_time(60)
    return payment_id


SITUATIONS = {
    "open": _open,
    "failed": _failed,
    "completed": pay,
    "review": in_review,
    "owed": lambda world: world.owed(),
    "requested": _owed_and_requested,
    "unresolved": _unresolved,
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_the_command_and_the_desk_propose_the_same(scene: Refunding, name: str) -> None:
    payment_id = SITUATIONS[name](scene)
    shown = Desk(scene)("payment", "show", payment_id).out.replace(payment_id, "ID")
    proposed = {act for line, act in STEPS.items() if line in shown}
    offered = {each["act"] for each in staff(scene, "grace", "approver").story(payment_id)["acts"]}
    only_at_the_desk = {"reveal_phone", "approve_refund", "reject_refund"}
    assert offered - only_at_the_desk == proposed


def test_what_an_operator_did_is_told_at_the_desk(world: World) -> None:
    payment_id = in_review(world)
    assert Desk(world)("review", "resolve", payment_id, "refund-due", *ACCOUNT).code == 0
    last = staff(world, "v", "viewer").story(payment_id)["timeline"][-1]
    assert (last["type"], last["by"]) == ("RefundDue", "operator:njeri")

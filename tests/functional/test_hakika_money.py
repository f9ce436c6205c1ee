"""`hakika money`: what waits is shown with proposals; an act holds for what was shown."""

from __future__ import annotations

import json

import pytest
from payments.store.items import receipt_key
from payments.values import daraja_timestamp

from tests.functional.operator_desk import Desk, pay, start
from tests.functional.test_paybill import RECEIPT, body
from tests.support.world import World

ACCOUNT = ("--who", "njeri", "--why", "statement of today", "--yes")


def by_hand(world: World, **changes: str) -> None:
    """Money arrives that no prompt of ours asked for."""
    assert world.post_to_paybill(world.c2b_url(), body(**changes)).status == 200


def state_of(world: World, receipt: str = RECEIPT) -> tuple[object, object]:
    row = world.receipt_rows()[receipt]
    return row.get("payment_id"), row.get("set_aside")


def test_waiting_money_is_listed_without_a_whole_number(desk: Desk, world: World) -> None:
    assert desk.json("money", "list") == []
    assert "No money waits" in desk("money", "list").out
    by_hand(world)
    [listed] = desk.json("money", "list")
    assert (listed["receipt_number"], listed["amount_kes"]) == (RECEIPT, 1000)
    assert (listed["typed_account"], listed["state"]) == ("RENT7", "unclaimed")
    assert "JUMA" not in json.dumps(listed)
    assert RECEIPT in desk("money", "list").out


def test_a_receipt_is_proposed_to_the_booking_that_was_typed_and_attached_to_it(
    desk: Desk, world: World
) -> None:
    world.register("1")
    by_hand(world, BillRefNumber="1")
    shown = desk.json("money", "show", RECEIPT)
    assert [(each["booking_id"], each["payment_id"]) for each in shown["proposals"]] == [
        ("1", None)
    ]
    after = desk.json("money", "attach", RECEIPT, "--booking", "1", *ACCOUNT)
    assert (after["status"], after["receipt_number"]) == ("completed", RECEIPT)
    assert world.consultation("1")["paid_payment_id"] == after["payment_id"]
    assert desk.json("money", "list") == []
    asked = desk.json("money", "show", RECEIPT)["instructions"]
    assert [(each["by"], each["asked"]) for each in asked] == [
        ("operator:njeri", "attach to booking 1")
    ]
    refused = desk("money", "attach", RECEIPT, "--booking", "1", *ACCOUNT)
    assert (refused.code, "bound" in refused.err) == (1, True)


def test_a_receipt_is_proposed_to_the_payment_whose_prompt_was_open(
    desk: Desk, world: World
) -> None:
    payment_id = pay(world, scenario="pays+callback_lost")
    world.pass_time(200)
    world.clean_up()
    assert world.payment(payment_id).receipt_number is None
    now = world.payment(payment_id).created_at + 30
    by_hand(world, BillRefNumber="", TransTime=daraja_timestamp(now), MSISDN="")
    [proposal] = desk.json("money", "show", RECEIPT)["proposals"]
    assert proposal["payment_id"] == payment_id
    after = desk.json("money", "attach", RECEIPT, "--payment", payment_id, *ACCOUNT)
    assert (after["status"], after["receipt_number"]) == ("completed", RECEIPT)
    assert state_of(world) == (payment_id, None)
    checked = desk.json("money", "check")
    assert (checked["payments"], checked["findings"], checked["unclaimed"]) == (1, [], 0)


def test_an_act_on_a_payment_that_moved_meanwhile_writes_nothing(desk: Desk, world: World) -> None:
    payment_id = start(world)
    by_hand(world)

    def meanwhile() -> str:
        world.pass_time(3)
        world.enter_pin()
        world.pass_time(20)
        return "y"

    answer = desk(
        *("money", "attach", RECEIPT, "--payment", payment_id, "--who", "njeri", "--why", "sms"),
        says=[meanwhile],
    )
    assert answer.code == 1
    assert state_of(world) == (None, None)


@pytest.mark.parametrize("reason", ["sweep", "test", "handled_elsewhere", "not_known_to_mpesa"])
def test_money_is_set_aside_and_waits_again(desk: Desk, world: World, reason: str) -> None:
    by_hand(world)
    aside = desk.json("money", "set-aside", RECEIPT, reason, *ACCOUNT)
    assert (aside["state"], aside["set_aside_by"]) == ("set_aside", "operator:njeri")
    assert state_of(world) == (None, reason)
    refused = desk("money", "owe-back", RECEIPT, *ACCOUNT)
    assert refused.code == 1
    assert desk.json("money", "reopen", RECEIPT, *ACCOUNT)["state"] == "unclaimed"


@pytest.mark.parametrize(("amount", "may_be_its"), [("999.50", False), ("", True)])
def test_money_of_no_known_amount_is_recorded_or_set_aside(
    desk: Desk, world: World, amount: str, may_be_its: bool
) -> None:
    """Whatever else was offered would be refused."""
    payment_id = start(world)
    typed = str(world.payment(payment_id).account_reference)
    by_hand(world, BillRefNumber=typed, TransAmount=amount)
    steps = desk("money", "show", RECEIPT).out
    recorded = f"hakika record-receipt {payment_id} --receipt {RECEIPT}"
    assert (recorded in steps) is may_be_its
    assert "set-aside" in steps
    assert "owe-back" not in steps
    refused = desk("money", "owe-back", RECEIPT, *ACCOUNT)
    assert (refused.code, "record it for its payment" in refused.err) == (1, True)


def test_money_is_owed_back(desk: Desk, world: World) -> None:
    by_hand(world)
    after = desk.json("money", "owe-back", RECEIPT, *ACCOUNT)
    assert (after["status"], after["paid_amount_kes"]) == ("refund_due", 1000)


def test_a_receipt_that_is_booked_elsewhere_than_its_payment_says_is_a_finding(
    desk: Desk, world: World
) -> None:
    payment_id = pay(world)
    receipt = str(world.payment(payment_id).receipt_number)
    world.store_item({**receipt_key(receipt), "payment_id": "f" * 32})
    [finding] = desk.json("money", "check")["findings"]
    assert f"booked on payment {'f' * 32}" in finding


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (("attach", RECEIPT), "Name one of"),
        (("attach", RECEIPT, "--payment", "1", "--booking", "1"), "Name one of"),
        (("set-aside", RECEIPT, "lost"), "is meant"),
    ],
)
def test_a_wrong_line_changes_nothing(
    desk: Desk, world: World, line: tuple[str, ...], said: str
) -> None:
    by_hand(world)
    answer = desk("money", *line, *ACCOUNT)
    assert (answer.code, said in answer.err) == (2, True)
    assert state_of(world) == (None, None)


def test_a_receipt_that_nobody_named_is_asked_about(desk: Desk) -> None:
    answer = desk("money", "show", "SKI7HAND99")
    assert (answer.code, "hakika money ask SKI7HAND99" in answer.err) == (1, True)


def test_the_check_counts_who_named_the_money_first_and_what_waits(
    desk: Desk, world: World
) -> None:
    pay(world)
    world.pass_time(700)
    world.register("2")
    pay(world, "2", scenario="pays+callback_lost")
    world.pass_time(200)
    world.clean_up()
    by_hand(world, BillRefNumber="nothing of ours")
    checked = desk.json("money", "check")
    [day] = checked["first_witness"]
    assert (day["payments"], day["not_callback_percent"]) == (2, 50)
    assert day["by"] == {"callback": 1, "query": 1}
    assert (checked["unclaimed"], checked["unclaimed_kes"]) == (1, 1000)
    out = desk("money", "check").out
    assert "50% not by a callback" in " ".join(out.split())

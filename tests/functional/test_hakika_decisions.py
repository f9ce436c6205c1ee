"""What the operator changes: with who and why, by the same transitions as everything else."""

import json

import pytest

from tests.functional.faulty import callback_body
from tests.functional.operator_desk import ACCOUNT, Desk, in_review, pay, start
from tests.support.world import World

DEAD_CALLBACK = json.dumps(
    {
        "version": 1,
        "payment_id": "0" * 32,
        "token_sha256": "0" * 64,
        "is_listed": True,
        "body": callback_body("ws_CO_191220191020363925708374149", 1032),
    }
)


def test_a_review_that_is_bogus_fails_and_frees_the_consultation(world: World, desk: Desk) -> None:
    payment_id = in_review(world, scenario="callback_missing_receipt")
    answer = desk("review", "resolve", payment_id, "bogus", *ACCOUNT)
    assert answer.code == 0, answer.err
    assert world.payment(payment_id).status == "failed"
    assert world.consultation()["active_payment_id"] is None
    assert world.consultation()["payment_status"] == "Failed"
    shown = world.status(payment_id).body
    assert (shown["status"], shown["ResultCode"]) == ("failed", None), "no longer as code 0"
    assert shown["ResultDesc"] == "No money arrived"


def test_who_and_why_are_kept_in_the_payments_own_event(world: World, desk: Desk) -> None:
    payment_id = in_review(world)
    desk("review", "resolve", payment_id, "refund-due", *ACCOUNT)
    [event] = [item for item in world.items(f"PAY#{payment_id}") if item.get("type") == "RefundDue"]
    assert (event["by"], event["reason"]) == ("operator:njeri", "checked on the statement")
    shown = desk("payment", "show", payment_id)
    assert "operator:njeri" in shown.out
    assert "checked on the statement" in shown.out


def test_a_wrong_amount_cannot_be_completed_and_says_why(world: World, desk: Desk) -> None:
    payment_id = in_review(world)
    before = world.items("")
    answer = desk("review", "resolve", payment_id, "complete", *ACCOUNT)
    assert answer.code == 1
    assert "only the exact price confirms" in answer.err
    assert world.items("") == before


def test_money_owed_is_marked_as_refunded_once(world: World, desk: Desk) -> None:
    payment_id = in_review(world)
    assert desk("refund", "mark", payment_id, *ACCOUNT).code == 1
    desk("review", "resolve", payment_id, "refund-due", *ACCOUNT)
    assert desk.json("refund", "mark", payment_id, *ACCOUNT)["status"] == "refunded"
    assert desk("refund", "mark", payment_id, *ACCOUNT).code == 1
    assert world.events(payment_id)[-1] == "PaymentRefunded"


def test_money_on_the_statement_is_recorded_reviewed_and_completed(
    world: World, desk: Desk
) -> None:
    payment_id = start(world, scenario="push_hang")
    assert world.payment(payment_id).status == "unknown"
    recorded = desk.json(
        *("record-receipt", payment_id, "--receipt", "ski7abc123", "--amount", "1,000.00"),
        *("--at", "2026-09-21 18:14:00", *ACCOUNT),
    )
    assert (recorded["status"], recorded["receipt_number"]) == ("review", "SKI7ABC123")
    assert recorded["transaction_at"] == "2026-09-21T18:14:00+03:00"
    early = desk("review", "resolve", payment_id, "complete", *ACCOUNT)
    assert early.code == 1
    assert "own prompt may still be open" in early.err, "it may have been paid by hand"
    world.pass_time(300)
    assert desk.json("review", "resolve", payment_id, "complete", *ACCOUNT)["status"] == "completed"
    consultation = desk.json("consultation", "show", "1")
    assert (consultation["status"], consultation["paid_payment_id"]) == ("Confirmed", payment_id)


def test_a_completed_payment_no_longer_shows_the_refusal_it_once_had(
    world: World, desk: Desk
) -> None:
    payment_id = start(world, scenario="cancels")
    world.pass_time(60)
    assert world.status(payment_id).body["ResultCode"] == "1032"
    desk("record-receipt", payment_id, "--receipt", "ski7abc123", "--amount", "1000", *ACCOUNT)
    desk("review", "resolve", payment_id, "complete", *ACCOUNT)
    shown = world.status(payment_id).body
    assert (shown["status"], shown["ResultCode"]) == ("completed", "0")


def test_a_receipt_cannot_be_recorded_for_two_payments(world: World, desk: Desk) -> None:
    first = pay(world, "1")
    receipt = world.payment(first).receipt_number or ""
    world.pass_time(400)
    second = start(world, "2", scenario="push_hang")
    answer = desk("record-receipt", second, "--receipt", receipt, "--amount", "1000", *ACCOUNT)
    assert answer.code == 1
    assert "belongs to another payment" in answer.err
    assert world.payment(second).status == "unknown"


def test_a_person_at_the_terminal_is_asked_who_why_and_whether(world: World, desk: Desk) -> None:
    payment_id = in_review(world, scenario="callback_missing_receipt")
    answer = desk("review", "resolve", payment_id, "bogus", says=["", "no such money", "y"])
    assert answer.code == 0
    assert "Operators/njeri" in answer.err
    [event] = [i for i in world.items(f"PAY#{payment_id}") if i.get("type") == "PaymentFailed"]
    assert (event["by"], event["reason"]) == ("operator:Operators/njeri", "no such money")


def test_saying_no_changes_nothing(world: World, desk: Desk) -> None:
    payment_id = in_review(world, scenario="callback_missing_receipt")
    before = world.items("")
    answer = desk("review", "resolve", payment_id, "bogus", says=["njeri", "no such money", "n"])
    assert (answer.code, world.items("")) == (1, before)
    assert "Nothing was changed" in answer.err


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--who", "njeri", "--why", "x"), "--yes"),
        (("--who", "njeri", "--yes"), "--why is required"),
        (("--who", " ", "--why", "x", "--yes"), "--who is required"),
        (("--who", "njeri", "--why", "called from 0708 374 149", "--yes"), "phone number"),
        (("--who", "njeri", "--why", "called from +254708374149", "--yes"), "phone number"),
        (("--who", "njeri", "--why", "x" * 201, "--yes"), "longer than 200"),
        (("--who", "nj\x1b[31meri", "--why", "x", "--yes"), "cannot be printed"),
    ],
)
def test_no_change_without_who_why_and_consent(
    world: World, desk: Desk, options: tuple[str, ...], complaint: str
) -> None:
    payment_id = in_review(world, scenario="callback_missing_receipt")
    before = world.items("")
    answer = desk("review", "resolve", payment_id, "bogus", *options)
    assert (answer.code, answer.out) == (2, "")
    assert complaint in " ".join(answer.err.split())
    assert world.items("") == before


@pytest.mark.parametrize(
    "line",
    [
        ("review", "resolve", "PAYMENT", "bogus"),
        ("consultation", "set", "1", "--status", "Cancelled"),
        ("callbacks", "replay"),
    ],
    ids=" ".join,
)
def test_a_script_that_did_not_agree_reads_one_json_error(
    world: World, desk: Desk, line: tuple[str, ...]
) -> None:
    payment_id = in_review(world, scenario="callback_missing_receipt")
    desk.queues.add(DEAD_CALLBACK)
    account = () if line[0] == "callbacks" else ACCOUNT[:-1]
    typed = [payment_id if word == "PAYMENT" else word for word in line]
    answer = desk(*typed, *account, "--json")
    assert (answer.code, answer.out) == (2, "")
    assert "--yes" in json.loads(answer.err)["error"]


def test_a_lost_callback_is_made_good_at_once(world: World, desk: Desk) -> None:
    payment_id = pay(world, scenario="callback_lost")
    world.pass_time(110)
    assert world.payment(payment_id).status == "pending"
    assert desk.json("reconcile", "now", payment_id)["status"] == "completed"
    assert world.consultation()["status"] == "Confirmed"


def test_hurrying_decides_nothing_that_waiting_would_not(world: World, desk: Desk) -> None:
    payment_id = start(world, scenario="query_success_before_pin")
    world.pass_time(5)
    assert desk.json("reconcile", "now", payment_id)["status"] == "pending"
    assert world.consultation()["status"] == "Pending"


def test_who_asks_again_at_once_waits_for_the_gate_and_has_an_answer(
    world: World, desk: Desk
) -> None:
    payment_id = start(world, scenario="query_success_before_pin")
    asked = []
    for _ in range(2):
        assert desk.json("reconcile", "now", payment_id)["status"] == "pending"
        asked.append(world.clock())
    assert asked[1] - asked[0] >= 12


def test_a_payment_whose_money_is_settled_is_not_asked_about(world: World, desk: Desk) -> None:
    payment_id = pay(world)
    before = world.items("")
    answer = desk("reconcile", "now", payment_id)
    assert answer.code == 0
    assert "nothing to add" in answer.err
    assert "completed" in answer.out
    assert world.items("") == before


def test_a_payment_without_an_id_cannot_be_asked_about(world: World, desk: Desk) -> None:
    payment_id = start(world, scenario="push_hang")
    answer = desk("reconcile", "now", payment_id)
    assert answer.code == 1
    assert str(world.payment(payment_id).account_reference) in answer.err


def test_everything_due_is_reconciled_by_the_deployed_function(world: World, desk: Desk) -> None:
    payment_id = pay(world, scenario="callback_lost")
    world.pass_time(110)
    report = desk.json("reconcile", "now")
    assert report == {"looked_at": 1, "settled": 1, "poisoned": 0}
    assert world.payment(payment_id).status == "completed"


def test_a_failing_cleanup_function_is_told(desk: Desk) -> None:
    desk.functions.failure = '{"errorMessage": "no table"}'
    answer = desk("reconcile", "now")
    assert answer.code == 1
    assert "no table" in answer.err


def test_attention_is_cleared_and_only_once(world: World, desk: Desk) -> None:
    payment_id = start(world, scenario="push_hang_lost")
    world.pass_time(172_900, cleans_up=False)
    world.clean_up()
    assert world.payment(payment_id).attention == "no_checkout_request_id"
    assert desk.json("attention", "clear", payment_id, *ACCOUNT)["attention"] is None
    assert world.payment(payment_id).status == "cancelled"
    again = desk("attention", "clear", payment_id, *ACCOUNT)
    assert again.code == 1


def test_cancelling_a_confirmed_consultation_owes_its_money_back(world: World, desk: Desk) -> None:
    payment_id = pay(world)
    answer = desk(
        "consultation", "set", "1", "--status", "Cancelled", says=["njeri", "doctor ill", "y"]
    )
    assert answer.code == 0
    assert "KES 1,000 is owed back" in answer.err
    assert world.payment(payment_id).status == "refund_due"
    [event] = [i for i in world.items(f"PAY#{payment_id}") if i.get("type") == "RefundDue"]
    assert (event["by"], event["reason"]) == ("operator:njeri", "doctor ill")


def test_who_set_a_consultation_and_why_is_kept_beside_it(world: World, desk: Desk) -> None:
    desk("consultation", "set", "9", "--client", "7", "--price", "1,500", *ACCOUNT)
    world.pass_time(60)
    desk("consultation", "set", "9", "--price", "900", "--who", "asha", "--why", "agreed", "--yes")
    first, second = desk.json("consultation", "show", "9")["instructions"]
    assert (first["by"], first["reason"]) == ("operator:njeri", "checked on the statement")
    assert (second["by"], second["reason"]) == ("operator:asha", "agreed")
    assert second["asked"] == ("Pending, Unpaid, KES 1,500 -> Pending, KES 900, client 7")
    assert "operator:asha" in desk("consultation", "show", "9").out
    assert desk("consultation", "set", "9", "--price", "5", says=["asha", "x", "n"]).code == 1
    assert len(desk.json("consultation", "show", "9")["instructions"]) == 2


def test_a_price_cannot_change_under_a_running_payment(world: World, desk: Desk) -> None:
    start(world)
    answer = desk("consultation", "set", "1", "--price", "5", *ACCOUNT)
    assert answer.code == 1
    assert world.consultation()["price_kes"] == 1000

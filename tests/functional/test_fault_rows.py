"""Each row of the protocol's table of faults, through the real handlers, hours on a virtual clock.

Source: docs/protocol.md, section 6; the tests are in its order and have the names of its rows.
"""

from __future__ import annotations

from typing import Any

import pytest
from payments.protocol.payment import PaymentStatus

from tests.functional.faulty import (
    DAY,
    HOUR,
    PUSH_PATH,
    QUERY_PATH,
    CrashError,
    crash_after,
    crash_before,
    lose,
    meanwhile,
    refuse,
    then,
)
from tests.functional.scene import Scene
from tests.support.dynamodb.faults import (
    reply_lost,
    throttled,
    transaction_conflict,
    transaction_in_progress,
)

S = PaymentStatus
TRANSACTION = frozenset({"TransactWriteItems"})


def test_crash_before_the_reservation_commits(scene: Scene) -> None:
    scene.network.next(crash_before, on=TRANSACTION)
    with pytest.raises(CrashError):
        scene.initiate()
    assert scene.items("PAY#") == []
    assert scene.line.paths.count(PUSH_PATH) == 0

    assert scene.initiate().status == 200


@pytest.mark.parametrize("moment", ["reserved", "before the push", "after the push"])
def test_crash_or_timeout_after_the_reservation(scene: Scene, moment: str) -> None:
    if moment == "reserved":
        scene.network.next(crash_after, on=TRANSACTION)
    elif moment == "before the push":
        scene.line.before[PUSH_PATH] = scene.line.crash
    else:
        scene.line.after[PUSH_PATH] = scene.line.crash
        scene.daraja.set_next({"person": "pays", "callback_seconds": 90.0})
    with pytest.raises(CrashError):
        scene.initiate()
    payment_id = scene.only_payment()
    sent = len(scene.daraja.prompts())

    again = scene.initiate()
    assert (again.status, again.body["payment_id"]) == (202, payment_id)
    scene.register("2")
    assert scene.initiate("2").body["code"] == "phone_busy"
    scene.pass_time(61, cleans_up=True)
    scene.clean_up()
    assert scene.payment(payment_id).status is S.UNKNOWN
    assert len(scene.daraja.prompts()) == sent, "it is never sent again"
    if sent:
        scene.pass_time(60)
        assert scene.is_confirmed_by(payment_id)
        return
    scene.pass_time(300 - 61 + 1)
    assert scene.initiate().body["payment_id"] != payment_id, "the locks lapse by themselves"
    scene.pass_time(2 * DAY)
    scene.clean_up()
    assert scene.payment(payment_id).status is S.CANCELLED
    assert scene.payment(payment_id).attention == "no_checkout_request_id"


def test_a_push_that_times_out_is_unknown_until_the_callback_settles_it(scene: Scene) -> None:
    payment_id = scene.pay("waits+push_hang")
    assert scene.payment(payment_id).status is S.UNKNOWN
    scene.pass_time(5)
    scene.enter_pin()
    scene.pass_time(60)
    assert scene.is_confirmed_by(payment_id)


@pytest.mark.parametrize("key", ["a-key", None])
def test_daraja_accepted_but_our_reply_to_the_browser_was_lost(
    scene: Scene, key: str | None
) -> None:
    first, again = scene.initiate(key=key), scene.initiate(key=key)
    assert again.status == first.status == 200
    assert again.body == first.body
    assert len(scene.daraja.prompts()) == 1


@pytest.mark.parametrize("position", range(3))
@pytest.mark.parametrize("times", [1, 2])
def test_dynamodb_committed_the_reply_was_lost_and_the_sdk_retried(
    scene: Scene, position: int, times: int
) -> None:
    """Of reservation, acceptance and result: whichever reply is lost, and lost again."""
    scene.register("2")
    scene.initiate("2", phone="254711111111")  # The token is in hand; three writes are to come.
    scene.network.next(lose(reply_lost), skip=position)
    for _ in range(times - 1):
        scene.network.next(lose(reply_lost))
    payment_id = scene.pay("waits")
    scene.pass_time(5)
    scene.enter_pin()
    scene.pass_time(60)
    assert len(scene.daraja.prompts()) == 2
    assert not scene.network.rules, "every fault was met"
    assert scene.is_confirmed_by(payment_id)
    assert scene.events(payment_id) == ["PaymentCompleted"]


def test_callback_lost(scene: Scene) -> None:
    payment_id = scene.pay("pays+callback_lost")
    scene.pass_time(110, cleans_up=True)
    assert scene.payment(payment_id).status is S.PENDING, "an early query may precede the PIN"
    scene.pass_time(70, cleans_up=True)
    assert scene.is_confirmed_by(payment_id)
    assert scene.payment(payment_id).receipt_pending

    scene.post(payment_id, 0, receipt="LATE000001")
    assert scene.payment(payment_id).receipt_number == "LATE000001"
    assert scene.events(payment_id) == ["PaymentCompleted", "ReceiptAdded"]


@pytest.mark.parametrize("copies", ["twice", "three_times", "four_times"])
def test_callback_two_to_four_times(scene: Scene, copies: str) -> None:
    payment_id = scene.pay(f"pays+callback_{copies}")
    answers = scene.pass_time(60)
    assert len(answers) >= 2
    assert {answer.status for answer in answers} == {200}
    assert scene.is_confirmed_by(payment_id)
    assert scene.events(payment_id) == ["PaymentCompleted"]


@pytest.mark.parametrize("code", [0, 1032])
def test_callback_twice_at_the_same_time(scene: Scene, code: int) -> None:
    payment_id = scene.pay("waits")
    statuses = []
    second = meanwhile(lambda: statuses.append(scene.post(payment_id, code)))
    scene.network.next(second, on=TRANSACTION)
    statuses.append(scene.post(payment_id, code))
    assert statuses == [200, 200]
    assert len(scene.events(payment_id)) == 1
    assert scene.payment(payment_id).status is (S.COMPLETED if code == 0 else S.FAILED)


def test_callback_before_the_pushs_answer_is_stored(scene: Scene) -> None:
    def deliver() -> None:
        for delivery in scene.daraja.due_callbacks():
            assert scene.deliver(delivery).status == 200

    scene.line.after[PUSH_PATH] = deliver
    payment_id = scene.pay("callback_first")
    assert scene.is_confirmed_by(payment_id)
    payment = scene.payment(payment_id)
    assert payment.checkout_request_id == scene.prompt_of(payment_id).checkout_request_id
    assert payment.attention is None
    assert scene.events(payment_id) == ["PaymentCompleted"]


def failed_then_paid(seconds: float) -> dict[str, object]:
    """Daraja reports 1037, and so much later takes the money after all."""
    return {"person": "pays", "reversed_after_seconds": seconds}


@pytest.mark.parametrize("is_payable", [True, False])
def test_success_after_failed_hours_late(scene: Scene, is_payable: bool) -> None:
    late = scene.pay(failed_then_paid(6 * HOUR))
    scene.pass_time(400)
    assert scene.payment(late).status is S.FAILED
    if not is_payable:
        other = scene.pay("pays")
        scene.pass_time(60)
        assert scene.is_confirmed_by(other)
    scene.pass_time(7 * HOUR, cleans_up=True)
    if is_payable:
        assert scene.is_confirmed_by(late)
    else:
        assert scene.payment(late).status is S.REFUND_DUE
        assert scene.is_confirmed_by(other)


def test_success_after_cancelled_hours_late(scene: Scene) -> None:
    payment_id = scene.pay("waits+query_never_final+callback_lost")
    scene.pass_time(26 * HOUR, cleans_up=True)
    assert scene.payment(payment_id).status is S.CANCELLED
    assert scene.payment(payment_id).failure_reason == "Timeout - No callback received"
    assert scene.post(payment_id, 0) == 200
    assert scene.is_confirmed_by(payment_id)


def test_1037_then_success(scene: Scene) -> None:
    payment_id = scene.pay(failed_then_paid(100))
    scene.pass_time(60)
    assert scene.payment(payment_id).status is S.FAILED
    status = scene.status(payment_id).body
    assert status["can_retry"] is False
    assert status["can_retry_at"] is not None
    assert scene.initiate().status == 409, "nobody is prompted twice meanwhile"
    scene.pass_time(150)
    assert scene.is_confirmed_by(payment_id)
    assert len(scene.daraja.prompts()) == 1


@pytest.mark.parametrize("by_query", [False, True])
def test_failure_after_success(scene: Scene, by_query: bool) -> None:
    payment_id = scene.pay("pays+callback_lost" if by_query else "pays")
    scene.pass_time(200, cleans_up=True)
    assert scene.is_confirmed_by(payment_id)
    assert scene.post(payment_id, 1032) == 200
    assert scene.is_confirmed_by(payment_id)
    expected = "refused_after_query_success" if by_query else None
    assert scene.payment(payment_id).attention == expected


@pytest.mark.parametrize("fault", ["wrong_amount", "fractional_amount", "missing_amount"])
def test_wrong_fractional_or_missing_amount_on_a_success(scene: Scene, fault: str) -> None:
    payment_id = scene.pay(f"pays+callback_{fault}")
    scene.pass_time(60)
    payment = scene.payment(payment_id)
    assert payment.status is S.REVIEW
    assert [item["payment_id"] for item in scene.items(f"RCPT#{payment.receipt_number}")] == [
        payment_id
    ]
    assert scene.events(payment_id) == ["ReviewNeeded"]
    scene.pass_time(30 * DAY, cleans_up=False)
    assert scene.consultation()["status"] == "Pending"
    assert scene.initiate().status == 409, "the booking stays locked until a person decides"


def test_receipt_already_bound_elsewhere(scene: Scene) -> None:
    scene.register("2")
    first = scene.pay("pays")
    scene.pass_time(150)
    second = scene.pay("pays+callback_reused_receipt", booking_id="2")
    scene.pass_time(60)
    assert scene.payment(first).status is S.COMPLETED
    assert scene.payment(second).status is S.REVIEW
    assert scene.payment(second).failure_reason == "receipt_bound_elsewhere"
    assert scene.events(second) == ["ReviewNeeded"]
    assert scene.consultation("2")["status"] == "Pending"


def test_double_click_two_tabs(scene: Scene) -> None:
    """The second click is served whole while the first one's reservation is on its way."""
    answers = []
    tab = scene.fresh_function("stk_push")

    def second_tab() -> None:
        mine = scene._lambdas.pop("stk_push")
        scene._lambdas["stk_push"] = tab
        answers.append(scene.initiate())
        scene._lambdas["stk_push"] = mine

    scene.network.next(meanwhile(second_tab), on=TRANSACTION)
    answers.append(scene.initiate())
    assert [answer.status for answer in answers] == [200, 200]
    assert answers[0].body == answers[1].body
    assert len(scene.daraja.prompts()) == 1


def test_another_users_booking_or_payment(scene: Scene) -> None:
    payment_id = scene.pay("waits")
    checkout_request_id = scene.payment(payment_id).checkout_request_id
    assert checkout_request_id is not None
    for identifier in (payment_id, checkout_request_id):
        theirs = scene.status(identifier, client_id="8")
        absent = scene.status("0" * 32, client_id="8")
        assert theirs.status == absent.status == 404
        assert theirs.body["error"] == absent.body["error"]
    theirs, absent = scene.initiate("1", client_id="8"), scene.initiate("none", client_id="8")
    assert theirs.status == absent.status == 404
    assert theirs.body["error"] == absent.body["error"] == "Consultation not found"


@pytest.mark.parametrize("first", ["callback", "poll", "cleanup"])
def test_callback_poll_and_cleanup_at_once(scene: Scene, first: str) -> None:
    payment_id = scene.pay("pays+callback_lost")
    scene.pass_time(130)
    actors = {
        "callback": lambda: scene.post(payment_id, 0),
        "poll": lambda: scene.status(payment_id),
        "cleanup": scene.clean_up,
    }
    act = actors.pop(first)
    for other in actors.values():
        scene.network.next(meanwhile(other))
    act()
    assert scene.is_confirmed_by(payment_id)
    assert scene.events(payment_id).count("PaymentCompleted") == 1
    assert scene.payment(payment_id).receipt_number is not None
    assert scene.status(payment_id).body["status"] == "completed"


@pytest.mark.parametrize(
    "error", [throttled, transaction_conflict, lambda *_: transaction_in_progress()]
)
def test_throttle_transaction_conflict_and_transaction_in_progress(
    scene: Scene, error: Any
) -> None:
    for _ in range(2):
        scene.network.next(refuse(error), on=TRANSACTION)
    payment_id = scene.pay("waits")
    for _ in range(2):
        scene.network.next(refuse(error), on=TRANSACTION)
    assert scene.post(payment_id, 0) == 200
    assert scene.is_confirmed_by(payment_id)
    assert scene.events(payment_id) == ["PaymentCompleted"]
    assert scene.queue.sent == 0


def test_a_table_that_never_stops_refusing_is_given_up_after_a_bounded_number_of_tries(
    scene: Scene,
) -> None:
    for _ in range(100):
        scene.network.next(refuse(throttled), on=TRANSACTION)
    scene.network.forget()
    answer = scene.initiate()
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert scene.network.count("TransactWriteItems") <= 12
    assert scene.line.paths.count(PUSH_PATH) == 0


@pytest.mark.parametrize("seconds", [11, 3 * HOUR])
def test_lambda_frozen_for_hours_between_reservation_and_send(scene: Scene, seconds: float) -> None:
    scene.network.next(then(lambda: scene.clock.sleep(seconds)), on=TRANSACTION)
    answer = scene.initiate()
    assert answer.status == 502
    assert scene.line.paths.count(PUSH_PATH) == 0
    payment = scene.payment(scene.only_payment())
    assert payment.status is S.FAILED
    scene.register("2")
    assert scene.initiate("2").status == 200, "the phone is free at once: nothing was sent"


def test_clock_skew_cannot_shorten_a_lock(scene: Scene) -> None:
    scene.pay("waits")
    scene.clock.now -= 60
    assert scene.initiate(phone="254711111111").status == 409
    scene.clock.now += 60 + 299
    assert scene.initiate(phone="254711111111").status == 409
    scene.clock.now += 1
    assert scene.initiate(phone="254711111111").status == 200


@pytest.mark.parametrize("late_one_first", [True, False])
def test_two_payments_for_one_consultation_both_paid(scene: Scene, late_one_first: bool) -> None:
    first = scene.pay("waits+callback_lost")
    scene.pass_time(301)
    second = scene.pay("waits+callback_lost", phone="254711111111")
    order = [first, second] if late_one_first else [second, first]
    scene.post(order[0], 0, receipt="FIRST00001")
    scene.post(order[1], 0, receipt="SECOND0001")
    assert scene.is_confirmed_by(order[0])
    assert scene.payment(order[1]).status is S.REFUND_DUE
    assert scene.events(order[1]) == ["RefundDue"]
    status = scene.status(order[1]).body
    assert (status["status"], status["can_retry"]) == ("failed", False)
    assert "We owe it back to you" in status["customer_message"]


def test_booking_cancelled_while_a_prompt_is_open(scene: Scene) -> None:
    payment_id = scene.pay("waits")
    assert scene.register("1", status="Cancelled").body["status"] == "Cancelled"
    scene.pass_time(5)
    scene.enter_pin()
    scene.pass_time(60)
    assert scene.payment(payment_id).status is S.REFUND_DUE
    assert scene.consultation()["status"] == "Cancelled"


def test_booking_repriced_while_a_prompt_is_open(scene: Scene) -> None:
    payment_id = scene.pay(failed_then_paid(400))
    assert scene.register("1", price_kes=1500).status == 409
    scene.pass_time(350)
    assert scene.register("1", price_kes=1500).status == 200
    scene.pass_time(200)
    assert scene.payment(payment_id).status is S.REVIEW
    assert scene.payment(payment_id).failure_reason == "price_changed"
    assert scene.consultation()["status"] == "Pending"


def test_cancelling_a_confirmed_booking_owes_its_payment_back(scene: Scene) -> None:
    payment_id = scene.pay("pays")
    scene.pass_time(60)
    assert scene.register("1", status="Cancelled").body["status"] == "Cancelled"
    assert scene.payment(payment_id).status is S.REFUND_DUE
    assert scene.register("1", status="Cancelled").status == 200
    assert scene.events(payment_id) == ["PaymentCompleted", "RefundDue"]


def test_cleanup_fires_twice_overlaps_itself_or_skips_a_run(scene: Scene) -> None:
    payment_id = scene.pay("pays+callback_lost")
    scene.pass_time(3 * HOUR)  # Every run of three hours is skipped.
    scene.line.paths.clear()
    scene.network.next(meanwhile(lambda: scene.fresh_function("cleanup").invoke({})))
    scene.clean_up()
    scene.clean_up()
    assert scene.is_confirmed_by(payment_id)
    assert scene.events(payment_id) == ["PaymentCompleted"]
    assert scene.line.paths.count(QUERY_PATH) == 1, "the lease lets one run ask"


def test_one_poison_payment_in_the_cleanup_batch(scene: Scene) -> None:
    poison = scene.pay("pays+callback_lost")
    scene.register("2")
    healthy = scene.pay("pays+callback_lost", booking_id="2", phone="254711111111")
    scene.dynamodb.update_item(
        TableName="payments-under-test",
        Key={"pk": {"S": f"PAY#{poison}"}, "sk": {"S": "STATE"}},
        UpdateExpression="SET #s = :s",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":s": {"S": "no such status"}},
    )
    scene.pass_time(200)
    report = scene.clean_up()
    assert report["poisoned"] == 1
    assert scene.payment(healthy).status is S.COMPLETED


def test_provider_down_for_a_day(scene: Scene) -> None:
    payment_id = scene.pay("pays+callback_lost")
    scene.line.is_down = True
    scene.pass_time(DAY + 2 * HOUR, cleans_up=True)
    assert scene.payment(payment_id).status is S.PENDING
    assert scene.line.paths.count(QUERY_PATH) > 0
    scene.line.is_down = False
    scene.pass_time(2 * HOUR, cleans_up=True)
    assert scene.is_confirmed_by(payment_id)

"""Cleanup: every due payment is looked at, whatever happens to the others or to Daraja."""

from __future__ import annotations

import pytest
from payments.protocol.payment import PaymentStatus

from tests.functional.faulty import DAY, HOUR, QUERY_PATH, WRITES, meanwhile
from tests.functional.scene import Scene
from tests.support.aws import TABLE_NAME

S = PaymentStatus


def pay_many(scene: Scene, count: int, scenario: str) -> list[str]:
    """So many payments, each with its own booking, client and phone."""
    found = []
    for number in range(count):
        scene.register(f"b{number}", client_id=f"c{number}")
        who = {"booking_id": f"b{number}", "client_id": f"c{number}"}
        found.append(scene.pay(scenario, **who, phone=f"2547111111{number:02d}"))
    return found


def poison(scene: Scene, payment_id: str) -> None:
    """Spoil a stored payment so that reading it raises."""
    scene.dynamodb.update_item(
        TableName=TABLE_NAME,
        Key={"pk": {"S": f"PAY#{payment_id}"}, "sk": {"S": "STATE"}},
        UpdateExpression="SET created_at = :odd REMOVE #s",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":odd": {"N": "0"}},
    )


def test_a_poisoned_payment_is_counted_and_the_rest_go_on(scene: Scene) -> None:
    identifiers = pay_many(scene, 4, "pays+callback_lost")
    scene.pass_time(130)
    poison(scene, identifiers[1])
    report = scene.clean_up()
    assert report["poisoned"] == 1
    scene.pass_time(120, cleans_up=True)
    healthy = [each for each in identifiers if each != identifiers[1]]
    assert {scene.payment(each).status for each in healthy} == {S.COMPLETED}


def test_nothing_is_cancelled_while_the_provider_is_unreachable(scene: Scene) -> None:
    identifiers = pay_many(scene, 3, "pays+callback_lost")
    scene.line.is_down = True
    scene.pass_time(DAY + 3 * HOUR, cleans_up=True)
    assert scene.line.paths.count(QUERY_PATH) > 3
    assert {scene.payment(each).status for each in identifiers} == {S.PENDING}
    assert {scene.payment(each).attention for each in identifiers} == {"no_answer_from_mpesa"}
    scene.line.is_down = False
    scene.pass_time(2 * HOUR, cleans_up=True)
    assert {scene.payment(each).status for each in identifiers} == {S.COMPLETED}


@pytest.mark.parametrize("answer", ["query_never_final", "query_unknown"])
def test_a_day_old_payment_is_cancelled_on_a_fresh_answer_and_asked_again_at_48_hours(
    scene: Scene, answer: str
) -> None:
    """Also where Daraja says, with HTTP 500, that the transaction does not exist."""
    scene.daraja.configure(query_unknown_id="does_not_exist")
    payment_id = scene.pay(f"waits+{answer}+callback_lost")
    scene.pass_time(DAY - 60, cleans_up=True)
    assert scene.payment(payment_id).status is S.PENDING
    assert "enter your M-Pesa PIN" not in scene.status(payment_id).body["customer_message"]
    scene.pass_time(HOUR, cleans_up=True)
    payment = scene.payment(payment_id)
    assert payment.status is S.CANCELLED
    assert payment.failure_reason == "Timeout - No callback received"
    assert scene.events(payment_id) == ["PaymentCancelled", "PaymentUnresolved"]
    assert payment.due_at == payment.created_at + 2 * DAY
    scene.line.paths.clear()
    scene.pass_time(DAY, cleans_up=True)
    assert scene.line.paths.count(QUERY_PATH) == 1


def test_a_payment_failed_by_1037_is_asked_again_at_the_prompts_end_and_after_a_day(
    scene: Scene,
) -> None:
    payment_id = scene.pay("waits")
    scene.post(payment_id, 1037)
    scene.line.paths.clear()
    scene.pass_time(2 * HOUR, cleans_up=True)
    assert scene.line.paths.count(QUERY_PATH) == 1
    scene.pass_time(2 * DAY, cleans_up=True)
    assert scene.line.paths.count(QUERY_PATH) == 2
    assert scene.payment(payment_id).due_at is None


def test_a_receipt_missing_for_a_day_needs_a_person(scene: Scene) -> None:
    payment_id = scene.pay("pays+callback_lost")
    scene.pass_time(26 * HOUR, cleans_up=True)
    assert scene.payment(payment_id).status is S.COMPLETED
    assert scene.payment(payment_id).attention == "receipt_missing"
    assert scene.events(payment_id) == ["PaymentCompleted", "PaymentUnresolved"]


def test_an_idle_run_writes_nothing(scene: Scene) -> None:
    scene.pay("pays")
    scene.pass_time(60)
    scene.network.forget()
    assert scene.clean_up() == {"looked_at": 0, "settled": 0, "poisoned": 0}
    assert scene.network.count(*WRITES) == 0


def test_the_oldest_is_looked_at_first(scene: Scene) -> None:
    first = pay_many(scene, 1, "pays+callback_lost")[0]
    scene.pass_time(100)
    second = scene.pay("pays+callback_lost")
    scene.pass_time(130)
    asked = scene.network
    asked.forget()
    scene.clean_up()
    keys = [request["Key"]["pk"]["S"] for request in asked.requests if "Key" in request]
    payments = [key.removeprefix("PAY#") for key in keys if key.startswith("PAY#")]
    assert payments.index(first) < payments.index(second)


def test_a_run_stops_while_its_lambda_still_has_time_to_write(scene: Scene) -> None:
    """Each look is made to take 15 seconds; a run of 60 leaves the rest to the next one."""
    identifiers = pay_many(scene, 6, "pays+callback_lost")
    scene.pass_time(130)
    for _ in range(40):
        slow = meanwhile(lambda: scene.clock.sleep(15))
        scene.network.next(slow, on=frozenset({"TransactWriteItems"}))
    report = scene.clean_up()
    scene.network.rules.clear()
    assert 0 < report["looked_at"] < 6
    scene.pass_time(120, cleans_up=True)
    assert {scene.payment(each).status for each in identifiers} == {S.COMPLETED}

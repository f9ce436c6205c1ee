"""A Lambda that freezes between an answer and what is made of it believes no more than it knew."""

from __future__ import annotations

import pytest
from payments.aws.secrets import CACHE_SECONDS
from payments.protocol.payment import PaymentStatus

from tests.functional.faulty import HOUR, PUSH_PATH, QUERY_PATH, meanwhile
from tests.functional.scene import Scene
from tests.support.aws import DARAJA_SECRET_ARN

S = PaymentStatus


@pytest.mark.parametrize("who", ["poll", "cleanup"])
def test_an_early_success_of_a_query_does_not_ripen_while_the_lambda_is_frozen(
    scene: Scene, who: str
) -> None:
    payment_id = scene.pay({"person": "ignores", "query": "success_before_pin"})
    scene.clock.sleep(30)
    scene.line.after[QUERY_PATH] = lambda: scene.clock.sleep(HOUR)

    if who == "poll":
        assert scene.status(payment_id).body["status"] == "pending"
    else:
        scene.clean_up()

    assert scene.payment(payment_id).status is S.PENDING
    assert scene.consultation()["status"] == "Pending"


def test_an_agreed_refusal_lets_go_of_the_booking_however_late_it_is_written(scene: Scene) -> None:
    payment_id = scene.pay("cancels+callback_unlisted")
    scene.pass_time(60)
    assert scene.payment(payment_id).hint is not None
    scene.line.after[QUERY_PATH] = lambda: scene.clock.sleep(HOUR)

    assert scene.status(payment_id).body["status"] == "failed"

    assert scene.consultation()["active_payment_id"] is None
    assert scene.consultation()["payment_status"] == "Failed"


def test_the_push_is_made_of_what_was_in_hand_at_the_reservation(scene: Scene) -> None:
    """Secrets that grow too old meanwhile are not asked for again: they might not come."""
    scene.pay("pays")
    scene.register("2")
    scene.pass_time(CACHE_SECONDS - 2)

    def secrets_fail() -> None:
        scene.clock.sleep(4)
        scene.secrets.values[DARAJA_SECRET_ARN] = {}

    scene.network.next(meanwhile(secrets_fail), on=frozenset({"TransactWriteItems"}))

    answer = scene.initiate("2", phone="254711000222")

    assert answer.status == 200, answer.body
    assert scene.line.paths.count(PUSH_PATH) == 2

"""Each metric is emitted by its situation, under its unit and dimensions, and only then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from payments.protocol.evidence import AttentionCleared, MoneyReturned
from payments.store.attributes import to_item
from payments.store.items import payment_key, payment_values
from payments.usecases.operate import operate_on_payment
from payments.usecases.refunds import request_refund

from tests.functional.emf import Metrics, listen_to
from tests.functional.faulty import HOUR, PUSH_PATH, QUERY_PATH, callback_body, refuse
from tests.functional.refunding import send_refund, set_credential
from tests.functional.scene import Scene
from tests.functional.test_cleanup import poison
from tests.functional.test_paybill import body as confirmation
from tests.functional.test_token import void_the_token
from tests.support.aws import DARAJA_SECRET_ARN, PAYBILL_SECRET_ARN, TABLE_NAME
from tests.support.dynamodb.faults import throttled
from tests.support.lambdas import UNLISTED_IP
from tests.support.world import OLD_CALLBACK

UNITS = {
    "PushToCompletion": "Seconds",
    "OldestOpenAge": "Seconds",
    "OldestUnclaimedAge": "Seconds",
    "PullBlindSeconds": "Seconds",
    "PullLatency": "Milliseconds",
    "PushLatency": "Milliseconds",
    "QueryLatency": "Milliseconds",
    "TokenLatency": "Milliseconds",
    "ReversalLatency": "Milliseconds",
    "StatusLatency": "Milliseconds",
    "BalanceLatency": "Milliseconds",
    "ReceivedKes": "None",
}
"""Every other metric is a Count."""


@pytest.fixture
def metrics(scene: Scene) -> Metrics:
    """What the handlers of the scene print."""
    return listen_to(scene)


def paid(scene: Scene) -> None:
    scene.pay("pays")
    scene.pass_time(60)


def cancelled(scene: Scene) -> None:
    scene.pay("cancels")
    scene.pass_time(60)


def push_hangs(scene: Scene) -> None:
    scene.pay("push_hang")


def two_copies(scene: Scene) -> None:
    scene.pay("pays+callback_twice")
    scene.pass_time(60)


def wrong_token(scene: Scene) -> None:
    payment_id = scene.pay("waits")
    url = scene.prompt_of(payment_id).order.callback_url
    scene.post_callback(url[:-64] + "0" * 64, "{}")


def no_token(scene: Scene) -> None:
    scene.post_callback("https://x/api/payment/callback/1/2", "{}")


def unlisted(scene: Scene) -> None:
    scene.pay("pays+callback_unlisted")
    scene.pass_time(60)


def old_route(scene: Scene) -> None:
    scene.call("callback", "POST", OLD_CALLBACK, body="{}", source_ip=UNLISTED_IP)


def late_success(scene: Scene) -> None:
    payment_id = scene.pay("waits")
    scene.post(payment_id, 1032)
    scene.post(payment_id, 0)


def wrong_amount(scene: Scene) -> None:
    scene.pay("pays+callback_wrong_amount")
    scene.pass_time(60)


def cancelled_booking(scene: Scene) -> None:
    payment_id = scene.pay("waits")
    scene.register(status="Cancelled")
    scene.post(payment_id, 0)


def two_days_of_silence(scene: Scene) -> None:
    scene.pay("push_hang_lost")
    scene.pass_time(49 * HOUR)
    scene.clean_up()
    scene.clean_up()


def callback_lost(scene: Scene) -> None:
    scene.pay("pays+callback_lost")
    scene.pass_time(200, cleans_up=True)


def twelve_odd_bodies(scene: Scene) -> None:
    """Ten are filed, the eleventh raises attention, and the money is still heard of."""
    payment_id = scene.pay("waits")
    url = scene.prompt_of(payment_id).order.callback_url
    for number in range(12):
        assert scene.post_callback(url, f"no JSON {number}").status == 200
    filed = [item for item in scene.items("PAY#") if item["sk"].startswith("EVIDENCE#")]
    assert len(filed) == 10
    assert scene.payment(payment_id).attention == "evidence_overflow"
    scene.post(payment_id, 0)
    assert scene.is_confirmed_by(payment_id)


def less_than_asked(scene: Scene) -> None:
    """A query's success names no amount; the callback that comes later names less."""
    payment_id = scene.pay("pays+callback_lost")
    scene.pass_time(200, cleans_up=True)
    assert scene.post(payment_id, 0, amount=900) == 200


def still_processing(scene: Scene) -> None:
    """Daraja says so with HTTP 500: an ordinary answer, no failure."""
    scene.daraja.configure(query_pending="being_processed")
    scene.pay("waits")
    scene.pass_time(70, cleans_up=True)


def daraja_is_down(scene: Scene) -> None:
    scene.pay("waits")
    scene.line.is_down = True
    scene.register("2", client_id="8")
    scene.initiate("2", client_id="8", phone="254711111111")
    scene.pass_time(70, cleans_up=True)


def no_token_is_given(scene: Scene) -> None:
    scene.line.is_down = True
    assert scene.initiate().status == 503


def misconfigured(scene: Scene) -> None:
    scene.secrets.values[DARAJA_SECRET_ARN]["SAFARICOM_PASSKEY"] = "wrong"
    assert scene.initiate().status == 502


def many_due(scene: Scene) -> None:
    """One query in twelve seconds does not reach round twenty payments in one run."""
    for number in range(20):
        scene.register(f"b{number}", client_id=f"c{number}")
        phone = f"2547111111{number:02d}"
        scene.initiate(f"b{number}", client_id=f"c{number}", phone=phone)
    scene.pass_time(30)
    scene.clean_up()


def somebody_else_fetches(scene: Scene) -> None:
    scene.pay("pays")
    scene.pass_time(60)
    void_the_token(scene)
    scene.register("2", client_id="8")
    scene.initiate("2", client_id="8", phone="254711111111")


def post_confirmation(scene: Scene, text: str = "", **options: Any) -> None:
    url = options.pop("url", None) or scene.c2b_url()
    scene.post_to_paybill(url, text or confirmation(), **options)


def confirmed(scene: Scene) -> None:
    post_confirmation(scene)


def c2b_wrong_token(scene: Scene) -> None:
    post_confirmation(scene, url=scene.c2b_url(token="0" * 64))


def c2b_unlisted(scene: Scene) -> None:
    post_confirmation(scene, source_ip=UNLISTED_IP)


def c2b_of_another(scene: Scene) -> None:
    post_confirmation(scene, confirmation(BusinessShortCode="600000"))


def c2b_unreadable(scene: Scene) -> None:
    post_confirmation(scene, "{")


def c2b_refused(scene: Scene) -> None:
    scene.environment = {"C2B_VALIDATION": "strict"}
    post_confirmation(scene, url=scene.c2b_url("validation"))


def c2b_queued(scene: Scene) -> None:
    scene.secrets.values[PAYBILL_SECRET_ARN] = {"C2B_TOKEN_SHA256": 7}  # type: ignore[dict-item]
    post_confirmation(scene)


def c2b_failed(scene: Scene) -> None:
    scene.money_queue.is_down = True
    c2b_queued(scene)


def pulling(scene: Scene) -> None:
    """The operator has switched Pull on, and one customer has paid by hand."""
    scene.environment = {"PULL_TRANSACTIONS": "true"}
    scene.register_c2b()
    scene.pay_by_hand()
    scene.pass_time(60)


def pulled(scene: Scene) -> None:
    pulling(scene)
    scene.clean_up()


def pull_finds_nothing(scene: Scene) -> None:
    pulling(scene)
    scene.daraja.configure(pull_is_provisioned=False)
    scene.clean_up()


def pull_fails(scene: Scene) -> None:
    pulling(scene)
    scene.line.is_down = True
    scene.clean_up()


def pull_skips(scene: Scene) -> None:
    pulling(scene)
    [receipt] = scene.receipt_rows()
    scene.store_item({"pk": f"RCPT#{receipt}", "sk": "STATE", "source": "nobody"})
    scene.clean_up()


def poisoned(scene: Scene) -> None:
    poison(scene, scene.pay("waits"))
    scene.clock.sleep(30)
    scene.clean_up()


def send(scene: Scene, scenario: object) -> None:
    """Owed money is on its way back."""
    scene.pay("pays")
    scene.pass_time(30)
    scene.register(status="Cancelled")
    set_credential(scene)
    scene.daraja.set_next(scenario, api="reversal")
    send_refund(scene, scene.only_payment())


def refunded(scene: Scene) -> None:
    send(scene, "outcome_twice")
    scene.pass_time(20)


def refund_refused(scene: Scene) -> None:
    send(scene, {"outcome_code": "1"})
    scene.pass_time(20)


def refund_asked_about(scene: Scene) -> None:
    """The acknowledgement and the result are lost, and M-Pesa does not take the question."""
    scene.daraja.set_next("ack_500", api="status")
    scene.daraja.set_next("ack_500", api="balance")
    send(scene, "ack_hang+outcome_lost")
    scene.pass_time(130)
    scene.clean_up()


def forged_result(scene: Scene) -> None:
    scene.post_to_paybill("https://pay.example.co.ke/api/result/balance/" + "0" * 64, "{}")


def result_from_elsewhere(scene: Scene) -> None:
    send(scene, "outcome_unlisted")
    scene.pass_time(10)


def result_is_queued(scene: Scene) -> None:
    send(scene, "pays")
    scene.network.next(refuse(throttled), on=frozenset({"TransactWriteItems"}))
    scene.network.rules *= 4
    scene.pass_time(10)


def refunds_cannot_be_invoked(scene: Scene) -> None:
    cancelled_booking(scene)
    set_credential(scene)
    services = scene.function("consultations").module.runtime.services
    scene.invoker.is_down = True
    request_refund(services, scene.only_payment(), by="a", why="ill", request_id="r")
    scene.call("consultations", "GET", "/api/consultations/{booking_id}")


SITUATIONS: dict[Callable[[Scene], None], dict[str, float | None]] = {
    paid: {
        "PaymentInitiated": 1,
        "PushAccepted": 1,
        "PushLatency": None,
        "TokenFetched": 1,
        "TokenLatency": None,
        "CallbackAccepted": 1,
        "PaymentCompleted": 1,
        "PushToCompletion": None,
        "ReceivedKes": 1000,
    },
    cancelled: {"PaymentFailed": 1, "CallbackAccepted": 1},
    push_hangs: {"PaymentUnknown": 1, "PushFailed": 1},
    two_copies: {"CallbackAccepted": 1, "CallbackDuplicate": 1, "PaymentCompleted": 1},
    wrong_token: {"CallbackRejected": 1},
    no_token: {"CallbackRejected": 1},
    unlisted: {"CallbackHint": 1, "CallbackFromUnlistedAddress": 1},
    old_route: {"OldRouteIgnored": 1},
    late_success: {"CallbackLate": 1, "PaymentFailed": 1, "PaymentCompleted": 1},
    wrong_amount: {"PaymentReview": 1, "AmountMismatch": 1},
    cancelled_booking: {"PaymentRefundDue": 1},
    two_days_of_silence: {"PaymentCancelled": 1, "AttentionRaised": 1},
    callback_lost: {"QuerySent": 2, "QueryLatency": None, "PaymentCompleted": 1},
    twelve_odd_bodies: {"CallbackNotFiled": 2, "AttentionRaised": 1, "PaymentCompleted": 1},
    less_than_asked: {"PaymentCompleted": 1, "ReceivedKes": 900, "AttentionRaised": 1},
    still_processing: {"QuerySent": 1, "QueryLatency": None},
    daraja_is_down: {"PushFailed": 1, "QueryFailed": 1, "QuerySent": 1, "QueryUnanswered": 1},
    no_token_is_given: {"TokenFailed": 1, "TokenLatency": None},
    misconfigured: {"PushMisconfigured": 1},
    many_due: {"QueryHeldBack": None, "QuerySent": None},
    somebody_else_fetches: {"TokenFetched": 2, "TokenFetchedEarly": 1},
    poisoned: {"CleanupRun": 1, "CleanupPoisoned": 1},
    refunded: {
        "RefundRequested": 1,
        "RefundSent": 1,
        "PaymentRefunded": 1,
        "ResultUsed": 1,
        "ReversalLatency": None,
        "BalanceLatency": None,
        "ResultUnused": 1,
    },
    refund_refused: {"RefundSent": 1, "RefundRefused": 1, "ResultUsed": 1},
    refund_asked_about: {
        "RefundAsked": 1,
        "ReversalFailed": 1,
        "StatusFailed": 1,
        "BalanceFailed": 1,
        "StatusLatency": None,
    },
    forged_result: {"ResultRejected": 1},
    result_from_elsewhere: {"ResultFromUnlistedAddress": 1},
    result_is_queued: {"ResultQueued": 1},
    refunds_cannot_be_invoked: {"RefundsNotInvoked": 1},
    confirmed: {"C2BConfirmation": 1},
    c2b_wrong_token: {"C2BRejected": 1},
    c2b_unlisted: {"C2BFromUnlistedAddress": 1},
    c2b_of_another: {"C2BUnknownShortcode": 1},
    c2b_unreadable: {"C2BUnreadable": 1},
    c2b_refused: {"C2BRefused": 1},
    c2b_queued: {"C2BQueued": 1},
    c2b_failed: {"C2BFailed": 1},
    pulled: {
        "PullRun": 1,
        "PullListed": 1,
        "PullKnown": 1,
        "PullLatency": None,
        "PullBlindSeconds": 0,
    },
    pull_finds_nothing: {"PullRun": 1, "PullNothingFound": 1},
    pull_fails: {"PullRun": 1, "PullUnfinished": 1},
    pull_skips: {"PullSkipped": 1, "PullUnfinished": 1},
}
"""What each situation adds up to; None where only its presence counts."""
SILENT: dict[Callable[[Scene], None], set[str]] = {
    paid: {"TokenFetchedEarly", "PushFailed", "TokenFailed", "CallbackDuplicate", "CallbackLate"},
    still_processing: {"QueryFailed", "QueryUnanswered", "QueryThrottled"},
    unlisted: {"CallbackAccepted"},
    forged_result: {"ResultUsed", "ResultUnused"},
    result_from_elsewhere: {"PaymentRefunded"},
    no_token: {"CallbackAccepted", "CallbackFailed"},
    confirmed: {"C2BRejected", "C2BQueued", "C2BFailed"},
    c2b_unlisted: {"C2BConfirmation"},
    c2b_of_another: {"C2BConfirmation"},
    pulled: {"PullUnfinished", "PullNothingFound", "PullSkipped"},
}
"""What a situation must not be taken for."""


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: each.__name__)
def test_a_situation_is_counted(
    scene: Scene, metrics: Metrics, situation: Callable[[Scene], None]
) -> None:
    situation(scene)
    sums = metrics.sums(service="hakika")
    expected = SITUATIONS[situation]
    assert expected.keys() <= sums.keys()
    exact = {name: value for name, value in expected.items() if value is not None}
    assert {name: sums[name] for name in exact} == exact
    assert not SILENT.get(situation, set()) & sums.keys()
    assert_well_formed(metrics)


def assert_well_formed(metrics: Metrics) -> None:
    """Namespace, unit, and no dimension in which an id or a phone number could stand."""
    for datum in metrics.data:
        assert datum.namespace == "Hakika"
        assert datum.unit == UNITS.get(datum.name, "Count"), datum
        own = {"PaymentFailedByCode": {"ResultCode"}, "MoneyWitness": {"Source", "Role"}}
        assert set(datum.dimensions) == {"service", *own.get(datum.name, ())}
        assert datum.value >= 0 or datum.name == "ReceivedKes"  # less than was asked


@pytest.mark.parametrize(
    ("scenario", "code"), [("cancels", "1032"), ("wrong_pin", "2001"), ("push_busy", "500.003.02")]
)
def test_failures_are_counted_by_their_code(
    scene: Scene, metrics: Metrics, scenario: str, code: str
) -> None:
    scene.daraja.set_next(scenario)
    scene.initiate()
    scene.pass_time(60)
    assert metrics.sums(service="hakika", ResultCode=code) == {"PaymentFailedByCode": 1}


def two_throttled_queries(scene: Scene) -> None:
    """Daraja allows fewer questions than we were told."""
    scene.daraja.configure(query_per_minute=5)
    scene.environment["QUERY_SPACING_SECONDS"] = "1"
    for number in range(2):
        scene.register(f"b{number}", client_id=f"c{number}")
        phone = f"2547111111{number:02d}"
        scene.initiate(f"b{number}", client_id=f"c{number}", phone=phone)
    scene.pass_time(70, cleans_up=True)


def test_a_throttled_query_is_not_a_failed_one(scene: Scene, metrics: Metrics) -> None:
    two_throttled_queries(scene)
    sums = metrics.sums(service="hakika")
    assert (sums["QuerySent"], sums["QueryThrottled"]) == (2, 1)
    assert "QueryFailed" not in sums


def test_latencies_are_those_of_the_calls(scene: Scene, metrics: Metrics) -> None:
    scene.line.before["/oauth/v1/generate"] = lambda: scene.clock.sleep(1)
    scene.line.before[PUSH_PATH] = lambda: scene.clock.sleep(2)
    scene.pay("pays+callback_lost")
    scene.line.before[QUERY_PATH] = lambda: scene.clock.sleep(3)
    scene.pass_time(70, cleans_up=True)
    sums = metrics.sums(service="hakika")
    taken = [sums[f"{kind}Latency"] for kind in ("Token", "Push", "Query")]
    assert taken == pytest.approx([1000, 2000, 3000], abs=500)


# -- gauges: they say what stands at the moment, whoever was looked at


def gauges(scene: Scene, metrics: Metrics) -> dict[str, float]:
    """The gauges after a run of cleanup."""
    scene.clean_up()
    return {name: metrics.last(name) for name in NOTHING_STANDS}


NOTHING_STANDS = {
    "OpenPayments": 0,
    "OpenOverFiveMinutes": 0,
    "OldestOpenAge": 0,
    "ReviewOpen": 0,
    "RefundDueOpen": 0,
    "AttentionOpen": 0,
    "UnclaimedReceipts": 0,
    "UnclaimedOverQuarterHour": 0,
    "OldestUnclaimedAge": 0,
    "RefundsStopped": 0,
    "InitiatorPasswordDays": 0,
}


def test_gauges_are_measured_though_nothing_stands(scene: Scene, metrics: Metrics) -> None:
    paid(scene)
    assert gauges(scene, metrics) == NOTHING_STANDS


def test_money_that_fits_nothing_is_measured(scene: Scene, metrics: Metrics) -> None:
    confirmed(scene)
    scene.pass_time(899)
    waiting = {"UnclaimedReceipts": 1, "OldestUnclaimedAge": 899}
    assert gauges(scene, metrics) == NOTHING_STANDS | waiting
    scene.pass_time(1)
    waiting |= {"OldestUnclaimedAge": 900, "UnclaimedOverQuarterHour": 1}
    assert gauges(scene, metrics) == NOTHING_STANDS | waiting


def test_an_open_payment_is_measured_between_its_looks_too(scene: Scene, metrics: Metrics) -> None:
    """It is looked at once an hour by then; the gauge does not wait for that."""
    scene.pay("waits+query_never_final")
    scene.pass_time(2 * HOUR + 600, delivers=False, cleans_up=True)
    for _ in range(3):
        scene.pass_time(60, delivers=False)
        age = scene.clock() - 1_790_000_000
        found = gauges(scene, metrics)
        assert found["OldestOpenAge"] == pytest.approx(age, abs=15)
        assert (found["OpenPayments"], found["OpenOverFiveMinutes"]) == (1, 1)


def test_an_unknown_outcome_is_open_but_not_long_overdue(scene: Scene, metrics: Metrics) -> None:
    """Nobody can be asked about it; it has an alarm of its own."""
    scene.pay("push_hang_lost")
    scene.pass_time(HOUR, delivers=False)
    found = gauges(scene, metrics)
    assert (found["OpenPayments"], found["OpenOverFiveMinutes"]) == (1, 0)


def test_an_open_payment_that_waits_for_a_person_is_counted_there_only(
    scene: Scene, metrics: Metrics
) -> None:
    payment_id = scene.pay("waits+query_never_final")
    flagged = replace(scene.payment(payment_id), attention="no_answer_from_mpesa")
    item = to_item({**payment_key(payment_id), **payment_values(flagged)})
    scene.dynamodb.put_item(TableName=TABLE_NAME, Item=item)
    assert gauges(scene, metrics) == NOTHING_STANDS | {"AttentionOpen": 1}


def test_a_concluded_payment_that_is_asked_about_again_is_not_open(
    scene: Scene, metrics: Metrics
) -> None:
    payment_id = scene.pay("ignores")
    scene.pass_time(HOUR, cleans_up=True)
    assert scene.payment(payment_id).due_at is not None
    assert gauges(scene, metrics) == NOTHING_STANDS


@pytest.mark.parametrize(
    ("begins", "gauge", "operation"),
    [
        (wrong_amount, "ReviewOpen", None),
        (cancelled_booking, "RefundDueOpen", MoneyReturned()),
        (two_days_of_silence, "AttentionOpen", AttentionCleared()),
    ],
    ids=["review", "refund_due", "attention"],
)
def test_what_waits_for_a_person_is_measured_until_one_has_dealt_with_it(
    scene: Scene, metrics: Metrics, begins: Callable[[Scene], None], gauge: str, operation: Any
) -> None:
    begins(scene)
    assert gauges(scene, metrics) == NOTHING_STANDS | {gauge: 1}
    scene.pass_time(3 * HOUR)
    assert gauges(scene, metrics) == NOTHING_STANDS | {gauge: 1}
    if operation is not None:
        parts = scene.function("cleanup").module.runtime.services
        who = {"who": "amina", "why": "settled", "request_id": "r1"}
        payment = parts.store.get_payment(scene.only_payment())
        shown = payment.version
        operate_on_payment(parts, payment.payment_id, operation, shown_version=shown, **who)
        assert gauges(scene, metrics) == NOTHING_STANDS


def test_a_forged_body_is_no_metric_of_its_own(scene: Scene, metrics: Metrics) -> None:
    """What a stranger writes never becomes a name or a dimension."""
    payment_id = scene.pay("waits")
    prompt = scene.prompt_of(payment_id)
    before = {datum.name for datum in metrics.data}
    for code in (0, 1032, 999999):
        body = callback_body(prompt.checkout_request_id, code)
        scene.post_callback(prompt.order.callback_url[:-1] + "g", body)
    assert {datum.name for datum in metrics.data} - before == {"CallbackRejected"}

"""Refunds that move money: two persons, one send, and every answer that M-Pesa may give or lose."""

from __future__ import annotations

import json

import pytest
import requests
from payments.errors import ConflictError
from payments.protocol.evidence import MoneyReturned
from payments.protocol.payment import RefundStep
from payments.protocol.policy import REFUND_STATUS_SECONDS
from payments.protocol.reversal_codes import CREDENTIAL_CODES, REFUSALS
from payments.usecases.operate import operate_on_payment
from urllib3.exceptions import MaxRetryError, NewConnectionError

from tests.functional.faulty import (
    CrashError,
    callback_body,
    crash_after,
    crash_before,
    meanwhile,
    refuse,
    then,
)
from tests.functional.refunding import CHECKER, MAKER, PASSWORD, REVERSAL_PATH, Refunding
from tests.support.aws import RESULT_KEY_SECRET_ARN
from tests.support.dynamodb.faults import throttled
from tests.support.lambdas import LISTED_IP, UNLISTED_IP

DAY = 86_400
TRANSACTION = frozenset({"TransactWriteItems"})
LOST_ANSWERS = ("hang", "reset", "500", "502", "html_403")

ODD_RESULTS = (
    *("first", "twice", "string_code", "single_parameter", "reference_list", "repeated_key"),
    *("missing_parameters", "contradicted", "refused_then_done"),
)


@pytest.fixture
def scene() -> Refunding:
    return Refunding()


def mark(scene: Refunding, payment_id: str) -> None:
    """`hakika refund mark`."""
    operate_on_payment(
        scene.services,
        payment_id,
        MoneyReturned(),
        shown_version=scene.payment(payment_id).version,
        who="me",
        why="paid in cash",
        request_id="r9",
    )


def sent(scene: Refunding, scenario: object) -> str:
    """A refund on its way: M-Pesa answers the reversal by this scenario. The payment's id."""
    payment_id = scene.owed()
    scene.daraja.set_next(scenario, api="reversal")
    scene.send(payment_id)
    return payment_id


def reversal_body(scene: Refunding) -> dict[str, str]:
    """The body of the one reversal that was sent."""
    [body] = [json.loads(body) for path, body in scene.line.posts if path == REVERSAL_PATH]
    return dict(body)


def statuses_asked(scene: Refunding) -> int:
    return [call["act"] for call in scene.invoker.calls].count("ask_status")


def refused(code: str) -> dict[str, str]:
    return {"outcome_code": code}


def test_two_persons_return_the_money_once_and_the_history_says_who_and_why(
    scene: Refunding,
) -> None:
    payment_id = scene.owed()
    scene.request(payment_id)
    assert scene.refund(payment_id).step is RefundStep.REQUESTED
    assert scene.approve(payment_id, by=MAKER) == "same_person"
    assert not scene.reversals_sent()
    assert scene.approve(payment_id) == ""
    scene.pass_time(10)
    payment, refund = scene.payment(payment_id), scene.refund(payment_id)
    assert payment.status == "refunded"
    assert (refund.step, refund.attempt, refund.proven) == (None, 1, True)
    assert scene.returned_kes() == payment.paid_amount_kes == 1000
    [reversal] = [each for each in scene.daraja.ledger.books.movements if each.kind == "reversal"]
    assert refund.receipt_number == reversal.receipt
    assert set(scene.reversals_sent().values()) == {1}
    story = [
        (item["type"], item["by"], item["reason"])
        for item in scene.items(f"PAY#{payment_id}")
        if item["sk"].startswith("EVENT#")
    ]
    assert story[-3:] == [
        ("RefundRequested", MAKER, "doctor is ill"),
        ("RefundSent", CHECKER, "checked"),
        ("PaymentRefunded", "result", f"refund receipt {reversal.receipt}"),
    ]
    assert scene.consultation("1")["status"] == "Cancelled"


def test_the_body_names_only_what_our_records_hold(scene: Refunding) -> None:
    payment_id = scene.owed()
    scene.send(payment_id)
    body = reversal_body(scene)
    assert body["TransactionID"] == scene.payment(payment_id).receipt_number
    assert (body["Amount"], body["ReceiverParty"]) == ("1000", "174379")
    assert body["RecieverIdentifierType"] == "11"
    assert body["QueueTimeOutURL"] == body["ResultURL"] + "/timeout"
    assert f"/api/result/reversal/{payment_id}/1/" in body["ResultURL"]


@pytest.mark.parametrize("lost", LOST_ANSWERS)
def test_a_lost_acknowledgement_is_never_a_second_send(scene: Refunding, lost: str) -> None:
    payment_id = sent(scene, f"ack_{lost}")
    assert scene.refund(payment_id).step is RefundStep.SENT
    scene.pass_time(600, cleans_up=True)
    assert scene.payment(payment_id).status == "refunded"
    assert set(scene.reversals_sent().values()) == {1}
    assert scene.returned_kes() == 1000


@pytest.mark.parametrize("lost", ["hang_lost", "reset_lost", "500_lost"])
def test_a_refund_that_mpesa_never_saw_waits_a_day_for_a_person(
    scene: Refunding, lost: str
) -> None:
    payment_id = sent(scene, f"ack_{lost}")
    with pytest.raises(ConflictError, match="24 hours"):
        scene.settle(payment_id, was_reversed=False)
    scene.pass_a_day(until=21_600)
    payment = scene.payment(payment_id)
    assert (payment.status, payment.attention) == ("refund_due", None)
    scene.pass_time(DAY - 21_600)
    scene.clean_up()
    assert scene.payment(payment_id).attention == "refund_unresolved"
    assert scene.events(payment_id)[-1] == "PaymentUnresolved"
    assert statuses_asked(scene) == len(REFUND_STATUS_SECONDS)
    scene.settle(payment_id, was_reversed=False)
    assert scene.payment(payment_id).attention is None
    scene.send(payment_id)
    scene.pass_time(30)
    assert scene.payment(payment_id).status == "refunded"
    assert scene.refund(payment_id).attempt == 2
    assert scene.returned_kes() == 1000


@pytest.mark.parametrize("at", ["before the write", "after the write", "after the send"])
def test_a_crash_never_leads_to_two_sends(scene: Refunding, at: str) -> None:
    payment_id = scene.owed()
    scene.request(payment_id)
    if at == "after the send":
        scene.line.after[REVERSAL_PATH] = scene.line.crash
    else:
        crash = crash_before if at == "before the write" else crash_after
        scene.network.next(crash, on=TRANSACTION)
    with pytest.raises(CrashError):
        scene.approve(payment_id)
    was_sent = at != "before the write"
    assert scene.approve(payment_id) == ("refund_not_requested" if was_sent else "")
    scene.pass_time(120, cleans_up=True)
    assert scene.reversals_sent().total() == (0 if at == "after the write" else 1)
    is_open = at == "after the write"
    assert scene.payment(payment_id).status == ("refund_due" if is_open else "refunded")


def test_a_connection_that_failed_before_a_byte_was_sent_is_a_refusal(scene: Refunding) -> None:
    payment_id = scene.owed()

    def no_route() -> None:
        pool = NewConnectionError(None, "no route")  # type: ignore[arg-type]
        raise requests.ConnectionError(MaxRetryError(None, REVERSAL_PATH, pool))  # type: ignore[arg-type]

    scene.line.before[REVERSAL_PATH] = no_route
    scene.send(payment_id)
    assert (scene.refund(payment_id).step, scene.refund(payment_id).refused) == (None, "not_sent")
    assert not scene.daraja.world.initiator.asks[1:], "only the balance was asked"
    scene.pass_time(31)
    scene.send(payment_id)
    scene.pass_time(10)
    assert (scene.payment(payment_id).status, scene.returned_kes()) == ("refunded", 1000)


@pytest.mark.parametrize("scenario", ["ack_busy", "ack_spike_arrest", "ack_quota"])
def test_a_refusal_at_the_gate_may_be_requested_again(scene: Refunding, scenario: str) -> None:
    payment_id = sent(scene, scenario)
    assert scene.refund(payment_id).step is None
    assert scene.refund(payment_id).refused == "500.003.02" or scenario == "ack_quota"
    assert scene.gates.read().stopped is None
    scene.pass_time(31)
    scene.send(payment_id)
    scene.pass_time(10)
    assert scene.payment(payment_id).status == "refunded"
    assert scene.returned_kes() == 1000


@pytest.mark.parametrize("late", ["after the write", "with too little time left"])
def test_a_refund_that_comes_too_late_is_not_sent(scene: Refunding, late: str) -> None:
    payment_id = scene.owed()
    scene.request(payment_id)
    frozen = 11 if late == "after the write" else 0
    scene.network.next(then(lambda: scene.clock.sleep(frozen)), on=TRANSACTION)
    if not frozen:
        # The token is fetched so slowly that the send would outlive the function.
        scene.clock.sleep(3600)
        scene.line.before["/oauth/v1/generate"] = lambda: scene.clock.sleep(12)
    assert scene.approve(payment_id) == ""
    assert not scene.reversals_sent()
    assert (scene.refund(payment_id).step, scene.refund(payment_id).refused) == (None, "not_sent")
    assert scene.gates.read().stopped is None


def test_a_refused_token_is_renewed_once_and_then_the_refund_is_sent(scene: Refunding) -> None:
    payment_id = scene.owed()
    scene.request(payment_id)
    scene.daraja.revoke_tokens()
    assert scene.approve(payment_id) == ""
    scene.pass_time(10)
    assert scene.payment(payment_id).status == "refunded"
    assert scene.returned_kes() == 1000


@pytest.mark.parametrize("code", REFUSALS)
def test_a_listed_code_ends_the_attempt_and_stops_what_would_lock_us_out(
    scene: Refunding, code: str
) -> None:
    payment_id, other = scene.owed("1"), scene.owed("2")
    scene.daraja.set_next(refused(code), api="reversal")
    scene.send(payment_id)
    scene.pass_time(31)
    assert (scene.refund(payment_id).step, scene.refund(payment_id).refused) == (None, code)
    assert scene.payment(payment_id).attention == REFUSALS[code].attention
    is_stopped = REFUSALS[code].stops
    assert scene.gates.read().stopped == (code if is_stopped else None)
    if not is_stopped:
        scene.send(other)
        return
    with pytest.raises(ConflictError, match="stopped"):
        scene.request(other)
    if code in CREDENTIAL_CODES:
        assert scene.resume() == "credential_not_renewed"
        scene.set_credential(PASSWORD)
    assert scene.resume() == ""
    scene.send(other)
    assert scene.reversals_sent().total() == 2


def test_the_history_says_in_words_why_mpesa_refused_a_refund(scene: Refunding) -> None:
    payment_id = sent(scene, refused("R000002"))
    scene.pass_time(10)
    [reason] = [
        item["reason"]
        for item in scene.items(f"PAY#{payment_id}")
        if item.get("type") == "RefundRefused"
    ]
    assert reason == "R000002: M-Pesa does not know the receipt"


@pytest.mark.parametrize(
    ("code", "is_stopped"),
    [
        *[(code, False) for code in ("21", "TP40153", "11", "1")],
        *[(code, True) for code in ("18", "20", "22", "2001", "8006")],
    ],
)
def test_a_balance_that_is_refused_stops_refunds_unless_only_its_role_is_missing(
    scene: Refunding, code: str, is_stopped: bool
) -> None:
    payment_id = scene.owed()
    scene.daraja.set_next(refused(code), api="balance")
    scene.request(payment_id)
    scene.pass_time(10)
    assert scene.gates.read().stopped == (code if is_stopped else None)
    assert scene.approve(payment_id) == ("refunds_stopped" if is_stopped else "")


@pytest.mark.parametrize("asks_balance_first", [True, False])
def test_a_wrong_password_reaches_mpesa_once(scene: Refunding, asks_balance_first: bool) -> None:
    scene.set_credential("Wrong#2026")
    payments = [scene.owed(each) for each in "123"]
    if asks_balance_first:
        scene.request(payments[0])
        scene.pass_time(10)
        assert scene.gates.read().stopped == "2001"
        assert scene.approve(payments[0]) == "refunds_stopped"
        assert not scene.reversals_sent()
        return
    scene.gates.note_balance(1, now=int(scene.clock()))
    scene.daraja.set_next("ack_hang_lost", api="balance", times=3)
    for payment_id in payments:
        scene.request(payment_id)
    assert scene.approve(payments[0]) == ""
    scene.pass_time(31)
    assert [scene.approve(each) for each in payments[1:]] == ["refunds_stopped"] * 2
    assert scene.reversals_sent().total() == 1
    [operator] = [each for each in scene.daraja.initiators() if each.name == "testapi"]
    assert not operator.is_locked


def test_a_hint_is_asked_about_while_a_refund_is_under_way(scene: Refunding) -> None:
    payment_id = sent(scene, "ack_hang_lost")
    prompt = scene.prompt_of(payment_id)
    second = callback_body(prompt.checkout_request_id, 0, receipt="SECOND0001")
    scene.post_callback(prompt.order.callback_url, second, source_ip=UNLISTED_IP)
    assert scene.payment(payment_id).hint is not None
    scene.clean_up()
    payment = scene.payment(payment_id)
    assert (payment.hint, payment.attention) == (None, "second_receipt")
    scene.pass_a_day()
    assert statuses_asked(scene) == len(REFUND_STATUS_SECONDS)


@pytest.mark.parametrize("code", ["7777", "17", "26", "100000000"])
def test_an_unlisted_code_concludes_nothing(scene: Refunding, code: str) -> None:
    payment_id = sent(scene, refused(code))
    scene.pass_time(60)
    assert scene.refund(payment_id).step is RefundStep.SENT


@pytest.mark.parametrize("is_shown", [True, False])
def test_a_receipt_that_was_reversed_before_is_asked_about_at_once(is_shown: bool) -> None:
    scene = Refunding()
    scene.daraja.configure(reversed_is_shown=is_shown)
    payment_id = sent(scene, "reversed_on_portal")
    scene.pass_time(70, cleans_up=True)
    expected = "refunded" if is_shown else "refund_due"
    assert scene.payment(payment_id).status == expected
    scene.pass_a_day()
    assert scene.payment(payment_id).attention == (None if is_shown else "refund_unresolved")
    assert scene.returned_kes() == 1000


def test_a_lost_result_is_found_by_transaction_status(scene: Refunding) -> None:
    payment_id = sent(scene, "outcome_lost")
    scene.pass_time(200, cleans_up=True)
    assert scene.payment(payment_id).status == "refunded"
    assert scene.events(payment_id)[-1] == "PaymentRefunded"


def test_money_that_went_back_is_not_booked_as_money_that_came(scene: Refunding) -> None:
    """A clerk asks about the refund's own receipt: M-Pesa credited the customer, not us."""
    payment_id = scene.owed()
    scene.send(payment_id)
    scene.pass_time(70, cleans_up=True)
    own = scene.payment(payment_id).receipt_number
    [returned] = [each for each in scene.daraja.ledger.by_receipt if each != own]
    scene.services.refunds().function.ask_receipt(returned, by=CHECKER)
    scene.pass_time(5)
    asked = scene.gates.get_ask(returned)
    assert asked is not None
    assert (asked.answer or "").startswith("Completed, KES 1,000")
    assert list(scene.receipt_rows()) == [own]


@pytest.mark.parametrize("status", ["cancelled", "declined", "expired", "failed", "rejected"])
def test_a_status_that_a_paid_receipt_cannot_have_needs_a_person(
    scene: Refunding, status: str
) -> None:
    payment_id = scene.owed()
    scene.daraja.set_next("outcome_lost", api="reversal")
    scene.daraja.set_next(f"status_{status}", api="status")
    scene.send(payment_id)
    scene.pass_time(200, cleans_up=True)
    assert scene.payment(payment_id).attention == "refund_receipt_odd"
    assert scene.payment(payment_id).status == "refund_due"


def test_completed_says_nothing_about_a_refund(scene: Refunding) -> None:
    payment_id = scene.owed()
    scene.daraja.set_next("outcome_late", api="reversal")
    scene.daraja.set_next("status_completed", api="status")
    scene.send(payment_id)
    scene.pass_time(300, cleans_up=True)
    assert scene.refund(payment_id).step is RefundStep.SENT
    assert scene.payment(payment_id).attention is None


def test_a_locked_initiator_in_the_status_answer_stops_refunds(scene: Refunding) -> None:
    sent(scene, "outcome_lost")
    scene.pass_time(10)
    scene.daraja.set_initiator("testapi", is_locked=True)
    scene.pass_time(200, cleans_up=True)
    assert scene.gates.read().stopped == "8006"
    asked = len(scene.invoker.calls)
    scene.pass_time(7200, cleans_up=True)
    assert len(scene.invoker.calls) == asked


def test_nothing_is_asked_while_refunds_are_stopped(scene: Refunding) -> None:
    payment_id = sent(scene, "outcome_lost")
    scene.gates.stop("2001", now=int(scene.clock()))
    before = len(scene.line.posts)
    acts: list[dict[str, object]] = [{"act": "ask_status", "payment_id": payment_id}]
    acts += [{"act": "ask_balance"}, {"act": "ask_receipt", "receipt_number": "A", "by": CHECKER}]
    for act in acts:
        scene.function("refunds").invoke(act)
    assert len(scene.line.posts) == before


def test_a_post_from_an_unlisted_address_only_brings_one_look_forward(scene: Refunding) -> None:
    payment_id = sent(scene, "outcome_lost")
    url = reversal_body(scene)["ResultURL"]
    forged = json.dumps({"Result": {"ResultCode": 0, "TransactionID": "FORGED0001"}})
    for _ in range(3):
        assert scene.post_to_paybill(url, forged, source_ip=UNLISTED_IP).status == 200
        scene.clean_up()
    assert scene.payment(payment_id).status == "refund_due"
    assert statuses_asked(scene) == 1


def test_a_queue_timeout_concludes_nothing(scene: Refunding) -> None:
    payment_id = sent(scene, "queue_timeout_only")
    scene.pass_time(35)
    assert scene.refund(payment_id).step is RefundStep.SENT
    scene.clean_up()
    scene.pass_time(10)
    assert scene.payment(payment_id).status == "refunded"


@pytest.mark.parametrize("part", ["token", "attempt", "payment", "kind"])
def test_a_forged_address_is_a_constant_404_and_writes_nothing(scene: Refunding, part: str) -> None:
    payment_id = sent(scene, "outcome_lost")
    url = {
        "token": lambda url: url[:-1] + ("0" if url[-1] != "0" else "1"),
        "attempt": lambda url: url.replace("/1/", "/2/"),
        "payment": lambda url: url.replace(payment_id, "0" * 32),
        "kind": lambda url: url.replace("reversal", "status"),
    }[part](reversal_body(scene)["ResultURL"])
    before = list(scene.engine.items("payments-under-test"))
    posted = json.dumps({"Result": {"ResultCode": 0, "TransactionID": "FORGED0001"}})
    answer = scene.post_to_paybill(url, posted, source_ip=LISTED_IP)
    assert (answer.status, answer.body) == (404, {"ResultCode": 1, "ResultDesc": "Not found"})
    assert list(scene.engine.items("payments-under-test")) == before


@pytest.mark.parametrize("scenario", ["outcome_wrong_receipt", "outcome_wrong_amount"])
def test_a_result_about_other_money_only_raises_attention(scene: Refunding, scenario: str) -> None:
    payment_id = sent(scene, scenario)
    scene.pass_time(10)
    assert scene.refund(payment_id).step is RefundStep.SENT
    assert scene.payment(payment_id).attention is not None


@pytest.mark.parametrize("scenario", [f"outcome_{name}" for name in ODD_RESULTS])
def test_an_odd_result_still_ends_the_refund_once(scene: Refunding, scenario: str) -> None:
    payment_id = sent(scene, scenario)
    scene.pass_time(30)
    assert scene.payment(payment_id).status == "refunded"
    assert scene.payment(payment_id).attention is None
    assert scene.events(payment_id).count("PaymentRefunded") == 1


def test_refunds_keep_their_distance(scene: Refunding) -> None:
    first, second = scene.owed("1"), scene.owed("2")
    scene.request(first)
    scene.request(second)
    assert scene.approve(first) == ""
    assert scene.approve(second) == "refund_spacing"
    scene.pass_time(30)
    assert scene.approve(second) == ""


def test_two_refunds_at_once_keep_their_distance_in_the_write_itself(scene: Refunding) -> None:
    first, second = scene.owed("1"), scene.owed("2")
    scene.request(first)
    scene.request(second)
    answers: list[str] = []
    overtakes = meanwhile(lambda: answers.append(scene.approve(second)))
    scene.network.next(overtakes, on=TRANSACTION)
    assert (scene.approve(first), answers) == ("refund_spacing", [""])
    assert scene.reversals_sent().total() == 1


def test_two_checkers_at_once_send_one_refund(scene: Refunding) -> None:
    payment_id = scene.owed()
    scene.request(payment_id)
    answers: list[str] = []
    another = meanwhile(lambda: answers.append(scene.approve(payment_id, by="staff:chebet")))
    scene.network.next(another, on=TRANSACTION)
    answers.append(scene.approve(payment_id, version=scene.payment(payment_id).version))
    assert answers == ["", "changed_meanwhile"]
    assert scene.reversals_sent().total() == 1


def test_a_request_that_is_withdrawn_while_it_is_approved_is_not_sent(scene: Refunding) -> None:
    payment_id = scene.owed()
    scene.request(payment_id)
    scene.network.next(meanwhile(lambda: scene.withdraw(payment_id)), on=TRANSACTION)
    assert scene.approve(payment_id) == "changed_meanwhile"
    assert not scene.reversals_sent()


def test_refunds_that_stop_while_one_is_approved_are_not_sent(scene: Refunding) -> None:
    payment_id = scene.owed()
    scene.request(payment_id)
    stops = meanwhile(lambda: scene.gates.stop("2001", now=int(scene.clock())))
    scene.network.next(stops, on=TRANSACTION)
    assert scene.approve(payment_id) == "refunds_stopped"
    assert not scene.reversals_sent()


def test_a_refund_on_its_way_is_not_marked_by_hand(scene: Refunding) -> None:
    payment_id = sent(scene, "outcome_late")
    with pytest.raises(ConflictError, match="sent to M-Pesa"):
        mark(scene, payment_id)


def test_money_that_went_back_twice_is_never_silent(scene: Refunding) -> None:
    twice = {"outcome_code": "1", "outcome_is_executed": True, "second_code": "0"}
    payment_id = sent(scene, twice | {"second_seconds": 60.0})
    scene.pass_time(10)
    assert scene.refund(payment_id).refused == "1"
    mark(scene, payment_id)
    scene.pass_time(120)
    payment = scene.payment(payment_id)
    assert (payment.status, payment.attention) == ("refunded", "refunded_twice")


def test_a_late_refusal_of_the_first_attempt_says_nothing_about_the_second(
    scene: Refunding,
) -> None:
    late = {"outcome_code": "1", "second_code": "1", "second_seconds": 100.0}
    payment_id = sent(scene, late)
    scene.pass_time(31)
    scene.daraja.set_next("outcome_late", api="reversal")
    scene.send(payment_id)
    scene.pass_time(120)
    refund = scene.refund(payment_id)
    assert (refund.step, refund.attempt) == (RefundStep.SENT, 2)


def test_without_an_initiator_a_refund_is_manual_and_says_why() -> None:
    scene = Refunding(has_initiator=False)
    payment_id = scene.owed()
    with pytest.raises(ConflictError, match="manual"):
        scene.request(payment_id)
    mark(scene, payment_id)
    assert scene.payment(payment_id).status == "refunded"
    assert not scene.reversals_sent()


def test_an_idempotency_key_requests_once(scene: Refunding) -> None:
    payment_id = scene.owed()
    first = scene.request(payment_id, request_key="k" * 32)
    again = scene.request(payment_id, request_key="k" * 32)
    assert again == scene.payment(payment_id)
    assert again.version == first.version
    with pytest.raises(ConflictError, match="under way"):
        scene.request(payment_id, request_key="l" * 32)
    scene.withdraw(payment_id)
    assert scene.request(payment_id, request_key="k" * 32).refund == scene.refund(payment_id)
    assert scene.refund(payment_id).step is None


def test_the_balance_is_asked_with_a_request_and_decides_nothing(scene: Refunding) -> None:
    payment_id = scene.owed()
    scene.daraja.set_utility("174379", 750)
    scene.request(payment_id)
    scene.pass_time(10)
    gate = scene.gates.read()
    assert gate.balance_kes == 750
    assert gate.balance_at == pytest.approx(scene.clock(), abs=10)
    assert scene.approve(payment_id) == ""


def test_a_result_that_the_table_refuses_is_kept_without_names(scene: Refunding) -> None:
    payment_id = scene.owed()
    scene.send(payment_id)
    scene.network.next(refuse(throttled), on=TRANSACTION)
    scene.network.rules *= 4
    scene.pass_time(10)
    assert scene.payment(payment_id).status == "refund_due"
    [message] = scene.money_queue.messages
    assert "JUMA" not in message["body"]
    assert "2547" not in message["body"]
    answer = scene.function("paybill").invoke({"Records": [message]})
    assert answer == {"batchItemFailures": []}
    assert scene.payment(payment_id).status == "refunded"


def test_old_result_keys_are_accepted_and_new_addresses_use_the_newest(scene: Refunding) -> None:
    payment_id = sent(scene, "outcome_late")
    keys = json.dumps({"RESULT_KEY": "newest", "RESULT_KEYS_OLD": "older,result-key-under-test"})
    scene.secrets.put_secret_value(SecretId=RESULT_KEY_SECRET_ARN, SecretString=keys)
    scene.pass_time(700)
    assert scene.payment(payment_id).status == "refunded"

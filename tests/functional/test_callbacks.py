"""Callbacks on their way in: what is acknowledged is durable, and what is not durable is not."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from payments.protocol.evidence import ReceiptFound, Resolution, ReviewResolved
from payments.protocol.payment import PaymentStatus

from tests.functional.bank import Bank
from tests.functional.faulty import PUSH_PATH, QUERY_PATH, callback_body, callback_url
from tests.functional.scene import Scene
from tests.support.aws import TABLE_NAME
from tests.support.lambdas import LISTED_IP, UNLISTED_IP, http_event
from tests.support.world import CALLBACK, OLD_CALLBACK, Answer

ACCEPTED = {"ResultCode": 0, "ResultDesc": "Accepted"}


def waiting(scene: Scene) -> tuple[str, str, str]:
    """A payment that waits for its PIN: its id, its callback's path, a success for it."""
    payment_id = scene.pay("waits")
    prompt = scene.prompt_of(payment_id)
    path = callback_url(scene).removeprefix("https://pay.example.co.ke")
    return payment_id, path, callback_body(prompt.checkout_request_id, 0)


def event_for(path: str, body: str, *, source_ip: str = LISTED_IP) -> dict[str, Any]:
    """A callback as API Gateway hands it over."""
    return http_event("POST", CALLBACK, path=path, body=body, source_ip=source_ip)


def post_while_dynamodb_refuses(
    scene: Scene, path: str, body: str, *, source_ip: str = LISTED_IP
) -> Answer:
    """The callback meets a table that takes nothing; afterwards the table answers again."""
    scene.network.refuses = True
    answer = scene.post_callback(path, body, source_ip=source_ip)
    scene.network.refuses = False
    return answer


def test_a_callback_is_acknowledged_in_daraja_s_own_words(scene: Scene) -> None:
    payment_id, path, body = waiting(scene)
    answer = scene.post_callback(path, body)
    assert (answer.status, answer.body) == (200, ACCEPTED)
    assert scene.is_confirmed_by(payment_id)


def test_what_dynamodb_refuses_waits_in_the_queue_and_is_applied_later(scene: Scene) -> None:
    payment_id, path, body = waiting(scene)
    answer = post_while_dynamodb_refuses(scene, path, body)
    assert (answer.status, answer.body) == (200, ACCEPTED)
    assert scene.payment(payment_id).status is PaymentStatus.PENDING
    [message] = scene.queue.messages
    token = path.rsplit("/", 1)[1]
    assert token not in message["body"], "a message holds the token's digest, never the token"

    assert scene.redrive() == {"batchItemFailures": []}
    assert scene.is_confirmed_by(payment_id)
    assert scene.queue.messages == []


def test_a_queued_hint_is_still_only_a_hint(scene: Scene) -> None:
    payment_id, path, body = waiting(scene)
    post_while_dynamodb_refuses(scene, path, body, source_ip=UNLISTED_IP)
    scene.redrive()
    assert scene.payment(payment_id).status is PaymentStatus.PENDING
    assert scene.payment(payment_id).hint is not None


@pytest.mark.parametrize(
    "odd", ["no message of ours", "[]", "7", '"text"', "{}", '{"payment_id": 1}']
)
def test_of_a_batch_only_what_cannot_be_stored_stays(scene: Scene, odd: str) -> None:
    payment_id, path, body = waiting(scene)
    post_while_dynamodb_refuses(scene, path, body)
    scene.queue.messages.insert(0, {"messageId": "odd", "body": odd})
    assert scene.redrive() == {"batchItemFailures": [{"itemIdentifier": "odd"}]}
    assert scene.is_confirmed_by(payment_id)
    assert [message["messageId"] for message in scene.queue.messages] == ["odd"]


def test_a_callback_for_a_payment_that_cannot_be_read_waits_until_it_can(scene: Scene) -> None:
    payment_id, path, body = waiting(scene)
    key = {"pk": {"S": f"PAY#{payment_id}"}, "sk": {"S": "STATE"}}
    spoil = {"Key": key, "ExpressionAttributeNames": {"#s": "status"}}
    change = {"TableName": TABLE_NAME, **spoil}
    scene.dynamodb.update_item(UpdateExpression="SET spare_status = #s REMOVE #s", **change)

    assert scene.post_callback(path, body).status == 200
    assert len(scene.redrive()["batchItemFailures"]) == 1

    scene.dynamodb.update_item(
        UpdateExpression="SET #s = spare_status REMOVE spare_status", **change
    )
    assert scene.redrive() == {"batchItemFailures": []}
    assert scene.is_confirmed_by(payment_id)


def test_a_message_stays_while_the_store_refuses(scene: Scene) -> None:
    _, path, body = waiting(scene)
    scene.network.refuses = True
    scene.post_callback(path, body)
    assert len(scene.redrive()["batchItemFailures"]) == 1
    assert len(scene.queue.messages) == 1


def test_where_the_queue_refuses_too_the_callback_is_not_acknowledged(scene: Scene) -> None:
    _, path, body = waiting(scene)
    scene.network.refuses = True
    scene.queue.is_down = True
    assert scene.post_callback(path, body).status == 503


@pytest.mark.parametrize("code", [0, 1032, 7777])
def test_the_old_route_stores_nothing_and_always_accepts(scene: Scene, code: int) -> None:
    payment_id, _, _ = waiting(scene)
    checkout_request_id = scene.prompt_of(payment_id).checkout_request_id
    before = scene.payment(payment_id)
    body = callback_body(checkout_request_id, code)
    answer = scene.call("callback", "POST", OLD_CALLBACK, body=body, source_ip=LISTED_IP)
    assert (answer.status, answer.body) == (200, ACCEPTED)
    after = scene.payment(payment_id)
    assert (after.status, after.result_code, after.hint) == (before.status, None, None)
    assert scene.events(payment_id) == []
    assert scene.items("RCPT#") == []
    assert not any(item["sk"].startswith("EVIDENCE#") for item in scene.items("PAY#"))


@pytest.mark.parametrize("body", ["", "{", "[]", '{"Body": null}', "x" * 9000])
def test_the_old_route_accepts_whatever_it_cannot_read(scene: Scene, body: str) -> None:
    before = scene.items("")
    answer = scene.call("callback", "POST", OLD_CALLBACK, body=body)
    assert (answer.status, answer.body) == (200, ACCEPTED)
    assert scene.items("") == before


@pytest.mark.parametrize(("code", "hastens"), [(0, True), (1032, True), (7777, False)])
def test_the_old_route_makes_an_open_payment_due_at_once_for_a_final_code(
    scene: Scene, code: int, hastens: bool
) -> None:
    payment_id, _, _ = waiting(scene)
    due_at = scene.payment(payment_id).due_at
    scene.pass_time(5, delivers=False)
    body = callback_body(scene.prompt_of(payment_id).checkout_request_id, code)
    scene.call("callback", "POST", OLD_CALLBACK, body=body)
    assert scene.payment(payment_id).due_at == (int(scene.clock()) if hastens else due_at)


def test_a_function_url_event_has_no_path_parameters(scene: Scene) -> None:
    payment_id, path, body = waiting(scene)
    event = event_for(path, body)
    event["routeKey"] = "$default"
    del event["pathParameters"]
    assert scene.function("callback").invoke(event)["statusCode"] == 200
    assert scene.is_confirmed_by(payment_id)


def test_a_base64_body_is_read(scene: Scene) -> None:
    payment_id, path, body = waiting(scene)
    event = event_for(path, base64.b64encode(body.encode()).decode()) | {"isBase64Encoded": True}
    assert scene.function("callback").invoke(event)["statusCode"] == 200
    assert scene.is_confirmed_by(payment_id)


@pytest.mark.parametrize(("size", "status"), [(8192, 200), (8193, 413)])
@pytest.mark.parametrize("is_base64", [False, True])
def test_a_body_is_capped_at_eight_kilobytes(
    scene: Scene, size: int, status: int, is_base64: bool
) -> None:
    payment_id, path, body = waiting(scene)
    body += " " * (size - len(body))
    text = base64.b64encode(body.encode()).decode() if is_base64 else body
    event = event_for(path, text) | {"isBase64Encoded": is_base64}
    assert scene.function("callback").invoke(event)["statusCode"] == status
    assert (scene.payment(payment_id).status is PaymentStatus.COMPLETED) == (status == 200)


@pytest.mark.parametrize("spoil", ["token", "payment", "short"])
def test_a_wrong_token_or_payment_is_404_and_nothing_is_written(scene: Scene, spoil: str) -> None:
    payment_id, path, body = waiting(scene)
    token = path.rsplit("/", 1)[1]
    wrong = {
        "token": path.replace(token, "0" * 64),
        "payment": path.replace(payment_id, "0" * 32),
        "short": path[:-1],
    }[spoil]
    before = scene.items("")
    answer = scene.post_callback(wrong, body)
    assert (answer.status, answer.body) == (404, {"ResultCode": 1, "ResultDesc": "Not found"})
    assert scene.items("") == before


def test_a_hint_is_confirmed_by_a_query_and_brings_amount_and_receipt(scene: Scene) -> None:
    payment_id = scene.pay("pays+callback_unlisted")
    scene.pass_time(40)
    assert scene.payment(payment_id).status is PaymentStatus.PENDING
    assert scene.payment(payment_id).hint is not None
    assert scene.status(payment_id).body["status"] == "completed"
    assert scene.payment(payment_id).receipt_number is not None
    assert scene.is_confirmed_by(payment_id)


def test_a_forged_receipt_gives_way_to_the_real_callbacks_own(scene: Scene) -> None:
    payment_id = scene.pay({"person": "pays", "callback_seconds": 90.0})
    scene.pass_time(30)
    known = scene.prompt_of(payment_id).checkout_request_id
    scene.post(payment_id, 0, receipt="FORGED0001", source_ip=UNLISTED_IP)
    assert scene.status(payment_id).body["mpesa_receipt_number"] == "FORGED0001"

    scene.pass_time(120)

    debit = scene.daraja.ledger.by_checkout(known)
    assert debit is not None
    assert scene.status(payment_id).body["mpesa_receipt_number"] == debit.receipt
    assert scene.payment(payment_id).attention is None
    assert scene.is_confirmed_by(payment_id)
    rows = {item["pk"] for item in scene.items("RCPT#")}
    assert rows == {f"RCPT#{debit.receipt}"}, "a stranger's receipt is never claimed"


def hinted(scene: Scene, payment_id: str) -> None:
    """Safaricom reports the prompt's money from an address that is not listed yet."""
    scene.post(payment_id, 0, receipt="SKI7PROMPT", source_ip=UNLISTED_IP)


@pytest.mark.parametrize("by", ["hand", "statement"])
def test_a_hint_of_the_prompts_money_is_asked_about_although_other_money_came(
    scene: Scene, by: str
) -> None:
    """The customer paid twice: by hand, and at the prompt. Nobody else reports the prompt's."""
    payment_id = scene.pay("pays+callback_lost")
    scene.pass_time(20)
    hinted(scene, payment_id)
    if by == "hand":
        reference = scene.payment(payment_id).account_reference
        Bank(scene).says("SKI7HAND01", reference=reference)
    else:
        found = ReceiptFound(receipt_number="SKI7HAND01", amount_kes=1000)
        Bank(scene).decide(payment_id, found)
    scene.pass_time(200, cleans_up=True)
    payment = scene.payment(payment_id)
    assert (payment.bound_receipt, payment.hint) == ("SKI7HAND01", None)
    assert payment.attention == "second_receipt"


def test_a_hint_of_the_same_money_costs_no_query(scene: Scene) -> None:
    payment_id = scene.pay("pays+callback_lost")
    scene.pass_time(20)
    hinted(scene, payment_id)
    reference = scene.payment(payment_id).account_reference
    Bank(scene).says("SKI7PROMPT", reference=reference)
    payment = scene.payment(payment_id)
    assert (payment.status, payment.hint, payment.due_at) == ("completed", None, None)


def test_a_hint_that_waits_for_its_answer_outlives_a_persons_no(scene: Scene) -> None:
    """Else Daraja is never asked: the money was taken, and the payment stays failed."""
    payment_id = scene.pay("pays+callback_lost")
    scene.pass_time(400, delivers=False)
    bank = Bank(scene)
    bank.decide(payment_id, ReceiptFound(receipt_number="TYPED00001", amount_kes=1000))
    hinted(scene, payment_id)
    bank.decide(payment_id, ReviewResolved(resolution=Resolution.BOGUS))
    assert scene.payment(payment_id).status == "failed"
    scene.clean_up()
    payment = scene.payment(payment_id)
    assert (payment.status, payment.receipt_number) == ("completed", "SKI7PROMPT")
    assert scene.is_confirmed_by(payment_id)


def test_a_forged_header_does_not_make_an_address_listed(scene: Scene) -> None:
    payment_id, path, body = waiting(scene)
    event = event_for(path, body, source_ip=UNLISTED_IP)
    event["headers"] = {"x-forwarded-for": LISTED_IP, "forwarded": f"for={LISTED_IP}"}
    scene.function("callback").invoke(event)
    assert scene.payment(payment_id).status is PaymentStatus.PENDING


@pytest.mark.parametrize("body", ["", "{", "[" * 4000, '{"Body":{"stkCallback":{}}}', "NaN"])
def test_a_body_with_the_right_token_that_cannot_be_read_is_kept_for_a_person(
    scene: Scene, body: str
) -> None:
    payment_id, path, _ = waiting(scene)
    assert scene.post_callback(path, body).status == 200
    kept = [item for item in scene.items("PAY#") if item["sk"].startswith("EVIDENCE#")]
    assert len(kept) == 1
    assert scene.payment(payment_id).status is PaymentStatus.PENDING


def test_a_masked_phone_or_a_string_code_does_not_stop_a_success(scene: Scene) -> None:
    payment_id, path, body = waiting(scene)
    document = json.loads(body)
    callback = document["Body"]["stkCallback"]
    callback["ResultCode"] = "0"
    callback["CallbackMetadata"]["Item"][-1]["Value"] = "0708 *** 149"
    assert scene.post_callback(path, json.dumps(document)).status == 200
    assert scene.is_confirmed_by(payment_id)


IDS_WITHOUT_DIGITS = ("ws_CO_28112026101112*****4149", "ws_CO_28112026101112345", "9f2c-77ab-1")


@pytest.mark.parametrize("checkout_request_id", IDS_WITHOUT_DIGITS)
@pytest.mark.parametrize(
    ("code", "status"),
    [(0, PaymentStatus.COMPLETED), (1032, PaymentStatus.FAILED), (4999, PaymentStatus.PENDING)],
)
def test_an_authentic_callback_brings_the_id_of_a_lost_push_without_the_payers_digits(
    scene: Scene, checkout_request_id: str, code: int, status: PaymentStatus
) -> None:
    payment_id = scene.pay("push_hang+waits")
    assert scene.payment(payment_id).status is PaymentStatus.UNKNOWN
    body = callback_body(checkout_request_id, code)
    assert scene.post_callback(callback_url(scene), body).status == 200
    payment = scene.payment(payment_id)
    assert (payment.checkout_request_id, payment.status) == (checkout_request_id, status)


def called_back_after_a_refused_push(scene: Scene, code: int) -> str:
    """Daraja refused the push; the callback of a prompt that came all the same arrives."""
    scene.daraja.set_next("push_busy")
    assert scene.initiate().status == 502
    payment_id = scene.only_payment()
    assert scene.payment(payment_id).due_at is None
    [push] = scene.daraja.journal.entries(kind="request", path=PUSH_PATH)
    url = json.loads(str(push.facts["body"]))["CallBackURL"]
    body = callback_body("ws_CO_28112026101112123708374149", code)
    assert scene.post_callback(url, body).status == 200
    return payment_id


@pytest.mark.parametrize(("code", "attention"), [(1032, "prompt_after_refused_push"), (0, None)])
def test_a_callback_for_a_refused_push_is_shown_to_an_operator_unless_it_brings_the_money(
    scene: Scene, code: int, attention: str | None
) -> None:
    payment_id = called_back_after_a_refused_push(scene, code)
    payment = scene.payment(payment_id)
    assert (payment.checkout_request_id is not None, payment.attention) == (True, attention)
    assert scene.is_confirmed_by(payment_id) is (code == 0)


def test_a_prompt_that_came_of_a_refused_push_is_asked_about_in_the_next_minute(
    scene: Scene,
) -> None:
    payment_id = called_back_after_a_refused_push(scene, 1032)
    assert scene.payment(payment_id).due_at == int(scene.clock())
    scene.pass_time(60)
    scene.clean_up()
    assert scene.line.paths.count(QUERY_PATH) == 1

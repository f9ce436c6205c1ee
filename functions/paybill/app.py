"""What M-Pesa posts about the paybill or till: money, results of refunds; its queue's redrive."""

from typing import Any

from payments.aws.money_queue import read_confirmation_message
from payments.aws.paybill_runtime import prepare_paybill
from payments.daraja.money_wire import read_confirmation
from payments.daraja.wire import MalformedCallbackError
from payments.errors import StoreUnavailableError
from payments.http import api_gateway
from payments.http.results import apply_result_message, is_result_message, receive_result
from payments.usecases.receive_confirmation import Confirmation, hasten_pull, receive_confirmation
from payments.usecases.validate_payment import ACCEPTED, validate_payment

RECEIVED = {"ResultCode": 0, "ResultDesc": "Success"}
NOT_FOUND = {"ResultCode": 1, "ResultDesc": "Not found"}
SAYS = {ACCEPTED: "Accepted"}

CONFIRMATION_BUDGET_SECONDS = 3
"""A slow table must leave time for the queue before M-Pesa stops waiting."""
VALIDATION_BUDGET_SECONDS = 1
"""No read begins later. The slowest one takes two seconds: together three of M-Pesa's eight."""

runtime = prepare_paybill()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Acknowledge what is durable; apply what was queued."""
    if "Records" in event:
        response = _redrive(event)
    else:
        response = api_gateway.answered(event, lambda: _receive(event))
        if response["statusCode"] >= 500:
            runtime.observer.counted("C2BFailed")
    runtime.observer.flush()
    return response


def _receive(event: dict[str, Any]) -> api_gateway.Response:
    """Dispatch by the path itself: a Function URL has no route and no path parameters."""
    match api_gateway.raw_path(event).split("/"):
        case ["", "api", "c2b", token, "confirmation"]:
            return _confirm(event, token)
        case ["", "api", "c2b", token, "validation"]:
            return _validate(event, token)
        case ["", "api", "result", *_]:
            runtime.must_answer_within(CONFIRMATION_BUDGET_SECONDS)
            return receive_result(event, runtime, keep=runtime.money_queue.send)
        case _:
            return _not_found()


def _confirm(event: dict[str, Any], token: str) -> api_gateway.Response:
    raw = api_gateway.raw_body(event)
    runtime.must_answer_within(CONFIRMATION_BUDGET_SECONDS)
    proof = runtime.prove(token)
    if proof.is_wrong:
        return _not_found()
    try:
        money = read_confirmation(raw, hash_phone=runtime.services.hash_phone)
    except MalformedCallbackError:
        # Without a receipt no row can be written: Pull lists the money.
        runtime.observer.counted("C2BUnreadable")
        _hasten()
        return api_gateway.ok(RECEIVED)
    source_ip = api_gateway.source_ip(event)
    confirmation = Confirmation(
        unproven_token=proof.unproven, is_listed=runtime.is_safaricom(source_ip), money=money
    )
    _book_or_enqueue(confirmation, api_gateway.request_id(event))
    if not confirmation.is_listed:
        # The sender is Safaricom or a thief of the token, no customer: log the address.
        runtime.observer.noted("confirmation from an unlisted address", source_ip=source_ip)
    return api_gateway.ok(RECEIVED)


def _book_or_enqueue(confirmation: Confirmation, request_id: str) -> None:
    """Book the money, or enqueue it, whatever went wrong: M-Pesa does not send it again."""
    try:
        if runtime.recheck(confirmation):
            actor = runtime.actor("c2b", request_id)
            receive_confirmation(runtime.services, runtime.paybill, confirmation, actor=actor)
    except Exception as error:
        cause = error.cause if isinstance(error, StoreUnavailableError) else type(error).__name__
        runtime.observer.noted("confirmation queued", cause=cause)
        runtime.money_queue.enqueue(confirmation)
        runtime.observer.counted("C2BQueued")


def _hasten() -> None:
    try:
        hasten_pull(runtime.services, runtime.paybill)
    except StoreUnavailableError as error:
        runtime.observer.noted("pull not hastened", cause=error.cause)


def _validate(event: dict[str, Any], token: str) -> api_gateway.Response:
    """Accept on any doubt: a payment that is refused by mistake is a customer who cannot pay."""
    raw = api_gateway.raw_body(event)
    runtime.must_answer_within(VALIDATION_BUDGET_SECONDS)
    proof = runtime.prove(token)
    if proof.is_wrong:
        return _not_found()
    code = ACCEPTED
    is_judged = proof.unproven is None and runtime.is_safaricom(api_gateway.source_ip(event))
    if is_judged and runtime.settings.validates_strictly:
        try:
            money = read_confirmation(raw, hash_phone=runtime.services.hash_phone)
            code = validate_payment(runtime.services, runtime.paybill, money)
        except Exception as error:
            runtime.observer.noted("validation accepted unread", cause=type(error).__name__)
    if code != ACCEPTED:
        runtime.observer.counted("C2BRefused")
    return api_gateway.ok({"ResultCode": code, "ResultDesc": SAYS.get(code, "Rejected")})


def _not_found() -> api_gateway.Response:
    runtime.observer.counted("C2BRejected")
    return api_gateway.ok(NOT_FOUND, status=404)


def _redrive(event: dict[str, Any]) -> dict[str, Any]:
    """Apply what was queued; each message that still cannot be applied stays in the queue."""
    failed = []
    runtime.must_answer_within(None)
    for record in event["Records"]:
        try:
            if is_result_message(record["body"]):
                apply_result_message(record["body"], runtime, request_id=record["messageId"])
                continue
            confirmation = read_confirmation_message(record["body"])
            if runtime.recheck(confirmation):
                actor = runtime.actor("redrive", record["messageId"])
                receive_confirmation(runtime.services, runtime.paybill, confirmation, actor=actor)
        except Exception as error:  # one bad message must not fail the rest of its batch
            runtime.observer.noted("redrive failed", cause=type(error).__name__)
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}

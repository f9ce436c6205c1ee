"""Safaricom's webhook, the old webhook route, and the redrive of the fallback queue."""

from typing import Any

from payments.aws.fallback_queue import new_post, read_post
from payments.aws.runtime import prepare
from payments.aws.settings import is_listed
from payments.daraja.wire import MalformedCallbackError, parse_callback
from payments.errors import PaymentError, StoreUnavailableError
from payments.http import api_gateway
from payments.usecases.record_callback import CallbackPost, hasten_by_old_route, record_result
from payments.values import CALLBACK_SECRET, PAYMENT_ID, sha256_hex

ACCEPTED = {"ResultCode": 0, "ResultDesc": "Accepted"}
OLD_ROUTE = "/api/payment/mpesa/callback"
CALLBACK_ROUTE = "/api/payment/callback/"
NOT_FOUND = {"ResultCode": 1, "ResultDesc": "Not found"}

CALLBACK_BUDGET_SECONDS = 3
"""Safaricom waits about five seconds: a slow table must leave time for the queue."""

runtime = prepare(enqueues_callbacks=True)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Acknowledge callbacks that are durable; apply queued ones."""
    if "Records" in event:
        response = _redrive(event)
    else:
        response = api_gateway.answered(event, lambda: _receive(event))
        if response["statusCode"] >= 500:
            runtime.observer.counted("CallbackFailed")
    runtime.observer.flush()
    return response


def _receive(event: dict[str, Any]) -> api_gateway.Response:
    if api_gateway.raw_path(event).endswith(OLD_ROUTE):
        return _receive_on_old_route(event)
    raw = api_gateway.raw_body(event)
    payment_id, secret = _payment_and_secret(event)
    if not (PAYMENT_ID.match(payment_id) and CALLBACK_SECRET.match(secret)):
        runtime.observer.counted("CallbackRejected")
        return api_gateway.ok(NOT_FOUND, status=404)
    source_ip = api_gateway.source_ip(event)
    post = new_post(
        payment_id=payment_id,
        secret_sha256=sha256_hex(secret),
        is_listed=is_listed(source_ip, runtime.settings.callback_networks),
        body=raw.decode(errors="replace"),
    )
    return _apply_or_enqueue(post, source_ip, api_gateway.request_id(event))


def _payment_and_secret(event: dict[str, Any]) -> tuple[str, str]:
    """Read both from the path itself: a Function URL has no path parameters."""
    _, _, tail = api_gateway.raw_path(event).partition(CALLBACK_ROUTE)
    payment_id, _, secret = tail.partition("/")
    return payment_id, secret


def _apply_or_enqueue(post: CallbackPost, source_ip: str, request_id: str) -> api_gateway.Response:
    """Apply the callback, or enqueue it where the store refuses."""
    actor = runtime.actor("callback", request_id)
    runtime.must_answer_within(CALLBACK_BUDGET_SECONDS)
    try:
        payment = record_result(runtime.services, post, actor=actor)
    except Exception as error:
        # Whatever went wrong is ours, and Safaricom does not send it again: enqueue it.
        cause = error.cause if isinstance(error, StoreUnavailableError) else type(error).__name__
        runtime.observer.noted("callback queued", cause=cause)
        runtime.fallback.enqueue(post)
        runtime.observer.counted("CallbackQueued")
        return api_gateway.ok(ACCEPTED)
    if payment is None:
        return api_gateway.ok(NOT_FOUND, status=404)
    if not post.is_listed:
        # The sender is Safaricom or a thief of the secret, no customer: log the address.
        runtime.observer.noted("callback from an unlisted address", source_ip=source_ip)
    return api_gateway.ok(ACCEPTED)


def _receive_on_old_route(event: dict[str, Any]) -> api_gateway.Response:
    """Store and believe nothing, always answer 200 (docs/protocol.md, section 5.4)."""
    try:
        hasten_by_old_route(runtime.services, parse_callback(api_gateway.raw_body(event)))
    except (PaymentError, MalformedCallbackError):
        runtime.observer.counted("OldRouteIgnored")
    return api_gateway.ok(ACCEPTED)


def _redrive(event: dict[str, Any]) -> dict[str, Any]:
    """Apply queued callbacks; each that still cannot be stored stays in the queue."""
    failed = []
    runtime.must_answer_within(None)
    for record in event["Records"]:
        try:
            post = read_post(record["body"])
            actor = runtime.actor("redrive", record["messageId"])
            record_result(runtime.services, post, actor=actor)
        except Exception as error:  # one bad message must not fail the rest of its batch
            runtime.observer.noted("redrive failed", cause=type(error).__name__)
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}

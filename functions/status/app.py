"""What a customer asks about the own payment, and the receipt that the customer names for it."""

from typing import Any

from payments.aws.runtime import prepare
from payments.http import api_gateway
from payments.http.answers import payment_answer
from payments.http.authentication import customers
from payments.http.messages import language_of
from payments.usecases.read_status import get_payment
from payments.values import require_identifier

CLAIM_ROUTE = "POST /api/payments/{payment_id}/receipt-claims"

runtime = prepare()
authenticator = customers(runtime)


def handler(event: dict[str, Any], context: Any) -> api_gateway.Response:
    """Answer with the caller's own payment, or that the receipt was noted."""
    answer = _claim if api_gateway.route_key(event) == CLAIM_ROUTE else _read
    response = api_gateway.answered(event, lambda: answer(event))
    runtime.observer.flush()
    return response


def _read(event: dict[str, Any]) -> api_gateway.Response:
    caller = authenticator.caller(event)
    view = get_payment(
        runtime.services,
        _identifier(event),
        client_id=caller.client_id,
        actor=runtime.actor("status", api_gateway.request_id(event)),
    )
    language = language_of(api_gateway.header(event, "accept-language"))
    return api_gateway.ok(
        payment_answer(view, runtime.settings, language=language, now=int(runtime.clock()))
    )


def _claim(event: dict[str, Any]) -> api_gateway.Response:
    """Note the receipt. The answer is alike for known and unknown receipts."""
    # A customer who only polls never waits for it.
    from payments.usecases.file_receipt_claim import file_receipt_claim

    caller = authenticator.caller(event)
    file_receipt_claim(
        runtime.services,
        runtime.claims,
        api_gateway.path_parameter(event, "payment_id"),
        api_gateway.json_body(event).get("receipt_number"),
        client_id=caller.client_id,
    )
    return api_gateway.ok({"success": True}, status=202)


def _identifier(event: dict[str, Any]) -> str:
    if api_gateway.route_key(event).startswith("POST "):
        body = api_gateway.json_body(event)
        return require_identifier(body.get("checkout_request_id", body.get("CheckoutRequestID")))
    return require_identifier(api_gateway.path_parameter(event, "id"))

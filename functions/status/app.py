"""GET /api/payment/mpesa/status/{id} and POST /api/payment/mpesa/stkpush/query: one answer."""

from typing import Any

from payments.aws.runtime import prepare
from payments.http import api_gateway
from payments.http.answers import payment_answer
from payments.http.authentication import customers
from payments.http.messages import language_of
from payments.usecases.read_status import get_payment
from payments.values import require_identifier

runtime = prepare()
authenticator = customers(runtime)


def handler(event: dict[str, Any], context: Any) -> api_gateway.Response:
    """Answer with the caller's own payment."""
    response = api_gateway.answered(event, lambda: _read(event))
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


def _identifier(event: dict[str, Any]) -> str:
    if api_gateway.route_key(event).startswith("POST "):
        body = api_gateway.json_body(event)
        return require_identifier(body.get("checkout_request_id", body.get("CheckoutRequestID")))
    return require_identifier(api_gateway.path_parameter(event, "id"))

"""GET /api/payment/mpesa/status/{id} and POST /api/payment/mpesa/stkpush/query: one answer."""

from typing import Any

from payments import http_api
from payments.answers import status_answer
from payments.messages import language_of
from payments.runtime import prepare
from payments.service.status import get_payment
from payments.values import require_identifier

runtime = prepare(calls_daraja=True)


def handler(event: dict[str, Any], context: Any) -> http_api.Response:
    """Answer with the caller's own payment."""
    response = http_api.answered(event, lambda: _read(event))
    runtime.observer.flush()
    return response


def _read(event: dict[str, Any]) -> http_api.Response:
    caller = http_api.principal(event, now=runtime.clock())
    view = get_payment(
        runtime.parts,
        _identifier(event),
        client_id=caller.client_id,
        trace=runtime.trace("status", http_api.request_id(event)),
    )
    body = status_answer(
        view.payment,
        is_booking_paid=view.is_booking_paid,
        language=language_of(http_api.header(event, "accept-language")),
        party_b=runtime.settings.merchant.party_b,
        is_till=runtime.settings.is_till,
        policy=runtime.policy,
        now=int(runtime.clock()),
    )
    return http_api.ok(body)


def _identifier(event: dict[str, Any]) -> str:
    if http_api.route_key(event).startswith("POST "):
        body = http_api.json_body(event)
        return require_identifier(body.get("checkout_request_id", body.get("CheckoutRequestID")))
    return require_identifier(http_api.path_parameter(event, "id"))

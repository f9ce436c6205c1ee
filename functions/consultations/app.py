"""What the booking system asks: /api/consultations/{booking_id} and /api/payments."""

from typing import Any

from payments.aws.runtime import prepare
from payments.http import api_gateway, requests
from payments.http.answers import consultation_answer, payment_answer
from payments.http.authentication import customers
from payments.http.messages import language_of
from payments.protocol.consultation import BookingStatus
from payments.usecases.read_payments import list_payments, read_payment
from payments.usecases.read_status import PaymentView
from payments.usecases.register_consultation import get_consultation, register_consultation
from payments.values import normalise_booking_id

WRITE_SCOPE = "consultations:write"
READ_SCOPE = "payments:read"

runtime = prepare()
authenticator = customers(runtime)


def handler(event: dict[str, Any], context: Any) -> api_gateway.Response:
    """Answer with the consultation, or the payments, as stored now."""
    response = api_gateway.answered(event, lambda: _ROUTES[api_gateway.route_key(event)](event))
    runtime.observer.flush()
    return response


def _put(event: dict[str, Any]) -> api_gateway.Response:
    caller = authenticator.caller(event)
    caller.require(WRITE_SCOPE)
    booking_id = normalise_booking_id(api_gateway.path_parameter(event, "booking_id"))
    request = requests.parse(requests.ConsultationRequest, api_gateway.json_body(event))
    requests.require_amount("price_kes", request.price_kes, runtime.policy.max_amount_kes)
    consultation = register_consultation(
        runtime.services,
        booking_id=booking_id,
        client_id=request.client_id,
        price_kes=request.price_kes,
        status=BookingStatus(request.status),
        actor=runtime.actor("consultations", api_gateway.request_id(event)),
    )
    return api_gateway.ok(consultation_answer(consultation))


def _get(event: dict[str, Any]) -> api_gateway.Response:
    caller = authenticator.caller(event)
    consultation = get_consultation(
        runtime.services,
        normalise_booking_id(api_gateway.path_parameter(event, "booking_id")),
        client_id=caller.client_id,
        may_read_all=WRITE_SCOPE in caller.scopes,
    )
    return api_gateway.ok(consultation_answer(consultation))


def _get_payment(event: dict[str, Any]) -> api_gateway.Response:
    authenticator.caller(event).require(READ_SCOPE)
    view = read_payment(runtime.services, api_gateway.path_parameter(event, "id"))
    return api_gateway.ok(_shown(view, event))


def _list_payments(event: dict[str, Any]) -> api_gateway.Response:
    authenticator.caller(event).require(READ_SCOPE)
    page = list_payments(
        runtime.services,
        normalise_booking_id(api_gateway.query_parameter(event, "booking_id")),
        limit=api_gateway.query_parameter(event, "limit"),
        cursor=api_gateway.query_parameter(event, "cursor"),
    )
    payments = [_shown(view, event) for view in page.payments]
    return api_gateway.ok({"payments": payments, "next_cursor": page.next_cursor})


def _shown(view: PaymentView, event: dict[str, Any]) -> dict[str, Any]:
    language = language_of(api_gateway.header(event, "accept-language"))
    return payment_answer(view, runtime.settings, language=language, now=int(runtime.clock()))


_ROUTES = {
    "PUT /api/consultations/{booking_id}": _put,
    "GET /api/consultations/{booking_id}": _get,
    "GET /api/payments/{id}": _get_payment,
    "GET /api/payments": _list_payments,
}

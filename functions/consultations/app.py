"""PUT and GET /api/consultations/{booking_id}: what can be paid for, and whether it is."""

from typing import Any

from payments.aws.runtime import prepare
from payments.http import api_gateway
from payments.http.answers import consultation_answer
from payments.http.authentication import customers
from payments.protocol.consultation import BookingStatus
from payments.usecases.register_consultation import get_consultation, register_consultation
from payments.values import normalise_booking_id

WRITE_SCOPE = "consultations:write"

runtime = prepare()
authenticator = customers(runtime)


def handler(event: dict[str, Any], context: Any) -> api_gateway.Response:
    """Answer with the consultation as stored now."""
    is_write = api_gateway.route_key(event).startswith("PUT ")
    response = api_gateway.answered(event, lambda: (_put if is_write else _get)(event))
    runtime.observer.flush()
    return response


def _put(event: dict[str, Any]) -> api_gateway.Response:
    from payments.http import requests  # with pydantic, which a customer's GET never needs

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

"""PUT and GET /api/consultations/{booking_id}: what can be paid for, and whether it is."""

from typing import Any

from payments import api, http_api
from payments.answers import consultation_answer
from payments.consultation import BookingStatus
from payments.runtime import prepare
from payments.service.consultations import get_consultation, register_consultation
from payments.values import normalise_booking_id

WRITE_SCOPE = "consultations:write"

runtime = prepare()


def handler(event: dict[str, Any], context: Any) -> http_api.Response:
    """Answer with the consultation as it now stands."""
    is_write = http_api.route_key(event).startswith("PUT ")
    response = http_api.answered(event, lambda: (_put if is_write else _get)(event))
    runtime.observer.flush()
    return response


def _put(event: dict[str, Any]) -> http_api.Response:
    caller = http_api.principal(event, now=runtime.clock())
    caller.require(WRITE_SCOPE)
    booking_id = normalise_booking_id(http_api.path_parameter(event, "booking_id"))
    request = api.parse(api.ConsultationRequest, http_api.json_body(event))
    api.require_amount("price_kes", request.price_kes, runtime.policy.max_amount_kes)
    consultation = register_consultation(
        runtime.parts,
        booking_id=booking_id,
        client_id=request.client_id,
        price_kes=request.price_kes,
        status=BookingStatus(request.status),
        trace=runtime.trace("consultations", http_api.request_id(event)),
    )
    return http_api.ok(consultation_answer(consultation))


def _get(event: dict[str, Any]) -> http_api.Response:
    caller = http_api.principal(event, now=runtime.clock())
    consultation = get_consultation(
        runtime.parts,
        normalise_booking_id(http_api.path_parameter(event, "booking_id")),
        client_id=caller.client_id,
        may_read_all=WRITE_SCOPE in caller.scopes,
    )
    return http_api.ok(consultation_answer(consultation))

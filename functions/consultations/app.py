"""What the booking system calls: what can be paid for, whether it is, and refunds."""

from typing import Any

from payments.aws.runtime import prepare
from payments.http import api_gateway
from payments.http.answers import consultation_answer
from payments.http.authentication import customers
from payments.http.refund_answers import refund_answer
from payments.protocol.consultation import BookingStatus
from payments.usecases.register_consultation import get_consultation, register_consultation
from payments.values import normalise_booking_id, require_payment_id

WRITE_SCOPE = "consultations:write"
REFUND_SCOPE = "refunds:request"

runtime = prepare()
authenticator = customers(runtime)


def handler(event: dict[str, Any], context: Any) -> api_gateway.Response:
    """Answer with the consultation, or the refund, as stored now."""
    method, _, route = api_gateway.route_key(event).partition(" ")
    is_refund = route.endswith("/refunds")
    serve = {"PUT": _put, "POST": _request_refund}.get(method, _get_refund if is_refund else _get)
    response = api_gateway.answered(event, lambda: serve(event))
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


def _request_refund(event: dict[str, Any]) -> api_gateway.Response:
    """Request only: two members of staff are needed, and the approval has no public route."""
    # Neither is loaded for a customer's GET.
    from payments.http import requests
    from payments.usecases.refunds import refund_request_key, request_refund

    caller = authenticator.caller(event)
    caller.require(REFUND_SCOPE)
    key = requests.require_idempotency_key(api_gateway.header(event, "idempotency-key"))
    request = requests.parse(requests.RefundRequest, api_gateway.json_body(event))
    payment = request_refund(
        runtime.services,
        require_payment_id(api_gateway.path_parameter(event, "payment_id")),
        by=f"client:{caller.client_id}",
        why=request.reason,
        request_id=api_gateway.request_id(event),
        request_key=refund_request_key(caller.client_id, key),
    )
    return api_gateway.ok(refund_answer(payment))


def _get_refund(event: dict[str, Any]) -> api_gateway.Response:
    from payments.usecases.apply_refund import read_payment

    caller = authenticator.caller(event)
    caller.require(REFUND_SCOPE)
    payment_id = require_payment_id(api_gateway.path_parameter(event, "payment_id"))
    return api_gateway.ok(refund_answer(read_payment(runtime.services, payment_id)))

"""What the booking system calls: what can be paid for, what was paid, and refunds."""

from typing import TYPE_CHECKING, Any

from payments.aws.runtime import prepare
from payments.http import api_gateway
from payments.http.answers import consultation_answer
from payments.http.authentication import customers
from payments.http.refund_answers import refund_answer
from payments.protocol.consultation import BookingStatus
from payments.usecases.register_consultation import get_consultation, register_consultation
from payments.values import normalise_booking_id, require_payment_id

if TYPE_CHECKING:
    from payments.usecases.read_status import PaymentView

WRITE_SCOPE = "consultations:write"
READ_SCOPE = "payments:read"
REFUND_SCOPE = "refunds:request"

runtime = prepare()
authenticator = customers(runtime)


def handler(event: dict[str, Any], context: Any) -> api_gateway.Response:
    """Answer with the consultation, the payments or the refund, as stored now."""
    response = api_gateway.answered(event, lambda: _ROUTES[api_gateway.route_key(event)](event))
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


def _get_payment(event: dict[str, Any]) -> api_gateway.Response:
    from payments.usecases.read_payments import view_payment

    authenticator.caller(event).require(READ_SCOPE)
    payment_id = require_payment_id(api_gateway.path_parameter(event, "payment_id"))
    view = view_payment(runtime.services, payment_id)
    return api_gateway.ok(_shown(view, event))


def _list_payments(event: dict[str, Any]) -> api_gateway.Response:
    from payments.usecases.read_payments import list_payments

    authenticator.caller(event).require(READ_SCOPE)
    page = list_payments(
        runtime.services,
        normalise_booking_id(api_gateway.query_parameter(event, "booking_id")),
        limit=api_gateway.query_parameter(event, "limit"),
        cursor=api_gateway.query_parameter(event, "cursor"),
    )
    payments = [_shown(view, event) for view in page.payments]
    return api_gateway.ok({"payments": payments, "next_cursor": page.next_cursor})


def _shown(view: "PaymentView", event: dict[str, Any]) -> dict[str, Any]:
    from payments.http.answers import payment_answer
    from payments.http.messages import language_of

    language = language_of(api_gateway.header(event, "accept-language"))
    return payment_answer(view, runtime.settings, language=language, now=int(runtime.clock()))


_ROUTES = {
    "PUT /api/consultations/{booking_id}": _put,
    "GET /api/consultations/{booking_id}": _get,
    "GET /api/payments/{payment_id}": _get_payment,
    "GET /api/payments": _list_payments,
    "POST /api/payments/{payment_id}/refunds": _request_refund,
    "GET /api/payments/{payment_id}/refunds": _get_refund,
}

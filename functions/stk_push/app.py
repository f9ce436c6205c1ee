"""POST /api/payment/mpesa/stk-push: reserve the booking, then prompt the phone once."""

from typing import Any

from payments import api, http_api
from payments.answers import initiation_answer
from payments.errors import InitiationError
from payments.payment import PaymentStatus, Proof
from payments.runtime import prepare
from payments.service.initiation import Order, request_payment

runtime = prepare(calls_daraja=True)


def handler(event: dict[str, Any], context: Any) -> http_api.Response:
    """Answer with the payment, live or replayed."""
    response = http_api.answered(event, lambda: _initiate(event, context))
    runtime.observer.flush()
    return response


def _initiate(event: dict[str, Any], context: Any) -> http_api.Response:
    caller = http_api.principal(event, now=runtime.clock())
    key = api.parse_idempotency_key(http_api.header(event, "idempotency-key"))
    request = api.parse_stk_push(
        http_api.json_body(event), max_amount_kes=runtime.policy.max_amount_kes
    )
    payment = request_payment(
        runtime.parts,
        Order(
            client_id=caller.client_id,
            phone_number=request.phone_number,
            amount_kes=request.amount,
            booking_id=str(request.booking_id),
            account_reference=request.account_reference,
            transaction_desc=request.transaction_desc,
            idempotency_key=key,
        ),
        callback_base=http_api.callback_base(event, runtime.settings.callback_url_base),
        remaining_seconds=lambda: context.get_remaining_time_in_millis() / 1000,
        trace=runtime.trace("stk_push", http_api.request_id(event)),
    )
    if payment.status is PaymentStatus.FAILED and payment.proof is Proof.PUSH:
        raise InitiationError(payment_id=payment.payment_id)
    status, body = initiation_answer(payment, now=int(runtime.clock()))
    return http_api.ok(body, status=status)

"""POST /api/payment/mpesa/stk-push: reserve the booking, then send one push."""

from typing import Any

from payments.aws.runtime import prepare
from payments.errors import InitiationError
from payments.http import api_gateway, requests
from payments.http.answers import initiation_answer
from payments.http.authentication import customers
from payments.protocol.payment import PaymentStatus, Proof
from payments.usecases.initiate import PaymentRequest, request_payment

runtime = prepare(pushes=True)
authenticator = customers(runtime)


def handler(event: dict[str, Any], context: Any) -> api_gateway.Response:
    """Answer with the payment, live or replayed."""
    response = api_gateway.answered(event, lambda: _initiate(event, context))
    runtime.observer.flush()
    return response


def _initiate(event: dict[str, Any], context: Any) -> api_gateway.Response:
    caller = authenticator.caller(event)
    key = requests.parse_idempotency_key(api_gateway.header(event, "idempotency-key"))
    request = requests.parse_stk_push(
        api_gateway.json_body(event), max_amount_kes=runtime.policy.max_amount_kes
    )
    payment = request_payment(
        runtime.services,
        PaymentRequest(
            client_id=caller.client_id,
            phone_number=str(request.phone_number),
            amount_kes=request.amount,
            booking_id=str(request.booking_id),
            account_reference=request.account_reference,
            transaction_desc=request.transaction_desc,
            idempotency_key=key,
        ),
        callback_base=api_gateway.callback_base(event, runtime.settings.callback_url_base),
        remaining_seconds=lambda: context.get_remaining_time_in_millis() / 1000,
        actor=runtime.actor("stk_push", api_gateway.request_id(event)),
    )
    if payment.status is PaymentStatus.FAILED and payment.proof is Proof.PUSH:
        raise InitiationError(payment_id=payment.payment_id)
    status, body = initiation_answer(payment, policy=runtime.policy, now=int(runtime.clock()))
    return api_gateway.ok(body, status=status)

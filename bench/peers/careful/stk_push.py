"""The careful peer's stk_push: check the price, prompt the phone, remember the payment."""

import os
import time
from typing import Any

import requests
from aws_lambda_powertools.metrics import MetricUnit
from common import (
    CONSULTATIONS,
    PAYMENTS,
    answer,
    call_daraja,
    client_of,
    dynamodb,
    logger,
    metrics,
    signed,
)
from pydantic import BaseModel, Field, ValidationError

session = requests.Session()


class StkPush(BaseModel):
    """What a frontend sends."""

    phone_number: str = Field(pattern=r"^2547\d{8}$")
    amount: int = Field(gt=0, le=250_000)
    booking_id: str


@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Lambda entry point."""
    try:
        order = StkPush.model_validate_json(event["body"])
    except ValidationError:
        return answer(400, {"success": False})
    key = {"id": {"S": order.booking_id}}
    booking = dynamodb.get_item(TableName=CONSULTATIONS, Key=key).get("Item")
    if booking is None:
        return answer(404, {"success": False, "error": "Consultation not found"})
    if int(booking["price_kes"]["N"]) != order.amount or booking["payment_status"]["S"] == "Paid":
        return answer(409, {"success": False})
    accepted = call_daraja(session, "/mpesa/stkpush/v1/processrequest", push_body(order))
    dynamodb.put_item(
        TableName=PAYMENTS,
        Item={
            "id": {"S": accepted["CheckoutRequestID"]},
            "merchant_request_id": {"S": accepted["MerchantRequestID"]},
            "booking_id": {"S": order.booking_id},
            "client_id": {"S": client_of(event)},
            "phone_number": {"S": order.phone_number},
            "amount_kes": {"N": str(order.amount)},
            "status": {"S": "pending"},
            "created_at": {"N": str(int(time.time()))},
        },
    )
    metrics.add_metric(name="PushAccepted", unit=MetricUnit.Count, value=1)
    logger.info("push accepted", extra={"booking_id": order.booking_id})
    return answer(200, {"success": True, "status": "pending", **accepted})


def push_body(order: StkPush) -> dict[str, Any]:
    """What Daraja is asked."""
    return {
        **signed(),
        "TransactionType": "CustomerPayBillOnline",
        "Amount": order.amount,
        "PartyA": order.phone_number,
        "PartyB": os.environ["SAFARICOM_SHORTCODE"],
        "PhoneNumber": order.phone_number,
        "CallBackURL": f"{os.environ['CALLBACK_URL_BASE']}/api/payment/callback",
        "AccountReference": order.booking_id[:12],
        "TransactionDesc": "Consultation",
    }

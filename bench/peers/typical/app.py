"""The typical peer: one Lambdalith for three routes, as Powertools' tutorials put it together."""

import base64
import os
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import requests
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response, content_types
from aws_lambda_powertools.event_handler.exceptions import BadRequestError, NotFoundError
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.parser import BaseModel, parse
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import ConfigDict, Field

logger = Logger()
tracer = Tracer()
metrics = Metrics()
app = APIGatewayHttpResolver()
tables = boto3.resource("dynamodb")
payments = tables.Table(os.environ["PEER_PAYMENTS"])
consultations = tables.Table(os.environ["PEER_CONSULTATIONS"])
persistence = DynamoDBPersistenceLayer(table_name=os.environ["PEER_IDEMPOTENCY"])
idempotency = IdempotencyConfig(expires_after_seconds=86400)
token: dict[str, Any] = {"value": "", "expires_at": 0.0}
BASE = os.environ["SAFARICOM_BASE"]
EAT = timedelta(hours=3)


class StkPush(BaseModel):
    """What a frontend sends."""

    phone_number: str = Field(pattern=r"^2547\d{8}$")
    amount: int = Field(gt=0, le=250_000)
    booking_id: str


class Item(BaseModel):
    """One entry of the callback's metadata."""

    Name: str
    Value: Any = None


class Metadata(BaseModel):
    """The callback's metadata."""

    Item: list[Item]


class StkCallback(BaseModel):
    """What Safaricom says about one prompt."""

    model_config = ConfigDict(extra="ignore")
    CheckoutRequestID: str
    ResultCode: int
    ResultDesc: str
    CallbackMetadata: Metadata | None = None


class CallbackBody(BaseModel):
    """The inner envelope."""

    stkCallback: StkCallback  # noqa: N815 -- Daraja's name


class Callback(BaseModel):
    """The outer envelope."""

    Body: CallbackBody


def credentials() -> dict[str, str]:
    """The Daraja app's secrets, kept five minutes."""
    secret: dict[str, str] = parameters.get_secret(
        os.environ["DARAJA_SECRET_ARN"], transform="json", max_age=300
    )
    return secret


def access_token() -> str:
    """The OAuth token, kept while it lives."""
    if time.time() >= token["expires_at"]:
        secret = credentials()
        answer = requests.get(
            f"{BASE}/oauth/v1/generate?grant_type=client_credentials",
            auth=(secret["SAFARICOM_CONSUMER_KEY"], secret["SAFARICOM_CONSUMER_SECRET"]),
            timeout=10,
        )
        answer.raise_for_status()
        token["value"] = answer.json()["access_token"]
        token["expires_at"] = time.time() + int(answer.json()["expires_in"]) - 60
    return str(token["value"])


def signed() -> dict[str, str]:
    """The fields that prove who asks."""
    code = os.environ["SAFARICOM_SHORTCODE"]
    stamp = (datetime.now(UTC) + EAT).strftime("%Y%m%d%H%M%S")
    text = f"{code}{credentials()['SAFARICOM_PASSKEY']}{stamp}".encode()
    password = base64.b64encode(text).decode()
    return {"BusinessShortCode": code, "Password": password, "Timestamp": stamp}


@tracer.capture_method
def call_daraja(path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Post to Daraja and read its answer."""
    headers = {"Authorization": f"Bearer {access_token()}"}
    answer = requests.post(f"{BASE}{path}", json=body, headers=headers, timeout=20)
    result: dict[str, Any] = answer.json()
    return result


@app.post("/api/payment/mpesa/stk-push")
@tracer.capture_method
def stk_push() -> dict[str, Any]:
    """Check the price, prompt the phone, remember the payment."""
    order = parse(event=app.current_event.json_body, model=StkPush)
    client_id = app.current_event.request_context.authorizer.get_lambda["sub"]
    booking = consultations.get_item(Key={"id": order.booking_id}).get("Item")
    if booking is None:
        raise NotFoundError("Consultation not found")
    if booking["price_kes"] != order.amount or booking["payment_status"] == "Paid":
        raise BadRequestError("This consultation cannot be paid for")
    answer = call_daraja(
        "/mpesa/stkpush/v1/processrequest",
        {
            **signed(),
            "TransactionType": "CustomerPayBillOnline",
            "Amount": order.amount,
            "PartyA": order.phone_number,
            "PartyB": os.environ["SAFARICOM_SHORTCODE"],
            "PhoneNumber": order.phone_number,
            "CallBackURL": f"{os.environ['CALLBACK_URL_BASE']}/api/payment/callback",
            "AccountReference": order.booking_id[:12],
            "TransactionDesc": "Consultation",
        },
    )
    now = int(time.time())
    payments.put_item(
        Item={
            "id": answer["CheckoutRequestID"],
            "merchant_request_id": answer["MerchantRequestID"],
            "booking_id": order.booking_id,
            "client_id": client_id,
            "phone_number": order.phone_number,
            "amount_kes": order.amount,
            "status": "pending",
            "created_at": now,
        }
    )
    metrics.add_metric(name="PushAccepted", unit=MetricUnit.Count, value=1)
    logger.info("push accepted", extra={"booking_id": order.booking_id})
    return {"success": True, "status": "pending", **answer}


@idempotent_function(
    data_keyword_argument="callback", persistence_store=persistence, config=idempotency
)
@tracer.capture_method
def settle(callback: dict[str, Any]) -> dict[str, Any]:
    """Write the result, once per callback."""
    found = StkCallback.model_validate(callback)
    items = found.CallbackMetadata.Item if found.CallbackMetadata else []
    values = {item.Name: item.Value for item in items}
    status = "completed" if found.ResultCode == 0 else "failed"
    updated = payments.update_item(
        Key={"id": found.CheckoutRequestID},
        UpdateExpression="SET #s = :s, result_code = :c, result_desc = :d, receipt_number = :r",
        ConditionExpression="attribute_exists(id)",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={
            ":s": status,
            ":c": str(found.ResultCode),
            ":d": found.ResultDesc,
            ":r": values.get("MpesaReceiptNumber"),
        },
        ReturnValues="ALL_NEW",
    )
    if status == "completed":
        consultations.update_item(
            Key={"id": updated["Attributes"]["booking_id"]},
            UpdateExpression="SET payment_status = :p",
            ExpressionAttributeValues={":p": "Paid"},
        )
    metrics.add_metric(name="CallbackAccepted", unit=MetricUnit.Count, value=1)
    logger.info("callback applied", extra={"checkout_request_id": found.CheckoutRequestID})
    return {"ResultCode": 0, "ResultDesc": "Accepted"}


@app.post("/api/payment/callback")
@tracer.capture_method
def callback() -> dict[str, Any]:
    """Acknowledge Safaricom's callback."""
    found = parse(event=app.current_event.json_body, model=Callback)
    answer: dict[str, Any] = settle(callback=found.Body.stkCallback.model_dump())
    return answer


@app.get("/api/payment/mpesa/status/<checkout_request_id>")
@tracer.capture_method
def status(checkout_request_id: str) -> Response[str] | dict[str, Any]:
    """Read the payment; ask Daraja while it is pending."""
    payment = payments.get_item(Key={"id": checkout_request_id}).get("Item")
    client_id = app.current_event.request_context.authorizer.get_lambda["sub"]
    if payment is None or payment["client_id"] != client_id:
        return Response(404, content_types.APPLICATION_JSON, '{"success": false}')
    if payment["status"] == "pending":
        answer = call_daraja(
            "/mpesa/stkpushquery/v1/query", {**signed(), "CheckoutRequestID": checkout_request_id}
        )
        if str(answer.get("ResultCode", "4999")) not in ("4999", "0"):
            payment["status"] = "failed"
            payment["result_code"] = str(answer["ResultCode"])
            payments.put_item(Item=payment)
    return {
        "CheckoutRequestID": checkout_request_id,
        "status": payment["status"],
        "ResultCode": payment.get("result_code"),
        "mpesa_receipt_number": payment.get("receipt_number"),
        "amount": int(payment["amount_kes"]),
        "currency": "KES",
    }


@logger.inject_lambda_context
@tracer.capture_lambda_handler
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda entry point."""
    idempotency.register_lambda_context(context)
    answer: dict[str, Any] = app.resolve(event, context)
    return answer

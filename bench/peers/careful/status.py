"""The careful peer's status: read the payment; ask Daraja now and then while it is pending."""

import os
import time
from typing import Any

import requests
from common import PAYMENTS, answer, call_daraja, client_of, dynamodb, signed

FIRST_QUERY_SECONDS = int(os.environ.get("FIRST_QUERY_SECONDS", "25"))
QUERY_SPACING_SECONDS = 10
session = requests.Session()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Lambda entry point."""
    identifier = event["pathParameters"]["id"]
    key = {"id": {"S": identifier}}
    payment = dynamodb.get_item(TableName=PAYMENTS, Key=key).get("Item")
    if payment is None or payment["client_id"]["S"] != client_of(event):
        return answer(404, {"success": False})
    if payment["status"]["S"] == "pending" and may_ask(payment):
        ask(payment)
    return answer(
        200,
        {
            "CheckoutRequestID": identifier,
            "status": payment["status"]["S"],
            "ResultCode": payment.get("result_code", {}).get("S"),
            "mpesa_receipt_number": payment.get("receipt_number", {}).get("S"),
            "amount": int(payment["amount_kes"]["N"]),
            "currency": "KES",
        },
    )


def may_ask(payment: dict[str, Any]) -> bool:
    """One query per payment and spacing, whoever polls."""
    now = int(time.time())
    if now < int(payment["created_at"]["N"]) + FIRST_QUERY_SECONDS:
        return False
    try:
        dynamodb.update_item(
            TableName=PAYMENTS,
            Key={"id": payment["id"]},
            UpdateExpression="SET asked_at = :now",
            ConditionExpression="attribute_not_exists(asked_at) OR asked_at <= :before",
            ExpressionAttributeValues={
                ":now": {"N": str(now)},
                ":before": {"N": str(now - QUERY_SPACING_SECONDS)},
            },
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return False
    return True


def ask(payment: dict[str, Any]) -> None:
    """Take over what Daraja says, unless it is still open or a success without its callback."""
    body = {**signed(), "CheckoutRequestID": payment["id"]["S"]}
    code = str(call_daraja(session, "/mpesa/stkpushquery/v1/query", body).get("ResultCode", "4999"))
    if code not in ("4999", "0"):
        payment["status"] = {"S": "failed"}
        payment["result_code"] = {"S": code}
        dynamodb.put_item(TableName=PAYMENTS, Item=payment)

"""The careful peer's callback: write the result once, mark the booking as paid."""

import json
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from common import CONSULTATIONS, PAYMENTS, answer, dynamodb, logger, metrics

ACCEPTED = {"ResultCode": 0, "ResultDesc": "Accepted"}


@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Lambda entry point."""
    found = json.loads(event["body"])["Body"]["stkCallback"]
    items = (found.get("CallbackMetadata") or {}).get("Item", [])
    values = {item["Name"]: item.get("Value") for item in items}
    status = "completed" if int(found["ResultCode"]) == 0 else "failed"
    try:
        updated = dynamodb.update_item(
            TableName=PAYMENTS,
            Key={"id": {"S": found["CheckoutRequestID"]}},
            UpdateExpression="SET #s = :s, result_code = :c, result_desc = :d, receipt_number = :r",
            ConditionExpression="#s = :pending",
            ExpressionAttributeNames={"#s": "status"},
            ExpressionAttributeValues={
                ":s": {"S": status},
                ":pending": {"S": "pending"},
                ":c": {"S": str(found["ResultCode"])},
                ":d": {"S": found["ResultDesc"]},
                ":r": {"S": str(values.get("MpesaReceiptNumber", "-"))},
            },
            ReturnValues="ALL_NEW",
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return answer(200, ACCEPTED)
    if status == "completed":
        dynamodb.update_item(
            TableName=CONSULTATIONS,
            Key={"id": updated["Attributes"]["booking_id"]},
            UpdateExpression="SET payment_status = :p",
            ExpressionAttributeValues={":p": {"S": "Paid"}},
        )
    metrics.add_metric(name="CallbackAccepted", unit=MetricUnit.Count, value=1)
    logger.info("callback applied", extra={"checkout_request_id": found["CheckoutRequestID"]})
    return answer(200, ACCEPTED)

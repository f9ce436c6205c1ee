"""The errors that DynamoDB answers, and the one error for what this engine does not know.

UnsupportedRequestError       the product never sends this form; the engine does not guess
DynamoDBError                 any error answer: code, message, HTTP status
 ├─ ValidationError           the request is malformed or cannot be carried out
 ├─ ConditionFailedError      the condition of a single write was false
 └─ TransactionCanceledError  no write of the transaction happened; one reason per item, in order

Shape: on the wire `{"__type": "<prefix>#<code>", "message": ...}` with status 400, or 500 for
    faults of the service itself; `body()` builds it.
"""

from __future__ import annotations

from typing import Any

SERVICE_PREFIX = "com.amazonaws.dynamodb.v20120810#"
VALIDATION_PREFIX = "com.amazon.coral.validate#"

CONDITION_FAILED = "The conditional request failed"
CANCELED = "Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"


class UnsupportedRequestError(BaseException):
    """The request has a form that the product does not send, so the engine refuses to answer.

    No Exception: an `except Exception` of the product must not hide it.
    """


class DynamoDBError(Exception):
    """An error answer of DynamoDB."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status

    def body(self) -> dict[str, Any]:
        """Return the JSON body of the answer."""
        is_validation = self.code == "ValidationException"
        prefix = VALIDATION_PREFIX if is_validation else SERVICE_PREFIX
        return {"__type": prefix + self.code, "message": self.message}


class ValidationError(DynamoDBError):
    """The request breaks a documented rule; nothing was changed."""

    def __init__(self, message: str) -> None:
        super().__init__("ValidationException", message)


class ConditionFailedError(DynamoDBError):
    """The condition of a single write was false; `item` is the stored one, if it was asked for."""

    def __init__(self, item: dict[str, Any] | None) -> None:
        super().__init__("ConditionalCheckFailedException", CONDITION_FAILED)
        self.item = item

    def body(self) -> dict[str, Any]:
        """Return the JSON body, with the stored item where the caller asked for it."""
        body = super().body()
        return body if self.item is None else {**body, "Item": self.item}


class TransactionCanceledError(DynamoDBError):
    """No part of the transaction happened; `reasons` has one entry per item, in item order."""

    def __init__(self, reasons: list[dict[str, Any]]) -> None:
        codes = ", ".join(reason["Code"] for reason in reasons)
        super().__init__("TransactionCanceledException", CANCELED.format(codes=codes))
        self.reasons = reasons

    def body(self) -> dict[str, Any]:
        """Return the JSON body; in this one error the service writes `Message` with a capital."""
        return {
            "__type": SERVICE_PREFIX + self.code,
            "Message": self.message,
            "CancellationReasons": self.reasons,
        }

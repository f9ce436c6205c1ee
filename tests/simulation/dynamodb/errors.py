"""What the engine answers when it refuses a request.

DynamoDBError             any error answer: code, message, HTTP status
 ├─ ValidationError       the request is malformed or cannot be carried out
 ├─ ConditionFailedError  a single write's condition was false; may carry the stored item
 └─ TransactionCanceledError  nothing of the transaction happened; one reason per item, in order

Shape: the wire form is `{"__type": "<prefix>#<code>", "message": ...}` with status 400 (500 for
the server's own faults). `error.body()` builds it.
"""

from __future__ import annotations

from typing import Any

SERVICE_PREFIX = "com.amazonaws.dynamodb.v20120810#"
COMMON_PREFIX = "com.amazon.coral.validate#"
SERVICE_COMMON_PREFIX = "com.amazon.coral.service#"

_PREFIX_BY_CODE = {
    "ValidationException": COMMON_PREFIX,
    "ThrottlingException": SERVICE_COMMON_PREFIX,
    "UnknownOperationException": SERVICE_COMMON_PREFIX,
    "SerializationException": SERVICE_COMMON_PREFIX,
    "ServiceUnavailable": SERVICE_COMMON_PREFIX,
}

CONDITION_FAILED_MESSAGE = "The conditional request failed"
CANCELED_MESSAGE = (
    "Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
)


class DynamoDBError(Exception):
    """An error answer of DynamoDB."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status

    def body(self) -> dict[str, Any]:
        """The JSON body of the answer."""
        prefix = _PREFIX_BY_CODE.get(self.code, SERVICE_PREFIX)
        return {"__type": prefix + self.code, "message": self.message}


class ValidationError(DynamoDBError):
    """The request breaks a documented rule; nothing was changed."""

    def __init__(self, message: str) -> None:
        super().__init__("ValidationException", message)


class ResourceNotFoundError(DynamoDBError):
    """The table does not exist."""

    def __init__(self, message: str = "Requested resource not found") -> None:
        super().__init__("ResourceNotFoundException", message)


class ConditionFailedError(DynamoDBError):
    """The condition of a single write was false."""

    def __init__(self, item: dict[str, Any] | None) -> None:
        super().__init__("ConditionalCheckFailedException", CONDITION_FAILED_MESSAGE)
        self.item = item

    def body(self) -> dict[str, Any]:
        """The JSON body, with the stored item where the caller asked for it."""
        body = super().body()
        if self.item is not None:
            body["Item"] = self.item
        return body


class TransactionCanceledError(DynamoDBError):
    """No part of the transaction happened; `reasons` has one entry per item, in item order."""

    def __init__(self, reasons: list[dict[str, Any]]) -> None:
        codes = ", ".join(reason["Code"] for reason in reasons)
        message = CANCELED_MESSAGE.format(codes=codes)
        super().__init__("TransactionCanceledException", message)
        self.reasons = reasons

    def body(self) -> dict[str, Any]:
        """The JSON body; the service capitalises `Message` in this one error."""
        return {
            "__type": SERVICE_PREFIX + self.code,
            "Message": self.message,
            "CancellationReasons": self.reasons,
        }

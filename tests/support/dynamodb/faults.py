"""The ways in which DynamoDB, or the network before it, fails; for an `intercept` to raise.

Source: Amazon DynamoDB Developer Guide, "Error handling with DynamoDB"; API Reference,
CancellationReason. The network's failures are botocore's own exceptions, as its HTTP layer
raises them.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ConnectionClosedError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from .errors import DynamoDBError, TransactionCanceledError

ENDPOINT = "https://dynamodb.us-east-1.amazonaws.com/"
TRANSACTIONS = ("TransactWriteItems", "TransactGetItems")
CONFLICT_MESSAGE = "Transaction is ongoing for the item"
THROTTLE_MESSAGE = (
    "The level of configured provisioned throughput for the table was exceeded. Consider "
    "increasing your provisioning level with the UpdateTable API."
)


def could_not_connect() -> BotoCoreError:
    """No byte left: the request had no effect."""
    return EndpointConnectionError(endpoint_url=ENDPOINT)


def reply_lost() -> BotoCoreError:
    """The connection broke; the request may have had its effect."""
    return ConnectionClosedError(endpoint_url=ENDPOINT)


def reply_timed_out() -> BotoCoreError:
    """No answer within the read timeout; the request may have had its effect."""
    return ReadTimeoutError(endpoint_url=ENDPOINT)


def internal_server_error() -> DynamoDBError:
    """HTTP 500; for a write the service says that it may or may not have had its effect."""
    return DynamoDBError("InternalServerError", "Internal server error", status=500)


def throttled(operation: str, request: dict[str, Any], position: int = 0) -> DynamoDBError:
    """Refused for throughput; a transaction is told so in the reason of one of its items."""
    if operation in TRANSACTIONS:
        return _canceled(request, position, "ProvisionedThroughputExceeded", THROTTLE_MESSAGE)
    return DynamoDBError("ProvisionedThroughputExceededException", THROTTLE_MESSAGE)


def transaction_conflict(
    operation: str, request: dict[str, Any], position: int = 0
) -> DynamoDBError:
    """Another transaction is at work on the item; nothing happened."""
    if operation not in TRANSACTIONS:
        return DynamoDBError("TransactionConflictException", CONFLICT_MESSAGE)
    return _canceled(request, position, "TransactionConflict", CONFLICT_MESSAGE)


def transaction_in_progress() -> DynamoDBError:
    """A request with the same token is still at work."""
    return DynamoDBError(
        "TransactionInProgressException",
        "The transaction with the given request token is already in progress.",
    )


def _canceled(request: dict[str, Any], position: int, code: str, message: str) -> DynamoDBError:
    reasons: list[dict[str, Any]] = [{"Code": "None"} for _ in request["TransactItems"]]
    reasons[position] = {"Code": code, "Message": message}
    return TransactionCanceledError(reasons)

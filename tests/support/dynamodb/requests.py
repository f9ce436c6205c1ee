"""The parameters that the product sends, and the checks that every request passes.

Errors: ValidationError for what the service refuses; UnsupportedRequestError for what the product
    does not send.
"""

from __future__ import annotations

from typing import Any

from .errors import UnsupportedRequestError, ValidationError
from .values import check_item

NAMES = "ExpressionAttributeNames"
VALUES = "ExpressionAttributeValues"
ON_FAILURE = "ReturnValuesOnConditionCheckFailure"
CAPACITY = "ReturnConsumedCapacity"

_EXPRESSION = frozenset({NAMES, VALUES, CAPACITY})
_WRITE = _EXPRESSION | {"TableName", "ConditionExpression", ON_FAILURE}
KNOWN = {
    "GetItem": frozenset({"TableName", "Key", "ConsistentRead", CAPACITY}),
    "BatchGetItem": frozenset({"RequestItems", CAPACITY}),
    "RequestItems": frozenset({"Keys", "ConsistentRead"}),
    "Query": _EXPRESSION
    | {"TableName", "IndexName", "KeyConditionExpression"}
    | {"ConsistentRead", "Limit", "ExclusiveStartKey"},
    "PutItem": _WRITE | {"Item"},
    "UpdateItem": _WRITE | {"Key", "UpdateExpression"},
    "TransactWriteItems": frozenset({"TransactItems", "ClientRequestToken", CAPACITY}),
    "Put": _WRITE | {"Item"},
    "Update": _WRITE | {"Key", "UpdateExpression"},
    "Delete": _WRITE | {"Key"},
    "ConditionCheck": _WRITE | {"Key"},
}


def check_parameters(kind: str, request: dict[str, Any]) -> None:
    """Errors: UnsupportedRequestError for an operation, a parameter or a choice of no use here."""
    known = KNOWN.get(kind)
    if known is None or not request.keys() <= known:
        raise UnsupportedRequestError(f"{kind} with {sorted(request)}")
    if request.get(CAPACITY, "TOTAL") != "TOTAL" or request.get(ON_FAILURE, "ALL_OLD") != "ALL_OLD":
        raise UnsupportedRequestError(
            f"{kind} with {request.get(CAPACITY)}, {request.get(ON_FAILURE)}"
        )


def check_placeholders(request: dict[str, Any], *used: frozenset[str]) -> None:
    """Errors: ValidationError for a placeholder used and not given, or given and not used."""
    names, values = request.get(NAMES, {}), request.get(VALUES, {})
    if frozenset().union(*used) != names.keys() | values.keys():
        raise ValidationError(
            f"Placeholders used {sorted(frozenset().union(*used))} are not those given: "
            f"{sorted(names)}, {sorted(values)}"
        )
    check_item(values)

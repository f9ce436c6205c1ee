"""Where the emulator is known to differ from the service's documentation; the engine follows it.

A difference that this table does not explain fails the test. Each entry has an example that is
run too, so that an entry which a newer emulator has outlived fails the test as well.
`statement` is what the documentation says, in our words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..numbers import canonical_number
from .outcomes import Outcome, same
from .sequences import Request

type Explains = Callable[[Request, Outcome, Outcome], bool]

KEY = {"pk": {"S": "EXAMPLE"}, "sk": {"S": "STATE"}}


@dataclass(frozen=True, slots=True)
class KnownDifference:
    """One difference: what the documentation says and where, how it shows, and an example.

    Shape: `explains(request, engine, emulator)`; `example` is a list of (method, parameters)
    without the table's name, the last of which shows the difference. `keeps_state` says that both
    stores still hold the same afterwards.
    """

    name: str
    statement: str
    source: str
    explains: Explains
    example: tuple[tuple[str, dict[str, Any]], ...]
    keeps_state: bool = False


def explanation(request: Request, engine: Outcome, emulator: Outcome) -> KnownDifference | None:
    """The known difference that accounts for these two outcomes, if one does."""
    for difference in KNOWN_EMULATOR_DIFFERENCES:
        if difference.explains(request, engine, emulator):
            return difference
    return None


def canonical_numbers(value: Any) -> Any:
    """The value with every number in the form in which the service stores it."""
    if isinstance(value, list):
        return [canonical_numbers(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"N"} and isinstance(value["N"], str):
        return {"N": canonical_number(value["N"])}
    if value.keys() == {"NS"} and isinstance(value["NS"], list):
        return {"NS": sorted(map(canonical_number, value["NS"]))}
    return {name: canonical_numbers(part) for name, part in value.items()}


def _accepted(pattern: str) -> Explains:
    """The engine refuses the request with this message; the emulator carries it out."""

    def explains(_request: Request, engine: Outcome, emulator: Outcome) -> bool:
        messages = [engine.get("message", "")]
        messages += [reason.get("Message", "") for reason in engine.get("reasons", ())]
        refused = any(re.search(pattern, message) for message in messages)
        return refused and emulator.get("error") in (
            None,
            "ConditionalCheckFailedException",
            "TransactionCanceledException",
        )

    return explains


def _total_differs(_request: Request, engine: Outcome, emulator: Outcome) -> bool:
    return engine != emulator and same(_without_total(engine), _without_total(emulator))


def _without_total(outcome: Outcome) -> Outcome:
    consumed = outcome.get("response", {}).get("ConsumedCapacity")
    if not isinstance(consumed, list):
        return outcome
    kept = [
        {name: units for name, units in entry.items() if name != "WriteCapacityUnits"}
        for entry in consumed
    ]
    return {"response": outcome["response"] | {"ConsumedCapacity": kept}}


def _empty_attributes(_request: Request, engine: Outcome, emulator: Outcome) -> bool:
    response = emulator.get("response", {})
    if response.get("Attributes") != {}:
        return False
    shorter = {name: part for name, part in response.items() if name != "Attributes"}
    return same(engine, {"response": shorter})


def _numbers_differ(_request: Request, engine: Outcome, emulator: Outcome) -> bool:
    return same(canonical_numbers(engine), canonical_numbers(emulator))


def _token_mismatch(request: Request, engine: Outcome, emulator: Outcome) -> bool:
    return (
        "ClientRequestToken" in request.parameters
        and "response" in engine
        and emulator.get("error") == "IdempotentParameterMismatchException"
        and canonical_numbers(request.parameters) != request.parameters
    )


def _absent_compared(request: Request, _engine: Outcome, _emulator: Outcome) -> bool:
    condition = request.parameters.get("ConditionExpression", "")
    return condition in ("absent_one = absent_two", "absent_one <> absent_two")


def _update(
    expression: str, return_values: str = "NONE", **values: Any
) -> tuple[str, dict[str, Any]]:
    parameters: dict[str, Any] = {
        "Key": KEY,
        "UpdateExpression": expression,
        "ReturnValues": return_values,
    }
    if values:
        parameters["ExpressionAttributeValues"] = {f":{name}": v for name, v in values.items()}
    return "update_item", parameters


def _deletion(condition: str, **values: Any) -> tuple[str, dict[str, Any]]:
    parameters: dict[str, Any] = {"Key": KEY, "ConditionExpression": condition}
    if values:
        parameters["ExpressionAttributeValues"] = {f":{name}": v for name, v in values.items()}
    return "delete_item", parameters


_TOKEN_EXAMPLE = (
    "transact_write_items",
    {
        "ClientRequestToken": "known-difference",
        "TransactItems": [{"Put": {"Item": {**KEY, "version": {"N": "1.50"}}}}],
    },
)

_TRANSACTION_EXAMPLE = (
    "transact_write_items",
    {
        "TransactItems": [
            {
                "Update": {
                    "Key": KEY,
                    "UpdateExpression": "SET version = :v",
                    "ExpressionAttributeValues": {":v": {"N": "1.50"}},
                }
            }
        ],
    },
)

_UPDATES = 'Developer Guide, "Using update expressions in DynamoDB"'
_CONDITIONS = (
    'Developer Guide, "Condition and filter expressions, operators, and functions in DynamoDB"'
)

KNOWN_EMULATOR_DIFFERENCES = (
    KnownDifference(
        name="attribute_type accepts any text as a type",
        statement="the type must be one of S, SS, N, NS, B, BS, BOOL, NULL, L, M",
        source=_CONDITIONS,
        explains=_accepted("Invalid attribute type name found"),
        example=(_deletion("attribute_type(note, :t)", t={"S": "STRING"}),),
    ),
    KnownDifference(
        name="an unknown function is read as an attribute",
        statement="a function is one of the six listed, by its exact name",
        source=_CONDITIONS,
        explains=_accepted("Invalid function name"),
        example=(_deletion("nonsense(note)"),),
    ),
    KnownDifference(
        name="two absent attributes are equal",
        statement="an attribute that does not exist equals nothing: = is false and <> is true",
        source="observed on the service by two other projects: ExtendDB pull request 5, "
        "ScyllaDB issue 8511; the guide is silent",
        explains=_absent_compared,
        example=(_deletion("absent_one = absent_two"),),
    ),
    KnownDifference(
        name="one path may be set twice in an update",
        statement="the document paths of one update expression may not overlap",
        source=_UPDATES,
        explains=_accepted("Two document paths overlap"),
        example=(_update("SET note = :v, note = :v", v={"S": "x"}),),
    ),
    KnownDifference(
        name="a section may appear twice in an update",
        statement="each of SET, REMOVE, ADD and DELETE appears only once",
        source=_UPDATES,
        explains=_accepted("can only be used once in an update expression"),
        example=(_update("SET note = :v SET version = :v", v={"N": "1"}),),
    ),
    KnownDifference(
        name="SET without an equals sign does nothing and succeeds",
        statement="an action of SET has the form: path = value",
        source=_UPDATES,
        explains=_accepted('^Invalid UpdateExpression: Syntax error; token: ":v", near: "note :v"'),
        example=(_update("SET note :v", v={"N": "1"}),),
    ),
    KnownDifference(
        name="REMOVE below an attribute that does not exist succeeds",
        statement="the parent of a nested path must exist; only its last part may be absent",
        source="observed on the service: ScyllaDB issue 10043 and its test "
        "test_nested_attribute_update_bad_path_dot; the guide shows the error for SET",
        explains=_accepted("^The document path provided in the update expression is invalid"),
        example=(_update("REMOVE extra.a"),),
    ),
    KnownDifference(
        name="a query's filter sees attributes that the index does not hold",
        statement="a query of a global secondary index cannot fetch attributes from the table; a "
        "filter on one that is not projected is refused",
        source="API Reference, Query, ProjectionExpression and Select; wording as the service "
        "gives it to AppSync and in DynamoDB local",
        explains=_accepted("does not project one or more filter attributes"),
        example=(
            (
                "query",
                {
                    "IndexName": "open",
                    "KeyConditionExpression": "#o = :o",
                    "FilterExpression": "attribute_exists(note)",
                    "ExpressionAttributeNames": {"#o": "open"},
                    "ExpressionAttributeValues": {":o": {"S": "x"}},
                },
            ),
        ),
        keeps_state=True,
    ),
    KnownDifference(
        name="Attributes is sent even where there is no attribute to show",
        statement="each element of Attributes is one attribute; an empty map is not sent",
        source="API Reference, UpdateItem, response elements",
        explains=_empty_attributes,
        example=(
            ("put_item", {"Item": KEY}),
            _update("SET note = :v", "UPDATED_OLD", v={"S": "x"}),
        ),
        keeps_state=True,
    ),
    KnownDifference(
        name="numbers that a transaction's Update sets stay as they were typed",
        statement="leading and trailing zeroes are trimmed",
        source='Developer Guide, "Supported data types and naming rules in DynamoDB": Number',
        explains=_numbers_differ,
        example=(
            _TRANSACTION_EXAMPLE,
            ("get_item", {"Key": KEY, "ConsistentRead": True}),
        ),
        keeps_state=True,
    ),
    KnownDifference(
        name="a token repeated with an untrimmed number is another request",
        statement="the same token with the same parameters succeeds without further effect",
        source="API Reference, TransactWriteItems, ClientRequestToken",
        explains=_token_mismatch,
        example=(_TOKEN_EXAMPLE, _TOKEN_EXAMPLE),
        keeps_state=True,
    ),
    KnownDifference(
        name="a transaction's WriteCapacityUnits leave out the indexes",
        statement="WriteCapacityUnits is the total number of write units the operation consumed",
        source="API Reference, ConsumedCapacity",
        explains=_total_differs,
        example=(
            (
                "transact_write_items",
                {
                    "TransactItems": [
                        {"Put": {"Item": {**KEY, "checkout_request_id": {"S": "example"}}}}
                    ],
                    "ReturnConsumedCapacity": "TOTAL",
                },
            ),
        ),
        keeps_state=True,
    ),
    KnownDifference(
        name="removing two list elements at once removes the wrong second one",
        statement="REMOVE RelatedItems[1], RelatedItems[2] takes away the elements that stood at 1 "
        "and 2 before the update",
        source=f"{_UPDATES}: Removing elements from a list",
        explains=lambda request, _engine, _emulator: request.parameters.get("Key") == KEY,
        example=(
            ("put_item", {"Item": {**KEY, "op_ids": {"L": [{"S": "a"}, {"S": "b"}, {"S": "c"}]}}}),
            _update("REMOVE op_ids[0], op_ids[1]"),
            ("get_item", {"Key": KEY, "ConsistentRead": True}),
        ),
    ),
)

"""Requests that the service refuses, as parameters to lay over a sound UpdateItem."""

from __future__ import annotations

from typing import Any

from .expressions import Value


def broken_updates(key: dict[str, Value]) -> list[dict[str, Any]]:
    """The parameters of one refused request each; `key` is the sound request's."""
    one, many = {"N": "1"}, {"S": "x"}
    return [
        {"UpdateExpression": "SET version = :v"},
        {"UpdateExpression": "SET version = :v", "ExpressionAttributeValues": {":w": one}},
        {
            "UpdateExpression": "SET version = :v",
            "ExpressionAttributeValues": {":v": one, ":w": one},
        },
        {"UpdateExpression": "SET #s = :v", "ExpressionAttributeValues": {":v": many}},
        {
            "UpdateExpression": "REMOVE note",
            "ExpressionAttributeNames": {"#s": "status"},
        },
        {"UpdateExpression": "SET status = :v", "ExpressionAttributeValues": {":v": many}},
        {"UpdateExpression": "SET pk = :v", "ExpressionAttributeValues": {":v": many}},
        {"UpdateExpression": "SET due_at = :v", "ExpressionAttributeValues": {":v": many}},
        {"UpdateExpression": "ADD note :v", "ExpressionAttributeValues": {":v": many}},
        {"UpdateExpression": "DELETE note :v", "ExpressionAttributeValues": {":v": one}},
        {"UpdateExpression": "SET note = note", "ConditionExpression": "((note = version))"},
        {"UpdateExpression": "SET note :v", "ExpressionAttributeValues": {":v": one}},
        {"UpdateExpression": "note = :v", "ExpressionAttributeValues": {":v": one}},
        {"UpdateExpression": ""},
        {
            "UpdateExpression": "SET note = :v, note = :v",
            "ExpressionAttributeValues": {":v": one},
        },
        {
            "UpdateExpression": "SET a1 = :v SET b1 = :v",
            "ExpressionAttributeValues": {":v": one},
        },
        {"ConditionExpression": "attribute_exists(note) AND"},
        {"ConditionExpression": "nonsense(note)"},
        {
            "ConditionExpression": "note BETWEEN :b AND :a",
            "ExpressionAttributeValues": {":a": {"S": "a"}, ":b": {"S": "b"}},
        },
        {
            "ConditionExpression": "attribute_type(note, :t)",
            "ExpressionAttributeValues": {":t": {"S": "STRING"}},
        },
        {"UpdateExpression": "SET note = :v", "ExpressionAttributeValues": {":v": {"N": "x"}}},
        {
            "UpdateExpression": "SET note = :v",
            "ExpressionAttributeValues": {":v": {"N": "1" * 39}},
        },
        {
            "UpdateExpression": "SET note = :v",
            "ExpressionAttributeValues": {":v": {"N": "1E126"}},
        },
        {
            "UpdateExpression": "SET tags = :v",
            "ExpressionAttributeValues": {":v": {"SS": ["a", "a"]}},
        },
        {"Key": {"pk": key["pk"]}},
        {"Key": {"pk": key["pk"], "sk": {"N": "1"}}},
        {"Key": {"pk": key["pk"], "sk": {"S": ""}}},
        {"Key": {**key, "note": {"S": "x"}}},
        {"TableName": "no-such-table"},
    ]

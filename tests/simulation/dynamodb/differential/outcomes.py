"""Runs a request through boto3 and puts what came of it in a form that can be compared."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from .sequences import Request
from .tables import INDEX_RANGES

type Outcome = dict[str, Any]

_SETS = ("SS", "NS", "BS")


def outcome_of(client: Any, request: Request) -> Outcome:
    """The answer, or the error with its code, its item and its cancellation reasons."""
    try:
        response = getattr(client, request.method)(**request.parameters)
    except ClientError as error:
        body: Any = error.response
        outcome: Outcome = {"error": body["Error"]["Code"], "message": body["Error"]["Message"]}
        if "CancellationReasons" in body:
            outcome["reasons"] = [_comparable(reason) for reason in body["CancellationReasons"]]
        if "Item" in body:
            outcome["item"] = _comparable(body["Item"])
        return outcome
    response.pop("ResponseMetadata")
    return {"response": _ordered(request, _comparable(response))}


def same(one: Outcome, other: Outcome) -> bool:
    """Whether two outcomes say the same; the wording of messages is not compared."""
    return _without_words(one) == _without_words(other)


def _without_words(outcome: Outcome) -> Outcome:
    plain = {name: part for name, part in outcome.items() if name != "message"}
    if "reasons" in plain:
        plain["reasons"] = [
            {name: part for name, part in reason.items() if name != "Message"}
            for reason in plain["reasons"]
        ]
    return plain


def _comparable(value: Any) -> Any:
    """The value with the members of sets in order: a set has none."""
    if isinstance(value, list):
        return [_comparable(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    return {
        name: sorted(part) if name in _SETS and isinstance(part, list) else _comparable(part)
        for name, part in value.items()
    }


def _ordered(request: Request, response: dict[str, Any]) -> dict[str, Any]:
    """Answers whose order the service leaves open, in one order."""
    if request.method == "batch_get_item":
        for items in response["Responses"].values():
            items.sort(key=repr)
    index = request.parameters.get("IndexName")
    if index is not None and "Items" in response:
        _sort_ties(response["Items"], INDEX_RANGES.get(index))
    return response


def _sort_ties(items: list[dict[str, Any]], range_name: str | None) -> None:
    """Orders items of an equal range key, and only those, by their keys."""
    start = 0
    while start < len(items):
        end = start + 1
        while end < len(items) and (
            range_name is None or items[end][range_name] == items[start][range_name]
        ):
            end += 1
        items[start:end] = sorted(items[start:end], key=lambda item: repr(sorted(item.items())))
        start = end

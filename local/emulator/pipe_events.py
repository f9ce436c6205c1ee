"""Turns stream records into the entries that an EventBridge Pipe would put on a bus."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_PLACEHOLDER = re.compile(r"<\$\.([\w.-]+)>")
ENTRIES_PER_CALL_MAX = 10

Record = Mapping[str, Any]
Matcher = Callable[[Record, Mapping[str, Any]], bool]


def filter_records(
    records: Sequence[Record], source_parameters: Mapping[str, Any], matches: Matcher
) -> list[Record]:
    """Keep the records that at least one pattern of the pipe accepts; without patterns, all."""
    filters = (source_parameters.get("FilterCriteria") or {}).get("Filters", [])
    patterns = [json.loads(each["Pattern"]) for each in filters]
    if not patterns:
        return list(records)
    return [record for record in records if any(matches(record, each) for each in patterns)]


def render_entry(record: Record, *, bus_arn: str, target_parameters: Mapping[str, Any]) -> Record:
    """Give the PutEvents entry of one record.

    Shape: Source, DetailType, Detail (JSON text), EventBusName.
    Errors: ValueError where the template does not render to a JSON object, as a Pipe would fail.
    """
    bus_parameters = target_parameters.get("EventBridgeEventBusParameters") or {}
    template = target_parameters.get("InputTemplate")
    detail = render_template(template, record) if template else json.dumps(record, default=str)
    if not isinstance(json.loads(detail), dict):
        raise ValueError("an event's detail must be a JSON object")
    return {
        "Source": _read_text(bus_parameters.get("Source", "Pipe"), record),
        "DetailType": _read_text(
            bus_parameters.get("DetailType", "Event from aws:dynamodb"), record
        ),
        "Detail": detail,
        "EventBusName": bus_arn,
    }


def render_template(template: str, record: Record) -> str:
    """Replace each `<$.path>` by the JSON at that path, null where it is absent."""
    return _PLACEHOLDER.sub(lambda found: json.dumps(_walk(record, found.group(1))), template)


def _read_text(text: str, record: Record) -> str:
    """A parameter such as DetailType may be a path into the record."""
    return str(_walk(record, text.removeprefix("$."))) if text.startswith("$.") else text


def _walk(value: Any, path: str) -> Any:
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value

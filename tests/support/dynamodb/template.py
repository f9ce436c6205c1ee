"""Reads the table out of a SAM or CloudFormation template, so that tests use the deployed schema.

Shape: intrinsic functions stay what they are unless they must be text; the table's name, which is
usually made up by CloudFormation, is chosen by the caller.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tools.template import load_template

__all__ = ["load_template", "table_from_template"]

TABLE_TYPE = "AWS::DynamoDB::Table"
DEFAULT_TABLE_NAME = "simulated-table"


def table_from_template(
    path: str | Path, *, table_name: str = DEFAULT_TABLE_NAME, resource: str | None = None
) -> dict[str, Any]:
    """The CreateTable definition of the template's only table (or the `resource` named).

    Errors: ValueError where the template has no table, or several and none is named.
    """
    template = load_template(path)
    tables = {
        name: body["Properties"]
        for name, body in template["Resources"].items()
        if body["Type"] == TABLE_TYPE and resource in (None, name)
    }
    if len(tables) != 1:
        raise ValueError(f"{path}: one {TABLE_TYPE} wanted, found {sorted(tables) or 'none'}")
    [properties] = tables.values()
    wanted = (
        "AttributeDefinitions",
        "KeySchema",
        "GlobalSecondaryIndexes",
        "TimeToLiveSpecification",
        "StreamSpecification",
        "BillingMode",
    )
    definition = {name: properties[name] for name in wanted if name in properties}
    return {"TableName": table_name, **definition}

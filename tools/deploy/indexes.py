"""CloudFormation makes or removes one index of a table in one update, so some take steps.

A step deploys what runs already, with one index more. Then the release's code never meets a table
that lacks an index.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tools.deploy.errors import DeployError

TABLE = "PaymentsTable"
INDEXES, ATTRIBUTES = "GlobalSecondaryIndexes", "AttributeDefinitions"
TEXT_FROM, TEXT_TO = "      AttributeDefinitions:\n", "      TimeToLiveSpecification:"
"""The lines of template.yaml that describe attributes, keys and indexes of the table."""
POLL_SECONDS = 15
POLLS_MAX = 960
"""Four hours: a large table takes long to get an index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One deployment before the release's own: the template that adds this index."""

    index: str
    template: dict[str, Any]


def plan_steps(deployed: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[Step]:
    """Return the deployments that must come first; none where AWS takes the release in one update.

    The last new index comes with the release: the table is updated before its functions.
    Errors: DeployError where the release takes indexes away that AWS would not remove at once.
    """
    if TABLE not in deployed.get("Resources", {}):
        return []
    there, asked = _indexes(deployed), _indexes(wanted)
    new = [name for name in asked if name not in there]
    gone = [name for name in there if name not in asked]
    if gone and len(gone) + len(new) > 1:
        raise DeployError(
            f"The stack's table has {', '.join(gone)}, which template.yaml lacks, and AWS removes "
            "one index in one update. Keep them: docs/upgrade.md, Going back"
        )
    steps = []
    current = copy.deepcopy(dict(deployed))
    for name in new[:-1]:
        current = _with_index(current, wanted, name)
        steps.append(Step(index=name, template=current))
    return steps


def wait_until_active(
    dynamodb: Any, table: str, index: str, *, sleep: Callable[[float], None]
) -> None:
    """Return when the index is ACTIVE. Errors: DeployError where it was not made in four hours."""
    for _ in range(POLLS_MAX):
        described = dynamodb.describe_table(TableName=table)["Table"]
        states = {each["IndexName"]: each.get("IndexStatus") for each in described.get(INDEXES, [])}
        if index not in states:
            raise DeployError(f"The index {index} was not made: the stack is as it was before")
        if states[index] == "ACTIVE":
            return
        sleep(POLL_SECONDS)
    raise DeployError(f"The index {index} is still being filled. Run make deploy again later")


def keep_indexes(older: str, newer: str) -> str:
    """Return the older template's text with the newer one's indexes.

    Errors: DeployError where a text does not describe the table as expected.
    """
    return older.replace(_described(older), _described(newer))


def _described(text: str) -> str:
    start = text.find(TEXT_FROM)
    end = text.find(TEXT_TO, start)
    if start < 0 or end < 0 or text.count(TEXT_FROM) > 1:
        raise DeployError("This template does not describe the table as the releases do")
    return text[start:end]


def _indexes(template: Mapping[str, Any]) -> dict[str, Any]:
    found = template["Resources"][TABLE]["Properties"].get(INDEXES, [])
    return {each["IndexName"]: each for each in found}


def _with_index(
    template: Mapping[str, Any], wanted: Mapping[str, Any], name: str
) -> dict[str, Any]:
    """Return the template with one index more, and the attributes that its keys need."""
    changed = copy.deepcopy(dict(template))
    table = changed["Resources"][TABLE]["Properties"]
    index = _indexes(wanted)[name]
    table[INDEXES] = [*table.get(INDEXES, []), index]
    known = {each["AttributeName"] for each in table[ATTRIBUTES]}
    added = _keys(index) - known
    defined = wanted["Resources"][TABLE]["Properties"][ATTRIBUTES]
    table[ATTRIBUTES] = [
        *table[ATTRIBUTES],
        *(each for each in defined if each["AttributeName"] in added),
    ]
    return changed


def _keys(index: Mapping[str, Any]) -> set[str]:
    return {each["AttributeName"] for each in index["KeySchema"]}

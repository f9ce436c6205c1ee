"""A stack is protected where its table is, and left alone elsewhere."""

from typing import Any

import pytest

from tools.protect_stack import protect


class CloudFormation:
    """One stack with one parameter, and what became of its protection."""

    def __init__(self, deletion_protection: str) -> None:
        parameter = {"ParameterKey": "DeletionProtection", "ParameterValue": deletion_protection}
        self.description = {"Parameters": [parameter]}
        self.asked: list[dict[str, Any]] = []

    def describe_stacks(self, **_: str) -> dict[str, Any]:
        return {"Stacks": [self.description]}

    def update_termination_protection(self, **asked: Any) -> None:
        self.asked.append(asked)


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("true", [{"StackName": "clinic", "EnableTerminationProtection": True}]),
        ("false", []),
    ],
)
def test_a_stack_is_protected_where_its_table_is(given: str, asked: list[dict[str, Any]]) -> None:
    stacks = CloudFormation(given)
    assert protect(stacks, "clinic") is bool(asked)
    assert stacks.asked == asked

"""A stack and its table are protected where a parameter asks for it, and left alone elsewhere."""

from typing import Any

import pytest

from tools.protect_stack import protect
from tools.template import load_template


class Aws:
    """CloudFormation and DynamoDB of one stack, and what became of its protection."""

    def __init__(self, deletion_protection: str, *, is_protected: bool = False) -> None:
        self.description = {
            "StackStatus": "CREATE_COMPLETE",
            "Parameters": [
                {"ParameterKey": "DeletionProtection", "ParameterValue": deletion_protection}
            ],
            "Outputs": [{"OutputKey": "TableName", "OutputValue": "payments"}],
        }
        self.is_protected = is_protected
        self.asked: list[dict[str, Any]] = []

    def describe_stacks(self, **_: str) -> dict[str, Any]:
        return {"Stacks": [self.description]}

    def describe_table(self, **_: str) -> dict[str, Any]:
        return {"Table": {"DeletionProtectionEnabled": self.is_protected}}

    def update_table(self, **asked: Any) -> None:
        self.asked.append(asked)

    def update_termination_protection(self, **asked: Any) -> None:
        self.asked.append(asked)


STACK = {"StackName": "clinic", "EnableTerminationProtection": True}
TABLE = {"TableName": "payments", "DeletionProtectionEnabled": True}


@pytest.mark.parametrize(
    ("given", "is_protected", "asked"),
    [("true", False, [TABLE, STACK]), ("true", True, [STACK]), ("false", False, [])],
)
def test_what_is_protected(given: str, is_protected: bool, asked: list[dict[str, Any]]) -> None:
    aws = Aws(given, is_protected=is_protected)
    assert protect(aws, aws, "clinic") is bool(asked)
    assert aws.asked == asked


def test_the_template_itself_leaves_the_table_open_so_that_a_first_deployment_can_roll_back() -> (
    None
):
    table = load_template()["Resources"]["PaymentsTable"]
    assert "DeletionProtectionEnabled" not in table["Properties"]
    assert table["DeletionPolicy"] == "Delete"

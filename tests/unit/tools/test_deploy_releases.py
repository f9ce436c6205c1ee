"""`make deploy` of a stack of an earlier release: what is refused, and what takes steps."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tools.deploy.errors import DeployError
from tools.deploy.indexes import keep_indexes, plan_steps, wait_until_active
from tools.deploy.releases import (
    BRIDGE,
    BRIDGE_COMMIT,
    RELEASE_OUTPUT,
    read_deployed,
    refuse_to_skip,
)
from tools.deploy.stack import Stack
from tools.samconfig import read_target
from tools.template import TEMPLATE, as_json, load_template, parse_template

ROOT = Path(__file__).resolve().parents[3]
FIRST = "48b370e"
TODAY = load_template()
TARGET = read_target("sandbox")
OLD_STACK = Stack("UPDATE_COMPLETE", {}, {"TableName": "t"})


def template_text(commit: str) -> str:
    """template.yaml of a release, from the repository's history."""
    shown = subprocess.run(
        ["git", "show", f"{commit}:template.yaml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 0, (
        f"The history lacks the release {commit}: fetch it all (git fetch --unshallow)"
    )
    return shown.stdout


def indexes(template: dict[str, Any]) -> list[str]:
    table = template["Resources"]["PaymentsTable"]["Properties"]
    return [each["IndexName"] for each in table["GlobalSecondaryIndexes"]]


def without_indexes(*names: str) -> dict[str, Any]:
    """Today's template, its table without these."""
    template: dict[str, Any] = json.loads(json.dumps(TODAY, default=str))
    table = template["Resources"]["PaymentsTable"]["Properties"]
    table["GlobalSecondaryIndexes"] = [
        each for each in table["GlobalSecondaryIndexes"] if each["IndexName"] not in names
    ]
    return template


def test_a_stack_of_the_first_release_must_get_the_next_one_first() -> None:
    with pytest.raises(DeployError, match=rf"{BRIDGE_COMMIT}\n") as refused:
        refuse_to_skip(OLD_STACK, parse_template(template_text(FIRST)), TODAY, TARGET)
    said = str(refused.value)
    assert "StatusFunction, StkPushFunction believe the authorizer" in said
    assert f"make -C ../hakika-{BRIDGE} deploy ENV=sandbox" in said


@pytest.mark.parametrize("is_new", [False, True])
def test_one_function_that_believes_the_authorizer_is_enough_to_refuse(is_new: bool) -> None:
    bridge = parse_template(template_text(BRIDGE_COMMIT))
    variables = bridge["Resources"]["StatusFunction"]["Properties"]["Environment"]["Variables"]
    del variables["JWT_SECRET_ARN"]
    stack = Stack("UPDATE_COMPLETE", {}, {RELEASE_OUTPUT: "0.2.0"}) if is_new else OLD_STACK
    if is_new:
        refuse_to_skip(stack, bridge, TODAY, TARGET)
    else:
        with pytest.raises(DeployError, match="StatusFunction believe"):
            refuse_to_skip(stack, bridge, TODAY, TARGET)


def test_the_release_in_between_and_no_stack_at_all_pass() -> None:
    refuse_to_skip(OLD_STACK, parse_template(template_text(BRIDGE_COMMIT)), TODAY, TARGET)
    refuse_to_skip(Stack(), {}, TODAY, TARGET)
    assert plan_steps({}, TODAY) == []


def test_changelog_template_and_package_name_the_same_releases() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    assert TODAY["Outputs"][RELEASE_OUTPUT]["Value"] == version[1]
    assert re.findall(r"^## \[(\d.+)\]", changelog, re.MULTILINE)[0] == version[1]
    assert f"## [{BRIDGE}]\n\nCommit {BRIDGE_COMMIT}." in changelog


def test_two_new_indexes_take_two_deployments_of_which_the_first_keeps_the_old_code() -> None:
    bridge = parse_template(template_text(BRIDGE_COMMIT))
    [step] = plan_steps(bridge, TODAY)
    assert step.index == "by_reference"
    assert indexes(step.template) == [*indexes(bridge), "by_reference"]
    table = step.template["Resources"].pop("PaymentsTable")["Properties"]
    attributes = {each["AttributeName"] for each in table["AttributeDefinitions"]}
    keys = {
        key["AttributeName"]
        for each in (table, *table["GlobalSecondaryIndexes"])
        for key in each["KeySchema"]
    }
    assert attributes == keys, "AWS refuses an attribute that is no key, and a key without one"
    assert step.template["Resources"] == {
        name: each for name, each in bridge["Resources"].items() if name != "PaymentsTable"
    }


def test_the_first_deployments_template_is_written_as_cloudformation_reads_json() -> None:
    """In YAML an attribute may be one text, `Table.Arn`; in JSON it is a list of two."""
    bridge = parse_template(template_text(BRIDGE_COMMIT))
    [step] = plan_steps(bridge, TODAY)
    written = as_json(step.template)
    assert '"Fn::GetAtt": "' not in written
    assert json.loads(written)["Outputs"]["DarajaSecretArn"]["Value"] == {
        "Fn::GetAtt": ["DarajaSecret", "Id"]
    }


def test_each_step_and_the_release_itself_change_one_index_only() -> None:
    deployed = without_indexes("by_reference", "by_received", "by_day")
    steps = plan_steps(deployed, TODAY)
    states = [indexes(deployed), *(indexes(each.template) for each in steps), indexes(TODAY)]
    counts = [len(state) for state in states]
    assert counts == list(range(counts[0], counts[-1] + 1))
    assert plan_steps(TODAY, TODAY) == plan_steps(without_indexes("by_day"), TODAY) == []


def test_indexes_that_would_go_are_refused_where_aws_would_refuse_them() -> None:
    assert plan_steps(TODAY, without_indexes("by_received")) == []
    with pytest.raises(DeployError, match="by_reference, by_received"):
        plan_steps(TODAY, without_indexes("by_reference", "by_received"))


def test_an_earlier_release_keeps_the_indexes_and_nothing_else_of_this_one() -> None:
    older = template_text(BRIDGE_COMMIT)
    kept = parse_template(keep_indexes(older, TEMPLATE.read_text(encoding="utf-8")))
    assert plan_steps(TODAY, kept) == plan_steps(kept, TODAY) == []
    assert indexes(kept) == indexes(TODAY)
    before = parse_template(older)
    for name in ("AttributeDefinitions", "GlobalSecondaryIndexes"):
        for each in (kept, before):
            del each["Resources"]["PaymentsTable"]["Properties"][name]
    assert kept == before
    with pytest.raises(DeployError, match="does not describe the table"):
        keep_indexes("Resources: {}", older)


class Table:
    """DynamoDB with a table whose index changes its state at each look."""

    def __init__(self, *states: str | None) -> None:
        self._states = list(states)

    def describe_table(self, **_: str) -> dict[str, Any]:
        state = self._states.pop(0)
        found = [] if state is None else [{"IndexName": "by_reference", "IndexStatus": state}]
        return {"Table": {"GlobalSecondaryIndexes": found}}


def test_a_step_waits_until_its_index_is_active() -> None:
    naps: list[float] = []
    wait_until_active(
        Table("CREATING", "CREATING", "ACTIVE"), "t", "by_reference", sleep=naps.append
    )
    assert len(naps) == 2
    with pytest.raises(DeployError, match="was not made"):
        wait_until_active(Table(None), "t", "by_reference", sleep=naps.append)


@pytest.mark.parametrize("body", ["Resources: {A: !Ref B}", {"Resources": {"A": {"Ref": "B"}}}])
def test_the_deployed_template_is_read_in_both_of_its_forms(body: object) -> None:
    class CloudFormation:
        def get_template(self, **_: str) -> dict[str, object]:
            return {"TemplateBody": body}

    assert read_deployed(CloudFormation(), OLD_STACK, "s") == {"Resources": {"A": {"Ref": "B"}}}
    assert read_deployed(CloudFormation(), Stack(), "s") == {}

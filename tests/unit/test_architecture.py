"""The diagram of docs/architecture.md shows what template.yaml deploys, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from local.template import read_template
from tests.unit.test_docs import ROOT

DIAGRAM = re.compile(r"```mermaid\nflowchart LR\n(.*?)```", re.DOTALL)
DECORATION = re.compile(r"\|[^|]*\||\[\(.*?\)\]|\[.*?\]")
OUTSIDE = {"frontend", "safaricom"}
QUEUES = {"FallbackQueue": "queue", "MoneyQueue": "queue", "WebhookQueue": "webhook_queue"}
Arrow = tuple[str, str]


def drawn() -> set[Arrow]:
    """The diagram's arrows that begin inside the deployment."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    found = DIAGRAM.search(text)
    assert found is not None
    arrows = set()
    for line in found[1].splitlines():
        sources, targets = DECORATION.sub("", line).split("-->")
        arrows |= {
            (source.strip(), target.strip())
            for source in sources.split("&")
            for target in targets.split("&")
        }
    return {arrow for arrow in arrows if arrow[0] not in OUTSIDE}


def deployed() -> set[Arrow]:
    """The arrows that the template's resources make."""
    resources = read_template(ROOT / "template.yaml")["Resources"]
    functions = {
        name: resource["Properties"]["CodeUri"].removeprefix("functions/")
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::Function"
    }
    arrows: set[Arrow] = set()
    for name, function in functions.items():
        properties = resources[name]["Properties"]
        arrows |= set(calls_of(function, properties))
        arrows |= set(reached_of(function, properties, resources))
    arrows |= set(arrows_of_the_rest(resources, functions))
    return arrows


def calls_of(function: str, properties: dict[str, Any]) -> Iterator[Arrow]:
    """Who calls a function."""
    for event in properties.get("Events", {}).values():
        if event["Type"] == "SQS":
            source = QUEUES[event["Properties"]["Queue"].removesuffix(".Arn")]
        else:
            source = {"HttpApi": "api", "ScheduleV2": "schedule"}[event["Type"]]
        yield source, function
        if source == "schedule" and "DeadLetterConfig" in event["Properties"]:
            yield source, "dead"


def reached_of(
    function: str, properties: dict[str, Any], resources: dict[str, Any]
) -> Iterator[Arrow]:
    """What a function reaches: Daraja with its credentials, the rest by its role."""
    variables = properties.get("Environment", {}).get("Variables", {})
    if "DARAJA_SECRET_ARN" in variables:
        yield function, "safaricom"
    if "WEBHOOK_URL" in variables:
        yield function, "booking_system"
    role = resources[properties["Role"].removesuffix(".Arn")]["Properties"]
    actions = str(role["Policies"])
    if "dynamodb:" in actions:
        yield function, "table"
    if "FallbackQueue" in actions or "MoneyQueue" in actions:
        yield function, "queue"
    if "DestinationConfig" in properties.get("EventInvokeConfig", {}):
        yield function, "dead"
    for name, resource in resources.items():
        if resource["Type"] == "AWS::Serverless::Function" and f"{name}.Arn" in actions:
            yield function, resource["Properties"]["CodeUri"].removeprefix("functions/")


def arrows_of_the_rest(resources: dict[str, Any], functions: dict[str, str]) -> Iterator[Arrow]:
    """Function URLs, pipe, rule, and the queues' own dead letters."""
    for name, resource in resources.items():
        properties = resource.get("Properties", {})
        match resource["Type"]:
            case "AWS::Lambda::Url":
                yield "url", functions[properties["TargetFunctionArn"].removesuffix(".Arn")]
            case "AWS::Pipes::Pipe":
                yield "table", "bus"
                if "DeadLetterConfig" in properties["SourceParameters"]["DynamoDBStreamParameters"]:
                    yield "table", "dead"
            case "AWS::SQS::Queue":
                if "RedrivePolicy" in properties:
                    yield QUEUES[name], "dead"
            case "AWS::Events::Rule":
                for target in properties["Targets"]:
                    yield "bus", QUEUES[target["Arn"].removesuffix(".Arn")]
                    if "DeadLetterConfig" in target:
                        yield "bus", "dead"
            case _:
                pass


def test_every_arrow_is_deployed_and_everything_deployed_is_drawn() -> None:
    assert drawn() - deployed() == set()
    assert deployed() - drawn() == set()


def test_every_function_is_drawn() -> None:
    names = {folder.name for folder in (ROOT / "functions").iterdir() if folder.is_dir()}
    assert names <= {part for arrow in drawn() for part in arrow}

"""Every event in events/ reaches its handler and gets what the file's name promises.

A name is `<function>-<case>-<outcome>`; the outcome is an HTTP status or "done". No token is
committed: an event names the one that it needs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from payments.aws.adapters import Adapters

from local.credentials import with_tokens
from tests.functional.booking_system import Town
from tests.functional.refunding import set_credential
from tests.support.aws import JWT_SECRET, REPOSITORY
from tests.support.dynamodb.template import load_template
from tests.support.world import START, World

FOLDER = REPOSITORY / "events"
FILES = sorted(FOLDER.glob("*-*.json"))
CALLBACK_SECRET = "5eed" * 16
FIRST = "stk_push-ok-200"
DONE: dict[str, dict[str, Any]] = {
    "callback": {"batchItemFailures": []},
    "cleanup": {"looked_at": 0, "settled": 0, "poisoned": 0},
    "refunds": {},
}


class IdsWithKnownToken:
    """Identifiers as ever, but the callback secret is the one in the events."""

    def __init__(self, adapters: Adapters) -> None:
        self._ids = adapters.ids

    def hex(self, characters: int) -> str:
        return CALLBACK_SECRET if characters == len(CALLBACK_SECRET) else self._ids.hex(characters)


@pytest.fixture
def world() -> Iterator[World]:
    """The consultation that the events pay for is registered."""
    world = World()
    adapters = world.adapters
    world.adapters = replace(adapters, ids=IdsWithKnownToken(adapters))
    world.register("1", client_id="7", price_kes=1000)
    yield world
    world.close()


def read(file: Path) -> dict[str, Any]:
    """The event, with a token wherever it names one."""
    text = file.read_text(encoding="utf-8")
    event: dict[str, Any] = json.loads(with_tokens(text, JWT_SECRET, clock=lambda: START))
    return event


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_event_gets_what_its_name_promises(world: World, file: Path) -> None:
    function, _, outcome = file.stem.split("-")
    if function == "webhooks":
        town = Town(world)
        assert town.function.invoke(read(file)) == {"batchItemFailures": []}
        assert len(town.receiver.requests) == 1
        return
    if function in {"status", "callback", "cleanup"}:
        first = world.function("stk_push").invoke(read(FOLDER / f"{FIRST}.json"))
        assert first["statusCode"] == 200
    if function == "refunds":
        set_credential(world)
    answer = world.function(function).invoke(read(file))
    if outcome == "done":
        assert answer == DONE[function]
    elif function == "refunds":
        assert answer["status"] == int(outcome), answer
    else:
        assert answer["statusCode"] == int(outcome), answer["body"]


@pytest.mark.parametrize(
    ("case", "status"),
    [
        ("callback-success-200", "completed"),
        ("callback-function_url-200", "completed"),
        ("callback-sqs_redrive-done", "completed"),
        ("callback-cancelled-200", "failed"),
        ("callback-wrong_token-404", "pending"),
        ("callback-old_route-200", "pending"),
        ("callback-not_json-200", "pending"),
    ],
)
def test_a_callback_event_does_to_the_payment_what_its_name_says(
    world: World, case: str, status: str
) -> None:
    first = world.function("stk_push").invoke(read(FOLDER / f"{FIRST}.json"))
    world.function("callback").invoke(read(FOLDER / f"{case}.json"))
    assert world.payment(json.loads(first["body"])["payment_id"]).status == status


def test_every_function_has_an_event() -> None:
    functions = {path.parent.name for path in (REPOSITORY / "functions").glob("*/app.py")}
    assert {file.stem.split("-")[0] for file in FILES} == functions


def test_the_environment_file_names_functions_and_variables_of_the_template() -> None:
    template = load_template(REPOSITORY / "template.yaml")
    everywhere = set(template["Globals"]["Function"]["Environment"]["Variables"])
    environments = read(FOLDER / "env.json")
    functions = {
        name
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }
    assert set(environments) == functions
    for name, variables in environments.items():
        properties = template["Resources"][name]["Properties"]
        own = set(properties.get("Environment", {}).get("Variables", {}))
        assert set(variables) <= everywhere | own
        assert set(variables) >= own, f"{name} needs {own - set(variables)}"

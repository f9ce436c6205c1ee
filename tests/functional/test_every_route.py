"""Every route of the template without a token: 401, unless it is on the list of public routes.

A request without a token costs nothing: no secret is read and no call to the table is made.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.template import PUBLIC_ROUTES, read_template
from tests.support.lambdas import http_event
from tests.support.network import Lines
from tests.support.world import World

TEMPLATE = read_template(Path(__file__).parents[2] / "template.yaml")


def routes() -> Iterator[tuple[str, str]]:
    """Each route with the folder of the function that serves it."""
    for resource in TEMPLATE["Resources"].values():
        properties = resource.get("Properties", {})
        for event in properties.get("Events", {}).values():
            if event["Type"] == "HttpApi":
                key = f"{event['Properties']['Method']} {event['Properties']['Path']}"
                yield key, Path(properties["CodeUri"]).name


ROUTES = dict(routes())


@pytest.mark.parametrize("key", ROUTES)
@pytest.mark.parametrize("body", [None, "{}", "not JSON", "x" * 9000])
def test_a_call_without_a_token_is_401_and_costs_nothing(key: str, body: str | None) -> None:
    calls: list[str] = []

    def note(operation: str, request: dict[str, Any], execute: Callable[[], Any]) -> Any:
        calls.append(operation)
        return execute()

    world = World(network=Lines(note))
    method, route = key.split()
    path = re.sub(r"\{\w+\}", "1", route)
    response = world.function(ROUTES[key]).invoke(http_event(method, route, path=path, body=body))
    if key in PUBLIC_ROUTES:
        assert response["statusCode"] != 401
    else:
        assert response["statusCode"] == 401
        assert (world.secrets.reads, calls) == (0, [])
    world.close()


def test_every_public_route_is_a_route() -> None:
    assert set(ROUTES) >= PUBLIC_ROUTES

"""Reads template.yaml far enough to say which routes it promises."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PUBLIC_ROUTES = frozenset(
    {
        "POST /api/payment/callback/{payment_id}/{token}",  # the path's token and the address
        "POST /api/payment/mpesa/callback",  # stores nothing, whoever calls
        "POST /api/c2b/{token}/confirmation",  # the path's token, the address, the shortcode
        "POST /api/c2b/{token}/validation",  # the path's token and the address; writes nothing
        "GET /desk",  # a page without facts
        "GET /desk/{file}",
        "POST /api/desk/sessions",  # a code that works once
        # The path's token, an HMAC, and the address.
        "POST /api/result/reversal/{payment_id}/{attempt}/{token}",
        "POST /api/result/reversal/{payment_id}/{attempt}/{token}/timeout",
        "POST /api/result/status/{receipt}/{token}",
        "POST /api/result/balance/{token}",
    }
)
"""The routes that ask for no access token, each with what protects it. All others answer 401."""


@dataclass(frozen=True, order=True)
class Route:
    """One route of the HTTP API and whether it asks for a JWT."""

    key: str
    needs_token: bool


class _Loader(yaml.CSafeLoader):
    """Takes CloudFormation's short functions (!Ref, !Sub ...) as plain values."""


def _construct_plain(loader: _Loader, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.MappingNode)
    return loader.construct_mapping(node, deep=True)


_Loader.add_multi_constructor("!", _construct_plain)


def read_template(file: Path) -> dict[str, Any]:
    """Parse the template; short functions become what they are applied to."""
    with file.open() as stream:
        # A safe loader, which neither tool can see.
        document: dict[str, Any] = yaml.load(stream, Loader=_Loader)  # noqa: S506 # nosec B506
    return document


def read_routes(template: dict[str, Any]) -> set[Route]:
    """Give every route that a function of the template serves."""
    routes = set()
    for resource in template["Resources"].values():
        for event in resource.get("Properties", {}).get("Events", {}).values():
            if event["Type"] != "HttpApi":
                continue
            properties = event["Properties"]
            key = f"{properties['Method']} {properties['Path']}"
            routes.add(Route(key, needs_token=key not in PUBLIC_ROUTES))
    return routes

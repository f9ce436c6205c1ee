"""Reads what SAM gets and writes: parameters, and an HTTP API as an OpenAPI document."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ANY_METHOD = "x-amazon-apigateway-any-method"
CORS = "x-amazon-apigateway-cors"
ENDPOINT = "x-amazon-apigateway-endpoint-configuration"
INTEGRATION = "x-amazon-apigateway-integration"

Document = Mapping[str, Any]


@dataclass(frozen=True)
class ImportedRoute:
    """One operation: its route key and the Lambda behind it."""

    route_key: str
    integration_uri: str
    payload_format_version: str


def read_parameters(template: Document, texts: Mapping[str, str]) -> dict[str, Any]:
    """Give the parameters as CloudFormation hands them to a transform: lists as lists."""
    declared = template.get("Parameters") or {}
    return {
        name: text.split(",") if _is_list(declared.get(name, {})) else text
        for name, text in texts.items()
    }


def _is_list(parameter: Mapping[str, Any]) -> bool:
    kind = str(parameter.get("Type", ""))
    return kind == "CommaDelimitedList" or kind.startswith("List<")


def read_cors(document: Document) -> dict[str, Any] | None:
    """Give the CORS configuration, or None where the API has none."""
    cors = document.get(CORS)
    return dict(cors) if cors else None


def has_no_default_host(document: Document) -> bool:
    """Whether the document says that the API answers at its own domain only."""
    # SAM writes it into the description of the servers, as AWS documents it for HTTP APIs.
    endpoints = [server.get(ENDPOINT) or {} for server in document.get("servers") or []]
    return any(str(each.get("disableExecuteApiEndpoint")).lower() == "true" for each in endpoints)


def read_routes(document: Document) -> list[ImportedRoute]:
    """List every operation that has an integration, in the document's order."""
    return list(_walk_routes(document))


def _walk_routes(document: Document) -> Iterator[ImportedRoute]:
    for path, operations in document.get("paths", {}).items():
        for method, operation in operations.items():
            integration = operation.get(INTEGRATION)
            if integration is None:
                continue
            yield ImportedRoute(
                route_key=_route_key(method, path),
                integration_uri=integration["uri"],
                payload_format_version=integration.get("payloadFormatVersion", "2.0"),
            )


def _route_key(method: str, path: str) -> str:
    if path == "/$default":
        return "$default"
    return f"{'ANY' if method == ANY_METHOD else method.upper()} {path}"

"""Reads what SAM gets and writes: parameters, and an HTTP API as an OpenAPI document."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ANY_METHOD = "x-amazon-apigateway-any-method"
AUTHORIZER = "x-amazon-apigateway-authorizer"
CORS = "x-amazon-apigateway-cors"
INTEGRATION = "x-amazon-apigateway-integration"

Document = Mapping[str, Any]


@dataclass(frozen=True)
class ImportedAuthorizer:
    """One security scheme: `settings` is the body of CreateAuthorizer."""

    name: str
    route_authorization_type: str
    settings: dict[str, Any]


@dataclass(frozen=True)
class ImportedRoute:
    """One operation: its route key, the Lambda behind it, and its authorizer's name if any."""

    route_key: str
    integration_uri: str
    payload_format_version: str
    authorizer_name: str | None


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


def read_authorizers(document: Document) -> list[ImportedAuthorizer]:
    """List every authorizer that the document declares."""
    schemes = document.get("components", {}).get("securitySchemes") or {}
    return [_read_authorizer(name, scheme[AUTHORIZER]) for name, scheme in schemes.items()]


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
                authorizer_name=_first_scheme(operation),
            )


def _read_authorizer(name: str, declared: Mapping[str, Any]) -> ImportedAuthorizer:
    settings: dict[str, Any] = {
        "name": name,
        "identitySource": declared.get("identitySource", ["$request.header.Authorization"]),
    }
    if declared["type"] != "request":
        settings |= {"authorizerType": "JWT", "jwtConfiguration": declared["jwtConfiguration"]}
        return ImportedAuthorizer(name, "JWT", settings)
    settings |= {
        "authorizerType": "REQUEST",
        "authorizerUri": declared["authorizerUri"],
        "authorizerPayloadFormatVersion": declared.get("authorizerPayloadFormatVersion", "2.0"),
        "enableSimpleResponses": declared.get("enableSimpleResponses", False),
        "authorizerResultTtlInSeconds": declared.get("authorizerResultTtlInSeconds", 300),
    }
    return ImportedAuthorizer(name, "CUSTOM", settings)


def _route_key(method: str, path: str) -> str:
    if path == "/$default":
        return "$default"
    return f"{'ANY' if method == ANY_METHOD else method.upper()} {path}"


def _first_scheme(operation: Mapping[str, Any]) -> str | None:
    for requirement in operation.get("security", []):
        for name in requirement:
            # SAM writes "NONE" for a route that opts out of the default authorizer.
            return None if name == "NONE" else str(name)
    return None

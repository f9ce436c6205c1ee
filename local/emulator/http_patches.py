"""Patches of the emulated HTTP API; each function says which gap of ministack it closes."""

import os
from typing import Any

from local.emulator import http_events, openapi
from local.emulator.support import checked, resource_handlers

TRUST_FORWARDED_FOR = "HAKIKA_TRUST_FORWARDED_FOR"


def import_http_api_documents() -> None:
    """Gap: `Body` (what SAM's HttpApi emits) and its CORS are dropped, so every route is a 404."""
    handlers = resource_handlers("AWS::ApiGatewayV2::Api")
    create, update = handlers["create"], handlers["update"]

    def create_with_document(logical_id: str, props: dict[str, Any], stack_name: str) -> Any:
        api_id, attributes = create(logical_id, props, stack_name)
        _import_document(api_id, props)
        return api_id, attributes

    def update_with_document(
        physical_id: str, old: dict[str, Any], new: dict[str, Any], *rest: Any, **named: Any
    ) -> Any:
        api_id, attributes = update(physical_id, old, new, *rest, **named)
        _import_document(api_id, new)
        return api_id, attributes

    handlers.update(create=create_with_document, update=update_with_document)


def answer_not_found_for_unknown_routes() -> None:
    """Gap: with IAM enforced, a path or method without a route is judged as an AWS_IAM call."""
    from ministack import app
    from ministack.services import apigateway

    enforce = app._enforce_execute_api

    def enforce_known_routes(api_id: str, *rest: Any, **named: Any) -> Any:
        is_http_api = apigateway.find_api_scope(api_id) is not None
        return None if is_http_api else enforce(api_id, *rest, **named)

    app._enforce_execute_api = enforce_known_routes


def answer_500_for_unhandled_errors() -> None:
    """Gap: a function's unhandled error answers 502 and shows the exception to the caller."""
    from ministack.services import lambda_svc

    shape = lambda_svc.lambda_execute_result_to_api_proxy_response

    def shape_without_details(result: dict[str, Any]) -> Any:
        body = result.get("body")
        is_answer = isinstance(body, dict) and "statusCode" in body
        if result.get("error") and not is_answer:
            return dict(http_events.INTERNAL_ERROR), None
        return shape(result)

    lambda_svc.lambda_execute_result_to_api_proxy_response = shape_without_details


def correct_http_events() -> None:
    """Gap: `sourceIp` is always 127.0.0.1, cookies stay a header, absent parameters are null."""
    from ministack.services import lambda_svc

    execute = lambda_svc._execute_function
    trusts_forwarded_for = os.environ.get(TRUST_FORWARDED_FOR) == "1"

    def execute_corrected(function: Any, event: Any, *rest: Any, **named: Any) -> Any:
        if http_events.is_http_api_event(event):
            http_events.correct_http_event(event, trusts_forwarded_for=trusts_forwarded_for)
        return execute(function, event, *rest, **named)

    lambda_svc._execute_function = execute_corrected


def _import_document(api_id: str, props: dict[str, Any]) -> None:
    from ministack.services import apigateway

    document = props.get("Body")
    if not isinstance(document, dict):
        return
    cors = openapi.read_cors(document)
    if cors:
        apigateway._apis[api_id]["corsConfiguration"] = cors
    apigateway._apis[api_id]["disableExecuteApiEndpoint"] = openapi.has_no_default_host(document)
    for store in (apigateway._routes, apigateway._integrations):
        store[api_id] = {}
    for route in openapi.read_routes(document):
        _create_route(api_id, route)


def _create_route(api_id: str, route: openapi.ImportedRoute) -> None:
    from ministack.services import apigateway

    integration = {
        "integrationType": "AWS_PROXY",
        "integrationUri": route.integration_uri,
        "payloadFormatVersion": route.payload_format_version,
    }
    made = checked(apigateway._create_integration, api_id, integration)
    body = {"routeKey": route.route_key, "target": f"integrations/{made['integrationId']}"}
    checked(apigateway._create_route, api_id, body)

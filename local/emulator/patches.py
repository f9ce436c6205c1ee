"""Closes, one function each, the gaps of ministack 1.5.33 that this product would notice.

`apply_all` runs before the emulator serves. After every deployment `local.assertions` checks what
the patches promise, so a new version of ministack cannot quietly lose one. Known gaps that stay:
no throttling, no stream retries, no dead letter queue of the scheduler, no access logs.
"""

import json
import os
import sys
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from local.emulator import http_events, openapi, pipe_events

TRUST_FORWARDED_FOR = "HAKIKA_TRUST_FORWARDED_FOR"
FIRST_LOG_LINE_SECONDS = 0.002


def apply_all() -> None:
    """Patch the imported ministack; call it once, before it serves."""
    give_parameters_to_the_sam_transform()
    import_http_api_documents()
    answer_not_found_for_unknown_routes()
    answer_500_for_unhandled_errors()
    correct_http_events()
    enable_time_to_live()
    keep_protected_tables()
    deliver_pipes_to_event_buses()
    wait_less_for_log_lines()
    run_functions_on_the_bare_interpreter()


def give_parameters_to_the_sam_transform() -> None:
    """Gap: the SAM transform sees every parameter's default, not the value deployed with."""
    from ministack.services.cloudformation import changesets, engine, handlers
    from samtranslator.translator import transform as sam

    apply, transform = engine._apply_transforms, sam.transform
    deployed: ContextVar[dict[str, Any] | None] = ContextVar("parameter values", default=None)

    def apply_with_values(document: dict[str, Any], *parameters: Any, **named: Any) -> Any:
        texts = engine._transform_parameters(document, *_two(parameters, named))
        token = deployed.set(openapi.read_parameters(document, texts))
        try:
            return apply(document, *parameters, **named)
        finally:
            deployed.reset(token)

    def transform_with_values(fragment: Any, defaults: Any, *rest: Any, **named: Any) -> Any:
        return transform(fragment, deployed.get() or defaults, *rest, **named)

    sam.transform = transform_with_values
    for module in (engine, changesets, handlers):
        module._apply_transforms = apply_with_values


def import_http_api_documents() -> None:
    """Gap: `Body` (what SAM's HttpApi emits) and its CORS are dropped, so every route is a 404."""
    handlers = _resource_handlers("AWS::ApiGatewayV2::Api")
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


def enable_time_to_live() -> None:
    """Gap: TimeToLiveSpecification of a table is dropped, so nothing is ever purged."""
    from ministack.services import dynamodb

    handlers = _resource_handlers("AWS::DynamoDB::Table")
    create, update = handlers["create"], handlers["update"]

    def enable(table_name: str, props: dict[str, Any]) -> None:
        wanted = props.get("TimeToLiveSpecification")
        if not wanted:
            return
        enabled = str(wanted.get("Enabled")).lower() == "true"
        specification = {"AttributeName": wanted["AttributeName"], "Enabled": enabled}
        _checked(
            dynamodb._update_ttl,
            {"TableName": table_name, "TimeToLiveSpecification": specification},
        )

    def create_with_ttl(logical_id: str, props: dict[str, Any], stack_name: str) -> Any:
        name, attributes = create(logical_id, props, stack_name)
        enable(name, props)
        return name, attributes

    def update_with_ttl(
        physical_id: str, old: dict[str, Any], new: dict[str, Any], *rest: Any, **named: Any
    ) -> Any:
        name, attributes = update(physical_id, old, new, *rest, **named)
        if old.get("TimeToLiveSpecification") != new.get("TimeToLiveSpecification"):
            enable(name, new)
        return name, attributes

    handlers.update(create=create_with_ttl, update=update_with_ttl)


def keep_protected_tables() -> None:
    """Gap: deleting a stack deletes a table whose DeletionProtectionEnabled is on."""
    from ministack.services import dynamodb

    handlers = _resource_handlers("AWS::DynamoDB::Table")
    delete = handlers["delete"]

    def delete_unprotected(physical_id: str, props: dict[str, Any], *rest: Any) -> None:
        table = dynamodb._tables.get(physical_id) or {}
        if str(table.get("DeletionProtectionEnabled")).lower() == "true":
            raise ValueError(
                f"Resource cannot be deleted as it is currently protected: {physical_id}"
            )
        delete(physical_id, props, *rest)

    handlers["delete"] = delete_unprotected


def deliver_pipes_to_event_buses() -> None:
    """Gap: a pipe keeps neither filter nor template, and does not deliver to an event bus."""
    from ministack.services import pipes

    deliver_elsewhere = pipes._deliver_batch

    def deliver(pipe: dict[str, Any], batch: list[Any]) -> bool:
        if pipes._arn_service(pipe.get("Target", "")) != "events":
            return bool(deliver_elsewhere(pipe, batch))
        return _put_events_of(pipe, batch)

    pipes._deliver_batch = deliver
    _keep_pipe_parameters()


def wait_less_for_log_lines() -> None:
    """Gap: an invocation that logs nothing is held for 50 ms, in case a line still comes."""
    from ministack.core import lambda_runtime

    drain = lambda_runtime.Worker._drain_stderr_bounded

    def drain_soon(self: Any, *_: Any, **named: Any) -> Any:
        named["first_line_wait"] = FIRST_LOG_LINE_SECONDS
        return drain(self, **named)

    lambda_runtime.Worker._drain_stderr_bounded = drain_soon


def run_functions_on_the_bare_interpreter() -> None:
    """Gap: functions see the emulator's own packages, which hides what the layer forgot."""
    from ministack.core import lambda_runtime

    detect = lambda_runtime._detect_runtime_binary
    bare_interpreter = getattr(sys, "_base_executable", sys.executable)

    def detect_bare(runtime: str) -> tuple[str, str]:
        binary, script = detect(runtime)
        return (bare_interpreter if runtime.startswith("python") else binary), script

    lambda_runtime._detect_runtime_binary = detect_bare


def _two(positional: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, Any]:
    """The provided and the previous parameters, however they were passed."""
    names = ("provided_params", "previous_params")
    given = dict(zip(names, positional, strict=False)) | named
    return given.get(names[0]), given.get(names[1])


def _resource_handlers(resource_type: str) -> dict[str, Any]:
    from ministack.services.cloudformation import provisioners

    handlers: dict[str, Any] = provisioners._RESOURCE_HANDLERS[resource_type]
    return handlers


def _checked(call: Callable[..., Any], *arguments: Any) -> dict[str, Any]:
    """Call a ministack operation and raise where it answers an error."""
    status, _, body = call(*arguments)
    if status >= 400:
        raise ValueError(body)
    answer: dict[str, Any] = json.loads(body) if body else {}
    return answer


def _import_document(api_id: str, props: dict[str, Any]) -> None:
    from ministack.services import apigateway

    document = props.get("Body")
    if not isinstance(document, dict):
        return
    cors = openapi.read_cors(document)
    if cors:
        apigateway._apis[api_id]["corsConfiguration"] = cors
    for store in (apigateway._routes, apigateway._integrations, apigateway._authorizers):
        store[api_id] = {}
    authorizers: dict[str, tuple[str, str]] = {}
    for each in openapi.read_authorizers(document):
        made = _checked(apigateway._create_authorizer, api_id, each.settings)
        authorizers[each.name] = (made["authorizerId"], each.route_authorization_type)
    for route in openapi.read_routes(document):
        _create_route(api_id, route, authorizers)


def _create_route(
    api_id: str, route: openapi.ImportedRoute, authorizers: dict[str, tuple[str, str]]
) -> None:
    from ministack.services import apigateway

    integration = {
        "integrationType": "AWS_PROXY",
        "integrationUri": route.integration_uri,
        "payloadFormatVersion": route.payload_format_version,
    }
    made = _checked(apigateway._create_integration, api_id, integration)
    body = {"routeKey": route.route_key, "target": f"integrations/{made['integrationId']}"}
    if route.authorizer_name is not None:
        body["authorizerId"], body["authorizationType"] = authorizers[route.authorizer_name]
    _checked(apigateway._create_route, api_id, body)


def _put_events_of(pipe: dict[str, Any], batch: list[Any]) -> bool:
    """Put the batch's events; False leaves it on the stream for the next poll."""
    from ministack.services import eventbridge, lambda_svc

    records = pipe_events.filter_records(
        batch, pipe.get("SourceParameters") or {}, lambda_svc._match_esm_filter
    )
    entries = [
        pipe_events.render_entry(
            record,
            bus_arn=pipe["Target"],
            target_parameters=pipe.get("TargetParameters") or {},
        )
        for record in records
    ]
    size = pipe_events.ENTRIES_PER_CALL_MAX
    for start in range(0, len(entries), size):
        answer = _checked(eventbridge._put_events, {"Entries": entries[start : start + size]})
        if answer.get("FailedEntryCount"):
            return False
    return True


def _keep_pipe_parameters() -> None:
    from ministack.services import pipes

    handlers = _resource_handlers("AWS::Pipes::Pipe")
    create, update = handlers["create"], handlers["update"]

    def keep(name: str, props: dict[str, Any]) -> None:
        pipe = pipes._pipes[name]
        pipe["SourceParameters"] = props.get("SourceParameters") or {}
        pipe["TargetParameters"] = props.get("TargetParameters") or {}

    def create_and_keep(logical_id: str, props: dict[str, Any], stack_name: str) -> Any:
        name, attributes = create(logical_id, props, stack_name)
        keep(name, props)
        return name, attributes

    def update_and_keep(
        physical_id: str, old: dict[str, Any], new: dict[str, Any], *rest: Any, **named: Any
    ) -> Any:
        name, attributes = update(physical_id, old, new, *rest, **named)
        keep(name, new)
        return name, attributes

    handlers.update(create=create_and_keep, update=update_and_keep)

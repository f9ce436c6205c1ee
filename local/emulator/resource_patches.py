"""Patches of CloudFormation and its resources; each says which gap of ministack it closes."""

from contextvars import ContextVar
from typing import Any

from local.emulator import openapi, pipe_events
from local.emulator.support import checked, resource_handlers


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


def enable_time_to_live() -> None:
    """Gap: TimeToLiveSpecification of a table is dropped, so nothing is ever purged."""
    from ministack.services import dynamodb

    handlers = resource_handlers("AWS::DynamoDB::Table")
    create, update = handlers["create"], handlers["update"]

    def enable(table_name: str, props: dict[str, Any]) -> None:
        wanted = props.get("TimeToLiveSpecification")
        if not wanted:
            return
        enabled = str(wanted.get("Enabled")).lower() == "true"
        specification = {"AttributeName": wanted["AttributeName"], "Enabled": enabled}
        checked(
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

    handlers = resource_handlers("AWS::DynamoDB::Table")
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


def accept_metric_math_alarms() -> None:
    """Gap: an alarm over several metrics fails the deployment. Here it exists and stays silent."""
    from ministack.services.cloudformation import provisioners

    describe = provisioners._cw_metric_alarm_record

    def describe_any(name: str, props: dict[str, Any]) -> Any:
        if props.get("Metrics"):
            silent = {"MetricName": name, "Namespace": "MetricMath"}
            props = {key: value for key, value in props.items() if key != "Metrics"} | silent
        return describe(name, props)

    provisioners._cw_metric_alarm_record = describe_any


def _two(positional: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, Any]:
    """The provided and the previous parameters, however they were passed."""
    names = ("provided_params", "previous_params")
    given = dict(zip(names, positional, strict=False)) | named
    return given.get(names[0]), given.get(names[1])


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
        answer = checked(eventbridge._put_events, {"Entries": entries[start : start + size]})
        if answer.get("FailedEntryCount"):
            return False
    return True


def _keep_pipe_parameters() -> None:
    from ministack.services import pipes

    handlers = resource_handlers("AWS::Pipes::Pipe")
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

"""Every minute: reconcile due payments with Daraja, and cancel those that waited too long."""

from typing import Any

from payments.aws.runtime import prepare
from payments.usecases.gauges import measure_gauges
from payments.usecases.reconcile import reconcile_due

runtime = prepare(calls_daraja=True)


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Recheck due payments until none is left or time runs short."""
    report = reconcile_due(
        runtime.services,
        remaining_seconds=lambda: context.get_remaining_time_in_millis() / 1000,
        actor=runtime.actor("cleanup", str(getattr(context, "aws_request_id", ""))),
    )
    runtime.observer.counted("CleanupRun")
    runtime.observer.counted("CleanupPoisoned", report.poisoned)
    measure_gauges(runtime.backlog, runtime.observer, now=int(runtime.clock()))
    runtime.observer.flush()
    return {
        "looked_at": report.looked_at,
        "settled": report.changed,
        "poisoned": report.poisoned,
    }

"""Every minute: reconcile due payments with Daraja, and look again at receipts that wait."""

from typing import Any

from payments.aws.runtime import prepare
from payments.usecases.gauges import measure_gauges
from payments.usecases.look_at_receipts import look_at_due_receipts
from payments.usecases.reconcile import reconcile_due

runtime = prepare(calls_daraja=True)


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Look at due receipts and recheck due payments until none is left or time runs short."""
    actor = runtime.actor("cleanup", str(getattr(context, "aws_request_id", "")))

    def remaining_seconds() -> float:
        return float(context.get_remaining_time_in_millis() / 1000)

    # Receipts first: there are few, and a look may make a payment due for a query in this run.
    looks = look_at_due_receipts(runtime.services, remaining_seconds=remaining_seconds, actor=actor)
    report = reconcile_due(runtime.services, remaining_seconds=remaining_seconds, actor=actor)
    runtime.observer.counted("CleanupRun")
    runtime.observer.counted("CleanupPoisoned", report.poisoned + looks.poisoned)
    measure_gauges(runtime.backlog, runtime.observer, now=int(runtime.clock()))
    runtime.observer.flush()
    return {
        "looked_at": report.looked_at,
        "settled": report.changed,
        "poisoned": report.poisoned + looks.poisoned,
    }

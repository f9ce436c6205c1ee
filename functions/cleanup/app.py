"""Every minute: reconcile due payments with Daraja, and expire what cannot be waited for."""

from typing import Any

from payments.runtime import prepare
from payments.service.reconciliation import reconcile_due
from payments.service.standing import measure_standing

runtime = prepare(calls_daraja=True)


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Look at what is due until none is left or time runs short."""
    report = reconcile_due(
        runtime.parts,
        remaining_seconds=lambda: context.get_remaining_time_in_millis() / 1000,
        trace=runtime.trace("cleanup", str(getattr(context, "aws_request_id", ""))),
    )
    runtime.observer.counted("CleanupRun")
    runtime.observer.counted("CleanupPoisoned", report.poisoned)
    measure_standing(runtime.standing, runtime.observer, now=int(runtime.clock()))
    runtime.observer.flush()
    return {
        "looked_at": report.looked_at,
        "settled": report.settled,
        "poisoned": report.poisoned,
    }

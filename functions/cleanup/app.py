"""Every minute: pull money, reconcile due payments, cancel those that waited too long."""

from typing import Any

from payments.aws.money_calls import new_puller
from payments.aws.runtime import prepare
from payments.usecases.gauges import measure_gauges
from payments.usecases.pull_money import pull_due
from payments.usecases.reconcile import reconcile_due

runtime = prepare(calls_daraja=True)
puller = new_puller(runtime)


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Pull where it is due; then recheck due payments until none is left or time runs short."""

    def remaining_seconds() -> float:
        return float(context.get_remaining_time_in_millis() / 1000)

    actor = runtime.actor("cleanup", str(getattr(context, "aws_request_id", "")))
    if puller is not None:
        pull_due(runtime.services, puller, remaining_seconds=remaining_seconds, actor=actor)
    report = reconcile_due(runtime.services, remaining_seconds=remaining_seconds, actor=actor)
    runtime.observer.counted("CleanupRun")
    runtime.observer.counted("CleanupPoisoned", report.poisoned)
    measure_gauges(runtime.backlog, runtime.observer, now=int(runtime.clock()))
    runtime.observer.flush()
    return {
        "looked_at": report.looked_at,
        "settled": report.settled,
        "poisoned": report.poisoned,
    }

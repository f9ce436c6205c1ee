"""Every minute: pull money, look at receipts that wait, reconcile due payments with Daraja."""

from typing import Any

from payments.aws.money_calls import new_puller
from payments.aws.runtime import prepare
from payments.usecases.gauges import measure_gauges
from payments.usecases.look_at_receipts import look_at_due_receipts
from payments.usecases.pull_money import pull_due
from payments.usecases.reconcile import reconcile_due

runtime = prepare(calls_daraja=True)
puller = new_puller(runtime)


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Pull where it is due; then look at receipts and payments until time runs short."""
    actor = runtime.actor("cleanup", str(getattr(context, "aws_request_id", "")))

    def remaining_seconds() -> float:
        return float(context.get_remaining_time_in_millis() / 1000)

    # Pull first: what it lists settles payments that would else be asked about one by one.
    if puller is not None:
        pull_due(runtime.services, puller, remaining_seconds=remaining_seconds, actor=actor)
    # Receipts next: there are few, and a look may make a payment due for a query in this run.
    looks = look_at_due_receipts(runtime.services, remaining_seconds=remaining_seconds, actor=actor)
    report = reconcile_due(runtime.services, remaining_seconds=remaining_seconds, actor=actor)
    runtime.observer.counted("CleanupRun")
    runtime.observer.counted("CleanupPoisoned", report.poisoned + looks.poisoned)
    gate = runtime.refunds.gates.read()
    measure_gauges(runtime.backlog, gate, runtime.observer, now=int(runtime.clock()))
    runtime.observer.flush()
    return {
        "looked_at": report.looked_at,
        "settled": report.changed,
        "poisoned": report.poisoned + looks.poisoned,
    }

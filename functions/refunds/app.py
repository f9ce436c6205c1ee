"""Sends refunds and asks M-Pesa about them. It has no route: IAM decides who invokes it."""

from typing import Any

from payments.aws.refunds_function import carry_out, new_refund_sender
from payments.aws.runtime import prepare

runtime = prepare(calls_daraja=True)
sender = new_refund_sender(runtime)


def handler(event: dict[str, Any], context: Any) -> dict[str, object]:
    """Carry out one act for the desk, cleanup or the operator's command."""
    answer = carry_out(
        sender,
        event,
        remaining_seconds=lambda: context.get_remaining_time_in_millis() / 1000,
    )
    runtime.observer.flush()
    return answer

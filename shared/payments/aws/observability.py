"""Logs and metrics: one line per decision, EMF metrics; no phone, token or secret in either."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

from payments.ports import Actor, Clock
from payments.protocol.change import Change
from payments.protocol.payment import Payment, PaymentStatus
from payments.values import mask_checkout_request_id

# Only the operator's command records a refund, and it prints no metrics.
_STATUS_METRIC = {
    PaymentStatus.PENDING: "PushAccepted",
    PaymentStatus.COMPLETED: "PaymentCompleted",
    PaymentStatus.FAILED: "PaymentFailed",
    PaymentStatus.CANCELLED: "PaymentCancelled",
    PaymentStatus.REVIEW: "PaymentReview",
    PaymentStatus.REFUND_DUE: "PaymentRefundDue",
    PaymentStatus.UNKNOWN: "PaymentUnknown",
}
MISMATCHES = frozenset({"amount_differs", "amount_missing", "price_changed"})


class PowertoolsObserver:
    """Implements ports.Observer. Metrics are sent when the handler flushes."""

    def __init__(self, logger: Logger, metrics: Metrics, *, clock: Clock) -> None:
        self._logger = logger
        self._metrics = metrics
        self._clock = clock

    def changed(self, change: Change, actor: Actor) -> None:
        """Log the decision and count it."""
        before, after = change.before, change.after
        self._logger.info(
            "payment changed",
            payment_id=after.payment_id,
            checkout_request_id=mask_checkout_request_id(after.checkout_request_id),
            from_status=str(before.status),
            to_status=str(after.status),
            result_code=after.result_code,
            attention=after.attention,
            by=actor.by.split(":", maxsplit=1)[0],
            trace_id=actor.request_id,
        )
        for name in metric_names(change):
            self.counted(name)
        if change.is_transition and after.status is PaymentStatus.COMPLETED:
            seconds = max(0.0, self._clock() - after.created_at)
            self.counted("PushToCompletion", seconds, unit="Seconds")
        received_kes = _received_kes(after) - _received_kes(before)
        if after.status is PaymentStatus.COMPLETED and received_kes:
            # Negative where a callback names less than was asked, after a query's success.
            self.counted("ReceivedKes", received_kes, unit="None")
        if change.is_transition and after.status is PaymentStatus.FAILED:
            self._count_failure(after.result_code or "none")

    def counted(self, name: str, value: float = 1, *, unit: str = "Count") -> None:
        """Add to a metric."""
        self._metrics.add_metric(name=name, unit=MetricUnit(unit), value=value)

    def noted(self, message: str, **facts: object) -> None:
        """Log something that is not a change."""
        self._logger.warning(message, extra=dict(facts))

    def _count_failure(self, code: str) -> None:
        """Count failures by result code: the one metric with a dimension."""
        from aws_lambda_powertools.metrics import single_metric

        with single_metric(
            name="PaymentFailedByCode",
            unit=MetricUnit.Count,
            value=1,
            namespace=self._metrics.namespace,
            default_dimensions={"service": self._metrics.service or ""},
        ) as metric:
            metric.add_dimension(name="ResultCode", value=code)

    def flush(self) -> None:
        """Write the metrics gathered by this invocation."""
        if self._metrics.metric_set:
            self._metrics.flush_metrics()


def _received_kes(payment: Payment) -> int:
    """Return what a completed payment brought in: as reported, or as asked until that is known."""
    if payment.status is not PaymentStatus.COMPLETED:
        return 0
    return payment.paid_amount_kes or payment.amount_kes


def metric_names(change: Change) -> list[str]:
    """Return the metrics a change counts towards."""
    before, after = change.before, change.after
    names = []
    if change.is_transition and after.status in _STATUS_METRIC:
        names.append(_STATUS_METRIC[after.status])
    if change.is_transition and after.failure_reason in MISMATCHES:
        names.append("AmountMismatch")
    if after.attention is not None and after.attention != before.attention:
        names.append("AttentionRaised")
    return names


def new_logger(**fields: Any) -> Logger:
    """Return the structured logger; its service and level come from the environment."""
    return Logger(utc=True, **fields)

"""Logs and metrics: one line per decision, EMF metrics; no phone, token or secret in either."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

from payments.ports import Actor, Clock, Role
from payments.protocol.change import Change, EventType
from payments.protocol.payment import Payment, PaymentStatus, Proof
from payments.values import mask_checkout_request_id

_STATUS_METRIC = {
    PaymentStatus.PENDING: "PushAccepted",
    PaymentStatus.COMPLETED: "PaymentCompleted",
    PaymentStatus.FAILED: "PaymentFailed",
    PaymentStatus.CANCELLED: "PaymentCancelled",
    PaymentStatus.REVIEW: "PaymentReview",
    PaymentStatus.REFUND_DUE: "PaymentRefundDue",
    PaymentStatus.REFUNDED: "PaymentRefunded",
    PaymentStatus.UNKNOWN: "PaymentUnknown",
}
_EVENT_METRIC = {
    EventType.REFUND_REQUESTED: "RefundRequested",
    EventType.REFUND_SENT: "RefundSent",
    EventType.REFUND_REFUSED: "RefundRefused",
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

    def opened(self, payment: Payment, actor: Actor) -> None:
        """Log a payment that was made for money paid by hand, and count it."""
        self._logger.info(
            "payment opened",
            payment_id=payment.payment_id,
            to_status=str(payment.status),
            by=actor.by.split(":", maxsplit=1)[0],
            trace_id=actor.request_id,
        )
        self.counted(_STATUS_METRIC[payment.status])
        if payment.status is PaymentStatus.COMPLETED:
            self.counted("ReceivedKes", payment.amount_kes, unit="None")

    def witnessed(self, source: Proof, role: Role) -> None:
        """Count what a witness was for a receipt: callbacks that never came show in it."""
        self._count_by("MoneyWitness", Source=str(source), Role=str(role))

    def counted(self, name: str, value: float = 1, *, unit: str = "Count") -> None:
        """Add to a metric."""
        self._metrics.add_metric(name=name, unit=MetricUnit(unit), value=value)

    def noted(self, message: str, **facts: object) -> None:
        """Log something that is not a change."""
        self._logger.warning(message, extra=dict(facts))

    def _count_failure(self, code: str) -> None:
        """Count failures by result code."""
        self._count_by("PaymentFailedByCode", ResultCode=code)

    def _count_by(self, name: str, **dimensions: str) -> None:
        """Count a metric with dimensions of its own."""
        from aws_lambda_powertools.metrics import single_metric

        with single_metric(
            name=name,
            unit=MetricUnit.Count,
            value=1,
            namespace=self._metrics.namespace,
            default_dimensions={"service": self._metrics.service or ""},
        ) as metric:
            for dimension, value in dimensions.items():
                metric.add_dimension(name=dimension, value=value)

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
    names += [_EVENT_METRIC[event] for event in change.events if event in _EVENT_METRIC]
    if after.attention is not None and after.attention != before.attention:
        names.append("AttentionRaised")
    return names


def new_logger(**fields: Any) -> Logger:
    """Return the structured logger; its service and level come from the environment."""
    return Logger(utc=True, **fields)

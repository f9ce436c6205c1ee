"""Which status may follow which: every change is checked against these tables."""

from payments.protocol.payment import PaymentStatus

_S = PaymentStatus
AUTOMATIC: dict[PaymentStatus, frozenset[PaymentStatus]] = {
    _S.DISPATCHING: frozenset(
        {_S.UNKNOWN, _S.PENDING, _S.FAILED, _S.REVIEW, _S.COMPLETED, _S.REFUND_DUE}
    ),
    _S.UNKNOWN: frozenset(
        {_S.PENDING, _S.FAILED, _S.CANCELLED, _S.REVIEW, _S.COMPLETED, _S.REFUND_DUE}
    ),
    _S.PENDING: frozenset({_S.FAILED, _S.CANCELLED, _S.REVIEW, _S.COMPLETED, _S.REFUND_DUE}),
    _S.FAILED: frozenset({_S.REVIEW, _S.COMPLETED, _S.REFUND_DUE}),
    _S.CANCELLED: frozenset({_S.REVIEW, _S.COMPLETED, _S.REFUND_DUE}),
    _S.REVIEW: frozenset(),
    _S.COMPLETED: frozenset({_S.REFUND_DUE}),
    _S.REFUND_DUE: frozenset({_S.REFUNDED}),
    _S.REFUNDED: frozenset(),
}
"""Which status may follow which without an operator."""
BY_OPERATOR: dict[PaymentStatus, frozenset[PaymentStatus]] = {
    _S.UNKNOWN: frozenset({_S.REVIEW}),
    _S.PENDING: frozenset({_S.REVIEW}),
    _S.FAILED: frozenset({_S.REVIEW}),
    _S.CANCELLED: frozenset({_S.REVIEW}),
    _S.REVIEW: frozenset({_S.COMPLETED, _S.REFUND_DUE, _S.FAILED}),
    _S.REFUND_DUE: frozenset({_S.REFUNDED}),
}
"""Which further status may follow by an operator's decision."""

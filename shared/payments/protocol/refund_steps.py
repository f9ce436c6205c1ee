"""How a refund ends: returned, refused, or put before a person."""

from dataclasses import replace

from payments.protocol.case import Case
from payments.protocol.change import Change, EventType
from payments.protocol.payment import Payment, PaymentStatus, Refund
from payments.protocol.refund_rules import StopRefunds

UNRESOLVED = "refund_unresolved"
_ENDS_WITH_REFUND = frozenset({UNRESOLVED, "receipt_not_known", "refund_receipt_odd"})
"""Reasons for attention that the end of a refund answers."""
NEEDS_PERSON = _ENDS_WITH_REFUND | {"refund_of_another_receipt", "refund_amount_differs"}
"""Reasons for attention about a refund that has not ended."""


def returned(case: Case, *, receipt_number: str | None, is_proven: bool) -> Change:
    payment = case.payment
    refund = replace(
        payment.refund or Refund(),
        step=None,
        refused=None,
        receipt_number=receipt_number,
        proven=is_proven,
    )
    after = replace(
        payment,
        status=PaymentStatus.REFUNDED,
        refund=refund,
        attention=_attention_left(payment),
        due_at=payment.due_for_hint,
    )
    return case.step(after, by_operator=not is_proven)


def refused(case: Case, code: str, *, stops: bool = False, attention: str | None = None) -> Change:
    payment = case.payment
    after = replace(
        payment,
        refund=replace(payment.refund or Refund(), step=None, refused=code),
        attention=attention or _attention_left(payment),
        due_at=payment.due_for_hint,
    )
    return case.step(
        after,
        adds_events=(EventType.REFUND_REFUSED,),
        refund_gate=StopRefunds(code) if stops else None,
    )


def attend(case: Case, reason: str) -> Change | None:
    if case.payment.attention == reason:
        return None
    return case.step(replace(case.payment, attention=reason))


def _attention_left(payment: Payment) -> str | None:
    return None if payment.attention in _ENDS_WITH_REFUND else payment.attention

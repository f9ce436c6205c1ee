"""Names a decision by what it is about: the payment's state, and the evidence.

The simulation names the product's decisions in the same words, and counts which faults struck them.
"""

from __future__ import annotations

from .money import SUCCESS
from .state import Evidence, Payment

RESERVE, BY_HAND = "no payment, a prompt is asked for", "no payment, money by hand opens one"


def decision_of(payment: Payment | None, evidence: Evidence) -> str:
    """What is decided on, in the words of `name_of`."""
    if payment is None:
        return RESERVE if evidence.kind == "reserve" else BY_HAND
    kind = evidence.kind
    if kind in ("callback", "hint", "query"):
        kind += ": paid" if evidence.code == SUCCESS else ": not paid"
    return name_of(payment.status, payment.refund.step, "money" if kind == "sweep" else kind)


def name_of(status: str, refund_step: str | None, learned: str) -> str:
    """One name of a decision."""
    return f"{status}{f' (refund {refund_step})' if refund_step else ''}, {learned}"

"""What to do about a payment when something is learned: pure decisions, no effects.

`decide` is the whole protocol as one function of (payment, evidence, surroundings, now, policy).
Its answer is a `Change` (one atomic write), None (nothing to write), or LOOK_AROUND (the usual
case was assumed, and this is not it: read what stands around the payment and decide again).
"""

from typing import assert_never

from payments.decisions.callbacks import callback_received, hint_received, odd_callback
from payments.decisions.change import LOOK_AROUND, Change, Decision, LookAround
from payments.decisions.looks import hint_disowned, look, needs_query
from payments.decisions.operations import booking_cancelled, operate
from payments.decisions.pushes import push_accepted, push_refused, push_unclear
from payments.decisions.queries import query_answered
from payments.evidence import (
    AttentionCleared,
    BookingCancelled,
    CallbackResult,
    Evidence,
    HintDisowned,
    HintReceived,
    LookDue,
    MoneyReturned,
    OddCallback,
    PushAccepted,
    PushRefused,
    PushUnclear,
    QueryAnswer,
    ReceiptFound,
    ReviewResolved,
    Surroundings,
)
from payments.payment import Payment
from payments.policy import Policy

__all__ = ["LOOK_AROUND", "Change", "Decision", "LookAround", "decide", "needs_query"]


def decide(
    payment: Payment, evidence: Evidence, around: Surroundings, *, now: int, policy: Policy
) -> Decision:
    """Return what this evidence changes.

    Idempotent: deciding again on the changed payment gives None.
    Source: payment-protocol, sections 2 and 3.
    """
    match evidence:
        case PushAccepted():
            return push_accepted(payment, evidence, now=now)
        case PushRefused():
            return push_refused(payment, evidence, around, now=now)
        case PushUnclear():
            return push_unclear(payment, evidence, now=now, policy=policy)
        case CallbackResult(facts=facts):
            return callback_received(payment, facts, around, now=now, policy=policy)
        case HintReceived(facts=facts):
            return hint_received(payment, facts, now=now)
        case OddCallback(digest=digest):
            return odd_callback(payment, digest, now=now)
        case QueryAnswer():
            return query_answered(payment, evidence, around, now=now, policy=policy)
        case HintDisowned():
            return hint_disowned(payment, now=now, policy=policy)
        case LookDue():
            return look(payment, around, now=now, policy=policy)
        case BookingCancelled():
            return booking_cancelled(payment, around, now=now)
        case ReviewResolved() | ReceiptFound() | MoneyReturned() | AttentionCleared():
            return operate(payment, evidence, around, now=now)
        case _:
            assert_never(evidence)

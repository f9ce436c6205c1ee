"""What to do about a payment when something is learned: pure decisions, no effects.

`decide` is the whole protocol as one function of (payment, evidence, surroundings, now, policy).
Its answer is a `Change` (one atomic write), None (nothing to write), or NEEDS_CONTEXT (the usual
case was assumed, and this is not it: read what stands around the payment and decide again).
"""

from typing import assert_never

from payments.protocol.callback import callback_received, hint_received
from payments.protocol.change import Decision
from payments.protocol.evidence import (
    AttentionCleared,
    BookingCancelled,
    CallbackResult,
    Context,
    Evidence,
    HintDisowned,
    HintReceived,
    MoneyReturned,
    OddCallback,
    PushAccepted,
    PushRefused,
    PushUnclear,
    QueryAnswer,
    ReceiptFound,
    ReviewResolved,
    TimePassed,
)
from payments.protocol.filing import odd_callback
from payments.protocol.operator import booking_cancelled, operate
from payments.protocol.payment import Payment
from payments.protocol.policy import Policy
from payments.protocol.push import push_accepted, push_refused, push_unclear
from payments.protocol.query import query_answered
from payments.protocol.time_passed import hint_disowned, look


def decide(
    payment: Payment, evidence: Evidence, around: Context, *, now: int, policy: Policy
) -> Decision:
    """Return what this evidence changes.

    Idempotent: deciding again on the changed payment gives None.
    Source: docs/protocol.md, sections 3 and 4.
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
        case TimePassed():
            return look(payment, around, now=now, policy=policy)
        case BookingCancelled():
            return booking_cancelled(payment, around, now=now)
        case ReviewResolved() | ReceiptFound() | MoneyReturned() | AttentionCleared():
            return operate(payment, evidence, around, now=now)
        case _:
            assert_never(evidence)

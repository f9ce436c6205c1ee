"""What to do about a payment when something is learned: pure decisions, no effects.

`decide` is the whole protocol as one function of payment, evidence, context, time and policy.
The answer is a `Change` (one atomic write), None (nothing to write) or NEEDS_CONTEXT (the usual
context was assumed, but the write would not prove it: load the real context, decide again).
"""

from typing import assert_never

from payments.protocol.callback import callback_received, hint_received
from payments.protocol.case import Case
from payments.protocol.change import (
    NEEDS_CONTEXT,
    CancelConfirmed,
    Change,
    Confirm,
    Decision,
    Detach,
)
from payments.protocol.evidence import (
    AttentionCleared,
    BookingCancelled,
    CallbackResult,
    Context,
    Evidence,
    HintDisowned,
    HintedMoneyTaken,
    HintReceived,
    MoneyAttached,
    MoneyReturned,
    MoneySeen,
    OddCallback,
    PushAccepted,
    PushRefused,
    PushUnclear,
    QueryAnswer,
    ReceiptFound,
    ReviewResolved,
    TimePassed,
)
from payments.protocol.filing import Odd, Ruling, file_body
from payments.protocol.operator import booking_cancelled, operate
from payments.protocol.payment import Payment
from payments.protocol.policy import Policy
from payments.protocol.push import push_answered
from payments.protocol.query import query_answered
from payments.protocol.time_passed import hint_disowned, time_passed
from payments.protocol.witness import hinted_money_taken, money_seen


def decide(
    payment: Payment, evidence: Evidence, context: Context, *, now: int, policy: Policy
) -> Decision:
    """Return what this evidence changes.

    Errors: ConflictError where an operator's decision is not possible.
    Idempotent: deciding again on the changed payment gives None.
    Source: docs/protocol.md, transitions and rules.
    """
    reads_first = isinstance(
        evidence,
        ReviewResolved
        | ReceiptFound
        | MoneyReturned
        | AttentionCleared
        | MoneyAttached
        | HintedMoneyTaken,
    )
    if context.is_assumed and reads_first:
        return NEEDS_CONTEXT
    case = Case(payment=payment, context=context, now=now, policy=policy)
    result = evidence.result if isinstance(evidence, CallbackResult) else None
    change = file_body(case, _ruling(case, evidence), digest=_digest(evidence), result=result)
    if context.is_assumed and change is not None and not _proves_context(change):
        return NEEDS_CONTEXT
    return change


def _ruling(case: Case, evidence: Evidence) -> Ruling:
    """Apply the rule for this kind of evidence."""
    match evidence:
        case PushAccepted() | PushRefused() | PushUnclear():
            return push_answered(case, evidence)
        case CallbackResult(result=result):
            return callback_received(case, result)
        case HintReceived(result=result):
            return hint_received(case, result)
        case OddCallback():
            return Odd()
        case QueryAnswer():
            return query_answered(case, evidence)
        case HintDisowned():
            return hint_disowned(case)
        case TimePassed():
            return time_passed(case)
        case BookingCancelled():
            return booking_cancelled(case)
        case MoneySeen():
            return money_seen(case, evidence)
        case HintedMoneyTaken():
            return hinted_money_taken(case, evidence)
        case (
            ReviewResolved()
            | ReceiptFound()
            | MoneyReturned()
            | AttentionCleared()
            | MoneyAttached()
        ):
            return operate(case, evidence)
        case _:
            assert_never(evidence)


def _digest(evidence: Evidence) -> str:
    """Return the digest of the body that the evidence came in, "" where it has none."""
    match evidence:
        case CallbackResult(result=result) | HintReceived(result=result):
            return result.digest
        case OddCallback(digest=digest):
            return digest
        case _:
            return ""


def _proves_context(change: Change) -> bool:
    """Whether the conditions of the write fail wherever the assumed context is not the real one.

    The condition of each consultation effect below names what was assumed about the consultation.
    Without such an effect a final status would ignore a consultation that was never read. Whether a
    receipt is shown, added to recorded money, or filed, depends on its row.
    """
    if change.after.receipt_number != change.before.receipt_number and change.claim is None:
        return False
    if change.is_transition and not change.after.is_open:
        return isinstance(change.consultation, Confirm | Detach | CancelConfirmed)
    return change.claim is None and change.files is None

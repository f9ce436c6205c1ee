"""Listens to the product's decisions, so that the faults that strike their writes are known.

A decision is named by the payment's state and by the evidence, in the model's words. The share is
of what is possible: every decision that the model writes in some state of its worlds, or that some
history wrote, with every kind of fault that can meet such a write.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from payments.protocol.evidence import CallbackResult, HintReceived, QueryAnswer, ReviewResolved
from payments.protocol.payment import Payment
from payments.protocol.refund_evidence import RefundSettled
from payments.store.ledger import ReceiptLedger
from payments.store.payments import PaymentStore
from payments.usecases import apply_evidence, apply_refund

from tests.model.decisions import BY_HAND, RESERVE, name_of

from .faults import APPLICABLE

if TYPE_CHECKING:
    from .scheduler import Scheduler

HEARD = "histories whose decisions were heard"
WRITES = ("TransactWriteItems", "UpdateItem")
SUCCESS = "0"
WORDS = {
    "PushAccepted": "accepted",
    "PushRefused": "refused",
    "PushUnclear": "unclear",
    "OddCallback": "unusable",
    "HintDisowned": "hint: another payment's",
    "TimePassed": "time",
    "BookingCancelled": "booking cancelled",
    "MoneySeen": "money",
    "HintedMoneyTaken": "give hinted money away",
    "ReceiptFound": "record a receipt",
    "MoneyReturned": "mark",
    "AttentionCleared": "clear attention",
    "MoneyAttached": "attach",
    "RefundRequested": "request",
    "RefundWithdrawn": "withdraw",
    "RefundApproved": "approve",
    "RefundNotTaken": "not taken",
    "ReversalResult": "result",
    "StatusSeen": "status",
    "RefundLook": "time",
    "RefundHint": "hint of news",
}
"""The model's word for each kind of evidence that has no word of its own inside."""
RESOLUTIONS = {"complete": "complete", "refund_due": "owe the review back", "bogus": "bogus"}


def word_of(evidence: Any) -> str:
    """The model's word for evidence of the product's."""
    match evidence:
        case CallbackResult(result=result):
            return f"callback: {_paid(result.code == SUCCESS)}"
        case HintReceived(result=result):
            return f"hint: {_paid(result.code == SUCCESS)}"
        case QueryAnswer(verdict=verdict):
            return f"query: {_paid(verdict == 'paid')}"
        case ReviewResolved(resolution=resolution):
            return RESOLUTIONS[resolution]
        case RefundSettled(was_reversed=was_reversed):
            return "settle reversed" if was_reversed else "settle not reversed"
        case _:
            return WORDS[type(evidence).__name__]


def _paid(is_paid: bool) -> str:
    return "paid" if is_paid else "not paid"


def decision_of(payment: Payment, evidence: Any) -> str:
    """What the product decides on."""
    step = payment.refund.step if payment.refund else None
    return name_of(payment.status, step, word_of(evidence))


@contextmanager
def heard(scheduler: Scheduler) -> Iterator[None]:
    """Note on each actor what it decided last (`learned`), and while it writes it (`decision`)."""

    def notes() -> dict[str, Any]:
        return scheduler.current.notes if scheduler.current is not None else {}

    def deciding(decide: Callable[..., Any]) -> Callable[..., Any]:
        def listen(payment: Payment, evidence: Any, *rest: Any, **named: Any) -> Any:
            notes()["learned"] = decision_of(payment, evidence)
            return decide(payment, evidence, *rest, **named)

        return listen

    def writing(write: Callable[..., Any], decision: str = "") -> Callable[..., Any]:
        def listen(*given: Any, **named: Any) -> Any:
            own = notes()
            own["decision"] = decision or own.get("learned")
            try:
                return write(*given, **named)
            finally:
                own.pop("decision", None)

        return listen

    with ExitStack() as stack:
        for owner, name, listening in (
            (apply_evidence, "decide", deciding),
            (apply_refund, "decide_refund", deciding),
            (PaymentStore, "apply", writing),
            (PaymentStore, "reserve", partial(writing, decision=RESERVE)),
            (ReceiptLedger, "open_payment", partial(writing, decision=BY_HAND)),
        ):
            stack.enter_context(patch.object(owner, name, listening(getattr(owner, name))))
        yield


def possible(written: Counter[str], by_model: Iterable[str]) -> dict[str, list[str]]:
    """Each decision with every kind of fault that can meet its write.

    Shape: `written` has "decision | operation"; of a decision that nobody wrote it is not known
    whether it needs a transaction, so it is taken for one.
    """
    operations: dict[str, set[str]] = {}
    for name in written:
        decision, _, operation = name.partition(" | ")
        operations.setdefault(decision, set()).add(operation)
    for decision in by_model:
        operations.setdefault(decision, {WRITES[0]})
    return {
        decision: sorted({kind for each in found for kind in APPLICABLE[f"dynamodb {each}"]})
        for decision, found in sorted(operations.items())
    }


def share(written: Counter[str], struck: Counter[str], by_model: Iterable[str]) -> dict[str, Any]:
    """How much of what is possible was met, and what was not: each decision with the kinds left."""
    cells = possible(written, by_model)
    left = {
        decision: [kind for kind in kinds if not struck[f"{kind} @ {decision}"]]
        for decision, kinds in cells.items()
    }
    everything = sum(len(kinds) for kinds in cells.values())
    missing = sum(len(kinds) for kinds in left.values())
    return {
        "decisions": len(cells),
        "never_written": sorted({*cells} - {name.partition(" | ")[0] for name in written}),
        "possible": everything,
        "met": everything - missing,
        "percent": round(100 * (everything - missing) / everything, 1) if everything else 0.0,
        "gaps": {
            decision: ["all"] if kinds == cells[decision] else kinds
            for decision, kinds in left.items()
            if kinds
        },
    }

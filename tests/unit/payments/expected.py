"""The protocol's answer to every piece of evidence in every situation, written out by hand.

Source: docs/protocol.md, sections 3 and 4. Not derived from the code: where the two differ, one
of them is wrong, and somebody must find out which.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from payments.protocol.change import (
    CancelConfirmed,
    Confirm,
    ConsultationEffect,
    Detach,
    HoldForReview,
)
from payments.protocol.consultation import ConsultationPaymentStatus

from .situations import RECEIPT, SECOND_RECEIPT

type Verdict = Outcome | Literal["nothing", "conflict"]
NOTHING: Literal["nothing"] = "nothing"
CONFLICT: Literal["conflict"] = "conflict"
SAME = "same"
"""The status, or the attention, that the payment had."""


@dataclass(frozen=True)
class Outcome:
    """One write, as far as anybody outside can tell; `keeps` says that the body is filed."""

    status: str = SAME
    consultation: ConsultationEffect | None = None
    frees_phone: bool = False
    claims: str | None = None
    events: tuple[str, ...] = ()
    attention: str | None = SAME
    keeps: bool = False
    files: str | None = None


FREES = Detach(frees_lock=True, leaves=ConsultationPaymentStatus.FAILED)
WAITS_FOR_LOCK = Detach(frees_lock=False, leaves=ConsultationPaymentStatus.FAILED)
STAYS = Outcome()
KEPT = Outcome(keeps=True)
COMPLETED = ("PaymentCompleted",)
FAILED = ("PaymentFailed",)
REVIEW = ("ReviewNeeded",)
UNRESOLVED = ("PaymentUnresolved",)
ADDED = ("ReceiptAdded",)

OPEN = ("dispatching", "unknown", "pending")
ENDED = ("failed", "failed_by_query", "failed_unsent", "cancelled")
BOUND = ("completed", "completed_by_c2b", "refund_due", "refunded")
"""Money recorded together with its receipt."""
UNBOUND = ("review", "completed_by_query")
"""Money recorded, its receipt not known yet."""


def rows(*groups: tuple[tuple[str, ...], Verdict], otherwise: Verdict) -> dict[str, Verdict]:
    """One line of the table: groups of situations, and what holds in all others."""
    line: dict[str, Verdict] = dict.fromkeys((*OPEN, *ENDED, *UNBOUND, *BOUND), otherwise)
    for situations, verdict in groups:
        line.update(dict.fromkeys(situations, verdict))
    return line


def review(claims: str | None) -> tuple[tuple[tuple[str, ...], Verdict], ...]:
    """Money that does not fit: held where the payment is the active one, else only recorded."""
    held = Outcome("review", HoldForReview(), True, claims, REVIEW, keeps=True)
    return (OPEN, held), (ENDED, Outcome("review", None, False, claims, REVIEW, keeps=True))


def completes(claims: str | None) -> tuple[tuple[tuple[str, ...], Verdict], ...]:
    """Exact money: the consultation is confirmed whatever we had believed."""
    first = Outcome("completed", Confirm(), True, claims, COMPLETED)
    return (OPEN, first), (ENDED, Outcome("completed", Confirm(), False, claims, COMPLETED))


def filed(attention: str, receipt: str, *, keeps: bool = False) -> Outcome:
    """A receipt that names the payment, which cannot take it: it waits, and a person is told."""
    return Outcome(events=UNRESOLVED, attention=attention, keeps=keeps, files=receipt)


def contradicts(attention: str, claims: str | None = None, events: tuple[str, ...] = ()) -> Outcome:
    """Money recorded before; the news does not fit it, so a person must look."""
    return Outcome(claims=claims, events=(*events, *UNRESOLVED), attention=attention, keeps=True)


def refusal(consultation: Detach, *, frees_phone: bool) -> Outcome:
    """An open payment ends as failed."""
    return Outcome("failed", consultation, frees_phone, None, FAILED)


_wrong_amount = (
    *review(RECEIPT),
    (UNBOUND, contradicts("amount_contradicted", RECEIPT, ADDED)),
    (BOUND, contradicts("amount_contradicted")),
    (
        ("completed_by_c2b",),
        Outcome(frees_phone=True, events=UNRESOLVED, attention="amount_contradicted", keeps=True),
    ),
)
_after_query_success = (("completed_by_query",), contradicts("refused_after_query_success"))
_after_refused_push = (("failed_unsent",), contradicts("prompt_after_refused_push"))

TABLE: dict[str, dict[str, Verdict]] = {
    "callback exact": rows(
        *completes(RECEIPT),
        (UNBOUND, Outcome(claims=RECEIPT, events=ADDED)),
        (("completed_by_c2b",), Outcome(frees_phone=True)),
        otherwise=NOTHING,
    ),
    "callback wrong amount": rows(*_wrong_amount, otherwise=NOTHING),
    "callback amount missing": rows(*_wrong_amount, otherwise=NOTHING),
    "callback receipt missing": rows(*review(None), otherwise=NOTHING),
    "callback receipt bound elsewhere": rows(
        *review(None), otherwise=contradicts("receipt_bound_elsewhere")
    ),
    "callback another free receipt": rows(
        *completes(SECOND_RECEIPT),
        (UNBOUND, Outcome(claims=SECOND_RECEIPT, events=ADDED)),
        (BOUND, filed("second_receipt", SECOND_RECEIPT, keeps=True)),
        otherwise=NOTHING,
    ),
    "callback 1032": rows(
        (OPEN, refusal(FREES, frees_phone=True)),
        (("failed", "failed_by_query"), NOTHING),
        _after_query_success,
        _after_refused_push,
        otherwise=KEPT,
    ),
    "callback 1037": rows(
        (OPEN, refusal(WAITS_FOR_LOCK, frees_phone=False)),
        _after_query_success,
        _after_refused_push,
        otherwise=KEPT,
    ),
    "callback unlisted code": rows((OPEN, Outcome("pending")), _after_refused_push, otherwise=KEPT),
    "hint success": rows((BOUND, NOTHING), otherwise=KEPT),
    "hint 1032": rows((("failed", "failed_by_query"), NOTHING), otherwise=KEPT),
    "c2b exact": rows(
        ((*OPEN, *ENDED), Outcome("completed", Confirm(), False, RECEIPT, COMPLETED)),
        (UNBOUND, Outcome(claims=RECEIPT, events=ADDED)),
        otherwise=NOTHING,
    ),
    "c2b other amount": rows(
        (BOUND, Outcome(events=UNRESOLVED, attention="amount_contradicted")),
        otherwise=filed("paid_other_amount", RECEIPT),
    ),
    "c2b another free receipt": rows(
        ((*OPEN, *ENDED), Outcome("completed", Confirm(), False, SECOND_RECEIPT, COMPLETED)),
        (UNBOUND, Outcome(claims=SECOND_RECEIPT, events=ADDED)),
        otherwise=filed("second_receipt", SECOND_RECEIPT),
    ),
    "c2b receipt bound elsewhere": rows(
        (
            (*OPEN, *ENDED, *UNBOUND),
            Outcome(events=UNRESOLVED, attention="receipt_bound_elsewhere"),
        ),
        otherwise=NOTHING,
    ),
    "query paid early": rows((("failed_by_query",), STAYS), otherwise=NOTHING),
    "query paid late": rows(
        (("pending",), Outcome("completed", Confirm(), True, None, COMPLETED)),
        (
            ("failed", "failed_by_query", "cancelled"),
            Outcome("completed", Confirm(), False, None, COMPLETED),
        ),
        otherwise=NOTHING,
    ),
    "query refused early": rows((("pending", "failed_by_query"), STAYS), otherwise=NOTHING),
    "query refused late": rows(
        (("pending",), refusal(WAITS_FOR_LOCK, frees_phone=False)), otherwise=NOTHING
    ),
    "query waiting young": rows(otherwise=NOTHING),
    "query waiting after a day": rows(
        (
            ("pending",),
            Outcome(
                "cancelled",
                WAITS_FOR_LOCK,
                events=("PaymentCancelled", *UNRESOLVED),
                attention="no_final_answer",
            ),
        ),
        (("failed_by_query",), STAYS),
        otherwise=NOTHING,
    ),
    "push accepted": rows(
        (("dispatching", "unknown"), Outcome("pending")),
        (("failed_unsent",), STAYS),
        otherwise=NOTHING,
    ),
    "push accepted with another id": rows(
        (("dispatching", "unknown"), Outcome("pending")),
        (("failed_unsent",), STAYS),
        otherwise=Outcome(events=UNRESOLVED, attention="checkout_request_id_differs"),
    ),
    "push refused": rows(
        (("dispatching", "unknown"), refusal(FREES, frees_phone=True)), otherwise=NOTHING
    ),
    "push unclear": rows((("dispatching",), Outcome("unknown")), otherwise=NOTHING),
    "look after a minute": rows((("dispatching",), Outcome("unknown")), otherwise=NOTHING),
    "look after two days": rows(
        (("dispatching",), Outcome("unknown")),
        (
            ("unknown",),
            Outcome(
                "cancelled",
                WAITS_FOR_LOCK,
                events=("PaymentCancelled", *UNRESOLVED),
                attention="no_checkout_request_id",
            ),
        ),
        (("pending",), Outcome(events=UNRESOLVED, attention="no_answer_from_mpesa")),
        (UNBOUND, Outcome(events=UNRESOLVED, attention="receipt_missing")),
        otherwise=NOTHING,
    ),
    "booking cancelled": rows(
        (
            ("completed", "completed_by_query", "completed_by_c2b"),
            Outcome("refund_due", CancelConfirmed(), events=("RefundDue",)),
        ),
        otherwise=NOTHING,
    ),
    "operator completes": rows(
        (("review",), Outcome("completed", Confirm(), False, RECEIPT, COMPLETED)),
        otherwise=CONFLICT,
    ),
    "operator owes back": rows(
        (("review",), Outcome("refund_due", FREES, False, RECEIPT, ("RefundDue",))),
        otherwise=CONFLICT,
    ),
    "operator says bogus": rows(
        (("review",), Outcome("failed", FREES, False, None, FAILED)), otherwise=CONFLICT
    ),
    "operator finds receipt": rows(
        (("unknown", "pending"), Outcome("review", HoldForReview(), False, RECEIPT, REVIEW)),
        (ENDED, Outcome("review", None, False, RECEIPT, REVIEW)),
        (UNBOUND, Outcome(claims=RECEIPT, events=ADDED)),
        otherwise=CONFLICT,
    ),
    "operator returned money": rows(
        (("refund_due",), Outcome("refunded", events=("PaymentRefunded",))), otherwise=CONFLICT
    ),
    "operator clears attention": rows(
        (("cancelled",), Outcome(events=("AttentionCleared",), attention=None)), otherwise=NOTHING
    ),
}

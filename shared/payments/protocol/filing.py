"""Which callback bodies are filed as evidence: each body once, at most ten per payment.

The rules decide about the payment first. Filing is a separate step after that decision.
"""

from dataclasses import dataclass, replace

from payments.protocol.case import Case
from payments.protocol.change import Change, EventType
from payments.protocol.payment import Payment, PaymentStatus, StkResult
from payments.protocol.policy import EVIDENCE_MAX

HEAD_CHARACTERS = 6
"""How much of a filed body's digest the payment stores."""


@dataclass(frozen=True, slots=True)
class Odd:
    """The rules cannot use the body; `attention` is the reason why a person must see it, if any."""

    attention: str | None = None


type Ruling = Change | Odd | None


def file_body(
    case: Case, ruling: Ruling, *, digest: str, result: StkResult | None
) -> Change | None:
    """Add the body to the decided change, where the payment does not hold all that it says.

    An unusable body becomes a change of its own. `digest` is "" for evidence without a body,
    `result` is what an authentic callback reports.
    """
    if not digest:
        return None if isinstance(ruling, Odd) else ruling
    if ruling is None and result is not None and not _holds(case.payment, result):
        ruling = Odd()
    if ruling is None or isinstance(ruling, Odd):
        return _file_odd(case, digest, ruling.attention) if ruling else None
    is_for_person = _is_for_person(ruling)
    is_held = result is None or _holds(ruling.after, result)
    if is_held and not is_for_person and not _brings_hint(ruling):
        return ruling
    after = replace(ruling.after, evidence_heads=_filed_heads(case.payment, digest))
    is_kept = is_for_person or not is_held or _is_filed(after, digest)
    return replace(ruling, after=after, evidence_digest=digest if is_kept else None)


def is_left_out(payment: Payment, *, digest: str, result: StkResult | None) -> bool:
    """Whether the file is full, and neither it nor the payment holds what the body says."""
    is_full = len(payment.evidence_heads) >= EVIDENCE_MAX
    is_held = result is not None and _holds(payment, result)
    return is_full and not is_held and not _is_filed(payment, digest)


def _holds(payment: Payment, result: StkResult) -> bool:
    """Whether the payment records the receipt and the amount that a callback reports."""
    is_receipt_held = result.receipt_number in (None, payment.receipt_number)
    recorded_kes = payment.paid_amount_kes
    if recorded_kes is None and not payment.may_yet_be_paid:
        recorded_kes = payment.amount_kes
    return is_receipt_held and result.amount_kes in (None, recorded_kes)


def _is_for_person(change: Change) -> bool:
    """Whether a person will look at the change, or it names a prompt nobody knew of."""
    opens_review = change.is_transition and change.after.status is PaymentStatus.REVIEW
    adopts_id = change.before.checkout_request_id != change.after.checkout_request_id
    is_late_id = adopts_id and not change.is_transition and not change.before.is_open
    return opens_review or is_late_id or EventType.UNRESOLVED in change.events


def _brings_hint(change: Change) -> bool:
    return change.after.hint is not None and change.after.hint != change.before.hint


def _file_odd(case: Case, digest: str, attention: str | None) -> Change | None:
    """File an unusable body once, and re-check an open payment now.

    A body that no longer fits is not filed; then that is the reason for attention.
    """
    payment = case.payment
    if _is_filed(payment, digest) and (attention is None or payment.attention is not None):
        return None
    is_full = len(payment.evidence_heads) >= EVIDENCE_MAX
    reason = attention or ("evidence_overflow" if is_full else None)
    can_ask = payment.is_open and payment.checkout_id_to_ask is not None
    after = replace(
        payment,
        attention=payment.attention or reason,
        evidence_heads=_filed_heads(payment, digest),
        due_at=case.now if can_ask and not is_full else payment.due_at,
    )
    change = case.step_if_new(after)
    if change is None or not _is_filed(after, digest):
        return change
    return replace(change, evidence_digest=digest)


def _is_filed(payment: Payment, digest: str) -> bool:
    """Whether this body is on file."""
    return digest[:HEAD_CHARACTERS] in payment.evidence_heads


def _filed_heads(payment: Payment, digest: str) -> tuple[str, ...]:
    """Return the heads with this body's added, unless it is filed or the file is full."""
    heads = payment.evidence_heads
    if _is_filed(payment, digest) or len(heads) >= EVIDENCE_MAX:
        return heads
    return (*heads, digest[:HEAD_CHARACTERS])

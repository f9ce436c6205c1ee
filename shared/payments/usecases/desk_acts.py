"""What a member of staff does to a payment: the acts of the operator's command, by role.

Each act has a reason, is carried out on the version that was shown, and goes through the same
transition table as everything else. Nothing here adds a rule.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from payments.errors import ConflictError, ForbiddenError, InvalidRequestError
from payments.ports import Actor
from payments.protocol.evidence import (
    AttentionCleared,
    MoneyReturned,
    ReceiptFound,
    Resolution,
    ReviewResolved,
)
from payments.protocol.payment import Payment
from payments.protocol.refund_evidence import (
    RefundApproved,
    RefundEvidence,
    RefundRequested,
    RefundSettled,
    RefundWithdrawn,
)
from payments.protocol.staff import Role, Staff
from payments.usecases.apply_refund import apply_refund, read_payment, require_possible
from payments.usecases.operate import (
    ask_about_payment,
    carry_out_operation,
    preview_operation,
)
from payments.usecases.services import Services

type Word = ReviewResolved | ReceiptFound | AttentionCleared | MoneyReturned
"""What a person may say about money itself; a refund's words are separate."""
RECEIPT_NEEDED = "receipt_needed"
"""The code of a refusal that a typed receipt and amount would lift."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What a person typed with an act. Units: KES; UTC epoch seconds."""

    reason: str
    shown_version: int
    receipt_number: str | None = None
    amount_kes: int | None = None
    at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act: the role it needs, and the evidence that it gives."""

    role: Role
    evidence: Callable[[Staff, Typed], Word | RefundEvidence] | None = None


def by_of(staff: Staff) -> str:
    """Return the identity that the history keeps of a member of staff."""
    return f"staff:{staff.sub}"


def _review(resolution: Resolution) -> Act:
    return Act(
        role=Role.CLERK,
        evidence=lambda _, typed: ReviewResolved(
            resolution=resolution,
            receipt_number=typed.receipt_number,
            amount_kes=typed.amount_kes,
        ),
    )


def _found(_: Staff, typed: Typed) -> ReceiptFound:
    if typed.receipt_number is None or typed.amount_kes is None:
        raise InvalidRequestError("Give the receipt and the amount", code="receipt_needed")
    return ReceiptFound(
        receipt_number=typed.receipt_number, amount_kes=typed.amount_kes, transaction_at=typed.at
    )


def _settled(*, was_reversed: bool) -> Act:
    return Act(
        role=Role.CLERK,
        evidence=lambda _, typed: RefundSettled(
            was_reversed=was_reversed, receipt_number=typed.receipt_number
        ),
    )


ASK = "ask_mpesa"
APPROVE = "approve_refund"
REVEAL = "reveal_phone"
RECORD = "record_receipt"
UNHEARD_OF = "0" * 16
"""A receipt that M-Pesa never gives, in place of one that a person has yet to type."""
ACTS: Mapping[str, Act] = {
    ASK: Act(role=Role.CLERK),
    "review_complete": _review(Resolution.COMPLETE),
    "review_refund_due": _review(Resolution.REFUND_DUE),
    "review_bogus": _review(Resolution.BOGUS),
    RECORD: Act(role=Role.CLERK, evidence=_found),
    "clear_attention": Act(role=Role.CLERK, evidence=lambda *_: AttentionCleared()),
    "request_refund": Act(
        role=Role.CLERK,
        evidence=lambda staff, typed: RefundRequested(by=by_of(staff), why=typed.reason),
    ),
    "withdraw_refund": Act(role=Role.CLERK, evidence=lambda *_: RefundWithdrawn()),
    APPROVE: Act(role=Role.APPROVER, evidence=lambda staff, _: RefundApproved(by=by_of(staff))),
    "reject_refund": Act(role=Role.APPROVER, evidence=lambda *_: RefundWithdrawn()),
    "refund_reversed": _settled(was_reversed=True),
    "refund_not_reversed": _settled(was_reversed=False),
    "mark_refunded": Act(role=Role.CLERK, evidence=lambda *_: MoneyReturned()),
    REVEAL: Act(role=Role.CLERK),
}


def possible_acts(services: Services, payment: Payment, staff: Staff) -> dict[str, str]:
    """Return the acts that would not be refused now -> the status afterwards.

    Errors: StoreUnavailableError.
    """
    found = {}
    for name, act in ACTS.items():
        after = _status_after(services, payment, staff, name, act)
        if after is not None:
            found[name] = after
    return found


def carry_out(
    services: Services,
    payment_id: str,
    name: str,
    typed: Typed,
    *,
    staff: Staff,
    request_id: str,
    remaining_seconds: Callable[[], float],
) -> Payment:
    """Carry out an act and return the payment as it is then stored.

    Errors: ForbiddenError, NotFoundError, InvalidRequestError; ConflictError with a sentence that
        says why it cannot be, code `changed_meanwhile` where the payment has moved on.
    """
    act = ACTS.get(name)
    if act is None:
        raise InvalidRequestError("There is no such act", code="unknown_act")
    staff.require(act.role)
    payment = read_payment(services, payment_id)
    _require_own_request(payment, staff, name)
    actor = Actor(by=by_of(staff), request_id=request_id, reason=typed.reason)
    if name == ASK:
        return ask_about_payment(
            services, payment_id, actor=actor, remaining_seconds=remaining_seconds
        )
    if name == APPROVE:
        return _approve(services, payment_id, actor, typed.shown_version)
    if act.evidence is None:
        return payment
    evidence = act.evidence(staff, typed)
    after = _apply(services, payment, evidence, actor, typed.shown_version)
    if isinstance(evidence, RefundRequested):
        services.refunds().function.ask_balance()
    return after


def _approve(services: Services, payment_id: str, actor: Actor, shown_version: int) -> Payment:
    """Let the function that alone sends refunds send this one."""
    services.refunds().function.approve(
        payment_id,
        by=actor.by,
        why=actor.reason,
        request_id=actor.request_id,
        shown_version=shown_version,
    )
    return read_payment(services, payment_id)


def _require_own_request(payment: Payment, staff: Staff, name: str) -> None:
    """Refuse to take another person's request back: only an approver rejects it."""
    asked_by = payment.refund.asked_by if payment.refund else None
    if name == "withdraw_refund" and asked_by not in (None, by_of(staff)):
        raise ForbiddenError


def _apply(
    services: Services,
    payment: Payment,
    evidence: Word | RefundEvidence,
    actor: Actor,
    shown_version: int,
) -> Payment:
    if isinstance(evidence, ReviewResolved | ReceiptFound | AttentionCleared | MoneyReturned):
        return carry_out_operation(
            services, payment, evidence, actor=actor, shown_version=shown_version
        )
    return apply_refund(services, payment, evidence, actor=actor, only_version=shown_version)


def _status_after(
    services: Services, payment: Payment, staff: Staff, name: str, act: Act
) -> str | None:
    """Return the status that the act would leave, None where it is refused or not the person's."""
    try:
        staff.require(act.role)
        _require_own_request(payment, staff, name)
        return _preview(services, payment, staff, name, act)
    except ConflictError as error:
        return str(payment.status) if error.code in _PASSING else None
    except (InvalidRequestError, ForbiddenError):
        return None


def _preview(services: Services, payment: Payment, staff: Staff, name: str, act: Act) -> str | None:
    if name == REVEAL:
        return str(payment.status) if payment.phone_number else None
    if name == ASK:
        can_learn = payment.may_yet_be_paid or payment.hint is not None
        return str(payment.status) if can_learn and payment.checkout_id_to_ask else None
    if act.evidence is None:
        return None
    evidence = act.evidence(staff, _as_if_typed(payment, name))
    if isinstance(evidence, ReviewResolved | ReceiptFound | AttentionCleared | MoneyReturned):
        if isinstance(evidence, AttentionCleared) and payment.attention is None:
            return None
        return str(preview_operation(services, payment, evidence).status)
    require_possible(services, payment, evidence)
    return _AFTER_REFUND.get(name, str(payment.status))


def _as_if_typed(payment: Payment, name: str) -> Typed:
    """Return what a person could type: for a receipt that is to be found, one that is nobody's."""
    typed = Typed(reason="-", shown_version=payment.version)
    if name != RECORD:
        return typed
    amount_kes = payment.paid_amount_kes or payment.amount_kes
    return replace(typed, receipt_number=UNHEARD_OF, amount_kes=amount_kes)


_PASSING = frozenset({RECEIPT_NEEDED, "attach_to_payment", "refund_spacing"})
"""Refusals that what a person types, or half a minute, puts right: the act is offered."""
_AFTER_REFUND = {"refund_reversed": "refunded"}

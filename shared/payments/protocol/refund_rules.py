"""What every change of a refund must satisfy, whoever decided it: `Change` refuses any other."""

from dataclasses import dataclass

from payments.protocol.payment import Payment, PaymentStatus, Refund, RefundStep


@dataclass(frozen=True, slots=True)
class RequireRunning:
    """Change nothing at the refund gate, provided refunds are not stopped."""


@dataclass(frozen=True, slots=True)
class TakeTurn:
    """Take the turn to send, provided refunds are not stopped and the spacing is over."""


@dataclass(frozen=True, slots=True)
class StopRefunds:
    """Stop all refunds until a person resumes them; the code is the reason."""

    code: str


type GateEffect = RequireRunning | TakeTurn | StopRefunds
type Rules = tuple[tuple[bool, str], ...]
OWED = frozenset({PaymentStatus.REFUND_DUE, PaymentStatus.REFUNDED})


def refund_rules(
    before: Payment, after: Payment, gate: GateEffect | None, *, by_operator: bool
) -> Rules:
    """Return what holds for a write, with the sentence for where it does not."""
    had, has = before.refund or Refund(), after.refund or Refund()
    is_returned = after.status is PaymentStatus.REFUNDED
    becomes_returned = is_returned and before.status is not PaymentStatus.REFUNDED
    ends_sent = had.step is RefundStep.SENT and has.step is not RefundStep.SENT
    return (
        (had == has or before.status in OWED, "only owed money has a refund"),
        (
            not becomes_returned or by_operator or has.proven,
            "money is refunded on M-Pesa's word or a person's",
        ),
        (not (is_returned and has.step is not None), "refunded money has no refund under way"),
        (has.proven or not had.proven, "M-Pesa's word is never forgotten"),
        (
            not ends_sent or is_returned or has.refused is not None,
            "a sent refund ends refused or refunded",
        ),
        *_way_rules(before, after, gate),
    )


def is_same_person(first: str, second: str) -> bool:
    """Whether two identities are one person's, however each of them signed in.

    Shape: `staff:<sub>`, `client:<sub>`, `operator:<ARN>`. One directory may sign for the desk and
        for the booking system, so one `sub` is one person.
    """
    return first.partition(":")[2] == second.partition(":")[2]


def _are_two(asked_by: str | None, approved_by: str | None) -> bool:
    return None not in (asked_by, approved_by) and not is_same_person(
        str(asked_by), str(approved_by)
    )


def _way_rules(before: Payment, after: Payment, gate: GateEffect | None) -> Rules:
    """Return what holds where a refund is requested or sent."""
    had, has = before.refund or Refund(), after.refund or Refund()
    is_sent_now = has.step is RefundStep.SENT and had.step is not RefundStep.SENT
    is_asked_now = has.step is RefundStep.REQUESTED and had.step is not RefundStep.REQUESTED
    has_money = before.bound_receipt is not None and before.paid_amount_kes is not None
    return (
        (has.attempt == had.attempt + is_sent_now, "an attempt is counted when it is sent"),
        (
            not is_asked_now or (had.step is None and isinstance(gate, RequireRunning)),
            "a refund is requested once, while refunds run",
        ),
        (
            not is_sent_now or (had.step is RefundStep.REQUESTED and isinstance(gate, TakeTurn)),
            "a requested refund is sent in its turn",
        ),
        (
            not is_sent_now or _are_two(has.asked_by, has.approved_by),
            "two persons send a refund",
        ),
        (
            not (is_asked_now or is_sent_now) or has_money,
            "a refund has a bound receipt and its amount",
        ),
        (not is_sent_now or after.due_at is not None, "a sent refund is looked at"),
    )

"""Matches a statement with our payments: paid here and there, only there, only here. Pure.

Three rounds over all lines, in this order: a receipt that a payment holds; an account that is a
payment's reference; and, among what is left, amount and time. The last is a guess. It is made only
where nothing was typed as the account, and where one line and one payment fit nobody else.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from payments.protocol.payment import Payment, PaymentStatus
from payments.protocol.statement_lines import Line, Statement

RECORDABLE = frozenset(
    {
        PaymentStatus.UNKNOWN,
        PaymentStatus.PENDING,
        PaymentStatus.FAILED,
        PaymentStatus.CANCELLED,
    }
)
"""Statuses from which record-receipt may proceed."""
PAID_WITHIN_SECONDS = 900
"""How long after its creation a prompt can have been paid, for a guess by amount and time."""
TAIL_CHARACTERS = 8
"""The end of a reference, which is one payment's own."""
CLOCK_SECONDS = 120
"""How far M-Pesa's clock may be behind ours."""


class Step(StrEnum):
    """What a person does next about a line."""

    RECORD = "record_receipt"
    MARK = "mark_refunded"
    LOOK = "look"


class Verdict(StrEnum):
    """Where the money is known."""

    BOTH = "both"
    AMOUNT_DIFFERS = "amount_differs"
    RETURNED = "returned"
    PARTLY_RETURNED = "partly_returned"
    ONLY_THERE = "only_there"
    ONLY_HERE = "only_here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One line of the report; `line` or `payment` is None where that side knows nothing.

    `is_certain` says that receipt or reference name the payment; else amount and time fit.
    """

    verdict: Verdict
    line: Line | None
    payment: Payment | None
    is_certain: bool = True
    step: Step | None = None
    returned_kes: int = 0

    @property
    def needs_a_look(self) -> bool:
        """False where both sides agree, and nothing is left to be done."""
        return self.verdict in _UNEQUAL or self.step is not None

    @property
    def amount_kes(self) -> int:
        """What the statement says, else what we were told or asked for."""
        if self.line is not None:
            return self.line.amount_kes
        if self.payment is None:
            return 0
        return self.payment.paid_amount_kes or self.payment.amount_kes


_UNEQUAL = (Verdict.ONLY_THERE, Verdict.ONLY_HERE, Verdict.PARTLY_RETURNED)


def match_statement(
    statement: Statement,
    *,
    owners: Mapping[str, str],
    payments: Sequence[Payment],
    received: Sequence[Payment],
) -> list[Match]:
    """Return the report, in the statement's order, then what is only here.

    Shape: `owners` maps receipts to payment ids; `payments` holds those and every candidate;
        `received` is our money within the statement's span.
    """
    owned = _by_owner(statement, owners, payments)
    unknown = [line for line in statement.incoming if line not in owned]
    free = {
        payment.payment_id: payment
        for payment in payments
        if payment.bound_receipt is None and payment.payment_id not in owners.values()
    }
    found = _name(unknown, payments, free)
    found |= _guess([line for line in unknown if line not in found], free)
    report = []
    for line in statement.incoming:
        returned_kes = statement.returned_kes.get(line.receipt_number, 0)
        if line in owned:
            match = _owned(line, owned[line], returned_kes)
        else:
            nobody = Match(verdict=Verdict.ONLY_THERE, line=line, payment=None)
            match = _unowned(found.get(line, nobody), line, returned_kes)
        report.append(replace(match, returned_kes=returned_kes))
    there = {line.receipt_number for line in statement.incoming}
    told = {match.payment.payment_id for match in report if match.payment is not None}
    report += [
        _only_here(payment)
        for payment in received
        if payment.receipt_number not in there and payment.payment_id not in told
    ]
    return report


def _by_owner(
    statement: Statement, owners: Mapping[str, str], payments: Sequence[Payment]
) -> dict[Line, Payment]:
    by_id = {payment.payment_id: payment for payment in payments}
    found = {line: by_id.get(owners.get(line.receipt_number, "")) for line in statement.incoming}
    return {line: owner for line, owner in found.items() if owner is not None}


def _owned(line: Line, owner: Payment, returned_kes: int) -> Match:
    """Compare what is said on both sides about one receipt."""
    step = None
    verdict = Verdict.BOTH
    if owner.paid_amount_kes is not None and owner.paid_amount_kes != line.amount_kes:
        verdict = Verdict.AMOUNT_DIFFERS
        step = Step.LOOK
    elif 0 < returned_kes < line.amount_kes:
        verdict = Verdict.PARTLY_RETURNED
        step = Step.LOOK
    elif returned_kes:
        verdict = Verdict.RETURNED
        is_whole = returned_kes == line.amount_kes
        if owner.status is PaymentStatus.REFUND_DUE and is_whole:
            step = Step.MARK
        elif owner.status is not PaymentStatus.REFUNDED or not is_whole:
            # A booking may be Confirmed by money that went back: somebody must look.
            step = Step.LOOK
    return Match(verdict=verdict, line=line, payment=owner, step=step)


def _unowned(match: Match, line: Line, returned_kes: int) -> Match:
    """Record nothing of which a part went back: it would confirm a booking without money."""
    if not returned_kes:
        return match
    is_whole = returned_kes >= line.amount_kes
    return replace(
        match,
        verdict=Verdict.RETURNED if is_whole else Verdict.PARTLY_RETURNED,
        step=Step.LOOK if match.payment is not None else None,
    )


def _name(
    lines: Sequence[Line], payments: Iterable[Payment], free: dict[str, Payment]
) -> dict[Line, Match]:
    """Find the payment whose reference is the line's account; it leaves `free`.

    A reference names its payment even where that has a receipt: then it was paid to twice. Of two
    lines that name one payment, the one of its exact amount is proposed.
    """
    by_tail: dict[str, list[Payment]] = {}
    for payment in payments:
        if payment.account_reference is not None:
            by_tail.setdefault(payment.account_reference[-TAIL_CHARACTERS:], []).append(payment)
    named = {}
    for line in lines:
        fitting = by_tail.get(line.account[-TAIL_CHARACTERS:], [])
        if len(line.account) >= TAIL_CHARACTERS and len(fitting) == 1:
            named[line] = fitting[0]
    found = {}
    for line, payment in sorted(named.items(), key=lambda each: _differs(*each)):
        is_free = free.pop(payment.payment_id, None) is not None
        step = _recording(payment) if is_free else Step.LOOK
        found[line] = Match(verdict=Verdict.ONLY_THERE, line=line, payment=payment, step=step)
    return found


def _guess(lines: Sequence[Line], free: Mapping[str, Payment]) -> dict[Line, Match]:
    """Pair lines without an account with payments, where neither fits anything else."""
    pairs = [
        (line, payment)
        for line in lines
        for payment in free.values()
        if not line.account
        and payment.receipt_number in (None, line.receipt_number)
        and _fits(line, payment)
    ]
    by_line = Counter(line for line, _ in pairs)
    by_payment = Counter(payment.payment_id for _, payment in pairs)
    return {
        line: Match(
            verdict=Verdict.ONLY_THERE,
            line=line,
            payment=payment,
            is_certain=False,
            step=_recording(payment),
        )
        for line, payment in pairs
        if by_line[line] == by_payment[payment.payment_id] == 1
    }


def _differs(line: Line, payment: Payment) -> bool:
    return line.amount_kes != payment.amount_kes


def _fits(line: Line, payment: Payment) -> bool:
    seconds = line.completed_at - payment.created_at
    in_time = -CLOCK_SECONDS <= seconds <= PAID_WITHIN_SECONDS
    return in_time and not _differs(line, payment)


def _recording(payment: Payment) -> Step:
    return Step.RECORD if payment.status in RECORDABLE else Step.LOOK


def _only_here(payment: Payment) -> Match:
    return Match(verdict=Verdict.ONLY_HERE, line=None, payment=payment, step=Step.LOOK)

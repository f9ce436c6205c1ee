"""Matches a statement with our payments: paid here and there, only there, only here. Pure."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from payments.protocol.payment import Payment, PaymentStatus

from tools.hakika.statement import Line, Statement

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
CLOCK_SECONDS = 120
"""How far M-Pesa's clock may be behind ours."""


class Verdict(StrEnum):
    """Where the money is known."""

    BOTH = "both"
    AMOUNT_DIFFERS = "amount_differs"
    RETURNED = "returned"
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
    proposal: str = ""

    @property
    def needs_a_look(self) -> bool:
        """False where both sides agree, and nothing is left to be done."""
        return self.verdict in (Verdict.ONLY_THERE, Verdict.ONLY_HERE) or bool(self.proposal)

    @property
    def amount_kes(self) -> int:
        """What the statement says, else what we were told or asked for."""
        if self.line is not None:
            return self.line.amount_kes
        if self.payment is None:
            return 0
        return self.payment.paid_amount_kes or self.payment.amount_kes


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
    by_id = {payment.payment_id: payment for payment in payments}
    returned = statement.returned
    report = []
    taken: set[str] = set(owners.values())
    for line in statement.incoming:
        owner = by_id.get(owners.get(line.receipt_number, ""))
        if owner is None:
            guessed = _guess(line, payments, taken)
            if guessed.payment is not None:
                taken.add(guessed.payment.payment_id)
            report.append(guessed)
        else:
            report.append(_owned(line, owner, is_returned=line.receipt_number in returned))
    there = {line.receipt_number for line in statement.incoming}
    told = {match.payment.payment_id for match in report if match.payment is not None}
    report += [
        _only_here(payment)
        for payment in received
        if payment.receipt_number not in there and payment.payment_id not in told
    ]
    return report


def _owned(line: Line, owner: Payment, *, is_returned: bool) -> Match:
    proposal = ""
    verdict = Verdict.BOTH
    if owner.paid_amount_kes is not None and owner.paid_amount_kes != line.amount_kes:
        verdict = Verdict.AMOUNT_DIFFERS
        proposal = _looking(owner)
    elif is_returned:
        verdict = Verdict.RETURNED
        if owner.status is PaymentStatus.REFUND_DUE:
            proposal = f"hakika refund mark {owner.payment_id}"
        elif owner.status is not PaymentStatus.REFUNDED:
            # A booking may be Confirmed by money that went back: somebody must look.
            proposal = _looking(owner)
    return Match(verdict=verdict, line=line, payment=owner, proposal=proposal)


def _guess(line: Line, payments: Iterable[Payment], taken: Container[str]) -> Match:
    """Find whose money this may be: by our reference, else by amount and time where one fits.

    A reference names its payment even where that has a receipt: then it was paid to twice.
    """
    named = [each for each in payments if _is_named(line, each)]
    free = [each for each in payments if _is_free(each, taken)]
    fitting = [each for each in free if _fits(line, each)]
    found = named or fitting
    if len(found) != 1:
        return Match(verdict=Verdict.ONLY_THERE, line=line, payment=None)
    payment = found[0]
    return Match(
        verdict=Verdict.ONLY_THERE,
        line=line,
        payment=payment,
        is_certain=bool(named),
        proposal=_recording(line, payment) if payment in free else _looking(payment),
    )


def _is_free(payment: Payment, taken: Container[str]) -> bool:
    return payment.receipt_number is None and payment.payment_id not in taken


def _is_named(line: Line, payment: Payment) -> bool:
    """Whether the account on the statement ends in the 8 characters that are this payment's own."""
    tail = payment.account_reference[-8:]
    return len(tail) == 8 and line.account.endswith(tail)


def _fits(line: Line, payment: Payment) -> bool:
    seconds = line.completed_at - payment.created_at
    in_time = -CLOCK_SECONDS <= seconds <= PAID_WITHIN_SECONDS
    return in_time and line.amount_kes == payment.amount_kes


def _recording(line: Line, payment: Payment) -> str:
    if payment.status not in RECORDABLE:
        return _looking(payment)
    from tools.hakika.screen import clock_text

    at = clock_text(line.completed_at, has_year=True)
    return (
        f"hakika record-receipt {payment.payment_id} --receipt {line.receipt_number} "
        f'--amount {line.amount_kes} --at "{at}"'
    )


def _only_here(payment: Payment) -> Match:
    return Match(
        verdict=Verdict.ONLY_HERE,
        line=None,
        payment=payment,
        proposal=_looking(payment),
    )


def _looking(payment: Payment) -> str:
    return f"hakika payment show {payment.payment_id}"

"""Further reports about money that is recorded already."""

from dataclasses import dataclass, replace

from payments.protocol.case import Case
from payments.protocol.change import EventType
from payments.protocol.filing import Odd, Ruling
from payments.protocol.payment import MACHINE_WITNESSES, WITNESSES, Payment, PaymentStatus, Proof
from payments.protocol.receipts import ReceiptRow
from payments.protocol.report import MoneyReport


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """How a report differs from what the payment records.

    Shape: `contradiction` is the reason for attention, None where the report only adds something;
        `is_told` whether a person has been told of it; `binds` whether its receipt becomes the
        payment's; `shows` whether a hint names the receipt that was missing; `files` is the row of
        a receipt that the payment cannot take; `ends_prompt` whether locks are held that it proves
        are no longer needed; `confirms` whether Safaricom itself names what an operator had typed;
        `learns_id` whether it brings a missing id.
    """

    contradiction: str | None
    is_told: bool
    binds: bool
    shows: bool
    files: ReceiptRow | None
    ends_prompt: bool
    confirms: bool
    learns_id: bool

    @property
    def adds(self) -> bool:
        """Whether the payment records more afterwards."""
        adds_receipt = self.binds or self.shows or self.files is not None
        return adds_receipt or self.ends_prompt or self.confirms or self.learns_id

    @property
    def attention(self) -> str | None:
        """Return the attention to raise: a contradiction once, and again for each new receipt."""
        is_new = self.files is not None or self.binds or not self.is_told
        return self.contradiction if is_new else None


def more_news(case: Case, report: MoneyReport) -> Ruling:
    """Add what was missing, and raise attention on what contradicts the recorded money.

    A witness's receipt and amount replace what a hint or a query said. A payment holds one receipt:
    a second one is filed as an unclaimed row, in the write that raises attention.
    """
    payment = case.payment
    if report.proof is Proof.QUERY:
        return None
    news = _read(case, report)
    if not news.adds and news.is_told:
        is_plain_repeat = news.contradiction is None and payment.proof in WITNESSES
        return None if is_plain_repeat or _is_recorded(payment, report) else Odd()
    after = replace(_informed(payment, report, news), attention=news.attention or payment.attention)
    return case.step(
        after,
        claim=report.claim(case.context.receipt) if news.binds else None,
        files=news.files,
        frees_phone=news.ends_prompt and case.holds_phone,
        adds_events=_events(payment, after, news),
    )


def reason_against(payment: Payment, report: MoneyReport) -> str | None:
    """Return why a payment cannot take the money of a receipt that names it; None where it can.

    Shape: the reason for attention. The payment stays free for its own money.
    """
    if payment.bound_receipt not in (None, report.receipt_number):
        return "second_receipt"
    return None if report.amount_kes == _believed_kes(payment) else "paid_other_amount"


_NAMES_NOTHING = frozenset({Proof.HINT, Proof.QUERY})
"""Proofs whose receipt and amount are only shown."""


def _believed_kes(payment: Payment) -> int:
    """The amount that the payment's money has, or must have."""
    is_weak = payment.may_yet_be_paid or payment.proof in _NAMES_NOTHING
    recorded = None if is_weak else payment.paid_amount_kes
    return payment.amount_kes if recorded is None else recorded


def _is_recorded(payment: Payment, report: MoneyReport) -> bool:
    """Whether the payment holds this receipt and this amount."""
    is_same_receipt = report.receipt_number == payment.receipt_number
    return is_same_receipt and _is_believed(payment, report.amount_kes)


def _is_believed(payment: Payment, amount_kes: int | None) -> bool:
    """Whether the payment's money has this amount; a review may hold what a report left out."""
    is_review = payment.status is PaymentStatus.REVIEW
    is_as_recorded = is_review and amount_kes == payment.paid_amount_kes
    return is_as_recorded or amount_kes == _believed_kes(payment)


def _read(case: Case, report: MoneyReport) -> News:
    """Compare the report with the payment."""
    payment, receipt = case.payment, report.receipt_number
    is_witness = report.proof in WITNESSES
    contradiction = _contradiction(case, report)
    is_unbound = is_witness and receipt is not None and payment.bound_receipt is None
    is_second = contradiction == "second_receipt" and is_witness and not is_unbound
    is_own = receipt is not None and receipt == payment.bound_receipt
    is_callback = report.proof is Proof.CALLBACK
    is_review = payment.status is PaymentStatus.REVIEW
    return News(
        contradiction=contradiction,
        is_told=contradiction in (None, payment.attention, payment.failure_reason),
        binds=is_unbound and case.receipt_is_free,
        shows=not is_witness and receipt is not None and payment.proof is Proof.QUERY,
        files=(
            report.unclaimed_row(reference=payment.account_reference, now=case.now)
            if is_second and case.context.receipt is None
            else None
        ),
        ends_prompt=is_own and is_callback and payment.holds_locks,
        confirms=(
            is_own
            and is_review
            and payment.proof is Proof.OPERATOR
            and report.proof in MACHINE_WITNESSES
        ),
        learns_id=payment.checkout_request_id is None and report.checkout_request_id is not None,
    )


def _contradiction(case: Case, report: MoneyReport) -> str | None:
    """Return what does not fit, None where the report only adds something.

    An authentic callback tells of the prompt's own money, so what a hint showed was wrong. Any
    other receipt than the shown one may be other money: its payer may have paid twice.
    """
    payment, receipt = case.payment, report.receipt_number
    is_prompts = report.proof is Proof.CALLBACK
    known = payment.bound_receipt if is_prompts else payment.receipt_number
    if report.proof in WITNESSES:
        problem = case.receipt_problem(report.amount_kes)
        if problem is not None and not (problem == "amount_contradicted" and _has_own(payment)):
            return problem
    if receipt is not None and known not in (None, receipt):
        return "second_receipt"
    if report.proof not in WITNESSES and not case.receipt_is_free:
        return case.receipt_problem(report.amount_kes)
    return None if _is_believed(payment, report.amount_kes) else "amount_contradicted"


def _has_own(payment: Payment) -> bool:
    return payment.bound_receipt is not None


def _informed(payment: Payment, report: MoneyReport, news: News) -> Payment:
    """Return the payment with what the report adds, or replaces with a stronger proof."""
    takes = news.binds or news.shows
    names_prompt = report.checkout_request_id is not None
    paid_kes = report.amount_kes if takes else None
    return replace(
        payment,
        proof=report.proof if takes or news.confirms else payment.proof,
        receipt_number=report.receipt_number if takes else payment.receipt_number,
        receipt_pending=payment.receipt_pending and not takes,
        paid_amount_kes=payment.paid_amount_kes if paid_kes is None else paid_kes,
        transaction_at=(report.paid_at if takes else None) or payment.transaction_at,
        checkout_request_id=payment.checkout_request_id or report.checkout_request_id,
        checkout_source=payment.checkout_source or (report.proof if names_prompt else None),
        holds_locks=payment.holds_locks and not news.ends_prompt,
        due_at=None if takes and payment.hint is None else payment.due_at,
    )


def _events(before: Payment, after: Payment, news: News) -> tuple[EventType, ...]:
    is_new_receipt = after.receipt_number != before.receipt_number
    events = (EventType.RECEIPT_ADDED,) if is_new_receipt else ()
    return (*events, EventType.UNRESOLVED) if news.attention else events
